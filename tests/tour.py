"""The walk as a tour: a small MLS told page by page, a small book, and everything the product promises about them.

The feed is the replay adapter over RESO pages that a test writes, so that parsing and change detection are the
product's own; the store is whichever the inheriting test class gives.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from nudge_adapters.feeds.replay import replay_of_pages
from nudge_adapters.feeds.shape import RecordShape
from nudge_adapters.llm.offline import build_offline_drafter
from nudge_adapters.sms.carrier import CarrierSettings, SimulatedCarrier
from nudge_adapters.sms.journal import MemoryJournal
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.errors import Conflict, IllegalTransition, Invalid, Unavailable
from nudge_core.model.brief import Brief
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing, Decision, Draft, Outcome
from nudge_core.model.client import Client
from nudge_core.model.consent import Consent, ConsentKind
from nudge_core.model.event import EventStatus
from nudge_core.model.feedback import DismissReason
from nudge_core.model.message import Delivery, Receipt
from nudge_core.model.outbox import MAX_ATTEMPTS, Topic
from nudge_core.model.pipeline import PipelineRun, RunStatus
from nudge_core.model.user import User
from nudge_core.ports import Store
from nudge_core.steps import review
from nudge_core.steps.ingest import IngestReport
from nudge_core.verticals import VERTICALS
from nudge_core.walk import Parts, hear, poll, run_once, send_due, tidy, work_until_idle
from tests import samples
from tests.samples import CountingIds, SteppingClock, uid

MORNING = datetime(2026, 7, 1, 15, tzinfo=UTC)  # a Wednesday, ten o'clock in Austin
SOURCE = "tour"
OWNER = uid(1)
ANA, BEN, CLEO, DEV = uid(11), uid(12), uid(13), uid(14)
DAY_S = 24 * 60 * 60.0


def record(**changes: Any) -> dict[str, Any]:
    """A RESO record as a vendor sends it, private remarks included."""
    return {
        "ListingKey": "K1",
        "ListingId": "1001",
        "StandardStatus": "Active",
        "PropertyType": "Residential",
        "PropertySubType": "Single Family Residence",
        "ListPrice": 500_000,
        "BedroomsTotal": 3,
        "BathroomsTotalInteger": 2,
        "LivingArea": 1_850,
        "City": "Austin",
        "StateOrProvince": "TX",
        "PostalCode": "78704",
        "SubdivisionName": "Zilker",
        "UnparsedAddress": "12 Oak St",
        "PublicRemarks": "Attached garage and a fenced yard.",
        "PrivateRemarks": "Lockbox code 4711, seller is desperate.",
        "OriginalEntryTimestamp": "2026-07-01T13:00:00Z",
        "ModificationTimestamp": "2026-07-01T13:00:00Z",
        "MlgCanView": True,
    } | changes


def user() -> User:
    return samples.user(
        1, full_name="Dana Whitfield", business_name="Bluebonnet Realty", tool_provider=SOURCE,
        twilio_phone_number=samples.OUR_NUMBER,
    )  # fmt: skip


def book() -> list[Client]:
    """Four clients of last year; of the last one nothing is known."""
    wishes: dict[Any, dict[str, Any]] = {
        ANA: {"price": {"max": 520_000, "hard": True}, "beds": {"min": 3, "hard": True}, "areas": {"any": ["Zilker"]},
              "features": {"must": ["garage"]}},
        BEN: {"price": {"max": 450_000, "hard": True}, "areas": {"any": ["Austin"]}},
        CLEO: {"areas": {"any": ["Austin"]}, "beds": {"min": 3}, "features": {"must": ["pool"]}},
        DEV: {},
    }  # fmt: skip
    names = {ANA: "Ana Ruiz", BEN: "Ben Okafor", CLEO: "Cleo Park", DEV: "Dev Nolan"}
    return [
        samples.client(
            OWNER, 0, id=client_id, full_name=names[client_id], preferences=wish, user_tags=("buyer",),
            phone=f"+1512555020{number}", created_at=MORNING - timedelta(days=300),
        )
        for number, (client_id, wish) in enumerate(wishes.items())
    ]  # fmt: skip


def write_page(pages: Path, records: Sequence[dict[str, Any]]) -> None:
    """Add a page to a recording."""
    (pages / f"{len(list(pages.iterdir())):03}.json").write_text(json.dumps({"value": records}))


class Mute:
    """A drafter that is out of reach."""

    name = "mute"

    async def draft(self, brief: Brief) -> Draft:
        raise Unavailable("mute", "no answer", 5.0)

    async def ping(self) -> str:
        raise Unavailable("mute", "no answer")

    async def aclose(self) -> None:
        """Nothing to give back."""


class Rude:
    """A drafter whose words may not stand."""

    name = "rude"

    async def draft(self, brief: Brief) -> Draft:
        return Draft(text="Hi {first_name}, no kids allowed. {reason} {question}", drafted_by=self.name)

    async def ping(self) -> str:
        return "rude"

    async def aclose(self) -> None:
        """Nothing to give back."""


class Tour:
    """The tour of one store; inherited once per store. `store` and `clock` are fixtures of the inheriting class."""

    @pytest.fixture
    def clock(self) -> SteppingClock:
        return SteppingClock(MORNING)

    @pytest.fixture
    async def parts(self, store: Store, clock: SteppingClock) -> Parts:
        async with store.system() as tx:
            await tx.users.add(user())
        async with store.tenant(OWNER) as tenant:
            await tenant.clients.add(book())
            await tenant.consents.add(
                [
                    Consent(
                        id=uid(100 + number), user_id=OWNER, client_id=client.id, phone=client.phone or "",
                        kind=ConsentKind.EXPRESS_WRITTEN, source="form", recorded_by="Dana",
                        recorded_at=MORNING - timedelta(days=200),
                    )
                    for number, client in enumerate(book())
                ]
            )  # fmt: skip
        carrier = SimulatedCarrier(MemoryJournal(), CarrierSettings())
        return Parts(
            store=store,
            verticals=VERTICALS,
            drafters=(build_offline_drafter({name: vertical.voice for name, vertical in VERTICALS.items()}),),
            gateway=SimulatedGateway(carrier, clock),
            ids=CountingIds(7),
        )

    @pytest.fixture
    def pages(self, tmp_path: Path) -> Path:
        folder = tmp_path / "pages"
        folder.mkdir()
        return folder

    async def told(self, parts: Parts, pages: Path, *records: dict[str, Any]) -> IngestReport:
        """Let the MLS say one more page, and do everything that follows from it."""
        write_page(pages, records)
        report = await poll(parts, replay_of_pages(pages, SOURCE, RecordShape()))
        done = await work_until_idle(parts)
        assert done.failed == ()
        return report

    async def queue(self, parts: Parts) -> list[CampaignBriefing]:
        async with parts.store.tenant(OWNER) as tx:
            return list(await tx.briefings.waiting(20))

    async def approve(self, parts: Parts, briefing: CampaignBriefing) -> review.Approved:
        async with parts.store.tenant(OWNER) as tx:
            return await review.approve(tx, briefing.id, "Dana", VERTICALS["real_estate"], version=briefing.version)

    async def deliver(self, parts: Parts, clock: SteppingClock, seconds: float = 60.0) -> None:
        """Send what is due and hear what the carrier says within so many seconds."""
        gateway = parts.gateway
        assert isinstance(gateway, SimulatedGateway)
        for _ in range(int(seconds // 5) + 1):
            await tidy(parts)
            await send_due(parts, lambda: 0.0)
            for news in gateway.news(clock.now()):
                await hear(parts, news)
            clock.forward(5)

    # ------------------------------------------------------------------------------------------- event to draft

    async def test_a_new_listing_becomes_one_draft_for_the_few_who_would_care(self, parts: Parts, pages: Path) -> None:
        report = await self.told(parts, pages, record())
        assert report.events == {"new_listing": 1}
        (briefing,) = await self.queue(parts)
        assert briefing.status is BriefingStatus.DRAFT
        assert [member.client_id for member in briefing.recipients] == [ANA]
        asked = [member for member in briefing.matched_audience if member.decision is Decision.ASK]
        assert [(member.client_id, member.included) for member in asked] == [(CLEO, False)], "whether there is a pool"
        assert {BEN, DEV}.isdisjoint(member.client_id for member in briefing.matched_audience)

    async def test_every_reason_is_true_and_what_is_unknown_is_said_to_be(self, parts: Parts, pages: Path) -> None:
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        (ana,) = briefing.recipients
        assert {(r.constraint, r.outcome) for r in ana.reasons} == {
            ("price", Outcome.MET), ("beds", Outcome.MET), ("area", Outcome.MET), ("feature:garage", Outcome.MET),
        }  # fmt: skip
        assert ana.score == 100
        (cleo,) = [member for member in briefing.matched_audience if member.client_id == CLEO]
        assert ("feature:pool", Outcome.UNKNOWN) in {(r.constraint, r.outcome) for r in cleo.reasons}
        assert cleo.coverage < 1

    async def test_nothing_private_gets_anywhere(self, parts: Parts, pages: Path) -> None:
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        assert briefing.triggering_resource_id is not None
        async with parts.store.tenant(OWNER) as tx:
            (event,) = await tx.market_events.get([briefing.triggering_event_id or uid(0)])
            resource = await tx.resources.get(briefing.triggering_resource_id)
            (happened,) = await tx.global_events.get([event.global_event_id or uid(0)])
        for stored in (briefing, event, resource, happened):
            assert "4711" not in repr(stored)
            assert "desperate" not in repr(stored)
        assert "4711" not in json.dumps(dict(happened.raw_payload), default=str)

    async def test_a_later_event_on_the_same_home_takes_the_place_of_the_unsent_one(
        self, parts: Parts, pages: Path
    ) -> None:
        await self.told(parts, pages, record())
        report = await self.told(
            parts, pages,
            record(ListPrice=440_000, ModificationTimestamp="2026-07-01T14:00:00Z",
                   PriceChangeTimestamp="2026-07-01T14:00:00Z"),
        )  # fmt: skip
        assert report.events == {"price_drop": 1}
        (briefing,) = await self.queue(parts)
        assert briefing.campaign_type == "price_drop"
        assert {member.client_id for member in briefing.recipients} == {ANA, BEN}, "the drop crosses Ben's limit"
        assert "$440,000" in briefing.draft
        async with parts.store.tenant(OWNER) as tx:
            counts = await tx.briefings.counts()
        assert counts == {BriefingStatus.DRAFT: 1, BriefingStatus.CANCELLED: 1}

    async def test_a_page_that_comes_twice_changes_nothing(self, parts: Parts, pages: Path) -> None:
        await self.told(parts, pages, record())
        before = await self.queue(parts)
        again = await self.told(parts, pages, record())
        assert again.events == {}
        assert await self.queue(parts) == before

    async def test_a_listing_outside_the_market_is_nobodys_event(self, parts: Parts, pages: Path) -> None:
        async with parts.store.system() as tx:
            await tx.users.save(evolve(user(), market_focus=("Georgetown",)))
        await self.told(parts, pages, record())
        assert await self.queue(parts) == []
        async with parts.store.tenant(OWNER) as tenant:
            assert await tenant.market_events.counts() == {}

    async def test_a_listing_that_may_not_be_shown_is_an_event_without_a_nudge(self, parts: Parts, pages: Path) -> None:
        await self.told(parts, pages, record(InternetEntireListingDisplayYN=False))
        assert await self.queue(parts) == []
        async with parts.store.tenant(OWNER) as tx:
            assert await tx.market_events.counts() == {"new_listing": 1}

    async def test_one_client_with_contradictory_wishes_does_not_cost_the_others(
        self, parts: Parts, pages: Path
    ) -> None:
        async with parts.store.tenant(OWNER) as tx:
            ben = await tx.clients.get(BEN)
            await tx.clients.save(evolve(ben, preferences={"price": {"min": 2, "max": 1}}))
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        assert [member.client_id for member in briefing.recipients] == [ANA]

    async def test_expired_is_for_the_professional_only_and_only_when_somebody_was_told(
        self, parts: Parts, pages: Path, clock: SteppingClock
    ) -> None:
        gone = record(StandardStatus="Expired", ModificationTimestamp="2026-07-01T14:30:00Z")
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        await self.approve(parts, briefing)
        await self.deliver(parts, clock)
        await self.told(parts, pages, gone)
        (note,) = await self.queue(parts)
        assert note.campaign_type == "expired_listing"
        assert note.recipients == ()
        with pytest.raises(Invalid, match="for you"):
            await self.approve(parts, note)

    # ------------------------------------------------------------------------------------------------ a person

    async def test_approval_sends_one_text_and_the_briefing_ends(
        self, parts: Parts, pages: Path, clock: SteppingClock
    ) -> None:
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        approved = await self.approve(parts, briefing)
        assert len(approved.message_ids) == 1
        await self.deliver(parts, clock)
        async with parts.store.tenant(OWNER) as tx:
            (message,) = await tx.messages.of_briefing(briefing.id)
            ended = await tx.briefings.get(briefing.id)
            audited = await tx.audit.of_subject(briefing.id)
        assert message.delivery is Delivery.SENT
        assert message.receipt is Receipt.DELIVERED
        assert ended.status is BriefingStatus.COMPLETED
        assert message.content.startswith(("Hi Ana", "Hello Ana", "Hey Ana"))
        assert "Reply STOP" in message.content, "the first text to a person says how to stop"
        assert "{" not in message.content
        assert [(entry.action, entry.actor) for entry in audited] == [("briefing.approved", "Dana")]
        assert str(ANA) in repr(audited[0].facts)

    async def test_approving_twice_sends_nothing_more(self, parts: Parts, pages: Path, clock: SteppingClock) -> None:
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        await self.approve(parts, briefing)
        with pytest.raises(IllegalTransition):
            await self.approve(parts, briefing)
        await self.deliver(parts, clock)
        gateway = parts.gateway
        assert isinstance(gateway, SimulatedGateway)
        assert len(gateway.carrier.ledger(clock.now())) == 1

    async def test_a_briefing_that_changed_since_it_was_seen_is_not_approved(self, parts: Parts, pages: Path) -> None:
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        async with parts.store.tenant(OWNER) as tx:
            await review.edit(tx, briefing.id, "Hi {first_name}. {reason}", "Dana", VERTICALS["real_estate"])
        with pytest.raises(Conflict):
            await self.approve(parts, briefing)

    async def test_an_edit_is_what_is_sent_and_is_checked_like_a_draft(self, parts: Parts, pages: Path) -> None:
        vertical = VERTICALS["real_estate"]
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        async with parts.store.tenant(OWNER) as tx:
            findings = await review.edit(tx, briefing.id, "Hi {first_name}, no kids please.", "Dana", vertical)
        assert [finding.severity for finding in findings] == ["block"]
        (briefing,) = await self.queue(parts)
        with pytest.raises(Invalid, match="no_children"):
            await self.approve(parts, briefing)
        with pytest.raises(Invalid, match="placeholder"):
            async with parts.store.tenant(OWNER) as tx:
                await review.edit(tx, briefing.id, "Hi {name}", "Dana", vertical)
        async with parts.store.tenant(OWNER) as tx:
            await review.edit(tx, briefing.id, "Hi {first_name}, my own words.", "Dana", vertical)
        (briefing,) = await self.queue(parts)
        with pytest.raises(Invalid, match="sender_not_named"):  # the first text says who writes
            await self.approve(parts, briefing)
        signed = "Hi {first_name}, my own words. Dana, Bluebonnet Realty"
        async with parts.store.tenant(OWNER) as tx:
            await review.edit(tx, briefing.id, signed, "Dana", vertical)
        (briefing,) = await self.queue(parts)
        assert briefing.original_draft != briefing.draft == signed
        approved = await self.approve(parts, briefing)
        async with parts.store.tenant(OWNER) as tx:
            message = await tx.messages.get(approved.message_ids[0])
        assert message.content.startswith("Hi Ana, my own words.")

    async def test_the_audience_is_the_persons_choice_within_what_was_matched(self, parts: Parts, pages: Path) -> None:
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        with pytest.raises(Invalid, match="matched audience"):
            async with parts.store.tenant(OWNER) as tx:
                await review.choose_audience(tx, briefing.id, [ANA, DEV], "Dana")
        async with parts.store.tenant(OWNER) as tx:
            chosen = await review.choose_audience(tx, briefing.id, [CLEO], "Dana")
        assert [member.client_id for member in chosen.recipients] == [CLEO]
        approved = await self.approve(parts, chosen)
        async with parts.store.tenant(OWNER) as tx:
            assert (await tx.messages.get(approved.message_ids[0])).client_id == CLEO

    async def test_dismissed_is_final_and_teaches(self, parts: Parts, pages: Path) -> None:
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        async with parts.store.tenant(OWNER) as tx:
            await review.dismiss(tx, briefing.id, "Dana", DismissReason.AREA, vertical=VERTICALS["real_estate"])
        assert await self.queue(parts) == []
        await self.told(parts, pages, record())
        assert await self.queue(parts) == [], "it does not come back at the next read"
        with pytest.raises(IllegalTransition):
            await self.approve(parts, briefing)
        async with parts.store.tenant(OWNER) as tx:
            (lesson,) = await tx.negative_preferences.all()
        assert (lesson.client_id, lesson.reason, lesson.source_campaign_id) == (ANA, DismissReason.AREA, briefing.id)

    async def test_snoozed_comes_back_at_its_time(self, parts: Parts, pages: Path, clock: SteppingClock) -> None:
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        async with parts.store.tenant(OWNER) as tx:
            await review.snooze(tx, briefing.id, "Dana", tx.now + timedelta(hours=20))
        assert await self.queue(parts) == []
        clock.forward(20 * 3600)
        assert [one.id for one in await self.queue(parts)] == [briefing.id]
        for until in (clock.now(), clock.now() + timedelta(days=30)):
            with pytest.raises(Invalid, match="to come"):
                async with parts.store.tenant(OWNER) as tx:
                    await review.snooze(tx, briefing.id, "Dana", until)

    # ------------------------------------------------------------------------------------------------- sending

    async def test_what_waits_is_withdrawn_when_the_home_is_no_longer_on_offer(
        self, parts: Parts, pages: Path, clock: SteppingClock
    ) -> None:
        clock.forward(12 * 3600)  # ten in the evening: nothing may go out
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        await self.approve(parts, briefing)
        await self.deliver(parts, clock)
        await self.told(parts, pages, record(StandardStatus="Pending", ModificationTimestamp="2026-07-02T03:30:00Z"))
        clock.forward(13 * 3600)
        await self.deliver(parts, clock)
        async with parts.store.tenant(OWNER) as tx:
            (message,) = await tx.messages.of_briefing(briefing.id)
            ended = await tx.briefings.get(briefing.id)
        assert (message.delivery, message.reason) == (Delivery.CANCELLED, "listing_moved")
        assert ended.status is BriefingStatus.COMPLETED

    async def test_nothing_goes_out_at_night_and_it_does_in_the_morning(
        self, parts: Parts, pages: Path, clock: SteppingClock
    ) -> None:
        clock.forward(12 * 3600)
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        await self.approve(parts, briefing)
        await self.deliver(parts, clock)
        async with parts.store.tenant(OWNER) as tx:
            (waiting,) = await tx.messages.of_briefing(briefing.id)
        assert waiting.delivery is Delivery.QUEUED
        assert waiting.reason == "quiet_hours"
        clock.forward((waiting.not_before or MORNING).timestamp() - clock.now().timestamp())
        await self.deliver(parts, clock)
        async with parts.store.tenant(OWNER) as tx:
            assert (await tx.messages.get(waiting.id)).delivery is Delivery.SENT

    async def test_after_stop_nothing_waits_and_nothing_more_is_sent(
        self, parts: Parts, pages: Path, clock: SteppingClock
    ) -> None:
        await self.told(parts, pages, record())
        (first,) = await self.queue(parts)
        await self.approve(parts, first)
        await self.deliver(parts, clock)
        gateway = parts.gateway
        assert isinstance(gateway, SimulatedGateway)
        gateway.carrier.person_writes("+15125550200", samples.OUR_NUMBER, "STOP", clock.now())
        await self.told(parts, pages, record(ListPrice=470_000, ModificationTimestamp="2026-07-01T14:00:00Z"))
        (second,) = [one for one in await self.queue(parts) if one.campaign_type == "price_drop"]
        await self.approve(parts, second)
        await self.deliver(parts, clock)
        clock.forward(2 * DAY_S)
        await self.deliver(parts, clock)
        async with parts.store.tenant(OWNER) as tx:
            texts = {m.client_id: m for m in await tx.messages.of_briefing(second.id)}
            counts = await tx.messages.withheld()
        assert texts[ANA].delivery in {Delivery.WITHHELD, Delivery.CANCELLED}
        assert texts[ANA].reason == "revoked"
        assert counts.get("revoked", 0) + (texts[ANA].delivery is Delivery.CANCELLED) == 1
        assert len([t for t in gateway.carrier.ledger(clock.now()) if t.recipient == "+15125550200"]) == 1

    async def test_without_consent_or_phone_nothing_is_sent_and_the_reason_is_kept(
        self, parts: Parts, pages: Path, clock: SteppingClock
    ) -> None:
        async with parts.store.tenant(OWNER) as tx:
            ana = await tx.clients.get(ANA)
            await tx.clients.save(evolve(ana, phone=None, phone_as_given="ask Mia"))
            stranger = evolve(ana, id=uid(15), full_name="Eve Stone", phone="+15125550230", email=None)
            await tx.clients.add([stranger])
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        await self.approve(parts, briefing)
        await self.deliver(parts, clock)
        async with parts.store.tenant(OWNER) as tx:
            texts = {m.client_id: m.reason for m in await tx.messages.of_briefing(briefing.id)}
        assert texts == {ANA: "no_phone", uid(15): "no_consent"}

    # ---------------------------------------------------------------------------------------------- when it fails

    async def test_a_pass_leaves_a_row_and_a_source_that_fails_stops_only_itself(
        self, parts: Parts, pages: Path, tmp_path: Path
    ) -> None:
        write_page(pages, [record()])
        good = replay_of_pages(pages, SOURCE, RecordShape())
        bad = replay_of_pages(tmp_path / "nowhere", "broken", RecordShape())
        done = await run_once(parts, [bad, good], time.monotonic)
        assert set(done.failed) == {"broken"}
        async with parts.store.system() as tx:
            (row,) = await tx.runs.latest(5)
        assert row == done.run
        assert (row.status, row.events_processed, row.campaigns_created) == (RunStatus.COMPLETED, 1, 1)
        assert row.user_count == 1
        assert "broken" in (row.errors or "")

    async def test_a_run_whose_process_died_is_marked_as_failed_by_the_next_one(
        self, parts: Parts, clock: SteppingClock
    ) -> None:
        async with parts.store.system() as tx:
            await tx.runs.add(PipelineRun(id=uid(800), status=RunStatus.RUNNING, started_at=tx.now))
        clock.forward(7 * 3600)
        await run_once(parts, [], time.monotonic)
        async with parts.store.system() as tx:
            statuses = {run.id: run.status for run in await tx.runs.latest(5)}
        assert statuses[uid(800)] is RunStatus.FAILED
        assert sorted(statuses.values()) == [RunStatus.COMPLETED, RunStatus.FAILED]

    async def test_a_drafter_that_fails_is_replaced_by_the_templates_and_the_reason_is_kept(
        self, parts: Parts, pages: Path
    ) -> None:
        await self.told(evolve(parts, drafters=(Mute(), Rude(), *parts.drafters)), pages, record())
        (briefing,) = await self.queue(parts)
        assert briefing.drafted_by == "offline"
        assert "mute is unavailable: no answer; again in 5 s" in (briefing.fallback_reason or "")
        assert "rude refused: wording: no_children" in (briefing.fallback_reason or "")

    async def test_without_a_drafter_that_answers_the_note_waits_and_nothing_is_lost(
        self, parts: Parts, pages: Path, clock: SteppingClock
    ) -> None:
        write_page(pages, [record()])
        silent = evolve(parts, drafters=(Mute(),))
        await poll(silent, replay_of_pages(pages, SOURCE, RecordShape()))
        failed = (await work_until_idle(silent)).failed
        assert [why.partition(":")[0] for why in failed] == ["draft"]
        clock.forward(3600)
        await work_until_idle(parts)
        assert len(await self.queue(parts)) == 1

    async def test_an_event_of_an_unknown_kind_is_marked_and_the_others_are_matched(
        self, parts: Parts, pages: Path, clock: SteppingClock
    ) -> None:
        await self.told(parts, pages, record())
        (briefing,) = await self.queue(parts)
        async with parts.store.tenant(OWNER) as tx:
            (good,) = await tx.market_events.get([briefing.triggering_event_id or uid(0)])
            strange = evolve(good, id=uid(900), event_type="price_change", status=EventStatus.UNPROCESSED)
            second = evolve(good, id=uid(901), status=EventStatus.UNPROCESSED)
            await tx.market_events.add([strange, second])
            ids = [str(strange.id), str(second.id)]
            await tx.notes.add(
                [samples.note(902, topic=Topic.MATCH, user_id=OWNER, payload={"event_ids": ids}, created_at=tx.now)]
            )
        done = await work_until_idle(parts)
        assert done.failed == ()
        async with parts.store.tenant(OWNER) as tx:
            kept = {event.id: event for event in await tx.market_events.get([strange.id, second.id])}
        assert kept[strange.id].status is EventStatus.ERROR
        assert "price_drop" in (kept[strange.id].error or ""), "it names the kinds there are"
        assert kept[second.id].status is EventStatus.PROCESSED
        assert len(await self.queue(parts)) == 2

    async def test_a_note_that_fails_is_tried_again_and_in_the_end_parked(
        self, parts: Parts, pages: Path, clock: SteppingClock
    ) -> None:
        async with parts.store.tenant(OWNER) as tx:
            note = samples.note(903, topic=Topic.MATCH, user_id=OWNER, payload={}, created_at=tx.now)
            await tx.notes.add([note])
        failures = 0
        for _ in range(8):
            failures += len((await work_until_idle(parts)).failed)
            clock.forward(3600)
        assert failures == MAX_ATTEMPTS
        async with parts.store.system() as system:
            assert await system.notes.waiting() == {"parked": 1}
        await self.told(parts, pages, record())
        assert len(await self.queue(parts)) == 1, "the others go on"
