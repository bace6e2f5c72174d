"""Instants and wall clocks, short to write in tests."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(text: str) -> datetime:
    """Return the instant of an ISO text in UTC: `utc("2026-07-01 12:00")`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    """Return what a clock shows, without a zone."""
    return datetime.fromisoformat(text)
