"""One request to Twilio at a time and slot: bounded, never repeated, and a failure says whether it may have arrived.

Source: `messaging.md` section 5. A request that never left is `NeverSent`. From its first byte on, anything but a whole
answer is `NoAnswer`: it may have been carried out.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx
from attrs import field, frozen

from nudge_core.errors import Unavailable
from nudge_core.model.secret import Secret

CONNECT_S = 5.0
READ_S = 15.0
EXCHANGE_S = 20.0
"""Connecting and reading, waiting for a slot included: what the grace of a doubt reckons with (`reliability.md` 4)."""

KEEPALIVE_S = 4.0
"""Idle connections are given up early: one that the other side has closed makes a false doubt. At most 5."""

MAX_BODY_BYTES = 8 * 2**20
"""A page of 1,000 texts of 1,600 characters is some 3 MB."""

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class NeverSent(Unavailable):
    """No byte of the request left: it was surely not carried out."""


class NoAnswer(Unavailable):
    """No whole answer came: the request may have been carried out."""


@frozen(kw_only=True)
class Answer:
    """A whole answer. `headers` by lower-case name."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def fields(self) -> Mapping[str, Any] | None:
        """Return the body if it is a JSON object, else None."""
        try:
            decoded = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return decoded if isinstance(decoded, dict) else None


class TwilioWire:
    """Requests to one address of Twilio's.

    Args:
        service: whom errors name, such as `sms:twilio`.
        clients: made by `new_clients`; as many requests may be under way at once.
    """

    def __init__(self, service: str, clients: Sequence[httpx.AsyncClient]) -> None:
        self.service = service
        self._clients = tuple(clients)
        self._free = list(clients)
        self._slots = asyncio.Semaphore(len(clients))

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a GET, whatever its status. Raises NeverSent or NoAnswer."""
        return await self._exchange("GET", f"{path}?{urlencode(query)}" if query else path, None)

    async def post(self, path: str, form: Mapping[str, str]) -> Answer:
        """Return the answer to a form, whatever its status. Raises NeverSent or NoAnswer.

        Raises:
            UnicodeEncodeError: a value holds half a character; nothing was sent.
        """
        return await self._exchange("POST", path, urlencode(form).encode())

    async def delete(self, path: str) -> Answer:
        """Return the answer to a DELETE, whatever its status. Raises NeverSent or NoAnswer."""
        return await self._exchange("DELETE", path, None)

    def address(self, path: str) -> str:
        """Return the whole address of a path."""
        return str(self._clients[0].base_url.join(path))

    async def aclose(self) -> None:
        """Give back the connections."""
        for client in self._clients:
            await client.aclose()

    async def _exchange(self, method: str, path: str, form: bytes | None) -> Answer:
        has_slot = False
        try:
            async with asyncio.timeout(EXCHANGE_S), self._slots:
                has_slot = True
                return await self._once(method, path, form)
        except TimeoutError as error:
            if has_slot:
                raise NoAnswer(self.service, "no whole answer in time") from error
            raise NeverSent(self.service, "no free connection") from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NeverSent(self.service, f"no connection: {type(error).__name__}") from error
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, httpx.CookieConflict) as error:
            raise NoAnswer(self.service, f"no whole answer: {type(error).__name__}") from error

    async def _once(self, method: str, path: str, form: bytes | None) -> Answer:
        client = self._free.pop()  # the one that was used last: its connection is the freshest
        try:
            return await self._read(client, method, path, form)
        finally:
            self._free.append(client)

    async def _read(self, client: httpx.AsyncClient, method: str, path: str, form: bytes | None) -> Answer:
        headers = FORM if form is not None else None
        async with client.stream(method, path, content=form, headers=headers) as response:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MAX_BODY_BYTES:
                    raise NoAnswer(self.service, f"an answer of more than {MAX_BODY_BYTES >> 20} MB")
            received = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status_code, headers=received, body=bytes(body))


def new_clients(base: str, user: str, password: Secret, concurrency: int) -> Sequence[httpx.AsyncClient]:
    """Return clients of one account, each with a single connection.

    One client with a pool looks at every connection of the pool several times a request, which at 32 costs more than
    the request. They follow no redirect, since the credentials would travel along, repeat nothing, and take no proxy
    from the environment: a proxy that repeats a POST makes two texts of one.
    """
    trusted = httpx.create_ssl_context(trust_env=False)
    return [
        httpx.AsyncClient(
            base_url=base,
            auth=httpx.BasicAuth(user, password.reveal()),
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "nudge"},
            verify=trusted,
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S, pool=CONNECT_S),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEPALIVE_S),
            follow_redirects=False,
            trust_env=False,
            http2=False,
        )
        for _ in range(concurrency)
    ]
