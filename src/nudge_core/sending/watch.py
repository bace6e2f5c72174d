"""How long this very process has seen texts in doubt, by its own clock that never goes back.

The instants in the rows are the database's, and a clock that is set forward past the grace makes every doubt look old.
Nothing but a label hangs on that for most texts; but one that somebody pressed "send now" for would go out a second
time while its first request is still under way. So that also takes a process that has waited the grace out itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from attrs import evolve, frozen

from nudge_core.model.message import Message
from nudge_core.policy.delivery import DeliverySettings


@frozen(kw_only=True)
class _Seen:
    """All in seconds of the process's clock: since when it is in doubt, and when the list was asked with success."""

    since_s: float
    first_asked_s: float | None = None
    last_asked_s: float | None = None


class DoubtWatch:
    """What one process remembers of doubts, by message and attempt; it is lost with the process, which only delays.

    Args:
        monotonic: seconds that never go back, whatever is done to any clock.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._seen: dict[tuple[UUID, int], _Seen] = {}

    def now_s(self) -> float:
        """Return what the process's clock shows, for `answered`."""
        return self._monotonic()

    def look(self, doubtful: Sequence[Message]) -> None:
        """Take note of the texts that are in doubt now; whatever else was watched is forgotten."""
        now_s = self._monotonic()
        self._seen = {key: self._seen.get(key, _Seen(since_s=now_s)) for key in map(_key, doubtful)}

    def answered(self, message: Message, asked_s: float) -> None:
        """Take note that the carrier's list answered about this text, asked not before `asked_s`."""
        seen = self._seen.get(_key(message))
        if seen is not None:
            first_s = asked_s if seen.first_asked_s is None else seen.first_asked_s
            self._seen[_key(message)] = evolve(seen, first_asked_s=first_s, last_asked_s=asked_s)

    def is_over(self, message: Message, settings: DeliverySettings) -> bool:
        """Say whether the grace has passed under our eyes.

        That is: the list was last asked when the text had been in doubt for `grace_s`, and had answered us once
        before, at least `list_lag_s` earlier.
        """
        seen = self._seen.get(_key(message))
        if seen is None or seen.first_asked_s is None or seen.last_asked_s is None:
            return False
        waited = seen.last_asked_s - seen.since_s >= settings.grace_s
        return waited and seen.last_asked_s - seen.first_asked_s >= settings.list_lag_s


def _key(message: Message) -> tuple[UUID, int]:
    return message.id, message.attempt
