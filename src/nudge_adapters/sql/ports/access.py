"""Attempts to sign in, sessions, API keys, and counts for an overseer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, Table, and_, delete, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from nudge_adapters.sql import tables
from nudge_adapters.sql.rows.access import (
    attempt_from_row,
    attempt_to_row,
    key_from_row,
    key_to_row,
    lock_from_row,
    session_from_row,
    session_to_row,
    token_from_row,
    token_to_row,
)
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import NotFound
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.message import Delivery, ScheduledStatus
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

_attempt, _lock = tables.signinattempt, tables.signinlock
_session, _token, _key = tables.signinsession, tables.refreshtoken, tables.apikey
_user = tables.user

LOCK_SPACE = "nudge sign-in"  # keeps our advisory locks apart from those of anybody else in the database
_TURN = text("SELECT pg_advisory_xact_lock(:key)")


def _advisory(subject: str) -> int:
    """Return the number under which PostgreSQL lets one transaction at a time ask about a subject."""
    return int.from_bytes(hashlib.sha256(f"{LOCK_SPACE}:{subject}".encode()).digest()[:8], "big", signed=True)


class SqlAttempts:
    """Attempts to sign in and locks."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def recent(self, origin: Origin, phone_since: datetime, since: datetime) -> Sequence[Attempt]:
        """Return the attempts that share the phone, or the source or device, when it is this transaction's turn."""
        subjects = {origin.phone, origin.source} | ({origin.device} if origin.device else set())
        for key in sorted(map(_advisory, subjects)):  # one order for all, so that two cannot wait for each other
            await self._work.run(_TURN, {"key": key})
        column = _attempt.c
        shared = [
            and_(column.phone == origin.phone, column.at > phone_since),
            and_(column.source == origin.source, column.at > since),
        ]
        if origin.device is not None:
            shared.append(and_(column.device == origin.device, column.at > since))
        rows = await self._work.rows(select(_attempt).where(or_(*shared)).order_by(column.at, column.id))
        return [attempt_from_row(row) for row in rows]

    @writing
    async def add(self, attempt: Attempt) -> None:
        """Store an attempt."""
        await self._work.run(insert(_attempt), attempt_to_row(attempt))

    @writing
    async def settle(self, attempt_id: UUID, fate: AttemptFate) -> None:
        """Store what became of an attempt, or raise NotFound."""
        this = update(_attempt).where(_attempt.c.id == attempt_id).values(fate=fate.value)
        if await self._work.changed(this) == 0:
            raise NotFound("sign-in attempt", attempt_id)

    @reading
    async def locks(self, origin: Origin) -> Sequence[SignInLock]:
        """Return the locks of this phone and this source that hold now, by subject."""
        mine = (_lock.c.subject.in_([origin.phone, origin.source]), _lock.c.until > self._work.now)
        rows = await self._work.rows(select(_lock).where(*mine))
        return sorted((lock_from_row(row) for row in rows), key=lambda lock: lock.subject)

    @writing
    async def lock(self, lock: SignInLock) -> None:
        """Store a lock over an earlier one of the same subject."""
        values = {"reason": lock.reason.value, "until": lock.until}
        new = upsert(_lock).values(subject=lock.subject, **values)
        await self._work.run(new.on_conflict_do_update(index_elements=["subject"], set_=values))

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Remove the attempts made earlier and the locks that ended earlier; return how many attempts."""
        await self._work.run(delete(_lock).where(_lock.c.until < instant))
        return await self._work.changed(delete(_attempt).where(_attempt.c.at < instant))


class SqlSessions:
    """One professional's sessions and their refresh tokens."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _session.c.user_id == work.owner
        self._my_tokens = _token.c.user_id == work.owner

    def _alive(self) -> ColumnElement[bool]:
        return and_(self._mine, _session.c.ended_at.is_(None), _session.c.expires_at > self._work.now)

    @writing
    async def add(self, session: Session) -> None:
        """Store a new one."""
        self._work.own(session.user_id, "session.user_id")
        await self._work.run(insert(_session), session_to_row(session))

    @reading
    async def standing(self, session_id: UUID) -> Standing | None:
        """Return what a session allows; None when there is none, or it ended or expired. One statement."""
        joined = _session.join(_user, _user.c.id == _session.c.user_id)
        query = select(_user.c.is_super_user).select_from(joined).where(self._alive(), _session.c.id == session_id)
        row = await self._work.row(query)
        return None if row is None else Standing(session_id=session_id, may_read_all=row["is_super_user"])

    @reading
    async def alive(self) -> Sequence[Session]:
        """Return those that neither ended nor expired, the newest first."""
        order = (_session.c.created_at.desc(), _session.c.id.desc())
        return [
            session_from_row(row)
            for row in await self._work.rows(select(_session).where(self._alive()).order_by(*order))
        ]

    @reading
    async def get(self, session_id: UUID) -> Session:
        """Return one, alive or not, or raise NotFound. Held against other changes until the transaction ends."""
        query = select(_session).where(self._mine, _session.c.id == session_id).with_for_update()
        row = await self._work.row(query)
        if row is None:
            raise NotFound("session", session_id)
        return session_from_row(row)

    @writing
    async def refreshed(self, session_id: UUID) -> None:
        """Note that it got new tokens now, or raise NotFound."""
        this = update(_session).where(self._mine, _session.c.id == session_id)
        if await self._work.changed(this.values(refreshed_at=self._work.now)) == 0:
            raise NotFound("session", session_id)

    @writing
    async def end(self, session_ids: Sequence[UUID], reason: EndReason) -> Sequence[UUID]:
        """End those that are alive, now; return their ids, sorted."""
        these = update(_session).where(self._alive(), _session.c.id.in_(sorted(set(session_ids))))
        ended = these.values(ended_at=self._work.now, end_reason=reason.value).returning(_session.c.id)
        return sorted((await self._work.run(ended)).scalars().all())

    @writing
    async def issue(self, token: RefreshToken) -> None:
        """Store a refresh token."""
        self._work.own(token.user_id, "refreshtoken.user_id")
        await self._work.run(insert(_token), token_to_row(token))

    @reading
    async def token(self, token_id: UUID) -> RefreshToken | None:
        """Return a refresh token, used or not; None when it is unknown."""
        row = await self._work.row(select(_token).where(self._my_tokens, _token.c.id == token_id))
        return None if row is None else token_from_row(row)

    @writing
    async def use(self, token_id: UUID) -> bool:
        """Mark a refresh token as used now; False when it was used before, or is unknown."""
        this = (self._my_tokens, _token.c.id == token_id, _token.c.used_at.is_(None))
        return await self._work.changed(update(_token).where(*this).values(used_at=self._work.now)) == 1

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Remove the sessions that ended or expired earlier, with their tokens; return how many sessions."""
        old = (self._mine, func.least(_session.c.ended_at, _session.c.expires_at) < instant)
        gone = select(_session.c.id).where(*old)
        await self._work.run(delete(_token).where(self._my_tokens, _token.c.session_id.in_(gone)))
        return await self._work.changed(delete(_session).where(*old))


class SqlApiKeys:
    """One professional's API keys."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _key.c.user_id == work.owner

    @writing
    async def add(self, key: ApiKey) -> None:
        """Store a new one."""
        self._work.own(key.user_id, "apikey.user_id")
        await self._work.run(insert(_key), key_to_row(key))

    @reading
    async def find(self, key_id: UUID) -> ApiKey | None:
        """Return one, revoked or not; None when there is none. One statement."""
        row = await self._work.row(select(_key).where(self._mine, _key.c.id == key_id))
        return None if row is None else key_from_row(row)

    @reading
    async def all(self) -> Sequence[ApiKey]:
        """Return those that are not revoked, the newest first."""
        order = (_key.c.created_at.desc(), _key.c.id.desc())
        rows = await self._work.rows(select(_key).where(self._mine, _key.c.revoked_at.is_(None)).order_by(*order))
        return [key_from_row(row) for row in rows]

    @writing
    async def revoke(self, key_id: UUID) -> None:
        """Revoke one that is not revoked, or raise NotFound."""
        this = (self._mine, _key.c.id == key_id, _key.c.revoked_at.is_(None))
        if await self._work.changed(update(_key).where(*this).values(revoked_at=self._work.now)) == 0:
            raise NotFound("API key", key_id)

    @writing
    async def used(self, key_id: UUID, not_since: datetime) -> None:
        """Note that it was used now, unless it was noted at `not_since` or later."""
        stale = or_(_key.c.last_used_at.is_(None), _key.c.last_used_at < not_since)
        this = update(_key).where(self._mine, _key.c.id == key_id, stale)
        await self._work.run(this.values(last_used_at=self._work.now))


