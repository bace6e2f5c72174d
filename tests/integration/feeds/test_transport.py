"""Nasty inputs of the wire (`mls-feeds.md` section 9, numbers 13 and 14), over a real socket."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from nudge_adapters.feeds.build import ResoSettings, build_reso
from nudge_adapters.feeds.limits import Timing
from nudge_adapters.feeds.market import (
    Fault,
    Manner,
    MarketServer,
    RateLimit,
    cut_short,
    error_after_ok,
    html_error,
    market_server,
    silent,
    too_many_requests,
    unauthorised,
)
from nudge_core.errors import Invalid, Misconfigured, NudgeError, Refused, Unavailable
from nudge_core.model.feed import FeedCursor
from nudge_core.model.secret import Secret
from nudge_core.ports.services import ListingFeed
from tests.peers import table
from tests.peers.canned import Canned, CannedServer, canned_server
from tests.peers.table import Table, row

pytestmark = pytest.mark.enable_socket

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOKEN = "CANARYtokenCANARYtokenCANARY"
CLIENT_SECRET = "CANARYsecretCANARYsecret"


async def no_sleep(seconds: float) -> None:
    raise AssertionError(f"an adapter slept for {seconds} s")


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def timing(self) -> Timing:
        return Timing(now=lambda: NOW, monotonic=lambda: self.seconds, sleep=no_sleep)


@pytest.fixture(scope="module")
def market() -> Iterator[MarketServer]:
    rows = Table([row(str(1_000 + number), NOW - timedelta(hours=1, seconds=number)) for number in range(45)])
    with market_server(rows, lambda: NOW, token=Secret(TOKEN), client=("id", Secret(CLIENT_SECRET))) as server:
        yield server


@pytest.fixture
def server(market: MarketServer) -> MarketServer:
    """A server with 45 listings; starting one takes longer than a test, so it is shared and wiped."""
    market.faults.clear()
    market.requests.clear()
    market.revoke_tokens()
    return market


@asynccontextmanager
async def feed_of(base_address: str, clock: Clock | None = None, **changed: Any) -> AsyncIterator[ListingFeed]:
    settings: dict[str, Any] = {"profile": "market", "base_address": base_address, "source_id": "test"}
    if "client_id" not in changed:
        settings["token"] = Secret(TOKEN)
    feed = build_reso(ResoSettings(**{**settings, **changed}), (clock or Clock()).timing())
    try:
        yield feed
    finally:
        await feed.aclose()


def fresh() -> FeedCursor:
    return FeedCursor(source_id="test")


async def raised(call: Callable[[], Awaitable[object]]) -> NudgeError:
    with pytest.raises(NudgeError) as caught:
        await call()
    return caught.value


def option(asked: str, name: str) -> str | None:
    return parse_qs(urlsplit(asked.partition(" ")[2] or asked).query).get(name, [None])[0]


# 13: limits and outages


@pytest.mark.parametrize(
    ("retry_after", "headers", "seconds"),
    [
        ("7", {}, 7),
        ("600", {}, 600),
        ("0", {}, 0),
        ("-5", {}, 0),
        ("86400", {}, 3_600),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), {}, 90),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), {}, 0),
        (None, {}, None),
        ("soon", {}, None),
        (None, {"Hour-Quota-ResetTime": str(int((NOW + timedelta(seconds=40)).timestamp() * 1_000))}, 40),
        (None, {"Hour-Quota-ResetTime": f"{(NOW + timedelta(seconds=40)).timestamp():.1f}"}, 40),
        (None, {"Burst-RateLimit-Reset": "2026-11-22T12:00:30Z", "Burst-RateLimit-Remaining": "0"}, 30),
        (
            None,
            {
                "Application-RateLimit-Reset": "2026-11-22T12:50:00Z",
                "Application-RateLimit-Remaining": "0",
                "Burst-RateLimit-Reset": "2026-11-22T12:00:30Z",
                "Burst-RateLimit-Remaining": "12",
            },
            3_000,
        ),
    ],
)
async def test_13_a_rate_limit_says_how_long_to_wait(
    server: MarketServer, retry_after: str | None, headers: dict[str, str], seconds: float | None
) -> None:
    async with feed_of(server.base_address) as feed:
        await feed.read(fresh(), NOW)
        server.faults.append(too_many_requests(retry_after, headers))
        error = await raised(lambda: feed.read(fresh(), NOW))
    assert isinstance(error, Unavailable)
    assert error.retry_after_s == (None if seconds is None else pytest.approx(seconds, abs=0.2))


async def test_13_a_source_that_was_limited_is_left_alone_until_then(server: MarketServer) -> None:
    clock = Clock()
    async with feed_of(server.base_address, clock) as feed:
        await feed.read(fresh(), NOW)
        server.faults.append(too_many_requests("60"))
        await raised(lambda: feed.read(fresh(), NOW))
        before = len(server.requests)
        clock.seconds += 20
        error = await raised(lambda: feed.keys())
        assert isinstance(error, Unavailable)
        assert error.retry_after_s == pytest.approx(40)
        assert len(server.requests) == before
        clock.seconds += 41
        assert len((await feed.read(fresh(), NOW)).listings) == 45


async def test_13_a_429_without_a_time_pauses_mls_grid_for_an_hour() -> None:
    with market_server(Table([row("1", NOW)]), lambda: NOW, token=Secret(TOKEN), manner=table.MLS_GRID) as server:
        async with feed_of(server.base_address, profile="mlsgrid", system_name=table.SYSTEM) as feed:
            server.faults.append(too_many_requests())
            error = await raised(lambda: feed.ping())
    assert isinstance(error, Unavailable)
    assert error.retry_after_s == 3_600


async def test_13_a_servers_own_window_is_kept() -> None:
    seconds = [0.0]
    limit = RateLimit(requests=3, seconds=10)
    rows = Table([row("1", NOW)])
    with market_server(
        rows, lambda: NOW, token=Secret(TOKEN), rate_limit=limit, monotonic=lambda: seconds[0]
    ) as server:
        clock = Clock()
        async with feed_of(server.base_address, clock) as feed:
            await feed.ping()
            seconds[0] = 4.0
            await feed.read(fresh(), NOW)
            error = await raised(lambda: feed.read(fresh(), NOW))
            assert isinstance(error, Unavailable)
            assert error.retry_after_s == 6
            seconds[0], clock.seconds = 10.0, clock.seconds + 6
            assert (await feed.read(fresh(), NOW)).listings


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        (html_error(500), Unavailable, "500"),
        (html_error(502), Unavailable, "502"),
        (html_error(504), Unavailable, "504"),
        (Fault(status=408, body=b""), Unavailable, "408"),
        (error_after_ok(), Unavailable, "500"),
        (Fault(status=200, body=b"<html>", content_type="text/html"), Unavailable, "not JSON"),
        (Fault(status=200, body=b"[]", content_type="application/json"), Unavailable, "malformed"),
        (Fault(status=200, body=b'{"value":{}}', content_type="application/json"), Unavailable, "malformed"),
        (Fault(status=200, body=b'{"value":[' + b"[" * 100_000, content_type="application/json"), Unavailable, "JSON"),
        (Fault(status=202, body=b""), Unavailable, ""),
        (cut_short(), Unavailable, "no whole answer"),
        (Fault(headers={"Content-Encoding": "gzip"}, body=b"no gzip", status=200), Unavailable, "no whole answer"),
        (Fault(status=400, body=b"COMPRESSION REQUIRED", content_type="text/plain"), Refused, "compression_required"),
        (Fault(status=400, body=b'{"error":{"code":"40000","message":"Unknown"}}'), Refused, "bad_request"),
        (Fault(status=403, body=b""), Refused, "forbidden"),
        (Fault(status=404, body=b""), Refused, "not_found"),
        (Fault(status=302, headers={"Location": "https://evil.example.com/"}, body=b""), Refused, "redirected"),
    ],
)
async def test_13_an_error_is_what_the_caller_should_do(
    server: MarketServer, fault: Fault, kind: type[NudgeError], told: str
) -> None:
    async with feed_of(server.base_address) as feed:
        await feed.read(fresh(), NOW)
        server.faults.append(fault)
        error = await raised(lambda: feed.read(fresh(), NOW))
        assert isinstance(error, kind)
        assert told in str(error)
        assert len((await feed.read(fresh(), NOW)).listings) == 45, "one failure leaves nothing behind"


async def test_13_a_date_in_a_header_is_of_the_real_world_whatever_the_market_says(server: MarketServer) -> None:
    """A demo reads at simulated instants; Retry-After does not know of them."""
    date = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
    async with feed_of(server.base_address) as feed:
        await feed.read(fresh(), NOW)
        server.faults.append(Fault(status=503, headers={"Retry-After": date}, body=b""))
        error = await raised(lambda: feed.read(fresh(), NOW + timedelta(days=365)))
    assert isinstance(error, Unavailable)
    assert error.retry_after_s == 90


@pytest.mark.parametrize(("status", "kind"), [(500, Unavailable), (503, Unavailable), (403, Refused), (400, Refused)])
async def test_13_an_error_about_one_listing_does_not_make_it_gone(
    canned: CannedServer, status: int, kind: type[NudgeError]
) -> None:
    canned.answers.extend([page_of("1"), Canned(status=status)])
    async with feed_of(f"{canned.origin}/odata") as feed:
        assert isinstance(await raised(lambda: feed.reread(["1", "2"], NOW)), kind)
        canned.answers.extend([page_of("1"), Canned(status=404)])
        assert (await feed.reread(["1", "2"], NOW)).gone_keys == ("2",)


async def test_13_a_server_that_never_answers_is_given_up(server: MarketServer) -> None:
    server.faults.append(silent())
    async with feed_of(server.base_address, timeout_s=0.1) as feed:
        error = await raised(lambda: feed.read(fresh(), NOW))
    assert isinstance(error, Unavailable)
    assert "in time" in str(error)


async def test_13_a_server_that_is_not_there() -> None:
    with canned_server() as server:
        gone = server.origin
    async with feed_of(gone) as feed:
        error = await raised(lambda: feed.ping())
    assert isinstance(error, Unavailable)
    assert "no connection" in str(error)


async def test_13_what_was_too_heavy_is_asked_for_in_smaller_pages(server: MarketServer) -> None:
    async with feed_of(server.base_address, overrides={"page": 40}) as feed:
        sizes = []
        for fault in (None, html_error(500), cut_short(), html_error(503), None, None, None, None):
            if fault is not None:
                server.faults.append(fault)
                await raised(lambda: feed.read(fresh(), NOW))
            else:
                await feed.read(fresh(), NOW)
            sizes.append(option(server.requests[-1], "$top"))
    assert sizes == ["40", "40", "20", "10", "10", "10", "20", "40"]


# 13: tokens


async def test_13_a_token_that_expires_in_the_middle_of_a_pass_is_renewed(server: MarketServer) -> None:
    async with credentials(server, overrides={"page": 20}) as feed:
        page = await feed.read(fresh(), NOW)
        server.revoke_tokens()
        rest = await feed.read(page.cursor, NOW)
        assert len(rest.listings) == 20
        assert sum("/oauth2/token" in one for one in server.requests) == 2


async def test_13_a_token_is_renewed_before_it_ends(server: MarketServer) -> None:
    clock = Clock()
    async with credentials(server, clock) as feed:
        await feed.read(fresh(), NOW)
        clock.seconds += 28_800 - 30
        await feed.read(fresh(), NOW)
        assert sum("/oauth2/token" in one for one in server.requests) == 2
        assert not any("401" in one for one in server.requests)


async def test_13_a_token_is_renewed_once_and_then_it_is_over(server: MarketServer) -> None:
    async with credentials(server) as feed:
        await feed.read(fresh(), NOW)
        before = len(server.requests)
        server.faults.extend([unauthorised(), unauthorised(), unauthorised()])
        error = await raised(lambda: feed.read(fresh(), NOW))
        assert isinstance(error, Refused)
        assert error.reason == "unauthorised"
        assert [one.split("?")[0] for one in list(server.requests)[before:]] == [
            "GET /odata/Property",
            "POST /oauth2/token",
            "GET /odata/Property",
        ]


async def test_13_a_given_token_that_is_refused_is_not_tried_again(server: MarketServer) -> None:
    async with feed_of(server.base_address, token=Secret("CANARYanotherCANARY")) as feed:
        error = await raised(lambda: feed.read(fresh(), NOW))
    assert isinstance(error, Refused)
    assert error.reason == "unauthorised"
    assert len(server.requests) == 1


async def test_13_a_bad_client_gets_html_from_the_token_endpoint() -> None:
    """Trestle: 400 text/html "Bad Request"."""
    with market_server(Table(), lambda: NOW, client=("id", Secret("other")), manner=table.TRESTLE) as server:
        async with credentials(server) as feed:
            error = await raised(lambda: feed.read(fresh(), NOW))
    assert isinstance(error, Refused)
    assert error.reason == "bad_credentials"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Canned(status=503), Unavailable),
        (Canned(status=429, headers={"Retry-After": "5"}), Unavailable),
        (Canned(body="<html>"), Unavailable),
        (Canned(body={"access_token": None}), Unavailable),
        (Canned(body={"access_token": ""}), Unavailable),
        (Canned(body=[]), Unavailable),
        (Canned(body={"token": "x"}), Unavailable),
        (Canned(body={"access_token": "x", "expires_in": "soon"}), Unavailable),
        (Canned(status=401, body={"error": "invalid_client"}), Refused),
        (Canned(status=307, headers={"Location": "{origin}/elsewhere"}), Refused),
    ],
)
async def test_13_a_token_endpoint_in_trouble(answer: Canned, kind: type[NudgeError]) -> None:
    with canned_server() as server:
        server.answers.append(answer)
        async with feed_of(
            f"{server.origin}/odata",
            client_id="id",
            client_secret=Secret(CLIENT_SECRET),
            token_address=f"{server.origin}/token",
        ) as feed:
            error = await raised(lambda: feed.read(fresh(), NOW))
        assert isinstance(error, kind)
        assert server.asked == ["/token"]


def credentials(server: MarketServer, clock: Clock | None = None, **more: Any) -> Any:
    return feed_of(
        server.base_address,
        clock,
        client_id="id",
        client_secret=Secret(CLIENT_SECRET),
        token_address=server.token_address,
        **more,
    )


async def test_13_no_log_tells_a_token(server: MarketServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with credentials(server) as feed:
        await feed.read(fresh(), NOW)
        server.faults.extend([unauthorised(), html_error(500)])
        await raised(lambda: feed.read(fresh(), NOW))
    async with feed_of(server.base_address) as feed:
        await feed.ping()
    assert caplog.records, "something was logged"
    assert "CANARY" not in caplog.text
    assert "authorization" not in "".join(record.getMessage().lower() for record in caplog.records)


# 14: links and pages


def page_of(*keys: str, **more: object) -> Canned:
    rows = [row(key, NOW - timedelta(hours=2) + timedelta(seconds=int(key))) for key in keys]
    return Canned(body={"value": rows, **more})


async def keys_read(feed: ListingFeed, most: int = 20) -> tuple[list[str], list[str]]:
    cursor, more, keys, warnings = fresh(), True, list[str](), list[str]()
    while more:
        page = await feed.read(cursor, NOW)
        keys += [one.snapshot.listing_key for one in page.listings]
        warnings += page.warnings
        cursor, more, most = page.cursor, page.more, most - 1
        assert most, "a pass without an end"
    return keys, warnings


@pytest.fixture(scope="module")
def canned_once() -> Iterator[CannedServer]:
    with canned_server() as server:
        yield server


@pytest.fixture
def canned(canned_once: CannedServer) -> CannedServer:
    canned_once.wipe()
    return canned_once


@pytest.mark.parametrize(
    ("link", "asked"),
    [
        ("{origin}/odata/Property?$skip=2&x=a%2cb+c", "/odata/Property?$skip=2&x=a%2cb+c"),
        ("Property?$skip=2", "/odata/Property?$skip=2"),
        ("/odata/Property?$skiptoken=a'b", "/odata/Property?$skiptoken=a'b"),
        ("?%24skip=2&$filter=City%20eq%20'O''F'", "/odata/Property?%24skip=2&$filter=City%20eq%20'O''F'"),
    ],
)
async def test_14_links_are_followed_as_they_are(canned: CannedServer, link: str, asked: str) -> None:
    canned.answers.extend([page_of("1", "2", **{"@odata.nextLink": link}), page_of("3")])
    async with feed_of(f"{canned.origin}/odata", profile="spark_reso") as feed:
        assert (await keys_read(feed))[0] == ["1", "2", "3"]
    assert canned.asked[1] == asked
    assert canned.headers[1]["authorization"] == f"Bearer {TOKEN}"


async def test_14_a_link_to_another_host_is_not_followed(canned: CannedServer) -> None:
    canned.answers.append(page_of("1", **{"@odata.nextLink": "https://evil.example.com/odata/Property?$skip=1"}))
    async with feed_of(f"{canned.origin}/odata", profile="spark_reso") as feed:
        error = await raised(lambda: feed.read(fresh(), NOW))
    assert isinstance(error, Refused)
    assert error.reason == "foreign_link"


async def test_14_where_links_are_not_needed_a_foreign_one_only_means_more(canned: CannedServer) -> None:
    """Trestle's links name another of its hosts than the one that was asked."""
    foreign = {"@odata.nextLink": "https://api-prod.example.com/trestle/odata/Property?$skip=2"}
    canned.answers.extend([page_of("1", "2", **foreign), page_of("2", "3")])
    async with feed_of(f"{canned.origin}/odata", profile="trestle") as feed:
        keys, warnings = await keys_read(feed)
    assert keys == ["1", "2", "3"]
    assert "foreign_link" in warnings


