"""A file or an address book that becomes clients, part by part: how far it is, and what became of its contacts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.event import stable_id

ROWS_OF_A_PART = 250
"""Contacts of one transaction: about half a second on the embedded server; ours. What a kill costs at most."""

MOST_ROWS_OF_AN_IMPORT = 1_000_000  # of which at most `nudge_core.book.intake.MOST_CONTACTS` are contacts


class ImportState(StrEnum):
    """`RUNNING`: begun and not ended; after a kill it can be gone on with. `UNDOING`: the same for taking it back."""

    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


@frozen(kw_only=True)
class ContactImport:
    """One import. `mark`: of what came, and how it is read: the same when it comes again. `rows`: how many came.

    `parts`: of how many transactions it is; `parts_done`: how many of them are stored. `counts`: contacts by what
    became of them, of the parts that are stored. `progressed_at`: when the last part was stored.
    """

    id: UUID
    user_id: UUID
    created_by: str = field(validator=fields.text(100, at_least=1), repr=False)
    created_at: datetime = field(validator=fields.instant)
    source: str = field(validator=fields.text(20, at_least=1))
    mark: str = field(validator=fields.text(64, at_least=1))
    rows: int = field(validator=fields.between(0, MOST_ROWS_OF_AN_IMPORT))
    parts: int = field(validator=fields.between(0, MOST_ROWS_OF_AN_IMPORT))
    parts_done: int = field(default=0, validator=fields.between(0, MOST_ROWS_OF_AN_IMPORT))
    state: ImportState = ImportState.RUNNING
    counts: Mapping[str, int] = field(factory=dict[str, int])
    progressed_at: datetime = field(validator=fields.instant)
    finished_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))

    def part_id(self, number: int) -> UUID:
        """Return the id of a part, from 0: the import of clients that it is."""
        return part_id(self.id, number)


def part_id(import_id: UUID, number: int) -> UUID:
    """Return the id of a part of an import."""
    return stable_id("part of a contact import", str(import_id), str(number))
