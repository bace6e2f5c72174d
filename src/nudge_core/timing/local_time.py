"""Wall clocks and instants: what a person's clock shows, and when that is.

Stored moments are instants in UTC. A wall clock is a date and a time in an IANA zone. Most times name one instant;
twice a year some name none or two. The rules (`verticals.md` 1.2):

- a time that a clock skips (gap) moves forward by the length of the gap: 02:30 becomes 03:30;
- a time that a clock shows twice (overlap) is the first of the two;
- "a day later" is the same wall clock on the next date, not 24 elapsed hours.

The rules of each zone come from the `tzdata` package or the operating system, through `zoneinfo`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from nudge_core.errors import Invalid
from nudge_core.model.fields import is_zone

ZONES_IN_MEMORY = 1_024  # there are about 600 IANA names


@lru_cache(maxsize=ZONES_IN_MEMORY)
def zone(name: str) -> ZoneInfo:
    """Return the zone of this IANA name.

    Raises:
        Invalid: no such zone here.
    """
    if not is_zone(name):
        raise Invalid("timezone", "an IANA time zone such as America/Denver", name)
    return ZoneInfo(name)


def to_local(instant: datetime, zone_name: str) -> datetime:
    """Return what a clock in `zone_name` shows at `instant`, as an aware datetime.

    Raises:
        Invalid: `instant` is naive, or there is no such zone.
    """
    if instant.utcoffset() is None:
        raise Invalid("instant", "an aware datetime", instant)
    return instant.astimezone(zone(zone_name))


def to_utc(wall: datetime, zone_name: str) -> datetime:
    """Return the instant, in UTC, at which a clock in `zone_name` shows the naive `wall`.

    A skipped time moves forward by the length of the gap; of two the first is taken.

    Raises:
        Invalid: `wall` carries an offset, or there is no such zone.
    """
    if wall.tzinfo is not None:
        raise Invalid("wall", "a naive datetime: the zone is told apart", wall)
    # fold=0 takes the offset before the change: in an overlap that is the first, in a gap it lands past it.
    return wall.replace(tzinfo=zone(zone_name), fold=0).astimezone(UTC)


def local_date(instant: datetime, zone_name: str) -> date:
    """Return the calendar day in `zone_name` at `instant`."""
    return to_local(instant, zone_name).date()


def at(day: date, wall_time: time, zone_name: str) -> datetime:
    """Return the instant, in UTC, of a date and time of day in `zone_name`, by the rules of `to_utc`."""
    return to_utc(datetime.combine(day, wall_time), zone_name)


def days_later(instant: datetime, days: int, zone_name: str) -> datetime:
    """Return the instant, in UTC, that shows the same wall clock `days` dates later; negative for earlier.

    A reminder "24 hours before" an appointment is `days_later(appointment, -1, zone)`: same clock, the day before.
    """
    wall = to_local(instant, zone_name).replace(tzinfo=None, fold=0)
    return to_utc(wall + timedelta(days=days), zone_name)
