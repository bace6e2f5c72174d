"""Notes: they are the source of truth, and `Client.notes` is their projection.

Text that stood there before there were notes becomes the first note.
"""

from __future__ import annotations

from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.errors import Invalid
from nudge_core.model.audit import about_client
from nudge_core.model.client import Client
from nudge_core.model.client_note import NOTE_CHARACTERS, ClientNote, projected
from nudge_core.model.event import stable_id
from nudge_core.ports import TenantTransaction
from nudge_core.reading.hardship import Hardship, hardship
from nudge_core.sending.plans import ask_copilot, pause

BEFORE = "before"
"""Author of what stood in `Client.notes` before there were notes."""


@frozen(kw_only=True)
class Noted:
    """What a note did: the client as they are now, plans that rest now, and what the words speak of."""

    client: Client
    note: ClientNote = field(repr=False)
    paused: int = 0
    hardship: Hardship | None = None


async def write_note(tx: TenantTransaction, note_id: UUID, client_id: UUID, text: str, by: str) -> Noted:
    """Write a note; the client's `notes` follow, and lose their vector until they get a new one.

    A note that speaks of a death, an illness or the like pauses the client's plans and asks (`verticals.md` 2.5).

    Raises:
        Invalid: no words, or too many.
        NotFound: no such client.
    """
    if not 0 < len(text.strip()) <= NOTE_CHARACTERS:
        raise Invalid("note.text", f"a text of 1 to {NOTE_CHARACTERS} characters", text)
    client = await tx.clients.for_change(client_id)
    known = list(await tx.client_notes.of_client(client_id))
    note = _note(tx, note_id, client_id, text.strip(), by)
    fresh = [note] if known or not client.notes.strip() else [_first(client), note]
    await tx.client_notes.add(fresh)
    saved = await tx.clients.save(evolve(client, notes=projected([*known, *fresh]), notes_embedding=None))
    noted = about_client(
        tx.user_id, client_id, tx.now, by, "client.noted", str(note_id), version=saved.version, note_id=str(note_id)
    )
    await tx.audit.add([noted])
    grief = hardship(text)
    if grief is None:
        return Noted(client=saved, note=note)
    paused = await pause(tx, [client_id], grief.value, note_id, by)
    await ask_copilot(tx, client_id, grief.value, note_id)
    return Noted(client=saved, note=note, paused=len(paused), hardship=grief)


async def follow_notes(tx: TenantTransaction, before: Client | None, after: Client, by: str) -> None:
    """Write down as a note what was written straight into a client's `notes`; they were stored already.

    Args:
        tx: the owner's transaction.
        before: the client as they were; None: they are new.
        after: as they are stored now.
        by: who wrote it.
    """
    if before is not None and before.notes == after.notes:
        return
    if before is None:
        await tx.client_notes.add(first_notes(after, by))
        return
    known = await tx.client_notes.of_client(after.id)
    whole = evolve(
        _note(tx, stable_id("whole note", str(after.id), str(after.version)), after.id, after.notes, by), is_whole=True
    )
    await tx.client_notes.add([whole] if known or not before.notes.strip() else [_first(before), whole])


def first_notes(client: Client, by: str) -> list[ClientNote]:
    """Return the notes that somebody who is added comes with: one, or none. Their instant is the client's first."""
    return [evolve(_first(client), author=by)] if client.notes.strip() else []


def _first_id(client_id: UUID) -> UUID:
    return stable_id("first note", str(client_id))


def _first(client: Client) -> ClientNote:
    return ClientNote(
        id=_first_id(client.id),
        user_id=client.user_id,
        client_id=client.id,
        text=client.notes,
        author=BEFORE,
        at=client.created_at,
    )


def _note(tx: TenantTransaction, note_id: UUID, client_id: UUID, text: str, author: str) -> ClientNote:
    return ClientNote(id=note_id, user_id=tx.user_id, client_id=client_id, text=text, author=author, at=tx.now)
