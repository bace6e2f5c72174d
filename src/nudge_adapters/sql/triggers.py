"""Triggers that write what happened, in the transaction in which it does: the rules of `nudge_core.model.change`.

Texts are written by a dozen statements of six ports, some of them inside functions of the database. A trigger is the
one place that none of them can pass by. They run with the rights of whoever writes, so the walls hold for them too.
New rows are taken together, once a statement; changed ones by a condition that a claim does not meet, so that claiming
texts costs nothing more. Made with the functions of `nudge_adapters.sql.claims`, and gone with their schema.
"""

from __future__ import annotations

from collections.abc import Sequence

from nudge_adapters.sql.across import SCHEMA
from nudge_adapters.sql.work import NOW
from nudge_core.model.change import ChangeKind, ImportState
from nudge_core.model.message import Delivery, Direction

_COLUMNS = "user_id, kind, subject_id, client_id, state, at"

# The store's simulated clock, where there is one; else the beginning of the transaction.
_AT = f"coalesce(nullif(current_setting('{NOW}', true), '')::timestamptz, now())"

_MESSAGE_KIND = (
    f"CASE direction WHEN '{Direction.INBOUND.value}' "
    f"THEN '{ChangeKind.MESSAGE_RECEIVED.value}' ELSE '{ChangeKind.MESSAGE_QUEUED.value}' END"
)
_NEW_ROWS = {
    "message": f"user_id, {_MESSAGE_KIND}, id, client_id, delivery::text",
    "campaignbriefing": f"user_id, '{ChangeKind.BRIEFING_CREATED.value}', id, client_id, status::text",
    "clientimport": f"user_id, '{ChangeKind.IMPORT_PROGRESS.value}', id, NULL, '{ImportState.DONE.value}'",
}
"""By table what an inserted row is a change of."""

_CHANGED_ROWS = {
    "message": (
        f"(OLD.delivery IS DISTINCT FROM NEW.delivery AND NEW.delivery <> '{Delivery.SENDING.value}') "
        "OR (OLD.delivery = NEW.delivery AND NEW.receipt IS NOT NULL AND OLD.receipt IS DISTINCT FROM NEW.receipt)",
        "NEW.user_id, CASE WHEN OLD.delivery IS DISTINCT FROM NEW.delivery "
        f"THEN '{ChangeKind.MESSAGE_DELIVERY.value}' ELSE '{ChangeKind.MESSAGE_RECEIPT.value}' END, NEW.id, "
        "NEW.client_id, CASE WHEN OLD.delivery IS DISTINCT FROM NEW.delivery THEN NEW.delivery::text "
        "ELSE NEW.receipt END",
    ),
    "campaignbriefing": (
        "OLD.version IS DISTINCT FROM NEW.version",
        f"NEW.user_id, '{ChangeKind.BRIEFING_CHANGED.value}', NEW.id, NEW.client_id, NEW.status::text",
    ),
    "clientimport": (
        "(OLD.undone_at IS NULL) <> (NEW.undone_at IS NULL)",
        f"NEW.user_id, '{ChangeKind.IMPORT_PROGRESS.value}', NEW.id, NULL, CASE WHEN NEW.undone_at IS NULL "
        f"THEN '{ImportState.DONE.value}' ELSE '{ImportState.UNDONE.value}' END",
    ),
}
"""By table when an updated row is a change, and of what."""


def functions(home: str) -> Sequence[str]:
    """Return the statements that make the functions; `home` is the schema of the tables."""
    into = f"INSERT INTO {home}.change ({_COLUMNS})"
    added = [
        _function(f"notice_new_{table}", f"{into} SELECT {values}, {_AT} FROM added; RETURN NULL", home)  # noqa: S608 - our own words
        for table, values in _NEW_ROWS.items()
    ]
    changed = [
        _function(f"notice_changed_{table}", f"{into} VALUES ({values}, {_AT}); RETURN NULL", home)
        for table, (_, values) in _CHANGED_ROWS.items()
    ]
    return [*added, *changed]


def triggers(home: str) -> Sequence[str]:
    """Return the statements that set them on their tables; run by who may alter these."""
    added = [
        f"CREATE TRIGGER notice_new AFTER INSERT ON {home}.{table} REFERENCING NEW TABLE AS added "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.notice_new_{table}()"
        for table in _NEW_ROWS
    ]
    changed = [
        f"CREATE TRIGGER notice_changed AFTER UPDATE ON {home}.{table} FOR EACH ROW WHEN ({when}) "
        f"EXECUTE FUNCTION {SCHEMA}.notice_changed_{table}()"
        for table, (when, _) in _CHANGED_ROWS.items()
    ]
    return [*added, *changed]


def _function(name: str, body: str, home: str) -> str:
    return (
        f"CREATE FUNCTION {SCHEMA}.{name}() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER "
        f"SET search_path = pg_catalog, {home}, pg_temp AS $function$\nBEGIN\n{body};\nEND\n$function$"
    )
