"""Planning, changing and cancelling texts, in the recipient's own time. Vectors of `verticals.md` 1.2 and 2.1."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from attrs import evolve

from nudge_core.errors import Conflict, IllegalTransition, Invalid, NotFound
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.message import Delivery, MessageClass, ScheduledStatus, release_job
from nudge_core.steps import schedule
from nudge_core.steps.schedule import Repetition
from tests.clocks import utc, wall
from tests.planning import MONDAY, Practice, practice, statuses
from tests.send_walk import RITA

TUESDAY = "2026-06-02"


async def change(here: Practice, planned_id: object, version: int, **changes: object) -> object:
    async with here.store.tenant(RITA) as tx:
        return await schedule.change(tx, planned_id, "rita", here.rules, version=version, **changes)  # type: ignore[arg-type]


async def cancel(at: Practice, planned_id: object, version: int, **changes: bool) -> object:
    async with at.store.tenant(RITA) as tx:
        return await schedule.cancel(tx, planned_id, "rita", version=version, **changes)  # type: ignore[arg-type]


async def refused(at: Practice, *args: object, **changes: object) -> Invalid:
    with pytest.raises(Invalid) as error:
        await at.plan(at.wish("x", *args, **changes))  # type: ignore[arg-type]
    return error.value


async def test_a_day_alone_is_ten_o_clock_there() -> None:
    at = await practice()
    (planned,) = await at.plan(at.wish("one", TUESDAY))
    assert (planned.scheduled_at_utc, planned.local_at, planned.timezone) == (
        utc("2026-06-02 15:00"), wall("2026-06-02 10:00"), "America/Chicago",
    )  # fmt: skip
    assert planned.job_id == release_job(planned.id, 1)
    assert (planned.approved_by, planned.automatic) == ("rita", False)


async def test_where_ten_is_not_lawful_everywhere_it_is_the_first_minute_that_is() -> None:
    at = await practice(area="850")  # Florida, two zones: ten in Chicago's Florida, eleven in New York's
    (planned,) = await at.plan(at.wish("one", TUESDAY))
    assert planned.scheduled_at_utc == utc("2026-06-02 15:00")
    assert planned.local_at == wall("2026-06-02 10:00")
    far = await practice(area="999")  # unknown: the four contiguous zones and the rest must all be awake
    (planned,) = await far.plan(far.wish("one", TUESDAY))
    hawaii = utc("2026-06-02 20:00")
    assert planned.scheduled_at_utc == hawaii  # 10:00 in Honolulu


async def test_today_after_ten_is_the_next_lawful_minute() -> None:
    at = await practice(utc("2026-06-01 17:30"))
    (planned,) = await at.plan(at.wish("one", "2026-06-01"))
    assert planned.scheduled_at_utc >= utc("2026-06-01 17:30")


@pytest.mark.parametrize(
    ("day", "at_time", "changes", "field"),
    [
        ("2026-05-31", None, {}, "schedule.day"),
        ("2026-06-07", None, {}, "schedule.day"),  # a Sunday: the house default sends nothing
        ("2026-06-01", time(8), {}, "schedule.at"),
        (TUESDAY, time(22), {}, "schedule.at"),
        (TUESDAY, time(7, 59), {}, "schedule.at"),
        (TUESDAY, None, {"timezone": "Mars/Olympus"}, "schedule.timezone"),
        (TUESDAY, None, {"not_after": utc("2026-06-02 14:00")}, "schedule.not_after"),
        (TUESDAY, None, {"repeat": Repetition(rule="FREQ=HOURLY")}, "rrule.FREQ"),
        ("2020-01-01", None, {"repeat": Repetition(rule="FREQ=DAILY;COUNT=2")}, "schedule.repeat"),
        (TUESDAY, time(23), {"repeat": Repetition(rule="FREQ=MONTHLY")}, "schedule.at"),
    ],
)
async def test_what_cannot_be_is_refused_with_field_and_rule(
    day: str, at_time: time | None, changes: dict[str, object], field: str
) -> None:
    error = await refused(await practice(), day, at_time, **changes)
    assert error.field == field


async def test_nothing_is_planned_for_a_silenced_phone_or_none() -> None:
    at = await practice(people=2)
    await at.hear("STOP")
    assert (await refused(at, TUESDAY)).field == "schedule.client_id"
    async with at.store.tenant(RITA) as tx:
        await tx.clients.save(evolve(at.town.clients[1], phone=None))
    assert "no_phone" in str(await refused(at, TUESDAY, client_id=at.town.clients[1].id))


async def test_the_same_wish_plans_one_text() -> None:
    at = await practice()
    first = await at.plan(at.wish("one", TUESDAY), at.wish("two", "2026-06-03"))
    assert await at.plan(at.wish("one", TUESDAY), at.wish("two", "2026-06-03")) == first
    series = await at.cadence("FREQ=WEEKLY", "2026-05-28")
    at.clock.move(8 * 86_400)
    assert (await at.cadence("FREQ=WEEKLY", "2026-05-28")) == series
    assert len(await at.planned()) == 3


async def test_many_are_planned_all_or_none() -> None:
    at = await practice()
    with pytest.raises(Invalid):
        await at.plan(at.wish("one", TUESDAY), at.wish("two", "2026-05-01"))
    assert await at.planned() == []


async def test_a_proactive_text_has_a_plan_that_an_answer_can_pause_and_a_reminder_has_none() -> None:
    at = await practice()
    (chat, reminder) = await at.plan(
        at.wish("chat", TUESDAY), at.wish("visit", TUESDAY, time(11), message_class=MessageClass.TRANSACTIONAL)
    )
    plan = await at.plan_of(chat)
    assert (plan.is_plan, plan.status, plan.client_id) == (True, BriefingStatus.ACTIVE, at.client.id)
    assert reminder.parent_plan_id is None


async def test_the_wall_clock_holds_through_the_change_of_clocks() -> None:
    at = await practice(utc("2026-02-27 14:00"), area="212")  # New York
    weekly = await at.cadence("FREQ=WEEKLY", "2026-02-27", at=time(11))
    assert weekly.scheduled_at_utc == utc("2026-03-06 16:00")
    await at.until(utc("2026-03-06 18:00"))
    (following,) = await at.open()
    assert following.scheduled_at_utc == utc("2026-03-13 15:00")  # daylight saving time began on the 8th


async def test_the_recipients_zone_wins_over_the_professionals() -> None:
    at = await practice()
    async with at.store.tenant(RITA) as tx:
        await tx.clients.save(evolve(at.client, timezone="America/Denver"))
    (planned,) = await at.plan(at.wish("one", TUESDAY))
    assert (planned.timezone, planned.scheduled_at_utc) == ("America/Denver", utc("2026-06-02 16:00"))


async def test_a_business_text_moves_off_the_weekend() -> None:
    at = await practice()
    (planned,) = await at.plan(at.wish("one", "2026-07-03", business_days=True))  # Independence Day is kept
    assert planned.local_at == wall("2026-07-06 10:00")


async def test_a_change_is_guarded_by_the_version_seen() -> None:
    at = await practice()
    (planned,) = await at.plan(at.wish("one", TUESDAY))
    await change(at, planned.id, 1, day=date(2026, 6, 4), at=time(11))
    changed = await at.row(planned.id)
    assert (changed.scheduled_at_utc, changed.version) == (utc("2026-06-04 16:00"), 2)
    assert changed.job_id == release_job(planned.id, 2)
    assert changed.approval_id != planned.approval_id
    with pytest.raises(Conflict):
        await change(at, planned.id, 1, content="too late")
    with pytest.raises(Invalid):
        await change(at, planned.id, 2, at=time(3))
    with pytest.raises(NotFound):
        await change(at, RITA, 1, at=time(11))


async def test_words_alone_can_be_changed_and_the_time_alone() -> None:
    at = await practice()
    (planned,) = await at.plan(at.wish("one", TUESDAY))
    await change(at, planned.id, 1, content="Other words")
    await change(at, planned.id, 2, at=time(15))
    row = await at.row(planned.id)
    assert (row.content, row.local_at) == ("Other words", wall("2026-06-02 15:00"))


async def test_a_single_text_is_cancelled_once_and_its_plan_ends() -> None:
    at = await practice()
    (planned,) = await at.plan(at.wish("one", TUESDAY))
    with pytest.raises(Conflict):
        await cancel(at, planned.id, 7)
    await cancel(at, planned.id, 1)
    assert await statuses(at, planned) == (ScheduledStatus.CANCELLED, BriefingStatus.COMPLETED)
    await cancel(at, planned.id, 1)  # again: nothing
    with pytest.raises(IllegalTransition):
        await change(at, planned.id, 2, content="x")


async def test_one_occurrence_is_cancelled_and_the_next_is_open() -> None:
    at = await practice()
    first = await at.cadence("FREQ=WEEKLY", "2026-05-28")
    await cancel(at, first.id, 1)
    (open_,) = await at.open()
    assert open_.scheduled_at_utc - first.scheduled_at_utc == timedelta(days=7)
    assert open_.automatic
    await cancel(at, open_.id, 1, whole_series=True)
    assert await at.open() == []
    assert (await statuses(at, first))[1] is BriefingStatus.COMPLETED


async def test_what_was_released_a_moment_ago_is_withdrawn_unless_somebody_took_it() -> None:
    at = await practice()
    (planned,) = await at.plan(at.wish("one", TUESDAY))
    at.clock.move(86_400 + 3_600)
    await at.due()
    released = await at.row(planned.id)
    assert released.status is ScheduledStatus.RELEASED
    await cancel(at, planned.id, released.version)
    (text,) = await at.texts()
    assert (text.delivery, (await at.row(planned.id)).status) == (Delivery.CANCELLED, ScheduledStatus.CANCELLED)


async def test_what_is_on_its_way_cannot_be_cancelled() -> None:
    at = await practice()
    (planned,) = await at.plan(at.wish("one", TUESDAY))
    at.clock.move(86_400 + 3_600)
    await at.due()
    async with at.store.system() as tx:
        await tx.sends.claim(1, 60.0)
    with pytest.raises(IllegalTransition, match="on its way"):
        await cancel(at, planned.id, (await at.row(planned.id)).version)


async def test_planning_does_nothing_by_itself() -> None:
    at = await practice()
    await at.plan(at.wish("one", TUESDAY))
    await at.tick()
    assert (await at.texts(), at.clock.now()) == ([], MONDAY)
