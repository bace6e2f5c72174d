"""When somebody wants to act, how often they want to hear, and what happens in their lives."""

from __future__ import annotations

from datetime import date

import pytest

from nudge_core.model.json import Json
from nudge_core.reading.cadence import read_cadence
from nudge_core.reading.life_events import LifeEvent, read_life_events
from nudge_core.reading.when import read_timing

SAID_ON = date(2026, 5, 14)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("move by June", {"latest": "2026-06-30"}),
        ("by June 15", {"latest": "2026-06-15"}),
        ("before August 1", {"latest": "2026-07-31"}),
        ("before summer", {"latest": "2026-05-31"}),
        ("in spring", {"earliest": "2026-03-01", "latest": "2026-05-31"}),
        ("next spring", {"earliest": "2027-03-01", "latest": "2027-05-31"}),
        ("this fall", {"earliest": "2026-09-01", "latest": "2026-11-30"}),
        ("in the winter", {"earliest": "2026-12-01", "latest": "2027-02-28"}),
        ("not before September", {"earliest": "2026-09-01"}),
        ("they don't want to move until July", {"earliest": "2026-07-01"}),
        ("no sooner than October", {"earliest": "2026-10-01"}),
        ("after March", {"earliest": "2027-04-01"}),
        ("starting in October", {"earliest": "2026-10-01"}),
        ("in March", {"earliest": "2027-03-01", "latest": "2027-03-31"}),
        ("by May", {"latest": "2026-05-31"}),
        ("by the end of the year", {"latest": "2026-12-31"}),
        ("next year", {"earliest": "2027-01-01", "latest": "2027-12-31"}),
        ("in March 2028", {"earliest": "2028-03-01", "latest": "2028-03-31"}),
        ("within 60 days", {"latest": "2026-07-13"}),
        ("need a home asap", {"urgency": "now", "latest": "2026-06-13"}),
        ("no rush", {"urgency": "none"}),
    ],
)
def test_windows(text: str, expected: Json) -> None:
    (one,) = read_timing(text, SAID_ON)
    assert one.value == expected


@pytest.mark.parametrize(
    "text",
    [
        "we may look around",
        "March 5",
        "Memorial Day",
        "in June Lake",
        "marching band",
        "a spring mattress",
        "3 bedrooms",
        "sunny",
    ],
)
def test_no_timing(text: str) -> None:
    assert read_timing(text, SAID_ON) == []


@pytest.mark.parametrize(
    ("text", "months", "days"),
    [
        ("every 3 months", 3, 0),
        ("once a quarter", 3, 0),
        ("quarterly check-in", 3, 0),
        ("contact every 90 days", 0, 90),
        ("monthly", 1, 0),
        ("once a month", 1, 0),
        ("every month", 1, 0),
        ("every other week", 0, 14),
        ("biweekly", 0, 14),
        ("every 2 weeks", 0, 14),
        ("call weekly", 0, 7),
        ("every six months", 6, 0),
        ("twice a year", 6, 0),
        ("semi-annually", 6, 0),
        ("every year", 12, 0),
        ("annually", 12, 0),
        ("once a year", 12, 0),
        ("every once in a while", 0, 0),
        ("regularly", 0, 0),
        ("monthly. From now on quarterly", 3, 0),
    ],
)
def test_cadence(text: str, months: int, days: int) -> None:
    found = read_cadence(text)
    assert found is not None
    assert (found.months, found.days, found.is_vague) == (months, days, not months and not days)


@pytest.mark.parametrize(
    "text",
    [
        "don't call every month",
        "rent is $2,000 monthly",
        "plays golf every week",
        "every room",
        "never weekly",
        "the annual fee",
        "",
    ],
)
def test_no_cadence(text: str) -> None:
    assert read_cadence(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We're expecting our second child in June", [LifeEvent.BABY]),
        ("she got promoted", [LifeEvent.PROMOTION]),
        ("kids are off to college", [LifeEvent.EMPTY_NEST]),
        ("he is retiring next year", [LifeEvent.RETIREMENT]),
        ("relocating to Austin for a new job", [LifeEvent.RELOCATION, LifeEvent.NEW_JOB]),
        ("their lease is up in May", [LifeEvent.LEASE_END]),
        ("they just bought a house in Kent", [LifeEvent.HOME_BOUGHT]),
        ("house is too big now", [LifeEvent.DOWNSIZING]),
        ("just got a puppy", [LifeEvent.NEW_PET]),
        ("got engaged over Christmas", [LifeEvent.ENGAGEMENT]),
        ("not retired yet", []),
        ("if she gets promoted", []),
        ("loves the retirement community", []),
        ("wedding anniversary June 3", []),
        ("expecting a call", []),
    ],
)
def test_life_events(text: str, expected: list[LifeEvent]) -> None:
    assert [one.event for one in read_life_events(text)] == expected


def test_whose_life() -> None:
    (found,) = read_life_events("their daughter is getting married")
    assert (found.event, found.person) == (LifeEvent.WEDDING, "daughter")
