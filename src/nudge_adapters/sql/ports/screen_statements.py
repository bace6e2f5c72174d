"""The SQL of the lists that screens ask for all day. Each names its tenant itself; row-level security holds besides.

Columns come in the order of the fields of `nudge_core.model.lines`, then those that only order the list.
"""

from __future__ import annotations

from functools import lru_cache

from nudge_core.model.client import ClientOrder

# Plain columns that the database keeps: behind row-level security a condition on an expression cannot be looked up in
# an index, because the function in it could tell of rows that are hidden, and a deep page would read all before it.
_BY = {
    ClientOrder.NAME: "sort_name",
    ClientOrder.NEWEST: "created_at",
    ClientOrder.LAST_CONTACT: "sort_contact",
}
_KEY = {ClientOrder.NAME: "%(value)s::text", ClientOrder.NEWEST: "%(value)s", ClientOrder.LAST_CONTACT: "%(value)s"}
_TAG = " AND (user_tags @> %(tag)s::jsonb OR ai_tags @> %(tag)s::jsonb)"
_NAME_HAS = """ AND strpos(sort_name, lower(%(name_has)s::text COLLATE "C")) > 0"""


CLIENT_ORDER = {
    ClientOrder.NAME: "page.sort_key, page.id",
    ClientOrder.NEWEST: "page.sort_key DESC, page.id DESC",
    ClientOrder.LAST_CONTACT: "page.sort_key DESC, page.id DESC",
}
CONVERSATION_ORDER = "page.created_at DESC, page.id DESC"
"""For `proved`."""


@lru_cache  # there are 24 of them
def clients(order: ClientOrder, *, goes_on: bool, tag: bool, name_has: bool) -> str:
    """Return the page of a book: `user_id`, `limit`; `value` and `id` to go on after; `tag` as JSON; `name_has`."""
    by, up = _BY[order], order is ClientOrder.NAME
    after = f" AND ({by}, id) {'>' if up else '<'} ({_KEY[order]}, %(id)s)" if goes_on else ""
    down = "" if up else " DESC"
    return (
        "SELECT id, full_name, email, phone, phone_as_given, notes, user_tags, ai_tags, preferences, "  # noqa: S608
        f"last_interaction, timezone, created_at, version, {by} AS sort_key "
        f"FROM client WHERE user_id = %(user_id)s{after}{_TAG if tag else ''}{_NAME_HAS if name_has else ''} "
        f"ORDER BY {by}{down}, id{down} LIMIT %(limit)s"
    )


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
        f"SELECT page.* FROM ({_STANDING}) AS standing LEFT JOIN LATERAL ({page}) AS page ON true "  # noqa: S608
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
