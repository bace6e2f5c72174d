"""The walk: opens a transaction for each step, calls services between them, and never loses its place.

The same walk serves the library, the worker, the demo and the tests.
"""

from nudge_core.walk.market import WorkReport, embed_book, poll, work, work_until_idle
from nudge_core.walk.parts import Parts
from nudge_core.walk.sending import Heard, hear, send_due, tidy

__all__ = ["Heard", "Parts", "WorkReport", "embed_book", "hear", "poll", "send_due", "tidy", "work", "work_until_idle"]
