"""Work that comes again: when each kind of it is due, who runs it now, and how its last run ended."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from nudge_core.model import fields

MOST_NAME = 60
MOST_ERROR = 200  # characters: a code and a service's name, never a value


class RunOutcome(StrEnum):
    """How a run ended. `ABANDONED`: its process died, which the next claim found out."""

    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    ABANDONED = "abandoned"


@frozen(kw_only=True)
class TimetableEntry:
    """One kind of recurring work.

    `attempt` counts claims and tells a claim from a later one. `lease_until`: until when the present run is taken for
    alive; None while nobody runs it. `failures`: runs in a row that did not end with `DONE`. `last_error`: the code of
    the last failure, without any value.
    """

    name: str = field(validator=fields.text(MOST_NAME, at_least=1))
    interval_s: float = field(validator=fields.between(1, 366 * 86_400))
    next_run_at: datetime = field(validator=fields.instant)
    lease_until: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    attempt: int = field(default=0, validator=fields.between(0, 2**62))
    last_started_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    last_ended_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    last_outcome: RunOutcome | None = None
    last_error: str | None = field(default=None, validator=fields.optional(fields.text(MOST_ERROR)))
    failures: int = field(default=0, validator=fields.between(0, 2**31 - 1))
