"""Keys for programs of a professional's: made, told once, revoked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from attrs import field, frozen

from nudge_core.errors import Conflict, Invalid
from nudge_core.model.audit import AuditEntry
from nudge_core.model.json import Json
from nudge_core.model.sign_in import ApiKey
from nudge_core.ports import Ids, TenantTransaction

MOST_KEYS = 50
"""Keys of one professional that are not revoked: more than anybody can keep apart."""


@frozen(kw_only=True)
class NewKey:
    """A key that somebody has drawn: its id, how it begins, and the hash of its secret."""

    id: UUID
    prefix: str
    secret_hash: bytes = field(repr=False)


async def make(
    tx: TenantTransaction,
    key: NewKey,
    name: str,
    scopes: Collection[str],
    known_scopes: Collection[str],
    expires_at: datetime | None,
    actor: str,
    ids: Ids,
) -> ApiKey:
    """Store a key.

    Args:
        tx: of the professional who makes it.
        key: as drawn.
        name: for its owner to recognise it.
        scopes: what it may do: a part of `known_scopes`, at least one.
        known_scopes: all that the maker may do.
        expires_at: when it ends by itself, or None.
        actor: for the audit.
        ids: for the audit.

    Raises:
        Invalid: an unknown scope, none, or an end that has passed.
        Conflict: there are `MOST_KEYS` already.
    """
    if not scopes or not set(scopes) <= set(known_scopes):
        raise Invalid("apikey.scopes", f"one or more of {', '.join(sorted(known_scopes))}", sorted(scopes))
    if expires_at is not None and expires_at <= tx.now:
        raise Invalid("apikey.expires_at", "an instant to come", expires_at)
    if len(await tx.api_keys.all()) >= MOST_KEYS:
        raise Conflict("API key", f"there are {MOST_KEYS}; revoke one first")
    made = ApiKey(
        id=key.id,
        user_id=tx.user_id,
        name=name,
        prefix=key.prefix,
        secret_hash=key.secret_hash,
        scopes=tuple(sorted({str(scope) for scope in scopes})),
        created_at=tx.now,
        expires_at=expires_at,
    )
    await tx.api_keys.add(made)
    await _audit(tx, ids, actor, "api_key_made", made.id, made.scopes)
    return made


async def revoke(tx: TenantTransaction, key_id: UUID, actor: str, ids: Ids) -> None:
    """Revoke a key: refused from now on. Raises NotFound when there is none, or it is revoked."""
    await tx.api_keys.revoke(key_id)
    await _audit(tx, ids, actor, "api_key_revoked", key_id)


async def _audit(
    tx: TenantTransaction, ids: Ids, actor: str, action: str, key_id: UUID, scopes: Sequence[str] = ()
) -> None:
    facts: dict[str, Json] = {"scopes": list(scopes)} if scopes else {}
    entry = AuditEntry(
        id=ids.new(),
        user_id=tx.user_id,
        at=tx.now,
        actor=actor,
        action=action,
        subject_type="apikey",
        subject_id=key_id,
        facts=facts,
    )
    await tx.audit.add([entry])
