"""Contacts become clients, part by part; a kill loses at most the part that was under way, and the next call goes on.

Each part is one transaction: its clients, its merges and how far the import is.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.book.incoming import Incoming, Rehearsal, rehearsed
from nudge_core.book.intake import Intake
from nudge_core.errors import Conflict, NotFound
from nudge_core.model.client_import import RowProblem, RowVerdict
from nudge_core.model.contact_import import ContactImport, ImportState
from nudge_core.ports import TenantTransaction
from nudge_core.steps import merge
from nudge_core.steps.take_in import merge_id, take_in, take_part_back
from nudge_core.walk.parts import Parts

Say = Callable[[int, int], None]
"""Told how many parts are done, of how many."""


def _silent(_done: int, _all: int) -> None:
    return


@frozen(kw_only=True)
class TakenBack:
    """An import that was taken back: who is gone, and who stays because they were touched since."""

    imported: ContactImport
    removed: int
    kept: tuple[UUID, ...] = field(repr=False)


async def rehearse_contacts(parts: Parts, user_id: UUID, came: Incoming) -> Rehearsal:
    """Say what an import would do; nothing is stored."""
    async with parts.store.tenant(user_id) as tx:
        book = await tx.clients.book()
    return rehearsed(came, Intake(book))


async def import_contacts(
    parts: Parts, user_id: UUID, came: Incoming, *, by: str, source: str, mark: str, say: Say = _silent
) -> ContactImport:
    """Bring contacts in; where the same came before and was not ended, go on behind its last part.

    Args:
        parts: the store and the verticals.
        user_id: into whose book.
        came: all of them.
        by: who brings them.
        source: from where, such as `table`.
        mark: of what came and how it is read; see `ContactImport.mark`.
        say: told after each part.

    Raises:
        Conflict: somebody else brings in the same now, or an e-mail was taken meanwhile; calling again goes on.
    """
    async with parts.store.tenant(user_id) as tx:
        vertical = parts.vertical((await tx.users.get(user_id)).vertical)
        imported = await _begun(parts, tx, came, by, source, mark)
        own = {one for number in range(imported.parts_done) for one in await _added(tx, imported, number)}
        book = await tx.clients.book()
    intake = Intake(client for client in book if client.id not in own)
    for client in book:
        if client.id in own:
            intake.reserve(client.email)
    say(imported.parts_done, imported.parts)
    while imported.parts_done < imported.parts:
        async with parts.store.tenant(user_id) as tx:
            taken = await take_in(tx, imported, came.part(imported.parts_done), intake, by, vertical)
            for kept_id, gone_id, line in taken.merges:
                this = merge_id(imported.id, line)
                intake.replace((await merge.merge(tx, this, kept_id, gone_id, by, vertical)).after)
        imported = taken.imported
        say(imported.parts_done, imported.parts)
    return imported


async def undo_import(parts: Parts, user_id: UUID, import_id: UUID, by: str, say: Say = _silent) -> TakenBack:
    """Take an import back: its merges are undone, and its clients whom nobody has touched since are removed.

    May be stopped at any point and called again. An import that was never ended is taken back as far as it came.

    Raises:
        Conflict: it was taken back already, or a client that comes back out of a merge has an e-mail taken by now.
        NotFound: no such import.
    """
    async with parts.store.tenant(user_id) as tx:
        imported = await tx.contact_imports.get(import_id)
        if imported.state is ImportState.UNDONE:
            raise Conflict("import", "it was taken back already")
        imported = evolve(imported, state=ImportState.UNDOING, progressed_at=tx.now)
        await tx.contact_imports.save(imported)
    removed = 0
    kept: list[UUID] = []
    for number in reversed(range(imported.parts_done)):
        async with parts.store.tenant(user_id) as tx:
            part = await tx.client_imports.get(imported.part_id(number))
            if part.undone_at is None:
                for row in reversed(part.problems):
                    await _apart(tx, imported, row, by)
            gone = await take_part_back(tx, imported, number, by)
            removed += len(gone)
            kept += [one for one in part.added if one not in gone]
        say(imported.parts_done - number, imported.parts_done)
    async with parts.store.tenant(user_id) as tx:
        imported = evolve(imported, state=ImportState.UNDONE, progressed_at=tx.now, finished_at=tx.now)
        await tx.contact_imports.save(imported)
    return TakenBack(imported=imported, removed=removed, kept=tuple(kept))


async def problems_of_import(parts: Parts, user_id: UUID, import_id: UUID) -> tuple[RowProblem, ...]:
    """Return what is to be said of the rows of an import, as far as it is, by line. Raises NotFound."""
    async with parts.store.tenant(user_id) as tx:
        imported = await tx.contact_imports.get(import_id)
        found = [
            row
            for number in range(imported.parts_done)
            for row in (await tx.client_imports.get(imported.part_id(number))).problems
        ]
    return tuple(sorted(found, key=lambda row: row.line))


async def _begun(parts: Parts, tx: TenantTransaction, came: Incoming, by: str, source: str, mark: str) -> ContactImport:
    """Return the import of the same that was not ended, or a new one."""
    found = await tx.contact_imports.unfinished(mark)
    if found is not None and (found.rows, found.parts) == (len(came.items), came.parts):
        return found
    begun = ContactImport(
        id=parts.ids.new(),
        user_id=tx.user_id,
        created_by=by,
        created_at=tx.now,
        source=source,
        mark=mark,
        rows=len(came.items),
        parts=came.parts,
        state=ImportState.RUNNING if came.parts else ImportState.DONE,
        progressed_at=tx.now,
        finished_at=None if came.parts else tx.now,
    )
    await tx.contact_imports.add(begun)
    return begun


async def _added(tx: TenantTransaction, imported: ContactImport, number: int) -> tuple[UUID, ...]:
    return (await tx.client_imports.get(imported.part_id(number))).added


async def _apart(tx: TenantTransaction, imported: ContactImport, row: RowProblem, by: str) -> None:
    """Undo the merge of a row, where it stands: it may be undone already, or one of the two was erased."""
    if row.verdict is not RowVerdict.MERGED:
        return
    this = merge_id(imported.id, row.line)
    try:
        done = await tx.client_merges.get(this)
        await tx.clients.get(done.kept.id)
    except NotFound:
        return
    if done.undone_at is None:
        await merge.undo(tx, this, by)
