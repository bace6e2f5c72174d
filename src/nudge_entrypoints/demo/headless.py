"""The demo that approves every nudge by itself: the whole walk in one go, its account as one JSON object."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.message import Delivery
from nudge_entrypoints.bootstrap import MARKET_START, App, opened
from nudge_entrypoints.database import database
from nudge_entrypoints.demo.clock import DemoClock, store_instants, stored_instant
from nudge_entrypoints.demo.morning import SETTLE_AT_MOST, Demo, account, seeded
from nudge_entrypoints.settings import Settings

DAY = timedelta(days=1)
DAYS = 10  # of one run: long enough for every kind of event at the demo's market
DATABASE = "nudge_demo"  # a store of its own: demo data never meet anybody's own

Say = Callable[[str, int, int], None]
"""Progress: what is being done, how much of it is done, how much there is."""


async def open_demo(app: App, clock: DemoClock) -> Demo:
    """Return the demo where it stopped, or at its beginning."""
    user = await seeded(app, MARKET_START)
    clock.move_to(stored_instant(user, "now") or MARKET_START)
    return Demo(app, clock, user)


async def run_days(demo: Demo, days: int, say: Say) -> None:
    """Live through `days` days, or the rest of a run that was interrupted: each morning the feed is read, everything
    is approved, and texts go out until evening; then whatever still waits goes out or comes to its end.

    Raises what a feed raises when it is out of reach.
    """
    until = stored_instant(demo.user, "until")
    if until is None or until <= demo.clock.now():
        until = demo.clock.now() + days * DAY
        demo.user = await store_instants(demo.parts.store, demo.user, until=until, now=demo.clock.now())
    total = round((until - demo.clock.now()) / DAY)
    for day in range(total + 1):
        morning = until - (total - day) * DAY
        await demo.move_to(morning)
        say("a day of the market", day, total + 1)
        await demo.read_and_draft()
        await demo.approve_all()
        await demo.deliver(until=morning + DAY - timedelta(minutes=1))
    say("the last texts", total, total + 1)
    await demo.deliver(until=until + SETTLE_AT_MOST)
    say("done", total + 1, total + 1)


def really_happened(told: dict[str, object]) -> bool:
    """Say whether events came, nudges were approved, texts were sent, and none is stuck on the way."""
    events, briefings, messages = told["events"], told["briefings"], told["messages"]
    assert isinstance(events, dict)
    assert isinstance(briefings, dict)
    assert isinstance(messages, dict)
    on_the_way = {Delivery.QUEUED.value, Delivery.SENDING.value, Delivery.IN_DOUBT.value}
    return bool(
        sum(events.values())
        and briefings.get(BriefingStatus.COMPLETED.value, 0)
        and messages.get(Delivery.SENT.value, 0)
        and not on_the_way & set(messages)
    )


async def headless(settings: Settings, url: str, days: int, say: Say) -> dict[str, object]:
    """Run the demo on a database and return its account: what the database holds, and the seconds of each step."""
    clock = DemoClock(MARKET_START)
    async with opened(settings, url, clock) as app:
        demo = await open_demo(app, clock)
        await run_days(demo, days, say)
        seconds = {step: round(taken, 3) for step, taken in demo.seconds.items()}
        return {**await account(demo), "seconds": seconds}


def run(settings: Settings, days: int, say: Say) -> dict[str, object]:
    """Start what is needed, run the demo, stop it again; return its account."""
    import asyncio

    say("starting PostgreSQL", 0, 1)
    with database(settings, DATABASE) as url:
        return asyncio.run(headless(settings, url, days, say))
