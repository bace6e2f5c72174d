"""The templates keep the promises of a drafter, and one of their own: the same brief gives the same words."""

from __future__ import annotations

import pytest
from attrs import evolve

from nudge_adapters.llm.offline import OfflineDrafter, build_offline_drafter
from nudge_core.verticals.real_estate.voice import voice
from tests.contracts.drafter_contract import DrafterContract, brief_of, every_brief


class TestOfflineDrafter(DrafterContract):
    @pytest.fixture
    def drafter(self) -> OfflineDrafter:
        return build_offline_drafter({"real_estate": voice()})

    async def test_the_same_brief_gives_the_same_words(self, drafter: OfflineDrafter) -> None:
        for brief in every_brief():
            assert await drafter.draft(brief) == await drafter.draft(brief)

    async def test_the_remarks_make_no_difference(self, drafter: OfflineDrafter) -> None:
        brief = brief_of()
        assert await drafter.draft(evolve(brief, public_remarks="Pool!")) == await drafter.draft(brief)

    async def test_a_gone_listing_is_a_note_to_the_professional(self, drafter: OfflineDrafter) -> None:
        draft = await drafter.draft(brief_of("expired_listing"))
        assert draft.text.startswith("For you only")

    async def test_it_says_what_it_can_do(self, drafter: OfflineDrafter) -> None:
        assert await drafter.ping() == "templates for real_estate"
        await drafter.aclose()
