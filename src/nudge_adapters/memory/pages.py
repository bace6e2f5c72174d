"""A page of rows in memory: the meaning that the pages of every store have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from nudge_core.model.page import Page, PageRequest
from nudge_core.model.page_key import SortKind, SortValue, to_texts, to_values

T = TypeVar("T")


def page_of(
    rows: Iterable[T],
    request: PageRequest,
    key: Callable[[T], tuple[SortValue, ...]],
    kinds: tuple[SortKind, ...],
    *,
    descending: bool = False,
) -> Page[T]:
    """Return the page of `rows` that was asked for, sorted by `key`, whose values are of `kinds`.

    Raises:
        Invalid: the request goes on after what is no key of this list.
    """
    after: Any = None if request.after is None else to_values(request.after, kinds)  # Any: compared value by value
    ordered = sorted(rows, key=key, reverse=descending)
    if after is not None:
        ordered = [row for row in ordered if (key(row) < after if descending else key(row) > after)]
    items = tuple(ordered[: request.limit])
    return Page(items=items, last=to_texts(key(items[-1])) if len(ordered) > len(items) else None)
