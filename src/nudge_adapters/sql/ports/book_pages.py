"""Pages of a book: which clients, in which order, and where a page goes on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, or_, select, text, tuple_

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports.client_filter import further_conditions
from nudge_adapters.sql.rows.people import client_from_row
from nudge_adapters.sql.work import Work
from nudge_core.errors import Invalid
from nudge_core.model.client import Client, ClientFilter, ClientOrder
from nudge_core.model.page import Page, PageRequest

_client = tables.client
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_NAME = func.lower(_client.c.full_name.collate("C"))

_TAGS = text(
    """
    SELECT tag, count(*) AS clients FROM (
        SELECT DISTINCT c.id, t.tag FROM client c
        CROSS JOIN LATERAL jsonb_array_elements_text(c.user_tags || c.ai_tags) AS t(tag)
        WHERE c.user_id = :owner) AS each
    GROUP BY tag
    """
)


async def page_of_clients(work: Work, request: PageRequest, order: ClientOrder, which: ClientFilter) -> Page[Client]:
    """Return a page of the owner's book. Raises Invalid when the key to go on after is none of this order."""
    by = _by(order)
    query = select(_client, by.label("sort_key")).where(_client.c.user_id == work.owner, *filters(which))
    if request.after is not None:
        value, client_id = _read(request.after, order)
        here, there = tuple_(by, _client.c.id), tuple_(literal(value, by.type), literal(client_id, _client.c.id.type))
        query = query.where(here > there if order is ClientOrder.NAME else here < there)
    columns = (by, _client.c.id) if order is ClientOrder.NAME else (by.desc(), _client.c.id.desc())
    rows = await work.rows(query.order_by(*columns).limit(request.limit + 1))
    shown = rows[: request.limit]
    last = _written(shown[-1]["sort_key"], shown[-1]["id"]) if len(rows) > request.limit else None
    return Page(items=tuple(map(client_from_row, shown)), last=last)


async def count_tags(work: Work) -> Mapping[str, int]:
    """Return how many clients of the owner's have each tag."""
    return {row["tag"]: row["clients"] for row in await work.rows(_TAGS, {"owner": work.owner})}


def _by(order: ClientOrder) -> ColumnElement[Any]:  # Any: a text or an instant
    if order is ClientOrder.NAME:
        return _NAME
    return _client.c.created_at if order is ClientOrder.NEWEST else func.coalesce(_client.c.last_interaction, _NEVER)


def filters(which: ClientFilter) -> list[ColumnElement[bool]]:
    """Return what a client must be to pass."""
    found = list(further_conditions(which))
    if which.tag is not None:
        found.append(or_(_client.c.user_tags.contains([which.tag]), _client.c.ai_tags.contains([which.tag])))
    if which.name_has is not None:
        found.append(func.strpos(_NAME, func.lower(literal(which.name_has).collate("C"))) > 0)
    return found


def _written(value: str | datetime, client_id: UUID) -> tuple[str, str]:
    text_ = value if isinstance(value, str) else value.astimezone(UTC).isoformat(timespec="microseconds")
    return text_, str(client_id)


def _read(after: tuple[str, ...], order: ClientOrder) -> tuple[str | datetime, UUID]:
    try:
        value, client_id = after
        return value if order is ClientOrder.NAME else datetime.fromisoformat(value), UUID(client_id)
    except ValueError as error:
        raise Invalid("cursor", "a cursor of this list", after) from error
