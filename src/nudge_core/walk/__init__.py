"""The walk: opens a transaction for each step, calls services between them, and never loses its place.

The same walk serves the library, the worker, the demo and the tests.
"""

from nudge_core.walk.address_book import AddressBook, read_address_book
from nudge_core.walk.asking import Polled, collect_bills, poll_inbound
from nudge_core.walk.bounds import Bounded, code_of, unbounded
from nudge_core.walk.deciding import dismiss
from nudge_core.walk.explaining import why
from nudge_core.walk.hearing import Heard, hear, hear_again, hear_waiting, keep_unread
from nudge_core.walk.importing import (
    TakenBack,
    import_contacts,
    problems_of_import,
    rehearse_contacts,
    undo_import,
)
from nudge_core.walk.looking import Found, look_up
from nudge_core.walk.market import WorkReport, embed_book, poll, reconcile, work, work_until_idle
from nudge_core.walk.meanings import embed_client
from nudge_core.walk.parts import Parts
from nudge_core.walk.run import PassReport, run_once
from nudge_core.walk.schedule import ReleaseReport, release_due
from nudge_core.walk.sending import Drained, drain, send_due, tidy
from nudge_core.walk.suiting import draft_for, suits

__all__ = [
    "AddressBook",
    "Bounded",
    "Drained",
    "Found",
    "Heard",
    "Parts",
    "PassReport",
    "Polled",
    "ReleaseReport",
    "TakenBack",
    "WorkReport",
    "code_of",
    "collect_bills",
    "dismiss",
    "draft_for",
    "drain",
    "embed_book",
    "embed_client",
    "hear",
    "hear_again",
    "hear_waiting",
    "import_contacts",
    "keep_unread",
    "look_up",
    "poll",
    "poll_inbound",
    "problems_of_import",
    "read_address_book",
    "reconcile",
    "rehearse_contacts",
    "release_due",
    "run_once",
    "send_due",
    "suits",
    "tidy",
    "unbounded",
    "undo_import",
    "why",
    "work",
    "work_until_idle",
]
