"""Files of contacts: looked into, brought in with who is there already taken into account, taken back."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK

from nudge_adapters.contacts.files import ContactFile, FileKind, contact_file
from nudge_adapters.contacts.phones import LibPhoneNumbers
from nudge_core.book.columns import ENOUGH, Guess
from nudge_core.book.contact import Contact
from nudge_core.book.incoming import Incoming, incoming
from nudge_core.errors import Invalid
from nudge_core.model import fields
from nudge_core.model.client_import import MOST_ROWS, RowProblem, RowVerdict
from nudge_core.model.contact_import import ContactImport, ImportState
from nudge_core.walk import import_contacts, problems_of_import, rehearse_contacts, undo_import
from nudge_entrypoints.contacts import HOME_REGION, PREVIEW_ROWS, mark_of
from nudge_entrypoints.http.api.context import Api, Caller, TheApi
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import SCOPE, Principal, Scope

LARGEST_CONTENT = 1_500_000
"""Characters of base64: a file of about a megabyte. Larger ones come in by `nudge clients import`."""

LARGEST_BODY = 2_000_000  # bytes of a request: the content, and what is said of its columns
MOST_COLUMNS = 200
MOST_TOLD = 1_000  # problems in one answer
_REGION = 2  # letters
_OF = "contact imports"


def _columns(_instance: object, _attribute: Any, value: Any) -> None:
    if len(value) > MOST_COLUMNS or any(len(name) > 200 or len(said) > 40 for name, said in value.items()):
        raise Invalid("contactimport.columns", f"at most {MOST_COLUMNS} names with a meaning each", value)


@frozen(kw_only=True)
class ContactUpload:
    """A file. `content`: in base64, whatever its encoding. `columns`: meaning by name of a column, "" leaves it out.

    `region`: two letters: the country of numbers without a code; null: that of the professional's own number.
    """

    content: str = field(validator=fields.text(LARGEST_CONTENT, at_least=1), repr=False)
    columns: dict[str, str] = field(factory=dict[str, str], validator=_columns, repr=False)
    region: str | None = field(default=None, validator=fields.optional(fields.text(_REGION, at_least=_REGION)))
    dry_run: bool = False


@frozen(kw_only=True)
class ColumnView:
    """What a column means: as somebody said, or guessed, with a score from 0 to 1 and why. null: it is left out."""

    name: str
    meaning: str | None
    score: float
    reason: str


@frozen(kw_only=True)
class ContactView:
    """A contact as it would stand in the book. `unread_phones`: as they are written."""

    line: int
    full_name: str = field(repr=False)
    phones: tuple[str, ...] = field(repr=False)
    unread_phones: tuple[str, ...] = field(repr=False)
    emails: tuple[str, ...] = field(repr=False)
    birthday: str = field(repr=False)
    address: str = field(repr=False)
    organisation: str = field(repr=False)
    notes: str = field(repr=False)
    tags: tuple[str, ...]


@frozen(kw_only=True)
class RowView:
    """What is to be said of a row: its line and why, never a value of it."""

    line: int
    verdict: RowVerdict
    field: str
    rule: str
    client_id: UUID | None
    other_line: int | None


@frozen(kw_only=True)
class FileView:
    """What was found in a file: how it is read, its first contacts, and what is wrong with its first rows."""

    kind: FileKind
    delimiter: str | None
    has_header: bool
    month_first: bool
    columns: tuple[ColumnView, ...]
    contacts: tuple[ContactView, ...]
    problems: tuple[RowView, ...]


@frozen(kw_only=True)
class ContactImportView:
    """An import and how far it is. `id` null: a dry run, of which nothing is stored. `counts`: rows by what became of
    them; `problems`: the first thousand of those there is something to say of."""

    id: UUID | None
    state: ImportState | None
    source: str
    created_at: datetime | None
    finished_at: datetime | None
    rows: int
    parts: int
    parts_done: int
    counts: dict[str, int]
    problems: tuple[RowView, ...]


@frozen(kw_only=True)
class ContactImportPage:
    """Some of them, without their problems, and where to go on."""

    items: tuple[ContactImportView, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class ContactsTakenBack:
    """How many are gone, and who stays because they were changed, texted or decided about since."""

    removed: int
    kept: tuple[UUID, ...]


class ContactImports(Controller):
    """Routes of files of contacts."""

    path = "/contact-imports"
    tags = ["clients"]  # noqa: RUF012  a Litestar controller's own attribute

    @post("/preview", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_READ}, request_max_body_size=LARGEST_BODY)
    async def preview_contacts(self, api: TheApi, principal: Caller, data: JSONBody[ContactUpload]) -> FileView:
        """Say what a file is taken for and what its columns mean, and show its first contacts. Nothing is stored."""
        region = await _region(api, principal, data)
        return await asyncio.to_thread(_previewed, data, region)

    @post(opt={SCOPE: Scope.CLIENTS_WRITE, "idempotent": True}, request_max_body_size=LARGEST_BODY)
    async def import_contacts(self, api: TheApi, principal: Caller, data: JSONBody[ContactUpload]) -> ContactImportView:
        """Bring a file in: new clients are added, surely known ones take up what is new, bad rows are told by line."""
        region = await _region(api, principal, data)
        mark, kind, came = await asyncio.to_thread(_read, data, region)
        if data.dry_run:
            rehearsal = await rehearse_contacts(api.parts, principal.user_id, came)
            return ContactImportView(
                id=None, state=None, source=kind.value, created_at=None, finished_at=None, rows=len(came.items),
                parts=came.parts, parts_done=0, counts=dict(rehearsal.counts), problems=_rows(rehearsal.problems),
            )  # fmt: skip
        done = await import_contacts(
            api.parts, principal.user_id, came, by=principal.actor, source=kind.value, mark=mark
        )
        return view_of(done, await problems_of_import(api.parts, principal.user_id, done.id))

    @get(opt={SCOPE: Scope.CLIENTS_READ})
    async def list_contact_imports(
        self,
        api: TheApi,
        principal: Caller,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> ContactImportPage:
        """List imports and how far they are, the newest first."""
        request = page_request(_OF, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            page = await tx.contact_imports.page(request)
        return ContactImportPage(
            items=tuple(view_of(one, ()) for one in page.items), next_cursor=cursor_after(_OF, page.last)
        )

    @get("/{import_id:uuid}", opt={SCOPE: Scope.CLIENTS_READ})
    async def read_contact_import(self, api: TheApi, principal: Caller, import_id: FromPath[UUID]) -> ContactImportView:
        """Read how far an import is, and what is to be said of its rows."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            found = await tx.contact_imports.get(import_id)
        return view_of(found, await problems_of_import(api.parts, principal.user_id, import_id))

    @post("/{import_id:uuid}/undo", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_WRITE})
    async def undo_contact_import(self, api: TheApi, principal: Caller, import_id: FromPath[UUID]) -> ContactsTakenBack:
        """Take an import back: its merges are undone, its clients whom nobody has touched since are removed."""
        back = await undo_import(api.parts, principal.user_id, import_id, principal.actor)
        return ContactsTakenBack(removed=back.removed, kept=back.kept)


