"""Nothing personal in what the product says (PII of `reliability.md` 10), and a scan that sees what it must see."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from nudge_adapters.sql import failures
from nudge_core.walk import hear
from nudge_entrypoints.http import webhooks as web
from tests.pii_canaries import Net, body, email, listen, name, phone
from tests.pii_scan import scan
from tests.pii_sources import databases, town, webhooks

pytestmark = pytest.mark.enable_socket
QUICK = 200
SOURCES = (
    "stdout of the web", "stderr of the worker", "redis commands", "http answers", "page /metrics",
    "column timetable.last_error", "column outbox.error", "column heartbeat.doing", "log nudge_entrypoints",
    "errors of the database", "errors of values", "outcomes", "api answers", "page /metrics after the api",
)  # fmt: skip


def test_a_mixed_run_tells_nothing_personal(postgres_server: str) -> None:
    report = scan(QUICK, postgres_server)
    assert not report.leaks, "\n".join(report.lines())
    for source in SOURCES:
        assert report.looked_at.get(source), f"nothing was seen of {source}"


async def test_a_body_that_is_logged_is_found(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    log = logging.getLogger("nudge_entrypoints.http.webhooks")

    async def talkative(parts: Any, news: Any, *more: Any) -> Any:
        log.debug("heard %s", getattr(news, "body", ""))
        return await hear(parts, news, *more)

    monkeypatch.setattr(web, "hear", talkative)
    found = await _found(database)
    assert any(leak.source == "log nudge_entrypoints" for leak in found.leaks)


async def test_words_that_the_database_quotes_are_found(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "_says_why_no_connection", lambda _error: True)
    net = Net()
    await town(database)
    await databases(net, database, 40, walled=False)  # behind the wall it quotes nothing
    assert any(leak.source == "errors of the database" for leak in net.leaks)


async def _found(url: str) -> Net:
    net = Net()
    await town(url)
    stop = listen(net)
    try:
        await webhooks(net, url, None, 13)
    finally:
        stop()
    return net


@pytest.mark.parametrize(
    "said",
    [
        phone(7), phone(7)[1:], phone(7)[2:], "(512) 777-3107", "512.777.3107", "To=%2B15127773107", "+1 512 777 31 07",
        name(3), email(3), body(3), body(3).upper(), "AC" + "ca4a41" * 5 + "00",
    ],
)  # fmt: skip
def test_every_form_is_found(said: str) -> None:
    net = Net()
    net.look("here", f"before {said} after")
    assert net.leaks


def test_two_digits_and_other_numbers_are_no_leak() -> None:
    net = Net()
    net.look("here", "a phone that ends in 07 at 2026-11-22T22:35:12.777310+00:00 of 512-777-2207")
    assert not net.leaks
