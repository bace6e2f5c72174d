"""Market events, market activity, the state of a feed and pipeline runs over HTTP."""

from __future__ import annotations

import pytest
from attrs import evolve

from nudge_core.model.feed import FeedCursor
from nudge_core.model.outbox import Topic
from nudge_core.model.pipeline import RunStatus
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.asking import NOBODY_S, assert_foreign_is_random, leafed
from tests.api.office import RITA, TOM, Office
from tests.samples import later, uid

EVENTS = "/api/v1/market-events"
ACTIVITY = "/api/v1/market-activity"
RUNS = "/api/v1/pipeline-runs"


async def stored(office: Office) -> None:
    """Three events of Rita's."""
    rows = [
        samples.market_event(RITA, 50, event_type="price_drop", market_area="Zilker", created_at=later(-60)),
        samples.market_event(RITA, 51, event_type="new_listing", market_area="Zilker", created_at=later(-30)),
        samples.market_event(RITA, 52, event_type="price_drop", market_area=None, created_at=later(-40 * 86_400)),
    ]
    async with office.store.tenant(RITA) as tx:
        await tx.market_events.add(rows)


async def test_events_newest_first_in_pages_and_by_what_fits(office: Office) -> None:
    await stored(office)
    async with office.caller() as rita, office.caller(TOM) as tom:
        assert [item["id"] for item in await leafed(rita, EVENTS)] == [str(uid(n)) for n in (51, 50, 52)]
        drops = await leafed(rita, EVENTS, 1, event_type="price_drop")
        assert [item["id"] for item in drops] == [str(uid(50)), str(uid(52))]
        assert (await rita.get(EVENTS, params={"status": "processed"})).json()["items"] == []
        assert (await rita.get(EVENTS, params={"event_type": "x\x00"})).status_code == 422
        one = (await rita.get(f"{EVENTS}/{uid(50)}")).json()
        assert (one["market_area"], one["status"]) == ("Zilker", "unprocessed")
        assert (await tom.get(EVENTS)).json() == {"items": [], "next_cursor": None}
    await assert_foreign_is_random(office, "GET", "/market-events/{id}", uid(50))


async def test_activity_counts_the_last_thirty_days_or_the_range_that_was_asked_for(office: Office) -> None:
    await stored(office)
    async with office.caller() as rita, office.caller(TOM) as tom:
        usual = (await rita.get(ACTIVITY)).json()
        assert usual["counts"] == [
            {"event_type": "new_listing", "market_area": "Zilker", "count": 1},
            {"event_type": "price_drop", "market_area": "Zilker", "count": 1},
        ]
        assert usual["complete"]
        assert [item["id"] for item in usual["recent"]] == [str(uid(n)) for n in (51, 50, 52)]
        query = {"since": later(-50 * 86_400).isoformat(), "until": later(-39 * 86_400).isoformat()}
        old = (await rita.get(ACTIVITY, params=query)).json()
        assert old["counts"] == [{"event_type": "price_drop", "market_area": None, "count": 1}]
        theirs = (await tom.get(ACTIVITY)).json()
        assert (theirs["counts"], theirs["recent"]) == ([], [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"since": "2026-06-01T00:00:00"},
        {"since": "2026-09-01T00:00:00Z"},
        {"since": "2024-01-01T00:00:00Z"},
        {"until": "0001-01-01T00:00:00+12:00"},
        {"until": "9999-12-31T23:59:59-12:00"},
    ],
)
async def test_a_range_that_is_none_is_refused(office: Office, wrong: dict[str, str]) -> None:
    async with office.caller() as rita:
        assert (await rita.get(ACTIVITY, params=wrong)).status_code == 422


async def test_the_owner_sees_how_far_their_feed_has_been_read(office: Office) -> None:
    async with office.caller() as rita:
        before = (await rita.get("/api/v1/feed")).json()
        assert (before["source"], before["read_at"], before["lag_s"]) == ("reso", None, None)
        async with office.store.system() as tx:
            await tx.feeds.advance(FeedCursor(source_id="reso", baseline_done=True, read_until=later(-9)))
            await tx.feeds.count("reso", {"unread": 3})
            held = samples.note(70, RITA, topic=Topic.HELD, payload={"source_id": "reso"})
            await tx.notes.add([held, evolve(held, id=uid(71), user_id=TOM)])
        office.clock.forward(90)
        after = (await rita.get("/api/v1/feed")).json()
    assert (after["lag_s"], after["held_pages"], after["unread_records"], after["baseline_done"]) == (90, 1, 3, True)


async def test_an_operator_reads_runs_and_others_do_not(office: Office) -> None:
    async with office.store.system() as tx:
        for number in (1, 2, 3):
            await tx.runs.add(samples.run(number, started_at=later(number)))
        told = "reso:00000000-0000-0000-0000-000000000001 is unavailable"
        failed = evolve(
            samples.run(2, started_at=later(2)), status=RunStatus.FAILED, completed_at=later(5), errors=told
        )
        await tx.runs.save(failed)
    async with office.caller(RITA, Scope.OPERATIONS_READ) as operator:
        assert [item["id"] for item in await leafed(operator, RUNS)] == [str(uid(n)) for n in (3, 2, 1)]
        answer = await operator.get(RUNS, params={"status": "failed"})
        (shown,) = answer.json()["items"]
        assert shown["has_errors"]
        assert str(RITA) not in answer.text
        assert (await operator.get(f"{RUNS}/{uid(2)}")).json() == shown
        assert (await operator.get(f"{RUNS}/{NOBODY_S}")).status_code == 404
    async with office.caller(RITA, Scope.ACCOUNT_READ) as other:
        assert (await other.get(RUNS)).status_code == 403
