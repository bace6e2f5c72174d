"""An answer pauses first; what then may be done to a plan; what ends it. Vectors of `verticals.md` 1.3, 1.4 and 2.5."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from nudge_core.errors import Conflict, IllegalTransition, Invalid
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.carrier import CarrierKeyword
from nudge_core.model.consent import ConsentKind
from nudge_core.model.interaction import InteractionKind
from nudge_core.model.message import (
    Delivery,
    Direction,
    Media,
    MessageClass,
    MessageSource,
    ScheduledMessage,
    ScheduledStatus,
)
from nudge_core.reading.hardship import Hardship
from nudge_core.steps import plan as plans
from nudge_core.steps import review
from nudge_core.walk import work
from tests.clocks import utc, wall
from tests.planning import MONDAY, Practice, practice, statuses
from tests.send_walk import RITA

TUESDAY, DAY_S = "2026-06-02", 86_400.0
PENDING, CANCELLED = ScheduledStatus.PENDING, ScheduledStatus.CANCELLED


async def planned(here: Practice, key: str = "one", **changes: Any) -> ScheduledMessage:
    (one,) = await here.plan(here.wish(key, changes.pop("day", TUESDAY), **changes))
    return one


async def act(at: Practice, action: Any, plan_id: UUID, **changes: Any) -> Any:
    async with at.store.tenant(RITA) as tx:
        seen = changes.pop("version", None) or (await tx.briefings.get(plan_id)).version
        rules = () if action is plans.end_plan else (at.rules,)
        return await action(tx, plan_id, "rita", *rules, version=seen, **changes)


async def test_any_text_pauses_every_plan_of_that_client_and_of_nobody_else() -> None:
    at = await practice(people=2)
    mine = [await planned(at, "one"), await at.cadence("FREQ=WEEKLY", "2026-05-28")]
    other = await planned(at, "other", client_id=at.town.clients[1].id)
    heard = await at.hear("ok")
    assert len(heard.paused) == 2
    for one in mine:
        assert await statuses(at, one) == (PENDING, BriefingStatus.PAUSED)
    assert await statuses(at, other) == (PENDING, BriefingStatus.ACTIVE)


async def test_nothing_of_a_paused_plan_goes_out_neither_planned_nor_queued() -> None:
    at = await practice()
    await planned(at)
    queued = await planned(at, "later", day="2026-06-04")
    at.clock.move(DAY_S + 3_600)
    await at.due()  # the first is queued now
    await at.hear("hello")
    await at.until(MONDAY + timedelta(days=12))
    assert len(at.ledger()) == 0
    assert await statuses(at, queued) == (PENDING, BriefingStatus.PAUSED)
    (text,) = [text for text in await at.texts() if text.direction is Direction.OUTBOUND]
    assert (text.delivery, text.reason) == (Delivery.QUEUED, "plan_paused")


async def test_a_reminder_goes_out_whatever_the_client_wrote() -> None:
    at = await practice()
    await planned(at, message_class=MessageClass.TRANSACTIONAL)
    await at.hear("ok see you")
    await at.until(MONDAY + timedelta(days=2))
    assert len(at.ledger()) == 1


async def test_what_a_text_leaves_behind() -> None:
    at = await practice()
    media = (Media(url="https://carrier.example/m1", content_type="image/jpeg"),)
    await at.hear("look", media=media)
    await at.hear("and this")
    async with at.store.tenant(RITA) as tx:
        client = await tx.clients.get(at.client.id)
        assert await tx.messages.unread_counts() == {client.id: 2}
        assert await tx.messages.mark_read(client.id) == 2
    assert client.last_interaction == MONDAY
    assert media in [text.media for text in await at.texts()]


async def test_the_same_text_twice_is_one_pause_one_note_and_one_unread() -> None:
    at = await practice()
    one = await planned(at)
    await at.hear("hi", sid="SM1")
    await at.resume((await at.plan_of(one)).id)
    assert await at.tell("hi", sid="SM1") is None
    assert (await at.plan_of(one)).status is BriefingStatus.ACTIVE
    assert len(await at.copilot()) == 1


async def test_a_stranger_is_a_new_lead_with_consent_to_replies_and_a_proposal() -> None:
    at = await practice()
    heard = await at.hear("Is the Elm St house still for sale?", phone="+15125557777")
    assert heard.new_lead
    async with at.store.tenant(RITA) as tx:
        lead = await tx.clients.get(heard.client_id)
        assert (await tx.consents.latest(["+15125557777"]))["+15125557777"].kind is ConsentKind.INQUIRY
    assert lead.tags == ("new_lead",)
    (asked,) = await at.copilot()
    assert (asked.client_id, asked.key_intel["new_lead"]) == (lead.id, True)
    assert asked.headline.startswith("A new lead wrote")
    assert not (await at.hear("hello?", phone="+15125557777")).new_lead


async def test_the_proposal_names_the_resting_plans_and_what_may_be_done() -> None:
    at = await practice()
    one = await planned(at)
    await at.hear("can we talk?", sid="SM1")
    (asked,) = await at.copilot()
    plan = await at.plan_of(one)
    assert (asked.status, asked.is_plan, asked.client_id) == (BriefingStatus.DRAFT, False, at.client.id)
    assert asked.parent_message_id is not None
    told = asked.key_intel["paused_plans"]
    assert isinstance(told, tuple)
    assert told[0]["plan_id"] == str(plan.id)
    actions = asked.key_intel["actions"]
    assert isinstance(actions, tuple)
    assert [one["action"] for one in actions] == ["answer", "resume_plan", "update_plan", "end_plan"]
    assert actions[1]["version"] == plan.version


async def test_a_proposal_is_acted_upon_and_cannot_be_approved_as_a_text() -> None:
    at = await practice()
    await at.hear("can we talk?")
    (asked,) = await at.copilot()
    with pytest.raises(Invalid):
        async with at.store.tenant(RITA) as tx:
            await review.approve(tx, asked.id, "rita", at.parts.verticals["real_estate"])


async def test_a_later_text_overtakes_the_proposal_and_a_note_done_twice_makes_one() -> None:
    at = await practice()
    await planned(at)
    await at.hear("one")
    first = await at.copilot()
    await at.hear("two")
    second = await at.copilot()
    assert len(first) == len(second) == 1
    assert first[0].id != second[0].id
    assert (await work(at.parts)).done == 0


async def test_a_plan_goes_on_only_when_a_person_says_so_and_waits_for_its_next_slot() -> None:
    at = await practice()
    one = await planned(at)
    await at.hear("hello")
    at.clock.move(3 * DAY_S + 7 * 3_600)  # Thursday 16:00, two days after it was due
    plan = await at.plan_of(one)
    assert plan.status is BriefingStatus.PAUSED
    (asked,) = await at.copilot()
    resumed = await act(at, plans.resume_plan, plan.id, copilot_id=asked.id)
    assert resumed.status is BriefingStatus.ACTIVE
    assert (await at.row(one.id)).local_at == wall("2026-06-05 10:00")
    assert (await at.due()).done == 0
    async with at.store.tenant(RITA) as tx:
        assert (await tx.briefings.get(asked.id)).status is BriefingStatus.COMPLETED
    await at.until(utc("2026-06-05 16:00"))
    assert len(at.ledger()) == 1


async def test_every_action_is_guarded_by_the_version_and_twice_is_like_once() -> None:
    at = await practice()
    one = await planned(at, day="2026-06-09")
    await at.hear("hello")
    plan = await at.plan_of(one)
    for _ in range(2):
        await act(at, plans.update_plan, plan.id, version=plan.version, shift_days=1, edits={one.id: "New words"})
    row = await at.row(one.id)
    assert (row.local_at, row.content, row.version) == (wall("2026-06-10 10:00"), "New words", 2)
    with pytest.raises(Conflict):
        await act(at, plans.resume_plan, plan.id, version=plan.version)
    seen = (await at.plan_of(one)).version
    for _ in range(2):
        assert (await act(at, plans.resume_plan, plan.id, version=seen)).status is BriefingStatus.ACTIVE
    with pytest.raises(Conflict):
        await act(at, plans.end_plan, plan.id, version=plan.version)
    for _ in range(2):
        assert (await act(at, plans.end_plan, plan.id)).status is BriefingStatus.CANCELLED
    assert await statuses(at, one) == (CANCELLED, BriefingStatus.CANCELLED)
    with pytest.raises(IllegalTransition):
        await act(at, plans.resume_plan, plan.id)


async def test_ending_a_plan_withdraws_what_waits_in_the_queue_and_is_audited() -> None:
    at = await practice()
    one, later = await planned(at), await at.cadence("FREQ=WEEKLY", "2026-05-28")
    at.clock.move(DAY_S + 3_600)
    await at.due()
    await act(at, plans.end_plan, (await at.plan_of(one)).id)
    await at.due()
    row = await at.row(one.id)
    assert (row.status, row.error_message) == (CANCELLED, "ended_by_person")
    assert (await at.row(later.id)).status is PENDING  # of another plan
    async with at.store.tenant(RITA) as tx:
        entries = await tx.audit.of_subject((await at_plan(tx, one)).id)
    assert "plan.ended" in {entry.action for entry in entries}


async def at_plan(tx: Any, one: ScheduledMessage) -> Any:
    return await tx.briefings.get(one.parent_plan_id)


async def test_an_update_cannot_move_into_the_past_nor_touch_another_plans_text() -> None:
    at = await practice()
    one, other = await planned(at), await planned(at, "other", day="2026-06-09")
    plan = await at.plan_of(one)
    with pytest.raises(Invalid, match="still to come"):
        await act(at, plans.update_plan, plan.id, shift_days=-5)
    with pytest.raises(Invalid, match="texts of this plan"):
        await act(at, plans.update_plan, plan.id, edits={other.id: "x"})


async def test_stop_exits_every_plan_of_everybody_with_that_phone_and_start_brings_none_back() -> None:
    at = await practice(people=2)
    async with at.store.tenant(RITA) as tx:
        await tx.clients.save(evolve(at.town.clients[1], phone=at.client.phone))
    mine = await at.cadence("FREQ=WEEKLY", "2026-05-28")
    theirs = await planned(at, "theirs", client_id=at.town.clients[1].id)
    heard = await at.hear("STOP")
    assert heard.withdrawn == 2
    for one in (mine, theirs):
        assert await statuses(at, one) == (CANCELLED, BriefingStatus.CANCELLED)
        assert (await at.row(one.id)).error_message == "revoked"
    await at.hear("START")
    await at.until(MONDAY + timedelta(days=30))
    assert {text.message_class for text in await at.texts() if text.delivery is Delivery.SENT} <= {MessageClass.SERVICE}
    assert await at.open() == []


@pytest.mark.parametrize(
    ("body", "said", "held"),
    [
        ("basta ya", "STOP", True),
        ("hello", "STOP", True),
        ("stop", "START", True),  # what the carrier took it for never makes a STOP less
        ("hi", None, False),
    ],
)
async def test_what_the_carrier_took_for_a_stop_is_one(body: str, said: str | None, held: bool) -> None:
    at = await practice()
    heard = await at.hear(body, keyword=None if said is None else CarrierKeyword(said))
    assert bool(await at.town.silences()) is held
    assert heard.answered is (said is None and held)  # the carrier has answered already


async def test_a_carriers_start_lifts_and_its_yes_does_not() -> None:
    at = await practice()
    await at.hear("STOP")
    await at.hear("Yes", keyword=CarrierKeyword.START)
    assert await at.town.silences() != []
    await at.hear("JOIN", keyword=CarrierKeyword.START)
    assert await at.town.silences() == []


@pytest.mark.parametrize(
    ("body", "category"),
    [
        ("My dad passed away last night, let's wait", Hardship.DEATH),
        ("Sorry, we lost my brother in March", Hardship.LOSS),
        ("We're getting divorced so the search is off", Hardship.DIVORCE),
        ("Had a bad accident on I-35", Hardship.ACCIDENT),
        ("Mom is in the hospital", Hardship.ILLNESS),
        ("I got laid off yesterday", Hardship.JOB_LOSS),
    ],
)
async def test_bad_news_pauses_all_and_asks_with_the_category_and_nothing_cheerful_goes_out(
    body: str, category: Hardship
) -> None:
    at = await practice()
    one = await planned(at)
    (nudge,) = await at.town.queue(at.town.text(1))
    heard = await at.hear(body)
    await at.hear("talk later")  # a harmless text does not end it
    assert heard.hardship is category
    await at.until(MONDAY + timedelta(days=4))
    assert len(at.ledger()) == 0
    assert (await at.town.message(nudge)).reason == "reply_unclear"
    assert (await at.plan_of(one)).status is BriefingStatus.PAUSED
    (asked,) = await at.copilot()
    assert asked.key_intel["why"] == category.value
    assert body not in repr(asked)
    actions = asked.key_intel["actions"]
    assert isinstance(actions, tuple)
    assert [one["action"] for one in actions][:2] == ["answer", "end_plan"]


async def test_bad_news_in_a_note_pauses_and_asks() -> None:
    at = await practice()
    one = await planned(at)
    recorded = await at.record(InteractionKind.NOTE, "her husband died in May")
    assert (recorded.paused, recorded.hardship) == (1, Hardship.DEATH)
    assert (await at.plan_of(one)).status is BriefingStatus.PAUSED
    assert (await at.copilot())[0].key_intel["why"] == "death"


async def test_they_told_me_silences_with_proof_and_exits_the_plans() -> None:
    at = await practice()
    one = await planned(at)
    recorded = await at.record(InteractionKind.TOLD_TO_STOP, "on the phone: no more texts")
    assert recorded.withdrawn == 1
    assert await statuses(at, one) == (CANCELLED, BriefingStatus.CANCELLED)
    (held,) = await at.town.silences()
    assert held.reason == "opted_out"
    async with at.store.tenant(RITA) as tx:
        (kept,) = await tx.interactions.of_client(at.client.id, 9)
        (entry,) = await tx.audit.of_subject(kept.id)
    assert (entry.actor, entry.subject_type, entry.facts["detail"]) == ("rita", "interaction", "told_to_stop")
    await at.until(MONDAY + timedelta(days=3))
    assert len(at.ledger()) == 0


async def test_after_a_call_proactive_texts_wait_three_days() -> None:
    at = await practice(utc("2026-06-01 20:00"))  # 15:00 in Texas
    await at.record(InteractionKind.CALL)
    (nudge,) = await at.town.queue(at.town.text(1))
    await at.until(utc("2026-06-04 19:59"), timedelta(hours=1))
    assert (await at.town.message(nudge)).reason == "cool_down"
    await at.until(utc("2026-06-04 20:00"))
    assert [entry.at for entry in at.ledger()] == [utc("2026-06-04 20:00")]


async def test_a_note_written_alone_is_no_contact_and_the_future_no_record() -> None:
    at = await practice()
    await at.record(InteractionKind.NOTE, "likes gardens")
    await at.town.queue(at.town.text(1))
    at.clock.move(3_600)
    await at.tick()
    assert len(at.ledger()) == 1
    with pytest.raises(Invalid):
        await at.record(InteractionKind.CALL, at=MONDAY + timedelta(days=9))


async def test_a_newcomer_gets_nothing_automatic_for_fourteen_days_but_one_welcome() -> None:
    at = await practice(utc("2026-06-01 17:00"))
    async with at.store.tenant(RITA) as tx:
        await tx.clients.save(evolve(at.client, created_at=utc("2026-06-01 17:00")))
    auto, welcome = await at.town.queue(
        at.town.text(1, automatic=True, source=MessageSource.SCHEDULED),
        at.town.text(2, automatic=True, topic="welcome"),
    )
    await at.until(utc("2026-06-03 17:00"))
    assert (await at.town.message(welcome)).delivery is Delivery.SENT
    assert (await at.town.message(auto)).reason == "new_contact"
    await at.until(utc("2026-06-15 17:00"))
    assert (await at.town.message(auto)).sent_at == utc("2026-06-15 17:00")


async def test_what_a_person_planned_word_by_word_is_not_automatic() -> None:
    at = await practice()
    async with at.store.tenant(RITA) as tx:
        await tx.clients.save(evolve(at.client, created_at=MONDAY))
    await planned(at, at=time(11))
    await at.until(utc("2026-06-02 17:00"))
    assert len(at.ledger()) == 1
