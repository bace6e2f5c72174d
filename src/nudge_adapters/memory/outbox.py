"""Runs, and work handed on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.pages import page_of
from nudge_adapters.memory.world import KeptNote, World
from nudge_core.errors import Conflict
from nudge_core.model.outbox import MAX_ATTEMPTS, OutboxNote, ParkedNote, Topic
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.pipeline import PipelineRun, RunStatus

_ABANDONED = "abandoned: its process ended in the middle"


class MemoryRuns:
    """Pipeline runs."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._runs = world.runs

    @writing
    async def add(self, run: PipelineRun) -> None:
        """Store a new run."""
        self._runs.add(run.id, run, "pipeline run")

    @writing
    async def save(self, run: PipelineRun) -> None:
        """Replace a stored run, or raise NotFound."""
        self._runs.need(run.id, "pipeline run")
        self._runs.put(run.id, run)

    @reading
    async def latest(self, limit: int) -> Sequence[PipelineRun]:
        """Return the newest runs first."""
        return sorted(self._runs.rows(), key=lambda run: (run.started_at, run.id), reverse=True)[:limit]

    @reading
    async def get(self, run_id: UUID) -> PipelineRun:
        """Return a run, or raise NotFound."""
        return self._runs.need(run_id, "pipeline run")

    @reading
    async def page(self, request: PageRequest, status: RunStatus | None = None) -> Page[PipelineRun]:
        """Return a page of runs, the newest start first."""
        rows = [run for run in self._runs.rows() if status in (None, run.status)]
        return page_of(rows, request, lambda run: (run.started_at, run.id), (datetime, UUID), descending=True)

    @writing
    async def fail_abandoned(self, started_before: datetime) -> int:
        """Mark runs that were `running` and started earlier as failed; return how many."""
        now = self._work.now
        abandoned = [r for r in self._runs.rows() if r.status is RunStatus.RUNNING and r.started_at < started_before]
        for run in abandoned:
            failed = evolve(run, status=RunStatus.FAILED, completed_at=now, errors=run.errors or _ABANDONED)
            self._runs.put(run.id, failed)
        return len(abandoned)

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Remove runs that ended earlier; return how many."""
        old = [run.id for run in self._runs.rows() if run.completed_at is not None and run.completed_at < instant]
        for run_id in old:
            self._runs.drop(run_id)
        return len(old)


class MemoryNotes:
    """The outbox; in a tenant's transaction only the tenant's notes."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._users = world.users
        self._notes = world.notes
        self._ids = world.note_ids

    def _visible(self) -> Sequence[KeptNote]:
        return [kept for kept in self._notes.rows() if self._work.user_id in (None, kept.note.user_id)]

    def _parked(self, kept: KeptNote) -> bool:
        """Given up: put back too often, or its last claimer died."""
        return kept.parked_at is not None or self._abandoned(kept)

    def _abandoned(self, kept: KeptNote) -> bool:
        """The last of its claimers died."""
        run_out = kept.lease_until is not None and kept.lease_until <= self._work.now
        return run_out and kept.note.attempt >= MAX_ATTEMPTS

    @writing
    async def add(self, notes: Sequence[OutboxNote]) -> int:
        """Store those whose `dedupe_key` is new; return how many."""
        stored = []
        for note in notes:
            self._work.own(note.user_id, "outboxnote.user_id")
            key = (note.user_id, note.dedupe_key)
            if key not in self._ids:
                self._notes.add(note.id, KeptNote(note), "note")
                self._ids.put(key, note.id)
                stored.append(note)
        for note in stored:
            if note.user_id is not None:
                self._users.need(note.user_id, "user")
        return len(stored)

    @writing
    async def claim(self, topics: Sequence[Topic], limit: int, lease_s: float) -> Sequence[OutboxNote]:
        """Take due notes, oldest first, for `lease_s` seconds; their `attempt` is raised."""
        now = self._work.now
        due = [
            kept
            for kept in self._visible()
            if kept.note.topic in topics
            and kept.parked_at is None
            and kept.note.attempt < MAX_ATTEMPTS
            and (kept.note.not_before is None or kept.note.not_before <= now)
            and (kept.lease_until is None or kept.lease_until <= now)
        ]
        due.sort(key=lambda kept: (kept.note.created_at, kept.note.id))
        claimed = []
        for kept in due[:limit]:
            note = evolve(kept.note, attempt=kept.note.attempt + 1)
            self._notes.put(note.id, evolve(kept, note=note, lease_until=now + timedelta(seconds=lease_s)))
            claimed.append(note)
        return claimed

    def _ours(self, note: OutboxNote) -> KeptNote:
        kept = self._notes.get(note.id)
        if kept is None or self._work.user_id not in (None, kept.note.user_id):
            raise Conflict("note", "it is finished already")
        if kept.note.attempt != note.attempt or kept.lease_until is None:
            raise Conflict("note", "the claim is no longer ours")
        return kept

    @writing
    async def finish(self, note: OutboxNote) -> None:
        """Remove a claimed note. Raises Conflict when the claim is no longer ours: the work must then roll back."""
        kept = self._ours(note)
        self._notes.drop(note.id)
        self._ids.drop((kept.note.user_id, kept.note.dedupe_key))

    @writing
    async def put_back(self, note: OutboxNote, error: str, not_before: datetime) -> None:
        """Give a claimed note back for later; after `MAX_ATTEMPTS` it is parked with its error instead."""
        kept = self._ours(note)
        later = evolve(kept.note, not_before=not_before)
        parked_at = self._work.now if note.attempt >= MAX_ATTEMPTS else None
        self._notes.put(note.id, evolve(kept, note=later, lease_until=None, error=error, parked_at=parked_at))

    @writing
    async def park_abandoned(self, error: str) -> int:
        """Park the notes whose last of `MAX_ATTEMPTS` claimers died; return how many."""
        abandoned = [kept for kept in self._visible() if kept.parked_at is None and self._abandoned(kept)]
        for kept in abandoned:
            self._notes.put(kept.note.id, evolve(kept, lease_until=None, error=error, parked_at=self._work.now))
        return len(abandoned)

    @reading
    async def parked(self, limit: int) -> Sequence[ParkedNote]:
        """Return the notes that gave up, the newest first, with the reason."""
        parked = [
            ParkedNote(
                id=kept.note.id,
                topic=kept.note.topic,
                attempt=kept.note.attempt,
                parked_at=kept.parked_at,
                error=kept.error,
            )
            for kept in self._visible()
            if kept.parked_at is not None
        ]
        return sorted(parked, key=lambda note: (note.parked_at, note.id), reverse=True)[:limit]

    @reading
    async def waiting(self) -> Mapping[str, int]:
        """Return how many notes wait per topic, and under `parked` how many gave up."""
        return dict(Counter("parked" if self._parked(kept) else kept.note.topic.value for kept in self._visible()))
