"""Cursors: where a page ended, as a text that a client only hands back.

A cursor belongs to one list with one order and one filter (its `of`): with another one it is refused, not misread.
It holds no secret and grants nothing: the list it goes on in is still the caller's own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json

from nudge_core.errors import Invalid
from nudge_core.model.page import USUAL_ITEMS, PageRequest

LONGEST_CURSOR = 1_000  # characters
_FINGERPRINT = 8  # characters: it tells lists apart, it protects nothing


def page_request(of: str, limit: int | None, cursor: str | None) -> PageRequest:
    """Return what a caller asks for.

    Args:
        of: the list, its order and its filter in words that are the same for every page of it.
        limit: items, or None for the usual number.
        cursor: from the page before, or None for the first one.

    Raises:
        Invalid: the limit is out of bounds, or the cursor is none of this list.
    """
    return PageRequest(
        limit=USUAL_ITEMS if limit is None else limit, after=None if cursor is None else _read(of, cursor)
    )


def cursor_after(of: str, last: tuple[str, ...] | None) -> str | None:
    """Return the cursor of the next page; None when there is none."""
    if last is None:
        return None
    return base64.urlsafe_b64encode(json.dumps([_mark(of), *last]).encode()).decode().rstrip("=")


def _read(of: str, cursor: str) -> tuple[str, ...]:
    rule = "a cursor that this list returned, with the same order and filter"
    if len(cursor) > LONGEST_CURSOR:
        raise Invalid("cursor", rule, cursor)
    try:
        told = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise Invalid("cursor", rule, cursor) from error
    if not isinstance(told, list) or not all(isinstance(part, str) for part in told) or told[:1] != [_mark(of)]:
        raise Invalid("cursor", rule, cursor)
    return tuple(told[1:])


def _mark(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()[:_FINGERPRINT]
