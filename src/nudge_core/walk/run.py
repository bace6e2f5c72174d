"""One pass of the pipeline over every source: read, match, draft, and a row that says what it did."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from attrs import evolve, frozen

from nudge_core.errors import NudgeError
from nudge_core.model.pipeline import PIPELINE_RUN, PipelineRun, RunStatus
from nudge_core.ports import ListingFeed
from nudge_core.steps.ingest import IngestReport
from nudge_core.walk.market import WorkReport, poll, work_until_idle
from nudge_core.walk.parts import Parts

ABANDONED_AFTER = timedelta(hours=6)  # a pass over every source takes minutes; one that runs so long has died
ERRORS_KEPT = 2_000  # characters of a run's errors


@frozen(kw_only=True)
class PassReport:
    """What one pass did. `failed`: sources that could not be read to their end, with why.

    `poll_s`, `work_s`: wall seconds of reading, and of matching and drafting.
    """

    run: PipelineRun
    sources: dict[str, IngestReport]
    failed: dict[str, str]
    work: WorkReport
    poll_s: float
    work_s: float


async def run_once(
    parts: Parts,
    feeds: Sequence[ListingFeed],
    monotonic: Callable[[], float],
    each_page: Callable[[IngestReport], None] | None = None,
    then: Callable[[Parts], Awaitable[WorkReport]] = work_until_idle,
) -> PassReport:
    """Read every source once, then do all that is due. A source that fails stops only itself.

    Args:
        parts: the walk's parts.
        feeds: one per source.
        monotonic: seconds that never go back, for the run's duration.
        each_page: told of every page.
        then: what follows the reading; a worker does notes elsewhere and leaves them here.
    """
    started = monotonic()
    run = await _begin(parts)
    sources: dict[str, IngestReport] = {}
    failed: dict[str, str] = {}
    for feed in feeds:
        try:
            sources[feed.source_id] = await poll(parts, feed, each_page)
        except NudgeError as error:
            failed[feed.source_id] = str(error)
    read = monotonic()
    done = await then(parts)
    worked = monotonic()
    run = await _end(parts, run, sources, failed, done, worked - started)
    return PassReport(run=run, sources=sources, failed=failed, work=done, poll_s=read - started, work_s=worked - read)


async def _begin(parts: Parts) -> PipelineRun:
    async with parts.store.system() as tx:
        await tx.runs.fail_abandoned(tx.now - ABANDONED_AFTER)
        run = PipelineRun(
            id=parts.ids.new(), status=RunStatus.RUNNING, started_at=tx.now, user_count=len(await tx.users.all())
        )
        await tx.runs.add(run)
    return run


async def _end(
    parts: Parts,
    run: PipelineRun,
    sources: dict[str, IngestReport],
    failed: dict[str, str],
    done: WorkReport,
    seconds: float,
) -> PipelineRun:
    errors = "\n".join([*(f"{source}: {why}" for source, why in failed.items()), *done.failed])
    status = RunStatus.FAILED if failed and not sources else RunStatus.COMPLETED
    async with parts.store.system() as tx:
        ended = evolve(
            run,
            status=PIPELINE_RUN.move(run.status, status),
            completed_at=tx.now,
            events_processed=sum(sum(report.events.values()) for report in sources.values()),
            campaigns_created=done.briefings,
            errors=errors[:ERRORS_KEPT] or None,
            duration_seconds=seconds,
        )
        await tx.runs.save(ended)
    return ended
