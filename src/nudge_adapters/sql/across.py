"""Functions of the database that see across tenants, and those that read rows as the tenants they belong to.

Row-level security shows the application the rows of one professional at a time (`nudge_adapters.sql.walls`). What must
look at everybody's rows - a claim, a count for the health page, whose number this is - is an `Across`: a function that
runs with the rights of `nudge_claim` and gives back keys, instants and counts, never what a row says. The rows of the
keys are then read by `reader`, which has no rights of its own: it binds one tenant after the other.

Both are made anew from here whenever the schema is brought to its head (`nudge_adapters.sql.claims`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import frozen
from sqlalchemy import Table, TextClause, TextualSelect, text

SCHEMA = "claims"
"""The schema of the functions; it holds nothing else."""

KEYS = "TABLE (user_id uuid, id uuid)"
"""What most of them give: whose row it is, and which."""

_PLACEHOLDER = re.compile(r"(?<![:\w]):([a-z]\w*)")


@frozen(kw_only=True)
class Across:
    """A function that sees the rows of all tenants.

    Args:
        name: of the function.
        takes: its arguments with their types, in order.
        gives: its return type.
        statement: one statement with `:argument` where a value goes; or, with BEGIN in front, a whole PL/pgSQL block.
        changes: whether it writes or locks. Each statement of one that does sees what was committed before that
            statement began, and so does the reader of its keys, after it. One that only looks sees what its caller's
            statement sees, and so does its reader: a row cannot change between its key and itself.
    """

    name: str
    takes: Mapping[str, str]
    gives: str
    statement: str
    changes: bool = False

    def definition(self, home: str) -> str:
        """Return the statement that makes it; `home` is the schema of the tables."""
        body = _PLACEHOLDER.sub(r"given_\1", self.statement.strip())
        many = self.gives.startswith(("TABLE", "SETOF"))
        if not body.startswith(("BEGIN", "DECLARE")):
            body = f"BEGIN\n{'RETURN QUERY ' + body if many else f'RETURN ({body})'};\nEND"
        takes = ", ".join(f"given_{name} {kind}" for name, kind in self.takes.items())
        rights = f"{_volatility(self.changes)} SECURITY DEFINER"
        return _function(self.name, takes, self.gives, rights, body, home)

    def call(self, columns: str = "*") -> TextClause:
        """Return the statement that calls it."""
        values = ", ".join(f"CAST(:{name} AS {kind})" for name, kind in self.takes.items())
        return text(f"SELECT {columns} FROM {SCHEMA}.{self.name}({values})")  # noqa: S608 - our own names

    def rows(self, table: Table) -> TextualSelect:
        """Return the statement that calls it and reads the rows of the keys it gives, as their owners, in any order.

        One round trip: the reader's own statements see what the function has changed.
        """
        values = ", ".join(f"CAST(:{name} AS {kind})" for name, kind in self.takes.items())
        columns = ", ".join(f"r.{column.name}" for column in table.c)
        statement = text(
            f"SELECT {columns} FROM (SELECT array_agg(k.user_id) AS owners, array_agg(k.id) AS ids "  # noqa: S608 - only names of ours are put in
            f"FROM {SCHEMA}.{self.name}({values}) AS k) AS keys "
            f"CROSS JOIN LATERAL {SCHEMA}.{reader(table, self.changes)}(keys.owners, keys.ids) AS r"
        )
        return statement.columns(*table.c)


def reader(table: Table, changed: bool) -> str:
    """Return the name of the function that reads rows of a table by their keys; `changed`: as changed just now."""
    return f"{table.name}_rows_{'changed' if changed else 'seen'}"


def reader_definition(table: Table, changed: bool, home: str) -> str:
    """Return the statement that makes a reader of a table.

    It takes owners and ids, pair by pair. Its caller's rights and policies hold: each row is read while its owner is
    the bound tenant, so a pair that does not belong together finds nothing. An owner of NULL: a row of nobody's.
    """
    owner = table.c.get("user_id")
    mine = "r.id = one" if owner is None else "r.user_id = one"
    if owner is not None and owner.nullable:
        mine = "r.user_id IS NOT DISTINCT FROM one"
    body = f"""
DECLARE
    bound text := coalesce(current_setting('app.tenant_id', true), '');
    one uuid;
    theirs uuid[];
BEGIN
    FOR one, theirs IN
        SELECT pair.owner, array_agg(pair.id) FROM unnest(given_owners, given_ids) AS pair(owner, id) GROUP BY 1
    LOOP
        PERFORM set_config('app.tenant_id', coalesce(one::text, ''), true);
        RETURN QUERY SELECT r.* FROM {home}."{table.name}" r WHERE {mine} AND r.id = ANY (theirs);
    END LOOP;
    PERFORM set_config('app.tenant_id', bound, true);
END""".strip()  # noqa: S608 - our own names
    takes = "given_owners uuid[], given_ids uuid[]"
    rights = f"{_volatility(changed)} SECURITY INVOKER"
    return _function(reader(table, changed), takes, f'SETOF {home}."{table.name}"', rights, body, home)


def _volatility(changes: bool) -> str:
    return "VOLATILE" if changes else "STABLE"


def _function(name: str, takes: str, gives: str, rights: str, body: str, home: str) -> str:
    return (
        f"CREATE FUNCTION {SCHEMA}.{name}({takes}) RETURNS {gives} LANGUAGE plpgsql {rights} "
        f"SET search_path = pg_catalog, {home}, pg_temp "
        f"AS $function$\n#variable_conflict use_column\n{body}\n$function$"
    )
