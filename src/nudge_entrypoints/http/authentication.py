"""Proves who calls: a professional by an access token of a session that stands, or a program by an API key that does.

Tokens come in the `Authorization` header alone, never in a cookie: no browser sends one by itself, so a foreign site
cannot borrow it. A session that was ended is refused at once: each request asks the store, in one statement; on routes
that `READS` with what it reads.
"""

from __future__ import annotations

from datetime import timedelta

from attrs import field, frozen

from nudge_core.ports import Store
from nudge_entrypoints.http.identity import READS, AnyConnection, Principal, Scope
from nudge_entrypoints.http.tokens import AccessTokens, Kind, Opaque

USE_NOTED_EVERY = timedelta(minutes=1)
"""How often the last use of a key is written: a busy program must not cost a write per request."""

HEADER = "authorization"
SCHEME = "bearer"


@frozen(kw_only=True)
class StoredCredentials:
    """The `Authenticator` over sessions and API keys of a store."""

    store: Store
    tokens: AccessTokens = field(repr=False)

    async def principal(self, connection: AnyConnection) -> Principal | None:
        """Return who calls; None when nothing proves it. Raises Unavailable when it cannot be known now."""
        text = _bearer(connection)
        if text is None:
            return None
        if text.startswith(Kind.API_KEY.value):
            return await self._of_key(text)
        return await self._of_session(text, is_read=bool(connection.scope["route_handler"].opt.get(READS)))

    async def _of_session(self, text: str, *, is_read: bool) -> Principal | None:
        claims = self.tokens.read(text)
        if claims is None:
            return None
        if is_read:
            return Principal(user_id=claims.user_id, credential_id=claims.session_id, is_proved=False)
        async with self.store.tenant(claims.user_id) as tx:
            standing = await tx.sessions.standing(claims.session_id)
        if standing is None:
            return None
        return Principal(user_id=claims.user_id, credential_id=claims.session_id, may_read_all=standing.may_read_all)

    async def _of_key(self, text: str) -> Principal | None:
        given = Opaque.read(Kind.API_KEY, text)
        if given is None:
            return None
        async with self.store.tenant(given.user_id) as tx:
            key = await tx.api_keys.find(given.id)
            if key is None or not given.is_secret_of(key.secret_hash) or not key.is_good(tx.now):
                return None
            noted = tx.now - USE_NOTED_EVERY
            if key.last_used_at is None or key.last_used_at < noted:
                await tx.api_keys.used(key.id, noted)
        known = {scope.value: scope for scope in Scope}
        scopes = frozenset(known[name] for name in key.scopes if name in known)  # one that was given up opens nothing
        return Principal(user_id=key.user_id, credential_id=key.id, scopes=scopes, is_api_key=True)


def _bearer(connection: AnyConnection) -> str | None:
    """Return the token of the one `Authorization` header; None without one, with several or of another kind."""
    given = connection.headers.getall(HEADER, [])
    if len(given) != 1:
        return None
    scheme, _, text = given[0].partition(" ")
    return text.strip() if scheme.lower() == SCHEME and text.strip() else None
