"""Memory and PostgreSQL side by side: the same calls give the same answers and leave the same world behind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from attrs import evolve
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from nudge_adapters.memory import MemoryStore
from nudge_adapters.sql.store import SqlStore
from nudge_core.errors import NudgeError
from nudge_core.model.audit_trail import AuditFilter
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.briefing_list import WAITING, BriefingFilter, BriefingOrder
from nudge_core.model.carrier import ReceiptNews
from nudge_core.model.carrier_event import arrival_of
from nudge_core.model.event import EventStatus
from nudge_core.model.idempotency import StoredAnswer
from nudge_core.model.interaction import InteractionKind
from nudge_core.model.lane import UNPACED, ClaimRules, Paces
from nudge_core.model.message import DELIVERY, Delivery, Receipt, ScheduledStatus
from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.model.page import PageRequest
from nudge_core.model.phone_number import HeldNumber, NumberStatus
from nudge_core.model.resource import ContentOrder
from nudge_core.ports import Store
from tests import samples, strategies
from tests.databases import empty
from tests.samples import NOON, CountingIds, SteppingClock, uid

Step = Callable[[Store], Awaitable[object]]

OWNERS = st.sampled_from([uid(1), uid(2)])
CLIENTS = [uid(10), uid(11)]
PHONES = st.sampled_from(["+15125550001", "+15125550002"])
SENDERS = st.sampled_from([samples.OUR_NUMBER, None])
FEW = st.integers(100, 105).map(uid)  # few ids, so that they meet
SIDS = st.sampled_from(["SM1", "SM2", "SM3"])
TIMES = st.integers(-100, 100).map(lambda seconds: NOON + timedelta(seconds=seconds))
MAYBE_LATER = st.none() | TIMES
DECISIONS = st.sampled_from(["briefing.approved", "briefing.edited", "briefing.dismissed", "plan.ended"])
KEYS = st.sampled_from(["k1", "k2", "k3"])
EXAMPLES = int(os.environ.get("NUDGE_MACHINE_EXAMPLES", "8"))  # a long run, now and then: 200
STEPS = 25
CLAIM_RULES = st.builds(
    ClaimRules,
    per_7_days=st.integers(0, 3),
    per_30_days=st.integers(0, 3),
    paces=st.sampled_from([UNPACED, Paces()]),
    open_after=st.sampled_from([1, 5]),
    ahead_s=st.sampled_from([0.0, 1.0, 4.0]),
    refill_s=st.sampled_from([None, 0.0, 2.0]),
)
SOURCES = st.sampled_from(["mls", "other"])


class StoresAgree(RuleBasedStateMachine):
    """Every rule runs on both; answers and errors are compared at once, and the whole world after each rule."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        empty(self.url)
        self.runner = asyncio.Runner()
        self.clock = SteppingClock()
        self.stores: tuple[Store, Store] = (
            MemoryStore(self.clock, CountingIds(1)),
            SqlStore(self.url, self.clock, CountingIds(1)),
        )
        self.claimed: list[OutboxNote] = []

    def teardown(self) -> None:
        for store in self.stores:
            self.runner.run(store.aclose())
        self.runner.close()

    def both(self, step: Step) -> Any:
        """Run a step on both stores; return what they agree on, an answer or an error."""
        memory, sql = (self.runner.run(_answer(step, store)) for store in self.stores)
        assert memory == sql
        return memory

    def as_tenant(self, owner: UUID, work: Callable[[Any], Awaitable[object]]) -> Any:
        """Run a step in a professional's transaction."""

        async def step(store: Store) -> object:
            async with store.tenant(owner) as tx:
                return await work(tx)

        return self.both(step)

    def as_system(self, work: Callable[[Any], Awaitable[object]]) -> Any:
        """Run a step in a transaction that belongs to nobody."""

        async def step(store: Store) -> object:
            async with store.system() as tx:
                return await work(tx)

        return self.both(step)

    @initialize()
    def open_two_practices(self) -> None:
        for number in (1, 2):
            self.open_practice(number)

    def open_practice(self, number: int) -> None:
        """Store a professional with two clients."""
        clients = [samples.client(uid(number), client_id.int) for client_id in CLIENTS]
        self.as_system(lambda tx: tx.users.add(samples.user(number)))
        self.as_tenant(uid(number), lambda tx: tx.clients.add(clients))
        agreed = [
            samples.consent(uid(number), 90 + n, CLIENTS[0], phone=phone, recorded_at=NOON - timedelta(days=1))
            for n, phone in enumerate(["+15125550001", "+15125550002"])
        ]
        self.as_tenant(uid(number), lambda tx: tx.consents.add(agreed))

    @rule(seconds=st.integers(0, 50))
    def time_goes_by(self, seconds: int) -> None:
        self.clock.forward(seconds)

    @rule(owner=OWNERS, client=strategies.clients(id=FEW, email=st.sampled_from(["a@b.example", None])))
    def add_client(self, owner: UUID, client: Any) -> None:
        self.as_tenant(owner, lambda tx: tx.clients.add([evolve(client, user_id=owner)]))

    @rule(owner=OWNERS, client=strategies.clients(id=st.sampled_from(CLIENTS)))
    def save_client(self, owner: UUID, client: Any) -> None:
        self.as_tenant(owner, lambda tx: tx.clients.save(evolve(client, user_id=owner)))

    @rule(owner=OWNERS, faq=strategies.faqs(id=FEW))
    def add_faq(self, owner: UUID, faq: Any) -> None:
        self.as_tenant(owner, lambda tx: tx.faqs.add(evolve(faq, user_id=owner)))

    @rule(owner=OWNERS, faq=strategies.faqs(id=FEW), version=st.integers(1, 3))
    def save_faq(self, owner: UUID, faq: Any, version: int) -> None:
        self.as_tenant(owner, lambda tx: tx.faqs.save(evolve(faq, user_id=owner, version=version)))

    @rule(owner=OWNERS, faq_id=FEW)
    def remove_faq(self, owner: UUID, faq_id: UUID) -> None:
        self.as_tenant(owner, lambda tx: tx.faqs.remove(faq_id))

    @rule(owner=OWNERS, content=strategies.contents(id=FEW, usage_count=st.integers(0, 5)))
    def add_content(self, owner: UUID, content: Any) -> None:
        self.as_tenant(owner, lambda tx: tx.contents.add(evolve(content, user_id=owner)))

    @rule(owner=OWNERS, content=strategies.contents(id=FEW), version=st.integers(1, 3))
    def save_content(self, owner: UUID, content: Any, version: int) -> None:
        self.as_tenant(owner, lambda tx: tx.contents.save(evolve(content, user_id=owner, version=version)))

    @rule(owner=OWNERS, content_id=FEW)
    def use_content(self, owner: UUID, content_id: UUID) -> None:
        self.as_tenant(owner, lambda tx: tx.contents.use(content_id))

    @rule(owner=OWNERS, order=st.sampled_from(ContentOrder), limit=st.integers(1, 3))
    def page_content(self, owner: UUID, order: ContentOrder, limit: int) -> None:
        page = self.as_tenant(owner, lambda tx: tx.contents.page(PageRequest(limit=limit), order))
        last = getattr(page, "last", None)
        if last is not None:
            self.as_tenant(owner, lambda tx: tx.contents.page(PageRequest(limit=limit, after=last), order))
        self.as_tenant(owner, lambda tx: tx.contents.categories(5))

    @rule(owner=OWNERS, number_id=FEW, number=PHONES)
    def want_number(self, owner: UUID, number_id: UUID, number: str) -> None:
        held = HeldNumber(id=number_id, user_id=owner, number=number, created_at=NOON, changed_at=NOON)
        self.as_tenant(owner, lambda tx: tx.held_numbers.add(held))
        self.as_system(lambda tx: tx.sends.owner_of_number(number))

    @rule(owner=OWNERS, number_id=FEW, status=st.sampled_from(NumberStatus))
    def move_number(self, owner: UUID, number_id: UUID, status: NumberStatus) -> None:
        self.as_tenant(owner, lambda tx: tx.held_numbers.move(number_id, status, "PN1"))
        self.as_tenant(owner, lambda tx: tx.held_numbers.held())

    @rule(owner=OWNERS, since=TIMES, until=TIMES, limit=st.integers(1, 3))
    def look_at_the_market(self, owner: UUID, since: datetime, until: datetime, limit: int) -> None:
        self.as_tenant(owner, lambda tx: tx.market_events.activity(since, until, limit))
        self.as_tenant(owner, lambda tx: tx.market_events.page(PageRequest(limit=limit)))
        self.as_tenant(owner, lambda tx: tx.resources.page(PageRequest(limit=limit)))

    @rule(
        listings=st.lists(
            strategies.accepted_listings(strategies.snapshots(listing_key=KEYS, source_id=SOURCES, address=KEYS)),
            max_size=3,
        )
    )
    def store_listings(self, listings: list[Any]) -> None:
        self.as_system(lambda tx: tx.listings.store(listings))

    @rule(events=st.lists(strategies.global_events(id=FEW, source_id=SOURCES), max_size=3))
    def add_global_events(self, events: list[Any]) -> None:
        self.as_system(lambda tx: tx.global_events.add(events))

    @rule(owner=OWNERS, events=st.lists(strategies.market_events(id=FEW), max_size=3), about=st.none() | FEW)
    def add_market_events(self, owner: UUID, events: list[Any], about: UUID | None) -> None:
        mine = [evolve(event, user_id=owner, global_event_id=about) for event in events]
        self.as_tenant(owner, lambda tx: tx.market_events.add(mine))

    @rule(owner=OWNERS, ids=st.lists(FEW, max_size=2), status=st.sampled_from(EventStatus))
    def mark_market_events(self, owner: UUID, ids: list[UUID], status: EventStatus) -> None:
        self.as_tenant(owner, lambda tx: tx.market_events.mark(ids, status, "why"))

    @rule(owner=OWNERS, rows=st.lists(strategies.resources(id=FEW, entity_id=KEYS, source_id=SOURCES), max_size=3))
    def store_resources(self, owner: UUID, rows: list[Any]) -> None:
        self.as_tenant(owner, lambda tx: tx.resources.store([evolve(row, user_id=owner) for row in rows]))

    @rule(
        owner=OWNERS,
        briefing=strategies.briefings(id=FEW, triggering_event_id=FEW | st.none(), created_at=TIMES),
        resource=FEW | st.none(),
    )
    def add_briefing(self, owner: UUID, briefing: Any, resource: UUID | None) -> None:
        mine = evolve(briefing, user_id=owner, triggering_resource_id=resource)
        self.as_tenant(owner, lambda tx: tx.briefings.add(mine))

    @rule(owner=OWNERS, which=FEW, status=st.sampled_from(BriefingStatus), behind=st.sampled_from([0, 0, 0, 1]))
    def save_briefing(self, owner: UUID, which: UUID, status: BriefingStatus, behind: int) -> None:
        async def work(tx: Any) -> object:
            read = await tx.briefings.get(which)
            return await tx.briefings.save(evolve(read, status=status, version=read.version - behind))

        self.as_tenant(owner, work)

    @rule(owner=OWNERS, data=st.data(), client=st.sampled_from([*CLIENTS, uid(9)]), about=st.none() | FEW)
    def queue(self, owner: UUID, data: st.DataObject, client: UUID, about: UUID | None) -> None:
        drawn = strategies.approved_texts(
            owner,
            id=FEW,
            client_id=client,
            dedupe_key=KEYS,
            recipient=PHONES | st.none(),
            sender=SENDERS,
            not_before=MAYBE_LATER,
            not_after=MAYBE_LATER,
            time_bound=st.booleans(),
            match_score=st.sampled_from([0.0, 80.0]),
        )
        text = data.draw(drawn)
        texts = [
            evolve(text, approval=evolve(text.approval, briefing_id=about)),
            *data.draw(st.lists(drawn, max_size=2)),
        ]
        self.as_tenant(owner, lambda tx: tx.messages.queue(texts))

    @rule(owner=OWNERS, message=strategies.inbound_messages(id=FEW, client_id=CLIENTS[0], provider_sid=SIDS))
    def receive(self, owner: UUID, message: Any) -> None:
        self.as_tenant(owner, lambda tx: tx.messages.receive(evolve(message, user_id=owner)))

    @rule(limit=st.integers(1, 4), lease_s=st.integers(1, 40), rules=CLAIM_RULES)
    def claim_texts(self, limit: int, lease_s: int, rules: ClaimRules) -> None:
        async def claim(tx: Any) -> object:
            return await tx.sends.claim(limit, lease_s, rules), dict(tx.sends.leaves_at), await tx.sends.next_due(rules)

        self.as_system(claim)
        self.as_system(lambda tx: tx.sends.blocked(9, rules))

    @rule(owner=OWNERS, which=FEW, attempt=st.integers(1, 2))
    def begin_posting(self, owner: UUID, which: UUID, attempt: int) -> None:
        self.as_tenant(owner, lambda tx: tx.messages.begin_posting(which, attempt))

    @rule(owner=OWNERS, which=FEW, reason=st.sampled_from(["cap_day", "quiet_hours"]), until=TIMES, end=MAYBE_LATER)
    def put_off(self, owner: UUID, which: UUID, reason: str, until: Any, end: Any) -> None:
        self.as_tenant(
            owner,
            lambda tx: tx.messages.put_off(which, attempt=0, reason=reason, not_before=until, window_end=end),
        )

    @rule(
        owner=OWNERS,
        rate=st.none() | st.sampled_from([0.25, 1.0, 2.0]),
        most=st.none() | st.integers(1, 2),
        until=MAYBE_LATER,
        what=st.sampled_from(["set_rate", "pause", "resume", "strike", "answered"]),
    )
    def change_lane(self, owner: UUID, rate: float | None, most: int | None, until: Any, what: str) -> None:
        arguments: dict[str, tuple[Any, ...]] = {"set_rate": (rate, most), "pause": (until, "why")}
        call = (samples.OUR_NUMBER, *arguments.get(what, ()))
        self.as_tenant(owner, lambda tx: getattr(tx.lanes, what)(*call))

    @rule(
        owner=OWNERS,
        which=FEW,
        attempt=st.none() | st.integers(0, 2),
        edge=st.sampled_from(
            [(a, b) for a, following in DELIVERY.edges.items() for b in following] + [(Delivery.SENT,) * 2]
        ),
        sid=st.none() | SIDS,
        receipt=st.none() | st.sampled_from(Receipt),
        not_before=MAYBE_LATER,
        unposted=st.booleans(),
    )
    def move(
        self,
        owner: UUID,
        which: UUID,
        attempt: int | None,
        edge: tuple[Delivery, Delivery],
        sid: str | None,
        receipt: Receipt | None,
        not_before: Any,
        unposted: bool,
    ) -> None:
        self.as_tenant(
            owner,
            lambda tx: tx.messages.move(
                which,
                attempt=attempt,
                expected=[edge[0]],
                to=edge[1],
                provider_sid=sid,
                receipt=receipt,
                not_before=not_before,
                window_end=not_before,
                unposted=unposted,
            ),
        )

    @rule(owner=OWNERS, sid=SIDS, receipt=st.sampled_from(Receipt), code=st.sampled_from([None, "30003", "30007"]))
    def note_receipt(self, owner: UUID, sid: str, receipt: Receipt, code: str | None) -> None:
        self.as_tenant(owner, lambda tx: tx.messages.note_receipt(sid, receipt, code))

    @rule(owner=OWNERS, sid=SIDS, price=st.none() | st.integers(0, 99), parts=st.none() | st.integers(1, 3))
    def bill(self, owner: UUID, sid: str, price: int | None, parts: int | None) -> None:
        known: dict[str, Any] = {"segments": parts, "price_micros": price, "price_currency": None}
        self.as_tenant(owner, lambda tx: tx.messages.bill(sid, **known))

    @rule(owner=st.none() | OWNERS, sid=SIDS, receipt=st.sampled_from(Receipt), at=TIMES)
    def tell(self, owner: UUID | None, sid: str, receipt: Receipt, at: Any) -> None:
        event = arrival_of(ReceiptNews(provider_sid=sid, receipt=receipt, at=NOON)).at(at, owner)
        if owner is None:
            self.as_system(lambda tx: tx.carrier_events.add(event))
        else:
            self.as_tenant(owner, lambda tx: tx.carrier_events.add(event))

    @rule(owner=OWNERS, sid=SIDS, receipt=st.sampled_from(Receipt), handled=st.booleans(), error=st.none() | KEYS)
    def mark_event(self, owner: UUID, sid: str, receipt: Receipt, handled: bool, error: str | None) -> None:
        event_id = arrival_of(ReceiptNews(provider_sid=sid, receipt=receipt, at=NOON)).id
        self.as_tenant(owner, lambda tx: tx.carrier_events.mark(event_id, handled=handled, error=error))

    @rule(phone=PHONES, until=TIMES)
    def know_until(self, phone: str, until: Any) -> None:
        self.as_system(lambda tx: tx.carrier_events.advance(phone, until))

    @rule(owner=OWNERS, phone=st.none() | PHONES, about=st.none() | FEW)
    def withdraw(self, owner: UUID, phone: str | None, about: UUID | None) -> None:
        self.as_tenant(
            owner,
            lambda tx: tx.messages.withdraw(recipient=phone, briefing_id=about, to=Delivery.WITHHELD, reason="stop"),
        )

    @rule(
        owner=OWNERS,
        record=strategies.suppressions(id=FEW, phone=PHONES, created_at=TIMES, source_sid=st.none() | SIDS),
    )
    def suppress(self, owner: UUID, record: Any) -> None:
        self.as_tenant(owner, lambda tx: tx.suppressions.add(evolve(record, user_id=owner)))

    @rule(owner=OWNERS, record=strategies.consents(id=FEW, phone=PHONES, client_id=CLIENTS[0], recorded_at=TIMES))
    def consent(self, owner: UUID, record: Any) -> None:
        self.as_tenant(owner, lambda tx: tx.consents.add([evolve(record, user_id=owner)]))

    @rule(owner=OWNERS, planned=strategies.scheduled_messages(id=FEW, client_id=CLIENTS[0]), new=st.booleans())
    def plan(self, owner: UUID, planned: Any, new: bool) -> None:
        mine = evolve(planned, user_id=owner)
        if mine.status is ScheduledStatus.RELEASED:
            mine = evolve(mine, status=ScheduledStatus.PENDING)  # one that is released names its message

        async def work(tx: Any) -> object:
            if new:
                return await tx.scheduled.add([mine])
            stored = await tx.scheduled.get(mine.id)
            return await tx.scheduled.save(evolve(mine, version=stored.version))

        self.as_tenant(owner, work)

    @rule(owner=OWNERS, which=FEW, message=FEW)
    def release_planned(self, owner: UUID, which: UUID, message: UUID) -> None:
        async def work(tx: Any) -> object:
            stored = await tx.scheduled.get(which)
            return await tx.scheduled.save(evolve(stored, status=ScheduledStatus.RELEASED, message_id=message))

        self.as_tenant(owner, work)

    @rule(limit=st.integers(1, 4), lease_s=st.integers(1, 40))
    def claim_planned(self, limit: int, lease_s: int) -> None:
        self.as_system(lambda tx: tx.schedules.claim(limit, lease_s))

    @rule(owner=OWNERS, number=st.integers(100, 105), at=TIMES, kind=st.sampled_from(InteractionKind))
    def interact(self, owner: UUID, number: int, at: Any, kind: InteractionKind) -> None:
        record = samples.interaction(owner, number, CLIENTS[0], at=at, kind=kind)
        self.as_tenant(owner, lambda tx: tx.interactions.add([record]))
        self.as_tenant(owner, lambda tx: tx.clients.touch(CLIENTS, at))

    @rule(owner=OWNERS)
    def read_texts(self, owner: UUID) -> None:
        self.as_tenant(owner, lambda tx: tx.messages.mark_read(CLIENTS[0]))

    @rule(
        owner=OWNERS, preference=strategies.negative_preferences(id=FEW, client_id=CLIENTS[0], source_campaign_id=FEW)
    )
    def dismiss(self, owner: UUID, preference: Any) -> None:
        self.as_tenant(owner, lambda tx: tx.negative_preferences.add([evolve(preference, user_id=owner)]))

    @rule(owner=OWNERS, number=FEW)
    def take_back(self, owner: UUID, number: UUID) -> None:
        self.as_tenant(owner, lambda tx: tx.negative_preferences.retract(number, "rita"))

    @rule(owner=OWNERS, entry=strategies.audit_entries(id=FEW, subject_id=FEW, at=TIMES, action=DECISIONS))
    def decide(self, owner: UUID, entry: Any) -> None:
        self.as_tenant(owner, lambda tx: tx.audit.add([evolve(entry, user_id=owner)]))

    @rule(
        owner=st.none() | OWNERS,
        notes=st.lists(strategies.notes(id=FEW, dedupe_key=KEYS, created_at=TIMES), max_size=3),
    )
    def add_notes(self, owner: UUID | None, notes: list[Any]) -> None:
        self.as_system(lambda tx: tx.notes.add([evolve(note, user_id=owner) for note in notes]))

    @rule(topics=st.lists(st.sampled_from(Topic), max_size=3), limit=st.integers(1, 3), lease_s=st.integers(1, 40))
    def claim_notes(self, topics: list[Topic], limit: int, lease_s: int) -> None:
        claimed = self.as_system(lambda tx: tx.notes.claim(topics, limit, lease_s))
        self.claimed += claimed

    @rule(data=st.data(), finish=st.booleans(), later=TIMES)
    def end_note(self, data: st.DataObject, finish: bool, later: Any) -> None:
        if self.claimed:
            note = data.draw(st.sampled_from(self.claimed))
            self.as_system(lambda tx: tx.notes.finish(note) if finish else tx.notes.put_back(note, "x", later))

    @rule(owner=OWNERS, key=FEW, fingerprint=st.sampled_from(["a", "b"]), lease_s=st.integers(1, 40))
    def begin_request(self, owner: UUID, key: UUID, fingerprint: str, lease_s: int) -> None:
        self.as_tenant(owner, lambda tx: tx.idempotency.begin(key, fingerprint * 64, lease_s))

    @rule(owner=OWNERS, key=FEW, attempt=st.integers(1, 2), status=st.sampled_from([None, 201, 409]), before=TIMES)
    def end_request(self, owner: UUID, key: UUID, attempt: int, status: int | None, before: Any) -> None:
        if status is None:
            self.as_tenant(owner, lambda tx: tx.idempotency.give_up(key, attempt))
            self.as_tenant(owner, lambda tx: tx.idempotency.forget_before(before))
        else:
            answer = StoredAnswer(status=status, headers={"content-type": "a"}, body=b"\x00")
            self.as_tenant(owner, lambda tx: tx.idempotency.answer(key, attempt, answer))

    @rule(cursor=strategies.cursors(source_id=SOURCES), version=st.integers(0, 2))
    def advance(self, cursor: Any, version: int) -> None:
        self.as_system(lambda tx: tx.feeds.advance(evolve(cursor, version=version)))

    @rule(records=st.lists(strategies.unread_records(source_id=SOURCES, rule=KEYS, raw=KEYS), max_size=3))
    def keep_unread(self, records: list[Any]) -> None:
        self.as_system(lambda tx: tx.feeds.keep_unread(records))

    @rule(source=SOURCES, reasons=st.dictionaries(KEYS, st.integers(0, 9), max_size=2))
    def count(self, source: str, reasons: dict[str, int]) -> None:
        self.as_system(lambda tx: tx.feeds.count(source, reasons))

    @rule(run=strategies.runs(id=FEW, started_at=TIMES), before=TIMES)
    def run_pipeline(self, run: Any, before: Any) -> None:
        self.as_system(lambda tx: tx.runs.add(run))
        self.as_system(lambda tx: tx.runs.fail_abandoned(before))

    @invariant()
    def the_worlds_are_equal(self) -> None:
        self.as_system(_shared_world)
        for owner in (uid(1), uid(2)):
            self.as_tenant(owner, _practice)


