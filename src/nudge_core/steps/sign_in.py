"""Sign in: an attempt is judged and counted, a right code opens a session, a refresh token goes round once.

Who may not come in is an answer here, not an error, so that the count of the attempt and the end of a session whose
token was stolen are stored. Whether a phone is anybody's changes nothing but the last word. Source: `reliability.md`
9.2 and 9.3; numbers marked [I] are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model.audit import AuditEntry
from nudge_core.model.sign_in import (
    MOST_NAME,
    Attempt,
    AttemptFate,
    AttemptKind,
    EndReason,
    Origin,
    RefreshToken,
    Session,
)
from nudge_core.policy.sign_in import DAY, LIMITS, Obstacle, Ruling, SignInLimits, rule
from nudge_core.ports import Ids, SystemTransaction, TenantTransaction

REFRESH_LIFE = timedelta(days=30)
"""How long a device may be silent before its professional signs in anew [I]."""

SESSION_LIFE = timedelta(days=90)
"""How long one sign-in lasts at most [I]."""

MOST_SESSIONS = 50
"""Sessions of one professional at a time; a further one ends the oldest [I]."""

FORGET_AFTER = timedelta(days=30)
"""How long an ended session, and which of its tokens were used, is kept [I]."""


@frozen(kw_only=True)
class Asked:
    """What was decided about an attempt. `user_id`: whose phone it is, None for nobody's; not to be told to anybody."""

    attempt_id: UUID
    ruling: Ruling
    user_id: UUID | None = field(repr=False)


async def ask(
    tx: SystemTransaction,
    kind: AttemptKind,
    phone: str,
    origin: Origin,
    ids: Ids,
    limits: SignInLimits = LIMITS,
) -> Asked:
    """Judge an attempt and count it; the same statements whether or not somebody has this phone.

    Args:
        tx: counts and locks; it must be stored whatever the ruling, and before a code is sent or checked.
        kind: what is asked for.
        phone: E.164.
        origin: the keyed hashes of phone, source and device.
        ids: where the attempt's id comes from.
        limits: how often.
    """
    recent = await tx.attempts.recent(origin, tx.now - DAY, tx.now - limits.hour)
    ruling = rule(kind, origin, recent, await tx.attempts.locks(origin), tx.now, limits)
    attempt = Attempt(id=ids.new(), kind=kind, origin=origin, at=tx.now, fate=_fate(ruling))
    if attempt.fate is not AttemptFate.REFUSED or _tells_something(ruling, origin, recent):
        await tx.attempts.add(attempt)
    for lock in ruling.locks:
        await tx.attempts.lock(lock)
    return Asked(attempt_id=attempt.id, ruling=ruling, user_id=await tx.users.id_by_phone(phone))


def _fate(ruling: Ruling) -> AttemptFate:
    if ruling.obstacle is None:
        return AttemptFate.ADMITTED
    return AttemptFate.IDLE if ruling.obstacle is Obstacle.IDLE else AttemptFate.REFUSED


def _tells_something(ruling: Ruling, origin: Origin, recent: Sequence[Attempt]) -> bool:
    """Say whether a refused attempt is worth a row: the first of this source at this phone, and neither is locked.

    A storm of refused attempts must not fill the table, but spread guessing must be seen.
    """
    return ruling.obstacle is not Obstacle.LOCKED and all(
        (one.origin.phone, one.origin.source) != (origin.phone, origin.source) for one in recent
    )


async def was_right(tx: SystemTransaction, attempt_id: UUID) -> None:
    """Note that the code was right. Until then, and if this is never reached, it counts as wrong."""
    await tx.attempts.settle(attempt_id, AttemptFate.RIGHT)


@frozen(kw_only=True)
class NewToken:
    """A refresh token that somebody has drawn: its id and the hash of its secret."""

    id: UUID
    secret_hash: bytes = field(repr=False)


