"""Webhooks over real sockets on a real PostgreSQL: W1, W2, W3, P3 and the web's part of K4, in their quick sizes."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from nudge_adapters.sql.store import SqlStore, database_url
from nudge_adapters.system import SystemClock
from nudge_core.errors import Unavailable
from nudge_entrypoints.http.app import build_app
from nudge_entrypoints.http.serving import bound, serve
from tests.databases import for_psycopg
from tests.send_walk import CountingIds, Town
from tests.twilio_calls import SETTINGS, inbound_call, parts_on, status_call
from tests.web_chaos import serving, w1, w2, w3
from tests.web_kills import kill_web

pytestmark = pytest.mark.enable_socket


async def test_w1_receipts_in_every_disorder_and_before_their_text_is_known(database: str) -> None:
    assert (await w1(database, calls=200, seed=4)).violations == ()


async def test_w1_two_receipts_and_the_answer_at_the_same_moment(database: str) -> None:
    """Whoever is first names the text; the highest receipt stays."""
    async with serving(database, 8) as (people, post, _):
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
    assert (await w2(database, texts=15, seed=1)).violations == ()


async def test_w3_forgeries_over_a_socket(database: str) -> None:
    assert (await w3(database, requests=150, seed=2)).violations == ()


async def test_p3_a_database_that_only_reads_is_answered_503_and_the_next_telling_is_stored(database: str) -> None:
    stop = inbound_call("SMstop", "+15125560000", "STOP")
    async with serving(database, 1) as (people, _, _):
        pass
    joined = "&" if "?" in database else "?"
    async with serving(f"{database}{joined}options=-c%20default_transaction_read_only%3Don") as (_, post, _):
        assert [await post(stop) for _ in range(3)] == [503, 503, 503]
    async with serving(database) as (place, post, _):
        assert await post(stop) == 200
        people = Town(store=place.store, clients=people.clients)
        assert len(await people.silences()) == 1


async def test_p3_a_database_that_goes_away_in_the_middle_is_answered_503_and_comes_back(database: str) -> None:
    async with serving(database, 1) as (people, post, _):
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
