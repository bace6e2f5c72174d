"""Attempts to sign in, sessions, API keys, and counts for an overseer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.errors import NotFound
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


class MemoryAttempts:
    """Attempts to sign in and locks."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._attempts = world.attempts
        self._locks = world.sign_in_locks

    @writing
    async def recent(self, origin: Origin, phone_since: datetime, since: datetime) -> Sequence[Attempt]:
        """Return the attempts that share the phone, or the source or device; transactions take turns anyway."""
        found = [
            one
            for one in self._attempts.rows()
            if (one.origin.phone == origin.phone and one.at > phone_since)
            or (one.origin.source == origin.source and one.at > since)
            or (origin.device is not None and one.origin.device == origin.device and one.at > since)
        ]
        return sorted(found, key=lambda one: (one.at, one.id))

    @writing
    async def add(self, attempt: Attempt) -> None:
        """Store an attempt."""
        self._attempts.add(attempt.id, attempt, "sign-in attempt")

    @writing
    async def settle(self, attempt_id: UUID, fate: AttemptFate) -> None:
        """Store what became of an attempt, or raise NotFound."""
        self._attempts.put(attempt_id, evolve(self._attempts.need(attempt_id, "sign-in attempt"), fate=fate))

    @reading
    async def locks(self, origin: Origin) -> Sequence[SignInLock]:
        """Return the locks of this phone and this source that hold now, by subject."""
        found = [self._locks.get(subject) for subject in sorted({origin.phone, origin.source})]
        return [lock for lock in found if lock is not None and lock.until > self._work.now]

    @writing
    async def lock(self, lock: SignInLock) -> None:
        """Store a lock over an earlier one of the same subject."""
        self._locks.put(lock.subject, lock)

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Remove the attempts made earlier and the locks that ended earlier; return how many attempts."""
        old = [one.id for one in self._attempts.rows() if one.at < instant]
        for attempt_id in old:
            self._attempts.drop(attempt_id)
        for lock in self._locks.rows():
            if lock.until < instant:
                self._locks.drop(lock.subject)
        return len(old)


class MemorySessions:
    """One professional's sessions and their refresh tokens."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._user_id = work.user_id
        self._users = world.users
        self._super_users = world.super_users
        self._sessions = world.book(work.user_id).sessions
        self._tokens = world.book(work.user_id).refresh_tokens

    @writing
    async def add(self, session: Session) -> None:
        """Store a new one."""
        self._work.own(session.user_id, "session.user_id")
        self._sessions.add(session.id, session, "session")
        self._users.need(session.user_id, "user")

    @reading
    async def standing(self, session_id: UUID) -> Standing | None:
        """Return what a session allows; None when there is none, or it ended or expired."""
        session = self._sessions.get(session_id)
        if session is None or not session.is_alive(self._work.now):
            return None
        return Standing(session_id=session_id, may_read_all=self._user_id in self._super_users)

    @reading
    async def alive(self) -> Sequence[Session]:
        """Return those that neither ended nor expired, the newest first."""
        rows = [row for row in self._sessions.rows() if row.is_alive(self._work.now)]
        return sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)

    @reading
    async def get(self, session_id: UUID) -> Session:
        """Return one, alive or not, or raise NotFound."""
        return self._sessions.need(session_id, "session")

    @writing
    async def refreshed(self, session_id: UUID) -> None:
        """Note that it got new tokens now, or raise NotFound."""
        session = self._sessions.need(session_id, "session")
        self._sessions.put(session_id, evolve(session, refreshed_at=self._work.now))

    @writing
    async def end(self, session_ids: Sequence[UUID], reason: EndReason) -> Sequence[UUID]:
        """End those that are alive, now; return their ids, sorted."""
        ended = []
        for session_id in sorted(set(session_ids)):
            session = self._sessions.get(session_id)
            if session is not None and session.is_alive(self._work.now):
                self._sessions.put(session_id, evolve(session, ended_at=self._work.now, end_reason=reason))
                ended.append(session_id)
        return ended

    @writing
    async def issue(self, token: RefreshToken) -> None:
        """Store a refresh token."""
        self._work.own(token.user_id, "refreshtoken.user_id")
        self._tokens.add(token.id, token, "refresh token")
        self._sessions.need(token.session_id, "session")

    @reading
    async def token(self, token_id: UUID) -> RefreshToken | None:
        """Return a refresh token, used or not; None when it is unknown."""
        return self._tokens.get(token_id)

    @writing
    async def use(self, token_id: UUID) -> bool:
        """Mark a refresh token as used now; False when it was used before, or is unknown."""
        token = self._tokens.get(token_id)
        if token is None or token.used_at is not None:
            return False
        self._tokens.put(token_id, evolve(token, used_at=self._work.now))
        return True

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Remove the sessions that ended or expired earlier, with their tokens; return how many sessions."""
        old = {row.id for row in self._sessions.rows() if min(row.ended_at or row.expires_at, row.expires_at) < instant}
        for token in self._tokens.rows():
            if token.session_id in old:
                self._tokens.drop(token.id)
        for session_id in old:
            self._sessions.drop(session_id)
        return len(old)


class MemoryApiKeys:
    """One professional's API keys."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._keys = world.book(work.user_id).api_keys

    @writing
    async def add(self, key: ApiKey) -> None:
        """Store a new one."""
        self._work.own(key.user_id, "apikey.user_id")
        self._keys.add(key.id, key, "API key")
        self._users.need(key.user_id, "user")

    @reading
    async def find(self, key_id: UUID) -> ApiKey | None:
        """Return one, revoked or not; None when there is none."""
        return self._keys.get(key_id)

    @reading
    async def all(self) -> Sequence[ApiKey]:
        """Return those that are not revoked, the newest first."""
        rows = [row for row in self._keys.rows() if row.revoked_at is None]
        return sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)

    @writing
    async def revoke(self, key_id: UUID) -> None:
        """Revoke one that is not revoked, or raise NotFound."""
        key = self._keys.get(key_id)
        if key is None or key.revoked_at is not None:
            raise NotFound("API key", key_id)
        self._keys.put(key_id, evolve(key, revoked_at=self._work.now))

    @writing
    async def used(self, key_id: UUID, not_since: datetime) -> None:
        """Note that it was used now, unless it was noted at `not_since` or later."""
        key = self._keys.get(key_id)
        if key is not None and (key.last_used_at is None or key.last_used_at < not_since):
            self._keys.put(key_id, evolve(key, last_used_at=self._work.now))


class MemoryOverviews:
    """Counts over everything of one professional."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._book = world.book(work.user_id)

    @reading
    async def counts(self) -> Overview:
        """Return the counts of this professional."""
        book, now = self._book, self._work.now
        return Overview(
            clients=len(book.clients),
            briefings=Counter(row.status for row in book.briefings.rows()),
            messages=Counter(row.delivery for row in book.messages.rows()),
            scheduled=Counter(row.status for row in book.scheduled.rows()),
            sessions=sum(row.is_alive(now) for row in book.sessions.rows()),
            api_keys=sum(row.is_good(now) for row in book.api_keys.rows()),
        )
