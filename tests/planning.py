"""A practice that plans texts: a town, a simulated carrier, the walk as a worker would drive it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from nudge_adapters.llm.offline import OfflineDrafter
from nudge_adapters.sms.carrier import CarrierSettings, SimulatedCarrier
from nudge_adapters.sms.journal import MemoryJournal
from nudge_adapters.sms.ledger import AcceptedText
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.model.briefing import BriefingStatus, CampaignBriefing
from nudge_core.model.carrier import InboundText
from nudge_core.model.client import Client
from nudge_core.model.consent import ConsentKind
from nudge_core.model.interaction import Interaction, InteractionKind
from nudge_core.model.message import Message, ScheduledMessage, ScheduledStatus
from nudge_core.policy.facts import GateRules
from nudge_core.ports import Drafter, Store
from nudge_core.steps import interact, plan, schedule
from nudge_core.steps.converse import Received, ReceiveSettings
from nudge_core.steps.interact import Recorded
from nudge_core.steps.release import ReleaseSettings
from nudge_core.steps.schedule import Repetition, TextToPlan
from nudge_core.verticals import VERTICALS
from nudge_core.walk import Parts, ReleaseReport, hear, release_due, send_due, tidy, work
from tests.clocks import MovedClock, utc
from tests.send_walk import OUR_NUMBER, RITA, CountingIds, Town, memory_store, town

MONDAY = utc("2026-06-01 14:00")  # 9:00 in Texas, an hour before the professional's own window opens
NO_LIMIT = ReleaseSettings(unanswered_at_most=None)


class Practice:
    """One professional, on a clock that tests move."""

    def __init__(
        self, store: Store, place: Town, clock: MovedClock, settings: ReleaseSettings, drafters: Sequence[Drafter]
    ) -> None:
        self.store, self.town, self.clock = store, place, clock
        self.rules = GateRules()
        carrier = SimulatedCarrier(MemoryJournal(), CarrierSettings(seed=3, refuse_after_stop=False))
        self.gateway = SimulatedGateway(carrier, clock, pause=clock.pause)
        self.settings, self.drafters = settings, tuple(drafters)
        self._sids = itertools.count(1)

    @property
    def parts(self) -> Parts:
        """The walk's parts."""
        return self.parts_on(self.store)

    def parts_on(self, store: Store) -> Parts:
        """The walk's parts on another store, one that may die."""
        return Parts(
            store=store,
            verticals=VERTICALS,
            drafters=self.drafters,
            gateway=self.gateway,
            ids=CountingIds(),
            release=self.settings,
            receive=ReceiveSettings(carrier_answers=False),
        )

    @property
    def client(self) -> Client:
        """The first client."""
        return self.town.clients[0]

    def wish(self, key: str, day: date | str, at: time | None = None, **changes: Any) -> TextToPlan:
        """Return a text to plan for the first client."""
        values: dict[str, Any] = {
            "key": key,
            "client_id": self.client.id,
            "content": f"Hi Ben, {key}: how is the garden doing?",
            "day": date.fromisoformat(day) if isinstance(day, str) else day,
            "at": at,
        }
        return TextToPlan(**values | changes)

    async def plan(self, *wishes: TextToPlan) -> tuple[ScheduledMessage, ...]:
        """Plan texts."""
        async with self.store.tenant(RITA) as tx:
            return await schedule.schedule(tx, wishes, "rita", self.rules)

    async def cadence(self, rule: str, anchor: str, **changes: Any) -> ScheduledMessage:
        """Plan a recurring text counted from a day, which is itself no occurrence."""
        repeat = Repetition(rule=rule, with_anchor=changes.pop("with_anchor", False))
        return (await self.plan(self.wish("check-in", anchor, repeat=repeat, **changes)))[0]

    async def row(self, planned_id: UUID) -> ScheduledMessage:
        """Return a planned text as stored."""
        async with self.store.tenant(RITA) as tx:
            return await tx.scheduled.get(planned_id)

    async def planned(self) -> list[ScheduledMessage]:
        """Return the first client's planned texts, soonest first."""
        async with self.store.tenant(RITA) as tx:
            return list(await tx.scheduled.of_client(self.client.id))

    async def open(self) -> list[ScheduledMessage]:
        """Return those that still wait."""
        return [row for row in await self.planned() if row.status is ScheduledStatus.PENDING]

    async def plan_of(self, planned: ScheduledMessage) -> CampaignBriefing:
        """Return the plan of a planned text."""
        assert planned.parent_plan_id is not None
        async with self.store.tenant(RITA) as tx:
            return await tx.briefings.get(planned.parent_plan_id)

    async def due(self) -> ReleaseReport:
        """Release and follow what is due."""
        return await release_due(self.parts)

    async def tick(self) -> None:
        """One round of the worker."""
        await self.due()
        await send_due(self.parts, self.clock.monotonic)
        await tidy(self.parts)
        await work(self.parts)
        await self.due()

    async def until(self, moment: datetime, step: timedelta = timedelta(hours=6)) -> None:
        """Let time pass with the worker running."""
        while self.clock.now() < moment:
            await self.tick()
            now = self.clock.now()
            self.clock.move(min(step, moment - now).total_seconds())
        await self.tick()

    async def hear(self, body: str, *, phone: str | None = None, **changes: Any) -> Received:
        """Let somebody write something new."""
        received = await self.tell(body, phone=phone, **changes)
        assert received is not None
        return received

    async def tell(self, body: str, *, phone: str | None = None, **changes: Any) -> Received | None:
        """Let somebody write; None when it had been heard before."""
        inbound = InboundText(
            provider_sid=changes.pop("sid", None) or f"SMin{next(self._sids)}",
            sender=phone or self.client.phone or "",
            recipient=OUR_NUMBER,
            body=body,
            at=self.clock.now(),
            **changes,
        )
        heard = await hear(self.parts, inbound)
        assert not heard.failed
        assert isinstance(heard.effect, Received) is heard.is_new
        return heard.effect if isinstance(heard.effect, Received) else None

    async def record(self, kind: InteractionKind, note: str = "", at: datetime | None = None) -> Recorded:
        """Record what happened outside."""
        now = self.clock.now()
        one = Interaction(
            id=UUID(int=(5 << 100) + next(self._sids)), user_id=RITA, client_id=self.client.id, kind=kind,
            at=at or now, recorded_at=now, recorded_by="rita", note=note,
        )  # fmt: skip
        async with self.store.tenant(RITA) as tx:
            return await interact.record(tx, one)

    async def resume(self, plan_id: UUID, version: int | None = None) -> CampaignBriefing:
        """Let a plan go on."""
        async with self.store.tenant(RITA) as tx:
            seen = version or (await tx.briefings.get(plan_id)).version
            return await plan.resume_plan(tx, plan_id, "rita", self.rules, version=seen)

    async def copilot(self) -> list[CampaignBriefing]:
        """Do the notes and return the co-pilot briefings that wait."""
        await work(self.parts)
        async with self.store.tenant(RITA) as tx:
            return [one for one in await tx.briefings.waiting(50) if one.campaign_type == "co_pilot"]

    async def texts(self) -> list[Message]:
        """Return the first client's texts, in and out."""
        async with self.store.tenant(RITA) as tx:
            return list(await tx.messages.of_client(self.client.id, 1_000))

    def ledger(self) -> Sequence[AcceptedText]:
        """Return what the carrier accepted."""
        return self.gateway.carrier.ledger(self.clock.now())


async def practice(
    now: datetime = MONDAY,
    *,
    people: int = 1,
    settings: ReleaseSettings = NO_LIMIT,
    kind: ConsentKind = ConsentKind.EXPRESS_WRITTEN,
    drafters: Sequence[Drafter] | None = None,
    store: Store | None = None,
    clock: MovedClock | None = None,
    area: str = "512",
) -> Practice:
    """Open a practice with so many clients."""
    ticking = clock or MovedClock(now)
    kept = store or memory_store(ticking)
    place = await town(kept, now, people, kind=kind, area=area)
    offline = OfflineDrafter({name: one.voice for name, one in VERTICALS.items()})
    return Practice(kept, place, ticking, settings, [offline] if drafters is None else drafters)


async def statuses(at: Practice, planned: ScheduledMessage) -> tuple[ScheduledStatus, BriefingStatus]:
    """Return where a planned text and its plan are."""
    return (await at.row(planned.id)).status, (await at.plan_of(planned)).status
