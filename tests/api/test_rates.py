"""How often who may call, what is said of it, and what happens when nobody counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from attrs import evolve

from nudge_adapters.embedded.valkey import embedded_valkey
from nudge_adapters.memory import MemoryStore
from nudge_core.errors import Unavailable
from nudge_entrypoints.http.addresses import NOBODY, Addresses, site_of
from nudge_entrypoints.http.buckets import Buckets, Level, ProcessBuckets, Rate, RedisBuckets
from nudge_entrypoints.http.rates import Limits
from nudge_entrypoints.settings import load
from tests.api.office import PLENTY, RITA, TOM, Office, open_office
from tests.api.probes import Probes
from tests.samples import CountingIds, SteppingClock

PROBES = "/api/v1/probes"
FEW = Rate(per_minute=0.001, burst=3)


class Down:
    """Counters that do not answer."""

    async def take(self, wanted: Mapping[str, Rate]) -> tuple[bool, tuple[Level, ...]]:
        """Raise Unavailable."""
        raise Unavailable("redis", "gone")

    async def aclose(self) -> None:
        """Nothing to give back."""


async def opened(clock: SteppingClock, limits: Limits, **changes: object) -> Office:
    """Return the application with these limits."""
    store = MemoryStore(clock, CountingIds(1))
    return await open_office(store, clock, controllers=[Probes], limits=limits, **changes)


async def asked(client: httpx.AsyncClient, times: int) -> list[int]:
    """Ask so often; return what was answered."""
    return [(await client.get(PROBES)).status_code for _ in range(times)]


async def test_a_professional_who_asks_too_often_waits_and_nobody_else_does(clock: SteppingClock) -> None:
    office = await opened(clock, evolve(PLENTY, tenant=FEW))
    async with office.caller(RITA) as rita, office.caller(TOM) as tom:
        assert await asked(rita, 5) == [200, 200, 200, 429, 429]
        assert await asked(tom, 3) == [200, 200, 200]
        refused = await rita.get(PROBES)
    assert refused.json()["code"] == "too_many_requests"
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["retry-after"]) > 1
    assert (refused.headers["ratelimit-limit"], refused.headers["ratelimit-remaining"]) == ("3", "0")


async def test_every_answer_tells_how_its_tightest_limit_stands(clock: SteppingClock) -> None:
    office = await opened(clock, evolve(PLENTY, credential=Rate(per_minute=60, burst=10)))
    async with office.caller(RITA) as rita:
        answers = [await rita.get(PROBES), await rita.get(f"{PROBES}/failures/surprise")]
    told = [(one.headers["ratelimit-limit"], one.headers["ratelimit-remaining"]) for one in answers]
    assert told == [("10", "9"), ("10", "8")]


async def test_an_address_is_limited_before_anybody_is_known(clock: SteppingClock) -> None:
    office = await opened(clock, evolve(PLENTY, address=FEW))
    async with office.caller(None) as nobody:
        assert await asked(nobody, 4) == [401, 401, 401, 429]


async def test_where_secrets_are_guessed_the_address_has_a_tighter_limit(clock: SteppingClock) -> None:
    office = await opened(clock, evolve(PLENTY, authentication=FEW))
    async with office.caller(None) as nobody:
        assert [(await nobody.post(f"{PROBES}/sign-in")).status_code for _ in range(4)] == [201, 201, 201, 429]
        assert await asked(nobody, 2) == [401, 401]


async def test_without_counters_authentication_is_closed_and_everything_else_open(clock: SteppingClock) -> None:
    """L1 of reliability.md."""
    office = await opened(clock, PLENTY, buckets=Down())
    async with office.caller(RITA) as rita, office.caller(None) as nobody:
        assert await asked(rita, 2) == [200, 200]
        guess = await nobody.post(f"{PROBES}/sign-in")
    assert guess.status_code == 503
    assert int(guess.headers["retry-after"]) >= 1


async def test_a_proxy_of_ours_says_whose_request_it_is_and_nobody_else_can(clock: SteppingClock) -> None:
    few = evolve(PLENTY, address=FEW)
    ours = await opened(clock, few, settings=load({"NUDGE_TRUSTED_PROXIES": "127.0.0.0/8"}))
    foreign = await opened(clock, few)
    codes = []
    for office in (ours, foreign):
        async with office.caller(RITA) as rita:
            several = [await rita.get(PROBES, headers={"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(5)]
            codes.append([answer.status_code for answer in several])
    assert codes == [[200] * 5, [200, 200, 200, 429, 429]]


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"),  # what a caller puts in front changes nothing
        ("not an address", "10.0.0.1"),
        ("198.51.100.1, not an address", "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
def test_the_last_address_that_is_not_ours_counts(header: str, address: str) -> None:
    scope = {"client": ("10.0.0.1", 5), "headers": [(b"x-forwarded-for", header.encode())]}
    assert Addresses(("10.0.0.0/8",)).of(scope)[0] == address  # type: ignore[arg-type]


def test_a_site_is_what_a_provider_gives_a_customer() -> None:
    assert site_of("2001:db8:1:2::1") == site_of("2001:db8:1:2:ffff::9") != site_of("2001:db8:1:3::1")
    assert site_of("::ffff:198.51.100.1") == "198.51.100.1"
    assert site_of("testclient") == NOBODY


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Redis."""
    home: Path = tmp_path_factory.mktemp("valkey")
    with embedded_valkey(home) as server:
        yield server.address


