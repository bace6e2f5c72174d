"""The table of recurring work. A new kind of it is one line here.

Not in it: doing notes and sending texts. Those are queues, which every worker drains at once (`SKIP LOCKED`); the
timetable is for what one worker at a time does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from nudge_core.errors import NudgeError
from nudge_core.model.change import KEPT_FOR
from nudge_core.walk.asking import collect_bills, poll_inbound
from nudge_core.walk.hearing import hear_waiting
from nudge_core.walk.market import embed_book
from nudge_core.walk.parts import Parts
from nudge_core.walk.schedule import release_due
from nudge_core.walk.sending import tidy
from nudge_core.walk.timetable import Job

MINUTE_S, HOUR_S, DAY_S = 60.0, 3_600.0, 86_400.0
FORGET_PROCESSES_AFTER = timedelta(days=1)
FORGET_RUNS_AFTER = timedelta(days=90)
FORGET_KEYS_AFTER = timedelta(hours=24)  # as long as Stripe keeps them (reliability.md 11)
FORGET_ATTEMPTS_AFTER = timedelta(days=2)  # the longest window that is counted is a day
FORGET_MEANINGS_AFTER = timedelta(days=90)  # a listing that lives longer is paid for once a quarter
BILLS_AT_ONCE = 200
WORKER_DIED = "its worker died every time"


async def tidy_sends(parts: Parts) -> None:
    """Withhold texts to silenced phones, doubt dead senders, close doubts; park notes that kill their workers."""
    await tidy(parts)
    async with parts.store.system() as tx:
        await tx.notes.park_abandoned(WORKER_DIED)


async def embed_books(parts: Parts) -> None:
    """Give every client with notes a vector of the present model.

    A book that fails does not stop the others; the last failure is raised when all have been tried.
    """
    async with parts.store.system() as tx:
        users = await tx.users.all()
    failed: NudgeError | None = None
    for user in users:
        try:
            await embed_book(parts, user.id)
        except NudgeError as error:
            failed = error
    if failed is not None:
        raise failed


async def prune(parts: Parts) -> None:
    """Forget what nobody asks for any more: processes of yesterday, runs of last quarter, attempts to sign in."""
    async with parts.store.system() as tx:
        await tx.heartbeats.forget_before(tx.now - FORGET_PROCESSES_AFTER)
        await tx.runs.forget_before(tx.now - FORGET_RUNS_AFTER)
        await tx.attempts.forget_before(tx.now - FORGET_ATTEMPTS_AFTER)
        await tx.meanings.forget_before(tx.now - FORGET_MEANINGS_AFTER)


async def forget_keys(parts: Parts) -> None:
    """Forget the keys of yesterday's requests, each professional's in a transaction of theirs."""
    async with parts.store.system() as tx:
        users = await tx.users.all()
    for user in users:
        async with parts.store.tenant(user.id) as mine:
            await mine.idempotency.forget_before(mine.now - FORGET_KEYS_AFTER)


async def forget_changes(parts: Parts) -> None:
    """Forget what happened last week, each professional's in a transaction of theirs: nobody follows from there."""
    async with parts.store.system() as tx:
        users = await tx.users.all()
    for user in users:
        async with parts.store.tenant(user.id) as mine:
            await mine.changes.forget_before(mine.now - KEPT_FOR)


async def release_planned(parts: Parts) -> None:
    """Turn planned texts whose time has come into texts that are sent."""
    while (await release_due(parts)).done:
        pass


async def ask_inbound(parts: Parts) -> None:
    """Ask the carrier for texts whose webhooks were lost."""
    await poll_inbound(parts)


async def join_waiting(parts: Parts) -> None:
    """Give carrier events their effect whose text has become known since."""
    await hear_waiting(parts)


async def collect(parts: Parts) -> None:
    """Ask the carrier what texts came to."""
    await collect_bills(parts, BILLS_AT_ONCE)


JOBS: tuple[Job, ...] = (
    Job(name="tidy", interval_s=15, limit_s=10 * MINUTE_S, run=tidy_sends),
    Job(name="release_scheduled", interval_s=15, limit_s=10 * MINUTE_S, run=release_planned),
    Job(name="poll_inbound", interval_s=3 * MINUTE_S, limit_s=10 * MINUTE_S, run=ask_inbound),
    Job(name="hear_waiting", interval_s=MINUTE_S, limit_s=10 * MINUTE_S, run=join_waiting),
    Job(name="collect_bills", interval_s=10 * MINUTE_S, limit_s=10 * MINUTE_S, run=collect),
    Job(name="embed_book", interval_s=10 * MINUTE_S, limit_s=HOUR_S, run=embed_books),
    Job(name="forget_keys", interval_s=HOUR_S, limit_s=10 * MINUTE_S, run=forget_keys),
    Job(name="forget_changes", interval_s=HOUR_S, limit_s=10 * MINUTE_S, run=forget_changes),
    Job(name="prune", interval_s=DAY_S, limit_s=10 * MINUTE_S, run=prune),
)


def feed_jobs(
    poll_feeds: Callable[[], Awaitable[object]], reconcile_feeds: Callable[[], Awaitable[object]]
) -> tuple[Job, ...]:
    """Return the jobs that read feeds. Feeds belong to professionals, so the edge builds them.

    A first load of a large MLS takes hours; what was read is stored page by page, so a run that is ended goes on.
    """
    return (
        Job(name="poll_feeds", interval_s=5 * MINUTE_S, limit_s=6 * HOUR_S, run=lambda _parts: poll_feeds()),
        Job(name="reconcile_feeds", interval_s=DAY_S, limit_s=2 * HOUR_S, run=lambda _parts: reconcile_feeds()),
    )
