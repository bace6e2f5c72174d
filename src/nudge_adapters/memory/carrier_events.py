"""What carriers told us."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.errors import NotFound
from nudge_core.model.carrier_event import CarrierEvent, EventKind


class MemoryCarrierEvents:
    """Raw events and how far each number has been asked; in a tenant's transaction theirs and nobody's."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._users = world.users
        self._events = world.carrier_events
        self._read_until = world.read_until

    def _visible(self, event: CarrierEvent) -> bool:
        return self._work.user_id is None or event.user_id in (None, self._work.user_id)

    def _sorted(self) -> list[CarrierEvent]:
        seen = [event for event in self._events.rows() if self._visible(event)]
        return sorted(seen, key=lambda event: (event.received_at, event.id))

    @writing
    async def add(self, event: CarrierEvent) -> bool:
        """Store an event; False, and nothing stored, when one of its kind, sid and status is there already."""
        self._work.own(event.user_id, "carrierevent.user_id")
        if event.id in self._events:
            return False
        if event.user_id is not None:
            self._users.need(event.user_id, "user")
        self._events.put(event.id, event)
        return True

    @reading
    async def find(self, event_id: UUID) -> CarrierEvent | None:
        """Return the event, or None."""
        event = self._events.get(event_id)
        return event if event is not None and self._visible(event) else None

    @writing
    async def mark(self, event_id: UUID, *, handled: bool, error: str | None = None) -> None:
        """Say that an event has had its effect, or that it has not, and why. Raises NotFound."""
        event = self._events.get(event_id)
        if event is None or not self._visible(event):
            raise NotFound("carrier event", event_id)
        owner = event.user_id if self._work.user_id is None else self._work.user_id
        at = self._work.now if handled else None
        self._events.put(event_id, evolve(event, user_id=owner, handled_at=at, error=error))

    @reading
    async def waiting_for(self, provider_sids: Collection[str]) -> Sequence[CarrierEvent]:
        """Return the status events of these texts that are not handled, in order of arrival; one query."""
        return [
            event
            for event in self._sorted()
            if event.arrival.provider_sid in provider_sids
            and event.arrival.kind is EventKind.STATUS
            and event.handled_at is None
        ]

    @reading
    async def unhandled(
        self, since: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[CarrierEvent]:
        """Return events that are not handled and did not fail, in order of (`received_at`, `id`)."""
        return [
            event
            for event in self._sorted()
            if event.handled_at is None
            and event.error is None
            and event.received_at >= since
            and (after is None or (event.received_at, event.id) > after)
        ][:limit]

    @reading
    async def read_until(self, phone: str) -> datetime | None:
        """Return until when the texts sent to this number of ours have been asked for; None: never."""
        return self._read_until.get(phone)

    @writing
    async def advance(self, phone: str, read_until: datetime) -> None:
        """Store that the texts to this number are known until then. It never goes back."""
        stored = self._read_until.get(phone)
        if stored is None or stored < read_until:
            self._read_until.put(phone, read_until)
