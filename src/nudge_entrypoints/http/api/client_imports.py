"""Clients that come together, from rows or from CSV, and are taken back together."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK

from nudge_core.errors import Invalid
from nudge_core.model import fields
from nudge_core.model.client_import import MOST_ROWS, ClientImport, RowVerdict
from nudge_core.model.json import frozen_object
from nudge_core.steps.bring_in import Row, bring_in, undo
from nudge_entrypoints.http.api.bodies_of_change import small_json
from nudge_entrypoints.http.api.clients import vertical_of
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import SCOPE, Scope

MOST_CSV = 2_000_000  # characters: MOST_ROWS rows of a thousand each
_OF = "client imports"


def _rows(_instance: object, _attribute: Any, value: Any) -> None:
    if len(value) > MOST_ROWS:
        raise Invalid("import.rows", f"at most {MOST_ROWS} rows at once", value)


def _lines(_instance: object, _attribute: Any, value: Any) -> None:
    if len(value) > MOST_ROWS:
        raise Invalid("import.add_anyway", f"at most {MOST_ROWS} lines", value)


@frozen(kw_only=True)
class NewImport:
    """Rows as objects, or one CSV text whose first line names the columns; never both.

    Columns: full_name, email, phone, notes, tags (in CSV with semicolons between), timezone, preferences (rows only).
    Lines count from 1: of rows the first is 1; of CSV the header is. `add_anyway`: lines whose phone somebody in the
    book has, and who are another person. `dry_run`: only say what would happen.
    """

    rows: list[dict[str, Any]] = field(factory=list[dict[str, Any]], validator=_rows, repr=False)
    csv: str | None = field(default=None, validator=fields.optional(fields.text(MOST_CSV)), repr=False)
    add_anyway: list[int] = field(factory=list[int], validator=_lines)
    dry_run: bool = False


@frozen(kw_only=True)
class ProblemView:
    """A row that became no client: its line, and why."""

    line: int
    verdict: RowVerdict
    field: str
    rule: str
    client_id: UUID | None
    other_line: int | None


@frozen(kw_only=True)
class ImportView:
    """What became of an import. `state`: `done`, `undone`, or `dry_run`, of which nothing is stored."""

    id: UUID
    state: str
    created_at: datetime
    rows: int
    added: int
    client_ids: tuple[UUID, ...]
    problems: tuple[ProblemView, ...]
    undone_at: datetime | None


@frozen(kw_only=True)
class ImportPage:
    """Some of them, and where to go on."""

    items: tuple[ImportView, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class UndoneView:
    """Who is gone, and who stays because they were changed, texted or decided about since."""

    removed: int
    kept: tuple[UUID, ...]


class ClientImports(Controller):
    """Routes of imports."""

    path = "/client-imports"
    tags = ["clients"]  # noqa: RUF012  a Litestar controller's own attribute

    @post(opt={SCOPE: Scope.CLIENTS_WRITE, "idempotent": True})
    async def import_clients(self, api: TheApi, principal: Caller, data: JSONBody[NewImport]) -> ImportView:
        """Add a client for every row that can become one; report the others by line."""
        rows = rows_of(data)
        async with api.parts.store.tenant(principal.user_id) as tx:
            done = await bring_in(
                tx, api.parts.ids.new(), rows, principal.actor, await vertical_of(api, tx),
                add_anyway=frozenset(data.add_anyway), dry_run=data.dry_run,
            )  # fmt: skip
        return _view(done, "dry_run" if data.dry_run else None)

    @get(opt={SCOPE: Scope.CLIENTS_READ})
    async def list_imports(
        self,
        api: TheApi,
        principal: Caller,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> ImportPage:
        """List imports, the newest first."""
        request = page_request(_OF, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            page = await tx.client_imports.page(request)
        return ImportPage(items=tuple(map(_view, page.items)), next_cursor=cursor_after(_OF, page.last))

    @get("/{import_id:uuid}", opt={SCOPE: Scope.CLIENTS_READ})
    async def read_import(self, api: TheApi, principal: Caller, import_id: FromPath[UUID]) -> ImportView:
        """Read what became of an import."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _view(await tx.client_imports.get(import_id))

    @post("/{import_id:uuid}/undo", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_WRITE})
    async def undo_import(self, api: TheApi, principal: Caller, import_id: FromPath[UUID]) -> UndoneView:
        """Remove the clients of an import whom nobody has touched since."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            imported = await tx.client_imports.get(import_id)
            gone = await undo(tx, import_id, principal.actor)
        return UndoneView(removed=len(gone), kept=tuple(one for one in imported.added if one not in gone))


def rows_of(data: NewImport) -> list[Row]:
    """Return the rows of a request with their lines. Raises Invalid: both or neither were given, or no CSV."""
    if (data.csv is None) == (not data.rows):
        raise Invalid("import", "either rows or csv", None)
    if data.csv is None:
        return [_row(line, values) for line, values in enumerate(data.rows, 1)]
    try:
        reader = csv.reader(io.StringIO(data.csv, newline=""), strict=True)
        header = [name.strip() for name in next(reader, [])]
        found: list[Row] = []
        for cells in reader:
            if any(cell.strip() for cell in cells):
                wide = None if len(cells) <= len(header) else "no more cells than the first line"
                values = dict(zip(header, cells, strict=False))
                found.append(Row(line=reader.line_num, values=values, broken=wide))
            if len(found) > MOST_ROWS:
                raise Invalid("import.csv", f"at most {MOST_ROWS} rows at once", None)
    except csv.Error as error:
        raise Invalid("import.csv", "CSV: commas between cells, quotes around cells that hold one", None) from error
    if not header or len(set(header)) != len(header):
        raise Invalid("import.csv", "a first line that names each column once", None)
    return found


@frozen
class _Bounded:
    """An object of bounded size, or Invalid."""

    values: dict[str, Any] = field(validator=small_json, repr=False)


def _row(line: int, values: dict[str, Any]) -> Row:
    try:
        return Row(line=line, values=frozen_object(_Bounded(values).values))
    except Invalid as error:
        return Row(line=line, values={}, broken=error.rule)


def _view(imported: ClientImport, state: str | None = None) -> ImportView:
    stored = "done" if imported.undone_at is None else "undone"
    return ImportView(
        id=imported.id,
        state=state or stored,
        created_at=imported.created_at,
        rows=imported.rows,
        added=len(imported.added),
        client_ids=imported.added,
        problems=tuple(
            ProblemView(
                line=one.line,
                verdict=one.verdict,
                field=one.field,
                rule=one.rule,
                client_id=one.client_id,
                other_line=one.other_line,
            )
            for one in imported.problems
        ),
        undone_at=imported.undone_at,
    )
