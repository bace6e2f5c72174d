"""Rows of imports of contacts."""

from __future__ import annotations

from nudge_adapters.sql.rows.values import NewRow, Row
from nudge_core.model.contact_import import ContactImport, ImportState


def contact_import_to_row(imported: ContactImport) -> NewRow:
    """Return the row of an import."""
    return {
        "id": imported.id,
        "user_id": imported.user_id,
        "created_by": imported.created_by,
        "created_at": imported.created_at,
        "source": imported.source,
        "mark": imported.mark,
        "rows": imported.rows,
        "parts": imported.parts,
        "parts_done": imported.parts_done,
        "state": imported.state.value,
        "counts": dict(imported.counts),
        "progressed_at": imported.progressed_at,
        "finished_at": imported.finished_at,
    }


def contact_import_from_row(row: Row) -> ContactImport:
    """Return an import."""
    return ContactImport(
        id=row["id"],
        user_id=row["user_id"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        source=row["source"],
        mark=row["mark"],
        rows=row["rows"],
        parts=row["parts"],
        parts_done=row["parts_done"],
        state=ImportState(row["state"]),
        counts=row["counts"],
        progressed_at=row["progressed_at"],
        finished_at=row["finished_at"],
    )
