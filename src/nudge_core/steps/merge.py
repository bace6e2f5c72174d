"""Two clients become one, without losing a value; and two again, as they were.

What differs in a field that holds one value goes into a note; of two wishes of a kind the one dated later counts, and
the other stays as history. Texts, planned texts, calls, notes, facts, consents and places in audiences move.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from attrs import evolve

from nudge_core.book.facts import adopted_facts
from nudge_core.book.notes import first_notes
from nudge_core.errors import Invalid
from nudge_core.model.audit import AuditEntry, about_client
from nudge_core.model.client import Client
from nudge_core.model.client_fact import ClientFact, FactState, projected
from nudge_core.model.client_merge import ClientMerge, FactChange
from nudge_core.model.client_note import PROJECTED_CHARACTERS, ClientNote
from nudge_core.model.client_note import projected as projected_notes
from nudge_core.model.event import stable_id
from nudge_core.ports import TenantTransaction
from nudge_core.verticals.base import Vertical

SINGLE = {
    "full_name": "name",
    "email": "e-mail",
    "phone": "phone",
    "phone_as_given": "phone",
    "timezone": "time zone",
}
"""Fields that hold one value, and what a note calls them."""

_RESTORED = (*SINGLE, "created_at", "last_interaction", "preferences", "notes", "notes_embedding", "ai_tags")


async def merge(
    tx: TenantTransaction, merge_id: UUID, kept_id: UUID, gone_id: UUID, by: str, vertical: Vertical
) -> ClientMerge:
    """Let one client become part of another.

    Args:
        tx: the owner's transaction.
        merge_id: names the merge.
        kept_id: who stays; where both say something, theirs counts.
        gone_id: who becomes part of them.
        by: who decides.
        vertical: reads the wishes of both together.

    Raises:
        Invalid: one and the same.
        NotFound: no such client.
    """
    if kept_id == gone_id:
        raise Invalid("merge.other_id", "another client", gone_id)
    read = {one: await tx.clients.for_change(one) for one in sorted((kept_id, gone_id))}
    kept, gone = read[kept_id], read[gone_id]
    for client in (kept, gone):
        await _adopt(tx, client, by)
    facts = [*await tx.client_facts.of_client(kept_id), *await tx.client_facts.of_client(gone_id)]
    after_facts = _settled(facts, kept_id)
    merged = _one(kept, gone, after_facts)
    try:
        vertical.seekers(merged, ())
    except Invalid:  # together they contradict each other: the other one's wishes wait for the professional
        after_facts = _only_proposed(facts, gone_id)
        merged = _one(kept, gone, after_facts)
    moved = await tx.dossiers.reassign(gone_id, kept_id, None)
    await tx.dossiers.drop(gone_id)
    changes = [_change(old, new) for old, new in zip(facts, after_facts, strict=True) if old != new]
    for new in after_facts:
        if new not in facts:
            await tx.client_facts.save(new)
    note = _note(tx, merge_id, merged, by)
    await tx.client_notes.add([note])
    saved = await tx.clients.save(evolve(merged, version=kept.version))
    done = ClientMerge(
        id=merge_id,
        user_id=tx.user_id,
        merged_by=by,
        merged_at=tx.now,
        kept=kept,
        gone=gone,
        after=saved,
        moved=moved,
        facts=tuple(changes),
    )
    await tx.client_merges.add(done)
    await tx.audit.add([_audited(tx, one, by, "client.merged", merge_id) for one in (kept_id, gone_id)])
    return done


async def undo(tx: TenantTransaction, merge_id: UUID, by: str) -> ClientMerge:
    """Make two of them again. What was changed or added since stays with the one that was kept.

    Raises:
        Conflict: it was undone already, or the e-mail of the one that comes back is taken by now.
        NotFound: no such merge, or the client that was kept is no more.
    """
    done = await tx.client_merges.get(merge_id)
    await tx.client_merges.undone(merge_id)
    now = await tx.clients.for_change(done.kept.id)
    await tx.dossiers.put_back(evolve(_apart(now, done), email=None))
    await tx.dossiers.put_back(done.gone)
    await tx.dossiers.put_back(_apart(now, done))
    await tx.dossiers.reassign(done.kept.id, done.gone.id, done.moved)
    await tx.dossiers.drop_note(_note_id(merge_id))
    await _facts_back(tx, done)
    await _projected_again(tx, now, done)
    await tx.audit.add([_audited(tx, one, by, "client.merge_undone", merge_id) for one in (done.kept.id, done.gone.id)])
    return done


def _audited(tx: TenantTransaction, client_id: UUID, by: str, action: str, merge_id: UUID) -> AuditEntry:
    return about_client(tx.user_id, client_id, tx.now, by, action, str(merge_id), merge_id=str(merge_id))


async def _adopt(tx: TenantTransaction, client: Client, by: str) -> None:
    """Write down what stands in a client and in no note or fact yet, so that it moves with them."""
    if not await tx.client_notes.of_client(client.id):
        await tx.client_notes.add(first_notes(client, by))
    await tx.client_facts.add(adopted_facts(client, await tx.client_facts.of_client(client.id), by))


def _settled(facts: Sequence[ClientFact], kept_id: UUID) -> list[ClientFact]:
    """Let of two current facts of a kind the later one count; of equally late ones that of whom is kept."""
    winners: dict[str, ClientFact] = {}
    for fact in (one for one in facts if one.is_current):
        before = winners.get(fact.kind)
        if before is None or (fact.at, fact.client_id == kept_id) > (before.at, before.client_id == kept_id):
            winners[fact.kind] = fact
    return [
        evolve(fact, superseded_by=winners[fact.kind].id)
        if fact.is_current and winners[fact.kind].id != fact.id
        else fact
        for fact in facts
    ]


def _only_proposed(facts: Sequence[ClientFact], gone_id: UUID) -> list[ClientFact]:
    return [
        evolve(fact, state=FactState.PROPOSED) if fact.is_current and fact.client_id == gone_id else fact
        for fact in facts
    ]


def _one(kept: Client, gone: Client, facts: Sequence[ClientFact]) -> Client:
    """Return what the two become; a single value that differs stands in the notes."""
    values: dict[str, Any] = {name: getattr(kept, name) or getattr(gone, name) for name in SINGLE}
    lost = [
        f"Also known: {called} {getattr(gone, name)}"
        for name, called in SINGLE.items()
        if getattr(gone, name) and getattr(gone, name) != values[name]
    ]
    own = tuple(dict.fromkeys([*kept.user_tags, *gone.user_tags]))
    talks = [at for at in (kept.last_interaction, gone.last_interaction) if at is not None]
    notes = "\n".join(part for part in (kept.notes, gone.notes, *lost) if part.strip())
    return evolve(
        kept,
        **values,
        user_tags=own,
        ai_tags=tuple(tag for tag in dict.fromkeys([*kept.ai_tags, *gone.ai_tags]) if tag not in own),
        created_at=min(kept.created_at, gone.created_at),
        last_interaction=max(talks, default=None),
        notes=notes[-PROJECTED_CHARACTERS:],
        notes_embedding=None,
        preferences=projected(facts),
    )


def _note_id(merge_id: UUID) -> UUID:
    return stable_id("merged note", str(merge_id))


def _note(tx: TenantTransaction, merge_id: UUID, merged: Client, by: str) -> ClientNote:
    """Return the note that holds what both said: the rows of both stay behind it as history."""
    return ClientNote(
        id=_note_id(merge_id),
        user_id=tx.user_id,
        client_id=merged.id,
        text=merged.notes,
        author=by,
        at=tx.now,
        is_whole=True,
    )


def _change(old: ClientFact, new: ClientFact) -> FactChange:
    return FactChange(
        fact_id=old.id,
        state=old.state,
        superseded_by=old.superseded_by,
        state_after=new.state,
        superseded_after=new.superseded_by,
    )


def _apart(now: Client, done: ClientMerge) -> Client:
    """Return the kept client as before, but for what was changed since."""
    before, after = done.kept, done.after
    values = {
        name: getattr(before, name) if getattr(now, name) == getattr(after, name) else getattr(now, name)
        for name in _RESTORED
    }
    untouched = now.user_tags == after.user_tags
    came = {tag for tag in after.user_tags if tag not in before.user_tags}
    tags = before.user_tags if untouched else tuple(tag for tag in now.user_tags if tag not in came)
    same = now.version == after.version
    return evolve(now, **values, user_tags=tags, updated_at=before.updated_at if same else now.updated_at)


async def _facts_back(tx: TenantTransaction, done: ClientMerge) -> None:
    """Give facts their standing back, where nobody has changed it since."""
    for change in done.facts:
        fact = await tx.client_facts.get(change.fact_id)
        if (fact.state, fact.superseded_by) == (change.state_after, change.superseded_after):
            await tx.client_facts.save(evolve(fact, state=change.state, superseded_by=change.superseded_by))


async def _projected_again(tx: TenantTransaction, now: Client, done: ClientMerge) -> None:
    """Where wishes or notes were added since, let them stand in the kept client as they count now."""
    if (now.preferences, now.notes) == (done.after.preferences, done.after.notes):
        return
    facts = list(await tx.client_facts.of_client(now.id))
    after = _settled(facts, now.id)
    for old, new in zip(facts, after, strict=True):
        if old != new:
            await tx.client_facts.save(new)
    stored = await tx.clients.get(now.id)
    notes = projected_notes(await tx.client_notes.of_client(now.id))
    await tx.clients.save(evolve(stored, preferences=projected(after), notes=notes, notes_embedding=None))
