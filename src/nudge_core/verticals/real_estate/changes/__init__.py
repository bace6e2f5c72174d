"""Change detection: two snapshots of a listing into at most one event, by the decision table of `mls-feeds.md` 6."""

from nudge_core.verticals.real_estate.changes.bulk import PollCount, too_many, usual_events
from nudge_core.verticals.real_estate.changes.change import (
    ChangeOutcome,
    ChangeSettings,
    Check,
    Detection,
    Gone,
    ListingChange,
)
from nudge_core.verticals.real_estate.changes.detect import detect
from nudge_core.verticals.real_estate.changes.gate import GateReason, GateSettings, may_nudge
from nudge_core.verticals.real_estate.changes.material import is_material

__all__ = [
    "ChangeOutcome",
    "ChangeSettings",
    "Check",
    "Detection",
    "GateReason",
    "GateSettings",
    "Gone",
    "ListingChange",
    "PollCount",
    "detect",
    "is_material",
    "may_nudge",
    "too_many",
    "usual_events",
]
