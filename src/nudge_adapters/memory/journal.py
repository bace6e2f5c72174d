"""Tables that can take back what was done to them, and the state of one transaction."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar
from uuid import UUID

from nudge_core.errors import Conflict, Invalid, NotFound, NudgeError, Unavailable
from nudge_core.ports import Ids

K = TypeVar("K")
V = TypeVar("V")
P = ParamSpec("P")
R = TypeVar("R")


class Journal:
    """What was overwritten since the transaction began, so that it can be put back."""

    def __init__(self) -> None:
        self._before: list[tuple[dict[Any, Any], Any, Any]] = []  # Any: rows of every table, each with its own types

    def note(self, rows: dict[K, V], key: K) -> None:
        """Remember what stands under `key`, before it is changed."""
        self._before.append((rows, key, rows.get(key)))

    def forget(self) -> None:
        """Keep what was done."""
        self._before.clear()

    def undo(self) -> None:
        """Put everything back as it was."""
        while self._before:
            rows, key, old = self._before.pop()
            if old is None:
                rows.pop(key, None)
            else:
                rows[key] = old


class Table(Generic[K, V]):
    """Rows by key. None is not a row."""

    def __init__(self, journal: Journal) -> None:
        self._rows: dict[K, V] = {}
        self._journal = journal

    def get(self, key: K) -> V | None:
        """Return the row, or None."""
        return self._rows.get(key)

    def need(self, key: K, what: str) -> V:
        """Return the row, or raise NotFound."""
        row = self._rows.get(key)
        if row is None:
            raise NotFound(what, key)
        return row

    def put(self, key: K, row: V) -> None:
        """Insert or replace."""
        self._journal.note(self._rows, key)
        self._rows[key] = row

    def add(self, key: K, row: V, what: str) -> None:
        """Insert, or raise Conflict when the key is taken."""
        if key in self._rows:
            raise Conflict(what, "its id is taken")
        self.put(key, row)

    def drop(self, key: K) -> None:
        """Remove."""
        self._journal.note(self._rows, key)
        del self._rows[key]

    def rows(self) -> Sequence[V]:
        """Return all rows, in the order of their first insertion."""
        return list(self._rows.values())

    def items(self) -> Sequence[tuple[K, V]]:
        """Return keys and rows, in the order of their first insertion."""
        return list(self._rows.items())

    def __contains__(self, key: K) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)


class WatchedTable(Table[K, V]):
    """Rows by key; `notice` hears of each one that is written, with what stood there before."""

    def __init__(self, journal: Journal, notice: Callable[[V | None, V], object]) -> None:
        super().__init__(journal)
        self._notice = notice

    def put(self, key: K, row: V) -> None:
        """Insert or replace."""
        old = self.get(key)
        super().put(key, row)
        self._notice(old, row)


class Work:
    """One transaction: its time, whose it is, and whether it can still be used.

    A write that raises breaks the transaction: what is asked of it afterwards raises Conflict, and it cannot commit.
    """

    def __init__(self, now: datetime, user_id: UUID | None, ids: Ids) -> None:
        self.now = now
        self.user_id = user_id
        self.ids = ids
        self.broken = False
        self.ended = False

    def check(self) -> None:
        """Raise unless the transaction is usable."""
        if self.ended:
            raise RuntimeError("the transaction has ended: its block was left")
        if self.broken:
            raise Conflict("transaction", "an earlier write in it failed, so nothing of it is stored")

    def own(self, user_id: UUID | None, field: str) -> None:
        """Raise Invalid when a tenant's transaction is handed another one's row."""
        if self.user_id is not None and user_id != self.user_id:
            raise Invalid(field, "the user of this transaction", user_id)

    def for_nobody(self, what: str) -> None:
        """Raise Invalid in a tenant's transaction: this concerns all professionals."""
        if self.user_id is not None:
            raise Invalid(what, "a system transaction", None)


class Port(Protocol):
    """What the decorators below need of a port."""

    _work: Work


S = TypeVar("S", bound=Port)
Method = Callable[Concatenate[S, P], Coroutine[Any, Any, R]]


def writing(method: Method[S, P, R]) -> Method[S, P, R]:
    """A write: whatever it raises breaks the transaction."""

    @wraps(method)
    async def guarded(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        self._work.check()
        try:
            return await method(self, *args, **kwargs)
        except BaseException:
            self._work.broken = True
            raise

    return guarded


def reading(method: Method[S, P, R]) -> Method[S, P, R]:
    """A read: an answer such as NotFound leaves the transaction whole."""

    @wraps(method)
    async def guarded(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        self._work.check()
        try:
            return await method(self, *args, **kwargs)
        except BaseException as error:
            self._work.broken = not isinstance(error, NudgeError) or isinstance(error, Unavailable)
            raise

    return guarded