async def test_14_a_link_that_repeats_ends_the_poll_and_not_the_load(canned: CannedServer) -> None:
    link = {"@odata.nextLink": "{origin}/odata/Property?$skiptoken=1"}
    canned.answers.extend([page_of("1", **link), page_of("2", **link)])
    async with feed_of(f"{canned.origin}/odata", profile="spark_reso") as feed:
        first = await feed.read(fresh(), NOW)
        second = await feed.read(first.cursor, NOW)
    assert "repeated_link" in second.warnings
    assert not second.more
    assert not second.cursor.baseline_done
    assert "link" not in second.cursor.state


async def test_14_an_expired_link_begins_the_pass_again(canned: CannedServer) -> None:
    link = {"@odata.nextLink": "{origin}/odata/Property/replication?id=1-7bfb"}
    gone = Canned(status=404, body={"error": {"code": "", "message": "The replication link has expired"}})
    canned.answers.extend([page_of("1", **link), gone, page_of("1", "2")])
    async with feed_of(f"{canned.origin}/odata", profile="spark_reso") as feed:
        first = await feed.read(fresh(), NOW)
        lost = await feed.read(first.cursor, NOW)
        assert (lost.listings, lost.more, lost.cursor.baseline_done) == ((), False, False)
        assert "expired_link" in lost.warnings
        again = await feed.read(lost.cursor, NOW)
    assert [one.snapshot.listing_key for one in again.listings] == ["1", "2"]
    assert again.cursor.baseline_done


