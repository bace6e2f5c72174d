"""A load of HTTP requests from this process: so many connections that are kept, one request after the other on each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from attrs import frozen

HOST = "127.0.0.1"
LONGEST_S = 120.0  # for one run of requests: a server that is stuck ends the benchmark
_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
OK = b"HTTP/1.1 200 "


@frozen(kw_only=True)
class Load:
    """What came of a run: seconds each request took, sorted; seconds in all; bytes of one body."""

    taken_s: Sequence[float]
    wall_s: float
    body_bytes: int

    def at(self, share: float) -> float:
        """Return the seconds that this share of the requests did not exceed."""
        return self.taken_s[min(len(self.taken_s) - 1, int(share * len(self.taken_s)))]


async def run_load(port: int, path: str, token: str, *, requests: int, connections: int) -> Load:
    """Ask for a path so often. Raises RuntimeError for any answer but 200."""
    question = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    taken: list[float] = []
    left = requests
    size = 0

    async def one_connection() -> None:
        nonlocal left, size
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            while left > 0:
                left -= 1
                begun = time.perf_counter()
                writer.write(question)
                size = await _answer(reader)
                taken.append(time.perf_counter() - begun)
        finally:
            writer.close()

    begun = time.perf_counter()
    async with asyncio.timeout(LONGEST_S):
        await asyncio.gather(*(one_connection() for _ in range(connections)))
    return Load(taken_s=sorted(taken), wall_s=time.perf_counter() - begun, body_bytes=size)


async def read_once(port: int, path: str, token: str) -> bytes:
    """Return the body of one answer."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        return await reader.readexactly(await _length(reader))
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    length = await _length(reader)
    await reader.readexactly(length)
    return length


async def _length(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(_END)
    if not head.startswith(OK):
        raise RuntimeError(f"the server answered {head.split(b' ', 2)[1]!r}")
    at = head.lower().index(_LENGTH) + len(_LENGTH)
    return int(head[at : head.index(b"\r", at)])