class SqlOverviews:
    """Counts over everything of one professional."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @reading
    async def counts(self) -> Overview:
        """Return the counts of this professional: six statements."""
        mine, now = self._work.owner, self._work.now

        def by(table: Table, name: str) -> Executable:
            return (
                select(table.c[name], func.count())
                .where(table.c.user_id == mine)
                .group_by(table.c[name])
                .order_by(table.c[name])
            )

        async def number(query: Executable) -> int:
            return int((await self._work.run(query)).scalar_one())

        count = select(func.count())
        good = or_(_key.c.expires_at.is_(None), _key.c.expires_at > now)
        of_messages = await self._work.pairs(by(tables.message, "delivery"))
        of_scheduled = await self._work.pairs(by(tables.scheduledmessage, "status"))
        of_briefings = await self._work.pairs(by(tables.campaignbriefing, "status"))
        return Overview(
            clients=await number(count.where(tables.client.c.user_id == mine)),
            briefings={BriefingStatus(status): count for status, count in of_briefings.items()},
            messages={Delivery(state): count for state, count in of_messages.items()},
            scheduled={ScheduledStatus(status): count for status, count in of_scheduled.items()},
            sessions=await number(
                count.where(_session.c.user_id == mine, _session.c.ended_at.is_(None), _session.c.expires_at > now)
            ),
            api_keys=await number(count.where(_key.c.user_id == mine, _key.c.revoked_at.is_(None), good)),
        )