@pytest.mark.parametrize("profile", ["market", "core", "trestle", "spark_reso"])
async def test_14_an_empty_page_with_a_link_is_not_the_end(canned: CannedServer, profile: str) -> None:
    link = {"@odata.nextLink": "{origin}/odata/Property?$skiptoken=x"}
    canned.answers.extend([page_of(**link), page_of("1", "2")])
    async with feed_of(f"{canned.origin}/odata", profile=profile) as feed:
        assert (await keys_read(feed))[0] == ["1", "2"]


async def test_14_more_rows_than_were_asked_for_are_all_taken(canned: CannedServer) -> None:
    canned.answers.extend([page_of("1", "2", "3", "4", "5"), page_of()])
    async with feed_of(f"{canned.origin}/odata", overrides={"page": 2}) as feed:
        assert (await keys_read(feed))[0] == ["1", "2", "3", "4", "5"]


async def test_14_a_key_twice_on_a_page_is_told_once(canned: CannedServer) -> None:
    canned.answers.append(page_of("1", "2", "2"))
    async with feed_of(f"{canned.origin}/odata") as feed:
        keys, warnings = await keys_read(feed)
    assert keys == ["1", "2"]
    assert "duplicate_key" in warnings


async def test_14_the_link_in_a_header_is_kept_without_its_token(canned: CannedServer) -> None:
    """Bridge puts the access token into its links; a stored cursor must not hold it."""
    next_ = "{origin}/odata/Property/replication?access_token=" + TOKEN + "&next=abc"
    canned.answers.extend([page_of("1"), Canned(body={"value": []})])
    canned.answers[0] = Canned(body=canned.answers[0].body, headers={"Link": f'<{next_}>; rel="next"'})
    async with feed_of(
        f"{canned.origin}/odata", profile="bridge", overrides={"watermark_field": "ModificationTimestamp"}
    ) as feed:
        first = await feed.read(fresh(), NOW)
        assert TOKEN not in str(first.cursor.state)
        assert "next=abc" in str(first.cursor.state["link"])
        last = await feed.read(first.cursor, NOW)
    assert canned.asked[1] == "/odata/Property/replication?next=abc"
    assert not last.more
    assert "next=abc" in str(last.cursor.state["link"]), "the last link is asked again later"


