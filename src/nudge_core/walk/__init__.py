"""The walk: opens a transaction for each step, calls services between them, and never loses its place.

The same walk serves the library, the worker, the demo and the tests.
"""

from nudge_core.walk.hearing import Heard, hear
from nudge_core.walk.market import WorkReport, embed_book, poll, reconcile, work, work_until_idle
from nudge_core.walk.parts import Parts
from nudge_core.walk.run import PassReport, run_once
from nudge_core.walk.sending import Drained, drain, send_due, tidy

__all__ = [
    "Drained",
    "Heard",
    "Parts",
    "PassReport",
    "WorkReport",
    "drain",
    "embed_book",
    "hear",
    "poll",
    "reconcile",
    "run_once",
    "send_due",
    "tidy",
    "work",
    "work_until_idle",
]
