"""What the sending walk reads and marks of many texts at a time, each in one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select, text, update

from nudge_adapters.sql import tables
from nudge_adapters.sql.rows.texts import message_from_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.model.message import (
    DELIVERY,
    NEVER_TOLD,
    Delivery,
    Direction,
    EarlierTexts,
    LastWords,
    Message,
    MessageClass,
    Receipt,
)
from nudge_core.policy.slots import waits_for_slot

_message = tables.message
COLUMNS = ", ".join(f"m.{column.name}" for column in _message.c)
MAYBE_SENT = (Delivery.SENDING, Delivery.IN_DOUBT, Delivery.SENT, Delivery.UNCONFIRMED)
_ENDS = [state for state in Delivery if DELIVERY.is_final(state)]

_OPEN = ", ".join(f"'{state.value}'" for state, following in DELIVERY.edges.items() if Delivery.SENT in following)

_MARK = text(
    "UPDATE message SET posting_attempt = message.attempt FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[])) "
    "AS mine(id, attempt) WHERE message.user_id = :user_id AND message.id = mine.id "
    "AND message.delivery = 'sending' AND message.attempt = mine.attempt RETURNING message.id"
)


def _rank(receipt: str) -> str:
    """Return `Receipt.rank` of a column as SQL; -1 where there is none."""
    ranks = " ".join(f"WHEN '{one.value}' THEN {one.rank}" for one in Receipt)
    return f"CASE {receipt} {ranks} ELSE -1 END"


_ACCEPT = text(
    f"""
    UPDATE message m SET delivery = 'sent', sent_at = :now, lease_until = NULL, reason = NULL, provider_sid = proof.sid,
        receipt = CASE WHEN {_rank("proof.receipt")} >= {_rank("m.receipt")} THEN proof.receipt ELSE m.receipt END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:sids AS text[]), CAST(:receipts AS text[])) AS proof(id, sid, receipt)
    WHERE m.user_id = :user_id AND m.id = proof.id AND m.delivery IN ({_OPEN})
        AND (m.provider_sid IS NULL OR m.provider_sid = proof.sid)
    RETURNING m.id
    """  # noqa: S608 - our own states and ranks
)

# For each client two short walks down `ix_message_user_id_client_id`, newest first.
_LAST_WORDS = text(
    f"""
    SELECT {COLUMNS} FROM unnest(CAST(:ids AS uuid[])) AS person(id) CROSS JOIN LATERAL (
        (SELECT * FROM message WHERE user_id = :user_id AND client_id = person.id AND direction = 'INBOUND'
        ORDER BY created_at DESC, id DESC LIMIT 1)
        UNION ALL
        (SELECT * FROM message WHERE user_id = :user_id AND client_id = person.id AND source = 'MANUAL'
        AND delivery = 'sent' ORDER BY created_at DESC, id DESC LIMIT 1)
    ) AS m
    """  # noqa: S608 - our own columns
).columns(*_message.c)

_NEVER_TOLD = ", ".join(f"'{state.value}'" for state in sorted(NEVER_TOLD))

# Recent ones with their words; of older ones one row without, for "there was one".
_EARLIER = text(
    f"""
    SELECT person.id AS client_id, m.content
    FROM unnest(CAST(:ids AS uuid[])) AS person(id) CROSS JOIN LATERAL (
        (SELECT content, created_at, id FROM message WHERE user_id = :user_id AND client_id = person.id
        AND created_at >= :since AND direction = 'OUTBOUND' AND delivery NOT IN ({_NEVER_TOLD}))
        UNION ALL
        (SELECT NULL, created_at, id FROM message WHERE user_id = :user_id AND client_id = person.id
        AND created_at < :since AND direction = 'OUTBOUND' AND delivery NOT IN ({_NEVER_TOLD})
        ORDER BY created_at DESC LIMIT 1)
    ) AS m ORDER BY m.created_at, m.id
    """  # noqa: S608 - our own states
)


class SqlBatches:
    """The part of `Messages` that works on many texts."""

    _work: Work

    @writing
    async def begin_posting(self, message_id: UUID, attempt: int) -> bool:
        """Mark that the request of this attempt may begin; False when the claim is not ours."""
        return bool(await self._mark({message_id: attempt}))

    @writing
    async def begin_postings(self, attempts: Mapping[UUID, int]) -> frozenset[UUID]:
        """Mark several in one statement; return those that were marked."""
        return await self._mark(attempts)

    async def _mark(self, attempts: Mapping[UUID, int]) -> frozenset[UUID]:
        if not attempts:
            return frozenset()
        ordered = sorted(attempts)  # one order everywhere: two markers of the same rows do not wait for each other
        values = {"user_id": self._work.owner, "ids": ordered, "attempts": [attempts[one] for one in ordered]}
        return frozenset((await self._work.run(_MARK, values)).scalars())

    @writing
    async def accept(self, proofs: Mapping[UUID, tuple[str, Receipt]]) -> frozenset[UUID]:
        """Store that the carrier has these texts, in one statement; return those that became SENT by it."""
        if not proofs:
            return frozenset()
        ordered = sorted(proofs)
        values = {
            "user_id": self._work.owner,
            "now": self._work.now,
            "ids": ordered,
            "sids": [proofs[one][0] for one in ordered],
            "receipts": [proofs[one][1].value for one in ordered],
        }
        return frozenset((await self._work.run(_ACCEPT, values)).scalars())

    @writing
    async def put_off(
        self, message_id: UUID, *, attempt: int, reason: str, not_before: datetime, window_end: datetime | None
    ) -> bool:
        """Let a queued text wait, with a reason; False when it is not queued at this attempt any more."""
        row = _message.c
        this = and_(
            row.user_id == self._work.owner,
            row.id == message_id,
            row.delivery == Delivery.QUEUED,
            row.attempt == attempt,
        )
        values = {"reason": reason, "not_before": not_before, "window_end": window_end}
        return await self._work.changed(update(_message).where(this).values(values)) == 1

    @reading
    async def sent_to_each(self, recipients: Collection[str], since: datetime) -> Mapping[str, Sequence[Message]]:
        """Return what each of these phones was or may have been sent since then, oldest first."""
        row = _message.c
        query = select(_message).where(
            row.user_id == self._work.owner,
            row.recipient.in_(sorted(recipients)),
            row.direction == Direction.OUTBOUND,
            row.delivery.in_(MAYBE_SENT),
            row.claimed_at >= since,
        )
        found: dict[str, list[Message]] = {}
        for stored in await self._work.rows(query.order_by(row.claimed_at, row.id)):
            found.setdefault(stored["recipient"], []).append(message_from_row(stored))
        return found

    @reading
    async def last_words(self, client_ids: Collection[UUID]) -> Mapping[UUID, LastWords]:
        """Return each client's last words; a client without any has no entry."""
        rows = await self._work.rows(_LAST_WORDS, {"user_id": self._work.owner, "ids": sorted(client_ids)})
        heard: dict[UUID, Message] = {}
        written: dict[UUID, Message] = {}
        for message in map(message_from_row, rows):
            (heard if message.direction is Direction.INBOUND else written)[message.client_id] = message
        return {
            client_id: LastWords(inbound=heard.get(client_id), by_hand=written.get(client_id))
            for client_id in {*heard, *written}
        }

    @reading
    async def earlier(self, client_ids: Collection[UUID], since: datetime) -> Mapping[UUID, EarlierTexts]:
        """Return what each of these clients was texted, or may yet be; one without any has no entry."""
        values = {"user_id": self._work.owner, "ids": sorted(client_ids), "since": since}
        found: dict[UUID, list[str]] = {}
        for row in await self._work.rows(_EARLIER, values):
            recent = found.setdefault(row["client_id"], [])
            if row["content"] is not None:
                recent.append(row["content"])
        return {client_id: EarlierTexts(recent=tuple(recent)) for client_id, recent in found.items()}

    @reading
    async def waiting_for_slot(self, recipients: Collection[str]) -> Sequence[Message]:
        """Return queued texts to these phones that a cap holds back now, by id."""
        row = _message.c
        query = select(_message).where(
            row.user_id == self._work.owner,
            row.recipient.in_(sorted(recipients)),
            row.delivery == Delivery.QUEUED,
            row.due_at > self._work.now,
            row.message_class != MessageClass.SERVICE,
        )
        texts = [message_from_row(stored) for stored in await self._work.rows(query.order_by(row.id))]
        return [message for message in texts if waits_for_slot(message, self._work.now)]

    @reading
    async def is_unfinished(self, briefing_id: UUID) -> bool:
        """Say whether a text of this briefing has not come to its end."""
        row = _message.c
        this = (row.user_id == self._work.owner, row.briefing_id == briefing_id, row.delivery.not_in(_ENDS))
        return await self._work.row(select(row.id).where(*this).limit(1)) is not None
