"""The machine's own time and ids: the harmful originals of what tests freeze and seed."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return datetime.now(UTC)


class RandomIds:
    """Ids that nobody can guess."""

    def new(self) -> UUID:
        """Return a random id (UUID version 4)."""
        return uuid4()
