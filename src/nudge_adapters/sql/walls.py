"""The second wall between tenants: row-level security, and roles that cannot step over it (`reliability.md` 8).

The first wall is the explicit `user_id` in every statement of a tenant's port. The second is the database's own: the
application works as `nudge_app`, which owns nothing and bypasses nothing, and every row of a professional is visible
only while `app.tenant_id` names them (`nudge_adapters.sql.work` sets it for each transaction). Either holds by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, text

from nudge_core.errors import Misconfigured

OWNER, APP, CLAIM = "nudge_owner", "nudge_app", "nudge_claim"

_ROLES = {
    OWNER: "NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
    APP: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
    CLAIM: "NOLOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE",
}
_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"

# The subquery is evaluated once a statement and not once a row (reliability.md 8.4). `nullif`, because a setting that
# was made once in a session is empty afterwards, not absent, and '' is no uuid.
TENANT = "(SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"

NOBODYS = {
    # Notes of no professional are the machine's own: only a transaction of no tenant sees them.
    "outbox": f"user_id IS NULL AND {TENANT} IS NULL",
    # What a carrier told us is nobody's until it is known whose; who finds out that it is theirs takes it.
    "carrierevent": "user_id IS NULL",
}
"""Tables whose rows may be nobody's, and who sees those."""


def run(connection: Connection, statement: str) -> None:
    """Run a statement of our own as it stands: its percent signs are PostgreSQL's, not the driver's."""
    connection.exec_driver_sql(statement.replace("%", "%%"))


def wall(table: Table) -> Sequence[str]:
    """Return the statements that wall a table in; none for one that belongs to everybody."""
    column = "id" if table.name == "user" else "user_id"
    if column not in table.c or (column == "id" and table.name != "user"):
        return []
    name, mine = f'"{table.name}"', f"{column} = {TENANT}"
    statements = [
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_isolation ON {name} USING ({mine}) WITH CHECK ({mine})",
    ]
    if (nobodys := NOBODYS.get(table.name)) is not None:
        statements.append(f"CREATE POLICY nobodys ON {name} USING ({nobodys}) WITH CHECK ({nobodys})")
    return statements


def ensure_roles(connection: Connection) -> None:
    """Make the three roles where they are missing; they belong to the whole server, not to one database.

    Raises:
        Misconfigured: a role is missing and this login may not make it, or one has rights that it must not have.
    """
    for name, attributes in _ROLES.items():
        run(
            connection,
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN "
            f"CREATE ROLE {name} {attributes}; END IF; "
            # Another database of the server may be migrated at this moment.
            "EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL; END $$",
        )
    query = text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = ANY (:names)")
    found = {row.rolname: row for row in connection.execute(query, {"names": list(_ROLES)})}
    problems = [
        f"database: the role {name} is missing and this login may not make it; an administrator runs: "
        f"CREATE ROLE {name} {attributes}; GRANT {name} TO this login"
        for name, attributes in _ROLES.items()
        if name not in found
    ]
    problems += [
        f"database: the role {name} must be NOSUPERUSER and {'BYPASSRLS' if name == CLAIM else 'NOBYPASSRLS'}"
        for name, row in found.items()
        if row.rolsuper or row.rolbypassrls != (name == CLAIM)
    ]
    if problems:
        raise Misconfigured(problems)
    # To hand tables and functions over to a role, and to work as it, one has to be a member; a superuser is of all.
    for name in _ROLES:
        run(
            connection,
            f"DO $$ BEGIN IF NOT pg_has_role(current_user, '{name}', 'MEMBER') THEN "
            f"EXECUTE format('GRANT {name} TO %I', current_user); END IF; END $$",
        )


def hand_over(connection: Connection, owner: str = OWNER, *, shared: bool = True) -> None:
    """Give what is in the schema to `owner`, and its rows to the application: for tables of any revision.

    Never TRUNCATE, which no policy governs, and no right on the version table but to read it. `shared` False: nothing
    is granted.
    """
    run(
        connection,
        f"""
        DO $$
        DECLARE
            home text := quote_ident(current_schema());
            heir name := '{owner}';
            shared bool := {shared};
            one record;
        BEGIN
            IF shared THEN
                EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %s TO {OWNER}', home);
                EXECUTE format('GRANT USAGE ON SCHEMA %s TO {APP}', home);
            END IF;
            FOR one IN SELECT oid::regclass AS name FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
                AND relowner <> (SELECT oid FROM pg_roles WHERE rolname = heir)
            LOOP EXECUTE format('ALTER TABLE %s OWNER TO %I', one.name, heir); END LOOP;
            FOR one IN SELECT oid::regtype AS name FROM pg_type
                WHERE typnamespace = current_schema()::regnamespace AND typtype = 'e'
                AND typowner <> (SELECT oid FROM pg_roles WHERE rolname = heir)
            LOOP EXECUTE format('ALTER TYPE %s OWNER TO %I', one.name, heir); END LOOP;
            FOR one IN SELECT oid::regclass AS name, relname FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND shared
            LOOP
                IF one.relname = 'alembic_version' THEN
                    EXECUTE format('GRANT SELECT ON %s TO {APP}', one.name);
                ELSE
                    EXECUTE format('GRANT {_RIGHTS} ON %s TO {APP}', one.name);
                END IF;
            END LOOP;
        END $$
        """,  # noqa: S608 - our own names
    )


def share_later_tables(connection: Connection, *, shared: bool = True) -> None:
    """Let the application work with tables of later revisions, whoever of the two makes them; or, False, no more."""
    what = f"GRANT {_RIGHTS} ON TABLES TO {APP}" if shared else f"REVOKE {_RIGHTS} ON TABLES FROM {APP}"
    run(
        connection,
        "DO $$ DECLARE maker name; BEGIN "  # noqa: S608 - our own names
        f"FOR maker IN SELECT DISTINCT m FROM unnest(ARRAY[current_user, '{OWNER}']) m "
        f"LOOP EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %s {what}', "
        "maker, quote_ident(current_schema())); END LOOP; END $$",
    )
