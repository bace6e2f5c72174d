"""Log records as what a process says: one line each, with the request they belong to, and nothing of anybody's data.

Our own records hold codes and kinds of things. What other libraries log may quote what they work on (addresses,
parameters, words of an exception), so of theirs only who spoke, how urgently, and the kind of error is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from nudge_entrypoints.telling import Teller

OURS = ("nudge_core", "nudge_adapters", "nudge_entrypoints")
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The request that is being answered in this task."""


class Telling(logging.Handler):
    """Hands records from WARNING on to a teller."""

    def __init__(self, teller: Teller) -> None:
        super().__init__(logging.WARNING)
        self._teller = teller

    def emit(self, record: logging.LogRecord) -> None:
        """Say one record."""
        facts: dict[str, str | int | float] = {"level": record.levelname.lower(), "logger": record.name}
        if (request_id := REQUEST_ID.get()) is not None:
            facts["request_id"] = request_id
        if record.exc_info is not None and record.exc_info[0] is not None:
            facts["error"] = record.exc_info[0].__name__
        ours = record.name.partition(".")[0] in OURS
        self._teller.record(_line(record) if ours else "a library reports", **facts)


def _line(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # a log line that is written wrongly is no reason to fail
        return "a record that cannot be read"


@contextmanager
def told_by(teller: Teller) -> Iterator[None]:
    """Let a teller say what is logged in this process."""
    root, handler = logging.getLogger(), Telling(teller)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
