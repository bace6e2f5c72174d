"""What every exchange gets: headers, a line, a count, a span; and that none of them holds what somebody typed."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from nudge_adapters.memory import MemoryStore
from nudge_entrypoints.http.document_pages import DOCUMENT_PATH, PAGE_PATH
from nudge_entrypoints.http.edge import Answered, EdgeSettings
from nudge_entrypoints.http.health import HealthCheck
from nudge_entrypoints.http.process import tell
from nudge_entrypoints.logs import told_by
from nudge_entrypoints.metrics import Metrics
from nudge_entrypoints.settings import load
from nudge_entrypoints.telling import Teller
from tests.api.office import Office, open_office
from tests.api.probes import CANARY, Probes
from tests.samples import CountingIds, SteppingClock, uid

PROBES = "/api/v1/probes"


async def opened(clock: SteppingClock, **changes: Any) -> Office:
    """Return the application with routes that try things."""
    return await open_office(MemoryStore(clock, CountingIds(1)), clock, controllers=[Probes], **changes)


async def test_every_answer_carries_the_headers_that_browsers_need(clock: SteppingClock) -> None:
    office = await opened(clock, settings=load({"PUBLIC_BASE_URL": "https://nudge.example"}))
    async with office.caller() as rita:
        for path in (PROBES, "/nowhere", "/metrics", f"{PROBES}/failures/surprise"):
            headers = (await rita.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["cache-control"] == "no-store"
            assert headers["strict-transport-security"].startswith("max-age=31536000")
            assert "server" not in headers
    async with (await opened(clock)).caller() as rita:
        assert "strict-transport-security" not in (await rita.get(PROBES)).headers


async def test_the_page_of_the_document_loads_nothing_from_anywhere(clock: SteppingClock) -> None:
    async with (await opened(clock)).caller(None) as nobody:
        page, document = await nobody.get(PAGE_PATH), await nobody.get(DOCUMENT_PATH)
    assert page.status_code == document.status_code == 200
    assert "sha256-" in page.headers["content-security-policy"]
    assert not [word for word in ("<script", "src=", "http://", "https://", "@import", "url(") if word in page.text]
    for operation in document.json()["paths"].values():
        for one in operation.values():
            assert one["operationId"]
    assert "POST /api/v1/probes/paid" in page.text


async def test_scripts_of_other_origins_call_only_where_a_setting_lets_them(clock: SteppingClock) -> None:
    asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, idempotency-key"}  # fmt: skip
    async with (await opened(clock)).caller(None) as nobody:
        assert "access-control-allow-origin" not in (await nobody.options(PROBES, headers=asks)).headers
    office = await opened(clock, settings=load({"NUDGE_CORS_ORIGINS": "https://app.example, https://b.example"}))
    async with office.caller() as rita:
        allowed = await rita.options(PROBES, headers=asks)
        assert allowed.headers["access-control-allow-origin"] == "https://app.example"
        assert "idempotency-key" in allowed.headers["access-control-allow-headers"].lower()
        assert "access-control-allow-credentials" not in allowed.headers
        answer = await rita.get(PROBES, headers={"Origin": "https://app.example"})
        assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
        evil = await rita.options(PROBES, headers=asks | {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in evil.headers


async def test_a_route_is_named_by_its_template_in_lines_counts_and_spans(
    clock: SteppingClock, caplog: pytest.LogCaptureFixture
) -> None:
    spans, provider, out, metrics = InMemorySpanExporter(), TracerProvider(), io.StringIO(), Metrics()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    teller = Teller("http", as_json=True, out=out)
    edge = EdgeSettings(metrics=metrics, tell=lambda one: tell(teller, one), tracer=provider.get_tracer("test"))
    office = await opened(clock, edge=edge)
    typed = "5125550142"
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with caplog.at_level(logging.DEBUG), told_by(teller):
        async with office.caller() as rita:
            await rita.get(f"{PROBES}/{uid(77)}?q={CANARY}", headers={"traceparent": parent, "X-Request-Id": typed})
            await rita.get(f"/{typed}/{CANARY}")
            await rita.post(PROBES, json={"name": CANARY, typed: typed})
            await rita.request(typed, PROBES)
            failed = await rita.get(f"{PROBES}/failures/surprise", headers={"User-Agent": CANARY})
            page = (await rita.get("/metrics")).text
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    requests = [(one["method"], one["route"], one["status"]) for one in lines if one["what"] == "answered"]
    assert requests == [
        ("GET", "/api/v1/probes/{probe_id}", 404),
        ("GET", "unrouted", 404),
        ("POST", "/api/v1/probes", 400),
        ("OTHER", "unrouted", 405),
        ("GET", "/api/v1/probes/failures/{kind}", 500),
    ]
    (failure,) = [one for one in lines if one["what"].startswith("request failed")]
    assert failure["request_id"] == failed.headers["x-request-id"]
    assert all(one["duration_ms"] >= 0 for one in lines if one["what"] == "answered")

    assert 'nudge_http_requests_total{method="GET",route="/api/v1/probes/{probe_id}",status="4xx"} 1.0' in page
    assert 'nudge_http_requests_total{method="GET",route="/api/v1/probes/failures/{kind}",status="5xx"} 1.0' in page

    finished = spans.get_finished_spans()
    assert [span.name for span in finished][:2] == ["GET /api/v1/probes/{probe_id}", "GET unrouted"]
    assert finished[0].parent is not None
    assert format(finished[0].parent.span_id, "016x") == "b7ad6b7169203331"
    assert finished[0].attributes is not None
    assert finished[0].attributes["http.response.status_code"] == 404
    assert not finished[4].status.is_ok
    logged = [one.getMessage() for one in caplog.records if not one.name.startswith("httpx")]  # the client is the test
    told = "\n".join([out.getvalue(), *logged, page, *(span.to_json() for span in finished)])
    for canary in (CANARY, CANARY.split()[0], typed, str(uid(77))):
        assert canary not in told


async def test_without_json_a_person_hears_of_failures_alone() -> None:
    out = io.StringIO()
    teller = Teller("http", out=out)
    for status in (200, 404, 503):
        tell(teller, Answered(request_id="r", method="GET", route="/a", status=status, seconds=0.01))
    (line,) = out.getvalue().splitlines()
    assert "status=503" in line
    assert "route=/a" in line


async def test_what_a_library_logs_is_not_repeated() -> None:
    out = io.StringIO()
    with told_by(Teller("http", as_json=True, out=out)):
        try:
            raise ValueError(CANARY)
        except ValueError:
            logging.getLogger("some.library").exception("about %s", CANARY)
        logging.getLogger("nudge_entrypoints.http").warning("a code")
    theirs, ours = (json.loads(line) for line in out.getvalue().splitlines())
    assert (theirs["what"], theirs["logger"], theirs["error"]) == ("a library reports", "some.library", "ValueError")
    assert (ours["what"], ours["level"]) == ("a code", "warning")
    assert CANARY not in out.getvalue()


async def test_metrics_show_how_the_installation_is(clock: SteppingClock) -> None:
    store = MemoryStore(clock, CountingIds(1))
    metrics = Metrics()
    metrics.found(await HealthCheck(store)())
    page = metrics.page().decode()
    assert "nudge_up 1.0" in page
    assert "nudge_workers 0.0" in page
    assert "nudge_queue_age_seconds 0.0" in page
    assert "nudge_texts_stuck 0.0" in page