@pytest.fixture(params=["process", "redis"])
async def buckets(request: pytest.FixtureRequest) -> Buckets:
    """Counters of either kind."""
    if request.param == "process":
        return ProcessBuckets()
    address: str = request.getfixturevalue("redis")
    return RedisBuckets(lambda: address)


async def test_a_bucket_gives_what_it_holds_and_not_more_at_once(buckets: Buckets) -> None:
    wanted = {f"at-once:{type(buckets).__name__}": Rate(per_minute=0.001, burst=5)}
    taken = await asyncio.gather(*(buckets.take(wanted) for _ in range(20)))
    assert sum(one for one, _ in taken) == 5
    _, (level,) = await buckets.take(wanted)
    assert (level.limit, level.remaining) == (5, 0)
    assert level.wait_s > 1
    await buckets.aclose()


async def test_what_one_bucket_refuses_costs_nothing_in_the_others(buckets: Buckets) -> None:
    name = type(buckets).__name__
    small, large = (
        {f"small:{name}": Rate(per_minute=0.001, burst=1)},
        {f"large:{name}": Rate(per_minute=0.001, burst=9)},
    )
    assert (await buckets.take(small | large))[0]
    assert not (await buckets.take(small | large))[0]
    assert (await buckets.take(large))[1][0].remaining == 7
    await buckets.aclose()


async def test_a_bucket_fills_again() -> None:
    now = [100.0]
    counted = ProcessBuckets(lambda: now[0])
    wanted = {"one": Rate(per_minute=60, burst=2)}
    assert [(await counted.take(wanted))[0] for _ in range(3)] == [True, True, False]
    now[0] += 1.0
    assert [(await counted.take(wanted))[0] for _ in range(2)] == [True, False]
    now[0] += 1_000.0
    taken, (level,) = await counted.take(wanted)
    assert (taken, level.remaining) == (True, 1), "never more than it holds"


async def test_a_redis_that_is_gone_is_unavailable_and_none_counts_here(tmp_path: Path) -> None:
    gone = RedisBuckets(lambda: f"unix://{tmp_path}/nobody.sock")
    for _ in range(2):
        with pytest.raises(Unavailable):
            await gone.take({"one": FEW})
    none = RedisBuckets(lambda: None)
    assert [(await none.take({"one": FEW}))[0] for _ in range(4)] == [True, True, True, False]
