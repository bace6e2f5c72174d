"""Events meet the book: E offers against C clients, exactly, without a step of Python per pair.

For each offer `qualify` finds the few who could be told of it. Similarity of texts joins in for those few only: it
orders and never qualifies. Scores are first estimated, to pick whom to look at; whoever could be among the first is
then settled in whole numbers, so the result is that of the slow reference scorer in
`nudge_entrypoints/bench/reference_scorer.py`, to the last digit. `shortlist` returns numbers and codes, `rank` puts
them into words, `each_of_books` serves many books in one pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.audience import Audience, Number
from nudge_core.matching.columns.column import Rows
from nudge_core.matching.constraints import FULL, Subject
from nudge_core.matching.qualify import Estimates, Found, qualify, sheet_of_found
from nudge_core.matching.ranking import Ranking
from nudge_core.matching.semantic import error_bound
from nudge_core.matching.sheet import Bools, Sheet
from nudge_core.matching.shortlist import Shortlist
from nudge_core.model.client import Role
from nudge_core.model.vector import Vector

Ints: TypeAlias = NDArray[np.int64]

BLOCK = 256  # offers whose similarities are computed together; performance.md 3.2
HELD = 2**26  # qualifying pairs of a block held at once, at 13 bytes each: bounds the memory of a run
SAMPLE = 2**13  # estimated scores among which a first lower limit is sought
ROUNDING = 1e-6  # more than the float32 error of an estimated score (0 to 1), similarity apart


def rank(audience: Audience, subjects: Sequence[Subject], *, top: int) -> tuple[Ranking, ...]:
    """Return one ranking per offer, in their order, in words: what `shortlist` finds, with reasons.

    Args:
        audience: the book.
        subjects: what the events offer.
        top: most members per ranking, at least 1; the rest are counted as `beyond_top`.

    Raises:
        Invalid: as `shortlist`.
    """
    return tuple(found.ranking() for found in shortlist(audience, subjects, top=top))


def shortlist(audience: Audience, subjects: Sequence[Subject], *, top: int) -> tuple[Shortlist, ...]:
    """Return the first of each offer's audience, in the order of the offers.

    Members are ordered by score, coverage, number of wishes known and recency, greatest first, then client id. Each
    client is there once: in a role in which an offer can be made, else one in which to ask, and among those in the
    first by that order. `score` is 0 to 100, `coverage` 0 to 1. What makes an offer or a question: `Sheet.decide`.

    Raises:
        Invalid: `top` below 1; several books; an offer that requires a field which is neither of numbers nor of terms.
    """
    if audience.book_of is not None:
        raise Invalid("rank.audience", "one book: several are for `each_of_books`", audience.books)
    return tuple(
        _first_members(audience, found, similar, top) for found, similar in _qualified(audience, subjects, top)
    )


def each_of_books(audience: Audience, subjects: Sequence[Subject], *, top: int) -> tuple[tuple[Shortlist, ...], ...]:
    """Return, for each offer, what `shortlist` returns for each of the books by itself, in one pass over all.

    The vectors compared are those of the model most vectors of all books are of. Raises Invalid for `top` below 1 and
    for an offer that requires what cannot be required.
    """
    return tuple(
        tuple(_first_of_each_book(audience, found, similar, top))
        for found, similar in _qualified(audience, subjects, top)
    )


def _qualified(audience: Audience, subjects: Sequence[Subject], top: int) -> Iterator[tuple[Found, Estimates | None]]:
    """Yield who qualifies for each offer, and the estimated cosines of these where texts are compared."""
    if top < 1:
        raise Invalid("rank.top", "at least 1", top)
    block: list[Found] = []
    held = 0
    for number, subject in enumerate(subjects, start=1):
        found = _not_avoided(audience, qualify(audience, subject))
        block.append(found)
        held += found.rows.size
        if len(block) == BLOCK or held > HELD or number == len(subjects):
            block = [_best_roles(audience, kept) for kept in _not_dismissed(audience, block)]
            yield from zip(block, _similarities(audience, block), strict=True)
            block, held = [], 0


@frozen(eq=False)
class _Settled:
    """Rows in their order, settled in whole numbers."""

    rows: Rows
    sheet: Sheet
    offers: Bools
    score: NDArray[np.float64]
    coverage: NDArray[np.float64]
    known: Ints

    def shortlist(self, audience: Audience, found: Found, places: NDArray[np.intp], book: int) -> Shortlist:
        account, codes = found.account, self.sheet.codes
        considered = account.considered
        return Shortlist(
            audience=audience,
            subject=found.subject,
            rows=self.rows[places],
            score=self.score[places],
            coverage=self.coverage[places],
            known=self.known[places],
            offers=self.offers[places],
            codes=np.empty((0, places.size), np.uint8) if codes is None else codes[:, places],
            considered=_of_book(considered, book),
            excluded=_counts(account.excluded, book),
            not_offered=_counts(account.not_offered, book),
        )


def _of_book(number: Number, book: int) -> int:
    return int(number) if isinstance(number, int) else int(number[book])


def _counts(counted: Mapping[str, Number], book: int) -> Mapping[str, int]:
    return MappingProxyType({name: n for name, number in counted.items() if (n := _of_book(number, book))})


def _first_members(audience: Audience, found: Found, similar: Estimates | None, top: int) -> Shortlist:
    """Settle whoever could be among the first, and return those."""
    estimate, error = found.structure, ROUNDING
    if similar is not None and audience.meanings is not None:
        share = audience.schema.text_share
        estimate = estimate * np.float32(1 - share) + np.clip(similar, 0, 1) * np.float32(share)
        error += share * (error_bound(audience.meanings.matrix.shape[1]) + 0.5 / FULL)
    several = len(Role) if audience.shared.size else 1  # the first `top` clients may have so many rows before them
    first = _first(estimate, top * several, 2 * error)
    settled = _settled(audience, found, first, None if similar is None else similar[first])
    order = np.lexsort((audience.freshness[settled.rows], -settled.known, -settled.coverage, -settled.score))
    double = _further_rows(audience, found.rows)
    chosen = _firsts(audience, settled.rows, order)[:top] if double else order[:top]
    found.account.leave_out("better_role", double)
    found.account.leave_out("beyond_top", found.rows.size - double - chosen.size)
    return settled.shortlist(audience, found, chosen, 0)


def _firsts(audience: Audience, rows: Rows, order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the places in their order, the first of each client only."""
    seen = set()
    kept = []
    for place in order.tolist():
        own = audience.seekers[rows[place]].client_id
        if own not in seen:
            seen.add(own)
            kept.append(place)
    return np.array(kept, np.intp)