async def test_14_a_count_unlike_what_was_delivered_is_no_list_of_keys(canned: CannedServer) -> None:
    canned.answers.append(page_of("1", "2", **{"@odata.count": 3}))
    async with feed_of(f"{canned.origin}/odata") as feed:
        error = await raised(lambda: feed.keys())
    assert isinstance(error, Unavailable)
    assert "2 of 3" in str(error)


async def test_14_keys_behind_a_server_that_ignores_filters(canned: CannedServer) -> None:
    canned.answers.extend([page_of("1", "2")] * 5)
    async with feed_of(f"{canned.origin}/odata", overrides={"key_page": 2}) as feed:
        error = await raised(lambda: feed.keys())
    assert isinstance(error, Unavailable)
    assert "repeats" in str(error)


async def test_14_an_order_that_is_ignored_is_an_error_not_a_loss(canned: CannedServer) -> None:
    canned.answers.append(page_of("9", "1"))
    async with feed_of(f"{canned.origin}/odata") as feed:
        error = await raised(lambda: feed.read(fresh(), NOW))
    assert isinstance(error, Refused)
    assert error.reason == "unordered"


async def test_14_a_timestamp_with_an_offset_is_sent_in_utc(canned: CannedServer) -> None:
    rows = [row("1", "2026-11-22T02:00:00.1234567-07:00")]
    canned.answers.extend([Canned(body={"value": rows}), Canned(body={"value": []})])
    async with feed_of(f"{canned.origin}/odata") as feed:
        first = await feed.read(fresh(), NOW)
        await feed.read(first.cursor, NOW)
    sent = option(canned.asked[1], "$filter")
    assert sent == "ModificationTimestamp gt 2026-11-22T08:55:00.1234567Z"
    assert "+" not in canned.asked[1]
    assert first.cursor.state["high"] == "2026-11-22T02:00:00.1234567-07:00", "the text as it was received"


