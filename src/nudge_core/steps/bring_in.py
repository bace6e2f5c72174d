"""Rows of a table become clients: those that can; each other one is named by its line and the rule it breaks.

Nobody who is there already is overwritten: the same phone or e-mail is a conflict that the professional decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from attrs import field, frozen

from nudge_core.book.facts import first_facts
from nudge_core.book.notes import first_notes
from nudge_core.errors import Invalid
from nudge_core.model.audit import about_client
from nudge_core.model.client import MOST_TAGS, TAG_CHARACTERS, Client
from nudge_core.model.client_import import MOST_ROWS, ClientImport, RowProblem, RowVerdict
from nudge_core.model.event import stable_id
from nudge_core.model.fields import E164
from nudge_core.model.json import Json, JsonObject
from nudge_core.ports import TenantTransaction
from nudge_core.verticals.base import Vertical

IMPORT = "import"
"""Source of facts that came in a table."""

COLUMNS = frozenset({"full_name", "email", "phone", "notes", "tags", "timezone", "preferences"})
"""What a row may hold; other names are a rule that it breaks. Guessing what a column means is not done here."""

_PUNCTUATION = re.compile(r"[\s().\u2010-\u2015-]+")
_US_NUMBER = re.compile(r"1?([2-9][0-9]{2}[2-9][0-9]{6})")  # North American Numbering Plan: area and exchange from 2


@frozen(kw_only=True)
class Row:
    """One row: its line in what was handed in, and its values by column. `broken`: a rule that it breaks as a whole."""

    line: int
    broken: str | None = None
    values: Mapping[str, Json] = field(repr=False)


async def bring_in(
    tx: TenantTransaction,
    import_id: UUID,
    rows: Sequence[Row],
    by: str,
    vertical: Vertical,
    *,
    add_anyway: frozenset[int] = frozenset(),
    dry_run: bool = False,
) -> ClientImport:
    """Add a client for every row that can become one; a constant number of statements.

    Args:
        tx: the owner's transaction.
        import_id: names the import.
        rows: at most `MOST_ROWS`.
        by: who brings them.
        vertical: reads their preferences.
        add_anyway: lines of conflicts about a phone that the professional has decided: they are two people.
        dry_run: only say what would happen; nothing is stored.

    Raises:
        Invalid: too many rows.
    """
    if len(rows) > MOST_ROWS:
        raise Invalid("import.rows", f"at most {MOST_ROWS} rows at once", rows)
    problems: list[RowProblem] = []
    read: dict[int, Client] = {}
    for row in rows:
        if row.broken is not None:
            problems.append(_problem(row.line, RowVerdict.INVALID, "row", row.broken))
            continue
        try:
            read[row.line] = _client(tx, import_id, row, vertical)
        except Invalid as error:
            problems.append(_problem(row.line, RowVerdict.INVALID, error.field, error.rule))
    repeated = _repeated(read)
    conflicts = await _conflicts(tx, read, add_anyway)
    problems += [*repeated.values(), *(one for line, one in conflicts.items() if line not in repeated)]
    added = [client for line, client in read.items() if line not in repeated and line not in conflicts]
    imported = ClientImport(
        id=import_id,
        user_id=tx.user_id,
        created_by=by,
        created_at=tx.now,
        rows=len(rows),
        added=tuple(client.id for client in added),
        problems=tuple(sorted(problems, key=lambda one: one.line)),
    )
    if not dry_run:
        await tx.clients.add(added)
        await tx.client_notes.add([note for client in added for note in first_notes(client, by)])
        await tx.client_facts.add([fact for client in added for fact in first_facts(tx, client, by, IMPORT)])
        await tx.client_imports.add(imported)
        told = str(import_id)
        await tx.audit.add(
            [about_client(tx.user_id, one.id, tx.now, by, "client.added", told, import_id=told) for one in added]
        )
    return imported


async def undo(tx: TenantTransaction, import_id: UUID, by: str) -> frozenset[UUID]:
    """Take an import back: its clients whom nobody has touched since are removed; return who they were.

    Raises:
        Conflict: it was taken back already.
        NotFound: no such import.
    """
    imported = await tx.client_imports.get(import_id)
    await tx.client_imports.undone(import_id)
    gone = await tx.dossiers.take_back(imported.added)
    await tx.audit.add(
        [about_client(tx.user_id, one, tx.now, by, "client.import_undone", str(import_id)) for one in sorted(gone)]
    )
    return gone


def _problem(line: int, verdict: RowVerdict, name: str, rule: str) -> RowProblem:
    return RowProblem(line=line, verdict=verdict, field=name[:100], rule=rule[:300])


def _client(tx: TenantTransaction, import_id: UUID, row: Row, vertical: Vertical) -> Client:
    given = {name: value for name, value in row.values.items() if value not in (None, "")}
    if unknown := sorted(given.keys() - COLUMNS):
        raise Invalid(unknown[0][:40], f"one of {', '.join(sorted(COLUMNS))}", None)
    name = _text(given, "full_name")
    if not name:
        raise Invalid("client.full_name", "a text of 1 to 200 characters", name)
    phone, as_given = _phone(_text(given, "phone"))
    client = Client(
        id=stable_id("imported", str(import_id), str(row.line)),
        user_id=tx.user_id,
        full_name=name,
        created_at=tx.now,
        email=_text(given, "email") or None,
        phone=phone,
        phone_as_given=as_given,
        timezone=_text(given, "timezone") or None,
        user_tags=_tags(given.get("tags")),
        notes=_text(given, "notes"),
        preferences=_object(given.get("preferences")),
    )
    vertical.seekers(client, ())
    return client


def _text(given: Mapping[str, Json], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise Invalid(f"client.{name}", "a text", value)
    return value.strip()


def _phone(given: str) -> tuple[str | None, str | None]:
    """Return a number as E.164, or as it was given when it cannot be read: nobody is texted, and nothing is lost."""
    bare = _PUNCTUATION.sub("", given)
    if E164.fullmatch(bare):
        return bare, None
    american = _US_NUMBER.fullmatch(bare.removeprefix("+"))
    if american is not None:
        return f"+1{american[1]}", None
    return None, given or None


def _tags(value: Json) -> tuple[str, ...]:
    """Read a list of texts, or one text with tags between semicolons."""
    several = value.split(";") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else ()
    tags = tuple(dict.fromkeys(tag.strip() for tag in several if isinstance(tag, str) and tag.strip()))
    if len(tags) > MOST_TAGS or any(len(tag) > TAG_CHARACTERS or "\x00" in tag for tag in tags):
        raise Invalid("client.tags", f"at most {MOST_TAGS} tags of 1 to {TAG_CHARACTERS} characters", value)
    return tags


def _object(value: Json) -> JsonObject:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Invalid("client.preferences", "an object", value)
    return value


def _repeated(read: Mapping[int, Client]) -> dict[int, RowProblem]:
    """Find rows with the phone or e-mail of one before them."""
    first: dict[tuple[str, str], int] = {}
    found: dict[int, RowProblem] = {}
    for line, client in read.items():
        keys = [("phone", client.phone), ("email", None if client.email is None else client.email.lower())]
        for name, value in keys:
            if value is None:
                continue
            before = first.setdefault((name, value), line)
            if before != line and line not in found:
                found[line] = RowProblem(
                    line=line,
                    verdict=RowVerdict.REPEATED,
                    field=f"client.{name}",
                    rule="another one than in a row before",
                    other_line=before,
                )
    return found


async def _conflicts(
    tx: TenantTransaction, read: Mapping[int, Client], add_anyway: frozenset[int]
) -> dict[int, RowProblem]:
    """Find rows with the phone or e-mail of somebody in the book."""
    phones = {client.phone for client in read.values() if client.phone is not None}
    emails = {client.email for client in read.values() if client.email is not None}
    by_phone: dict[str, Client] = {}
    by_email: dict[str, Client] = {}
    for known in await tx.clients.reachable_at(phones, emails):
        by_phone.setdefault(known.phone or "", known)
        by_email.setdefault((known.email or "").lower(), known)
    found: dict[int, RowProblem] = {}
    for line, client in read.items():
        same_email = None if client.email is None else by_email.get(client.email.lower())
        same_phone = None if client.phone is None or line in add_anyway else by_phone.get(client.phone)
        known_as = same_email or same_phone
        if known_as is not None:
            found[line] = RowProblem(
                line=line,
                verdict=RowVerdict.CONFLICT,
                field="client.email" if same_email else "client.phone",
                rule="somebody in the book has it",
                client_id=known_as.id,
            )
    return found
