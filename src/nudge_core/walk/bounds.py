"""An end for what may never end, and a name for whatever went wrong: the core has no timer and shows no value."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol, TypeVar

from nudge_core.errors import Misconfigured, NudgeError, Refused, Unavailable
from nudge_core.model.timetable import MOST_ERROR

R = TypeVar("R")


class Bounded(Protocol):
    """Waits for work, and ends it when it takes too long: given by the edge, which has a timer."""

    async def __call__(self, work: Awaitable[R], limit_s: float) -> R:
        """Return what the work returns; raise TimeoutError once `limit_s` seconds have passed and the work is ended."""
        ...


async def unbounded(work: Awaitable[R], limit_s: float) -> R:  # noqa: ARG001 - the shape of `Bounded`
    """Wait for the work however long it takes: for the library and the demo, which a person watches."""
    return await work


def code_of(error: BaseException) -> str:
    """Return what may be stored, logged and shown of an error: its kind, and the service it names. Never its words."""
    kind = type(error).__name__
    if isinstance(error, Unavailable | Refused):
        return f"{kind}: {error.service}"[:MOST_ERROR]
    if isinstance(error, Misconfigured):
        return f"{kind}: {error}"[:MOST_ERROR]  # names of settings, written by us
    return (kind if isinstance(error, NudgeError | TimeoutError) else f"unexpected {kind}")[:MOST_ERROR]
