"""Instants that a caller names, as the core takes them."""

from __future__ import annotations

from datetime import UTC, datetime

from nudge_core.errors import Invalid


def utc(name: str, instant: datetime) -> datetime:
    """Return an instant in UTC.

    Args:
        name: of the parameter or member.
        instant: with an offset.

    Raises:
        Invalid: it has none, or lies outside the calendar once its offset is taken off.
    """
    if instant.tzinfo is None:
        raise Invalid(name, "an instant with an offset, such as 2026-07-01T12:00:00Z", None)
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise Invalid(name, "an instant of the years 1 to 9999", None) from error
