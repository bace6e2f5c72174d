"""The key of a page: sort values as texts, and back. What comes back is a caller's input, so every part is checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from nudge_core.errors import Invalid
from nudge_core.model.json import storable

SortValue: TypeAlias = datetime | int | str | UUID
SortKind: TypeAlias = type[datetime] | type[int] | type[str] | type[UUID]

LARGEST = 2**31 - 1
"""A sort column of numbers is a PostgreSQL integer."""

_RULE = "a cursor that this list returned"


def to_texts(values: Sequence[SortValue]) -> tuple[str, ...]:
    """Return the key of the row whose sort columns hold these values."""
    return tuple(value.isoformat() if isinstance(value, datetime) else str(value) for value in values)


def to_values(key: Sequence[str], kinds: Sequence[SortKind]) -> tuple[SortValue, ...]:
    """Return the values that a key stands for.

    Raises:
        Invalid: it is no key of such columns.
    """
    if len(key) != len(kinds):
        raise Invalid("cursor", _RULE, key)
    return tuple(_value(text, kind) for text, kind in zip(key, kinds, strict=True))


def _value(text: str, kind: SortKind) -> SortValue:
    try:
        if issubclass(kind, datetime):
            instant = datetime.fromisoformat(text)
            if instant.utcoffset() != timedelta(0):
                raise Invalid("cursor", _RULE, text)
            return instant
        if issubclass(kind, UUID):
            return UUID(text)
        if issubclass(kind, int):
            return _number(text)
    except ValueError as error:
        raise Invalid("cursor", _RULE, text) from error
    if storable(text) != text:
        raise Invalid("cursor", _RULE, text)
    return text


def _number(text: str) -> int:
    if len(text) > len(str(LARGEST)) or not 0 <= int(text) <= LARGEST:
        raise Invalid("cursor", _RULE, text)
    return int(text)
