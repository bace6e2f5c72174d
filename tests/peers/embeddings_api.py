"""A stand-in for the embeddings endpoint: it holds a request to the service's limits, and answers as the service does.

Vectors are those of `HashingEmbedder`, so that the same text always has the same one. Tokens are counted as the worst
case allows: one a byte.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from attrs import define, field

from nudge_adapters.embeddings.hashing import HashingEmbedder

KEY = "stand-in"
MOST_INPUTS, MOST_TOKENS, MOST_TOKENS_AN_INPUT = 2_048, 300_000, 8_192  # messaging.md 14.2


@define
class EmbeddingsPeer:
    """Where it is, how many texts each request held, and how it answers instead of well (a status and a body)."""

    base_url: str = ""
    sizes: list[int] = field(factory=list)
    texts: list[str] = field(factory=list)
    instead: Callable[[dict[str, object]], tuple[int, object]] | None = None
    shuffled: bool = False

    def answer(self, request: dict[str, object]) -> tuple[int, object]:
        """Return a status and a body."""
        inputs, dim = request["input"], request["dimensions"]
        assert isinstance(inputs, list)
        assert isinstance(dim, int)
        self.sizes.append(len(inputs))
        self.texts += inputs
        if self.instead is not None:
            return self.instead(request)
        sizes = [len(text.encode()) for text in inputs]
        if (
            len(inputs) > MOST_INPUTS
            or sum(sizes) > MOST_TOKENS
            or max(sizes) > MOST_TOKENS_AN_INPUT
            or min(sizes) == 0
        ):
            return 400, {"error": {"message": "too much", "type": "invalid_request_error", "code": "too_large"}}
        data = [vector_of(number, text, dim) for number, text in enumerate(inputs)]
        return 200, whole(data[::-1] if self.shuffled else data)


def vector_of(number: int, text: str, dim: int) -> dict[str, object]:
    """Return one vector as the service writes it."""
    values = HashingEmbedder(dim)._vector(text)
    floats = np.ones(dim, "<f4") if values is None else values.values.astype("<f4")
    return {"object": "embedding", "index": number, "embedding": base64.b64encode(floats.tobytes()).decode()}


def whole(data: list[dict[str, object]]) -> dict[str, object]:
    """Return a finished answer."""
    return {"object": "list", "model": "stand-in", "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}


@contextmanager
def embeddings_api() -> Iterator[EmbeddingsPeer]:
    """Run the stand-in on a free loopback port until the block ends."""
    peer = EmbeddingsPeer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # head and body in one packet: two of them wait for each other on loopback

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.headers["authorization"] != f"Bearer {KEY}":
                self.reply(
                    401, {"error": {"message": "no", "type": "invalid_request_error", "code": "invalid_api_key"}}
                )
            elif self.path != "/v1/embeddings":
                self.reply(404, {"error": {"message": "no", "type": "invalid_request_error", "code": None}})
            else:
                self.reply(*peer.answer(request))

        def do_GET(self) -> None:
            self.reply(200, {"id": "stand-in", "object": "model", "created": 1, "owned_by": "tests"})

        def reply(self, status: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            if status == 429:
                self.send_header("retry-after", "7")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    peer.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
