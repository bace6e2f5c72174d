"""What many books in one pass cost beside one after the other, and a change of one client beside a book built anew."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from nudge_core.matching.audience import Audience
from nudge_core.matching.engine import each_of_books, shortlist
from nudge_core.matching.live import LiveBook
from nudge_core.verticals.real_estate.schema import SCHEMA
from nudge_entrypoints.bench.books import book, subjects
from nudge_entrypoints.bench.timing import in_turns

TOP = 10
EVENTS = 4


def measure_many_books(books: int, clients: int, rounds: int) -> dict[str, Any]:
    """Rank a few events for many small books, without texts: in one pass, and book by book."""
    everybody, offers = book(books * clients), subjects(EVENTS, 4)
    numbers = [number // clients for number in range(len(everybody))]
    together = Audience.build(SCHEMA, everybody, of=numbers)
    apart = [Audience.build(SCHEMA, everybody[n * clients : (n + 1) * clients]) for n in range(books)]
    times = in_turns(
        {
            "one_pass": lambda: each_of_books(together, offers, top=TOP),
            "book_by_book": lambda: [shortlist(own, offers, top=TOP) for own in apart],
        },
        rounds,
    )
    return {
        "books": books,
        "clients_of_each": clients,
        "milliseconds_per_event": {name: round(1e3 * seconds / EVENTS, 2) for name, seconds in times.items()},
        "ratio": round(times["book_by_book"] / times["one_pass"], 1),
    }


def measure_change(clients: int, rounds: int) -> dict[str, Any]:
    """Change one client and rank one event, beside building the book anew and ranking it."""
    everybody, offers = book(clients), subjects(1, 4)
    live = LiveBook.of(SCHEMA, everybody)
    changed = evolve(everybody[7], recency=5)

    def change() -> None:
        live.put(changed.client_id, [changed])
        live.rank(offers, top=TOP)

    times = in_turns(
        {"change": change, "anew": lambda: shortlist(Audience.build(SCHEMA, everybody), offers, top=TOP)}, rounds
    )
    return {
        "clients": clients,
        "milliseconds": {name: round(1e3 * seconds, 2) for name, seconds in times.items()},
        "ratio": round(times["anew"] / times["change"], 1),
    }
