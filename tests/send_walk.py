"""The send walk as an edge would drive it, with named places to die in, and the checker that judges what happened.

The checker reads the carrier's ledger and the stored rows, never what the walk reports. Invariants: `reliability.md` 6.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from attrs import Factory, field, frozen, mutable

from nudge_adapters.memory import MemoryStore
from nudge_adapters.sms.ledger import AcceptedText
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.model.approval import Approval, ApprovedText
from nudge_core.model.carrier import ReceiptNews
from nudge_core.model.client import Client
from nudge_core.model.consent import Consent, ConsentKind, Suppression
from nudge_core.model.event import MarketEvent
from nudge_core.model.message import Delivery, Direction, Message, MessageClass, MessageSource, SenderType
from nudge_core.model.resource import Resource
from nudge_core.model.user import User, UserType
from nudge_core.policy.delivery import DeliverySettings
from nudge_core.policy.findings import Finding
from nudge_core.ports import Clock, Store
from nudge_core.sending.moves import Moved
from nudge_core.sending.watch import DoubtWatch
from nudge_core.steps import converse, deliver, receive
from nudge_core.steps.deliver import Claimed, Prepared
from nudge_core.timing.recipient_zone import whereabouts
from tests.clocks import MovedClock

RITA = UUID(int=0xA)
OUR_NUMBER = "+15125550100"
ENDS = {Delivery.SENT, Delivery.FAILED, Delivery.WITHHELD, Delivery.CANCELLED, Delivery.UNCONFIRMED}
OUTSIDE = ("after_claim", "before_post", "after_post", "after_record", "in_resolve", "after_settle", "before_news")
"""Places at which no transaction is open: a process may be stopped there for long without holding anybody up."""
FAILPOINTS = (
    "after_claim", "before_post", "after_post", "before_record", "after_record", "in_resolve", "before_settle",
    "after_settle", "before_news", "after_news",
)  # fmt: skip


class Killed(BaseException):
    """The process is gone: nothing that follows runs, whatever was not committed is undone."""


class AnyWords:
    """Rules of a vertical that objects to nothing."""

    def still_true(self, event: MarketEvent, resource: Resource) -> str | None:
        """Everything stays true."""
        return None

    def lint(self, text: str) -> tuple[Finding, ...]:
        """Every wording passes."""
        return ()


class CountingIds:
    """Ids for the store."""

    def __init__(self) -> None:
        self._last = 1 << 100

    def new(self) -> UUID:
        """Return the next id."""
        self._last += 1
        return UUID(int=self._last)


async def go_on(_place: str) -> None:
    """Nothing happens here."""


@mutable(kw_only=True)
class SendWalk:
    """One process that sends. `at` is awaited with the name of each place; it may raise `Killed`, or let time pass."""

    store: Store
    gateway: SimulatedGateway
    clock: MovedClock
    settings: DeliverySettings = field(factory=DeliverySettings)
    receiving: converse.ReceiveSettings = field(factory=converse.ReceiveSettings)
    rules: AnyWords = field(factory=AnyWords)
    at: Callable[[str], Awaitable[None]] = go_on
    alarms: list[Moved] = field(factory=list)
    doubts: DoubtWatch = field(default=Factory(lambda self: DoubtWatch(self.clock.monotonic), takes_self=True))

    async def deliver(self) -> int:
        """Claim once and bring every claimed text to its outcome; return how many were claimed or withheld."""
        async with self.store.system() as tx:
            claimed = await deliver.claim(tx, self.settings, self.clock.monotonic)
            blocked = await tx.sends.blocked(self.settings.batch, self.settings.claim_rules)
        await self.at("after_claim")
        for message in blocked:
            async with self.store.tenant(message.user_id) as tenant:
                await deliver.withhold(tenant, message, self.rules, self.settings)
        for message in claimed.messages:
            await self._deliver(message, claimed)
        return len(claimed.messages) + len(blocked)

    async def _deliver(self, message: Message, claimed: Claimed) -> None:
        async with self.store.tenant(message.user_id) as tx:
            prepared = await deliver.prepare(tx, message, self.rules, self.settings)
        if not isinstance(prepared, Prepared):
            return
        await self.at("before_post")
        outcome = await deliver.post(self.gateway, prepared, claimed, self.settings, self.clock.monotonic)
        await self.at("after_post")
        async with self.store.tenant(message.user_id) as tx:
            self._note(await deliver.record(tx, prepared.message, outcome, self.settings))
            await self.at("before_record")
        await self.at("after_record")

    async def recover(self) -> int:
        """Put dead senders' texts in doubt and close doubts; return how many were looked at."""
        async with self.store.system() as tx:
            expired = await tx.sends.expired_leases(1_000)
        for message in expired:
            async with self.store.tenant(message.user_id) as tenant:
                await deliver.expire(tenant, message)
        async with self.store.system() as tx:
            doubtful, asked_at = await tx.sends.doubtful(1_000), tx.now
        self.doubts.look(doubtful)
        for message in doubtful:
            asked_s = self.doubts.now_s()
            records = await deliver.look_up(self.gateway, message, self.settings)
            if records is not None:
                self.doubts.answered(message, asked_s)
            await self.at("in_resolve")
            async with self.store.tenant(message.user_id) as tenant:
                self._note(await deliver.settle(tenant, message, records, asked_at, self.settings, self.doubts))
                await self.at("before_settle")
            await self.at("after_settle")
        return len(expired) + len(doubtful)

    async def listen(self) -> int:
        """Take in the carrier's news; return how many items were told."""
        told = 0
        for news in self.gateway.news(self.clock.now()):
            await self.at("before_news")
            async with self.store.system() as tx:
                owner = await receive.owner(tx, news)
            assert owner is not None
            async with self.store.tenant(owner) as tenant:
                if isinstance(news, ReceiptNews):
                    await receive.receipt(tenant, news)
                else:
                    await converse.receive(tenant, news, self.receiving)
            await self.at("after_news")
            told += 1
        return told

    def _note(self, moved: Moved | None) -> None:
        if moved is not None and moved.alarm:
            self.alarms.append(moved)


