"""Stepping behind the wall: a login with more rights works as `nudge_app` from its first statement on."""

from __future__ import annotations

from nudge_adapters.sql.walls import APP
from nudge_core.errors import Misconfigured

WHO_ARE_WE = (
    "SELECT current_user, r.oid IS NOT NULL, coalesce(pg_has_role(current_user, r.oid, 'MEMBER'), false) "  # noqa: S608 - only names of ours are put in
    f"FROM (SELECT) AS nothing LEFT JOIN pg_roles r ON r.rolname = '{APP}'"
)
"""One row, for `step_down`: the login, whether there is a role of the application, whether the login may become it."""


def step_down(login: str | None, exists: bool, may: bool) -> str | None:
    """Return the statement by which a connection becomes the application; None where it is, or where nothing is yet.

    A database that has never been migrated may have no such role, and has no rows either. Raises Misconfigured when
    the login may not become it.
    """
    if not exists or login == APP:
        return None
    if not may:
        raise Misconfigured([f"DATABASE_URL: its login is neither {APP} nor a member of it"])
    return f"SET ROLE {APP}"
