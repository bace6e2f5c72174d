"""An address book elsewhere that a professional lets us read, and the permission while it is being asked for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.event import stable_id
from nudge_core.model.secret import Secret


@frozen(kw_only=True)
class ContactGrant:
    """A permission that is being asked for: who comes back with the state, in the same session, may redeem it once.

    `state_mark`: SHA-256 of the state, in hexadecimal digits: the state itself is nowhere but in the browser.
    `verifier`: of PKCE (RFC 7636). `session_id`: in which it was asked for.
    """

    id: UUID
    user_id: UUID
    provider: str = field(validator=fields.text(20, at_least=1))
    state_mark: str = field(validator=fields.text(64, at_least=64), repr=False)
    verifier: Secret
    session_id: UUID
    expires_at: datetime = field(validator=fields.instant)


@frozen(kw_only=True)
class ContactAccount:
    """An address book that may be read. `sync_token`: from where the next reading goes on; None: from the beginning."""

    user_id: UUID
    provider: str = field(validator=fields.text(20, at_least=1))
    refresh_token: Secret
    connected_at: datetime = field(validator=fields.instant)
    sync_token: str | None = field(default=None, validator=fields.optional(fields.text(2_000)), repr=False)
    synced_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))

    @property
    def id(self) -> UUID:
        """One of each provider for each professional."""
        return account_id(self.user_id, self.provider)


def account_id(user_id: UUID, provider: str) -> UUID:
    """Return the id of a professional's account with a provider."""
    return stable_id("contact account", str(user_id), provider)
