"""Webhooks over real sockets on a real PostgreSQL: W1, W2, P3 and the web's part of K4, in their quick sizes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import psycopg
import pytest

from nudge_adapters.sql.store import SqlStore, database_url
from nudge_adapters.system import SystemClock
from nudge_core.errors import Unavailable
from nudge_entrypoints.http.app import build_app
from nudge_entrypoints.http.serving import bound, serve
from tests.databases import for_psycopg
from tests.send_walk import CountingIds, Town, town
from tests.twilio_calls import SETTINGS, Call, app_on, inbound_call, parts_on, status_call
from tests.web_kills import kill_web
from tests.webhook_storms import Post, inbound_storm, receipts_storm, unknown_storm

pytestmark = pytest.mark.enable_socket
UP_S = 30.0


@asynccontextmanager
async def serving(url: str) -> AsyncIterator[tuple[Town, Post]]:
    """Serve on this database; yield its town, and how to post to it."""
    clock, store = SystemClock(), SqlStore(url, None, CountingIds())
    stop, up = asyncio.Event(), asyncio.Future[str]()
    app = app_on(parts_on(store, clock, CountingIds()), clock)
    running = asyncio.create_task(serve(app, 0, stop, up.set_result))
    try:
        origin = await asyncio.wait_for(up, UP_S)
        async with httpx.AsyncClient(timeout=UP_S) as client:

            async def post(call: Call) -> int:
                answer = await client.post(origin + call.target, content=call.body, headers=call.all_headers)
                return answer.status_code

            yield Town(store=store, clients=()), post
    finally:
        stop.set()
        await asyncio.wait_for(running, UP_S)
        await store.aclose()


async def peopled(place: Town, people: int) -> Town:
    """Return the town with people in it."""
    return await town(place.store, SystemClock().now(), people)


async def test_w1_receipts_in_every_disorder_on_postgres(database: str) -> None:
    async with serving(database) as (place, post):
        storm = await receipts_storm(await peopled(place, 25), post, texts=25, seed=4)
    assert storm.violations == ()


async def test_w1_receipts_before_their_text_is_known_on_postgres(database: str) -> None:
    async with serving(database) as (place, post):
        assert (await unknown_storm(await peopled(place, 20), post, events=20, seed=5)).violations == ()


async def test_w1_two_receipts_and_the_answer_at_the_same_moment(database: str) -> None:
    """Whoever is first names the text; the highest receipt stays."""
    async with serving(database) as (place, post):
        people = await peopled(place, 8)
        await people.queue(*(people.text(n, client=n) for n in range(8)))
        async with people.store.system() as tx:
            claimed = await tx.sends.claim(8, 600.0)
        calls = [
            status_call(message.id, f"SM{n}", status)
            for n, message in enumerate(claimed)
            for status in ("delivered", "sent", "delivered", "sending")
        ]
        assert set(await asyncio.gather(*(post(call) for call in calls))) == {204}
        rows = [await people.message(message.id) for message in claimed]
    assert {(row.delivery.value, row.receipt.value if row.receipt else None) for row in rows} == {("sent", "delivered")}
    assert [row.provider_sid for row in rows] == [f"SM{n}" for n in range(8)]


async def test_w2_the_same_text_five_times_at_once_is_one_row_and_one_reply(database: str) -> None:
    async with serving(database) as (place, post):
        storm = await inbound_storm(await peopled(place, 1), post, texts=15, at_once=5, seed=1)
    assert storm.violations == ()


async def test_p3_a_database_that_only_reads_is_answered_503_and_the_next_telling_is_stored(database: str) -> None:
    stop = inbound_call("SMstop", "+15125560000", "STOP")
    async with serving(database) as (place, post):
        people = await peopled(place, 1)
    joined = "&" if "?" in database else "?"
    async with serving(f"{database}{joined}options=-c%20default_transaction_read_only%3Don") as (_, post):
        assert [await post(stop) for _ in range(3)] == [503, 503, 503]
    async with serving(database) as (place, post):
        assert await post(stop) == 200
        people = Town(store=place.store, clients=people.clients)
        assert len(await people.silences()) == 1


async def test_p3_a_database_that_goes_away_in_the_middle_is_answered_503_and_comes_back(database: str) -> None:
    async with serving(database) as (place, post):
        people = await peopled(place, 1)
        assert await post(inbound_call("SM1", "+15125560000", "hello")) == 200
        name = database_url(database).database
        elsewhere = database_url(database).set(database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(for_psycopg(elsewhere), autocommit=True) as admin:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            try:
                admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
                assert await post(inbound_call("SM2", "+15125560000", "STOP")) == 503
            finally:
                admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        assert await post(inbound_call("SM2", "+15125560000", "STOP")) == 200
        assert len(await people.silences()) == 1


async def test_k4_the_web_process_killed_during_webhooks_loses_no_stop(database: str) -> None:
    found = await kill_web(database, kills=3, seed=1)
    assert found.violations == ()
    assert (found.kills, found.texts) == (3, 24)


async def test_a_taken_port_is_said_so_and_a_stop_ends_the_server(database: str) -> None:
    taken = bound(0)
    store = SqlStore(database, None, CountingIds())
    app = build_app(parts_on(store, SystemClock(), CountingIds()), SETTINGS)
    try:
        with pytest.raises(Unavailable, match="cannot be had"):
            await serve(app, taken.getsockname()[1], asyncio.Event())
    finally:
        taken.close()
        await store.aclose()
