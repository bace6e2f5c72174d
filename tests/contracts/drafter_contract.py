"""What every drafter promises. An author of a new one inherits `DrafterContract` and gives it a `drafter` fixture.

The drafter must know the vertical `real_estate`; the promises are those of `nudge_core.ports.services.Drafter`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from attrs import evolve

from nudge_core.errors import Invalid, NudgeError, Refused, Unavailable
from nudge_core.model.brief import Brief
from nudge_core.model.client import Role
from nudge_core.policy.placeholders import LONGEST, PLACEHOLDERS, fill, parse
from nudge_core.policy.proposal import objections
from nudge_core.policy.segments import Encoding, segments
from nudge_core.ports import Drafter
from nudge_core.verticals.real_estate.brief import brief as brief_of_event
from nudge_core.verticals.real_estate.lint import lint
from nudge_core.verticals.real_estate.voice import voice
from tests.peers.injections import INJECTIONS
from tests.unit.homes import event_of, member_of, professional, ranking_of

KINDS = ("new_listing", "price_drop", "sold_listing", "back_on_market", "coming_soon")


def brief_of(kind: str = "new_listing", role: Role = Role.BUYER, **listing: str | int | None) -> Brief:
    """A brief as the walk would make it."""
    return brief_of_event(professional(), event_of(kind, None, **listing), ranking_of(member_of(role)))


def every_brief() -> Iterable[Brief]:
    return (brief_of(kind, role) for kind in KINDS for role in Role)


class DrafterContract:
    """DRAFT-01 to DRAFT-10."""

    async def test_draft_01_the_name_stands_beside_the_draft(self, drafter: Drafter) -> None:
        draft = await drafter.draft(brief_of())
        assert drafter.name
        assert draft.drafted_by == drafter.name
        assert draft.fallback_reason is None

    async def test_draft_02_every_placeholder_once_and_no_other(self, drafter: Drafter) -> None:
        for brief in every_brief():
            text = (await drafter.draft(brief)).text
            assert sorted(place.name or "" for place in parse(text)) == sorted(PLACEHOLDERS)

    async def test_draft_03_two_parts_at_most_when_filled(self, drafter: Drafter) -> None:
        values = {name: "x" * longest for name, longest in LONGEST.items()}
        for brief in every_brief():
            counted = segments(fill((await drafter.draft(brief)).text, values))
            assert counted.encoding is Encoding.GSM7
            assert counted.parts <= 2

    async def test_draft_04_signed_with_name_and_business(self, drafter: Drafter) -> None:
        for brief in every_brief():
            text = (await drafter.draft(brief)).text
            assert brief.sender_first_name in text
            assert brief.sender_business in text

    async def test_draft_05_no_wording_rule_is_broken(self, drafter: Drafter) -> None:
        for brief in every_brief():
            assert lint((await drafter.draft(brief)).text) == ()

    async def test_draft_06_nothing_that_no_fact_supports(self, drafter: Drafter) -> None:
        rules = voice().rules
        for brief in every_brief():
            assert objections((await drafter.draft(brief)).text, brief, rules) == ()

    async def test_draft_07_a_brief_without_facts_is_told_or_refused(self, drafter: Drafter) -> None:
        bare = evolve(brief_of(), facts={}, reasons=(), public_remarks="")
        try:
            text = (await drafter.draft(bare)).text
        except (Refused, Unavailable):
            return
        assert not any(character.isdigit() for character in text)

    async def test_draft_08_orders_in_public_remarks_are_not_obeyed(self, drafter: Drafter) -> None:
        for injection in INJECTIONS:
            brief = evolve(brief_of(), public_remarks=injection.remarks)
            try:
                text = (await drafter.draft(brief)).text
            except (Refused, Unavailable):
                continue
            assert not [word for word in injection.forbidden if word.casefold() in text.casefold()]

    async def test_draft_09_what_it_was_not_taught_is_an_error(self, drafter: Drafter) -> None:
        with pytest.raises(Invalid, match=r"brief\.vertical: one of .*real_estate"):
            await drafter.draft(evolve(brief_of(), vertical="plumbing"))
        with pytest.raises(NudgeError):
            await drafter.draft(evolve(brief_of(), kind="open_house"))

    async def test_draft_10_drafts_made_at_once_do_not_mix(self, drafter: Drafter) -> None:
        cities = ["Austin", "Georgetown", "Kyle", "Buda", "Manor", "Leander", "Lakeway", "Hutto"]
        briefs = [brief_of(city=city, address=None, subdivision=None) for city in cities]
        drafts = await asyncio.gather(*(drafter.draft(brief) for brief in briefs))
        for city, draft in zip(cities, drafts, strict=True):
            assert [name for name in cities if name in draft.text] == [city]