async def _answer(step: Step, store: Store) -> object:
    try:
        return _plain(await step(store))
    except NudgeError as error:
        return type(error)


def _plain(answer: object) -> object:
    """Lists for every sequence, so that only contents are compared."""
    if isinstance(answer, (list, tuple)):
        return [_plain(item) for item in answer]
    return answer


async def _shared_world(tx: Any) -> object:
    keys = ["k1", "k2", "k3"]
    ids = [uid(number) for number in range(100, 106)]
    world = [await tx.users.all(), await tx.global_events.get(ids), await tx.runs.latest(3), await tx.notes.waiting()]
    for source in ("mls", "other"):
        accepted = await tx.listings.accepted(source, keys)
        addresses = [row.snapshot.address_key or "" for row in accepted.values()]
        world += [
            accepted,
            await tx.listings.off_market_at(source, addresses, NOON),
            await tx.listings.held_keys(source),
            await tx.listings.keys(source),
            await tx.global_events.counts(source),
            await tx.feeds.cursor(source),
            await tx.feeds.counters(source),
            [(row.record, row.times_seen, row.first_seen_at) for row in await tx.feeds.unread(source, 9)],
        ]
    sends = tx.sends
    return [
        *world,
        await sends.blocked(9),
        await sends.expired_leases(9),
        await sends.doubtful(9),
        await sends.next_due(),
        await sends.owner_of_sid("SM1"),
        await tx.schedules.unfollowed(9),
        await tx.schedules.next_due(),
        await sends.unbilled(NOON + timedelta(hours=1), NOON - timedelta(hours=1), 9),
        await tx.carrier_events.unhandled(NOON - timedelta(hours=1), None, 99),
        [await tx.carrier_events.waiting_for([sid]) for sid in ("SM1", "SM2", "SM3")],
        [await tx.carrier_events.read_until(phone) for phone in ("+15125550001", "+15125550002")],
    ]


