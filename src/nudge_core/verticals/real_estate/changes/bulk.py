"""The guard against a poll that says too much: a wrong import, a field that changed its meaning, a restored backup.

Two typing errors in real histories began on the same day, and a vendor announced updates of 200 million rows at once.
Far more events than usual are held for a person, not texted. Source: `mls-feeds.md` sections 3.5 and 6.3.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

FACTOR = 10
"""How many times the usual number is too many. Days differ by a factor of a few (weekends, spring); a broken source
by a factor of hundreds: each of its listings changes at once."""

FLOOR = 50
"""Never hold so few: a small or quiet source may double from one to a dozen, and a person can look at fifty."""


@frozen
class PollCount:
    """How many events one poll gave, and the seconds of feed time it covered (since the poll before)."""

    events: int
    covers_s: float


def usual_events(recent: Sequence[PollCount], covers_s: float) -> float | None:
    """Return how many events a poll that covers `covers_s` seconds usually gives; None when nothing is known yet.

    By time, not by poll: the first poll after a day's outage may give a day's events.
    """
    seconds = sum(poll.covers_s for poll in recent)
    if seconds <= 0:
        return None
    return sum(poll.events for poll in recent) / seconds * covers_s


def too_many(events_in_poll: int, usual: float | None, *, factor: float = FACTOR, floor: int = FLOOR) -> bool:
    """Whether a poll gives so many more events than usual that a person should look before anybody is nudged.

    Args:
        events_in_poll: events of all pages of one poll of one source.
        usual: how many it usually gives in that time (`usual_events`); None: unknown, only `floor` counts.
    """
    return events_in_poll > max(floor, factor * (usual or 0.0))
