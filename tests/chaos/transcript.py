"""What the database itself writes down during a run, and the clock it shows.

Every state a text has been committed in, and every suppression, is noted by a trigger that fires at COMMIT, with the
machine's own time: locks are still held then, so the order of two notes about one phone is the order of the commits.
The town's clock is `now()` in a schema that is searched before PostgreSQL's own: the product runs with the database's
clock, as in production, and the day can be chosen and moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import psycopg
from psycopg import sql

from nudge_adapters.sql.migrate import upgrade
from tests.databases import for_psycopg

TEMPLATE = "chaos_template"

_INSTALL = """
CREATE SCHEMA town;
CREATE TABLE town.clock (ahead interval NOT NULL);
INSERT INTO town.clock VALUES ('0');
CREATE FUNCTION town.now() RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT pg_catalog.now() + (SELECT ahead FROM town.clock) $$;
CREATE TABLE town.moves (
    seq bigserial, at timestamptz NOT NULL DEFAULT clock_timestamp(), message_id uuid NOT NULL, user_id uuid NOT NULL,
    recipient text, message_class text NOT NULL, delivery text NOT NULL, attempt int NOT NULL, provider_sid text,
    receipt text, wait_s double precision NOT NULL);
CREATE TABLE town.silences (
    seq bigserial, at timestamptz NOT NULL DEFAULT clock_timestamp(), user_id uuid NOT NULL, phone text NOT NULL,
    scope text NOT NULL, active boolean NOT NULL, source_sid text);
CREATE FUNCTION town.note_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO town.moves (message_id, user_id, recipient, message_class, delivery, attempt, provider_sid, receipt,
                            wait_s)
    VALUES (NEW.id, NEW.user_id, NEW.recipient, NEW.message_class, NEW.delivery, NEW.attempt, NEW.provider_sid,
            NEW.receipt, extract(epoch FROM NEW.due_at - NEW.created_at));
    RETURN NULL;
END $$;
CREATE FUNCTION town.note_silence() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO town.silences (user_id, phone, scope, active, source_sid)
    VALUES (NEW.user_id, NEW.phone, NEW.scope, NEW.active, NEW.source_sid);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER town_moves AFTER INSERT OR UPDATE ON message DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.direction = 'OUTBOUND') EXECUTE FUNCTION town.note_move();
CREATE CONSTRAINT TRIGGER town_silences AFTER INSERT OR UPDATE ON suppression DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION town.note_silence();
GRANT USAGE ON SCHEMA town TO PUBLIC;
GRANT SELECT ON town.clock TO PUBLIC;
"""


def make_template(server: str) -> None:
    """Make a migrated database with triggers and clock, to be copied for every run."""
    with psycopg.connect(for_psycopg(server), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    url = address(server, TEMPLATE)
    upgrade(url)
    with psycopg.connect(url) as connection:
        connection.execute(_INSTALL)


def address(server: str, name: str) -> str:
    """Return the address of one database on a server."""
    parts = psycopg.conninfo.conninfo_to_dict(for_psycopg(server))
    host = str(parts.get("host", ""))
    user, port = parts.get("user", "postgres"), parts.get("port")
    secret = f":{parts['password']}" if parts.get("password") else ""
    if host.startswith("/"):
        return f"postgresql://{user}{secret}@/{name}?host={quote(host, safe='')}" + (f"&port={port}" if port else "")
    return f"postgresql://{user}{secret}@{host}:{port or 5432}/{name}"


@contextmanager
def copied(server: str, name: str, start: datetime) -> Iterator[tuple[str, timedelta]]:
    """Copy the template, set the town's clock to `start`; yield the address and how far ahead that is; drop it."""
    identifier = sql.Identifier(name)
    with psycopg.connect(for_psycopg(server), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(identifier, sql.Identifier(TEMPLATE)))
        connection.execute(sql.SQL("ALTER DATABASE {} SET search_path = town, pg_catalog, public").format(identifier))
    url = address(server, name)
    ahead = start - datetime.now(UTC)
    set_ahead(url, ahead)
    try:
        yield url, ahead
    finally:
        with psycopg.connect(for_psycopg(server), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))


def set_ahead(url: str, ahead: timedelta) -> None:
    """Set how far the town's clock is ahead of the machine's."""
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE town.clock SET ahead = %s", [ahead])