@frozen(kw_only=True)
class Town:
    """A professional with clients who may be texted, in a store."""

    store: Store
    clients: tuple[Client, ...]

    def text(self, number: int, client: int = 0, **changes: object) -> ApprovedText:
        """Return an approved marketing text to one of the clients; `number` names it."""
        person = self.clients[client]
        values: dict[str, object] = {
            "id": uuid5(RITA, f"text {number}"),
            "approval": Approval(
                id=uuid5(RITA, f"approval {number}"), user_id=RITA, approved_by="rita", approved_at=person.created_at
            ),
            "client_id": person.id,
            "content": f"Text {number}: a home near Zilker dropped to $450,000.",
            "recipient": person.phone,
            "sender": OUR_NUMBER,
            "source": MessageSource.INSTANT_NUDGE,
            "sender_type": SenderType.AI,
            "message_class": MessageClass.MARKETING,
            "dedupe_key": f"text {number}",
        }
        return ApprovedText(**(values | changes))  # type: ignore[arg-type]

    async def queue(self, *texts: ApprovedText) -> list[UUID]:
        """Queue texts."""
        async with self.store.tenant(RITA) as tx:
            return list(await tx.messages.queue(texts))

    async def message(self, message_id: UUID) -> Message:
        """Return a stored text."""
        async with self.store.tenant(RITA) as tx:
            return await tx.messages.get(message_id)

    async def rows(self) -> Sequence[Message]:
        """Return every stored text of these clients, in and out."""
        async with self.store.tenant(RITA) as tx:
            return [row for client in await tx.clients.book() for row in await tx.messages.of_client(client.id, 10_000)]

    async def silences(self) -> Sequence[Suppression]:
        """Return the suppressions that hold."""
        async with self.store.tenant(RITA) as tx:
            people = await tx.clients.book()
            return [
                held for phone in {p.phone for p in people if p.phone} for held in await tx.suppressions.active(phone)
            ]


async def town(
    store: Store, now: datetime, people: int = 1, *, kind: ConsentKind = ConsentKind.EXPRESS_WRITTEN, area: str = "512"
) -> Town:
    """Store a professional and so many clients with consent of this kind, and return them."""
    user = User(
        id=RITA, user_type=UserType.REALTOR, full_name="Rita Vega", business_name="Vega Homes",
        email="rita@example.com",
        phone_number="+15125550101", vertical="real_estate", tool_provider="reso", timezone="America/Chicago",
        twilio_phone_number=OUR_NUMBER,
    )  # fmt: skip
    long_ago = now - timedelta(days=400)
    clients = tuple(
        Client(
            id=uuid5(RITA, f"client {n}"), user_id=RITA, full_name=f"Ben {n}", created_at=long_ago,
            phone=f"+1{area}556{n:04d}",
        )
        for n in range(people)
    )  # fmt: skip
    async with store.system() as system:
        await system.users.add(user)
    async with store.tenant(RITA) as tx:
        await tx.clients.add(clients)
        await tx.consents.add(
            [
                Consent(
                    id=uuid5(RITA, f"consent {n}"), user_id=RITA, client_id=client.id, phone=client.phone or "",
                    kind=kind, source="form", recorded_by="test", recorded_at=long_ago,
                )
                for n, client in enumerate(clients)
            ]
        )  # fmt: skip
    return Town(store=store, clients=clients)


def memory_store(clock: Clock) -> MemoryStore:
    """Return an empty store on this clock."""
    return MemoryStore(clock, CountingIds())


@frozen(kw_only=True)
class Verdict:
    """What the checker found: violations by invariant, and counts for a line of report."""

    violations: tuple[str, ...]
    states: Counter[Delivery]
    accepted: int


