"""A server as a child of this process: one owner of its data at a time, and it never outlives its owner.

* The lock on `home/lock` is held by the starter *and* by the server, which inherits it; a free lock means that nothing
  works on the data any more. Who finds it taken, and the server answering, attaches.
* The server ends with its owner, also when the owner is killed with SIGKILL. The kernel watches the *thread* that
  started the child: start it from the main thread of the process that is to outlive everything else.
* A session of its own: the terminal's Ctrl-C must not reach a server before its clients.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import frozen

from nudge_adapters.embedded import become
from nudge_core.errors import Unavailable

START_TIMEOUT_S = 60.0  # a loaded machine that recovers from a crash
STOP_TIMEOUT_S = 20.0
LOG_TAIL = 800  # characters of a server's log that an error carries
_LONGEST_SOCKET_PATH = 107  # bytes; sockaddr_un.sun_path holds 107 and a zero
_POLL_S = 0.02
_RETRY_S = 5.0


@frozen(kw_only=True)
class Service:
    """A kind of server: its name in errors, its name for people, and whether it answers at an address."""

    name: str
    title: str
    answers: Callable[[str], bool]


@frozen(kw_only=True)
class Running:
    """A server that answered. `pid` None: another process owns it, and we attached."""

    address: str
    pid: int | None
    alive: Callable[[], bool]
    """Whether it is still there: of our own the process, of another's the answer."""
    status: Callable[[], int | None] = lambda: None
    """The exit status of our own that ended; negative: the signal that killed it."""


@contextmanager
def owned_or_attached(service: Service, home: Path, say: Callable[[str], None]) -> Iterator[int | str]:
    """Yield the locked file when nobody works on `home`, or the address of the server that does.

    Raises:
        Unavailable: somebody holds the lock, and no server answers.
        RuntimeError: the lock is ours in a thread other than the main one.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        found = _wait_for_lock(service, fd, home, say)
        if found is not None:
            yield found
            return
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("start the server from the main thread: it ends with the thread that starts it")
        os.ftruncate(fd, 0)
        yield fd
        os.ftruncate(fd, 0)
    finally:
        os.close(fd)


def _wait_for_lock(service: Service, fd: int, home: Path, say: Callable[[str], None]) -> str | None:
    """Return None once the lock is ours, or the address of a server that answers."""
    give_up, waited = time.monotonic() + START_TIMEOUT_S, False
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _published(fd)
            if owner.get("ready") and service.answers(str(owner["address"])):
                say(f"{service.title} in {home} runs already (process {owner['pid']}): using that one")
                return str(owner["address"])
            if not waited:
                waited = True
                say(f"{service.title} in {home} is being started or stopped by another process: waiting for it")
        else:
            return None
        if time.monotonic() > give_up:
            raise Unavailable(service.name, f"another process holds {home / 'lock'}, and no server answers", _RETRY_S)
        time.sleep(_POLL_S)


def publish(fd: int, address: str, *, ready: bool) -> None:
    """Write into the locked file where the server is, for those who attach."""
    said = json.dumps({"address": address, "pid": os.getpid(), "ready": ready}).encode()
    os.ftruncate(fd, len(said))
    os.pwrite(fd, said, 0)


def _published(fd: int) -> Mapping[str, object]:
    with suppress(ValueError):  # read while it was being written
        said = json.loads(os.pread(fd, 4096, 0) or b"{}")
        if isinstance(said, dict):
            return said
    return {}


def attached(service: Service, address: str) -> Running:
    """Return a server that another process owns."""
    return Running(address=address, pid=None, alive=lambda: service.answers(address))


def found(service: Service, home: Path) -> str | None:
    """Return the address of a server that some process runs on `home` and that answers; starts nothing."""
    try:
        fd = os.open(home.absolute() / "lock", os.O_RDONLY)
    except OSError:
        return None
    try:
        owner = _published(fd)
    finally:
        os.close(fd)
    address = str(owner.get("address", ""))
    return address if owner.get("ready") and service.answers(address) else None


@contextmanager
def socket_folder(home: Path, socket_name: str) -> Iterator[Path]:
    """Yield `home`, or a short folder where its path is too long for a socket, or holds what an address cannot."""
    if len(os.fsencode(home / socket_name)) <= _LONGEST_SOCKET_PATH and not set(",?#%") & set(str(home)):
        yield home
        return
    with tempfile.TemporaryDirectory(prefix="nudge-") as short:
        yield Path(short)


@contextmanager
def running(
    service: Service,
    command: Sequence[str],
    address: str,
    log: Path,
    lock: int,
    *,
    stop: signal.Signals,
    privileges: str = "keep",
) -> Iterator[Running]:
    """Run a server until the block ends.

    Args:
        service: asked until it answers.
        command: absolute path of the program, and its arguments.
        address: where it will answer.
        log: what it says is appended here.
        lock: of its data; the server inherits it.
        stop: the signal for a fast end; sent at the end of the block, and by the kernel when this process dies.
        privileges: see `become`.

    Raises:
        Unavailable: it ended, or did not answer in time; with the end of its log.
    """
    argv = through_child(command, stop, privileges)
    with log.open("ab") as out:
        child = subprocess.Popen(  # noqa: S603 - a command of ours
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, pass_fds=(lock,), start_new_session=True
        )
    try:
        give_up = time.monotonic() + START_TIMEOUT_S
        while not service.answers(address):
            if child.poll() is not None or time.monotonic() > give_up:
                state = "does not answer" if child.returncode is None else f"ended with {child.returncode}"
                tail = log.read_text(errors="replace")[-LOG_TAIL:]
                raise Unavailable(service.name, f"it {state}; {log} ends: {tail}")
            time.sleep(_POLL_S)
        yield Running(address=address, pid=child.pid, alive=lambda: child.poll() is None, status=child.poll)
    finally:
        end(child, stop)


def end(child: subprocess.Popen[bytes], stop: signal.Signals, patience_s: float = STOP_TIMEOUT_S) -> None:
    """End a child: ask, then insist, then kill; it is gone when this returns."""
    for sig in (stop, signal.SIGQUIT, signal.SIGKILL):
        child.send_signal(sig)
        with suppress(subprocess.TimeoutExpired):
            child.wait(patience_s)
            return


def through_child(command: Sequence[str], on_parent_death: signal.Signals, privileges: str = "keep") -> list[str]:
    """Return the command that becomes `command` by way of `become.py`, tied to this process's life."""
    tied = [become.__file__, str(int(on_parent_death)), str(os.getpid()), privileges]
    return [sys.executable, "-I", "-S", *tied, *command]
