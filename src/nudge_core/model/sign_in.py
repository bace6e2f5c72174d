"""Signing in: attempts and what was decided about them, sessions with their refresh tokens, API keys.

Nothing here can be used by who steals it: of phones and addresses there are keyed hashes, of tokens and keys plain
hashes (they are random, so nobody can try them out).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from attrs import Attribute, field, frozen

from nudge_core.errors import Invalid
from nudge_core.model import fields

HASH_BYTES = 32  # SHA-256
MOST_NAME = 100  # characters of the name that a person gives a device or a key
PREFIX_CHARACTERS = 20  # of a key, shown so that its owner recognises it: too few to say anything of its secret


def _hash(instance: object, attribute: Attribute[Any], value: Any) -> None:
    if not isinstance(value, bytes) or len(value) != HASH_BYTES:
        raise Invalid(fields.name_of(instance, attribute), f"{HASH_BYTES} bytes", value)


class AttemptKind(StrEnum):
    """What was asked for: a code to be sent, or one to be checked."""

    SEND = "send"
    CHECK = "check"


class AttemptFate(StrEnum):
    """What became of it. `ADMITTED`: passed on; a check stays so unless it was right.

    `IDLE`: a check while no code was out; nothing was compared. `REFUSED`: a limit or a lock stood in the way.
    """

    ADMITTED = "admitted"
    RIGHT = "right"
    IDLE = "idle"
    REFUSED = "refused"


@frozen(kw_only=True)
class Origin:
    """Whose attempt, as keyed hashes: the phone that was named, the address it came from, the device if it says one."""

    phone: str = field(validator=fields.text(64, at_least=1), repr=False)
    source: str = field(validator=fields.text(64, at_least=1), repr=False)
    device: str | None = field(default=None, validator=fields.optional(fields.text(64, at_least=1)), repr=False)


@frozen(kw_only=True)
class Attempt:
    """One attempt to sign in."""

    id: UUID
    kind: AttemptKind
    origin: Origin
    at: datetime = field(validator=fields.instant)
    fate: AttemptFate


class LockReason(StrEnum):
    """Why nobody is let through for a while: marks of guessing."""

    MANY_PHONES = "many_phones"
    MANY_SOURCES = "many_sources"
    MANY_WRONG = "many_wrong"


@frozen(kw_only=True)
class SignInLock:
    """A phone or a source (its keyed hash) from which no attempt is let through until then."""

    subject: str = field(validator=fields.text(64, at_least=1))
    reason: LockReason
    until: datetime = field(validator=fields.instant)


class EndReason(StrEnum):
    """Why a session ended before its time."""

    SIGNED_OUT = "signed_out"
    ENDED_ELSEWHERE = "ended_elsewhere"
    TOKEN_REUSED = "token_reused"  # noqa: S105 - the name of a reason
    TOO_MANY = "too_many"


@frozen(kw_only=True)
class Session:
    """One sign-in on one device: the family of the refresh tokens that came out of it.

    `refreshed_at`: when it last got a new pair of tokens. `expires_at`: the end that no refresh prolongs.
    """

    id: UUID
    user_id: UUID
    created_at: datetime = field(validator=fields.instant)
    refreshed_at: datetime = field(validator=fields.instant)
    expires_at: datetime = field(validator=fields.instant)
    device_name: str = field(default="", validator=fields.text(MOST_NAME), repr=False)
    ended_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    end_reason: EndReason | None = None

    def is_alive(self, now: datetime) -> bool:
        """Say whether its tokens are still good."""
        return self.ended_at is None and now < self.expires_at


@frozen(kw_only=True)
class RefreshToken:
    """One refresh token of a session, good once. `used_at`: it was handed in; coming again it is stolen goods."""

    id: UUID
    user_id: UUID
    session_id: UUID
    secret_hash: bytes = field(validator=_hash, repr=False)
    issued_at: datetime = field(validator=fields.instant)
    expires_at: datetime = field(validator=fields.instant)
    used_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))


@frozen(kw_only=True)
class ApiKey:
    """A key for a program of the professional's. `prefix`: its first characters; `scopes`: what it may do.

    `last_used_at` is written at most once a minute.
    """

    id: UUID
    user_id: UUID
    name: str = field(validator=fields.text(MOST_NAME, at_least=1), repr=False)
    prefix: str = field(validator=fields.text(PREFIX_CHARACTERS, at_least=1))
    secret_hash: bytes = field(validator=_hash, repr=False)
    scopes: tuple[str, ...] = field(converter=fields.texts)
    created_at: datetime = field(validator=fields.instant)
    expires_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    last_used_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    revoked_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))

    def is_good(self, now: datetime) -> bool:
        """Say whether it still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@frozen(kw_only=True)
class Standing:
    """What a session that holds allows: `may_read_all` of a super-user."""

    session_id: UUID
    may_read_all: bool = False
