"""O1 of `reliability.md`: 10,000 guesses from 50 addresses. The limits hold, somebody is locked, and it is told."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from nudge_adapters.memory import MemoryStore
from nudge_adapters.sql.store import SqlStore
from nudge_core.model.one_time_code import CodeCheck, CodeStart
from nudge_core.model.sign_in import Attempt, Origin
from nudge_core.ports import Store
from nudge_entrypoints.http.sign_in_desk import MOST_WAITING
from tests.api.lobby import NOBODYS_PHONE, RITA, RITAS_PHONE, TOM, Lobby, open_lobby
from tests.samples import CountingIds, SteppingClock
from tests.unit.test_sign_in_policy import assert_limits_hold

GUESSES, ADDRESSES = 10_000, 50


class Counter:
    """A giver of codes that knows how often it was asked, and has no limit of its own: ours must do."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.guessed: list[str] = []

    async def start(self, phone: str) -> CodeStart:
        self.sent.append(phone)
        return CodeStart.SENT

    async def check(self, phone: str, code: str) -> CodeCheck:
        self.guessed.append(phone)
        return CodeCheck.APPROVED if code == "424242" else CodeCheck.WRONG

    async def aclose(self) -> None: ...


async def attack(lobby: Lobby, phones: list[str], guesses: int, a_second: float) -> dict[int, int]:
    """Guess from all addresses in turn; ask for a new code now and then. Return how often each status came."""
    seen: dict[int, int] = {}
    async with AsyncExitStack() as opened:
        callers = [lobby.caller(source=f"203.0.113.{n}") for n in range(ADDRESSES)]
        clients = [await opened.enter_async_context(caller) for caller in callers]
        for n in range(guesses):
            lobby.clock.forward(1 / a_second)
            client, phone = clients[n % ADDRESSES], phones[n % len(phones)]
            if n % 20 == 0:
                await client.post("/sign-in/codes", json={"phone": phone})
            answer = await client.post("/sign-in", json={"phone": phone, "code": f"{n:06d}"})
            seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
    return seen


async def rows(store: Store, lobby: Lobby) -> list[Attempt]:
    """Return every attempt that is stored, whoever made it."""
    assert isinstance(store, MemoryStore)
    return [one for one in store._world.attempts.rows() if one.fate.value in ("admitted", "right")]


@pytest.mark.parametrize("phones", ["one", "many"])
async def test_ten_thousand_guesses_from_fifty_addresses(
    clock: SteppingClock, tmp_path: Path, caplog: pytest.LogCaptureFixture, phones: str
) -> None:
    caplog.set_level(logging.WARNING, logger="nudge_entrypoints")
    store, giver = MemoryStore(clock, CountingIds(1)), Counter()
    lobby = await open_lobby(store, clock, tmp_path, giver)
    several = [RITAS_PHONE, NOBODYS_PHONE, *(f"+1512556{n:04}" for n in range(199))]
    seen = await attack(lobby, [RITAS_PHONE] if phones == "one" else several, GUESSES, 10)
    assert sum(seen.values()) == GUESSES
    assert set(seen) == {401, 429}
    assert_limits_hold(await rows(store, lobby))
    assert 0 < len(giver.guessed) <= 40, "of 10,000 guesses in a thousand seconds so few were compared with a code"
    expected = "many_sources" if phones == "one" else "many_phones"
    assert lobby.counted(f'nudge_sign_in_alarms_total{{reason="{expected}"}}') >= 1
    told = [record.getMessage() for record in caplog.records if "guessing of sign-in codes" in record.getMessage()]
    assert any(expected in line for line in told)
    assert not any(phone in line for line in told for phone in (*several, "203.0.113."))
    assert len(store._world.attempts) < 1_500, "a storm does not fill the table"
    await lobby.desk.aclose()


async def test_a_hundred_guesses_on_either_store_end_alike(lobby: Lobby) -> None:
    seen = await attack(lobby, [RITAS_PHONE], 100, 10)
    assert set(seen) == {401, 429}
    assert seen[401] <= 10
    assert lobby.counted('nudge_sign_in_alarms_total{reason="many_sources"}') == 1
    async with lobby.caller(source="198.51.100.7") as rita:
        held = await rita.post("/sign-in/codes", json={"phone": RITAS_PHONE})
        assert held.status_code == 429
        assert int(held.headers["retry-after"]) > 600
        lobby.clock.forward(3_600)
        assert (await rita.post("/sign-in/codes", json={"phone": RITAS_PHONE})).status_code == 202
    assert RITA != TOM


async def test_addresses_of_one_site_are_one_source(lobby: Lobby) -> None:
    """Whoever has an IPv6 site has 2^64 addresses."""
    statuses = []
    for n in range(21):
        async with lobby.caller(source=f"2001:db8:1:2::{n + 1:x}") as person:
            answer = await person.post("/sign-in/codes", json={"phone": [RITAS_PHONE, NOBODYS_PHONE][n % 2]})
            statuses.append(answer.status_code)
        lobby.clock.forward(150)
    assert statuses == [202] * 20 + [429]


async def test_a_device_that_changes_its_address_is_one_device(lobby: Lobby) -> None:
    statuses = []
    for n in range(21):
        source, phone = f"203.0.113.{n % 5}", [RITAS_PHONE, NOBODYS_PHONE][n % 2]
        async with lobby.caller(source=source, **{"X-Device-Id": "a phone"}) as person:
            statuses.append((await person.post("/sign-in/codes", json={"phone": phone})).status_code)
        lobby.clock.forward(150)
    assert statuses == [202] * 20 + [429]


async def test_a_storm_over_one_phone_leaves_connections_to_everybody_else(
    sql_store: SqlStore, clock: SteppingClock, tmp_path: Path
) -> None:
    lobby = await open_lobby(sql_store, clock, tmp_path)
    ritas = Origin(phone=lobby.desk.prints.of("phone", RITAS_PHONE), source="somebody")
    body = {"phone": RITAS_PHONE, "code": "000000"}
    async with lobby.caller() as stranger:
        async with sql_store.system() as tx:
            await tx.attempts.recent(ritas, clock.now(), clock.now())  # everybody else waits for this one
            storm = {asyncio.create_task(stranger.post("/sign-in", json=body)) for _ in range(MOST_WAITING + 10)}
            told: set[int] = set()
            while sum(task.done() for task in storm) < 10:
                await asyncio.wait(storm, return_when=asyncio.FIRST_COMPLETED, timeout=1)
                told = {task.result().status_code for task in storm if task.done()}
            assert told == {503}, "who comes while so many wait is told to come again"
            assert await asyncio.create_task(_clients(sql_store)) == 0
        statuses = {answer.status_code for answer in await asyncio.gather(*storm)}
    assert statuses <= {401, 429, 503}
    await lobby.desk.aclose()


async def _clients(store: Store) -> int:
    async with store.tenant(TOM) as tx:
        return len(await tx.clients.book())
