"""A page of a list, read after the key where the page before ended: one query of one row more than asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, Uuid, literal, tuple_

from nudge_adapters.sql.rows.values import Row
from nudge_adapters.sql.work import Work
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.page_key import SortKind, to_texts, to_values

T = TypeVar("T")
AnyColumn = ColumnElement[Any]  # Any: sort columns of every type


async def read_page(
    work: Work,
    query: Select[Any],
    columns: Sequence[AnyColumn],
    request: PageRequest,
    make: Callable[[Row], T],
    *,
    descending: bool = False,
) -> Page[T]:
    """Return the page of `query` that was asked for, sorted by `columns`, all in one direction.

    Texts are compared by code point, as the memory store does: a database's collation differs between machines.

    Raises:
        Invalid: the request goes on after what is no key of this list.
    """
    sorted_by = [column.collate("C") if _kind(column) is str else column for column in columns]
    if request.after is not None:
        values = to_values(request.after, [_kind(column) for column in columns])
        key = tuple_(*(literal(value, column.type) for value, column in zip(values, columns, strict=True)))
        here = tuple_(*sorted_by)
        query = query.where(here < key if descending else here > key)
    order = [column.desc() if descending else column.asc() for column in sorted_by]
    rows = await work.rows(query.order_by(*order).limit(request.limit + 1))
    shown = rows[: request.limit]
    last = to_texts([shown[-1][column.key or ""] for column in columns]) if len(rows) > len(shown) else None
    return Page(items=tuple(make(row) for row in shown), last=last)


def _kind(column: AnyColumn) -> SortKind:
    if isinstance(column.type, Uuid):
        return UUID
    if isinstance(column.type, Integer):
        return int
    return str if column.type.python_type is str else datetime
