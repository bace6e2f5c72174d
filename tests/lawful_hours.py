"""Test T1: every minute of three days around each clock change, judged by the product and by a slow second reading.

The second reading is written from the text of the rows (`messaging.md` 11.2), state by state, and looks at one wall
clock a minute through `zoneinfo`. It shares nothing with `nudge_core.policy.quiet_hours`: no table, no edges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

from nudge_core.policy.delivery import DeliverySettings, valid_for_s
from nudge_core.policy.hours_table import ALL_DAY
from nudge_core.policy.quiet_hours import SendingHours
from nudge_core.timing.recipient_zone import Whereabouts, whereabouts

MINUTE = timedelta(minutes=1)
SPAN_MINUTES = 3 * 24 * 60
YEARS = range(2026, 2031)

SPLIT_CODES = [
    "850",
    "448",
    "812",
    "930",
    "574",
    "219",
    "270",
    "364",
    "606",
    "423",
    "729",
    "308",
    "605",
    "701",
    "620",
    "785",
    "906",
    "208",
    "986",
    "541",
    "458",
    "928",
    "775",
    "907",
    "334",
    "483",
]
"""Area codes of two zones, as `messaging.md` 11.1 lists them, and the few we know besides."""

CODES_OF_ROWS = [
    "305",
    "301",
    "617",
    "201",
    "405",
    "503",
    "206",
    "307",
    "205",
    "504",
    "601",
    "203",
    "702",
    "512",
    "859",
    "313",
    "612",
    "505",
    "401",
    "215",
    "801",
]
"""One code of each state that has a row, none of them split."""

ZONES = [
    "America/New_York",
    "America/Detroit",
    "America/Chicago",
    "America/Denver",
    "America/Boise",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "Pacific/Honolulu",
    "America/Indiana/Indianapolis",
    "America/Puerto_Rico",
]
"""Known zones of people whose number says nothing stricter than the federal hours (Georgia's 404)."""

_STATE_OF_CODE: Mapping[str, str] = {
    **dict.fromkeys(["850", "448", "305"], "FL"),
    **dict.fromkeys(["812", "930", "574", "219"], "IN"),
    **dict.fromkeys(["270", "364", "606", "859"], "KY"),
    **dict.fromkeys(["423", "729"], "TN"),
    **dict.fromkeys(["620", "785"], "KS"),
    **dict.fromkeys(["208", "986"], "ID"),
    **dict.fromkeys(["541", "458", "503"], "OR"),
    **dict.fromkeys(["334", "483", "205"], "AL"),
    **dict.fromkeys(["906", "313"], "MI"),
    **dict.fromkeys(["775", "702"], "NV"),
    "308": "NE",
    "605": "SD",
    "701": "ND",
    "928": "AZ",
    "907": "AK",
    "301": "MD",
    "617": "MA",
    "201": "NJ",
    "405": "OK",
    "206": "WA",
    "307": "WY",
    "504": "LA",
    "601": "MS",
    "203": "CT",
    "512": "TX",
    "612": "MN",
    "505": "NM",
    "401": "RI",
    "215": "PA",
    "801": "UT",
    "404": "GA",
}

_EAST, _CENTRAL, _MOUNTAIN, _PACIFIC = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
_ZONES_OF_CODE: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ["850", "448", "812", "930", "574", "219", "270", "364", "606", "423", "729", "906", "334", "483"],
        (_EAST, _CENTRAL),
    ),
    **dict.fromkeys(["308", "605", "701", "620", "785"], (_CENTRAL, _MOUNTAIN)),
    **dict.fromkeys(["208", "986", "541", "458", "775"], ("America/Boise", _PACIFIC)),
    "928": ("America/Phoenix", _MOUNTAIN),
    "907": ("America/Anchorage", "America/Adak"),
    **dict.fromkeys(["305", "301", "617", "201", "203", "859", "313", "401", "215", "404"], (_EAST,)),
    **dict.fromkeys(["405", "205", "504", "601", "512", "612"], (_CENTRAL,)),
    **dict.fromkeys(["307", "505", "801"], (_MOUNTAIN,)),
    **dict.fromkeys(["503", "206", "702"], (_PACIFIC,)),
}

_CLOSED = {
    ("LA", date(2026, 11, 1)),  # All Saints, a Sunday
    ("LA", date(2026, 11, 2)),  # and the Monday on which it is observed
    ("LA", date(2030, 11, 1)),  # All Saints, a Friday
    *((state, date(2026, 11, 3)) for state in ("LA", "RI", "PA")),  # general election
}
"""State holidays within three days of a clock change of 2026 to 2030, looked up in calendars by hand."""


def lawful(state: str, wall: datetime) -> bool:
    """Say whether the law of a state, and of the United States, lets a text go out at this wall clock."""
    clock = (wall.hour, wall.minute)
    sunday, saturday = wall.weekday() == 6, wall.weekday() == 5
    if not (8, 0) <= clock < (21, 0) or (state, wall.date()) in _CLOSED:
        return False
    if state in {"FL", "MD", "MA", "NJ", "OK", "WA", "WY"} or (state == "OR" and wall.date() >= date(2026, 1, 1)):
        return clock < (20, 0)
    if state in {"AL", "LA", "MS"}:
        return clock < (20, 0) and not sunday
    if state in {"CT", "NV"}:
        return (9, 0) <= clock < (20, 0)
    if state == "TX":
        return clock >= ((12, 0) if sunday else (9, 0))
    if state == "KY":
        return clock >= (10, 0)
    if state in {"MI", "MN", "NM"}:
        return clock >= (9, 0)
    if state == "RI":
        return not sunday and ((10, 0) <= clock < (17, 0) if saturday else (9, 0) <= clock < (18, 0))
    if state == "PA" and wall.date() >= date(2026, 10, 18):
        return not sunday and (9, 0) <= clock < (19, 0)
    return not (state == "UT" and sunday)