def view_of(imported: ContactImport, problems: tuple[RowProblem, ...]) -> ContactImportView:
    """Return an import as it is shown."""
    return ContactImportView(
        id=imported.id,
        state=imported.state,
        source=imported.source,
        created_at=imported.created_at,
        finished_at=imported.finished_at,
        rows=imported.rows,
        parts=imported.parts,
        parts_done=imported.parts_done,
        counts=dict(imported.counts),
        problems=_rows(problems),
    )


async def region_of(api: Api, principal: Principal) -> str:
    """Return the country of the professional's own number."""
    async with api.parts.store.tenant(principal.user_id) as tx:
        user = await tx.users.get(principal.user_id)
    return LibPhoneNumbers().region_of(user.phone_number) or HOME_REGION


async def _region(api: Api, principal: Principal, data: ContactUpload) -> str:
    return data.region.upper() if data.region is not None else await region_of(api, principal)


def _opened(data: ContactUpload, region: str) -> ContactFile:
    try:
        content = base64.b64decode(data.content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("contactupload.content", "base64", None) from error
    return contact_file(io.BytesIO(content), region, data.columns)


def _read(data: ContactUpload, region: str) -> tuple[str, FileKind, Incoming]:
    """Read a file. It takes the processor for a second or two, so it has a thread of its own."""
    found = _opened(data, region)
    few = islice(found.contacts(), MOST_ROWS + 1)
    came = incoming(few, LibPhoneNumbers(), region, month_first=found.month_first)
    if len(came.items) > MOST_ROWS:
        raise Invalid("contactupload.content", f"at most {MOST_ROWS} rows; `nudge clients import` takes more", None)
    how: Mapping[str, str] = {one.header: one.meaning.value if one.meaning else "" for one in _guesses(found)}
    return mark_of(found.mark, how, region), found.kind, came


def _previewed(data: ContactUpload, region: str) -> FileView:
    found = _opened(data, region)
    head = incoming(islice(found.contacts(), PREVIEW_ROWS), LibPhoneNumbers(), region, month_first=found.month_first)
    return FileView(
        kind=found.kind,
        delimiter=found.delimiter,
        has_header=found.table is not None and found.table.has_header,
        month_first=found.month_first,
        columns=tuple(map(_column, _guesses(found))),
        contacts=tuple(_contact(one) for one in head.items if isinstance(one, Contact)),
        problems=_rows(tuple(one for one in head.items if isinstance(one, RowProblem))),
    )


def _guesses(found: ContactFile) -> tuple[Guess, ...]:
    return () if found.table is None else found.table.guesses


def _column(guess: Guess) -> ColumnView:
    meaning = guess.meaning.value if guess.meaning is not None and guess.score >= ENOUGH else None
    return ColumnView(name=guess.header, meaning=meaning, score=guess.score, reason=guess.reason)


def _contact(one: Contact) -> ContactView:
    return ContactView(
        line=one.line,
        full_name=one.full_name,
        phones=one.phones,
        unread_phones=one.unread_phones,
        emails=one.emails,
        birthday=one.birthday,
        address=one.address,
        organisation=one.organisation,
        notes=one.notes,
        tags=one.tags,
    )


def _rows(problems: tuple[RowProblem, ...]) -> tuple[RowView, ...]:
    return tuple(
        RowView(
            line=one.line,
            verdict=one.verdict,
            field=one.field,
            rule=one.rule,
            client_id=one.client_id,
            other_line=one.other_line,
        )
        for one in problems[:MOST_TOLD]
    )
