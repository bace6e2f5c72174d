"""Runs, and work handed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, func, insert, or_, select, text, true, update

from nudge_adapters.sql import tables
from nudge_adapters.sql.across import KEYS, SCHEMA, Across
from nudge_adapters.sql.bulk import call_arrays, insert_arrays, sent_as
from nudge_adapters.sql.ports.pages import read_page
from nudge_adapters.sql.rows.work import (
    NOTE,
    note_from_row,
    notes_to_columns,
    parked_from_row,
    run_from_row,
    run_to_row,
)
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import Conflict, NotFound
from nudge_core.model.outbox import MAX_ATTEMPTS, OutboxNote, ParkedNote, Topic
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.pipeline import PipelineRun, RunStatus

_run, _outbox = tables.pipelinerun, tables.outbox

_ABANDONED = "abandoned: its process ended in the middle"
_COLUMNS = ", ".join(f"o.{column.name}" for column in _outbox.c)
_ADD = insert_arrays(_outbox, NOTE, "ON CONFLICT ON CONSTRAINT uq_outbox_user_id_dedupe_key DO NOTHING")

_ADD_FOR_ANY = call_arrays(_outbox, NOTE, f"{SCHEMA}.add_notes")


def _take(whose: str) -> str:
    return f"""
    UPDATE outbox o SET attempt = o.attempt + 1, lease_until = :lease_until
    WHERE o.ctid = ANY (ARRAY (
        SELECT q.ctid FROM outbox q
        WHERE {whose} AND q.parked_at IS NULL AND q.topic = ANY (:topics) AND q.attempt < :most
        AND (q.not_before IS NULL OR q.not_before <= :now) AND (q.lease_until IS NULL OR q.lease_until <= :now)
        ORDER BY q.created_at, q.id LIMIT :limit FOR UPDATE SKIP LOCKED))
    """  # noqa: S608 - only names of ours are put in


_CLAIM_MINE = text(f"{_take('q.user_id = :user_id')} RETURNING {_COLUMNS}").columns(*_outbox.c)
_CLAIM = Across(
    name="claim_notes",
    changes=True,
    takes={"topics": "text[]", "most": "int", "now": "timestamptz", "lease_until": "timestamptz", "limit": "int"},
    gives=KEYS,
    statement=f"{_take('true')} RETURNING o.user_id, o.id",
)
# The one writing across tenants: a page of a feed is handed on to everybody who watches it.
_ADD_ACROSS = Across(
    name="add_notes",
    changes=True,
    takes={name: f"{sent_as(_outbox.c[name]).array}[]" for name in NOTE},
    gives="bigint",
    statement=f"""
DECLARE added bigint;
BEGIN
    INSERT INTO outbox ({", ".join(NOTE)}) SELECT * FROM unnest({", ".join(f":{name}" for name in NOTE)})
    ON CONFLICT ON CONSTRAINT uq_outbox_user_id_dedupe_key DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END""",  # noqa: S608 - our own columns
)
_PARK = Across(
    name="park_notes",
    changes=True,
    takes={"most": "int", "now": "timestamptz", "error": "text"},
    gives="bigint",
    statement="""
