"""The book: what a professional writes down about their clients, and who of them may be texted.

Every change is audited with who made it and which fields; never with what stood in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from attrs import evolve

from nudge_core.book.facts import follow_preferences
from nudge_core.book.notes import follow_notes
from nudge_core.errors import Conflict, Invalid
from nudge_core.model.audit import AuditEntry
from nudge_core.model.client import MOST_TAGS, TAG_CHARACTERS, Client
from nudge_core.model.consent import Consent, ConsentKind
from nudge_core.model.event import stable_id
from nudge_core.ports import TenantTransaction
from nudge_core.verticals.base import Vertical

CHANGEABLE = frozenset({"full_name", "email", "phone", "notes", "user_tags", "preferences", "timezone"})
"""What a professional may change. Everything else is known from what happened."""


async def add(tx: TenantTransaction, client: Client, by: str, vertical: Vertical) -> Client:
    """Store a new client.

    Raises:
        Conflict: the id or the e-mail is taken.
        Invalid: wishes that the vertical cannot read, or that contradict themselves.
    """
    vertical.seekers(client, ())
    check_tags(client.user_tags)
    await tx.clients.add([client])
    await follow_notes(tx, None, client, by)
    await follow_preferences(tx, None, client, by)
    await tx.audit.add([_entry(tx, client, by, "client.added", 1)])
    return client


async def change(
    tx: TenantTransaction, client_id: UUID, by: str, vertical: Vertical, *, version: int, changes: Mapping[str, Any]
) -> Client:
    """Change fields of a client.

    Args:
        tx: the owner's transaction.
        client_id: whom.
        by: who changes it.
        vertical: the professional's, which reads the wishes.
        version: the one that was read.
        changes: values by the names in `CHANGEABLE`.

    Raises:
        NotFound: no such client.
        Conflict: somebody changed it since, or the e-mail is taken.
        Invalid: a field that nobody may change, a value against its rule, or wishes that cannot be read.
    """
    refused = sorted(set(changes) - CHANGEABLE)
    if refused:
        raise Invalid(f"client.{refused[0]}", f"one of {', '.join(sorted(CHANGEABLE))}")
    stored = await tx.clients.for_change(client_id)
    if stored.version != version:
        raise Conflict("client", "somebody changed it since it was read")
    changed = evolve(stored, **changes)
    if changed.preferences != stored.preferences:
        vertical.seekers(changed, ())
    if changed.notes != stored.notes:
        changed = evolve(changed, notes_embedding=None)  # it spoke of other notes; the worker makes a new one
    if changed == stored:
        return stored
    check_tags(changed.user_tags)
    saved = await tx.clients.save(changed)
    await follow_notes(tx, stored, saved, by)
    await follow_preferences(tx, stored, saved, by)
    await tx.audit.add([_entry(tx, saved, by, "client.changed", saved.version, tuple(sorted(changes)))])
    return saved


def check_tags(tags: Sequence[str]) -> None:
    """Raise Invalid unless these may be the professional's tags of one client."""
    if len(tags) > MOST_TAGS or not all(0 < len(tag.strip()) <= TAG_CHARACTERS for tag in tags):
        raise Invalid("client.user_tags", f"at most {MOST_TAGS} tags of 1 to {TAG_CHARACTERS} characters", tags)


async def add_tags(tx: TenantTransaction, client_id: UUID, tags: Sequence[str], by: str) -> Client:
    """Add tags of the professional's; a proposed one among them is no proposal any more. Nothing new: nothing happens.

    Raises NotFound, Invalid.
    """
    client = await tx.clients.for_change(client_id)
    own = tuple(dict.fromkeys([*client.user_tags, *(tag.strip() for tag in tags)]))
    return await _tagged(tx, client, own, tuple(tag for tag in client.ai_tags if tag not in own), by)


async def remove_tags(tx: TenantTransaction, client_id: UUID, tags: Sequence[str], by: str) -> Client:
    """Remove tags, the professional's and proposed ones. Nothing to remove: nothing happens. Raises NotFound."""
    client = await tx.clients.for_change(client_id)
    gone = {tag.strip() for tag in tags}
    own = tuple(tag for tag in client.user_tags if tag not in gone)
    return await _tagged(tx, client, own, tuple(tag for tag in client.ai_tags if tag not in gone), by)


async def _tagged(
    tx: TenantTransaction, client: Client, own: tuple[str, ...], proposed: tuple[str, ...], by: str
) -> Client:
    if (own, proposed) == (client.user_tags, client.ai_tags):
        return client
    check_tags(own)
    saved = await tx.clients.save(evolve(client, user_tags=own, ai_tags=proposed))
    await tx.audit.add([_entry(tx, saved, by, "client.tagged", saved.version)])
    return saved


async def consented(
    tx: TenantTransaction, client_id: UUID, consent_id: UUID, by: str, *, kind: ConsentKind, source: str, wording: str
) -> Consent:
    """Write down what a client agreed to; the newest statement about a phone counts. NONE withdraws.

    A STOP is not lifted by it: only the person's own START does that.

    Raises:
        NotFound: no such client.
        Invalid: the client has no phone that could be texted.
    """
    client = await tx.clients.get(client_id)
    if client.phone is None:
        raise Invalid("client.phone", "a phone, before consent to text it can be written down")
    consent = Consent(
        id=consent_id,
        user_id=tx.user_id,
        client_id=client.id,
        phone=client.phone,
        kind=kind,
        source=source,
        recorded_by=by,
        recorded_at=tx.now,
        wording=wording,
    )
    await tx.consents.add([consent])
    await tx.audit.add([_entry(tx, client, by, "client.consent", client.version, (kind.value,))])
    return consent


def _entry(
    tx: TenantTransaction, client: Client, by: str, action: str, version: int, what: tuple[str, ...] = ()
) -> AuditEntry:
    return AuditEntry(
        id=stable_id("audit", str(client.id), action, str(version), tx.now.isoformat(), *what),
        user_id=tx.user_id,
        at=tx.now,
        actor=by,
        action=action,
        subject_type="client",
        subject_id=client.id,
        facts={"version": version, "what": what},
    )
