"""An address book elsewhere: the permission is asked for, redeemed once, noted, and given back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from nudge_core.model.audit import AuditEntry
from nudge_core.model.contact_account import ContactAccount, ContactGrant, account_id
from nudge_core.model.event import stable_id
from nudge_core.model.secret import Secret
from nudge_core.ports import TenantTransaction

ASKED_FOR = timedelta(minutes=10)
"""How long a permission may be given after it was asked for: as Google's own codes live; ours for the state."""


async def ask(
    tx: TenantTransaction, grant_id: UUID, provider: str, state_mark: str, verifier: Secret, session_id: UUID
) -> ContactGrant:
    """Note that a permission is being asked for, in this session."""
    grant = ContactGrant(
        id=grant_id,
        user_id=tx.user_id,
        provider=provider,
        state_mark=state_mark,
        verifier=verifier,
        session_id=session_id,
        expires_at=tx.now + ASKED_FOR,
    )
    await tx.contact_accounts.ask(grant)
    return grant


async def connect(tx: TenantTransaction, provider: str, refresh_token: Secret, by: str) -> ContactAccount:
    """Store the permission."""
    account = ContactAccount(user_id=tx.user_id, provider=provider, refresh_token=refresh_token, connected_at=tx.now)
    await tx.contact_accounts.connect(account)
    await tx.audit.add([_decided(tx, provider, by, "contacts.connected")])
    return account


async def disconnect(tx: TenantTransaction, provider: str, by: str) -> None:
    """Forget the permission. Raises NotFound: there is none."""
    await tx.contact_accounts.get(provider)
    await tx.contact_accounts.disconnect(provider)
    await tx.audit.add([_decided(tx, provider, by, "contacts.disconnected")])


def _decided(tx: TenantTransaction, provider: str, by: str, action: str) -> AuditEntry:
    subject = account_id(tx.user_id, provider)
    return AuditEntry(
        id=stable_id("audit", action, str(subject), tx.now.isoformat()),
        user_id=tx.user_id,
        at=tx.now,
        actor=by,
        action=action,
        subject_type="contact_account",
        subject_id=subject,
        facts={"provider": provider},
    )