# metadata and settings


async def test_only_fields_the_server_has_are_asked_for(canned: CannedServer) -> None:
    canned.metadata = Canned(
        body='<Edmx><Schema Namespace="v"><EntityType Name="Property">'
        '<Key><PropertyRef Name="ListingKeyNumeric"/></Key><Property Name="ListingKeyNumeric" Type="Edm.Int32"/>'
        '<Property Name="ModificationTimestamp" Type="Edm.DateTimeOffset"/><Property Name="City" Type="Edm.String"/>'
        "</EntityType></Schema></Edmx>"
    )
    canned.answers.append(Canned(body={"value": [{"ListingKeyNumeric": 5, "City": "Provo"}]}))
    async with feed_of(f"{canned.origin}/odata") as feed:
        page = await feed.read(fresh(), NOW)
    assert option(canned.asked[0], "$select") == "ListingKeyNumeric,ModificationTimestamp,City"
    assert option(canned.asked[0], "$expand") is None
    assert [one.snapshot.listing_key for one in page.listings] == ["5"], "the key is the one the server names"


async def test_a_server_without_the_watermark_field_is_a_matter_of_settings(canned: CannedServer) -> None:
    canned.metadata = Canned(
        body='<Edmx><Schema Namespace="v"><EntityType Name="Property"><Property Name="ListingKey" Type="Edm.String"/>'
        "</EntityType></Schema></Edmx>"
    )
    async with feed_of(f"{canned.origin}/odata", profile="bridge") as feed:
        error = await raised(lambda: feed.read(fresh(), NOW))
    assert isinstance(error, Misconfigured)
    assert "BridgeModificationTimestamp" in str(error)


