"""What `ClientFilter` asks, as SQL.

The text of the SQL depends on what is asked only, never on the values: they go beside it, by the names of the filter's
members. So one text serves every list of a kind (`screen_statements`), and what is asked is written down once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from attrs import frozen
from sqlalchemy import ARRAY, ColumnElement, Text, and_, any_, bindparam, cast, exists, func, or_, select, text
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from nudge_adapters.sql import tables
from nudge_adapters.sql.tables.schema import INSTANT
from nudge_core.model.client import ClientFilter
from nudge_core.model.consent import ConsentKind, SuppressionScope

_c = tables.client.c
_NOWHERE = text("'{}'::text[]")  # a path without a step: a JSON text as plain text


@frozen(kw_only=True)
class Asked:
    """What a filter asks, without the values: `valued` are the members that have one, by name."""

    valued: frozenset[str]
    has_phone: bool | None
    suppressed: bool | None
    textable: bool | None


def asked(which: ClientFilter) -> Asked:
    """Return what a filter asks."""
    return Asked(
        valued=frozenset(values(which)),
        has_phone=which.has_phone,
        suppressed=which.suppressed,
        textable=which.textable,
    )


def values(which: ClientFilter) -> dict[str, object]:
    """Return the values of the parameters in `conditions`, as both SQLAlchemy and the driver take them."""
    found: dict[str, object | None] = {
        "tag": None if which.tag is None else msgspec.json.encode([which.tag]).decode(),
        "name_has": which.name_has,
        "role_names": None if which.role_names is None else sorted(which.role_names),
        "updated_from": which.updated_from,
        "updated_until": which.updated_until,
        "contacted_from": which.contacted_from,
        "contacted_until": which.contacted_until,
    }
    return {name: value for name, value in found.items() if value is not None}


def conditions(what: Asked) -> Iterator[ColumnElement[bool]]:
    """Yield what a client must be to pass."""
    if "tag" in what.valued:
        tag = cast(bindparam("tag", type_=Text), JSONB)
        yield or_(_c.user_tags.contains(tag), _c.ai_tags.contains(tag))
    if "name_has" in what.valued:
        yield func.strpos(_c.sort_name, func.lower(bindparam("name_has", type_=Text).collate("C"))) > 0
    if "role_names" in what.valued:
        yield or_(_has_tag(), _states_role())
    if what.has_phone is not None:
        yield _c.phone.is_not(None) if what.has_phone else _c.phone.is_(None)
    if what.suppressed is not None:
        yield _suppressed() if what.suppressed else ~_suppressed()
    if what.textable is not None:
        textable = and_(_c.phone.is_not(None), ~_suppressed(), _agreed())
        yield textable if what.textable else ~textable
    yield from _in_time(what.valued)


def _in_time(valued: frozenset[str]) -> Iterator[ColumnElement[bool]]:
    changed, met = func.coalesce(_c.updated_at, _c.created_at), _c.last_interaction
    if "updated_from" in valued:
        yield changed >= _instant("updated_from")
    if "updated_until" in valued:
        yield changed < _instant("updated_until")
    if "contacted_from" in valued:
        yield met >= _instant("contacted_from")
    if "contacted_until" in valued:
        yield or_(met.is_(None), met < _instant("contacted_until"))


def _instant(name: str) -> ColumnElement[datetime]:
    return bindparam(name, type_=INSTANT)


def _is_one_of_the_names(word: ColumnElement[str]) -> ColumnElement[bool]:
    names: ColumnElement[Any] = bindparam("role_names", type_=ARRAY(Text))  # Any: SQLAlchemy knows no element type
    return _folded(word) == any_(names)


def _folded(word: ColumnElement[str]) -> ColumnElement[str]:
    """`nudge_core.model.client.tag_name`."""
    return func.btrim(func.regexp_replace(func.lower(word), r"[\s_-]+", " ", "g"))


def _has_tag() -> ColumnElement[bool]:
    tag = func.jsonb_array_elements_text(_c.user_tags.op("||")(_c.ai_tags)).column_valued("tag")
    return exists(select(tag).where(_is_one_of_the_names(tag)))


def _states_role() -> ColumnElement[bool]:
    """A preference `roles`, one text or a list of them, names one of these."""
    role = func.jsonb_path_query(_c.preferences, cast("$.roles[*]", JSONPATH)).column_valued("role")
    return exists(select(role).where(_is_one_of_the_names(role.op("#>>")(_NOWHERE))))


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
