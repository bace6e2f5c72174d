"""One part of an import of contacts: whoever is new becomes a client; the part remembers who they were."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.book.contact import Contact
from nudge_core.book.facts import first_facts
from nudge_core.book.incoming import Item, counted, problem, problems_of
from nudge_core.book.intake import Decision, Fate, Intake, client_of
from nudge_core.book.notes import first_notes
from nudge_core.errors import Invalid
from nudge_core.model.audit import about_client
from nudge_core.model.client import Client
from nudge_core.model.client_import import ClientImport, RowProblem, RowVerdict
from nudge_core.model.contact_import import ContactImport, ImportState
from nudge_core.model.event import stable_id
from nudge_core.ports import TenantTransaction
from nudge_core.verticals.base import Vertical

IMPORT = "import"
"""Source of facts that came with a contact."""


@frozen(kw_only=True)
class TakenIn:
    """A part. `merges`: who is to become part of whom now, in this order: (client who stays, client who goes, line)."""

    imported: ContactImport
    merges: tuple[tuple[UUID, UUID, int], ...] = field(repr=False)


async def take_in(
    tx: TenantTransaction, imported: ContactImport, items: Sequence[Item], intake: Intake, by: str, vertical: Vertical
) -> TakenIn:
    """Store a part: the clients, and what is to be said of the other rows; a constant number of statements.

    Args:
        tx: the owner's transaction.
        imported: as far as it is; the part that is stored is the next one.
        items: the rows of the part.
        intake: the book as it was when the import began.
        by: who brings them.
        vertical: reads their preferences.

    Raises:
        Conflict: somebody else stores this part, or has taken an e-mail meanwhile: begin again with the book of now.
    """
    this = imported.part_id(imported.parts_done)
    problems: list[RowProblem] = []
    added: list[Client] = []
    merges: list[tuple[UUID, UUID, int]] = []
    own = 0
    for item in items:
        if isinstance(item, RowProblem):
            problems.append(item)
            continue
        decision = intake.decide(item)
        try:
            client = _client(tx, this, decision, intake, vertical)
        except Invalid as error:
            problems.append(problem(item.line, RowVerdict.INVALID, error.field, error.rule))
            continue
        problems += problems_of(decision)
        if client is None:
            continue
        added.append(client)
        intake.reserve(client.email)
        if decision.fate is Fate.MERGE and decision.client_id is not None:
            merges.append((decision.client_id, client.id, item.line))
        else:
            own += 1
    part = ClientImport(
        id=this,
        user_id=tx.user_id,
        created_by=by,
        created_at=tx.now,
        rows=len(items),
        added=tuple(client.id for client in added),
        problems=tuple(problems),
    )
    await tx.client_imports.add(part)
    await tx.clients.add(added)
    await tx.client_notes.add([note for client in added for note in first_notes(client, by)])
    await tx.client_facts.add([fact for client in added for fact in first_facts(tx, client, by, IMPORT)])
    told = str(this)
    await tx.audit.add(
        [about_client(tx.user_id, one.id, tx.now, by, "client.added", told, import_id=told) for one in added]
    )
    counts = dict(imported.counts)
    for name, count in counted(problems, own).items():
        counts[name] = counts.get(name, 0) + count
    done = imported.parts_done + 1
    is_whole = done == imported.parts
    further = evolve(
        imported,
        parts_done=done,
        counts=counts,
        progressed_at=tx.now,
        state=ImportState.DONE if is_whole else ImportState.RUNNING,
        finished_at=tx.now if is_whole else None,
    )
    await tx.contact_imports.save(further)
    return TakenIn(imported=further, merges=tuple(merges))


async def take_part_back(tx: TenantTransaction, imported: ContactImport, number: int, by: str) -> frozenset[UUID]:
    """Remove those clients of a part whom nobody has touched since; return who they were. Twice is once.

    Raises:
        NotFound: no such part.
    """
    part = await tx.client_imports.get(imported.part_id(number))
    if part.undone_at is not None:
        return frozenset()
    await tx.client_imports.undone(part.id)
    gone = await tx.dossiers.take_back(part.added)
    await tx.audit.add(
        [about_client(tx.user_id, one, tx.now, by, "client.import_undone", str(part.id)) for one in sorted(gone)]
    )
    return gone


def merge_id(import_id: UUID, line: int) -> UUID:
    """Return the id of the merge by which a row became part of a client."""
    return stable_id("merge of an import", str(import_id), str(line))


def _client(tx: TenantTransaction, part: UUID, decision: Decision, intake: Intake, vertical: Vertical) -> Client | None:
    """Return the client that a contact becomes; None: it is known already."""
    if decision.fate is Fate.KNOWN:
        return None
    contact: Contact = decision.contact
    client = client_of(decision, stable_id("imported", str(part), str(contact.line)), tx.user_id, tx.now, intake)
    vertical.seekers(client, ())
    return client
