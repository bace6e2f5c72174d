"""Instants and wall clocks, short to write in tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def utc(text: str) -> datetime:
    """Return the instant of an ISO text in UTC: `utc("2026-07-01 12:00")`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    """Return what a clock shows, without a zone."""
    return datetime.fromisoformat(text)


class MovedClock:
    """A clock that stands still until it is moved; also the monotonic one and the way to wait."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._now = start

    def now(self) -> datetime:
        """Return the present instant."""
        return self._now

    def move(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._now += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return (self._now - self._start).total_seconds()

    async def pause(self, seconds: float) -> None:
        """Wait in no time."""
        self.move(seconds)
