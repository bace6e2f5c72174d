"""What a caller carries: short-lived access tokens (JWT), refresh tokens and API keys.

An access token is signed with one pinned algorithm, by a key whose id is in our list; what its header says of either
is compared, never obeyed. Refresh tokens and keys are random: only the hash of their secret is stored. They name
their owner, so that they are looked up as the owner and no search crosses tenants. Source: `reliability.md` 9.2.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import jwt
from attrs import field, frozen

from nudge_core.errors import Misconfigured
from nudge_core.model.sign_in import PREFIX_CHARACTERS

ALGORITHM = "HS256"
TYPE = "at+jwt"  # RFC 9068: no other token of ours can be taken for an access token
ISSUER, AUDIENCE = "nudge", "nudge-api"
ACCESS_LIFE = timedelta(minutes=15)
LEEWAY_S = 30
LONGEST_TOKEN = 2_000  # characters; ours have some 500
SECRET_BYTES = 32
_ID_BYTES = 16
MOST_PROVED = 10_000  # tokens known by their hash: some 5 MB; the first one known goes first
_HEADER = frozenset({"alg", "kid", "typ"})
_CLAIMS = frozenset({"aud", "exp", "iat", "iss", "jti", "sid", "sub", "tenant"})


class Kind(StrEnum):
    """What an opaque token is for; it begins with this, so that one is not taken for the other."""

    REFRESH = "nudge_refresh_"
    API_KEY = "nudge_key_"


@frozen(kw_only=True)
class Opaque:
    """A refresh token or an API key: its id, whose it is, and a secret. `text` is what the caller keeps."""

    kind: Kind
    id: UUID
    user_id: UUID
    secret: bytes = field(repr=False)

    @classmethod
    def draw(cls, kind: Kind, user_id: UUID) -> Opaque:
        """Make a new one."""
        return cls(kind=kind, id=uuid4(), user_id=user_id, secret=secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def read(cls, kind: Kind, text: str) -> Opaque | None:
        """Return what a text names, or None when it is none of this kind. Nothing is proved by it yet."""
        if not text.isascii() or len(text) > LONGEST_TOKEN or not text.startswith(kind.value):
            return None
        encoded = text.removeprefix(kind.value)
        try:
            raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) != 2 * _ID_BYTES + SECRET_BYTES:
            return None
        found = cls(
            kind=kind,
            id=UUID(bytes=raw[:_ID_BYTES]),
            user_id=UUID(bytes=raw[_ID_BYTES : 2 * _ID_BYTES]),
            secret=raw[2 * _ID_BYTES :],
        )
        return found if found.text == text else None

    @property
    def text(self) -> str:
        """The token as it is written."""
        raw = self.id.bytes + self.user_id.bytes + self.secret
        return self.kind.value + base64.urlsafe_b64encode(raw).decode().rstrip("=")

    @property
    def prefix(self) -> str:
        """How it begins: of its id, nothing of its secret."""
        return self.text[:PREFIX_CHARACTERS]

    @property
    def secret_hash(self) -> bytes:
        """What is stored of its secret."""
        return hashlib.sha256(self.secret).digest()

    def is_secret_of(self, stored: bytes) -> bool:
        """Compare with a stored hash, in a time that says nothing."""
        return hmac.compare_digest(self.secret_hash, stored)


@frozen(kw_only=True)
class Claims:
    """What an access token proves. `jti`: its own id."""

    user_id: UUID
    session_id: UUID
    jti: UUID


@frozen
class _Proved:
    """A token whose signature is good: what it claims, from when until when, in seconds of Unix time."""

    claims: Claims
    begins: int
    ends: int

    def is_good(self, now: datetime) -> bool:
        """Say whether it holds now."""
        return self.begins - LEEWAY_S <= now.timestamp() < self.ends + LEEWAY_S


@frozen
class AccessTokens:
    """Signs and reads access tokens.

    Args:
        keys: key id to at least 32 bytes; the first signs, all verify, so that keys can be changed on line.
        now: what time it is.
    """

    _keys: Mapping[str, bytes] = field(repr=False)
    _now: Callable[[], datetime] = field(repr=False)
    _proved: dict[bytes, _Proved] = field(factory=dict, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if not self._keys:
            raise Misconfigured(["NUDGE_TOKEN_KEYS: at least one key"])

    def issue(self, user_id: UUID, session_id: UUID) -> str:
        """Return a token for a session; it is good for `ACCESS_LIFE`."""
        key_id, key = next(iter(self._keys.items()))
        begins = int(self._now().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "tenant": str(user_id),
            "sid": str(session_id),
            "jti": str(uuid4()),
            "iat": begins,
            "exp": begins + int(ACCESS_LIFE.total_seconds()),
        }
        return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": key_id, "typ": TYPE})

    def read(self, text: str) -> Claims | None:
        """Return what a token proves, or None when it proves nothing.

        A signature is checked once: a token that was good is known again by its hash, and only its instants are judged.
        """
        if not text.isascii() or len(text) > LONGEST_TOKEN:
            return None
        name = hashlib.sha256(text.encode()).digest()
        proved = self._proved.get(name)
        if proved is None:
            proved = self._prove(text)
            if proved is None or not proved.is_good(self._now()):
                return None
            while len(self._proved) >= MOST_PROVED:
                del self._proved[next(iter(self._proved))]
            self._proved[name] = proved
        return proved.claims if proved.is_good(self._now()) else None

    def _prove(self, text: str) -> _Proved | None:
        """Return what a token says whose signature is ours, whenever that holds."""
        try:
            key = self._key_of(jwt.get_unverified_header(text))
            if key is None:
                return None
            # Instants are judged below, by our clock: PyJWT knows only the machine's.
            told = jwt.decode(
                text,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": sorted(_CLAIMS), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            return None
        return _proved(told)

    def _key_of(self, header: Mapping[str, Any]) -> bytes | None:
        """Return the key that may have signed this: by an id of our list, and only if nothing else is asked for."""
        if set(header) != _HEADER or header["alg"] != ALGORITHM or header["typ"] != TYPE:
            return None
        key_id = header["kid"]
        return self._keys.get(key_id) if isinstance(key_id, str) else None


def _proved(told: Mapping[str, Any]) -> _Proved | None:
    begins, ends = told["iat"], told["exp"]
    if type(begins) is not int or type(ends) is not int or set(told) != _CLAIMS:
        return None
    if told["aud"] != AUDIENCE or told["tenant"] != told["sub"] or ends - begins > ACCESS_LIFE.total_seconds():
        return None
    try:
        claims = Claims(user_id=UUID(told["sub"]), session_id=UUID(told["sid"]), jti=UUID(told["jti"]))
    except (ValueError, AttributeError, TypeError):
        return None
    return _Proved(claims, begins, ends)
