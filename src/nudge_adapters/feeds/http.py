"""One request at a time to one source: paced, authorised, its answer read to the end or an error that says what to do.

There is no retry here but one: a token that was refused is renewed once. When to try again is the caller's to plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
from attrs import field, frozen

from nudge_adapters.feeds.failures import retry_after_s
from nudge_adapters.feeds.limits import Pace, Timing
from nudge_adapters.feeds.tokens import Tokens
from nudge_core.errors import Unavailable

MAX_BODY_BYTES = 256 * 2**20
"""A page of 5,000 records with media is some 50 MB; beyond this stands a fault or an attack (a compressed bomb)."""

TIMEOUT_S = 60.0
CONNECT_TIMEOUT_S = 10.0
HEAVY = frozenset({408, 413, 500, 502, 503, 504})
"""Statuses after which less should be asked for."""


class TooHeavy(Unavailable):
    """The answer did not come, or not whole: ask for less next time."""


@frozen(kw_only=True)
class Answer:
    """A whole answer. `headers` by lower-case name. `body`: decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Wire:
    """Requests to one source.

    Args:
        service: whom errors name, such as `reso:actris`.
        client: made by `new_client`.
        pause_s: how long the whole source rests after a 429 that names no time; None: until the caller comes back.
    """

    def __init__(
        self,
        service: str,
        client: httpx.AsyncClient,
        tokens: Tokens,
        pace: Pace,
        timing: Timing,
        headers: Mapping[str, str],
        pause_s: float | None = None,
    ) -> None:
        self._service, self._client, self._tokens, self._pace, self._timing = service, client, tokens, pace, timing
        self._headers, self._pause_s = dict(headers), pause_s

    async def get(self, address: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a GET, whatever its status but 429; a 401 was tried again with a new token.

        Raises:
            Unavailable: 429, paused, out of quota. `TooHeavy`: no answer, or only a part of one.
            Refused: no token is to be had.
        """
        token = await self._tokens.current()
        answer = await self._once(address, headers, token.reveal())
        if answer.status == 401:
            other = await self._tokens.renewed(token)
            if other is not None:
                answer = await self._once(address, headers, other.reveal())
        if answer.status == 429:
            wait_s = retry_after_s(answer.headers, self._timing.now())
            wait_s = self._pause_s if wait_s is None else wait_s
            self._pace.pause(wait_s or 0.0)
            raise Unavailable(self._service, "over the rate limit", wait_s)
        return answer

    async def aclose(self) -> None:
        """Give back the connections."""
        await self._client.aclose()

    async def _once(self, address: str, headers: Mapping[str, str] | None, token: str) -> Answer:
        await self._pace.take()
        sent = self._headers | dict(headers or {}) | {"Authorization": f"Bearer {token}"}
        try:
            async with self._client.stream("GET", address, headers=sent) as response:
                body = await self._whole(response)
        except httpx.TimeoutException as error:
            raise TooHeavy(self._service, "no answer in time") from error
        except httpx.ConnectError as error:
            raise Unavailable(self._service, "no connection") from error
        except httpx.HTTPError as error:  # cut off in the middle, cannot be decompressed, no HTTP at all
            raise TooHeavy(self._service, f"no whole answer: {type(error).__name__}") from error
        received = {name.lower(): value for name, value in response.headers.items()}
        self._pace.received(response.num_bytes_downloaded)
        self._pace.learn(received)
        return Answer(status=response.status_code, headers=received, body=body)

    async def _whole(self, response: httpx.Response) -> bytes:
        parts, size = [], 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > MAX_BODY_BYTES:
                raise TooHeavy(self._service, f"an answer of more than {MAX_BODY_BYTES >> 20} MB")
            parts.append(part)
        return b"".join(parts)


def new_client(base_address: str, timeout_s: float = TIMEOUT_S) -> httpx.AsyncClient:
    """Return a client that follows no redirect: the token would travel with it.

    Proxy settings of the environment hold for everything but this machine itself.
    """
    return httpx.AsyncClient(
        timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_TIMEOUT_S)),
        follow_redirects=False,
        trust_env=not is_loopback(base_address),
    )


def is_loopback(address: str) -> bool:
    """Say whether an address leads to this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address_problem(name: str, address: str) -> str | None:
    """Return what is wrong with an address a token is sent to, or None: HTTPS, or HTTP on this machine."""
    parts = urlsplit(address)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        return f"{name}: an address such as https://api.example.com/odata is needed"
    if parts.scheme == "http" and not is_loopback(address):
        return f"{name}: must be https, a token travels there"
    if parts.username or parts.password or "access_token" in parts.query:
        return f"{name}: must not hold a password or token"
    return None