async def _practice(tx: Any) -> object:
    ids = [uid(number) for number in range(100, 106)]
    phones = ["+15125550001", "+15125550002"]
    texts = [await tx.messages.of_client(client_id, 99) for client_id in CLIENTS]
    return [
        await tx.clients.book(),
        await tx.clients.by_phone(samples.THEIR_NUMBER),
        *texts,
        await tx.messages.counts(),
        await tx.messages.withheld(),
        [await tx.messages.sent_to(phone, NOON) for phone in phones],
        await tx.messages.sent_to_each(phones, NOON),
        await tx.messages.last_words(CLIENTS),
        await tx.messages.waiting_for_slot(phones),
        [await tx.messages.is_unfinished(briefing_id) for briefing_id in ids],
        await tx.clients.of(CLIENTS[:1], phones),
        await tx.suppressions.active_for(phones),
        await tx.lanes.of([samples.OUR_NUMBER]),
        await tx.messages.by_sid("SM2"),
        await tx.resources.by_entity("mls", ["k1", "k2", "k3"]),
        await tx.resources.active(9),
        await tx.market_events.get(ids),
        await tx.market_events.counts(),
        await tx.briefings.waiting(9),
        await tx.briefings.counts(),
        await tx.briefings.for_resources(ids, list(BriefingStatus)),
        await tx.scheduled.of_client(CLIENTS[0]),
        await tx.messages.unread_counts(),
        await tx.interactions.of_client(CLIENTS[0], 9),
        await tx.interactions.latest_contact(CLIENTS),
        await tx.briefings.of_client(CLIENTS[0], list(BriefingStatus)),
        await tx.consents.latest(phones),
        [await tx.suppressions.active(phone) for phone in phones],
        await tx.negative_preferences.all(),
        (await tx.negative_preferences.page(None, None, PageRequest())).items,
        *[(await tx.briefings.page(BriefingFilter(), order, PageRequest())).items for order in BriefingOrder],
        (await tx.briefings.page(WAITING, BriefingOrder.BEST, PageRequest(limit=2))).items,
        (await tx.briefings.page(BriefingFilter(client_id=CLIENTS[0]), BriefingOrder.NEWEST, PageRequest())).items,
        await tx.messages.earlier(CLIENTS, NOON),
        await tx.scheduled.of_plans(ids),
        (await tx.audit.page(AuditFilter(), PageRequest())).items,
        await tx.audit.chain(0, 99),
        await tx.audit.head(),
        await tx.audit.unchained(),
        await tx.statistics.counts(NOON - timedelta(seconds=60), NOON + timedelta(seconds=60)),
        await tx.notes.waiting(),
        await tx.carrier_events.unhandled(NOON - timedelta(hours=1), None, 99),
        await tx.faqs.all(),
        await tx.contents.all(),
        await tx.held_numbers.held(),
    ]


def test_memory_and_postgresql_agree(database: str) -> None:
    class OnThisDatabase(StoresAgree):
        url = database

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
