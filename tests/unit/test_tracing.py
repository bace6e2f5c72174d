"""Spans around the carrier: one for each call, without who or what."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from nudge_adapters.memory import MemoryStore
from nudge_core.errors import Unavailable
from nudge_core.model.carrier import OutgoingText, SendOutcome
from nudge_core.ports import SmsGateway
from nudge_entrypoints.tracing import TracedGateway, traced
from tests.parts import quiet_parts
from tests.samples import NOON, OUR_NUMBER, THEIR_NUMBER, CountingIds, SteppingClock, uid

BODY = "Kanari at 12 Kanari St"
TEXT = OutgoingText(
    user_id=uid(1), message_id=uid(2), attempt=3, sender=OUR_NUMBER, recipient=THEIR_NUMBER, body=BODY, valid_for_s=60
)


async def test_a_send_is_a_span_with_its_kind_of_outcome_alone() -> None:
    spans, provider, clock = InMemorySpanExporter(), TracerProvider(), SteppingClock()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    parts = traced(quiet_parts(MemoryStore(clock, CountingIds(1)), clock), provider.get_tracer("test"))
    outcome = await parts.gateway.send(TEXT)
    await parts.gateway.find(OUR_NUMBER, THEIR_NUMBER, NOON)
    sent, found = spans.get_finished_spans()
    assert (sent.name, found.name) == ("carrier.send", "carrier.find")
    assert sent.attributes is not None
    assert dict(sent.attributes) == {"nudge.outcome": type(outcome).__name__, "nudge.attempt": 3}
    told = sent.to_json() + found.to_json()
    assert not [word for word in (OUR_NUMBER, THEIR_NUMBER, "Kanari") if word in told]


async def test_an_error_is_named_by_its_kind() -> None:
    class Gone(SmsGateway):
        async def send(self, text: OutgoingText) -> SendOutcome:
            raise Unavailable("twilio", f"{text.recipient} {text.body}")

    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    with pytest.raises(Unavailable):
        await TracedGateway(Gone(), provider.get_tracer("test")).send(TEXT)  # type: ignore[abstract]
    (span,) = spans.get_finished_spans()
    assert not span.status.is_ok
    assert "Unavailable" in span.to_json()
    assert "Kanari" not in span.to_json()
