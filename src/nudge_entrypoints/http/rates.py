"""Rate limits: per address before anybody is known, per professional and per credential afterwards.

Too often is 429 with `Retry-After`; every answer tells how the tightest of its limits stands (`RateLimit-Limit`,
`-Remaining`, `-Reset`, draft-ietf-httpapi-ratelimit-headers-07). When the counters do not answer, routes of
authentication are closed (503) and all others open (`reliability.md` 9.4): a guesser must never profit from an outage,
and nobody's morning may hang on a counter. Webhooks are not limited here: they are gated by their signature.
"""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from http import HTTPStatus

from attrs import field, frozen
from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from nudge_core.errors import Unavailable
from nudge_entrypoints.http.addresses import site_of
from nudge_entrypoints.http.buckets import Buckets, Level, Rate
from nudge_entrypoints.http.identity import PUBLIC, Principal
from nudge_entrypoints.http.problems import problem

AUTHENTICATION = "authentication"
"""`opt` of a route where secrets can be guessed: a tighter limit per address, and closed without counters."""

_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class Limits:
    """What is allowed. A screen of the queue costs some ten requests; a client list of 10,000 in pages of 200, fifty.

    `authentication`: per address, on routes where secrets can be guessed, beside the caps of one-time codes.
    """

    address: Rate = field(default=Rate(per_minute=1_200, burst=600))
    authentication: Rate = field(default=Rate(per_minute=30, burst=20))
    tenant: Rate = field(default=Rate(per_minute=1_200, burst=600))
    credential: Rate = field(default=Rate(per_minute=600, burst=300))


class Limited:
    """Middleware: lets a request through while every bucket that `named` names for it has a token."""

    def __init__(self, app: ASGIApp, buckets: Buckets, named: Callable[[Scope], Mapping[str, Rate]]) -> None:
        self._app = app
        self._buckets = buckets
        self._named = named

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        wanted = self._named(scope) if scope.get("method") != "OPTIONS" else {}
        if not wanted:
            await self._app(scope, receive, send)
            return
        try:
            taken, levels = await self._buckets.take(wanted)
        except Unavailable as error:
            if guards_secrets(scope):
                raise
            _log.debug("rates are not counted: %s", error.why)
            await self._app(scope, receive, send)
            return
        tightest = min(levels, key=lambda level: (level.remaining / level.limit, -level.reset_s))
        if taken:
            await self._app(scope, receive, _telling(send, tightest))
            return
        wait_s = math.ceil(max(level.wait_s for level in levels))
        if scope["type"] == ScopeType.WEBSOCKET:
            await send({"type": "websocket.close", "code": 1013, "reason": "too many requests"})  # RFC 6455: try again
            return
        refused = problem(HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": str(max(1, wait_s))})
        answer = refused.to_asgi_response(app=None, request=Request(scope, receive, send))
        await answer(scope, receive, _telling(send, tightest))


def guards_secrets(scope: Scope) -> bool:
    """Say whether secrets can be guessed here: where a route says so, and wherever nobody need be known to post."""
    opt = scope["route_handler"].opt
    return bool(opt.get(AUTHENTICATION) or (opt.get(PUBLIC) and scope.get("method") != "GET"))


def _telling(send: Send, level: Level) -> Send:
    told = {"ratelimit-limit": level.limit, "ratelimit-remaining": level.remaining,
            "ratelimit-reset": math.ceil(level.reset_s)}  # fmt: skip

    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            there = {name.lower() for name, _ in headers}
            if b"ratelimit-limit" not in there:  # a tighter layer has spoken
                headers += [(name.encode(), str(number).encode()) for name, number in told.items()]
            message["headers"] = headers
        await send(message)

    return tell


def by_address(limits: Limits) -> Callable[[Scope], Mapping[str, Rate]]:
    """Return what names the buckets of an address."""

    def named(scope: Scope) -> Mapping[str, Rate]:
        client = scope.get("client")
        address = _hidden_site(client[0] if client else "")
        wanted = {f"address:{address}": limits.address}
        if guards_secrets(scope):
            wanted[f"authentication:{address}"] = limits.authentication
        return wanted

    return named


def by_caller(limits: Limits) -> Callable[[Scope], Mapping[str, Rate]]:
    """Return what names the buckets of a caller; none for a route that asks for no identity."""

    def named(scope: Scope) -> Mapping[str, Rate]:
        caller = scope.get("user")
        if not isinstance(caller, Principal):
            return {}
        return {f"tenant:{caller.user_id}": limits.tenant, f"credential:{caller.credential_id}": limits.credential}

    return named


@lru_cache(maxsize=10_000)
def _hidden_site(host: str) -> str:
    """Return a name for an address's site that is not the address: Redis needs to tell them apart, not to know them."""
    return hashlib.blake2b(site_of(host).encode(), digest_size=12).hexdigest()
