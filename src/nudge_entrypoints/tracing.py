"""Spans around the carrier, for OpenTelemetry: what was asked and what kind of answer came, never who or what.

Only its API is used; without an SDK nothing is recorded, and where the API is not installed nothing is wrapped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from nudge_core.model.carrier import InboundText, OutgoingText, ProviderRecord, SendOutcome
from nudge_core.ports import SmsGateway
from nudge_core.walk import Parts

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer


def traced(parts: Parts, tracer: Tracer | None = None) -> Parts:
    """Return the parts with spans around their carrier. `tracer` None: the global one."""
    try:
        from opentelemetry import trace
    except ImportError:  # an installation without the `http` extra
        return parts
    return evolve(parts, gateway=TracedGateway(parts.gateway, tracer or trace.get_tracer("nudge")))


@frozen
class TracedGateway:
    """A carrier whose calls are spans."""

    _inner: SmsGateway
    _tracer: Tracer

    @contextmanager
    def _span(self, what: str) -> Iterator[Span]:
        from opentelemetry.trace import SpanKind, StatusCode

        with self._tracer.start_as_current_span(
            f"carrier.{what}", kind=SpanKind.CLIENT, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except BaseException as error:  # its words may quote a phone
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise

    async def send(self, text: OutgoingText) -> SendOutcome:
        """Hand one text over."""
        with self._span("send") as span:
            outcome = await self._inner.send(text)
            span.set_attribute("nudge.outcome", type(outcome).__name__)
            span.set_attribute("nudge.attempt", text.attempt)
            return outcome

    async def find(self, sender: str, recipient: str, since: datetime) -> Sequence[ProviderRecord]:
        """Return what the carrier has accepted for this pair of phones since then."""
        with self._span("find") as span:
            found = await self._inner.find(sender, recipient, since)
            span.set_attribute("nudge.found", len(found))
            return found

    async def fetch(self, provider_sid: str) -> ProviderRecord | None:
        """Return one accepted text as the carrier shows it now."""
        with self._span("fetch"):
            return await self._inner.fetch(provider_sid)

    async def received(self, recipient: str, since: datetime) -> Sequence[InboundText]:
        """Return what people have sent to this number of ours since then."""
        with self._span("received") as span:
            found = await self._inner.received(recipient, since)
            span.set_attribute("nudge.found", len(found))
            return found

    async def ping(self) -> str:
        """Return one line that says what answered."""
        return await self._inner.ping()

    async def aclose(self) -> None:
        """Give back connections."""
        await self._inner.aclose()
