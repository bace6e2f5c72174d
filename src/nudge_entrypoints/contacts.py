"""Files of contacts from the command line: looked into, brought in, taken back; duplicates found."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from attrs import field, frozen

from nudge_adapters.contacts.files import ContactFile, contact_file
from nudge_adapters.contacts.phones import LibPhoneNumbers
from nudge_core.book.columns import ENOUGH, Guess
from nudge_core.book.contact import Contact
from nudge_core.book.incoming import Incoming, incoming
from nudge_core.book.twins import twins
from nudge_core.errors import Invalid, NotFound
from nudge_core.model.client_import import RowProblem
from nudge_core.model.contact_import import ContactImport
from nudge_core.model.page import PageRequest
from nudge_core.model.user import User
from nudge_core.ports import PhoneReader
from nudge_core.steps import merge
from nudge_core.steps.explain import Explained
from nudge_core.walk import Parts, import_contacts, problems_of_import, rehearse_contacts, undo_import, why
from nudge_entrypoints.bootstrap import App, opened
from nudge_entrypoints.database import database
from nudge_entrypoints.demo.headless import Say
from nudge_entrypoints.settings import Settings

T = TypeVar("T")

HOME_REGION = "US"
"""Where numbers without a code are looked for when the professional's own number tells no country."""

PREVIEW_ROWS = 5
TOLD_ROWS = 20  # rows that a report on the screen names one by one; all of them stand in the file of --report
LARGEST_FILE = 200 * 2**20
"""Bytes: 50,000 contacts with a picture each would be more, and are exported without them."""


@frozen(kw_only=True)
class Request:
    """What is asked for. `columns`: MEANING=NAME. `region` None: the professional's country."""

    file: Path
    phone: str | None = field(default=None, repr=False)
    region: str | None = None
    columns: tuple[str, ...] = ()
    dry_run: bool = False
    report: Path | None = None


def bring_in_file(settings: Settings, request: Request, say: Say) -> dict[str, object]:
    """Bring a file in, or say what would come of it; return a report.

    Raises:
        Invalid: the file is too large, or a column is not there. NotFound: no such professional.
    """
    if request.file.stat().st_size > LARGEST_FILE:
        raise Invalid("file", f"at most {LARGEST_FILE >> 20} MB", None)

    async def act(parts: Parts, user: User) -> dict[str, object]:
        with request.file.open("rb") as stream:
            phones = LibPhoneNumbers()
            region = request.region or phones.region_of(user.phone_number) or HOME_REGION
            say("reading", 0, 0)
            found = contact_file(stream, region, explicit_of(request.columns))
            came = incoming(found.contacts(), phones, region, month_first=found.month_first)
            told: dict[str, object] = {"file": looked(found, phones, region)}
        if request.dry_run:
            rehearsal = await rehearse_contacts(parts, user.id, came)
            counts, problems = rehearsal.counts, rehearsal.problems
            told |= {"dry_run": True, "rows": len(came.items), "counts": dict(counts)}
        else:
            imported = await _brought_in(parts, user, came, found, region, say)
            problems = await problems_of_import(parts, user.id, imported.id)
            told |= shown(imported)
        if request.report is not None:
            lines = [json.dumps(plain(one)) for one in problems]
            request.report.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return told | {"problems": [plain(one) for one in problems[:TOLD_ROWS]], "problems_in_all": len(problems)}

    return _run(settings, request.phone, act)


def take_back(settings: Settings, phone: str | None, import_id: UUID, say: Say) -> dict[str, object]:
    """Take an import back. Raises Conflict: it was already. NotFound."""

    async def act(parts: Parts, user: User) -> dict[str, object]:
        def progress(done: int, whole: int) -> None:
            say("taking back", done, whole)

        back = await undo_import(parts, user.id, import_id, str(user.id), progress)
        return {**shown(back.imported), "removed": back.removed, "kept": [str(one) for one in back.kept]}

    return _run(settings, phone, act)


def list_imports(settings: Settings, phone: str | None) -> list[dict[str, object]]:
    """Return the latest imports, the newest first."""

    async def act(parts: Parts, user: User) -> list[dict[str, object]]:
        async with parts.store.tenant(user.id) as tx:
            page = await tx.contact_imports.page(PageRequest(limit=TOLD_ROWS))
        return [shown(one) for one in page.items]

    return _run(settings, phone, act)


def find_duplicates(settings: Settings, phone: str | None, limit: int) -> dict[str, object]:
    """Return pairs of clients who may be one, the likeliest first."""

    async def act(parts: Parts, user: User) -> dict[str, object]:
        async with parts.store.tenant(user.id) as tx:
            book = await tx.clients.book()
        found = twins(book)
        pairs = [
            {
                "kept_id": str(one.kept_id),
                "other_id": str(one.other_id),
                "score": round(one.score, 4),
                "sure": one.is_sure,
                "reasons": [str(reason) for reason in one.reasons],
            }
            for one in found[:limit]
        ]
        return {"clients": len(book), "pairs_in_all": len(found), "pairs": pairs}

    return _run(settings, phone, act)


