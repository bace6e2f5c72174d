"""The clock of an installation for trying out: this machine's, moved ahead to an hour at which texts may go out.

How far it is ahead stands in `clock.json` under the home, so that every process of the installation tells the same
time. It never goes back: rows of the future would wait for it. An installation whose texts reach phones has the true
time alone, whatever the file says, for the hours of the law are those of the person who is texted.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from nudge_adapters.system import AheadClock, SystemClock
from nudge_core.errors import Misconfigured
from nudge_core.ports import Clock
from nudge_entrypoints.settings import Settings

FILE = "clock.json"
CARRIER_ADDRESS = "carrier-address"
"""Under the home: where its simulated carrier listens, or did when it last ran."""
DAY = timedelta(days=1)


def practice_clock(settings: Settings) -> Clock | None:
    """Return the clock of this home, or None where nobody has moved one.

    Raises:
        Misconfigured: one was moved, and texts would reach phones.
    """
    ahead_s = ahead_of(settings.home)
    if not ahead_s:
        return None
    if not is_practice(settings):
        raise Misconfigured([f"NUDGE_HOME: its clock was moved for trying out ({FILE}); real texts need another home"])
    return AheadClock(ahead_s)


def is_practice(settings: Settings) -> bool:
    """Say whether no text can reach a phone: the simulated carrier, in this process or as the server of this home."""
    if settings.carrier == "twilio":
        address = settings.home / CARRIER_ADDRESS
        return address.is_file() and settings.twilio.api_base_url == address.read_text(encoding="utf-8")
    return settings.carrier in ("simulator", "console")


def ahead_of(home: Path) -> float:
    """Return how many seconds the clock of this home is ahead; 0 where nobody has moved it."""
    try:
        return float(json.loads((home / FILE).read_text(encoding="utf-8"))["ahead_s"])
    except FileNotFoundError:
        return 0.0


def move_to(settings: Settings, at: time) -> datetime:
    """Move the clock of this home on to the next such time of the day in `settings.timezone`; return that instant.

    Raises:
        Misconfigured: texts would reach phones.
    """
    if not is_practice(settings):
        raise Misconfigured(["--at: only with the simulated carrier; texts that reach phones go by the true time"])
    machine = SystemClock().now()
    now = machine + timedelta(seconds=ahead_of(settings.home))
    local = now.astimezone(ZoneInfo(settings.timezone))
    days = 0 if local.time() <= at else 1
    there = datetime.combine(local.date() + days * DAY, at, tzinfo=local.tzinfo).astimezone(UTC)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    ahead_s = max(there - machine, now - machine).total_seconds()
    fresh = settings.home / f"{FILE}.new"
    fresh.write_text(json.dumps({"ahead_s": ahead_s}), encoding="utf-8")
    fresh.replace(settings.home / FILE)
    return there
