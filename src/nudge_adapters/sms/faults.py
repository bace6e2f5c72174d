"""What can go wrong between us and a carrier, drawn from a seed per text and attempt."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from attrs import field, frozen

from nudge_adapters.sms.fate import chance
from nudge_core.errors import Invalid
from nudge_core.model.carrier import OutgoingText


class Fault(StrEnum):
    """One way for a request to fail. `_BEFORE` and `_AFTER`: whether the carrier had accepted it by then.

    The caller of `_BEFORE` and `_AFTER` faults sees the same thing: that is what makes a send doubtful. What was
    answered by GARBAGE or CUT_SHORT had been accepted; what HANGs never is.
    """

    CONNECT_FAILED = "connect_failed"
    RATE_LIMITED = "rate_limited"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    GARBAGE = "garbage"
    SLOW = "slow"
    ARRIVES_LATE = "arrives_late"
    CUT_SHORT = "cut_short"
    HANG = "hang"


@frozen(kw_only=True)
class FaultPlan:
    """`shares` of requests per fault, 1 in sum at most; `slow_s` what a slow one takes, `late_s` a stuck one."""

    seed: int = 0
    shares: Mapping[Fault, float] = field(default=MappingProxyType({}))
    slow_s: float = 3.0
    late_s: float = 1.5

    @shares.validator
    def _check(self, _attribute: object, value: Mapping[Fault, float]) -> None:
        if any(share < 0 for share in value.values()) or sum(value.values()) > 1 + 1e-9:
            raise Invalid("fault_plan.shares", "shares from 0 to 1 whose sum is 1 at most", value)

    def draw(self, text: OutgoingText) -> Fault | None:
        """Return what befalls this attempt at this text; the same for the same seed, text and attempt."""
        return self.draw_for(text.message_id, text.attempt)

    def draw_for(self, *request: object) -> Fault | None:
        """Return what befalls the request that is named so."""
        drawn = chance(self.seed, "fault", *request)
        for fault in Fault:
            share = self.shares.get(fault, 0.0)
            if drawn < share:
                return fault
            drawn -= share
        return None


def evenly(total: float, seed: int = 0) -> FaultPlan:
    """Return a plan in which every fault has the same share of `total`."""
    return FaultPlan(seed=seed, shares=MappingProxyType({fault: total / len(Fault) for fault in Fault}))
