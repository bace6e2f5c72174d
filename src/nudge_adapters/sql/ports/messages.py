"""Texts of one professional, sent and received."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from nudge_adapters.sql import tables
from nudge_adapters.sql.bulk import insert_arrays
from nudge_adapters.sql.ports.batches import MAYBE_SENT, SqlBatches
from nudge_adapters.sql.ports.conversations import SqlConversations
from nudge_adapters.sql.ports.lanes import MAKE_LANES
from nudge_adapters.sql.rows.texts import message_from_row, message_to_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import IllegalTransition, Invalid, NotFound
from nudge_core.model.approval import ApprovedText
from nudge_core.model.message import (
    DELIVERY,
    Delivery,
    Direction,
    Message,
    Receipt,
)
from nudge_core.policy.segments import segments

_message = tables.message

_WITHDRAWN = (Delivery.WITHHELD, Delivery.CANCELLED)
_MOST_RESENDS = 1  # reliability.md section 3, transition 8: "once"

_QUEUED = [column.name for column in _message.c if column.computed is None and column.name != "media"]  # inbound only
_QUEUE = insert_arrays(
    _message, _QUEUED, "ON CONFLICT ON CONSTRAINT uq_message_user_id_dedupe_key DO NOTHING RETURNING id"
)

# Waits while a STOP of one of these phones is being stored; see `nudge_adapters.sql.ports.consent`.
_LOCK_PHONES = text(
    "SELECT pg_advisory_xact_lock_shared(key) FROM ("
    "SELECT DISTINCT hashtextextended(:user_id || phone, 0) AS key "
    "FROM unnest(CAST(:phones AS text[])) AS phone ORDER BY 1) AS keys"
)


class SqlMessages(SqlBatches, SqlConversations):
    """Texts sent and received."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _message.c.user_id == work.owner

    @writing
    async def queue(self, texts: Sequence[ApprovedText]) -> Sequence[UUID]:
        """Queue approved texts in one statement; return the ids of those queued. A `dedupe_key` queues once."""
        rows = []
        for approved in texts:
            if not isinstance(approved, ApprovedText):
                raise Invalid("texts", "approved texts only", approved)
            self._work.own(approved.approval.user_id, "approval.user_id")
            parts = segments(approved.content).parts
            rows.append(message_to_row(approved.queued(self._work.now)) | {"parts": parts})
        if not rows:
            return []
        phones = sorted({approved.recipient for approved in texts if approved.recipient is not None})
        if phones:
            await self._work.run(_LOCK_PHONES, {"user_id": str(self._work.owner), "phones": phones})
        senders = sorted({approved.sender for approved in texts if approved.sender is not None})
        if senders:
            await self._work.run(MAKE_LANES, {"user_id": self._work.owner, "senders": senders})
        queued = await self._work.insert(_QUEUE, [[row[name] for row in rows] for name in _QUEUED])
        stored = set(queued.scalars())
        return [text_id for text_id in dict.fromkeys(approved.id for approved in texts) if text_id in stored]

    @writing
    async def receive(self, message: Message) -> bool:
        """Store an inbound text; False, and nothing stored, when its provider id is stored already."""
        self._work.own(message.user_id, "message.user_id")
        if message.direction is not Direction.INBOUND or message.delivery is not Delivery.RECEIVED:
            raise Invalid("message.direction", "an inbound text that was received", message)
        if message.provider_sid is None:
            raise Invalid("message.provider_sid", "the provider's id: without it a repeated text cannot be told", None)
        stored = await self._work.changed(
            upsert(_message)
            .values(message_to_row(message))
            .on_conflict_do_nothing(constraint="uq_message_user_id_provider_sid")
        )
        return stored == 1

    async def _one(self, which: ColumnElement[bool]) -> Message | None:
        row = await self._work.row(select(_message).where(self._mine, which))
        return None if row is None else message_from_row(row)

    @reading
    async def get(self, message_id: UUID) -> Message:
        """Return the message, or raise NotFound."""
        found = await self._one(_message.c.id == message_id)
        if found is None:
            raise NotFound("message", message_id)
        return found

    @reading
    async def by_sid(self, provider_sid: str) -> Message | None:
        """Return the message with this provider id."""
        return await self._one(_message.c.provider_sid == provider_sid)

    @reading
    async def of_briefing(self, briefing_id: UUID) -> Sequence[Message]:
        """Return the texts of one briefing, oldest first."""
        query = select(_message).where(self._mine, _message.c.briefing_id == briefing_id)
        rows = await self._work.rows(query.order_by(_message.c.created_at, _message.c.id))
        return [message_from_row(row) for row in rows]

    @reading
    async def of_client(self, client_id: UUID, limit: int) -> Sequence[Message]:
        """Return a client's texts, newest first."""
        query = select(_message).where(self._mine, _message.c.client_id == client_id)
        newest = query.order_by(_message.c.created_at.desc(), _message.c.id.desc()).limit(limit)
        return [message_from_row(row) for row in await self._work.rows(newest)]

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
        """Move a message along `DELIVERY` if it is in one of `expected` and, unless None, at this `attempt`.

        One statement, whose WHERE clause holds every guard: leaving `attempt` out of one such clause cost duplicates
        (reliability.md section 7).
        """
        if to is Delivery.SENDING:
            raise IllegalTransition("message", "queued", "sending", "only a claim starts a sending, with a lease")
        for state in expected:
            DELIVERY.move(state, to)
        row = _message.c
        guards = [self._mine, row.id == message_id, row.delivery.in_(expected)]
        values: dict[str, object] = {"delivery": to, "reason": reason, "lease_until": None}
        if attempt is not None:
            guards.append(row.attempt == attempt)
        if unposted:
            guards.append(row.posting_attempt < row.attempt)
        if provider_sid is not None:
            guards.append(or_(row.provider_sid.is_(None), row.provider_sid == provider_sid))
            values["provider_sid"] = provider_sid
        if to is Delivery.QUEUED:
            again = row.delivery == Delivery.IN_DOUBT
            guards.append(or_(row.delivery != Delivery.IN_DOUBT, row.resends < _MOST_RESENDS))
            values["resends"] = row.resends + case((again, 1), else_=0)
        if to is Delivery.SENT:
            values["sent_at"] = self._work.now
        if receipt is not None:
            values["receipt"] = case((_may_become(receipt), receipt.value), else_=row.receipt)
        if not_before is not None:
            values |= {"not_before": not_before, "window_end": window_end}
        return await self._work.changed(update(_message).where(and_(*guards)).values(values)) == 1

    @writing
    async def note_receipt(self, provider_sid: str, receipt: Receipt, error_code: str | None = None) -> bool:
        """Raise the receipt of a message; False when unknown or when the stored one ranks higher."""
        this = (self._mine, _message.c.provider_sid == provider_sid, _may_become(receipt))
        kept = case((_message.c.receipt == receipt.value, _message.c.error_code), else_=None)
        values = {"receipt": receipt.value, "error_code": kept if error_code is None else error_code}
        return await self._work.changed(update(_message).where(*this).values(values)) == 1

    @writing
    async def bill(
        self, provider_sid: str, *, segments: int | None, price_micros: int | None, price_currency: str | None
    ) -> bool:
        """Store what a text came to; None leaves what is stored. False when the text is unknown."""
        given = {"segments": segments, "price_micros": price_micros, "price_currency": price_currency}
        values = {name: func.coalesce(value, _message.c[name]) for name, value in given.items()}
        this = (self._mine, _message.c.provider_sid == provider_sid)
        return await self._work.changed(update(_message).where(*this).values(values)) == 1

    @writing
    async def withdraw(self, *, recipient: str | None, briefing_id: UUID | None, to: Delivery, reason: str) -> int:
        """Move every queued text to this phone, or of this briefing (both given: and), to WITHHELD or CANCELLED."""
        if to not in _WITHDRAWN:
            raise IllegalTransition("message", "queued", to.value, "what is withdrawn is withheld or cancelled")
        if recipient is None and briefing_id is None:
            raise Invalid("withdraw", "a recipient, a briefing or both", None)
        which = [self._mine, _message.c.delivery == Delivery.QUEUED]
        if recipient is not None:
            which.append(_message.c.recipient == recipient)
        if briefing_id is not None:
            which.append(_message.c.briefing_id == briefing_id)
        return await self._work.changed(update(_message).where(*which).values(delivery=to, reason=reason))

    @reading
    async def sent_to(self, recipient: str, since: datetime) -> Sequence[Message]:
        """Return outbound texts to this phone that were or may have been sent since (`claimed_at`), oldest first."""
        query = select(_message).where(
            self._mine,
            _message.c.recipient == recipient,
            _message.c.direction == Direction.OUTBOUND,
            _message.c.delivery.in_(MAYBE_SENT),
            _message.c.claimed_at >= since,
        )
        rows = await self._work.rows(query.order_by(_message.c.claimed_at, _message.c.id))
        return [message_from_row(row) for row in rows]

    @reading
    async def unconfirmed(self, limit: int) -> Sequence[Message]:
        """Return texts whose fate nobody knows, oldest claim first."""
        query = select(_message).where(self._mine, _message.c.delivery == Delivery.UNCONFIRMED)
        rows = await self._work.rows(query.order_by(_message.c.claimed_at, _message.c.id).limit(limit))
        return [message_from_row(row) for row in rows]

    @reading
    async def counts(self) -> Mapping[Delivery, int]:
        """Return how many outbound texts are in each state."""
        outbound = (self._mine, _message.c.direction == Direction.OUTBOUND)
        query = select(_message.c.delivery, func.count()).where(*outbound).group_by(_message.c.delivery)
        return await self._work.pairs(query)

    @reading
    async def withheld(self) -> Mapping[str, int]:
        """Return how many texts were withheld, per reason code."""
        withheld = (self._mine, _message.c.delivery == Delivery.WITHHELD)
        reason = func.coalesce(_message.c.reason, "")
        query = select(reason, func.count()).where(*withheld).group_by(reason)
        return await self._work.pairs(query)

    @writing
    async def mark_read(self, client_id: UUID) -> int:
        """Mark a client's inbound texts as read now; return how many were unread."""
        unread = (self._mine, _message.c.client_id == client_id, *_UNREAD)
        return await self._work.changed(update(_message).where(*unread).values(read_at=self._work.now))

    @reading
    async def unread_counts(self) -> Mapping[UUID, int]:
        """Return how many inbound texts nobody has read, per client who has any."""
        query = select(_message.c.client_id, func.count()).where(self._mine, *_UNREAD)
        return await self._work.pairs(query.group_by(_message.c.client_id))


_UNREAD = (_message.c.direction == Direction.INBOUND, _message.c.read_at.is_(None))


def _may_become(receipt: Receipt) -> ColumnElement[bool]:
    """Return the condition that the stored receipt ranks no higher than this one."""
    not_higher = [other.value for other in Receipt if other.rank <= receipt.rank]
    return or_(_message.c.receipt.is_(None), _message.c.receipt.in_(not_higher))