@frozen(kw_only=True)
class Place:
    """One recipient as both readings see them."""

    name: str
    product: Whereabouts
    states: tuple[str, ...]
    zones: tuple[str, ...]

    def lawful_at(self, instant: datetime) -> bool:
        """Judge one instant by the wall clock of every zone."""
        walls = [instant.astimezone(ZoneInfo(name)) for name in self.zones]
        return all(lawful(state, wall) for state in self.states for wall in walls)


def places() -> tuple[Place, ...]:
    """Return a recipient per split code, per row of the table and per zone, and one of whom two places are known."""
    of_codes = [
        Place(
            name=code,
            product=whereabouts(f"+1{code}5550123"),
            states=(_STATE_OF_CODE[code],),
            zones=_ZONES_OF_CODE[code],
        )
        for code in (*SPLIT_CODES, *CODES_OF_ROWS)
    ]
    of_zones = [
        Place(name=zone, product=whereabouts("+14045550123", zone), states=("GA",), zones=(_EAST, zone))
        for zone in ZONES
    ]
    moved = Place(
        name="moved",
        product=whereabouts("+13055550123", _PACIFIC, "NV"),
        states=("FL", "NV"),
        zones=(_EAST, _PACIFIC),
    )
    return (*of_codes, *of_zones, moved)


def changes(years: Iterable[int] = YEARS) -> tuple[datetime, ...]:
    """Return the instants, to the hour of New York, at which clocks change: on Sundays in March and November."""
    found = []
    for year in years:
        for month, nth in ((3, 2), (11, 1)):
            first = date(year, month, 1)
            sunday = first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))
            found.append(datetime(year, month, sunday.day, 7, tzinfo=UTC))
    return tuple(found)


class Unlawful(AssertionError):
    """The product and the second reading differ."""


def check(place: Place, change: datetime, step: int = 1) -> int:
    """Compare both readings at every `step`-th minute around a clock change; return how many instants were judged.

    Raises:
        Unlawful: an instant is judged otherwise, a window opens or closes at another minute, or a text handed over
            now could still be delivered when the window has closed.
    """
    begin = change - timedelta(minutes=SPAN_MINUTES // 2)
    verdicts = [place.lawful_at(begin + n * MINUTE) for n in range(SPAN_MINUTES)]
    opens, closes = _next(verdicts, wanted=True), _next(verdicts, wanted=False)
    hours = SendingHours(whereabouts=place.product, owner=ALL_DAY)
    settings = DeliverySettings()
    for n in range(0, SPAN_MINUTES, step):
        now = begin + n * MINUTE
        if hours.allowed(now) is not verdicts[n]:
            raise Unlawful(f"{place.name} at {now.isoformat()}: {'lawful' if verdicts[n] else 'unlawful'} by the text")
        opening, closing = opens[n], closes[n]
        expected = None if opening is None else begin + opening * MINUTE
        if expected is not None and hours.next_allowed(now) != expected:
            raise Unlawful(f"{place.name} at {now.isoformat()}: opens {expected.isoformat()}")
        end = hours.window_end(now)
        if (end is not None) is not verdicts[n]:
            raise Unlawful(f"{place.name} at {now.isoformat()}: a window without an hour, or an hour without")
        if end is None:
            continue
        if closing is not None and end != begin + closing * MINUTE:
            raise Unlawful(f"{place.name} at {now.isoformat()}: closes at another minute than {end.isoformat()}")
        deliverable = timedelta(seconds=settings.send_deadline_s + valid_for_s(now, end, settings))
        if valid_for_s(now, end, settings) >= settings.least_validity_s and now + deliverable > end:
            raise Unlawful(f"{place.name} at {now.isoformat()}: may be delivered after the close")
    return len(range(0, SPAN_MINUTES, step))


def _next(verdicts: Sequence[bool], *, wanted: bool) -> list[int | None]:
    """Return, per minute, the first one from it on with the wanted verdict; None when it lies beyond."""
    found: list[int | None] = [None] * len(verdicts)
    at: int | None = None
    for n in range(len(verdicts) - 1, -1, -1):
        at = n if verdicts[n] is wanted else at
        found[n] = at
    return found


def _run(name: str, years: Iterable[int], chosen: Sequence[Place], step: int, tell: Callable[[str], object]) -> str:
    judged, days = 0, changes(years)
    for change in days:
        for place in chosen:
            judged += check(place, change, step)
        tell(f"{change.date().isoformat()} done")
    return f"{name} instants {judged} places {len(chosen)} changes {len(days)} violations 0"


def full() -> str:
    """Judge every minute; return the line of `make chaos`.

    Raises:
        Unlawful: at the first violation.
    """
    return _run("T1", YEARS, places(), 1, lambda _line: None)


def quick() -> str:
    """Judge two changes for every place, each 31st minute (prime to the hour: all minutes of the hour come up).

    Raises:
        Unlawful: at the first violation.
    """
    return _run("T1 quick", (2026,), places(), 31, lambda _line: None)


if __name__ == "__main__":
    print(full())  # noqa: T201 - this is the terminal's program