def _first_of_each_book(audience: Audience, found: Found, similar: Estimates | None, top: int) -> Iterator[Shortlist]:
    """Settle all who qualify, order them within their books, and return the first of each."""
    rows = found.rows
    settled = _settled(audience, found, np.arange(rows.size), similar)
    book = np.zeros(rows.size, np.int32) if audience.book_of is None else audience.book_of[rows]
    order = np.lexsort((audience.freshness[rows], -settled.known, -settled.coverage, -settled.score, book))
    if _further_rows(audience, rows):
        order = _firsts(audience, rows, order)
        found.account.leave_out("better_role", audience.counted_rows(rows) - audience.counted_rows(rows[order]))
    offsets = np.searchsorted(book[order], np.arange(audience.books + 1))
    found.account.leave_out("beyond_top", np.maximum(0, np.diff(offsets) - top))
    for number, (start, stop) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)):
        yield settled.shortlist(audience, found, order[start : min(stop, start + top)], number)


def _settled(audience: Audience, found: Found, places: NDArray[np.intp], cosines: Estimates | None) -> _Settled:
    rows, subject = found.rows[places], found.subject
    sheet = sheet_of_found(audience, subject, rows, coded=True) if found.sheet is None else found.sheet.at(places)
    offers, _ = sheet.decide(audience.schema)
    numerator, denominator = _fraction(audience, subject, rows, sheet, cosines)
    score = numerator / (denominator * (FULL // 100))
    return _Settled(rows, sheet, offers, score, sheet.known_weight / sheet.weight, sheet.known)


def _with_vectors(audience: Audience, block: Sequence[Found]) -> list[tuple[int, tuple[Rows, Vector]]]:
    """Return, for each offer with a vector of the audience's model, its place in the block, its rows and the vector."""
    meanings = audience.meanings
    return [
        (place, (found.rows, vector))
        for place, found in enumerate(block)
        if (vector := found.subject.vector) is not None and meanings is not None and meanings.readable(vector)
    ]


def _not_avoided(audience: Audience, found: Found) -> Found:
    """Leave out whom a rule of a dismissal keeps it from."""
    if audience.avoided is None:
        return found
    subject = found.subject
    for why, rows in audience.avoided.left_out(subject.numbers, subject.terms, subject.topic):
        found = found.keep(audience, ~np.isin(found.rows, rows, assume_unique=True), why)
    return found


def _not_dismissed(audience: Audience, block: Sequence[Found]) -> list[Found]:
    """Leave out whom something too similar was dismissed for."""
    kept = list(block)
    meanings = audience.meanings
    if meanings is None or not meanings.avoided_by.size:
        return kept
    asked = _with_vectors(audience, block)
    for (place, (rows, _)), dropped in zip(asked, meanings.too_similar([a for _, a in asked]), strict=True):
        left = np.ones(rows.size, np.bool_)
        left[np.searchsorted(rows, dropped)] = False
        kept[place] = block[place].keep(audience, left, "dismissed_similar")
    return kept


def _best_roles(audience: Audience, found: Found) -> Found:
    """Where a client can be made an offer in one role, leave out the questions about the others."""
    if not audience.shared.size or not found.rows.size:
        return found
    there, places = _shared(audience, found.rows)
    offer = there & found.offers[places]
    sizes = np.diff(audience.shared_starts, append=audience.shared.size)
    can_be_offered = np.repeat(np.logical_or.reduceat(offer, audience.shared_starts), sizes)
    kept = np.ones(found.rows.size, np.bool_)
    kept[places[there & ~offer & can_be_offered]] = False
    return found.keep(audience, kept, "better_role")


def _further_rows(audience: Audience, rows: Rows) -> int:
    """Return how many of the rows are a second or third one of a client: which is better, only scores tell."""
    if not audience.shared.size or not rows.size:
        return 0
    there, _ = _shared(audience, rows)
    per_client = np.add.reduceat(there.astype(np.int64), audience.shared_starts)
    return int(np.maximum(per_client - 1, 0).sum())


def _shared(audience: Audience, rows: Rows) -> tuple[Bools, NDArray[np.intp]]:
    """Return which rows of clients with several are among the rows, and at which places."""
    places = np.minimum(np.searchsorted(rows, audience.shared), rows.size - 1)
    return rows[places] == audience.shared, places


def _similarities(audience: Audience, block: Sequence[Found]) -> list[Estimates | None]:
    """Return the estimated cosines of each offer's rows; None where texts are not compared."""
    found: list[Estimates | None] = [None] * len(block)
    if audience.meanings is not None and audience.schema.text_share:
        asked = _with_vectors(audience, block)
        for (place, _), cosines in zip(asked, audience.meanings.approximate([a for _, a in asked]), strict=True):
            found[place] = cosines
    return found


def _first(estimate: Estimates, number: int, slack: float) -> NDArray[np.intp]:
    """Return the places of all that could be among the first `number`: nobody else is within `slack` of them."""
    if estimate.size <= number:
        return np.arange(estimate.size)
    places = np.arange(estimate.size)
    if number < SAMPLE < estimate.size:  # the limit of a part is a lower limit of the whole, and cheap
        limit = np.partition(estimate[:SAMPLE], SAMPLE - number)[SAMPLE - number]
        places = np.flatnonzero(estimate >= limit - slack)
    values = estimate[places]
    limit = np.partition(values, values.size - number)[values.size - number]
    first: NDArray[np.intp] = places[values >= limit - slack]
    return first


def _fraction(
    audience: Audience, subject: Subject, rows: Rows, sheet: Sheet, cosines: Estimates | None
) -> tuple[Ints, Ints]:
    """Return the scores as fractions, in thousandths, with similarity of texts as the schema's part of the whole."""
    earned, weight = sheet.earned.astype(np.int64), sheet.weight.astype(np.int64)
    if cosines is None or audience.meanings is None or subject.vector is None:
        return earned, weight
    part, whole = audience.schema.text_parts
    similar = audience.meanings.similarities(rows, cosines, subject.vector)
    return (whole - part) * earned + part * weight * similar, whole * weight
