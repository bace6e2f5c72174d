"""`nudge_core.model.client_list` as SQL: who passes a filter, and where a page goes on."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, cast, exists, func, literal, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import JSONPATH

from nudge_adapters.sql import tables
from nudge_core.model.client import tag_name
from nudge_core.model.client_list import NEVER, ClientFilter, ClientOrder, ClientSort, SortKey
from nudge_core.model.consent import ConsentKind, SuppressionScope

_client = tables.client
_c = _client.c
_NOWHERE = text("'{}'::text[]")  # a path without a step: a JSON text as plain text
_PLACES: dict[ClientOrder, ColumnElement[object]] = {
    ClientOrder.NAME: _c.sort_name,
    ClientOrder.CREATED_AT: _c.created_at,
    ClientOrder.LAST_INTERACTION: func.coalesce(_c.last_interaction, literal(NEVER)),
}


def conditions(wanted: ClientFilter) -> Iterator[ColumnElement[bool]]:
    """Yield what a client must be."""
    changed, met = func.coalesce(_c.updated_at, _c.created_at), _c.last_interaction
    if wanted.tag is not None:
        yield _has_tag({tag_name(wanted.tag)})
    if wanted.role_names is not None:
        yield or_(_has_tag(wanted.role_names), _states_role(wanted.role_names))
    if wanted.has_phone is not None:
        yield _c.phone.is_not(None) if wanted.has_phone else _c.phone.is_(None)
    if wanted.suppressed is not None:
        yield _suppressed() if wanted.suppressed else ~_suppressed()
    if wanted.textable is not None:
        textable = and_(_c.phone.is_not(None), ~_suppressed(), _agreed())
        yield textable if wanted.textable else ~textable
    if wanted.updated_from is not None:
        yield changed >= wanted.updated_from
    if wanted.updated_until is not None:
        yield changed < wanted.updated_until
    if wanted.contacted_from is not None:
        yield met >= wanted.contacted_from
    if wanted.contacted_until is not None:
        yield func.coalesce(met, literal(NEVER)) < wanted.contacted_until
    if wanted.name is not None:
        yield func.strpos(_c.sort_name, wanted.name.casefold()) > 0


def order(sort: ClientSort) -> tuple[ColumnElement[object], ColumnElement[object]]:
    """Return what a list is ordered by."""
    place = _PLACES[sort.by]
    return (place.desc(), _c.id.desc()) if sort.descending else (place.asc(), _c.id.asc())


def beyond(key: SortKey, sort: ClientSort) -> ColumnElement[bool]:
    """Return the condition that a client stands after the one with this key."""
    here, there = tuple_(_PLACES[sort.by], _c.id), tuple_(literal(key[0]), literal(key[1]))
    return here < there if sort.descending else here > there


def _folded(word: ColumnElement[str]) -> ColumnElement[str]:
    """`nudge_core.model.client.tag_name`."""
    return func.btrim(func.regexp_replace(func.lower(word), r"[\s_-]+", " ", "g"))


def _has_tag(names: frozenset[str] | set[str]) -> ColumnElement[bool]:
    tag = func.jsonb_array_elements_text(_c.user_tags.op("||")(_c.ai_tags)).column_valued("tag")
    return exists(select(tag).where(_folded(tag).in_(sorted(names))))


def _states_role(names: frozenset[str]) -> ColumnElement[bool]:
    """A preference `roles`, one text or a list of them, names one of these."""
    role = func.jsonb_path_query(_c.preferences, cast("$.roles[*]", JSONPATH)).column_valued("role")
    return exists(select(role).where(_folded(role.op("#>>")(_NOWHERE)).in_(sorted(names))))


def _suppressed() -> ColumnElement[bool]:
    """The newest record of scope ALL for the client's phone is active."""
    held = tables.suppression
    newest = (
        select(held.c.active)
        .where(held.c.user_id == _c.user_id, held.c.phone == _c.phone, held.c.scope == SuppressionScope.ALL.value)
        .where(held.c.topic == "")
        .order_by(held.c.created_at.desc(), held.c.seq.desc())
        .limit(1)
    )
    return func.coalesce(newest.scalar_subquery(), False)


def _agreed() -> ColumnElement[bool]:
    """The newest consent of the client's phone is one."""
    given = tables.consent
    newest = (
        select(given.c.kind)
        .where(given.c.user_id == _c.user_id, given.c.phone == _c.phone)
        .order_by(given.c.recorded_at.desc(), given.c.seq.desc())
        .limit(1)
    )
    return func.coalesce(newest.scalar_subquery(), ConsentKind.NONE.value) != ConsentKind.NONE.value
