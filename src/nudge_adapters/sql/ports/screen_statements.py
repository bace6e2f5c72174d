"""The SQL of the lists that screens ask for all day. Each names its tenant itself; row-level security holds besides.

Columns come in the order of the fields of `nudge_core.model.lines`, then those that only order the list.
"""

from __future__ import annotations

from functools import lru_cache

from nudge_core.model.client import ClientOrder

NEVER = "'0001-01-01 00:00:00+00'::timestamptz"
"""When somebody was talked with who never was: before everybody else."""

_BY = {
    ClientOrder.NAME: 'lower(full_name COLLATE "C")',
    ClientOrder.NEWEST: "created_at",
    ClientOrder.LAST_CONTACT: f"coalesce(last_interaction, {NEVER})",
}
_KEY = {ClientOrder.NAME: "%(value)s::text", ClientOrder.NEWEST: "%(value)s", ClientOrder.LAST_CONTACT: "%(value)s"}
_TAG = " AND (user_tags @> %(tag)s::jsonb OR ai_tags @> %(tag)s::jsonb)"
_NAME_HAS = """ AND strpos(lower(full_name COLLATE "C"), lower(%(name_has)s::text COLLATE "C")) > 0"""


@lru_cache  # there are 24 of them
def clients(order: ClientOrder, *, goes_on: bool, tag: bool, name_has: bool) -> str:
    """Return the page of a book: `user_id`, `limit`; `value` and `id` to go on after; `tag` as JSON; `name_has`."""
    by, up = _BY[order], order is ClientOrder.NAME
    after = f" AND ({by}, id) {'>' if up else '<'} ({_KEY[order]}, %(id)s)" if goes_on else ""
    down = "" if up else " DESC"
    return (
        "SELECT id, full_name, email, phone, phone_as_given, notes, user_tags, ai_tags, preferences, "  # noqa: S608
        f"last_interaction, timezone, created_at, version, {by} "
        f"FROM client WHERE user_id = %(user_id)s{after}{_TAG if tag else ''}{_NAME_HAS if name_has else ''} "
        f"ORDER BY {by}{down}, id{down} LIMIT %(limit)s"
    )
