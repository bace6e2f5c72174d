"""What carriers told us."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, func, or_, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from nudge_adapters.sql import tables
from nudge_adapters.sql.across import KEYS, Across
from nudge_adapters.sql.rows.carrier import event_from_row, event_to_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import NotFound
from nudge_core.model.carrier_event import CarrierEvent, EventKind

_event, _cursor = tables.carrierevent, tables.inboundcursor


_FIND = Across(
    name="find_event",
    takes={"event": "uuid"},
    gives=KEYS,
    statement="SELECT e.user_id, e.id FROM carrierevent e WHERE e.id = :event",
)
_WAITING = Across(
    name="waiting_events",
    takes={"sids": "text[]"},
    gives=KEYS,
    statement=f"""
    SELECT e.user_id, e.id FROM carrierevent e
    WHERE e.kind = '{EventKind.STATUS.value}' AND e.provider_sid = ANY (:sids) AND e.handled_at IS NULL
    """,  # noqa: S608 - our own word
)
_UNHANDLED = Across(
    name="unhandled_events",
    takes={"since": "timestamptz", "after_at": "timestamptz", "after_id": "uuid", "limit": "int"},
    gives=KEYS,
    statement="""
    SELECT e.user_id, e.id FROM carrierevent e
    WHERE e.handled_at IS NULL AND e.error IS NULL AND e.received_at >= :since
    AND (:after_at IS NULL OR (e.received_at, e.id) > (:after_at, :after_id))
    ORDER BY e.received_at, e.id LIMIT :limit
    """,
)
ACROSS = (_FIND, _WAITING, _UNHANDLED)
_ASK_FIND, _ASK_WAITING, _ASK_UNHANDLED = _FIND.rows(_event), _WAITING.rows(_event), _UNHANDLED.rows(_event)


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
        async with self._work.acting_for(event.user_id):
            return await self._work.changed(new) == 1

    @reading
    async def find(self, event_id: UUID) -> CarrierEvent | None:
        """Return the event, or None."""
        return await self._find(event_id)

    async def _find(self, event_id: UUID) -> CarrierEvent | None:
        if self._work.user_id is None:
            found = await self._work.rows(_ASK_FIND, {"event": event_id})
        else:
            found = await self._work.rows(select(_event).where(self._visible, _event.c.id == event_id))
        return event_from_row(found[0]) if found else None

    @writing
    async def mark(self, event_id: UUID, *, handled: bool, error: str | None = None) -> None:
        """Say that an event has had its effect, or that it has not, and why. Raises NotFound."""
        values: dict[str, object] = {"handled_at": self._work.now if handled else None, "error": error}
        if self._work.user_id is not None:
            values["user_id"] = self._work.user_id
        this = update(_event).where(self._visible, _event.c.id == event_id).values(values)
        stored = await self._find(event_id) if self._work.user_id is None else None
        async with self._work.acting_for(None if stored is None else stored.user_id):
            marked = await self._work.changed(this)
        if marked == 0:
            raise NotFound("carrier event", event_id)

    @reading
    async def waiting_for(self, provider_sids: Collection[str]) -> Sequence[CarrierEvent]:
        """Return the status events of these texts that are not handled, in order of arrival; one query."""
        if self._work.user_id is None:
            return _in_order(await self._work.rows(_ASK_WAITING, {"sids": sorted(provider_sids)}))
        query = select(_event).where(
            self._visible,
            _event.c.kind == EventKind.STATUS.value,
            _event.c.provider_sid.in_(sorted(provider_sids)),
            _event.c.handled_at.is_(None),
        )
        return _in_order(await self._work.rows(query))

    @reading
    async def unhandled(
        self, since: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[CarrierEvent]:
        """Return events that are not handled and did not fail, in order of (`received_at`, `id`)."""
        if self._work.user_id is None:
            place = dict(zip(("after_at", "after_id"), after or (None, None), strict=True))
            return _in_order(await self._work.rows(_ASK_UNHANDLED, {"since": since, "limit": limit, **place}))
        query = select(_event).where(
            self._visible, _event.c.handled_at.is_(None), _event.c.error.is_(None), _event.c.received_at >= since
        )
        if after is not None:
            query = query.where(tuple_(_event.c.received_at, _event.c.id) > after)
        return _in_order(await self._work.rows(query.order_by(_event.c.received_at, _event.c.id).limit(limit)))

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


def _in_order(rows: Sequence[RowMapping]) -> Sequence[CarrierEvent]:
    return sorted(map(event_from_row, rows), key=lambda event: (event.received_at, event.id))
