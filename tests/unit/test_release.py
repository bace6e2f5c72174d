"""A planned text becomes a queued one exactly once, and its series goes on. Vectors of `verticals.md` 1.4, 1.6, 2.4."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve, frozen

from nudge_core.errors import Unavailable
from nudge_core.matching.ranking import Ranking
from nudge_core.model.brief import Brief
from nudge_core.model.briefing import BriefingStatus, Draft
from nudge_core.model.interaction import InteractionKind
from nudge_core.model.message import Delivery, MessageClass, MessageSource, ScheduledStatus, SenderType
from nudge_core.ports import Drafter
from nudge_core.steps import release, schedule
from nudge_core.steps.release import Effect, ReleaseSettings
from nudge_core.walk import release_due
from tests import samples
from tests.campaign import MortalStore
from tests.clocks import utc
from tests.planning import MONDAY, NO_LIMIT, Practice, practice, statuses
from tests.send_walk import RITA, Killed

TUESDAY = "2026-06-02"
DAY_S = 86_400.0
QUARTERLY = "FREQ=MONTHLY;INTERVAL=3;RSCALE=GREGORIAN;SKIP=BACKWARD"


async def planned_for_tuesday(at: Practice, **changes: Any) -> UUID:
    (planned,) = await at.plan(at.wish("one", TUESDAY, **changes))
    return planned.id


async def test_a_due_text_goes_out_and_its_row_follows_it_to_the_end() -> None:
    at = await practice()
    one = await planned_for_tuesday(at)
    assert (await at.due()).done == 0
    at.clock.move(DAY_S + 3_600)
    assert (await at.due()).effects == {Effect.RELEASED: 1}
    released = await at.row(one)
    (text,) = await at.texts()
    assert (released.status, released.message_id) == (ScheduledStatus.RELEASED, text.id)
    assert (text.source, text.sender_type, text.automatic) == (MessageSource.SCHEDULED, SenderType.USER, False)
    assert (text.briefing_id, text.approval_id) == (released.parent_plan_id, released.approval_id)
    assert text.originally_scheduled_at == released.scheduled_at_utc
    assert text.content.endswith("Reply STOP to opt out.")  # the first one to this person
    await at.tick()
    ended = await at.row(one)
    assert (ended.status, ended.sent_at) == (ScheduledStatus.SENT, at.clock.now())
    assert len(at.ledger()) == 1
    assert (await at.plan_of(ended)).status is BriefingStatus.COMPLETED


async def test_a_withheld_text_takes_its_reason_back_to_the_row() -> None:
    at = await practice()
    one = await planned_for_tuesday(at)
    at.clock.move(DAY_S + 3_600)
    await at.due()
    await at.hear("STOP")
    await at.due()
    row = await at.row(one)
    assert (row.status, row.error_message) == (ScheduledStatus.CANCELLED, "revoked")


async def test_twenty_four_months_of_quarters_are_eight_texts_the_last_on_the_final_day() -> None:
    at = await practice(utc("2026-01-31 17:00"))
    await at.cadence(QUARTERLY, "2026-01-31", business_days=True)
    opened = []
    while at.clock.now() < utc("2028-02-01 00:00"):
        await at.tick()
        (open_,) = await at.open()
        opened.append(open_.id)
        at.clock.move(6 * 3_600)
    sent = [row for row in await at.planned() if row.status is ScheduledStatus.SENT]
    days = [row.repeat.occurs_on.isoformat() for row in sent if row.repeat is not None]
    assert days == [
        "2026-04-30", "2026-07-31", "2026-10-31", "2027-01-31", "2027-04-30", "2027-07-31", "2027-10-31", "2028-01-31",
    ]  # fmt: skip
    assert [entry.at.date().isoformat() for entry in at.ledger()][:5] == [
        "2026-04-30", "2026-07-31", "2026-11-02", "2027-02-01", "2027-04-30",
    ]  # fmt: skip


async def test_a_talk_in_the_last_third_of_the_interval_counts_as_the_check_in() -> None:
    at = await practice(utc("2026-05-01 17:00"))
    first = await at.cadence(QUARTERLY, "2026-01-31")
    assert first.scheduled_at_utc.date().isoformat() == "2026-07-31"
    await at.until(utc("2026-07-10 15:00"), timedelta(days=10))
    await at.record(InteractionKind.CALL)
    await at.until(utc("2026-07-31 16:00"), timedelta(days=7))
    skipped = await at.row(first.id)
    assert (skipped.status, skipped.error_message) == (ScheduledStatus.CANCELLED, "recent_contact")
    (open_,) = await at.open()
    assert open_.repeat is not None
    assert open_.repeat.occurs_on.isoformat() == "2026-10-31"
    assert len(at.ledger()) == 0


async def test_a_talk_before_the_last_third_changes_nothing() -> None:
    at = await practice(utc("2026-05-01 17:00"))
    await at.record(InteractionKind.MEETING)
    await at.cadence(QUARTERLY, "2026-01-31")
    await at.until(utc("2026-07-31 16:00"), timedelta(days=7))
    assert len(at.ledger()) == 1


async def test_an_occurrence_late_by_half_its_interval_is_skipped() -> None:
    at = await practice()
    first = await at.cadence("FREQ=WEEKLY", "2026-05-28")
    assert first.not_after == first.scheduled_at_utc + timedelta(days=3, hours=12)
    at.clock.move(10 * DAY_S)  # nobody ran the worker
    assert (await at.due()).effects == {Effect.SKIPPED: 1}
    assert (await at.row(first.id)).error_message == "expired"
    (open_,) = await at.open()
    assert open_.scheduled_at_utc > at.clock.now()


async def test_a_count_ends_the_series_and_its_plan() -> None:
    at = await practice()
    first = await at.cadence("FREQ=WEEKLY;COUNT=2", "2026-05-28")
    await at.until(MONDAY + timedelta(days=20))
    rows = await at.planned()
    assert [row.status for row in rows] == [ScheduledStatus.SENT] * 2
    assert (await at.plan_of(first)).status is BriefingStatus.COMPLETED


async def test_after_three_texts_without_an_answer_the_plan_stops_and_the_owner_is_asked() -> None:
    at = await practice(settings=ReleaseSettings())
    first = await at.cadence("FREQ=WEEKLY", "2026-05-28")
    await at.until(MONDAY + timedelta(days=40))
    assert len(at.ledger()) == 3
    plan = await at.plan_of(first)
    assert plan.status is BriefingStatus.PAUSED
    (asked,) = await at.copilot()
    assert asked.key_intel["why"] == "unanswered"
    await at.resume(plan.id)
    await at.until(MONDAY + timedelta(days=50))
    assert len(at.ledger()) >= 4  # the professional has decided; it counts anew from there


async def test_an_answer_starts_the_count_of_unanswered_texts_anew() -> None:
    at = await practice(settings=ReleaseSettings())
    first = await at.cadence("FREQ=WEEKLY", "2026-05-28")
    await at.until(MONDAY + timedelta(days=12))
    await at.hear("thanks!")
    await at.resume((await at.plan_of(first)).id)
    await at.until(MONDAY + timedelta(days=32))
    assert len(at.ledger()) == 5


async def test_only_one_of_two_workers_releases() -> None:
    at = await practice()
    await planned_for_tuesday(at)
    at.clock.move(DAY_S + 3_600)
    async with at.store.system() as tx:
        (claimed,) = await release.claim(tx, 9, NO_LIMIT)
    assert (await at.due()).done == 0
    vertical = at.parts.verticals["real_estate"]
    prepared = []
    for _ in range(2):
        async with at.store.tenant(RITA) as tx:
            one = await release.prepare(tx, claimed, vertical, NO_LIMIT)
        assert isinstance(one, release.Prepared)
        prepared.append(one)
    effects = []
    for one in prepared:
        async with at.store.tenant(RITA) as tx:
            effects.append((await release.release(tx, one)).effect)
    assert effects == [Effect.RELEASED, Effect.LOST]
    assert len(await at.texts()) == 1


async def test_a_change_while_it_is_being_released_wins() -> None:
    at = await practice()
    one = await planned_for_tuesday(at)
    at.clock.move(DAY_S + 3_600)
    async with at.store.system() as tx:
        (claimed,) = await release.claim(tx, 9, NO_LIMIT)
    async with at.store.tenant(RITA) as tx:
        prepared = await release.prepare(tx, claimed, at.parts.verticals["real_estate"], NO_LIMIT)
    assert isinstance(prepared, release.Prepared)
    async with at.store.tenant(RITA) as tx:
        await schedule.change(tx, one, "rita", at.rules, version=1, day=date(2026, 6, 9))
    async with at.store.tenant(RITA) as tx:
        assert (await release.release(tx, prepared)).effect is Effect.LOST
    assert await at.texts() == []


async def test_a_reply_between_claim_and_release_leaves_it_resting() -> None:
    at = await practice()
    one = await planned_for_tuesday(at)
    at.clock.move(DAY_S + 3_600)
    async with at.store.system() as tx:
        (claimed,) = await release.claim(tx, 9, NO_LIMIT)
    async with at.store.tenant(RITA) as tx:
        prepared = await release.prepare(tx, claimed, at.parts.verticals["real_estate"], NO_LIMIT)
    assert isinstance(prepared, release.Prepared)
    await at.hear("hello!")
    async with at.store.tenant(RITA) as tx:
        assert (await release.release(tx, prepared)).effect is Effect.RESTING
    assert (await at.row(one)).status is ScheduledStatus.PENDING


async def test_what_cannot_become_a_text_ends_and_does_not_stop_the_others() -> None:
    at = await practice(people=2)
    bad = await planned_for_tuesday(at, drafted_from={"event_id": "no id"})
    (good,) = await at.plan(at.wish("two", TUESDAY, client_id=at.town.clients[1].id))
    at.clock.move(DAY_S + 3_600)
    report = await at.due()
    assert sum(report.effects.values()) + len(report.failed) == 2
    assert (await at.row(good.id)).status is ScheduledStatus.RELEASED
    assert (await at.row(bad)).status in (ScheduledStatus.PENDING, ScheduledStatus.FAILED)


@frozen
class FixedDrafter:
    """Answers with one text, or not at all."""

    text: str | None
    name: str = "fixed"

    async def draft(self, brief: Brief) -> Draft:
        if self.text is None:
            raise Unavailable("fixed", "away")
        return Draft(text=self.text, drafted_by=self.name)

    async def ping(self) -> str:
        return "fixed"

    async def aclose(self) -> None:
        """Nothing to give back."""


async def with_event(drafters: Sequence[Drafter], **changes: Any) -> tuple[Practice, UUID]:
    """A text about a home, to be drafted anew when it is due."""
    at = await practice(drafters=drafters)
    home = {"list_price_cents": 45_000_000, "status": "Active", "beds": 3, "city": "Austin", "address": "1 Elm St"}
    async with at.store.tenant(RITA) as tx:
        await tx.resources.store([samples.resource(RITA, 40, attributes=home)])
        event = samples.market_event(
            RITA, 50, event_type="new_listing", resource_id=UUID(int=40), created_at=MONDAY,
            payload={"listing": home, "change": {"new_price_cents": 45_000_000}},
        )  # fmt: skip
        await tx.market_events.add([event])
        ranking = Ranking(subject_id=event.id, members=(), considered=1)
        brief = at.parts.verticals["real_estate"].brief(await tx.users.get(RITA), event, ranking)
    stated = {"event_id": str(event.id), "facts": dict(brief.facts)}
    return at, await planned_for_tuesday(
        at, redraft=True, drafted_from=changes.get("drafted_from", stated), message_class=MessageClass.MARKETING
    )


async def test_words_are_written_anew_when_it_is_due() -> None:
    at, one = await with_event([FixedDrafter("Hi {first_name}, the home on Elm St is still there.")])
    at.clock.move(DAY_S + 3_600)
    assert (await at.due()).effects == {Effect.RELEASED: 1}
    (text,) = await at.texts()
    assert text.content.startswith("Hi Ben, the home on Elm St is still there.")
    assert (text.sender_type, text.automatic) == (SenderType.AI, True)
    assert (await at.row(one)).message_id == text.id


@pytest.mark.parametrize("words", [None, "No kids please, {first_name}! http://bit.ly/x"])
async def test_when_no_drafter_writes_what_may_go_out_the_stored_words_do(words: str | None) -> None:
    at, _ = await with_event([FixedDrafter(words)])
    at.clock.move(DAY_S + 3_600)
    assert (await at.due()).effects == {Effect.RELEASED: 1}
    (text,) = await at.texts()
    assert "how is the garden" in text.content


async def test_stored_words_that_state_what_changed_go_back_to_the_owner() -> None:
    stale = {"event_id": str(UUID(int=50)), "facts": {"price": "$1"}}
    at, one = await with_event([FixedDrafter(None)], drafted_from=stale)
    at.clock.move(DAY_S + 3_600)  # 25 hours after it was written
    assert (await at.due()).effects == {Effect.RETURNED: 1}
    row = await at.row(one)
    assert (row.status, row.approval_id, row.job_id) == (ScheduledStatus.PENDING, None, None)
    assert row.error_message is not None
    assert (await at.copilot())[0].key_intel["why"] == "facts_changed"
    assert (await at.due()).done == 0
    async with at.store.tenant(RITA) as tx:
        await schedule.change(tx, one, "rita", at.rules, version=row.version, content="All true now", at=time(11))
    at.clock.move(3_600)
    assert (await at.due()).effects == {Effect.RELEASED: 1}


async def test_a_home_that_left_the_market_takes_the_text_back_to_the_owner() -> None:
    at, one = await with_event([FixedDrafter("Hi {first_name}, still there.")])
    async with at.store.tenant(RITA) as tx:
        resource = await tx.resources.get(UUID(int=40))
        await tx.resources.store([evolve(resource, attributes={**resource.attributes, "status": "Closed"})])
    at.clock.move(DAY_S + 3_600)
    assert (await at.due()).effects == {Effect.RETURNED: 1}
    assert (await at.row(one)).approval_id is None


BOUNDARIES = [f"{kind}:{when}_commit" for kind in ("system", "tenant") for when in ("before", "after")]


@pytest.mark.parametrize("place", BOUNDARIES)
@pytest.mark.parametrize("nth", range(1, 7))
async def test_dying_at_any_boundary_releases_nothing_twice_and_keeps_one_open_occurrence(place: str, nth: int) -> None:
    at = await practice(people=3)
    await at.cadence("FREQ=WEEKLY", "2026-05-28")
    for number, client in enumerate(at.town.clients[1:]):
        await at.plan(at.wish(f"one {number}", TUESDAY, client_id=client.id))
    hits: Counter[str] = Counter()

    async def die(here: str) -> None:
        hits[here] += 1
        if here == place and hits[here] == nth:
            raise Killed(here)

    at.clock.move(4 * DAY_S)
    mortal = at.parts_on(MortalStore(at.store, die))
    for _ in range(4):
        try:
            await release_due(mortal)
        except Killed:
            at.clock.move(NO_LIMIT.lease_s)
        assert len(await at.open()) == 1
    await at.until(at.clock.now() + timedelta(days=1), timedelta(hours=1))
    accepted = Counter(entry.message_id for entry in at.ledger())
    assert set(accepted.values()) == {1}
    assert len(accepted) == 3
    assert len(await at.open()) == 1


async def test_a_message_that_ended_in_doubt_leaves_the_row_released() -> None:
    at = await practice()
    one = await planned_for_tuesday(at)
    at.clock.move(DAY_S + 3_600)
    await at.due()
    async with at.store.system() as tx:
        (text,) = await tx.sends.claim(1, 60.0)
    async with at.store.tenant(RITA) as tx:
        for before, after in (
            (Delivery.SENDING, Delivery.IN_DOUBT),
            (Delivery.IN_DOUBT, Delivery.UNCONFIRMED),
        ):
            assert await tx.messages.move(text.id, attempt=1, expected=[before], to=after)
    assert (await at.due()).followed == 0
    assert await statuses(at, await at.row(one)) == (ScheduledStatus.RELEASED, BriefingStatus.ACTIVE)
