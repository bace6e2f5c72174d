"""Notes and facts about clients."""

from __future__ import annotations

from uuid import UUID

import msgspec

from nudge_adapters.sql.rows.values import NewRow, Row, json_from, to_object
from nudge_core.model.client_fact import ClientFact, FactState, Span
from nudge_core.model.client_import import ClientImport, RowProblem
from nudge_core.model.client_note import ClientNote


def client_note_to_row(note: ClientNote) -> NewRow:
    """Return the row of a note."""
    return {
        "id": note.id,
        "user_id": note.user_id,
        "client_id": note.client_id,
        "text": note.text,
        "author": note.author,
        "at": note.at,
        "is_whole": note.is_whole,
    }


def client_note_from_row(row: Row) -> ClientNote:
    """Return a note."""
    return ClientNote(
        id=row["id"],
        user_id=row["user_id"],
        client_id=row["client_id"],
        text=row["text"],
        author=row["author"],
        at=row["at"],
        is_whole=row["is_whole"],
    )


def fact_to_row(fact: ClientFact) -> NewRow:
    """Return the row of a fact."""
    span = fact.span
    return {
        "id": fact.id,
        "user_id": fact.user_id,
        "client_id": fact.client_id,
        "kind": fact.kind,
        "value": to_object({"value": fact.value}),
        "source": fact.source,
        "recorded_by": fact.recorded_by,
        "at": fact.at,
        "recorded_at": fact.recorded_at,
        "confidence": float(fact.confidence),
        "span_text_id": None if span is None else span.text_id,
        "span_start": None if span is None else span.start,
        "span_end": None if span is None else span.end,
        "state": fact.state.value,
        "superseded_by": fact.superseded_by,
    }


def fact_from_row(row: Row) -> ClientFact:
    """Return a fact."""
    span = None
    if row["span_text_id"] is not None:
        span = Span(text_id=row["span_text_id"], start=row["span_start"], end=row["span_end"])
    return ClientFact(
        id=row["id"],
        user_id=row["user_id"],
        client_id=row["client_id"],
        kind=row["kind"],
        value=json_from(row["value"])["value"],
        source=row["source"],
        recorded_by=row["recorded_by"],
        at=row["at"],
        recorded_at=row["recorded_at"],
        confidence=row["confidence"],
        span=span,
        state=FactState(row["state"]),
        superseded_by=row["superseded_by"],
    )


def import_to_row(imported: ClientImport) -> NewRow:
    """Return the row of an import."""
    return {
        "id": imported.id,
        "user_id": imported.user_id,
        "created_by": imported.created_by,
        "created_at": imported.created_at,
        "rows": imported.rows,
        "added": [str(one) for one in imported.added],
        "problems": [to_object(one.as_json()) for one in imported.problems],
        "undone_at": imported.undone_at,
    }


def import_from_row(row: Row) -> ClientImport:
    """Return an import."""
    return ClientImport(
        id=row["id"],
        user_id=row["user_id"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        rows=row["rows"],
        added=msgspec.convert(row["added"], tuple[UUID, ...]),
        problems=msgspec.convert(row["problems"], tuple[RowProblem, ...]),
        undone_at=row["undone_at"],
    )
