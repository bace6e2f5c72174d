"""The functions across tenants in a database: made when its schema is brought to head, gone before it goes back.

They belong to the program rather than to a revision: the claim is as much code as the gate is. So they are not written
down in a migration, where they would be frozen, but made from the code that calls them. A comment on their schema says
from which code; one that says the same is left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import Connection, text

from nudge_adapters.sql import rotation, tables, triggers
from nudge_adapters.sql.across import SCHEMA, Across, reader_definition
from nudge_adapters.sql.ports import carrier_events, changes, operations, outbox, people, planned, sends
from nudge_adapters.sql.walls import APP, CLAIM, run

FUNCTIONS: tuple[Across, ...] = (
    *people.ACROSS,
    *sends.ACROSS,
    *planned.ACROSS,
    *outbox.ACROSS,
    *carrier_events.ACROSS,
    *operations.ACROSS,
    *changes.ACROSS,
    *rotation.ACROSS,
)
READERS = (
    tables.user,
    tables.message,
    tables.scheduledmessage,
    tables.outbox,
    tables.carrierevent,
    tables.optoutkey,
    tables.contactaccount,
    tables.contactgrant,
)
"""Tables whose rows are read by keys that a function gave."""

RIGHTS = {
    "user": "SELECT",
    "optoutkey": "SELECT",
    "contactaccount": "SELECT",
    "contactgrant": "SELECT",
    "phonenumber": "SELECT",
    "campaignbriefing": "SELECT",
    "consent": "SELECT",
    "suppression": "SELECT",
    "carrierevent": "SELECT",
    "message": "SELECT, UPDATE",
    "change": "SELECT, INSERT",  # a trigger writes what a function does to a text
    "senderlane": "SELECT, UPDATE",
    "scheduledmessage": "SELECT, UPDATE",
    "outbox": "SELECT, INSERT, UPDATE",
}
"""What the functions may do, table by table: nothing else is granted to their owner."""


def definitions(home: str) -> Sequence[str]:
    """Return the statements that make every function; `home` is the schema of the tables."""
    return [
        *(function.definition(home) for function in FUNCTIONS),
        *(reader_definition(table, changed, home) for table in READERS for changed in (False, True)),
        *triggers.functions(home),
    ]


def fingerprint(home: str) -> str:
    """Return what is the same for the same functions and rights, and for no others."""
    told = "\n".join(
        [*definitions(home), *triggers.triggers(home), *(f"{table}: {rights}" for table, rights in RIGHTS.items())]
    )
    return hashlib.sha256(told.encode()).hexdigest()


def are_there(connection: Connection) -> bool:
    """Say whether the database has the functions that this code calls."""
    found = connection.execute(
        text(
            "SELECT obj_description(oid, 'pg_namespace'), quote_ident(current_schema()) "
            "FROM pg_namespace WHERE nspname = :name"
        ),
        {"name": SCHEMA},
    ).one_or_none()
    return found is not None and found[0] == fingerprint(found[1])


def install(connection: Connection) -> None:
    """Make the functions as they are in this code, in the transaction of the connection."""
    home = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()

    remove(connection)
    run(connection, f"GRANT USAGE ON SCHEMA {home} TO {CLAIM}")
    for table, rights in RIGHTS.items():
        run(connection, f'REVOKE ALL ON {home}."{table}" FROM {CLAIM}')
        run(connection, f'GRANT {rights} ON {home}."{table}" TO {CLAIM}')
    run(connection, f"CREATE SCHEMA {SCHEMA} AUTHORIZATION {CLAIM}")
    run(connection, f"COMMENT ON SCHEMA {SCHEMA} IS '{fingerprint(home)}'")
    run(connection, f"SET LOCAL ROLE {CLAIM}")  # so that they are its own from the beginning
    for definition in definitions(home):
        run(connection, definition)
    run(connection, f"REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {SCHEMA} FROM PUBLIC")
    run(connection, f"GRANT USAGE ON SCHEMA {SCHEMA} TO {APP}")
    run(connection, f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {SCHEMA} TO {APP}")
    run(connection, "RESET ROLE")
    for statement in triggers.triggers(home):
        run(connection, statement)


def remove(connection: Connection) -> None:
    """Drop the functions, if there are any."""
    run(connection, f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
