"""The sending machine across all tenants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import Book, World
from nudge_core.model.lane import DEFAULT_CLAIM, ClaimRules, SenderLane
from nudge_core.model.message import FINAL_RANK, Delivery, Message
from nudge_core.policy.caps import COUNTED, MONTH, WEEK
from nudge_core.policy.consent import is_enough, latest
from nudge_core.policy.pacing import Allowance, allowance, instants, lanes_served, lot_of, served_at, ticket
from nudge_core.policy.segments import segments
from nudge_core.policy.slots import GATE_ALLOWS, ahead, turn

_IN_FLIGHT = (Delivery.SENDING, Delivery.IN_DOUBT)
_MAYBE_SENT = (Delivery.SENDING, Delivery.IN_DOUBT, Delivery.SENT, Delivery.UNCONFIRMED)


def due_at(message: Message) -> datetime:
    """Return when a queued text becomes due: not before it exists, nor before `not_before`."""
    return message.created_at if message.not_before is None else message.not_before


def _oldest(message: Message) -> tuple[datetime, UUID]:
    return due_at(message), message.id


class MemorySends:
    """Claims of queued texts, and what became of earlier claims."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._world = world
        self._leaves_at: dict[UUID, datetime] = {}

    @property
    def leaves_at(self) -> Mapping[UUID, datetime]:
        """When each text that was claimed in this transaction may leave; without an entry: at once."""
        return self._leaves_at

    def _messages(self, *states: Delivery) -> Iterator[tuple[Book, Message]]:
        for _, book in self._world.books():
            for message in book.messages.rows():
                if message.delivery in states:
                    yield book, message

    def _due(self) -> list[tuple[Book, Message]]:
        rows = [(book, row) for book, row in self._messages(Delivery.QUEUED) if due_at(row) <= self._work.now]
        return sorted(rows, key=lambda entry: _oldest(entry[1]))

    @writing
    async def claim(self, limit: int, lease_s: float, rules: ClaimRules = DEFAULT_CLAIM) -> Sequence[Message]:
        """Take queued texts that may go now, of every lane an equal share; each gets attempt + 1 and a lease."""
        now = self._work.now
        lanes = self._lanes(limit, rules)
        share = -(-limit // max(len(lanes), 1))
        picked: list[tuple[int, Message]] = []
        for book, lane, given in lanes:
            picked += enumerate(self._from_lane(book, lane, given, share, rules))
        picked = sorted(picked, key=lambda entry: (entry[0], *_oldest(entry[1])))[:limit]
        taken = []
        for _, row in picked:
            claimed = evolve(
                row,
                delivery=Delivery.SENDING,
                attempt=row.attempt + 1,
                claimed_at=now,
                lease_until=now + timedelta(seconds=lease_s),
            )
            self._world.book(row.user_id).messages.put(row.id, claimed)
            taken.append(claimed)
        taken.sort(key=_oldest)
        for book, lane, given in lanes:
            mine = [row for row in taken if _lane_of(row) == (lane.user_id, lane.sender)]
            if given.rate is not None and mine:
                parts = [segments(row.content).parts for row in mine]
                self._leaves_at |= zip((row.id for row in mine), instants(given, parts), strict=True)
                free_at = given.since + timedelta(seconds=sum(parts) / given.rate)
                book.lanes.put(lane.sender, evolve(lane, free_at=free_at))
        return taken

    def _lanes(self, limit: int, rules: ClaimRules) -> list[tuple[Book, SenderLane, Allowance]]:
        """Return lanes that have something due and may send, as many as a claim of `limit` texts serves."""
        with_due = {_lane_of(row) for _, row in self._due()}
        lot = lot_of(self._work.now)
        open_ones = [
            (book, lane, given)
            for _, book in self._world.books()
            for lane in book.lanes.rows()
            if (lane.user_id, lane.sender) in with_due and (given := allowance(lane, self._work.now, rules)) is not None
        ]
        return sorted(open_ones, key=lambda entry: ticket(entry[1], lot))[: lanes_served(limit)]

    def _from_lane(
        self, book: Book, lane: SenderLane, given: Allowance, share: int, rules: ClaimRules
    ) -> Iterator[Message]:
        """Yield what may go from a lane now, the longest due first."""
        mine = [row for row in book.messages.rows() if row.sender == lane.sender]
        busy = {row.recipient for _, row in self._messages(*_IN_FLIGHT) if row.sender == lane.sender}
        most, before = share, 0
        if given.at_once is not None:
            most = min(most, given.at_once - sum(row.delivery is Delivery.SENDING for row in mine))
        for row in sorted((row for row in mine if self._is_due(row)), key=_oldest):
            if most <= 0 or (given.segments is not None and before > given.segments):
                return
            better = any(
                self._is_due(other) and other.recipient == row.recipient and turn(other) < turn(row)
                and not _is_past(other, self._work.now)
                for other in mine
            )  # fmt: skip
            if row.recipient not in busy and not better and not self._is_stuck(book, row, rules):
                yield row
                most, before = most - 1, before + segments(row.content).parts

    def _is_due(self, row: Message) -> bool:
        return row.delivery is Delivery.QUEUED and due_at(row) <= self._work.now

    def _is_stuck(self, book: Book, row: Message, rules: ClaimRules) -> bool:
        """Say whether no claim will take a due text by itself."""
        now = self._work.now
        if row.sender is None or row.recipient is None or _is_past(row, now):
            return True
        if row.window_end is not None and row.window_end <= now:
            return True
        consents = (one for one in book.consents.rows() if one.phone == row.recipient)
        queued = (other for other in book.messages.rows() if other.delivery is Delivery.QUEUED)
        return (
            book.silenced(row)
            or not is_enough(latest(consents), row.message_class)
            or _is_capped(book, row, rules, now)
            or ahead(row, queued, now) is not None
        )

    @reading
    async def blocked(self, limit: int, rules: ClaimRules = DEFAULT_CLAIM) -> Sequence[Message]:
        """Return due queued texts that no claim will take by itself, oldest first, for the gate to say why."""
        return [row for book, row in self._due() if self._is_stuck(book, row, rules)][:limit]

    def _sorted(self, state: Delivery, moment: Callable[[Message], datetime | None], limit: int) -> list[Message]:
        rows = [(when, row.id, row) for _, row in self._messages(state) if (when := moment(row)) is not None]
        return [row for _, _, row in sorted(rows, key=lambda entry: entry[:2])][:limit]

    @reading
    async def expired_leases(self, limit: int) -> Sequence[Message]:
        """Return texts in `sending` whose lease ran out, the longest ago first."""
        now = self._work.now
        return self._sorted(
            Delivery.SENDING, lambda m: m.lease_until if m.lease_until and m.lease_until <= now else None, limit
        )

    @reading
    async def doubtful(self, limit: int) -> Sequence[Message]:
        """Return texts in doubt, oldest claim first."""
        return self._sorted(Delivery.IN_DOUBT, lambda m: m.claimed_at, limit)

    @reading
    async def unbilled(self, sent_before: datetime, sent_after: datetime, limit: int) -> Sequence[Message]:
        """Return sent texts with a final receipt and no price yet: those never asked about first, then the newest."""
        rows = [
            (row.segments is not None, -row.sent_at.timestamp(), row.id, row)
            for _, row in self._messages(Delivery.SENT)
            if row.sent_at is not None
            and sent_after <= row.sent_at <= sent_before
            and row.provider_sid is not None
            and row.price_micros is None
            and row.receipt is not None
            and row.receipt.rank >= FINAL_RANK
        ]
        return [row for *_, row in sorted(rows, key=lambda entry: entry[:3])][:limit]

    @reading
    async def next_due(self, rules: ClaimRules = DEFAULT_CLAIM) -> datetime | None:
        """Return when the next queued text is due and a claim under `rules` serves its lane, or None."""
        moments = []
        for book, row in self._messages(Delivery.QUEUED):
            lane = None if row.sender is None else book.lanes.get(row.sender)
            if lane is None:
                moments.append(due_at(row))
            elif lane.pause_reason is None or lane.paused_until is not None:
                served = served_at(lane, rules)
                moments.append(max(one for one in (due_at(row), served, lane.paused_until) if one is not None))
        return min(moments, default=None)

    @reading
    async def owner_of_number(self, phone: str) -> UUID | None:
        """Return the user who sends from this number, or else who holds it."""
        senders = (user.id for user in self._world.users.rows() if user.twilio_phone_number == phone)
        return next(senders, self._world.holder_of(phone))

    @reading
    async def owner_of_sid(self, provider_sid: str) -> UUID | None:
        """Return the user whose message has this provider id; of several the first by id."""
        return min((user_id for user_id, book in self._world.books() if provider_sid in book.sids), default=None)


def _lane_of(row: Message) -> tuple[UUID, str | None]:
    return row.user_id, row.sender


def _is_past(row: Message, now: datetime) -> bool:
    return row.not_after is not None and row.not_after <= now


def _is_capped(book: Book, row: Message, rules: ClaimRules, now: datetime) -> bool:
    """Say whether a proactive text would be one too many in 7 or 30 days."""
    if row.message_class not in COUNTED or row.reason == GATE_ALLOWS:
        return False
    ages = [
        now - other.claimed_at
        for other in book.messages.rows()
        if other.recipient == row.recipient
        and other.delivery in _MAYBE_SENT
        and other.message_class in COUNTED
        and other.claimed_at is not None
    ]
    young, recent = (sum(age < length for age in ages) for length in (WEEK, MONTH))
    return young >= rules.per_7_days or recent >= rules.per_30_days