def check(
    ledger: Sequence[AcceptedText],
    rows: Sequence[Message],
    silences: Sequence[Suppression],
    released: Sequence[UUID],
    *,
    accepts_at_most: int = 1,
) -> Verdict:
    """Judge a finished run by the invariants I1 to I4 and I6 to I8."""
    outbound = {row.id: row for row in rows if row.direction is Direction.OUTBOUND}
    classes = {row.id: row.message_class for row in outbound.values()}
    found: list[str] = []
    found += [f"I1 not ended: {outbound[i].delivery}" for i in released if outbound[i].delivery not in ENDS]
    accepts = Counter(entry.message_id for entry in ledger)
    found += [f"I2 accepted {n} times" for n in accepts.values() if n > accepts_at_most]
    proactive = [e for e in ledger if classes[e.message_id] is MessageClass.MARKETING]
    for held in silences:
        late = held.created_at + timedelta(seconds=11)
        found += ["I3 accepted after a STOP" for e in proactive if e.recipient == held.phone and e.at > late]
        found += [
            "I3 claimed after a STOP"
            for row in outbound.values()
            if row.recipient == held.phone and row.claimed_at is not None and row.claimed_at > held.created_at
            and row.message_class is not MessageClass.SERVICE
        ]  # fmt: skip
    found += [f"I4 at {e.at}" for e in proactive if not _is_day(e)]
    found += _over_caps(proactive)
    named = {row.provider_sid for row in outbound.values() if row.delivery is Delivery.SENT}
    known = {entry.sid: entry.message_id for entry in ledger}
    found += ["I7 sent without acceptance" for sid in named if sid not in known]
    found += [
        f"I7 accepted but {outbound[e.message_id].delivery}"
        for e in ledger
        if outbound[e.message_id].delivery not in (Delivery.SENT, Delivery.IN_DOUBT, Delivery.UNCONFIRMED)
    ]
    inbound = Counter(row.provider_sid for row in rows if row.direction is Direction.INBOUND)
    found += ["I8 stored twice" for n in inbound.values() if n > 1]
    return Verdict(
        violations=tuple(found),
        states=Counter(row.delivery for row in outbound.values()),
        accepted=len(ledger),
    )


def _is_day(entry: AcceptedText) -> bool:
    """Say whether the hour was lawful in every zone of the area code, by plain wall clocks."""
    clocks = [entry.at.astimezone(ZoneInfo(name)) for name in whereabouts(entry.recipient).zones]
    return all(8 <= clock.hour < 21 for clock in clocks)


def _over_caps(entries: Sequence[AcceptedText]) -> list[str]:
    """Return violations of one a local day, two in 7 days, six in 30, on the ledger."""
    by_phone: dict[str, list[datetime]] = defaultdict(list)
    for entry in entries:
        by_phone[entry.recipient].append(entry.at)
    found = []
    for phone, times in by_phone.items():
        for zone in whereabouts(phone).zones:
            days = Counter(moment.astimezone(ZoneInfo(zone)).date() for moment in times)
            found += ["I6 two on one local day" for n in days.values() if n > 1]
        for length, most in ((7, 2), (30, 6)):
            for last in times:
                # a claim precedes its accept by the send deadline at most: the cap is kept by claims
                young = [m for m in times if timedelta(0) <= last - m < timedelta(days=length) - timedelta(seconds=30)]
                found += [f"I6 {len(young)} within {length} days"] if len(young) > most else []
    return found


@frozen
class Watch:
    """I5 while it happens: a provider id never changes, a receipt's rank never falls."""

    _seen: dict[UUID, tuple[str | None, int]] = field(factory=dict)

    def look(self, rows: Sequence[Message]) -> list[str]:
        """Return what changed against the rule since the last look."""
        found = []
        for row in rows:
            rank = -1 if row.receipt is None else row.receipt.rank
            sid, before = self._seen.get(row.id, (None, -1))
            if sid is not None and row.provider_sid != sid:
                found.append("I5 the provider id changed")
            if rank < before:
                found.append("I5 the receipt's rank fell")
            self._seen[row.id] = (row.provider_sid, rank)
        return found


async def run_to_the_end(walk: SendWalk, watch: Watch | None = None, rounds: int = 2_000) -> None:
    """Drive one process until nothing is queued, in flight, in doubt or to be told; jump over idle time."""
    for _ in range(rounds):
        busy = await walk.deliver() + await walk.recover() + await walk.listen()
        if watch is not None:
            assert watch.look(await _all_rows(walk.store)) == []
        if not busy and not await _skip_to_next(walk):
            return
        walk.clock.move(1.0)
    raise AssertionError(f"not at rest after {rounds} rounds")


async def _all_rows(store: Store) -> Sequence[Message]:
    async with store.tenant(RITA) as tx:
        return [row for client in await tx.clients.book() for row in await tx.messages.of_client(client.id, 10_000)]


async def _skip_to_next(walk: SendWalk) -> bool:
    """Move the clock to the next thing that can happen; False when there is none."""
    now = walk.clock.now()
    async with walk.store.system() as tx:
        due = await tx.sends.next_due()
    open_rows = [row for row in await _all_rows(walk.store) if row.delivery in (Delivery.SENDING, Delivery.IN_DOUBT)]
    moments = [moment for moment in (due, walk.gateway.next_news(now)) if moment is not None]
    moments += [now + timedelta(seconds=20)] if open_rows else []
    if not moments:
        return False
    walk.clock.move(max((min(moments) - now).total_seconds(), 0.0))
    return True
