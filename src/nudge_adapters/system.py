"""The machine's own time and ids: the harmful originals of what tests freeze and seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from attrs import frozen


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return datetime.now(UTC)


@frozen
class AheadClock:
    """The time of this machine, so many seconds ahead: for practice and drills that must not wait for a lawful hour."""

    ahead_s: float

    def now(self) -> datetime:
        """Return the present instant, moved, in UTC."""
        return SystemClock().now() + timedelta(seconds=self.ahead_s)


class RandomIds:
    """Ids that nobody can guess."""

    def new(self) -> UUID:
        """Return a random id (UUID version 4)."""
        return uuid4()
