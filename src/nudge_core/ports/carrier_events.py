"""Storage of what carriers told us: reached from both kinds of transaction, since some of it belongs to nobody yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from nudge_core.model.carrier_event import CarrierEvent


class CarrierEvents(Protocol):
    """Raw events, once each. Append-only but for their mark.

    A professional's transaction sees their own events and nobody's; one that it marks becomes theirs.
    """

    async def add(self, event: CarrierEvent) -> bool:
        """Store an event; False, and nothing stored, when one of its kind, sid and status is there already.

        Who adds the same event at the same moment waits until the first transaction has ended.
        """
        ...

    async def find(self, event_id: UUID) -> CarrierEvent | None:
        """Return the event, or None."""
        ...

    async def mark(self, event_id: UUID, *, handled: bool, error: str | None = None) -> None:
        """Say that an event has had its effect, or that it has not, and why. Raises NotFound."""
        ...

    async def waiting_for(self, provider_sids: Collection[str]) -> Sequence[CarrierEvent]:
        """Return the status events of these texts that are not handled, in order of arrival; one query."""
        ...

    async def unhandled(
        self, since: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[CarrierEvent]:
        """Return events that are not handled and did not fail, in order of (`received_at`, `id`).

        Args:
            since: those received then or later.
            after: the place of the last one seen, to read on; None begins.
            limit: so many at most.
        """
        ...

    async def read_until(self, phone: str) -> datetime | None:
        """Return until when the texts sent to this number of ours have been asked for; None: never."""
        ...

    async def advance(self, phone: str, read_until: datetime) -> None:
        """Store that the texts to this number are known until then. It never goes back."""
        ...
