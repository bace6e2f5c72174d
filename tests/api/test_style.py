"""How the professional writes, over HTTP: seen, taken away, given back; and drafts that follow it."""

from __future__ import annotations

from uuid import UUID

from nudge_core.matching.ranking import Ranking
from nudge_core.model.briefing import BriefingStatus
from nudge_core.ports import Store
from nudge_core.sending.style import brief_of
from nudge_core.verticals import VERTICALS
from nudge_core.verticals.real_estate.compose import compose
from tests import samples
from tests.api.desk import actions_of
from tests.api.office import RITA, TOM, Office, open_office
from tests.samples import SteppingClock, uid

API = "/api/v1/users/me/style"
DRAFTED = "Hi {first_name}, a condo is new on the market. {reason} {question} - Rita, Timber Homes"
SENT = "Hey {first_name}! A condo is new on the market. {reason} {question} - Rita, Timber Homes"


async def add_approved(office: Office, *numbers: int) -> None:
    """Store nudges that Rita edited and approved."""
    async with office.store.tenant(RITA) as tx:
        for number in numbers:
            await tx.briefings.add(
                samples.briefing(
                    RITA, number, status=BriefingStatus.ACTIVE, original_draft=DRAFTED, edited_draft=SENT,
                    campaign_type="new_listing",
                )
            )  # fmt: skip


async def drafted_next(office: Office) -> str:
    """Draft a text about a new listing."""
    event = samples.market_event(RITA, 50, event_type="new_listing")
    async with office.store.tenant(RITA) as tx:
        ranking = Ranking(subject_id=event.id, members=(), considered=0)
        return compose(await brief_of(tx, event, ranking, VERTICALS["real_estate"]))


async def test_a_habit_is_seen_followed_taken_away_and_given_back(store: Store, clock: SteppingClock) -> None:
    office = await open_office(store, clock)
    await add_approved(office, 60)
    async with office.caller() as rita, office.caller(TOM) as tom:
        assert (await rita.get(API)).json()["habits"] == []
        assert not (await drafted_next(office)).startswith("Hey")
        await add_approved(office, 61)
        shown = (await rita.get(API)).json()
        (habit,) = shown["habits"]
        assert (habit["kind"], habit["value"]) == ("greeting", "Hey {first_name}! ")
        assert (habit["edits"], habit["kept"]) == (2, 0)
        assert sorted(habit["briefing_ids"]) == [str(uid(60)), str(uid(61))]
        assert shown["progress"] == {
            "drafts": 2, "as_drafted": 0, "lightly_edited": 2, "rewritten": 0,
            "trend": {"direction": "too_few", "earlier": None, "later": None},
        }  # fmt: skip
        assert (await drafted_next(office)).startswith("Hey {first_name}! ")

        foreign, missing = await tom.delete(f"{API}/{habit['id']}"), await tom.delete(f"{API}/{uid(99)}")
        assert (foreign.status_code, foreign.content) == (404, missing.content)
        foreign, missing = [await tom.post(f"{API}/{id_}/restore") for id_ in (habit["id"], uid(99))]
        assert (foreign.status_code, foreign.content) == (404, missing.content)
        for _ in range(2):
            assert (await rita.delete(f"{API}/{habit['id']}")).status_code == 204
        assert (await rita.get(API)).json()["habits"][0]["removed"] is True
        assert not (await drafted_next(office)).startswith("Hey")
        for _ in range(2):
            back = await rita.post(f"{API}/{habit['id']}/restore")
            assert (back.status_code, back.json()["removed"]) == (200, False)
        assert (await drafted_next(office)).startswith("Hey")
        assert (await tom.get(API)).json()["habits"] == []
    who = f"user:{RITA}"
    assert await actions_of(office, UUID(habit["id"])) == [("style.removed", who), ("style.restored", who)]
