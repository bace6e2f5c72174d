"""Cursors, unread records, runs and notes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from nudge_adapters.sql.bulk import json_bytes
from nudge_adapters.sql.rows.values import NewRow, Row, json_from
from nudge_core.model.feed import FeedCursor, StoredUnread, UnreadRecord
from nudge_core.model.outbox import OutboxNote, ParkedNote, Topic
from nudge_core.model.pipeline import PipelineRun, RunStatus


def cursor_from_row(row: Row) -> FeedCursor:
    """Return how far a source has been read."""
    return FeedCursor(
        source_id=row["source_id"],
        state=json_from(row["state"]),
        baseline_done=row["baseline_done"],
        read_until=row["read_until"],
        version=row["version"],
        updated_at=row["updated_at"],
    )


def fingerprint(record: UnreadRecord) -> bytes:
    """Return what is the same for the same record, and for no other: SHA-256 of all its parts."""
    parts = (record.source_id, record.listing_key, record.rule, record.raw)
    return hashlib.sha256(json.dumps(parts).encode()).digest()


def unread_from_row(row: Row) -> StoredUnread:
    """Return a record that could not be read."""
    record = UnreadRecord(source_id=row["source_id"], listing_key=row["listing_key"], rule=row["rule"], raw=row["raw"])
    return StoredUnread(id=row["id"], record=record, first_seen_at=row["first_seen_at"], times_seen=row["times_seen"])


def run_to_row(run: PipelineRun) -> NewRow:
    """Return the row of a run."""
    return {
        "id": run.id,
        "pipeline_type": run.pipeline_type,
        "status": run.status.value,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "events_processed": run.events_processed,
        "campaigns_created": run.campaigns_created,
        "errors": run.errors,
        "duration_seconds": run.duration_seconds,
        "user_count": run.user_count,
    }


def run_from_row(row: Row) -> PipelineRun:
    """Return a run."""
    return PipelineRun(
        id=row["id"],
        pipeline_type=row["pipeline_type"],
        status=RunStatus(row["status"]),
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        events_processed=row["events_processed"],
        campaigns_created=row["campaigns_created"],
        errors=row["errors"],
        duration_seconds=row["duration_seconds"],
        user_count=row["user_count"],
    )


NOTE = ("id", "user_id", "topic", "dedupe_key", "payload", "created_at", "attempt", "not_before")


def notes_to_columns(notes: Sequence[OutboxNote]) -> tuple[list[object], ...]:
    """Return the columns `NOTE`."""
    return (
        [note.id for note in notes],
        [note.user_id for note in notes],
        [note.topic.value for note in notes],
        [note.dedupe_key for note in notes],
        [json_bytes(note.payload) for note in notes],
        [note.created_at for note in notes],
        [note.attempt for note in notes],
        [note.not_before for note in notes],
    )


def note_from_row(row: Row) -> OutboxNote:
    """Return a note."""
    return OutboxNote(
        id=row["id"],
        user_id=row["user_id"],
        topic=Topic(row["topic"]),
        dedupe_key=row["dedupe_key"],
        payload=json_from(row["payload"]),
        created_at=row["created_at"],
        attempt=row["attempt"],
        not_before=row["not_before"],
    )


def parked_from_row(row: Row) -> ParkedNote:
    """Return a note that gave up, without what it carried."""
    return ParkedNote(
        id=row["id"],
        topic=Topic(row["topic"]),
        attempt=row["attempt"],
        parked_at=row["parked_at"],
        error=row["error"],
    )
