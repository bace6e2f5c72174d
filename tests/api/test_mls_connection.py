"""The MLS account over HTTP: set, tried against a market over a real socket, forgotten; never shown."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from attrs import evolve

from nudge_adapters.feeds.build import ResoSettings, build_reso
from nudge_adapters.feeds.market import Market, market_server
from nudge_adapters.memory import MemoryStore
from nudge_adapters.sql.store import SqlStore
from nudge_core.errors import Unavailable
from nudge_core.model.secret import Secret
from nudge_core.model.user import MlsCheck, User
from nudge_core.ports import ListingFeed, Store
from nudge_entrypoints.bootstrap import build_keyring
from nudge_entrypoints.http.api.mls_connection import check
from nudge_entrypoints.http.identity import Scope
from nudge_entrypoints.settings import load
from tests import samples
from tests.api.office import RITA, TOM, Office, open_office
from tests.samples import NOON, CountingIds, SteppingClock

PATH = "/api/v1/mls-connection"
LOGIN, TOKEN = "rita@mls.example", "planted-token-7Qm2-never-shown"
ACCOUNT = {"provider": "reso", "username": LOGIN, "password": TOKEN}
KEYS = load({"NUDGE_SECRET_KEYS": "k1:" + base64.b64encode(b"k" * 32).decode()})

FeedOf = Callable[[User], ListingFeed]


@pytest.fixture
async def kept(request: pytest.FixtureRequest, store: Store, clock: SteppingClock) -> AsyncIterator[Store]:
    """A store that keeps secrets."""
    if isinstance(store, MemoryStore):
        yield store
        return
    database: str = request.getfixturevalue("database")
    secure = SqlStore(database, clock, CountingIds(1), build_keyring(KEYS))
    yield secure
    await secure.aclose()


@pytest.fixture(scope="module")
def market() -> Iterator[str]:
    """Address of a market that takes one token."""
    with market_server(Market(7, 40, NOON, 0.0), lambda: NOON, token=Secret(TOKEN)) as server:
        yield server.base_address


def feed_at(address: str) -> FeedOf:
    """Open a RESO feed there, with the professional's own token."""

    def opened(user: User) -> ListingFeed:
        settings = ResoSettings(
            profile="market", base_address=address, token=user.mls_password, source_id=user.feed_source
        )
        return build_reso(settings)

    return opened


async def opened(store: Store, clock: SteppingClock, feed: FeedOf, **changes: Any) -> Office:
    """The application with keys and a feed."""
    return await open_office(store, clock, settings=KEYS, feed=feed, **changes)


