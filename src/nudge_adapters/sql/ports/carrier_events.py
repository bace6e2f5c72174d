"""What carriers told us."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from nudge_adapters.sql import tables
from nudge_adapters.sql.rows.carrier import event_from_row, event_to_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import NotFound
from nudge_core.model.carrier_event import CarrierEvent, EventKind

_event, _cursor = tables.carrierevent, tables.inboundcursor


class SqlCarrierEvents:
    """Raw events and how far each number has been asked; in a tenant's transaction theirs and nobody's."""

    def __init__(self, work: Work) -> None:
        self._work = work
        mine = or_(_event.c.user_id.is_(None), _event.c.user_id == work.user_id)
        self._visible: ColumnElement[bool] = true() if work.user_id is None else mine

    @writing
    async def add(self, event: CarrierEvent) -> bool:
        """Store an event; False, and nothing stored, when one of its kind, sid and status is there already.

        Who adds the same one at the same moment waits for the first transaction: PostgreSQL waits on the unique key.
        """
        self._work.own(event.user_id, "carrierevent.user_id")
        new = upsert(_event).values(event_to_row(event)).on_conflict_do_nothing()
        return await self._work.changed(new) == 1

    @reading
    async def find(self, event_id: UUID) -> CarrierEvent | None:
        """Return the event, or None."""
        row = await self._work.row(select(_event).where(self._visible, _event.c.id == event_id))
        return None if row is None else event_from_row(row)

    @writing
    async def mark(self, event_id: UUID, *, handled: bool, error: str | None = None) -> None:
        """Say that an event has had its effect, or that it has not, and why. Raises NotFound."""
        values: dict[str, object] = {"handled_at": self._work.now if handled else None, "error": error}
        if self._work.user_id is not None:
            values["user_id"] = self._work.user_id
        this = update(_event).where(self._visible, _event.c.id == event_id).values(values)
        if await self._work.changed(this) == 0:
            raise NotFound("carrier event", event_id)

    @reading
    async def waiting_for(self, provider_sids: Collection[str]) -> Sequence[CarrierEvent]:
        """Return the status events of these texts that are not handled, in order of arrival; one query."""
        query = select(_event).where(
            self._visible,
            _event.c.kind == EventKind.STATUS.value,
            _event.c.provider_sid.in_(sorted(provider_sids)),
            _event.c.handled_at.is_(None),
        )
        rows = await self._work.rows(query.order_by(_event.c.received_at, _event.c.id))
        return [event_from_row(row) for row in rows]

    @reading
    async def unhandled(
        self, since: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[CarrierEvent]:
        """Return events that are not handled and did not fail, in order of (`received_at`, `id`)."""
        query = select(_event).where(
            self._visible, _event.c.handled_at.is_(None), _event.c.error.is_(None), _event.c.received_at >= since
        )
        if after is not None:
            query = query.where(tuple_(_event.c.received_at, _event.c.id) > after)
        rows = await self._work.rows(query.order_by(_event.c.received_at, _event.c.id).limit(limit))
        return [event_from_row(row) for row in rows]

    @reading
    async def read_until(self, phone: str) -> datetime | None:
        """Return until when the texts sent to this number of ours have been asked for; None: never."""
        query = select(_cursor.c.read_until).where(_cursor.c.phone == phone)
        until: datetime | None = (await self._work.run(query)).scalar()
        return until

    @writing
    async def advance(self, phone: str, read_until: datetime) -> None:
        """Store that the texts to this number are known until then. It never goes back."""
        new = upsert(_cursor).values(phone=phone, read_until=read_until)
        later = func.greatest(_cursor.c.read_until, new.excluded.read_until)
        await self._work.run(new.on_conflict_do_update(constraint="pk_inboundcursor", set_={"read_until": later}))
