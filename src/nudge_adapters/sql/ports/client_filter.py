"""What `ClientFilter` asks of reach, time and role, as SQL."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, cast, exists, func, or_, select, text
from sqlalchemy.dialects.postgresql import JSONPATH

from nudge_adapters.sql import tables
from nudge_core.model.client import ClientFilter
from nudge_core.model.consent import ConsentKind, SuppressionScope

_c = tables.client.c
_NOWHERE = text("'{}'::text[]")  # a path without a step: a JSON text as plain text


def further_conditions(which: ClientFilter) -> Iterator[ColumnElement[bool]]:
    """Yield what a client must be besides tag and name."""
    changed, met = func.coalesce(_c.updated_at, _c.created_at), _c.last_interaction
    if which.role_names is not None:
        yield or_(_has_tag(which.role_names), _states_role(which.role_names))
    if which.has_phone is not None:
        yield _c.phone.is_not(None) if which.has_phone else _c.phone.is_(None)
    if which.suppressed is not None:
        yield _suppressed() if which.suppressed else ~_suppressed()
    if which.textable is not None:
        textable = and_(_c.phone.is_not(None), ~_suppressed(), _agreed())
        yield textable if which.textable else ~textable
    if which.updated_from is not None:
        yield changed >= which.updated_from
    if which.updated_until is not None:
        yield changed < which.updated_until
    if which.contacted_from is not None:
        yield met >= which.contacted_from
    if which.contacted_until is not None:
        yield or_(met.is_(None), met < which.contacted_until)


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
