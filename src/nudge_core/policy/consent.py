"""Who may be texted at all: the newest consent record of a phone against the least that a class of text needs."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from nudge_core.model.consent import LEAST_CONSENT, Consent, ConsentKind
from nudge_core.model.message import MessageClass


class SilenceReason(StrEnum):
    """Why a suppression was written; stored as its `reason`."""

    OPTED_OUT = "opted_out"
    CARRIER_OPT_OUT = "carrier_opt_out"
    NARROWER_WISH = "narrower_wish"
    PHONE_UNUSABLE = "phone_unusable"
    WRONG_NUMBER = "wrong_number"
    THEY_TOLD_ME = "they_told_me"
    STARTED = "started"


OPT_OUTS = frozenset({SilenceReason.OPTED_OUT, SilenceReason.CARRIER_OPT_OUT, SilenceReason.THEY_TOLD_ME})
"""Reasons that are the person's own wish for silence, however it came to us."""


def latest(records: Iterable[Consent]) -> Consent | None:
    """Return the newest record; of equally new ones the last in order. None when there is none."""
    newest: Consent | None = None
    for record in records:
        if newest is None or record.recorded_at >= newest.recorded_at:
            newest = record
    return newest


def is_enough(record: Consent | None, message_class: MessageClass) -> bool:
    """Say whether the newest record allows a text of this class. No record is consent of kind none."""
    kind = ConsentKind.NONE if record is None else record.kind
    return kind.rank >= LEAST_CONSENT[message_class].rank
