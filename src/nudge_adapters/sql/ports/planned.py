"""Planned texts: of one professional, and what of all of them is due; and what happened beside our texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from attrs import evolve
from sqlalchemy import ColumnElement, RowMapping, any_, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from nudge_adapters.sql import tables
from nudge_adapters.sql.across import KEYS, Across
from nudge_adapters.sql.ports.keyset import Sorted, beyond
from nudge_adapters.sql.rows.planned import (
    interaction_from_row,
    interaction_to_row,
    scheduled_from_row,
    scheduled_to_row,
)
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import Conflict, NotFound
from nudge_core.model.interaction import HUMAN_CONTACT, Interaction
from nudge_core.model.message import DELIVERY, SCHEDULED, Delivery, ScheduledMessage, ScheduledStatus
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.sort_key import read, written

_planned, _interaction = tables.scheduledmessage, tables.interaction

_ENDED = ", ".join(f"'{state.value}'" for state in Delivery if DELIVERY.is_final(state))
_SOONEST = (Sorted(_planned.c.scheduled_at_utc), Sorted(_planned.c.id))
_LATEST = (Sorted(_interaction.c.at, descending=True), Sorted(_interaction.c.id, descending=True))

# From when on a release has something to do; NULL while the text waits for a person.
_DUE_AT = """
    CASE WHEN s.approval_id IS NULL OR EXISTS (
        SELECT FROM campaignbriefing p
        WHERE p.user_id = s.user_id AND p.id = s.parent_plan_id AND p.status IN ('PAUSED', 'DRAFT'))
    THEN s.not_after ELSE least(s.scheduled_at_utc, s.not_after) END
"""

_CLAIM = Across(
    name="claim_planned",
    changes=True,
    takes={"now": "timestamptz", "lease_until": "timestamptz", "limit": "int"},
    gives=KEYS,
    statement=f"""
    UPDATE scheduledmessage p SET lease_until = :lease_until
    WHERE p.ctid = ANY (ARRAY (
        SELECT s.ctid FROM scheduledmessage s
        WHERE s.status = 'PENDING' AND (s.lease_until IS NULL OR s.lease_until <= :now)
        AND (s.scheduled_at_utc <= :now OR s.not_after <= :now) AND {_DUE_AT} <= :now
        ORDER BY s.scheduled_at_utc, s.id LIMIT :limit FOR UPDATE OF s SKIP LOCKED))
    RETURNING p.user_id, p.id
    """,  # noqa: S608 - only names of ours are put in
)
_NEXT_DUE = Across(
    name="next_planned",
    takes={},
    gives="timestamptz",
    statement=f"SELECT min({_DUE_AT}) FROM scheduledmessage s WHERE s.status = 'PENDING'",  # noqa: S608 - only names of ours are put in
)
_UNFOLLOWED = Across(
    name="unfollowed",
    takes={"limit": "int"},
    gives=KEYS,
    statement=f"""
    SELECT s.user_id, s.id FROM scheduledmessage s JOIN message m ON m.user_id = s.user_id AND m.id = s.message_id
    WHERE s.status = 'RELEASED' AND m.delivery IN ({_ENDED}) ORDER BY s.scheduled_at_utc, s.id LIMIT :limit
    """,  # noqa: S608 - our own states
)
ACROSS = (_CLAIM, _NEXT_DUE, _UNFOLLOWED)
_TAKE, _ASK_NEXT_DUE, _ASK_UNFOLLOWED = _CLAIM.rows(_planned), _NEXT_DUE.call(), _UNFOLLOWED.rows(_planned)


class SqlScheduled:
    """Planned texts."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _planned.c.user_id == work.owner

    @writing
    async def add(self, messages: Sequence[ScheduledMessage]) -> None:
        """Store new ones. Raises Conflict when an id is taken or a series has a PENDING occurrence already."""
        for message in messages:
            self._work.own(message.user_id, "scheduledmessage.user_id")
        if messages:
            await self._work.run(insert(_planned), [scheduled_to_row(message) for message in messages])

    async def _stored(self, message_id: UUID, *, lock: bool) -> ScheduledMessage:
        query = select(_planned).where(self._mine, _planned.c.id == message_id)
        row = await self._work.row(query.with_for_update() if lock else query)
        if row is None:
            raise NotFound("scheduled message", message_id)
        return scheduled_from_row(row)

    @reading
    async def get(self, message_id: UUID) -> ScheduledMessage:
        """Return one, or raise NotFound."""
        return await self._stored(message_id, lock=False)

    @writing
    async def save(self, message: ScheduledMessage) -> ScheduledMessage:
        """Store a changed one over the version it was read at; return it with its new version."""
        self._work.own(message.user_id, "scheduledmessage.user_id")
        stored = await self._stored(message.id, lock=True)
        if stored.version != message.version:
            raise Conflict("scheduled message", "somebody changed it since it was read")
        if stored.status is not message.status:
            SCHEDULED.move(stored.status, message.status)
        saved = evolve(message, version=message.version + 1)
        this = (self._mine, _planned.c.id == message.id)
        await self._work.run(update(_planned).where(*this).values(scheduled_to_row(saved)))
        return saved

    @reading
    async def of_client(self, client_id: UUID) -> Sequence[ScheduledMessage]:
        """Return a client's planned texts, soonest first."""
        return await self._soonest(_planned.c.client_id == client_id)

    @reading
    async def of_plan(self, plan_id: UUID) -> Sequence[ScheduledMessage]:
        """Return the planned texts of a plan, soonest first."""
        return await self._soonest(_planned.c.parent_plan_id == plan_id)

    @reading
    async def of_plans(self, plan_ids: Collection[UUID]) -> Mapping[UUID, Sequence[ScheduledMessage]]:
        """Return the planned texts of each of these plans, soonest first; one without any has no entry."""
        found: dict[UUID, list[ScheduledMessage]] = {}
        for row in await self._soonest(_planned.c.parent_plan_id.in_(sorted(plan_ids))):
            found.setdefault(cast("UUID", row.parent_plan_id), []).append(row)
        return found

    @reading
    async def page(
        self, client_id: UUID | None, status: ScheduledStatus | None, request: PageRequest
    ) -> Page[ScheduledMessage]:
        """Return a page of the planned texts, soonest first."""
        conditions = [self._mine]
        if client_id is not None:
            conditions.append(_planned.c.client_id == client_id)
        if status is not None:
            conditions.append(_planned.c.status == status)
        if request.after is not None:
            conditions.append(beyond(_SOONEST, read(request.after, datetime, UUID)))
        query = select(_planned).where(*conditions).order_by(*(one.order for one in _SOONEST))
        rows = await self._work.rows(query.limit(request.limit + 1))
        shown = tuple(scheduled_from_row(row) for row in rows[: request.limit])
        last = written(shown[-1].scheduled_at_utc, shown[-1].id) if len(rows) > len(shown) else None
        return Page(items=shown, last=last)

    async def _soonest(self, which: ColumnElement[bool]) -> Sequence[ScheduledMessage]:
        query = select(_planned).where(self._mine, which).order_by(_planned.c.scheduled_at_utc, _planned.c.id)
        return [scheduled_from_row(row) for row in await self._work.rows(query)]


