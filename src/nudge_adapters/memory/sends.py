"""The sending machine across all tenants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import Book, World
from nudge_core.model.message import FINAL_RANK, Delivery, Message

_IN_FLIGHT = (Delivery.SENDING, Delivery.IN_DOUBT)


def due_at(message: Message) -> datetime:
    """Return when a queued text becomes due: not before it exists, nor before `not_before`."""
    return message.created_at if message.not_before is None else message.not_before


class MemorySends:
    """Claims of queued texts, and what became of earlier claims."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._world = world

    def _messages(self, *states: Delivery) -> Iterator[tuple[Book, Message]]:
        for _, book in self._world.books():
            for message in book.messages.rows():
                if message.delivery in states:
                    yield book, message

    def _due(self) -> list[tuple[Book, Message]]:
        rows = [(book, row) for book, row in self._messages(Delivery.QUEUED) if due_at(row) <= self._work.now]
        return sorted(rows, key=lambda entry: (due_at(entry[1]), entry[1].id))

    @writing
    async def claim(self, limit: int, lease_s: float) -> Sequence[Message]:
        """Take queued texts that are due, oldest first; each gets attempt + 1 and a lease."""
        busy = {(row.sender, row.recipient) for _, row in self._messages(*_IN_FLIGHT)}
        taken: list[Message] = []
        for book, row in self._due():
            if len(taken) == limit:
                break
            pair = (row.sender, row.recipient)
            if book.silenced(row) or (None not in pair and pair in busy):
                continue
            busy.add(pair)
            claimed = evolve(
                row,
                delivery=Delivery.SENDING,
                attempt=row.attempt + 1,
                claimed_at=self._work.now,
                lease_until=self._work.now + timedelta(seconds=lease_s),
            )
            book.messages.put(row.id, claimed)
            taken.append(claimed)
        return taken

    @reading
    async def blocked(self, limit: int) -> Sequence[Message]:
        """Return due queued texts that `claim` will not take because of a suppression, oldest first."""
        return [row for book, row in self._due() if book.silenced(row)][:limit]

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
    async def next_due(self) -> datetime | None:
        """Return when the next queued text becomes due, or None."""
        return min((due_at(row) for _, row in self._messages(Delivery.QUEUED)), default=None)

    @reading
    async def owner_of_number(self, phone: str) -> UUID | None:
        """Return the user who owns this sending number."""
        return next((user.id for user in self._world.users.rows() if user.twilio_phone_number == phone), None)

    @reading
    async def owner_of_sid(self, provider_sid: str) -> UUID | None:
        """Return the user whose message has this provider id; of several the first by id."""
        return min((user_id for user_id, book in self._world.books() if provider_sid in book.sids), default=None)
