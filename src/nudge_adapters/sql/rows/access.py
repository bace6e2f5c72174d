"""Attempts to sign in and locks, sessions, refresh tokens, API keys."""

from __future__ import annotations

from nudge_adapters.sql.rows.values import NewRow, Row, texts_from
from nudge_core.model.sign_in import (
    ApiKey,
    Attempt,
    AttemptFate,
    AttemptKind,
    EndReason,
    LockReason,
    Origin,
    RefreshToken,
    Session,
    SignInLock,
)


def attempt_to_row(attempt: Attempt) -> NewRow:
    """Return the row of an attempt."""
    return {
        "id": attempt.id,
        "kind": attempt.kind.value,
        "phone": attempt.origin.phone,
        "source": attempt.origin.source,
        "device": attempt.origin.device,
        "at": attempt.at,
        "fate": attempt.fate.value,
    }


def attempt_from_row(row: Row) -> Attempt:
    """Return an attempt."""
    return Attempt(
        id=row["id"],
        kind=AttemptKind(row["kind"]),
        origin=Origin(phone=row["phone"], source=row["source"], device=row["device"]),
        at=row["at"],
        fate=AttemptFate(row["fate"]),
    )


def lock_from_row(row: Row) -> SignInLock:
    """Return a lock."""
    return SignInLock(subject=row["subject"], reason=LockReason(row["reason"]), until=row["until"])


def session_to_row(session: Session) -> NewRow:
    """Return the row of a session."""
    return {
        "id": session.id,
        "user_id": session.user_id,
        "created_at": session.created_at,
        "refreshed_at": session.refreshed_at,
        "expires_at": session.expires_at,
        "device_name": session.device_name,
        "ended_at": session.ended_at,
        "end_reason": None if session.end_reason is None else session.end_reason.value,
    }


def session_from_row(row: Row) -> Session:
    """Return a session."""
    return Session(
        id=row["id"],
        user_id=row["user_id"],
        created_at=row["created_at"],
        refreshed_at=row["refreshed_at"],
        expires_at=row["expires_at"],
        device_name=row["device_name"],
        ended_at=row["ended_at"],
        end_reason=None if row["end_reason"] is None else EndReason(row["end_reason"]),
    )


def token_to_row(token: RefreshToken) -> NewRow:
    """Return the row of a refresh token."""
    return {
        "id": token.id,
        "user_id": token.user_id,
        "session_id": token.session_id,
        "secret_hash": token.secret_hash,
        "issued_at": token.issued_at,
        "expires_at": token.expires_at,
        "used_at": token.used_at,
    }


def token_from_row(row: Row) -> RefreshToken:
    """Return a refresh token."""
    return RefreshToken(
        id=row["id"],
        user_id=row["user_id"],
        session_id=row["session_id"],
        secret_hash=bytes(row["secret_hash"]),
        issued_at=row["issued_at"],
        expires_at=row["expires_at"],
        used_at=row["used_at"],
    )


def key_to_row(key: ApiKey) -> NewRow:
    """Return the row of an API key."""
    return {
        "id": key.id,
        "user_id": key.user_id,
        "name": key.name,
        "prefix": key.prefix,
        "secret_hash": key.secret_hash,
        "scopes": list(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }


def key_from_row(row: Row) -> ApiKey:
    """Return an API key."""
    return ApiKey(
        id=row["id"],
        user_id=row["user_id"],
        name=row["name"],
        prefix=row["prefix"],
        secret_hash=bytes(row["secret_hash"]),
        scopes=texts_from(row["scopes"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )
