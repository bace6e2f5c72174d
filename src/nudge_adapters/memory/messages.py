"""Texts of one professional, sent and received."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.conversations import MemoryConversations
from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.errors import Conflict, IllegalTransition, Invalid
from nudge_core.model.approval import ApprovedText
from nudge_core.model.lane import SenderLane
from nudge_core.model.message import (
    DELIVERY,
    NEVER_TOLD,
    Delivery,
    Direction,
    EarlierTexts,
    LastWords,
    Message,
    MessageSource,
    Receipt,
)
from nudge_core.policy.slots import waits_for_slot

_MAYBE_SENT = (Delivery.SENDING, Delivery.IN_DOUBT, Delivery.SENT, Delivery.UNCONFIRMED)
_OPEN = tuple(state for state, following in DELIVERY.edges.items() if Delivery.SENT in following)
_WITHDRAWN = (Delivery.WITHHELD, Delivery.CANCELLED)
_MOST_RESENDS = 1  # reliability.md section 3, transition 8: "once"


class MemoryMessages(MemoryConversations):
    """Texts sent and received."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._book = world.book(work.user_id)
        self._messages = self._book.messages

    @writing
    async def queue(self, texts: Sequence[ApprovedText]) -> Sequence[UUID]:
        """Queue approved texts; return the ids of those queued. A `dedupe_key` already used queues nothing."""
        queued = []
        for text in texts:
            if not isinstance(text, ApprovedText):
                raise Invalid("texts", "approved texts only", text)
            self._work.own(text.approval.user_id, "approval.user_id")
            if text.dedupe_key in self._book.message_ids:
                continue
            message = text.queued(self._work.now)
            self._messages.add(text.id, message, "message")
            self._book.message_ids.put(text.dedupe_key, text.id)
            if text.sender is not None and text.sender not in self._book.lanes:
                self._book.lanes.put(text.sender, SenderLane(user_id=text.approval.user_id, sender=text.sender))
            queued.append(message)
        for message in queued:
            self._book.clients.need(message.client_id, "client")
            if message.briefing_id is not None:
                self._book.briefings.need(message.briefing_id, "briefing")
        return [message.id for message in queued]

    @writing
    async def receive(self, message: Message) -> bool:
        """Store an inbound text; False, and nothing stored, when its provider id is stored already."""
        self._work.own(message.user_id, "message.user_id")
        if message.direction is not Direction.INBOUND or message.delivery is not Delivery.RECEIVED:
            raise Invalid("message.direction", "an inbound text that was received", message)
        if message.provider_sid is None:
            raise Invalid("message.provider_sid", "the provider's id: without it a repeated text cannot be told", None)
        if message.provider_sid in self._book.sids:
            return False
        self._messages.add(message.id, message, "message")
        self._book.sids.put(message.provider_sid, message.id)
        self._book.clients.need(message.client_id, "client")
        return True

    @reading
    async def get(self, message_id: UUID) -> Message:
        """Return the message, or raise NotFound."""
        return self._messages.need(message_id, "message")

    @reading
    async def by_sid(self, provider_sid: str) -> Message | None:
        """Return the message with this provider id."""
        message_id = self._book.sids.get(provider_sid)
        return None if message_id is None else self._messages.get(message_id)

    @reading
    async def of_briefing(self, briefing_id: UUID) -> Sequence[Message]:
        """Return the texts of one briefing, oldest first."""
        rows = [row for row in self._messages.rows() if row.briefing_id == briefing_id]
        return sorted(rows, key=lambda row: (row.created_at, row.id))

    @reading
    async def of_client(self, client_id: UUID, limit: int) -> Sequence[Message]:
        """Return a client's texts, newest first."""
        rows = [row for row in self._messages.rows() if row.client_id == client_id]
        return sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)[:limit]

    @writing
    async def move(
        self,
        message_id: UUID,
        *,
        attempt: int | None,
        expected: Sequence[Delivery],
        to: Delivery,
        reason: str | None = None,
        provider_sid: str | None = None,
        receipt: Receipt | None = None,
        not_before: datetime | None = None,
        window_end: datetime | None = None,
        unposted: bool = False,
    ) -> bool:
        """Move a message along `DELIVERY` if it is in one of `expected` and, unless None, at this `attempt`."""
        if to is Delivery.SENDING:
            raise IllegalTransition("message", "queued", "sending", "only a claim starts a sending, with a lease")
        for state in expected:
            DELIVERY.move(state, to)
        row = self._messages.get(message_id)
        if row is None or row.delivery not in expected or attempt not in (None, row.attempt):
            return False
        if unposted and row.posting_attempt >= row.attempt:
            return False
        if provider_sid is not None:
            if row.provider_sid not in (None, provider_sid):
                return False
            if self._book.sids.get(provider_sid) not in (None, row.id):
                raise Conflict("message", "its provider id is taken")
            self._book.sids.put(provider_sid, row.id)
        again = row.delivery is Delivery.IN_DOUBT and to is Delivery.QUEUED
        if again and row.resends >= _MOST_RESENDS:
            return False
        moved = evolve(
            row,
            delivery=to,
            reason=reason,
            provider_sid=row.provider_sid if provider_sid is None else provider_sid,
            receipt=_higher(row.receipt, receipt),
            not_before=row.not_before if not_before is None else not_before,
            window_end=row.window_end if not_before is None else window_end,
            lease_until=None,
            resends=row.resends + again,
            sent_at=self._work.now if to is Delivery.SENT else row.sent_at,
        )
        self._messages.put(row.id, moved)
        return True

    @writing
    async def begin_posting(self, message_id: UUID, attempt: int) -> bool:
        """Mark that the request of this attempt may begin; False when the claim is not ours."""
        return bool(self._mark({message_id: attempt}))

    @writing
    async def begin_postings(self, attempts: Mapping[UUID, int]) -> frozenset[UUID]:
        """Mark several; return those that were marked."""
        return self._mark(attempts)

    def _mark(self, attempts: Mapping[UUID, int]) -> frozenset[UUID]:
        marked = set()
        for message_id, attempt in attempts.items():
            row = self._messages.get(message_id)
            if row is not None and (row.delivery, row.attempt) == (Delivery.SENDING, attempt):
                self._messages.put(row.id, evolve(row, posting_attempt=attempt))
                marked.add(message_id)
        return frozenset(marked)

    @writing
    async def accept(self, proofs: Mapping[UUID, tuple[str, Receipt]]) -> frozenset[UUID]:
        """Store that the carrier has these texts; return those that became SENT by it."""
        sent = set()
        for message_id in sorted(proofs):
            sid, receipt = proofs[message_id]
            if await self.move(
                message_id, attempt=None, expected=_OPEN, to=Delivery.SENT, provider_sid=sid, receipt=receipt
            ):
                sent.add(message_id)
        return frozenset(sent)

    @writing
    async def put_off(
        self, message_id: UUID, *, attempt: int, reason: str, not_before: datetime, window_end: datetime | None
    ) -> bool:
        """Let a queued text wait, with a reason; False when it is not queued at this attempt any more."""
        row = self._messages.get(message_id)
        if row is None or (row.delivery, row.attempt) != (Delivery.QUEUED, attempt):
            return False
        self._messages.put(row.id, evolve(row, reason=reason, not_before=not_before, window_end=window_end))
        return True

    @writing
    async def note_receipt(self, provider_sid: str, receipt: Receipt, error_code: str | None = None) -> bool:
        """Raise the receipt of a message; False when unknown or when the stored one ranks higher."""
        message_id = self._book.sids.get(provider_sid)
        row = None if message_id is None else self._messages.get(message_id)
        if row is None or _higher(row.receipt, receipt) is not receipt:
            return False
        code = error_code or (row.error_code if row.receipt is receipt else None)
        self._messages.put(row.id, evolve(row, receipt=receipt, error_code=code))
        return True

    @writing
    async def bill(
        self, provider_sid: str, *, segments: int | None, price_micros: int | None, price_currency: str | None
    ) -> bool:
        """Store what a text came to; None leaves what is stored. False when the text is unknown."""
        message_id = self._book.sids.get(provider_sid)
        row = None if message_id is None else self._messages.get(message_id)
        if row is None:
            return False
        self._messages.put(
            row.id,
            evolve(
                row,
                segments=row.segments if segments is None else segments,
                price_micros=row.price_micros if price_micros is None else price_micros,
                price_currency=row.price_currency if price_currency is None else price_currency,
            ),
        )
        return True

    @writing
    async def withdraw(self, *, recipient: str | None, briefing_id: UUID | None, to: Delivery, reason: str) -> int:
        """Move every queued text to this phone, or of this briefing (both given: and), to WITHHELD or CANCELLED."""
        if to not in _WITHDRAWN:
            raise IllegalTransition("message", "queued", to.value, "what is withdrawn is withheld or cancelled")
        if recipient is None and briefing_id is None:
            raise Invalid("withdraw", "a recipient, a briefing or both", None)
        rows = [
            row
            for row in self._messages.rows()
            if row.delivery is Delivery.QUEUED
            and recipient in (None, row.recipient)
            and briefing_id in (None, row.briefing_id)
        ]
        for row in rows:
            self._messages.put(row.id, evolve(row, delivery=to, reason=reason))
        return len(rows)

    @reading
    async def sent_to(self, recipient: str, since: datetime) -> Sequence[Message]:
        """Return outbound texts to this phone that were or may have been sent since (`claimed_at`), oldest first."""
        rows = [
            (row.claimed_at, row.id, row)
            for row in self._messages.rows()
            if row.recipient == recipient
            and row.direction is Direction.OUTBOUND
            and row.delivery in _MAYBE_SENT
            and row.claimed_at is not None
            and row.claimed_at >= since
        ]
        return [row for _, _, row in sorted(rows, key=lambda entry: entry[:2])]

    @reading
    async def sent_to_each(self, recipients: Collection[str], since: datetime) -> Mapping[str, Sequence[Message]]:
        """Return what each of these phones was or may have been sent since then, oldest first."""
        return {phone: texts for phone in recipients if (texts := await self.sent_to(phone, since))}

    @reading
    async def last_words(self, client_ids: Collection[UUID]) -> Mapping[UUID, LastWords]:
        """Return each client's last words; a client without any has no entry."""
        rows = sorted(self._messages.rows(), key=lambda row: (row.created_at, row.id))
        heard = {row.client_id: row for row in rows if row.direction is Direction.INBOUND}
        written = {
            row.client_id: row for row in rows if row.source is MessageSource.MANUAL and row.delivery is Delivery.SENT
        }
        return {
            client_id: LastWords(inbound=heard.get(client_id), by_hand=written.get(client_id))
            for client_id in client_ids
            if client_id in heard or client_id in written
        }

    @reading
    async def earlier(self, client_ids: Collection[UUID], since: datetime) -> Mapping[UUID, EarlierTexts]:
        """Return what each of these clients was texted, or may yet be; one without any has no entry."""
        found: dict[UUID, EarlierTexts] = {}
        for row in sorted(self._messages.rows(), key=lambda one: (one.created_at, one.id)):
            told = row.direction is Direction.OUTBOUND and row.delivery not in NEVER_TOLD
            if told and row.client_id in client_ids:
                known = found.get(row.client_id, EarlierTexts()).recent
                recent = (*known, row.content) if row.created_at >= since else known
                found[row.client_id] = EarlierTexts(recent=recent)
        return found

    @reading
    async def waiting_for_slot(self, recipients: Collection[str]) -> Sequence[Message]:
        """Return queued texts to these phones that a cap holds back now, by id."""
        rows = [
            row
            for row in self._messages.rows()
            if row.delivery is Delivery.QUEUED and row.recipient in recipients and waits_for_slot(row, self._work.now)
        ]
        return sorted(rows, key=lambda row: row.id)

    @reading
    async def is_unfinished(self, briefing_id: UUID) -> bool:
        """Say whether a text of this briefing has not come to its end."""
        rows = [row for row in self._messages.rows() if row.briefing_id == briefing_id]
        return not all(DELIVERY.is_final(row.delivery) for row in rows)

    @reading
    async def unconfirmed(self, limit: int) -> Sequence[Message]:
        """Return texts whose fate nobody knows, oldest claim first."""
        rows = [
            (row.claimed_at, row.id, row)
            for row in self._messages.rows()
            if row.delivery is Delivery.UNCONFIRMED and row.claimed_at is not None
        ]
        return [row for *_, row in sorted(rows, key=lambda entry: entry[:2])][:limit]

    @reading
    async def counts(self) -> Mapping[Delivery, int]:
        """Return how many outbound texts are in each state."""
        return dict(Counter(row.delivery for row in self._messages.rows() if row.direction is Direction.OUTBOUND))

    @reading
    async def withheld(self) -> Mapping[str, int]:
        """Return how many texts were withheld, per reason code."""
        return dict(Counter(row.reason or "" for row in self._messages.rows() if row.delivery is Delivery.WITHHELD))

    @writing
    async def mark_read(self, client_id: UUID) -> int:
        """Mark a client's inbound texts as read now; return how many were unread."""
        unread = [row for row in self._unread() if row.client_id == client_id]
        for row in unread:
            self._messages.put(row.id, evolve(row, read_at=self._work.now))
        return len(unread)

    @reading
    async def unread_counts(self) -> Mapping[UUID, int]:
        """Return how many inbound texts nobody has read, per client who has any."""
        return dict(Counter(row.client_id for row in self._unread()))

    def _unread(self) -> Sequence[Message]:
        return [row for row in self._messages.rows() if row.direction is Direction.INBOUND and row.read_at is None]


def _higher(stored: Receipt | None, news: Receipt | None) -> Receipt | None:
    if stored is None or news is None:
        return news if stored is None else stored
    return news if news.rank >= stored.rank else stored
