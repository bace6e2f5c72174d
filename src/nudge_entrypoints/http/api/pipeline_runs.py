"""Runs of the pipeline, for whoever operates the installation, and the state of the caller's own feed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import frozen
from litestar import Controller, get
from litestar.params import FromPath, FromQuery

from nudge_core.model.outbox import Topic
from nudge_core.model.pipeline import PipelineRun, RunStatus
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import SCOPE, Scope

UNREAD = "unread"
"""Counter of records that could not be read; `nudge_core.steps.ingest` keeps it."""


@frozen(kw_only=True)
class RunView:
    """One pass over every feed. What went wrong stands in the operator's log: its words may name a professional."""

    id: UUID
    pipeline_type: str
    status: RunStatus
    started_at: datetime
    completed_at: datetime | None
    duration_seconds: float | None
    events_processed: int
    campaigns_created: int
    has_errors: bool


@frozen(kw_only=True)
class RunPage:
    """Some of them, and where to go on."""

    items: tuple[RunView, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class FeedView:
    """How far the professional's feed has been read.

    `read_until`: the feed's own time up to which all is known. `read_at`: when it was last read, `lag_s` seconds ago.
    `held_pages`: pages that said far more than usual and wait for the operator. `unread_records`: records, so far, that
    could not be read.
    """

    source: str
    baseline_done: bool
    read_until: datetime | None
    read_at: datetime | None
    lag_s: float | None
    held_pages: int
    unread_records: int


class PipelineRuns(Controller):
    """Routes of pipeline runs."""

    path = "/pipeline-runs"
    tags = ["operations"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.OPERATIONS_READ})
    async def list_pipeline_runs(
        self,
        api: TheApi,
        status: FromQuery[RunStatus | None] = None,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> RunPage:
        """List runs, the newest start first."""
        of = f"runs by start, {status or ''}"
        request = page_request(of, limit, cursor)
        async with api.parts.store.system() as tx:
            page = await tx.runs.page(request, status)
        return RunPage(items=tuple(map(_view, page.items)), next_cursor=cursor_after(of, page.last))

    @get("/{run_id:uuid}", opt={SCOPE: Scope.OPERATIONS_READ})
    async def read_pipeline_run(self, api: TheApi, run_id: FromPath[UUID]) -> RunView:
        """Read a run."""
        async with api.parts.store.system() as tx:
            return _view(await tx.runs.get(run_id))


class FeedState(Controller):
    """Routes of the professional's own feed."""

    path = "/feed"
    tags = ["market"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.ACCOUNT_READ})
    async def read_feed(self, api: TheApi, principal: Caller) -> FeedView:
        """Say how far the professional's feed has been read, and what waits."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            source = (await tx.users.get(principal.user_id)).feed_source
            held = (await tx.notes.waiting()).get(Topic.HELD.value, 0)
        async with api.parts.store.system() as shared:
            cursor = await shared.feeds.cursor(source)
            counters, now = await shared.feeds.counters(source), shared.now
        read_at = cursor.updated_at
        return FeedView(
            source=source,
            baseline_done=cursor.baseline_done,
            read_until=cursor.read_until,
            read_at=read_at,
            lag_s=None if read_at is None else (now - read_at).total_seconds(),
            held_pages=held,
            unread_records=counters.get(UNREAD, 0),
        )


def _view(run: PipelineRun) -> RunView:
    return RunView(
        id=run.id,
        pipeline_type=run.pipeline_type,
        status=run.status,
        started_at=run.started_at,
        completed_at=run.completed_at,
        duration_seconds=run.duration_seconds,
        events_processed=run.events_processed,
        campaigns_created=run.campaigns_created,
        has_errors=bool(run.errors),
    )
