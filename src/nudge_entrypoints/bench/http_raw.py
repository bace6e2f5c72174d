"""Raw ASGI over the statements of our lists: what a server costs that does nothing but ask and encode."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from nudge_adapters.sql.http_opponents import RawReads, raw_reads

Application = Callable[[Any, Any, Any], Awaitable[None]]  # Any: ASGI's scope, receive and send


@asynccontextmanager
async def application(url: str) -> AsyncIterator[Application]:
    """Yield the application: `/NAME` answers with the rows of a list."""
    encode = msgspec.json.Encoder().encode
    async with raw_reads(url) as reads:

        async def answer(scope: Any, _receive: Any, send: Any) -> None:
            body = await _body(reads, scope["path"][1:], encode)
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        yield answer


async def _body(reads: RawReads, what: str, encode: Callable[[object], bytes]) -> bytes:
    found = await reads.rows(what)
    return encode({"items": found[0], "next_cursor": None} if len(found) == 1 else {"items": found})
