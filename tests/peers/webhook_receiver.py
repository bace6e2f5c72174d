"""A receiver of webhooks: keeps what was posted and answers as it was told, on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qsl

from attrs import field, frozen


@frozen(kw_only=True)
class Posted:
    """One webhook. `target`: path and query as they stood in the request. `form`: pairs in their order."""

    target: str
    headers: dict[str, str]
    form: Sequence[tuple[str, str]] = field(repr=False)

    def __getitem__(self, name: str) -> str:
        return dict(self.form)[name]


class Receiver:
    """`answers`: statuses for the next webhooks, first one first; 0 ends the connection; then always 204."""

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.answers: list[int] = []
        self.address = ""
        self._talks: set[asyncio.Task[None]] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        await asyncio.wait([talk])

    async def end(self) -> None:
        """Break off every conversation."""
        talks = tuple(self._talks)
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines[1:])}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                form = parse_qsl(body.decode(), keep_blank_values=True)
                self.posted.append(Posted(target=lines[0].split(" ")[1], headers=headers, form=form))
                status = self.answers.pop(0) if self.answers else 204
                if status == 0:
                    return
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Receive while the block runs."""
    receiver = Receiver()
    listener = await asyncio.start_server(receiver, "127.0.0.1", 0)
    async with listener:
        receiver.address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        try:
            yield receiver
        finally:
            listener.close()
            await receiver.end()
