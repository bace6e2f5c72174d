"""What of a record must never be kept: whatever is meant for agents only, or says who lives there and how to get in.

Fields are removed by name before a record is stored, at any depth, whatever prefix an MLS puts before the name
(`ACT_ShowingInstructions`). Source: `mls-feeds.md` sections 5 and 7, `features.md` part 2 defect 26.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import lru_cache

from nudge_adapters.feeds.values import storable
from nudge_core.errors import shape_of
from nudge_core.model.json import Json

_PRIVATE = re.compile(
    "|".join(
        (
            # remarks and comments that are not for the public (the two that are: _PUBLIC)
            *(
                "remark",
                "comments",
                "notes",
                "instruction",
                "confidential",
                "private(?!yn)",
                "internaluse",
                "directions",
            ),
            # how to get in
            *("showing", "lockbox", "lockcode", "lockcomb", "keybox", "keysafe", "supra"),
            *("(?:access|gate|door|entry|alarm|security|key)codes?", "accessinfo", "alarm"),
            # who lives there, and who sells or buys
            *("owner", "occupan", "tenant", "seller", "buyer", "resident(?!ial)", "manager", "contact"),
            # the agents, and what they earn
            *("agent", "agency", "member", "compensation", "commission"),
            # ways to reach anybody
            *("phone", "cellular", "pager", "voicemail", "email", "fax"),
            # never the business of a public text
            *("expirationdate", "password", "token", "secret", "license(?:number|id)"),
            # local fields of Spark v1: their names are free texts, so no pattern can be trusted with them
            "customfields",
        )
    )
)
_PUBLIC = frozenset({"publicremarks", "syndicationremarks"})
_NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")
_LABELS = ("Name", "Label", "Field", "FieldName", "Key", "Title", "name", "label", "field", "key")
"""Members that tell which field an object speaks of, as in HistoryTransactional (`FieldName`, `NewValue`)."""

MAX_DEPTH = 12
"""Nested objects below it are left out: no real record comes near, and a hostile one must not exhaust the stack."""

MAX_INTEGER = 2**63 - 1
"""Beyond it no database column and few JSON readers follow."""

MAX_UNREAD_CHARACTERS = 20_000
"""What is kept of a record that could not be read."""


@lru_cache(maxsize=8_192)
def is_private(name: str) -> bool:
    """Whether a field of this name must not be kept."""
    plain = _NO_LETTER_OR_DIGIT.sub("", name).casefold()
    return plain not in _PUBLIC and _PRIVATE.search(plain) is not None


@lru_cache(maxsize=8_192)
def _kept_name(name: str) -> str | None:
    """Return the name under which a field is kept, or None when it is not."""
    return None if is_private(name) else storable(name)


def public_part(record: Mapping[str, object]) -> dict[str, Json]:
    """Return a record as plain JSON without its private fields and without what cannot be stored.

    A NaN, an infinity, a number beyond `MAX_INTEGER` and anything deeper than `MAX_DEPTH` become null.
    """
    return _object(record, 0)


def unread_text(record: object) -> str:
    """Return a record that could not be read as JSON text, private fields removed.

    Of a bare text only its shape is told: there are no names by which to find what is private in it.
    """
    kept = f"({shape_of(record)})" if isinstance(record, str) else _value(record, 0)
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))[:MAX_UNREAD_CHARACTERS]


def _object(value: Mapping[str, object], depth: int) -> dict[str, Json]:
    kept: dict[str, Json] = {}
    for name, item in value.items():
        kept_name = _kept_name(name)
        if kept_name is not None:
            kept[kept_name] = storable(item) if isinstance(item, str) else _value(item, depth + 1)
    return kept


def _value(value: object, depth: int) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if abs(value) <= MAX_INTEGER else None
    if depth >= MAX_DEPTH:
        return None
    if isinstance(value, (list, tuple)):
        return [_value(item, depth + 1) for item in value if not _speaks_of_private(item)]
    if isinstance(value, Mapping):
        return _object(value, depth)
    return None


def _speaks_of_private(item: object) -> bool:
    if isinstance(item, str) or not isinstance(item, Mapping):  # most items are texts, and that is told fast
        return False
    return any(isinstance(item.get(label), str) and is_private(str(item[label])) for label in _LABELS)
