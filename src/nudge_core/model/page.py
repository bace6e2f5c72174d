"""One page of a list: what was asked for, and what was found. Keyset paging: nothing shifts when rows come and go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar
from uuid import UUID

from attrs import field, frozen

from nudge_core.errors import Invalid
from nudge_core.model import fields

T = TypeVar("T")

MOST_ITEMS = 200
"""On one page: about what a screen scrolls through, and bounded work for the database."""

USUAL_ITEMS = 50


def _texts(values: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


@frozen(kw_only=True)
class PageRequest:
    """At most `limit` items after the one whose sort key is `after`; None: from the beginning.

    The key is written by the store that will read it: the texts of its sort columns, the id last, so that the order
    is total. It is the caller's input again on the next page: whoever reads it raises Invalid("cursor", ...).
    """

    limit: int = field(default=USUAL_ITEMS, validator=fields.between(1, MOST_ITEMS))
    after: tuple[str, ...] | None = field(default=None, converter=_texts, repr=False)


@frozen(kw_only=True)
class Page(Generic[T]):
    """Items in order. `last`: the key to go on after; None when there is nothing more."""

    items: tuple[T, ...]
    last: tuple[str, ...] | None = field(default=None, repr=False)


def id_after(request: PageRequest) -> UUID | None:
    """Return the id of the item to go on after, of a list whose key is an id. Raises Invalid: it is none."""
    if request.after is None:
        return None
    try:
        (text,) = request.after
        return UUID(text)
    except ValueError as error:
        raise Invalid("cursor", "a cursor that this list returned", None) from error