class SqlSchedules:
    """What is due, of everybody."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def claim(self, limit: int, lease_s: float) -> Sequence[ScheduledMessage]:
        """Take planned texts for which something is to be done, soonest first, for `lease_s` seconds."""
        now = self._work.now
        wanted = {"now": now, "lease_until": now + timedelta(seconds=lease_s), "limit": limit}
        return _soonest(await self._work.rows(_TAKE, wanted))

    @reading
    async def unfollowed(self, limit: int) -> Sequence[ScheduledMessage]:
        """Return RELEASED ones whose message has reached a final state, soonest first."""
        return _soonest(await self._work.rows(_ASK_UNFOLLOWED, {"limit": limit}))

    @reading
    async def next_due(self) -> datetime | None:
        """Return when the next planned text that `claim` would take becomes due, or None."""
        due: datetime | None = (await self._work.run(_ASK_NEXT_DUE)).scalar()
        return due


def _soonest(rows: Sequence[RowMapping]) -> Sequence[ScheduledMessage]:
    return sorted(map(scheduled_from_row, rows), key=lambda one: (one.scheduled_at_utc, one.id))


class SqlInteractions:
    """What happened with clients outside our texts."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _interaction.c.user_id == work.owner

    @writing
    async def add(self, interactions: Sequence[Interaction]) -> None:
        """Store records. Raises Conflict when an id is taken."""
        for interaction in interactions:
            self._work.own(interaction.user_id, "interaction.user_id")
        if interactions:
            await self._work.run(insert(_interaction), [interaction_to_row(one) for one in interactions])

    @reading
    async def of_client(self, client_id: UUID, limit: int) -> Sequence[Interaction]:
        """Return a client's records, the latest first."""
        query = select(_interaction).where(self._mine, _interaction.c.client_id == client_id)
        latest = query.order_by(_interaction.c.at.desc(), _interaction.c.id.desc()).limit(limit)
        return [interaction_from_row(row) for row in await self._work.rows(latest)]

    @reading
    async def page(self, client_id: UUID, request: PageRequest) -> Page[Interaction]:
        """Return a page of a client's records, the latest first."""
        conditions = [self._mine, _interaction.c.client_id == client_id]
        if request.after is not None:
            conditions.append(beyond(_LATEST, read(request.after, datetime, UUID)))
        query = select(_interaction).where(*conditions).order_by(*(one.order for one in _LATEST))
        rows = await self._work.rows(query.limit(request.limit + 1))
        shown = tuple(interaction_from_row(row) for row in rows[: request.limit])
        return Page(items=shown, last=written(shown[-1].at, shown[-1].id) if len(rows) > len(shown) else None)

    @reading
    async def latest_contact(self, client_ids: Sequence[UUID]) -> Mapping[UUID, datetime]:
        """Return when each of these clients last talked with a person, where there is a record."""
        talked = (
            _interaction.c.client_id == any_(literal(list(client_ids), ARRAY(Uuid))),
            _interaction.c.kind.in_(sorted(HUMAN_CONTACT)),
        )
        latest = select(_interaction.c.client_id, func.max(_interaction.c.at)).where(self._mine, *talked)
        return await self._work.pairs(latest.group_by(_interaction.c.client_id))
