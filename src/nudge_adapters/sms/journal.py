"""An append-only journal of JSON lines: what the simulated carrier has done, also after its process was killed.

Several processes may share one file: each takes its turn under a lock, reads what the others wrote, and appends.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from nudge_core.errors import Unavailable

Entry: TypeAlias = Mapping[str, Any]


class Journal(Protocol):
    """Entries in the order they were written; nothing is ever changed or removed."""

    def turn(self) -> AbstractContextManager[Sequence[Entry]]:
        """Hold everybody else off; gives the entries that this reader has not seen yet."""
        ...

    def append(self, entry: Entry, *, durable: bool) -> None:
        """Write one entry, within a turn. `durable`: it must outlive a crash of the machine."""
        ...


class MemoryJournal:
    """A journal without a file. `reader()` gives another view of the same entries, as a second process would have."""

    def __init__(self, entries: list[Entry] | None = None) -> None:
        self._entries: list[Entry] = [] if entries is None else entries
        self._seen = 0

    def reader(self) -> MemoryJournal:
        """Return a journal over the same entries that has seen none of them yet."""
        return MemoryJournal(self._entries)

    @contextmanager
    def turn(self) -> Iterator[Sequence[Entry]]:
        """Give the entries not seen yet; nobody else can act meanwhile, for nothing awaits within a turn."""
        fresh = self._entries[self._seen :]
        self._seen = len(self._entries)
        yield fresh

    def append(self, entry: Entry, *, durable: bool) -> None:  # noqa: ARG002  memory survives nothing
        """Write one entry."""
        self._entries.append(entry)
        self._seen += 1


class FileJournal:
    """A journal in a file that only its owner may read: it holds texts and phones.

    A line that a killed process left unfinished was never answered for: it is cut off before the next one is written.

    Args:
        path: of the file.
        exclusive: nobody else writes while this one is open. What was written outlives this process, but not a crash
            of the machine: nothing is forced onto the disk, whatever `append` is told. For a server that does
            thousands of turns a second.

    Raises:
        Unavailable: `exclusive`, and somebody else has the file.
    """

    def __init__(self, path: Path, *, exclusive: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._position = 0
        self._exclusive = exclusive
        self._has_read = False
        if exclusive:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(self._descriptor)
                raise Unavailable("journal", "another process has it") from error

    @contextmanager
    def turn(self) -> Iterator[Sequence[Entry]]:
        """Lock the file and give the entries that others have written."""
        if self._exclusive:
            fresh = () if self._has_read else self._fresh()
            self._has_read = True
            yield fresh
            return
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            yield self._fresh()
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def append(self, entry: Entry, *, durable: bool) -> None:
        """Write one line; with `durable` it is on the disk when this returns."""
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        written = os.write(self._descriptor, line)
        if written != len(line):
            raise OSError(f"the journal took {written} of {len(line)} bytes")
        self._position += len(line)
        if durable and not self._exclusive:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Give back the file."""
        os.close(self._descriptor)

    def _fresh(self) -> Sequence[Entry]:
        size = os.fstat(self._descriptor).st_size
        unread = os.pread(self._descriptor, size - self._position, self._position)
        whole = unread.rfind(b"\n") + 1
        if whole != len(unread):
            os.ftruncate(self._descriptor, self._position + whole)
        self._position += whole
        return [json.loads(line) for line in unread[:whole].splitlines()]
