"""Merges of clients, with the clients as they were."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec

from nudge_adapters.sql.rows.people import client_from_row, client_to_row
from nudge_adapters.sql.rows.values import NewRow, Row
from nudge_core.model.client import Client
from nudge_core.model.client_merge import ClientMerge, FactChange, Moved

_INSTANTS = ("created_at", "last_interaction", "updated_at")


def merge_to_row(merge: ClientMerge) -> NewRow:
    """Return the row of a merge."""
    return {
        "id": merge.id,
        "user_id": merge.user_id,
        "kept_id": merge.kept.id,
        "gone_id": merge.gone.id,
        "merged_by": merge.merged_by,
        "merged_at": merge.merged_at,
        "before": {"kept": _told(merge.kept), "gone": _told(merge.gone), "after": _told(merge.after)},
        "moved": {"moved": _plain(merge.moved), "facts": _plain(merge.facts)},
        "undone_at": merge.undone_at,
    }


def merge_from_row(row: Row) -> ClientMerge:
    """Return a merge."""
    before, moved = row["before"], row["moved"]
    return ClientMerge(
        id=row["id"],
        user_id=row["user_id"],
        merged_by=row["merged_by"],
        merged_at=row["merged_at"],
        kept=_read(before["kept"]),
        gone=_read(before["gone"]),
        after=_read(before["after"]),
        moved=msgspec.convert(moved["moved"], Moved),
        facts=msgspec.convert(moved["facts"], tuple[FactChange, ...]),
        undone_at=row["undone_at"],
    )


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value, enc_hook=dict)  # dict: entities hold their JSON in read-only mappings


def _told(client: Client) -> Mapping[str, object]:
    """Return a client's row as JSON: bytes as hexadecimal digits."""
    row = client_to_row(client)
    vector = row.pop("notes_embedding")
    told: dict[str, object] = _plain(row)
    return {**told, "notes_embedding": vector.hex() if isinstance(vector, bytes) else None}


def _read(told: Mapping[str, Any]) -> Client:
    row: dict[str, Any] = dict(told)
    row["id"], row["user_id"] = UUID(row["id"]), UUID(row["user_id"])
    for name in _INSTANTS:
        row[name] = None if row[name] is None else datetime.fromisoformat(row[name])
    vector = row["notes_embedding"]
    row["notes_embedding"] = None if vector is None else bytes.fromhex(vector)
    return client_from_row(cast("Row", row))
