"""The connections under the server, for what ASGI has no word for: breaking one."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]  # as ASGI defines it
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends a reset instead of an end."""


class Wires:
    """The open connections, by the client's address as an ASGI scope names it."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def opened(self, transport: asyncio.Transport) -> None:
        """Remember a connection."""
        self._open[_client(transport.get_extra_info("peername"))] = transport

    def closed(self, transport: asyncio.Transport) -> None:
        """Forget a connection."""
        address = _client(transport.get_extra_info("peername"))
        if self._open.get(address) is transport:
            del self._open[address]

    def reset(self, scope: Message) -> None:
        """Break the connection of a request: the client sees a reset."""
        transport = self._open.get(_client(scope["client"]))
        if transport is not None:
            connection = transport.get_extra_info("socket")
            if connection is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            transport.abort()

    def close(self, scope: Message) -> None:
        """End the connection of a request after what was written has left."""
        transport = self._open.get(_client(scope["client"]))
        if transport is not None:
            asyncio.get_running_loop().call_soon(transport.close)  # behind what is corked


def _client(address: Any) -> tuple[str, int]:
    return (str(address[0]), int(address[1])) if address else ("", 0)


class Corked:
    """A transport that sends once what is written in one turn of the loop: a head and its body cost one call."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self._loop = transport, asyncio.get_running_loop()
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send this when the turn ends."""
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(data)

    def close(self) -> None:
        """Close when everything has left."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        data, self._held = b"".join(self._held), []
        if data:
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
