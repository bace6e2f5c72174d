"""The simulated carrier behind the `SmsGateway` port, faults and all: the default of the demonstration."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta

from nudge_adapters.sms.carrier import Rejected, SimulatedCarrier
from nudge_adapters.sms.codes import TOO_MANY_REQUESTS, verdict
from nudge_adapters.sms.faults import Fault, FaultPlan
from nudge_core.errors import Unavailable
from nudge_core.model.carrier import (
    Accepted,
    CarrierNews,
    Doubtful,
    InboundText,
    OutgoingText,
    ProviderRecord,
    SendOutcome,
    TryLater,
)
from nudge_core.ports.services import Clock

SERVICE = "sms:simulator"
RECONNECT_S = 1.0
"""Wait after a connection that never stood."""

_DOUBTS = {
    Fault.DROP_BEFORE: "connection reset",
    Fault.DROP_AFTER: "connection reset",
    Fault.ERROR_BEFORE: "answer 500",
    Fault.ERROR_AFTER: "answer 500",
    Fault.GARBAGE: "answer 201 that cannot be read",
    Fault.ARRIVES_LATE: "read timeout",
    Fault.CUT_SHORT: "answer 201 that cannot be read",
    Fault.HANG: "read timeout",
}
_ACCEPTED_ALL_THE_SAME = frozenset({Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.GARBAGE, Fault.CUT_SHORT})


class SimulatedGateway:
    """Sends to a `SimulatedCarrier` and misbehaves by plan.

    Args:
        carrier: the carrier's state.
        clock: what time it is; simulated in tests.
        faults: what goes wrong, and how often.
        pause: how to wait, in seconds; tests move their clock instead of waiting.
        answer_s: how long an ordinary answer takes.

    `faults`, `pause` and `answer_s` may be changed at any time, and `list_fails` be set: the list is then out of order.
    """

    def __init__(
        self,
        carrier: SimulatedCarrier,
        clock: Clock,
        *,
        faults: FaultPlan | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        answer_s: float = 0.0,
    ) -> None:
        self.carrier = carrier
        self.list_fails = False
        self._clock = clock
        self.faults = FaultPlan() if faults is None else faults
        self.pause = pause
        self.answer_s = answer_s

    async def send(self, text: OutgoingText) -> SendOutcome:
        """Hand one text over; see `SmsGateway.send`."""
        fault = self.faults.draw(text)
        if fault is Fault.CONNECT_FAILED:
            return TryLater(why="connect failed", retry_after_s=RECONNECT_S)
        wait_s = self.faults.slow_s if fault is Fault.SLOW else self.answer_s
        if wait_s > 0:
            await self.pause(wait_s)
        now = self._clock.now()
        if fault is Fault.RATE_LIMITED:
            return verdict(TOO_MANY_REQUESTS)
        if fault is Fault.ARRIVES_LATE:
            self.carrier.submit_late(text, now, now + timedelta(seconds=self.faults.late_s))
        if fault in _ACCEPTED_ALL_THE_SAME:
            self.carrier.submit(text, now)
        if fault in _DOUBTS:
            return Doubtful(why=_DOUBTS[fault])
        answer = self.carrier.submit(text, now)
        if isinstance(answer, Rejected):
            return verdict(answer.code)
        return Accepted(provider_sid=answer.sid, receipt=answer.receipt)

    async def find(self, sender: str, recipient: str, since: datetime) -> Sequence[ProviderRecord]:
        """Return what the carrier's list shows of this pair since then, oldest first; it lags behind."""
        if self.list_fails:
            raise Unavailable(SERVICE, "the list does not answer")
        return self.carrier.listing(sender, recipient, since, self._clock.now())

    async def fetch(self, provider_sid: str) -> ProviderRecord | None:
        """Return one text as the carrier knows it now."""
        if self.list_fails:
            raise Unavailable(SERVICE, "the list does not answer")
        return self.carrier.fetch(provider_sid, self._clock.now())

    async def received(self, recipient: str, since: datetime) -> Sequence[InboundText]:
        """Return what people wrote to our number since then, oldest first, whether or not the news of it was lost."""
        if self.list_fails:
            raise Unavailable(SERVICE, "the list does not answer")
        return self.carrier.received(recipient, since, self._clock.now())

    def news(self, now: datetime) -> Iterator[CarrierNews]:
        """Yield what the carrier has to tell by `now`, one at a time.

        An item counts as handled when the next one is asked for: one whose handling failed, or during which the
        process died, is told again.
        """
        for envelope in self.carrier.due(now):
            yield envelope.news
            self.carrier.handled(envelope, now)

    def next_news(self, now: datetime) -> datetime | None:
        """Return when something happens at the carrier next; `now` when news waits, None when nothing will."""
        return self.carrier.next_news(now)

    async def ping(self) -> str:
        """Return one line: how many texts were accepted so far."""
        return f"simulated carrier, {len(self.carrier.ledger(self._clock.now()))} texts accepted so far"

    async def aclose(self) -> None:
        """Nothing is held."""