@pytest.mark.enable_socket
async def test_an_account_that_works_is_set_tried_and_forgotten(
    kept: Store, clock: SteppingClock, market: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    office = await opened(kept, clock, feed_at(market))
    async with office.caller() as rita:
        empty = await rita.get(PATH)
        assert empty.json() == {"provider": "reso", "is_set": False, "check": None, "checked_at": None, "version": 1}
        put = await rita.put(PATH, json=ACCOUNT)
        assert put.json() == empty.json() | {"is_set": True, "version": 2}
        tried = await rita.post(f"{PATH}/test")
        assert tried.status_code == 200
        told = tried.json()
        assert (told["check"], told["reason"], told["unread"]) == ("works", None, 0)
        assert told["listings"] > 0
        assert told["connection"] == put.json() | {
            "check": "works",
            "checked_at": told["connection"]["checked_at"],
            "version": 3,
        }
        after = await rita.get(PATH)
        assert after.json() == told["connection"]
        assert (await rita.put(PATH, json=ACCOUNT)).json()["check"] is None
        everything = [
            empty,
            put,
            tried,
            after,
            await rita.get("/api/v1/users/me"),
            await rita.get("/api/v1/onboarding"),
        ]
        assert (await rita.delete(PATH)).status_code == 204
        assert not (await rita.get(PATH)).json()["is_set"]
    async with kept.tenant(RITA) as tx:
        entries = await tx.audit.of_subject(RITA)
    said = "\n".join([*(one.text for one in everything), caplog.text, repr(entries), str([e.facts for e in entries])])
    assert TOKEN not in said
    assert LOGIN not in said
    assert [entry.action for entry in entries] == ["mls_connection_set"] * 2 + ["mls_connection_removed"]


@pytest.mark.enable_socket
async def test_an_account_that_is_refused_is_told_apart_from_one_that_cannot_be_reached(
    kept: Store, clock: SteppingClock, market: str
) -> None:
    here = [market]
    office = await opened(kept, clock, lambda user: feed_at(here[0])(user))
    async with office.caller() as rita:
        await rita.put(PATH, json=ACCOUNT | {"password": "another-token-that-is-wrong"})
        refused = (await rita.post(f"{PATH}/test")).json()
        assert (refused["check"], refused["reason"]) == ("refused", "unauthorised")
        here[0] = "http://127.0.0.1:9/nobody-listens"
        gone = (await rita.post(f"{PATH}/test")).json()
        assert (gone["check"], gone["reason"], gone["listings"]) == ("unreachable", "unavailable", None)
        assert gone["connection"]["check"] == "unreachable"


async def test_a_feed_that_cannot_be_opened_is_not_configured(kept: Store, clock: SteppingClock) -> None:
    office = await open_office(kept, clock, settings=KEYS)
    async with office.caller() as rita:
        told = (await rita.post(f"{PATH}/test")).json()
        assert (told["check"], told["reason"]) == ("not_configured", "not_configured")


class SlowFeed:
    """Opens and never answers; says whether it was closed."""

    source_id = "reso"

    def __init__(self) -> None:
        self.closed = False

    async def read(self, *_given: object) -> Any:
        """Wait for ever."""
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        """Note it."""
        self.closed = True


async def test_a_feed_that_never_answers_is_given_up_and_closed() -> None:
    feed: Any = SlowFeed()
    found = await check(lambda _user: feed, samples.user(1), NOON, deadline_s=0.01)
    assert (found.check, found.reason) == (MlsCheck.UNREACHABLE, "deadline")
    assert feed.closed


async def test_no_transaction_is_open_while_the_feed_is_read(kept: Store, clock: SteppingClock) -> None:
    class Asking(SlowFeed):
        async def read(self, *_given: object) -> Any:
            async with kept.system() as tx:
                assert await tx.users.all()
            raise Unavailable("reso", "busy", 7)

    feed: Any = Asking()
    office = await opened(kept, clock, lambda _user: feed)
    async with office.caller() as rita:
        told = (await rita.post(f"{PATH}/test")).json()
        assert (told["check"], told["retry_after_s"]) == ("unreachable", 7)


async def test_what_came_of_an_account_that_is_no_longer_set_is_not_kept(kept: Store, clock: SteppingClock) -> None:
    class Overtaken(SlowFeed):
        async def read(self, *_given: object) -> Any:
            async with kept.tenant(RITA) as tx:
                user = await tx.users.get(RITA)
                await tx.users.save(evolve(user, mls_username=Secret("new"), mls_password=Secret("new")))
            raise Unavailable("reso", "busy")

    feed: Any = Overtaken()
    office = await opened(kept, clock, lambda _user: feed)
    async with office.caller() as rita:
        told = (await rita.post(f"{PATH}/test")).json()
        assert (told["check"], told["connection"]["check"]) == ("unreachable", None)


async def test_without_keys_nothing_is_stored(office: Office) -> None:
    async with office.caller() as rita:
        refused = await rita.put(PATH, json=ACCOUNT)
        assert (refused.status_code, refused.json()["code"]) == (501, "not_configured")
        assert not (await rita.get(PATH)).json()["is_set"]


@pytest.mark.parametrize("wrong", [{"provider": "mls-of-nowhere"}, {"password": ""}, {"username": "u" * 501}])
async def test_what_is_no_account_is_refused_without_repeating_it(
    kept: Store, clock: SteppingClock, wrong: dict[str, str]
) -> None:
    office = await open_office(kept, clock, settings=KEYS)
    async with office.caller() as rita:
        refused = await rita.put(PATH, json=ACCOUNT | wrong)
        assert refused.status_code in (400, 422)
        assert TOKEN not in refused.text
        assert LOGIN not in refused.text
        assert not (await rita.get(PATH)).json()["is_set"]


async def test_scopes_and_tenants(kept: Store, clock: SteppingClock) -> None:
    office = await open_office(kept, clock, settings=KEYS)
    async with office.caller(RITA, Scope.ACCOUNT_READ) as reader:
        assert (await reader.get(PATH)).status_code == 200
        for method, path in (("PUT", PATH), ("DELETE", PATH), ("POST", f"{PATH}/test")):
            assert (await reader.request(method, path, json=ACCOUNT)).status_code == 403
    async with office.caller() as rita, office.caller(TOM) as tom:
        await rita.put(PATH, json=ACCOUNT)
        assert not (await tom.get(PATH)).json()["is_set"]
        assert (await tom.delete(PATH)).status_code == 204
        assert (await rita.get(PATH)).json()["is_set"]