async def test_numeric_keys_are_asked_for_without_quotes() -> None:
    rows = Table([row("7", NOW)])
    with market_server(rows, lambda: NOW, token=Secret(TOKEN), manner=Manner(key_field="ListingKeyNumeric")) as server:
        async with feed_of(server.base_address, overrides={"key_field": "ListingKeyNumeric"}) as feed:
            page = await feed.reread(["7", "8"], NOW)
            assert page.gone_keys == ("8",)
            assert any("/odata/Property(8)" in one for one in server.requests)
            assert isinstance(await raised(lambda: feed.reread(["x' or 1"], NOW)), Invalid)


async def test_a_record_with_private_fields_is_stripped_even_when_all_fields_are_sent() -> None:
    with market_server(Table([row("1", NOW)]), lambda: NOW, token=Secret(TOKEN)) as server:
        async with feed_of(server.base_address, overrides={"select": False}) as feed:
            page = await feed.read(fresh(), NOW)
    assert option(server.requests[-1], "$select") is None
    assert page.listings[0].raw["City"] == "O'Fallon"
    assert table.CANARY not in repr(page)
    assert "PrivateRemarks" not in page.listings[0].raw


def test_all_problems_of_settings_are_told_at_once() -> None:
    with pytest.raises(Misconfigured) as caught:
        build_reso(
            ResoSettings(
                profile="mlsgrid",
                base_address="http://api.example.com",
                overrides={"paging": "sideways", "nope": 1, "page": 0},
            )
        )
    told = "\n".join(caught.value.problems)
    for name in ("overrides.paging", "overrides.nope", "overrides.page", "token", "base_address", "system_name"):
        assert name in told
    with pytest.raises(Misconfigured, match="client_secret"):
        build_reso(ResoSettings(profile="trestle", client_id="id"))
    with pytest.raises(Misconfigured, match="wfrmls"):
        build_reso(ResoSettings(profile="nobody", token=Secret("x")))


async def test_overrides_are_written_as_people_write_them() -> None:
    overrides = {"overlap": 30, "limits": [{"amount": 5, "period_s": 60}], "paging": "key_order", "photos": "none"}
    async with feed_of("https://api.example.com/odata", profile="core", overrides=overrides) as feed:
        assert feed.source_id == "test"
