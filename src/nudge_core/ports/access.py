"""Storage of who may come in: attempts to sign in, sessions, API keys; and what an overseer may see of a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from nudge_core.model.oversight import Overview
from nudge_core.model.sign_in import (
    ApiKey,
    Attempt,
    AttemptFate,
    EndReason,
    Origin,
    RefreshToken,
    Session,
    SignInLock,
    Standing,
)


class Attempts(Protocol):
    """Attempts to sign in and locks, by keyed hashes. Global: it knows no professional and no phone."""

    async def recent(self, origin: Origin, phone_since: datetime, since: datetime) -> Sequence[Attempt]:
        """Return the attempts for this phone after `phone_since`, and those from this source or device after `since`.

        Each once, by instant and id. Whoever else asks about the same phone, source or device waits until this
        transaction ends: two attempts at once cannot both be the last one allowed.
        """
        ...

    async def add(self, attempt: Attempt) -> None:
        """Store an attempt."""
        ...

    async def settle(self, attempt_id: UUID, fate: AttemptFate) -> None:
        """Store what became of an attempt, or raise NotFound."""
        ...

    async def locks(self, origin: Origin) -> Sequence[SignInLock]:
        """Return the locks of this phone and this source that hold at the transaction's now, by subject."""
        ...

    async def lock(self, lock: SignInLock) -> None:
        """Store a lock over an earlier one of the same subject."""
        ...

    async def forget_before(self, instant: datetime) -> int:
        """Remove the attempts made earlier and the locks that ended earlier; return how many attempts."""
        ...


class Sessions(Protocol):
    """One professional's sessions and their refresh tokens."""

    async def add(self, session: Session) -> None:
        """Store a new one."""
        ...

    async def standing(self, session_id: UUID) -> Standing | None:
        """Return what a session allows; None when there is none, or it ended or expired. One statement."""
        ...

    async def alive(self) -> Sequence[Session]:
        """Return those that neither ended nor expired, the newest first."""
        ...

    async def get(self, session_id: UUID) -> Session:
        """Return one, alive or not, or raise NotFound. Held against other changes until the transaction ends."""
        ...

    async def refreshed(self, session_id: UUID) -> None:
        """Note that it got new tokens now, or raise NotFound."""
        ...

    async def end(self, session_ids: Sequence[UUID], reason: EndReason) -> Sequence[UUID]:
        """End those that are alive, now; return their ids, sorted. The rest is left as it is."""
        ...

    async def issue(self, token: RefreshToken) -> None:
        """Store a refresh token."""
        ...

    async def token(self, token_id: UUID) -> RefreshToken | None:
        """Return a refresh token, used or not; None when it is unknown."""
        ...

    async def use(self, token_id: UUID) -> bool:
        """Mark a refresh token as used now; False when it was used before, or is unknown."""
        ...

    async def forget_before(self, instant: datetime) -> int:
        """Remove the sessions that ended or expired earlier, with their tokens; return how many sessions."""
        ...


class ApiKeys(Protocol):
    """One professional's API keys."""

    async def add(self, key: ApiKey) -> None:
        """Store a new one."""
        ...

    async def find(self, key_id: UUID) -> ApiKey | None:
        """Return one, revoked or not; None when there is none. One statement."""
        ...

    async def all(self) -> Sequence[ApiKey]:
        """Return those that are not revoked, the newest first."""
        ...

    async def revoke(self, key_id: UUID) -> None:
        """Revoke one that is not revoked, or raise NotFound."""
        ...

    async def used(self, key_id: UUID, not_since: datetime) -> None:
        """Note that it was used now, unless it was noted at `not_since` or later."""
        ...


class Overviews(Protocol):
    """Counts over everything of one professional: what an overseer may see."""

    async def counts(self) -> Overview:
        """Return the counts of this professional. A fixed number of statements."""
        ...
