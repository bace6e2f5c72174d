"""A run of the pipeline: what one pass over feeds, matching and drafting did."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.states import StateMachine

MAIN_PIPELINE = "main_opportunity_pipeline"


class RunStatus(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


PIPELINE_RUN: StateMachine[RunStatus] = StateMachine(
    "pipeline run",
    frozenset({RunStatus.RUNNING}),
    MappingProxyType(
        {
            RunStatus.RUNNING: {
                RunStatus.COMPLETED: "every step was taken",
                RunStatus.FAILED: "a step failed, or the process ended in the middle",
            },
            RunStatus.COMPLETED: {},
            RunStatus.FAILED: {},
        }
    ),
)


@frozen(kw_only=True)
class PipelineRun:
    """One pass. Counts are of this run; `duration_seconds` is wall time."""

    id: UUID
    status: RunStatus
    started_at: datetime = field(validator=fields.instant)
    pipeline_type: str = field(default=MAIN_PIPELINE, validator=fields.text(100, at_least=1))
    completed_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    events_processed: int = field(default=0, validator=fields.between(0, 2**31 - 1))
    campaigns_created: int = field(default=0, validator=fields.between(0, 2**31 - 1))
    errors: str | None = None
    duration_seconds: float | None = field(default=None, validator=fields.optional(fields.between(0, 1e9)))
    user_count: int = field(default=0, validator=fields.between(0, 2**31 - 1))
