"""Clients that came together: how many, and what was wrong with the rows that did not become one."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.json import JsonObject

MOST_ROWS = 2_000
"""Of one import: one transaction of about a second; ours. Larger books come in several."""


class RowVerdict(StrEnum):
    """Why a row became no client, or what to look at. A `CONFLICT` is for the professional to decide.

    `KNOWN`: a client says all of it already. `MERGED`: it became part of a client. Those became a client all the same:
    `POSSIBLE`: it may be somebody who is there; `NOTICED`: a value could not be read, and stands as it was written.
    """

    INVALID = "invalid"
    REPEATED = "repeated"
    CONFLICT = "conflict"
    KNOWN = "known"
    MERGED = "merged"
    POSSIBLE = "possible"
    NOTICED = "noticed"


@frozen(kw_only=True)
class RowProblem:
    """One row that became no client: its line, what is wrong, and never a value of it.

    `field`, `rule`: what it breaks. `client_id`: who is in the book with the same phone or e-mail. `other_line`: the
    row before with the same.
    """

    line: int
    verdict: RowVerdict
    field: str
    rule: str
    client_id: UUID | None = None
    other_line: int | None = None

    def as_json(self) -> JsonObject:
        """Return it as a JSON object."""
        return {
            "line": self.line,
            "verdict": self.verdict.value,
            "field": self.field,
            "rule": self.rule,
            "client_id": None if self.client_id is None else str(self.client_id),
            "other_line": self.other_line,
        }


@frozen(kw_only=True)
class ClientImport:
    """One import. `rows`: how many came; `added`: who became a client; `undone_at`: when it was taken back."""

    id: UUID
    user_id: UUID
    created_by: str = field(validator=fields.text(100, at_least=1), repr=False)
    created_at: datetime = field(validator=fields.instant)
    rows: int = field(validator=fields.between(0, MOST_ROWS))
    added: tuple[UUID, ...] = ()
    problems: tuple[RowProblem, ...] = ()
    undone_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