async def open_session(tx: TenantTransaction, session_id: UUID, token: NewToken, device_name: str, ids: Ids) -> Session:
    """Open a session of the professional whose code was right, with its first refresh token.

    Raises Invalid when the device's name is too long. The oldest sessions beyond `MOST_SESSIONS` end.
    """
    await tx.sessions.forget_before(tx.now - FORGET_AFTER)
    alive = await tx.sessions.alive()
    await tx.sessions.end([one.id for one in alive[MOST_SESSIONS - 1 :]], EndReason.TOO_MANY)
    session = Session(
        id=session_id,
        user_id=tx.user_id,
        created_at=tx.now,
        refreshed_at=tx.now,
        expires_at=tx.now + SESSION_LIFE,
        device_name=device_name[:MOST_NAME],
    )
    await tx.sessions.add(session)
    await _issue(tx, session, token)
    await _audit(tx, ids, f"user:{tx.user_id}", "signed_in", session.id)
    return session


class RefreshOutcome(StrEnum):
    """What became of a refresh token that was handed in. Only `REFRESHED` gives a new pair."""

    REFRESHED = "refreshed"
    REFUSED = "refused"
    REUSED = "reused"


@frozen(kw_only=True)
class Refreshed:
    """The outcome, and the session it was for where it is known."""

    outcome: RefreshOutcome
    session_id: UUID | None = None


async def refresh(
    tx: TenantTransaction, token_id: UUID, is_its_secret: Callable[[bytes], bool], token: NewToken, ids: Ids
) -> Refreshed:
    """Take a refresh token back and issue the next one. One that comes a second time ends its whole session.

    Args:
        tx: of the professional whom the token names.
        token_id: as the token says.
        is_its_secret: compares, in constant time, the secret that came with the hash that is stored.
        token: the one to be issued.
        ids: for the audit.
    """
    known = await tx.sessions.token(token_id)
    if known is None or not is_its_secret(known.secret_hash):
        return Refreshed(outcome=RefreshOutcome.REFUSED)
    session = await tx.sessions.get(known.session_id)
    if not await tx.sessions.use(token_id):
        if await tx.sessions.end([session.id], EndReason.TOKEN_REUSED):
            await _audit(tx, ids, f"user:{tx.user_id}", "refresh_token_reused", session.id)
        return Refreshed(outcome=RefreshOutcome.REUSED, session_id=session.id)
    if not session.is_alive(tx.now) or known.expires_at <= tx.now:
        return Refreshed(outcome=RefreshOutcome.REFUSED)
    await tx.sessions.refreshed(session.id)
    await _issue(tx, session, token)
    return Refreshed(outcome=RefreshOutcome.REFRESHED, session_id=session.id)


async def _issue(tx: TenantTransaction, session: Session, token: NewToken) -> None:
    await tx.sessions.issue(
        RefreshToken(
            id=token.id,
            user_id=tx.user_id,
            session_id=session.id,
            secret_hash=token.secret_hash,
            issued_at=tx.now,
            expires_at=min(tx.now + REFRESH_LIFE, session.expires_at),
        )
    )


async def sign_out(tx: TenantTransaction, session_id: UUID, actor: str, ids: Ids, *, everywhere: bool) -> int:
    """End this session, or every one of the professional's; return how many ended. Their tokens are refused at once."""
    wanted = [one.id for one in await tx.sessions.alive()] if everywhere else [session_id]
    ended = await tx.sessions.end(wanted, EndReason.SIGNED_OUT)
    for one in ended:
        await _audit(tx, ids, actor, "signed_out", one)
    return len(ended)


async def end_session(tx: TenantTransaction, session_id: UUID, actor: str, ids: Ids) -> bool:
    """End another session of the same professional; False when there is none that is alive."""
    ended = await tx.sessions.end([session_id], EndReason.ENDED_ELSEWHERE)
    if ended:
        await _audit(tx, ids, actor, "session_ended", session_id)
    return bool(ended)


async def _audit(tx: TenantTransaction, ids: Ids, actor: str, action: str, session_id: UUID) -> None:
    entry = AuditEntry(
        id=ids.new(),
        user_id=tx.user_id,
        at=tx.now,
        actor=actor,
        action=action,
        subject_type="session",
        subject_id=session_id,
    )
    await tx.audit.add([entry])
