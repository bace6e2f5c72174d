"""The pattern of the walls, read from the catalogue; and each breach of it planted, so that the reader is proved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Constraint, Index, create_engine

from nudge_adapters.sql.catalogue import UNIQUE_FOR_ALL, breaches
from nudge_adapters.sql.claims import RIGHTS
from nudge_adapters.sql.store import database_url
from nudge_adapters.sql.tables import METADATA
from nudge_adapters.sql.walls import NOBODYS, run


@pytest.fixture
def catalogue(database: str) -> Iterator[Connection]:
    """A connection of the owner whose changes are taken back."""
    engine = create_engine(database_url(database))
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


def test_no_table_key_view_grant_or_function_breaks_the_pattern(catalogue: Connection) -> None:
    assert breaches(catalogue) == []


_TENANT = "(SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"
_MINE = f"user_id = {_TENANT}"
_TABLE = 'CREATE TABLE planted (user_id uuid NOT NULL REFERENCES "user", id uuid NOT NULL, PRIMARY KEY (user_id, id))'
_WALLED = (
    f"{_TABLE}; ALTER TABLE planted OWNER TO nudge_owner; ALTER TABLE planted ENABLE ROW LEVEL SECURITY; "
    "ALTER TABLE planted FORCE ROW LEVEL SECURITY; "
    f"CREATE POLICY tenant_isolation ON planted USING ({_MINE}) WITH CHECK ({_MINE}); "
)
_FUNCTION = "CREATE FUNCTION {name}() RETURNS {gives} LANGUAGE sql SECURITY DEFINER {path} AS 'SELECT {what}'; "
_FIXED = "SET search_path = pg_catalog, public, pg_temp"
_FOR_CLAIM = (
    "ALTER FUNCTION claims.planted OWNER TO nudge_claim; REVOKE EXECUTE ON FUNCTION claims.planted FROM PUBLIC; "
)

PLANTED = {
    "a whole new table without a wall": (_TABLE, "planted: row-level security is not enabled"),
    "a table with security not enabled": (
        "ALTER TABLE client DISABLE ROW LEVEL SECURITY",
        "client: row-level security is not enabled",
    ),
    "a table with security not forced": (
        "ALTER TABLE client NO FORCE ROW LEVEL SECURITY",
        "client: row-level security is not forced",
    ),
    "a table without a policy": ("DROP POLICY tenant_isolation ON client", "client: has no policy tenant_isolation"),
    "a policy that asks something else": (
        "ALTER POLICY tenant_isolation ON client USING (true)",
        "client: has no policy tenant_isolation",
    ),
    "a policy that checks nothing": (
        "ALTER POLICY tenant_isolation ON client WITH CHECK (true)",
        "client: has no policy tenant_isolation",
    ),
    "a cast that breaks on an empty setting": (
        "ALTER POLICY tenant_isolation ON client USING (user_id = current_setting('app.tenant_id')::uuid)",
        "client: has no policy tenant_isolation",
    ),
    "a second policy": ("CREATE POLICY more ON client USING (true)", "client.more: has a policy that lets more"),
    "nobody's rows of a table that has none": (
        "CREATE POLICY nobodys ON client USING (user_id IS NULL)",
        "client.nobodys: has a policy that lets more",
    ),
    "nobody's rows and everybody's": (
        "ALTER POLICY nobodys ON outbox USING (user_id IS NULL OR true)",
        "outbox.nobodys: has a policy that lets more",
    ),
    "a foreign key of one column": (
        f"{_WALLED} ALTER TABLE faq ADD UNIQUE (id); "
        "ALTER TABLE planted ADD CONSTRAINT crossing FOREIGN KEY (id) REFERENCES faq (id)",
        "crossing: is a foreign key that may cross",
    ),
    "a foreign key to a professional that is not the owner": (
        f'{_WALLED} ALTER TABLE planted ADD CONSTRAINT crossing FOREIGN KEY (id) REFERENCES "user" (id)',
        "crossing: is a foreign key that may cross",
    ),
    "a unique index over all tenants": (
        "CREATE UNIQUE INDEX oracle ON client (email)",
        "oracle: is unique over all tenants",
    ),
    "a unique constraint over all tenants": (
        "ALTER TABLE client ADD CONSTRAINT oracle UNIQUE (email, user_id)",
        "oracle: is unique over all tenants",
    ),
    "a unique index on an expression": (
        "CREATE UNIQUE INDEX oracle ON client (lower(email))",
        "oracle: is unique over all tenants",
    ),
    "a view": ("CREATE VIEW planted AS SELECT * FROM client", "planted: is a view with the rights of its owner"),
    "a materialized view": (
        "CREATE MATERIALIZED VIEW planted AS SELECT * FROM client",
        "planted: is a view with the rights of its owner",
    ),
    "a TRUNCATE grant": ("GRANT TRUNCATE ON client TO nudge_app", "client by nudge_app: can be truncated"),
    "a TRUNCATE grant in advance": (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO nudge_app",
        "every later table by nudge_app: can be truncated",
    ),
    "a function of another role": (
        _FUNCTION.format(name="planted", gives="bigint", path=_FIXED, what="1::bigint"),
        "planted: is a function with the rights of another than nudge_claim",
    ),
    "a function without a search_path": (
        _FUNCTION.format(name="claims.planted", gives="bigint", path="", what="1::bigint") + _FOR_CLAIM,
        "planted: is a function whose search_path its caller chooses",
    ),
    "a function that everybody may call": (
        "GRANT EXECUTE ON FUNCTION claims.all_users TO PUBLIC",
        "all_users: is a function across tenants that everybody may call",
    ),
    "a function that gives names away": (
        _FUNCTION.format(name="claims.planted", gives="SETOF text", path=_FIXED, what="full_name FROM client")
        + _FOR_CLAIM,
        "planted: is a function across tenants that gives more",
    ),
    "a function that gives rows away": (
        _FUNCTION.format(name="claims.planted", gives="SETOF client", path=_FIXED, what="* FROM public.client")
        + _FOR_CLAIM,
        "planted: is a function across tenants that gives more",
    ),
    "a table of another owner": (
        "ALTER TABLE client OWNER TO CURRENT_USER",
        "client: belongs to another than nudge_owner",
    ),
    "a table of the claimer's": (
        "GRANT CREATE ON SCHEMA public TO nudge_claim; ALTER TABLE faq OWNER TO nudge_claim",
        "faq: is a table of nudge_claim",
    ),
    "an application that bypasses": (
        "ALTER ROLE nudge_app BYPASSRLS",
        "nudge_app: is a role with rights that it must not have",
    ),
    "an application that is an owner too": (
        "GRANT nudge_owner TO nudge_app",
        "nudge_app in nudge_owner: is a role with rights that it must not have",
    ),
}


@pytest.mark.parametrize("breach", PLANTED)
def test_a_planted_breach_is_found(catalogue: Connection, breach: str) -> None:
    planted, expected = PLANTED[breach]
    for statement in planted.split("; "):
        if statement.strip():
            run(catalogue, statement)
    assert any(found.startswith(expected) for found in breaches(catalogue)), breaches(catalogue)


def test_a_view_with_the_rights_of_its_caller_is_no_breach(catalogue: Connection) -> None:
    run(catalogue, "CREATE VIEW planted WITH (security_invoker = true) AS SELECT * FROM client")
    run(catalogue, "ALTER VIEW planted OWNER TO nudge_owner")
    assert breaches(catalogue) == []


def test_a_walled_table_is_no_breach(catalogue: Connection) -> None:
    for statement in _WALLED.split("; "):
        if statement.strip():
            run(catalogue, statement)
    assert breaches(catalogue) == []


def test_what_is_allowed_or_granted_exists() -> None:
    named: list[Constraint | Index] = []
    for table in METADATA.tables.values():
        named += [*table.constraints, *table.indexes]
    names = {str(one.name) for one in named}
    assert set(UNIQUE_FOR_ALL) <= names
    assert {*NOBODYS, *RIGHTS} <= set(METADATA.tables)
