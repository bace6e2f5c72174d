"""A proxy before PostgreSQL that cuts a connection right after its COMMIT went through: test P2.

The client never learns the result: half of the cuts fall before the server has seen the COMMIT, half after it has
answered.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

from attrs import define

_COMMIT = b"COMMIT\x00"
"""In a simple query of the client, and in the server's CommandComplete."""

_CHUNK = 1 << 16
SOCKET = ".s.PGSQL.5432"


@define
class Cutting:
    """What one proxied connection is in for."""

    awaiting_commit: bool = False


class Proxy:
    """Listens in `folder` as PostgreSQL would, and cuts a `share` of commits; each cut is a line in `hits`."""

    def __init__(self, folder: Path, upstream: str, share: float, seed: int) -> None:
        self._folder, self._upstream, self._share = folder, upstream, share
        self._random = random.Random(seed)
        self._hits = os.open(folder / "hits", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def serve(self) -> None:
        """Pass bytes on until the process is ended."""
        async with await asyncio.start_unix_server(self._connected, self._folder / SOCKET):
            await asyncio.Event().wait()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_unix_connection(self._upstream)
        except OSError:
            writer.close()
            return
        state = Cutting()
        ways = [
            asyncio.create_task(self._to_server(reader, up_writer, state)),
            asyncio.create_task(self._to_client(up_reader, writer, state)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            writer.transport.abort()
            up_writer.transport.abort()

    async def _to_server(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, state: Cutting) -> None:
        while chunk := await reader.read(_CHUNK):
            if _COMMIT in chunk and self._random.random() < self._share:
                if self._random.random() < 0.5:
                    os.write(self._hits, b"commit_unseen 0\n")
                    return
                state.awaiting_commit = True
            writer.write(chunk)
            await writer.drain()

    async def _to_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, state: Cutting) -> None:
        while chunk := await reader.read(_CHUNK):
            if state.awaiting_commit and _COMMIT in chunk:
                os.write(self._hits, b"commit_done 0\n")
                return
            writer.write(chunk)
            await writer.drain()
