"""The SQL of the lists that screens ask for all day. Each names its tenant itself; row-level security holds besides.

Columns come in the order of the fields of `nudge_core.model.lines`, then those that only order the list.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from attrs import frozen
from sqlalchemy import ColumnElement, Integer, Uuid, bindparam, select, tuple_
from sqlalchemy.engine import make_url

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports.client_filter import Asked, conditions
from nudge_core.model.client import ClientOrder

_c = tables.client.c
_DIALECT = make_url("postgresql+psycopg://").get_dialect()()

# Plain columns that the database keeps: behind row-level security a condition on an expression cannot be looked up in
# an index, because the function in it could tell of rows that are hidden, and a deep page would read all before it.
_BY: dict[ClientOrder, ColumnElement[Any]] = {  # Any: a text or an instant
    ClientOrder.NAME: _c.sort_name,
    ClientOrder.NEWEST: _c.created_at,
    ClientOrder.LAST_CONTACT: _c.sort_contact,
}
_SHOWN_OF_A_CLIENT = (
    _c.id, _c.full_name, _c.email, _c.phone, _c.phone_as_given, _c.notes, _c.user_tags, _c.ai_tags, _c.preferences,
    _c.last_interaction, _c.timezone, _c.created_at, _c.version,
)  # fmt: skip


CLIENT_ORDER = {
    ClientOrder.NAME: "page.sort_key, page.id",
    ClientOrder.NEWEST: "page.sort_key DESC, page.id DESC",
    ClientOrder.LAST_CONTACT: "page.sort_key DESC, page.id DESC",
}
CONVERSATION_ORDER = "page.created_at DESC, page.id DESC"
"""For `proved`."""


@frozen
class Written:
    """A statement as the driver takes it, and the values of those parameters that never change."""

    sql: str
    constants: dict[str, object]


@lru_cache(maxsize=1_000)  # some 3 kB each; a screen asks for a few of them
def clients(order: ClientOrder, what: Asked, *, goes_on: bool) -> Written:
    """Return the page of a book: `user_id`, `limit`; `value` and `id` to go on after; those of `client_filter`."""
    by = _BY[order]
    query = select(*_SHOWN_OF_A_CLIENT, by.label("sort_key"))
    query = query.where(_c.user_id == bindparam("user_id", type_=Uuid), *conditions(what))
    if goes_on:
        here, there = tuple_(by, _c.id), tuple_(bindparam("value", type_=by.type), bindparam("id", type_=Uuid))
        query = query.where(here > there if order is ClientOrder.NAME else here < there)
    columns = (by, _c.id) if order is ClientOrder.NAME else (by.desc(), _c.id.desc())
    compiled = query.order_by(*columns).limit(bindparam("limit", type_=Integer)).compile(dialect=_DIALECT)
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return Written(str(compiled), constants)


_STANDING = (
    'SELECT true FROM signinsession s JOIN "user" u ON u.id = s.user_id '
    "WHERE s.user_id = %(user_id)s AND s.id = %(session_id)s AND s.ended_at IS NULL "
    "AND s.expires_at > coalesce(%(now)s::timestamptz, now())"
)


@lru_cache  # as many as there are pages
def proved(page: str, order: str) -> str:
    """Return a page that is read only while a session stands: `session_id`; `now`, or NULL for the database's own.

    No row: the session does not stand. One row of NULLs: it does, and the page is empty.

    Args:
        page: the statement.
        order: by which of its columns.
    """
    return (
        f"SELECT page.* FROM ({_STANDING}) AS standing LEFT JOIN LATERAL ({page}) AS page ON true "  # noqa: S608 - only names of ours are put in
        f"ORDER BY {order}"
    )


# The newest text of a client, by one step down `ix_message_user_id_client_id`. LIMIT keeps the planner from turning
# it into a join of the whole table with itself.
_NEWEST_OF = (
    "SELECT {columns} FROM message n WHERE n.user_id = %(user_id)s AND n.client_id = {client} "
    "ORDER BY n.created_at DESC, n.id DESC LIMIT 1"
)
_UNREAD_OF = (
    "SELECT count(*) AS unread FROM message u WHERE u.user_id = %(user_id)s AND u.client_id = m.client_id "
    "AND u.direction = 'INBOUND' AND u.read_at IS NULL"
)
_AFTER = "m.created_at <= %(at)s AND (m.created_at, m.id) < (%(at)s, %(id)s)"
_OF_A_LINE = "m.user_id, m.client_id, m.content, m.direction, m.status, m.created_at, m.id"

# Down `ix_message_newest`, newest first, and every text that is not its client's newest is passed over.
_ALL = (
    "SELECT {line} FROM message m CROSS JOIN LATERAL ({newest}) AS newest "
    "WHERE m.user_id = %(user_id)s AND newest.id = m.id AND {after} "
    "ORDER BY m.created_at DESC, m.id DESC LIMIT %(limit)s"
)

# From the clients of whose texts one is unread (`ix_message_unread`): they are few.
_UNREAD = (
    "SELECT {line} FROM ("
    "SELECT DISTINCT client_id FROM message "
    "WHERE user_id = %(user_id)s AND direction = 'INBOUND' AND read_at IS NULL) AS waiting "
    "CROSS JOIN LATERAL ({newest}) AS m "
    "WHERE {after} ORDER BY m.created_at DESC, m.id DESC LIMIT %(limit)s"
)

_SHOWN = (
    "WITH shown AS MATERIALIZED ({shown}) "
    "SELECT m.client_id, client.full_name, m.content, m.direction::text, m.status::text, m.created_at, m.id, "
    "counted.unread "
    "FROM shown m JOIN client ON client.user_id = m.user_id AND client.id = m.client_id "
    "CROSS JOIN LATERAL ({unread}) AS counted ORDER BY m.created_at DESC, m.id DESC"
)


@lru_cache  # there are 4 of them
def conversations(*, unread_only: bool, goes_on: bool) -> str:
    """Return the page of conversations: `user_id`, `limit`; `at` and `id` to go on after."""
    client, columns = ("waiting.client_id", _OF_A_LINE.replace("m.", "n.")) if unread_only else ("m.client_id", "n.id")
    newest = _NEWEST_OF.format(client=client, columns=columns)
    after = _AFTER if goes_on else "true"
    shown = (_UNREAD if unread_only else _ALL).format(newest=newest, after=after, line=_OF_A_LINE)
    return _SHOWN.format(shown=shown, unread=_UNREAD_OF)