DECLARE changed bigint;
BEGIN
    UPDATE outbox o SET lease_until = NULL, error = :error, parked_at = :now
    WHERE o.parked_at IS NULL AND o.attempt >= :most AND o.lease_until <= :now;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END""",
)
_PARKED = Across(
    name="parked_notes",
    takes={"limit": "int"},
    gives=KEYS,
    statement="SELECT o.user_id, o.id FROM outbox o WHERE o.parked_at IS NOT NULL ORDER BY o.parked_at DESC, o.id DESC "
    "LIMIT :limit",
)
_WAITING = Across(
    name="notes_waiting",
    takes={"most": "int", "now": "timestamptz"},
    gives="TABLE (state text, notes bigint)",
    statement="""
    SELECT CASE WHEN o.parked_at IS NOT NULL OR (o.attempt >= :most AND o.lease_until <= :now) THEN 'parked'
        ELSE o.topic::text END, count(*) FROM outbox o GROUP BY 1
    """,
)
ACROSS = (_CLAIM, _ADD_ACROSS, _PARK, _PARKED, _WAITING)
_CLAIM_ANY, _ASK_PARKED = _CLAIM.rows(_outbox), _PARKED.rows(_outbox)
_PARK_ANY, _ASK_WAITING = _PARK.call(), _WAITING.call()


class SqlRuns:
    """Pipeline runs."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @writing
    async def add(self, run: PipelineRun) -> None:
        """Store a new run."""
        await self._work.run(insert(_run), run_to_row(run))

    @writing
    async def save(self, run: PipelineRun) -> None:
        """Replace a stored run, or raise NotFound."""
        saved = await self._work.changed(update(_run).where(_run.c.id == run.id).values(run_to_row(run)))
        if saved == 0:
            raise NotFound("pipeline run", run.id)

    @reading
    async def latest(self, limit: int) -> Sequence[PipelineRun]:
        """Return the newest runs first."""
        query = select(_run).order_by(_run.c.started_at.desc(), _run.c.id.desc()).limit(limit)
        return [run_from_row(row) for row in await self._work.rows(query)]

    @reading
    async def get(self, run_id: UUID) -> PipelineRun:
        """Return a run, or raise NotFound."""
        row = await self._work.row(select(_run).where(_run.c.id == run_id))
        if row is None:
            raise NotFound("pipeline run", run_id)
        return run_from_row(row)

    @reading
    async def page(self, request: PageRequest, status: RunStatus | None = None) -> Page[PipelineRun]:
        """Return a page of runs, the newest start first."""
        query = select(_run) if status is None else select(_run).where(_run.c.status == status.value)
        columns = (_run.c.started_at, _run.c.id)
        return await read_page(self._work, query, columns, request, run_from_row, descending=True)

    @writing
    async def fail_abandoned(self, started_before: datetime) -> int:
        """Mark runs that were `running` and started earlier as failed; return how many."""
        abandoned = (_run.c.status == RunStatus.RUNNING.value, _run.c.started_at < started_before)
        failed = update(_run).where(*abandoned)
        errors = func.coalesce(func.nullif(_run.c.errors, ""), _ABANDONED)
        values = {"status": RunStatus.FAILED.value, "completed_at": self._work.now, "errors": errors}
        return await self._work.changed(failed.values(values))

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Remove runs that ended earlier; return how many."""
        return await self._work.changed(delete(_run).where(_run.c.completed_at < instant))


class SqlNotes:
    """The outbox; in a tenant's transaction only the tenant's notes."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._visible: ColumnElement[bool] = true() if work.user_id is None else _outbox.c.user_id == work.user_id

    @writing
    async def add(self, notes: Sequence[OutboxNote]) -> int:
        """Store those whose `dedupe_key` is new, one statement whatever their number; return how many."""
        for note in notes:
            self._work.own(note.user_id, "outboxnote.user_id")
        if not notes:
            return 0
        if self._work.user_id is None:
            return int((await self._work.insert(_ADD_FOR_ANY, notes_to_columns(notes))).scalar_one())
        return (await self._work.insert(_ADD, notes_to_columns(notes))).rowcount

    @writing
    async def claim(self, topics: Sequence[Topic], limit: int, lease_s: float) -> Sequence[OutboxNote]:
        """Take due notes, oldest first, for `lease_s` seconds; their `attempt` is raised."""
        now = self._work.now
        wanted = {
            "now": now,
            "lease_until": now + timedelta(seconds=lease_s),
            "topics": [topic.value for topic in topics],
            "most": MAX_ATTEMPTS,
            "limit": limit,
        }
        if self._work.user_id is None:
            rows = await self._work.rows(_CLAIM_ANY, wanted)
        else:
            rows = await self._work.rows(_CLAIM_MINE, wanted | {"user_id": self._work.user_id})
        return [note_from_row(row) for row in sorted(rows, key=lambda row: (row["created_at"], row["id"]))]

    def _ours(self, note: OutboxNote) -> ColumnElement[bool]:
        return and_(
            self._visible,
            _outbox.c.id == note.id,
            _outbox.c.attempt == note.attempt,
            _outbox.c.lease_until.is_not(None),
        )

    @writing
    async def finish(self, note: OutboxNote) -> None:
        """Remove a claimed note. Raises Conflict when the claim is no longer ours: the work must then roll back."""
        async with self._work.acting_for(note.user_id):
            finished = await self._work.changed(delete(_outbox).where(self._ours(note)))
        if finished == 0:
            raise Conflict("note", "the claim is no longer ours")

    @writing
    async def put_back(self, note: OutboxNote, error: str, not_before: datetime) -> None:
        """Give a claimed note back for later; after `MAX_ATTEMPTS` it is parked with its error instead."""
        values = {
            "lease_until": None,
            "not_before": not_before,
            "error": error,
            "parked_at": self._work.now if note.attempt >= MAX_ATTEMPTS else None,
        }
        async with self._work.acting_for(note.user_id):
            given_back = await self._work.changed(update(_outbox).where(self._ours(note)).values(values))
        if given_back == 0:
            raise Conflict("note", "the claim is no longer ours")

    @writing
    async def park_abandoned(self, error: str) -> int:
        """Park the notes whose last of `MAX_ATTEMPTS` claimers died; return how many."""
        if self._work.user_id is None:
            told = {"most": MAX_ATTEMPTS, "now": self._work.now, "error": error}
            return int((await self._work.run(_PARK_ANY, told)).scalar_one())
        abandoned = (
            self._visible,
            _outbox.c.parked_at.is_(None),
            _outbox.c.attempt >= MAX_ATTEMPTS,
            _outbox.c.lease_until <= self._work.now,
        )
        values = {"lease_until": None, "error": error, "parked_at": self._work.now}
        return await self._work.changed(update(_outbox).where(*abandoned).values(values))

    @reading
    async def parked(self, limit: int) -> Sequence[ParkedNote]:
        """Return the notes that gave up, the newest first, with the reason."""
        if self._work.user_id is None:
            rows = await self._work.rows(_ASK_PARKED, {"limit": limit})
        else:
            query = select(_outbox).where(self._visible, _outbox.c.parked_at.is_not(None))
            rows = await self._work.rows(query.order_by(_outbox.c.parked_at.desc(), _outbox.c.id.desc()).limit(limit))
        newest = sorted(rows, key=lambda row: (row["parked_at"], row["id"]), reverse=True)
        return [parked_from_row(row) for row in newest]

    @reading
    async def waiting(self) -> Mapping[str, int]:
        """Return how many notes wait per topic, and under `parked` how many gave up."""
        if self._work.user_id is None:
            told = await self._work.rows(_ASK_WAITING, {"most": MAX_ATTEMPTS, "now": self._work.now})
            return {row["state"]: row["notes"] for row in told}
        run_out = and_(_outbox.c.attempt >= MAX_ATTEMPTS, _outbox.c.lease_until <= self._work.now)
        where = case((or_(_outbox.c.parked_at.is_not(None), run_out), "parked"), else_=_outbox.c.topic)
        query = select(where.label("state"), func.count()).where(self._visible).group_by(text("state"))
        return await self._work.pairs(query)
