"""A server that gives the answers it was handed, in order, and remembers what it was asked, byte for byte."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import field, frozen

from nudge_adapters.feeds.market.loopback import Listener, Message, Receive, Send


@frozen
class Canned:
    """One answer. `{origin}` in its body and headers becomes the server's own address."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(factory=dict[str, str])

    def raw(self, origin: str) -> bytes:
        """Return the body as bytes."""
        text = self.body if isinstance(self.body, (str, bytes)) else json.dumps(self.body)
        return (text if isinstance(text, bytes) else text.encode()).replace(b"{origin}", origin.encode())


class CannedServer:
    """Answers in order. `metadata` is given whenever `$metadata` is asked for; when nothing is left, 404."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.answers: deque[Canned] = deque()
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.metadata = Canned(status=404)

    def wipe(self) -> None:
        """Forget what was asked and what was to be answered."""
        self.answers.clear()
        self.asked.clear()
        self.headers.clear()
        self.metadata = Canned(status=404)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        asked = scope["raw_path"].decode() + ("?" + scope["query_string"].decode() if scope["query_string"] else "")
        if "$metadata" in asked:
            answer = self.metadata
        else:
            self.asked.append(asked)
            self.headers.append({name.decode().lower(): value.decode() for name, value in scope["headers"]})
            answer = self.answers.popleft() if self.answers else Canned(status=404)
        headers = [
            (name.encode(), value.replace("{origin}", self.origin).encode()) for name, value in answer.headers.items()
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.raw(self.origin)})


@contextmanager
def canned_server() -> Iterator[CannedServer]:
    """Serve on a loopback port while the block runs."""
    listener = Listener()
    server = CannedServer(listener.origin)
    with listener.serving(server):
        yield server
