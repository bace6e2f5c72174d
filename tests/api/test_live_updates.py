"""Live updates over real sockets, on both stores and both ways: what comes, what is missed, and when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve
from sqlalchemy import event
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from nudge_adapters.memory import MemoryStore
from nudge_adapters.sql.store import SqlStore
from nudge_core.model.change import KEPT_FOR, RESUMED_WITHIN
from nudge_core.model.sign_in import EndReason
from nudge_core.ports import Store
from nudge_entrypoints.http.api.events import UNAUTHENTICATED
from nudge_entrypoints.http.following import AT_ONCE
from nudge_entrypoints.http.identity import Scope
from nudge_entrypoints.http.streams import StreamLimits
from nudge_entrypoints.http.tokens import ACCESS_LIFE, LEEWAY_S
from tests import samples
from tests.api.following import PATIENCE_S, QUICK, Follower, by_events, by_socket, happen, served
from tests.api.lobby import open_lobby
from tests.api.office import RITA, TOM, Office, open_office
from tests.samples import SteppingClock, uid

pytestmark = pytest.mark.enable_socket

Way = Callable[..., AbstractAsyncContextManager[Follower]]
BOTH_WAYS = pytest.mark.parametrize("way", [by_events, by_socket], ids=["events", "socket"])


@BOTH_WAYS
async def test_after_a_break_exactly_what_was_missed_comes(store: Store, clock: SteppingClock, way: Way) -> None:
    office = await open_office(store, clock, streams=QUICK)
    async with served(office.app) as server:
        await happen(store, RITA, 100)
        async with way(server.origin, str(RITA)) as rita:
            (ready,) = await rita.until("ready")
            expected = await happen(store, RITA, 101, 102)
            seen = await rita.changes(2)
            assert [one.about for one in seen] == expected, "what was before is not told, what comes is"
        expected = await happen(store, RITA, *range(103, 108))
        for after, before in ((seen[-1].id, []), (seen[0].id, [seen[1].about])):
            heard = before + expected
            async with way(server.origin, str(RITA), after) as rita:
                missed = await rita.until("ready")
                assert [one.about for one in missed[:-1]] == heard
                follows = await happen(store, RITA, 200 + len(heard))
                assert [one.about for one in await rita.changes(1)] == follows
                expected += follows
        async with way(server.origin, str(RITA), ready.id) as rita:
            assert len(await rita.until("ready")) == 1 + 2 + len(expected)


@BOTH_WAYS
async def test_more_than_a_page_was_missed(clock: SteppingClock, way: Way) -> None:
    store = MemoryStore(clock, samples.CountingIds(1))
    office = await open_office(store, clock, streams=QUICK)
    async with served(office.app) as server:
        async with way(server.origin, str(RITA)) as rita:
            (ready,) = await rita.until("ready")
        for last in (2 * AT_ONCE, 2 * AT_ONCE + 1):  # at the edge of a page, and past it
            await happen(store, RITA, *range(1_000 if last == 2 * AT_ONCE else 1_000 + last - 1, 1_000 + last))
            async with way(server.origin, str(RITA), ready.id) as rita:
                missed = (await rita.until("ready"))[:-1]
            assert [one.data["subject_id"] for one in missed] == [str(uid(1_000 + n)) for n in range(last)]
            assert len({one.id for one in missed}) == last


@BOTH_WAYS
async def test_nobody_hears_of_what_is_another_s(store: Store, clock: SteppingClock, way: Way) -> None:
    office = await open_office(store, clock, streams=QUICK)
    async with served(office.app) as server, way(server.origin, str(RITA)) as rita, way(server.origin, str(TOM)) as tom:
        (ready,) = await rita.until("ready")
        await tom.until("ready")
        hers = await happen(store, RITA, 101, 102, 103)
        his = await happen(store, TOM, 111)
        assert [one.about for one in await rita.changes(3)] == hers
        assert [one.about for one in await tom.changes(1)] == his
        async with way(server.origin, str(TOM), ready.id) as tom_from_hers:
            assert [one.about for one in (await tom_from_hers.until("ready"))[:-1]] == his


async def test_ids_and_states_are_told_and_nothing_else(office: Office) -> None:
    async with office.caller() as rita:
        place = (await rita.get("/api/v1/events")).text.split("id: ")[1].split("\n")[0]
        async with office.store.tenant(RITA) as tx:
            await tx.clients.add([samples.client(RITA, 10)])
            assert await tx.messages.receive(samples.inbound(RITA, 50, uid(10)))
        answer = await rita.get("/api/v1/events", headers={"Last-Event-ID": place})
        again = await rita.get("/api/v1/events", params={"after": place, "until_idle": "true"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    retry, received, ready, rest = answer.text.split("\n\n")
    assert retry == "retry: 2000"
    lines = received.splitlines()
    assert [line.split(":")[0] for line in lines] == ["id", "event", "data"]
    assert lines[1] == "event: message.received"
    assert lines[2] == (
        f'data: {{"subject_id": "{uid(50)}", "client_id": "{uid(10)}", "state": "received", '
        f'"at": "{samples.NOON.isoformat()}"}}'
    )
    assert "event: ready" in ready
    assert rest == ""
    assert again.text.split("\n\n")[1] == received


async def test_a_place_that_is_too_old_or_none_of_ours_is_a_reset(office: Office) -> None:
    async with office.caller() as rita:
        place = (await rita.get("/api/v1/events")).text.split("id: ")[1].split("\n")[0]
        await happen(office.store, RITA, 101)
        office.clock.forward(RESUMED_WITHIN.total_seconds() + 1)
        for asked in (place, "nonsense", "7fffffffffffffff-1-1"):
            text = (await rita.get("/api/v1/events", headers={"Last-Event-ID": asked})).text
            assert [line for line in text.splitlines() if line.startswith("event")] == ["event: reset", "event: ready"]
        fresh = text.split("id: ")[1].split("\n")[0]
        assert "reset" not in (await rita.get("/api/v1/events", params={"after": fresh})).text
        assert (await rita.get("/api/v1/events", params={"after": "x" * 61})).status_code == 400
    assert RESUMED_WITHIN + timedelta(hours=1) <= KEPT_FOR


async def test_one_hears_only_of_what_one_may_read(office: Office) -> None:
    async with office.caller() as rita:
        place = (await rita.get("/api/v1/events")).text.split("id: ")[1].split("\n")[0]
    await happen(office.store, RITA, 101)
    for scopes, status, tells in (
        ((Scope.EVENTS_READ, Scope.MESSAGES_READ), 200, False),
        ((Scope.EVENTS_READ, Scope.NUDGES_READ), 200, True),
        ((Scope.NUDGES_READ,), 403, False),
    ):
        async with office.caller(RITA, *scopes) as program:
            answer = await program.get("/api/v1/events", params={"after": place})
        assert (answer.status_code, "briefing.created" in answer.text) == (status, tells)


@pytest.mark.parametrize("reason", ["signed out", "expired"])
@BOTH_WAYS
async def test_it_ends_with_the_session(
    store: Store, clock: SteppingClock, tmp_path: Path, way: Way, reason: str
) -> None:
    lobby = await open_lobby(store, clock, tmp_path, streams=QUICK)
    token = (await lobby.sign_in())["access_token"]
    async with served(lobby.app) as server, way(server.origin, token) as rita:
        await rita.until("ready")
        if reason == "expired":
            clock.forward((ACCESS_LIFE + timedelta(seconds=LEEWAY_S)).total_seconds() + 1)
        else:
            async with store.tenant(RITA) as tx:
                (session,) = await tx.sessions.alive()
                await tx.sessions.end([session.id], EndReason.SIGNED_OUT)
        await happen(store, RITA, 101)
        told = await rita.rest()
        assert [one.name for one in told] in ([], ["ended"]), "nothing is told any more"
        assert rita.codes in ([], [UNAUTHENTICATED])
        with pytest.raises((httpx.HTTPStatusError, InvalidStatus)):
            async with way(server.origin, token):
                pass
    assert lobby.counted('nudge_streams{kind="sse"}') == lobby.counted('nudge_streams{kind="websocket"}') == 0
    await lobby.desk.aclose()


@BOTH_WAYS
async def test_it_ends_with_the_server(clock: SteppingClock, way: Way) -> None:
    store = MemoryStore(clock, samples.CountingIds(1))
    office = await open_office(store, clock, streams=QUICK)
    async with served(office.app) as server, way(server.origin, str(RITA)) as rita:
        await rita.until("ready")
        ending = asyncio.create_task(server.ended())
        assert await rita.rest() == []
        await ending
        assert rita.codes in ([], [1001], [1012]), "going away, or service restart"


async def test_so_many_and_no_more(clock: SteppingClock) -> None:
    store = MemoryStore(clock, samples.CountingIds(1))
    limits = evolve(QUICK, per_professional=2, per_process=3)
    office = await open_office(store, clock, streams=limits)
    async with served(office.app) as server, AsyncExitStack() as following:
        seated = [await following.enter_async_context(by_events(server.origin, str(who))) for who in (RITA, RITA, TOM)]
        for one in seated:
            await one.until("ready")
        for who, status in ((RITA, 429), (TOM, 503)):
            with pytest.raises(httpx.HTTPStatusError) as refused:
                async with by_events(server.origin, str(who)):
                    pass
            assert refused.value.response.status_code == status
            assert int(refused.value.response.headers["retry-after"]) > 0
            assert refused.value.response.headers["content-type"].startswith("application/problem+json")
            with pytest.raises(InvalidStatus):
                async with by_socket(server.origin, str(who)):
                    pass
        await following.aclose()
        async with asyncio.timeout(PATIENCE_S):
            while not await _may_follow(server.origin):  # noqa: ASYNC110 - there is nothing to wait for but its effect
                await asyncio.sleep(0.01)


async def _may_follow(origin: str) -> bool:
    try:
        async with by_events(origin, str(RITA)) as one, by_events(origin, str(RITA)) as two:
            await one.until("ready")
            await two.until("ready")
    except httpx.HTTPStatusError:
        return False
    return True


async def test_a_reader_who_stops_reading_is_let_go_and_costs_a_page(clock: SteppingClock) -> None:
    store = MemoryStore(clock, samples.CountingIds(1))
    office = await open_office(store, clock, streams=evolve(QUICK, stalled_s=0.05))
    async with office.caller() as rita:
        place = (await rita.get("/api/v1/events", params={"until_idle": "true"})).text.split("id: ")[1].split("\n")[0]
    await happen(store, RITA, *range(1_000, 1_000 + 3 * AT_ONCE))
    taken: list[bytes] = []

    async def send(message: dict[str, Any]) -> None:
        if len(taken) == 5:
            await asyncio.Event().wait()
        taken.append(message.get("body", b""))

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    scope = {
        "type": "http", "method": "GET", "path": "/api/v1/events", "raw_path": b"/api/v1/events", "root_path": "",
        "query_string": b"", "scheme": "http", "http_version": "1.1", "server": ("127.0.0.1", 1),
        "client": ("127.0.0.1", 2), "extensions": {},
        "headers": [(b"authorization", f"Bearer {RITA}".encode()), (b"last-event-id", place.encode())],
    }  # fmt: skip
    await asyncio.wait_for(office.app(scope, receive, send), PATIENCE_S)
    assert len(taken) == 5
    async with office.caller() as rita, asyncio.timeout(PATIENCE_S):
        while b'nudge_streams{kind="sse"} 0.0' not in (await rita.get("/metrics")).content:  # noqa: ASYNC110 - there is nothing to wait for but its effect
            await asyncio.sleep(0.01)


async def test_a_socket_proves_who_it_is_and_never_in_its_address(clock: SteppingClock) -> None:
    store = MemoryStore(clock, samples.CountingIds(1))
    office = await open_office(store, clock, streams=QUICK)
    async with served(office.app) as server:
        address = server.origin.replace("http", "ws", 1) + "/api/v1/live"
        allowed = {"Authorization": f"Bearer {RITA}"}
        async with connect(address, additional_headers=allowed, open_timeout=PATIENCE_S) as socket:
            assert '"ready"' in str(await socket.recv())
            await socket.send("hello")  # what one says is passed over
            await happen(store, RITA, 101)
            assert "briefing.created" in str(await socket.recv())
        for more, headers in (
            ("", {}),
            (f"?token={RITA}", {}),
            (f"?access_token={RITA}", {}),
            ("", {"Authorization": f"Bearer {RITA} {Scope.NUDGES_READ}"}),
            ("", {"Authorization": "Basic eDp5"}),
        ):
            with pytest.raises(InvalidStatus) as refused:
                async with connect(address + more, additional_headers=headers, open_timeout=PATIENCE_S):
                    pass
            assert refused.value.response.status_code == 403


async def test_an_idle_stream_holds_no_connection_and_another_process_wakes_it(
    sql_store: SqlStore, clock: SteppingClock, database: str
) -> None:
    office = await open_office(sql_store, clock, streams=evolve(QUICK, beat_s=PATIENCE_S, poll_s=0.05))
    held: list[int] = []
    other = SqlStore(database, clock, samples.CountingIds(10_000))
    async with served(office.app) as server, AsyncExitStack() as following:
        ritas = [await following.enter_async_context(by_events(server.origin, str(RITA))) for _ in range(5)]
        for rita in ritas:
            await rita.until("ready")
        pool = sql_store._engine.sync_engine.pool  # what is out of it is what is held
        event.listen(pool, "checkout", lambda *_given: held.append(pool.checkedout()))  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        begun = len(held)
        async with asyncio.timeout(PATIENCE_S):
            while len(held) < begun + 5:  # noqa: ASYNC110 - nothing tells when a connection is taken
                await asyncio.sleep(0.01)
        assert max(held) <= 1, "one poller for all of them"
        expected = await happen(other, RITA, 101)
        for rita in ritas:
            assert [one.about for one in await rita.changes(1)] == expected
    await other.aclose()


def test_the_limits_are_bounded() -> None:
    with pytest.raises(Exception, match="per_process"):
        StreamLimits(per_process=0)
