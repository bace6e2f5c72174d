"""The drafts that people read before they trust them: every kind of event and role, filled for one client.

`python -m tests.golden_drafts` writes the file anew; a test compares. Read it aloud when it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import evolve

from nudge_core.model.client import Role
from nudge_core.model.event import ListingEvent
from nudge_core.model.json import Json
from nudge_core.policy.placeholders import fill
from nudge_core.policy.segments import segments
from nudge_core.policy.wording import with_opt_out_line
from nudge_core.verticals.real_estate.brief import brief, personal
from nudge_core.verticals.real_estate.compose import compose
from nudge_core.verticals.real_estate.switches import STRICT, Switches
from tests.unit.homes import client_named, event_of, member_of, professional, ranking_of

FILE = Path(__file__).parent / "unit" / "golden" / "real_estate_drafts.txt"
ALLOWING = Switches(tell_of_gone_listings=True)
HOMES: tuple[Mapping[str, Json], ...] = (
    {},
    {"address": None, "unit": None},
    {"property_subtype": "Single Family Residence", "unit": None},
)
NAMES = ("Ann Baker", "Maximiliano Ortega", "")


def render() -> str:
    """Return the whole file."""
    lines = ["Every draft as one client gets it: (SMS parts) text. Written by `python -m tests.golden_drafts`.", ""]
    for kind in ListingEvent:
        if kind in {ListingEvent.EXPIRED_LISTING, ListingEvent.WITHDRAWN_LISTING}:
            lines += [f"== {kind} for the professional", _draft(kind, Role.BUYER, 0, STRICT), ""]
        for role in Role:
            lines.append(f"== {kind} to {role}")
            lines += [_draft(kind, role, number, ALLOWING) for number in range(3)]
            lines.append("")
    first = with_opt_out_line(_draft(ListingEvent.PRICE_DROP, Role.BUYER, 0, ALLOWING))
    return "\n".join([*lines, "== the first text to a person", first, ""])


def _draft(kind: ListingEvent, role: Role, number: int, switches: Switches) -> str:
    event = event_of(kind.value, None, **HOMES[number])
    member = member_of(role, number=number + 1)
    told = evolve(brief(professional(), event, ranking_of(member), switches), variation=number * 7 + number)
    values = personal(event, member, client_named(NAMES[number], number=number + 1), switches)
    text = fill(compose(told, switches), values)
    return f"({segments(text).parts}) {text}"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(render(), encoding="utf-8")