def merge_two(settings: Settings, phone: str | None, kept: UUID, other: UUID) -> dict[str, object]:
    """Let one client become part of another one. Raises Invalid: one and the same. NotFound."""

    async def act(parts: Parts, user: User) -> dict[str, object]:
        vertical = parts.vertical(user.vertical)
        async with parts.store.tenant(user.id) as tx:
            done = await merge.merge(tx, parts.ids.new(), kept, other, str(user.id), vertical)
        return {"merge_id": str(done.id), "kept_id": str(kept), "gone_id": str(other)}

    return _run(settings, phone, act)


def unmerge(settings: Settings, phone: str | None, merge_id: UUID) -> dict[str, object]:
    """Make two of one again. Raises Conflict: it was done already. NotFound."""

    async def act(parts: Parts, user: User) -> dict[str, object]:
        async with parts.store.tenant(user.id) as tx:
            done = await merge.undo(tx, merge_id, str(user.id))
        return {"merge_id": str(done.id), "client_ids": [str(done.kept.id), str(done.gone.id)]}

    return _run(settings, phone, act)


def explain(settings: Settings, phone: str | None, client_id: UUID, event_id: UUID) -> Explained:
    """Return why a client is, or is not, told of an event. Raises NotFound, Invalid."""

    async def act(parts: Parts, user: User) -> Explained:
        return await why(parts, user.id, client_id, event_id)

    return _run(settings, phone, act)


def looked(found: ContactFile, phones: PhoneReader, region: str) -> dict[str, object]:
    """Return what was guessed of a file, and its first contacts as they would stand in the book."""
    head = incoming(islice(found.contacts(), PREVIEW_ROWS), phones, region, month_first=found.month_first)
    told: dict[str, object] = {"kind": found.kind.value, "region": region, "month_first": found.month_first}
    if found.table is not None:
        told |= {
            "delimiter": found.delimiter,
            "has_header": found.table.has_header,
            "columns": [
                {
                    "name": guess.header,
                    "meaning": guess.meaning.value if guess.meaning and guess.score >= ENOUGH else None,
                    "score": guess.score,
                    "reason": guess.reason,
                }
                for guess in found.table.guesses
            ],
        }
    return told | {"preview": [plain(item) if isinstance(item, RowProblem) else contact(item) for item in head.items]}


def explicit_of(columns: tuple[str, ...]) -> Mapping[str, str]:
    """Read MEANING=NAME into meanings by name. Raises Invalid."""
    explicit: dict[str, str] = {}
    for one in columns:
        meaning, is_told, name = one.partition("=")
        if not is_told or not name.strip():
            raise Invalid("--column", "MEANING=NAME, such as phone=Handy", None)
        explicit[name.strip()] = meaning.strip()
    return explicit


def mark_of(found_mark: str, explicit: Mapping[str, str], region: str) -> str:
    """Return the mark of a file read in one way: read in another way it is another import."""
    how = json.dumps([found_mark, sorted(explicit.items()), region])
    return hashlib.sha256(how.encode()).hexdigest()


def plain(problem: RowProblem) -> dict[str, Any]:
    """Return what is said of a row as JSON, without what is not said."""
    return {name: value for name, value in problem.as_json().items() if value is not None}


def contact(one: Contact) -> dict[str, Any]:
    """Return a contact as JSON, without what is empty."""
    told = {
        "line": one.line,
        "full_name": one.full_name,
        "phones": list(one.phones),
        "unread_phones": list(one.unread_phones),
        "emails": list(one.emails),
        "birthday": one.birthday,
        "address": one.address,
        "organisation": one.organisation,
        "notes": one.notes,
        "tags": list(one.tags),
    }
    return {name: value for name, value in told.items() if value}


def shown(imported: ContactImport) -> dict[str, object]:
    """Return an import as JSON."""
    return {
        "import_id": str(imported.id),
        "state": imported.state.value,
        "source": imported.source,
        "created_at": imported.created_at.isoformat(),
        "rows": imported.rows,
        "parts": imported.parts,
        "parts_done": imported.parts_done,
        "counts": dict(imported.counts),
    }


async def _brought_in(
    parts: Parts, user: User, came: Incoming, found: ContactFile, region: str, say: Say
) -> ContactImport:
    def progress(done: int, whole: int) -> None:
        say("importing", done, whole)

    explicit = {guess.header: guess.meaning.value if guess.meaning else "" for guess in _guesses(found)}
    return await import_contacts(
        parts,
        user.id,
        came,
        by=str(user.id),
        source=found.kind.value,
        mark=mark_of(found.mark, explicit, region),
        say=progress,
    )


def _guesses(found: ContactFile) -> tuple[Guess, ...]:
    return () if found.table is None else found.table.guesses


def _run(settings: Settings, phone: str | None, work: Callable[[Parts, User], Awaitable[T]]) -> T:
    async def act(app: App) -> T:
        async with app.parts.store.system() as tx:
            everybody = await tx.users.all()
        chosen = [user for user in everybody if phone is None or user.phone_number == phone]
        if not chosen:
            raise NotFound("user", "with this phone")
        if len(chosen) > 1:
            raise Invalid("--user", "the professional's own telephone: there are several", None)
        return await work(app.parts, chosen[0])

    async def whole(url: str) -> T:
        async with opened(settings, url) as app:
            return await act(app)

    with database(settings) as url:
        return asyncio.run(whole(url))
