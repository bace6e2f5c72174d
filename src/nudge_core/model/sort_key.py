"""Where a page ended, as texts: written from the sort columns of its last row, read back when the list goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from nudge_core.errors import Invalid


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.utcoffset() != timedelta(0):
        raise ValueError
    return instant


def _whole(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**63:  # what a bigint column holds
        raise ValueError
    return number


def _score(text: str) -> float:
    score = float(text)
    if not 0 <= score <= 100:
        raise ValueError
    return score


_READ: Mapping[type, Callable[[str], object]] = MappingProxyType(
    {datetime: _instant, int: _whole, float: _score, UUID: UUID}
)


def written(*columns: datetime | float | UUID) -> tuple[str, ...]:
    """Return the key of a row whose sort columns hold these values."""
    return tuple(column.isoformat() if isinstance(column, datetime) else str(column) for column in columns)


# Any: the caller knows the kinds it asked for.
def read(after: Sequence[str], *kinds: type) -> tuple[Any, ...]:
    """Return the values of a key that `written` made of columns of these kinds.

    Args:
        after: the key.
        kinds: `datetime` (UTC), `int` (0 or more), `float` (a score, 0 to 100) or `UUID`, in order.

    Raises:
        Invalid: it is no such key.
    """
    try:
        return tuple(_READ[kind](text) for kind, text in zip(kinds, after, strict=True))
    except ValueError as error:
        raise Invalid("cursor", "a cursor that this list returned", tuple(after)) from error
