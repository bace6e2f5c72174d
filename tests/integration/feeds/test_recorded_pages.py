"""Pages as the RESO reference server and Spark sent them, from a server of our own with the links led to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from nudge_adapters.feeds.build import ResoSettings, SparkSettings, build_reso, build_spark
from nudge_core.errors import NudgeError, Refused, Unavailable
from nudge_core.model.feed import FeedCursor
from nudge_core.model.secret import Secret
from tests.peers.canned import Canned, CannedServer, canned_server
from tests.shared_data import shared

pytestmark = pytest.mark.enable_socket

RECORDED_AT = "http://127.0.0.1:18080"
NOW = datetime(2026, 11, 22, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[CannedServer]:
    with canned_server() as server:
        yield server


@pytest.fixture
def server(running: CannedServer) -> CannedServer:
    running.wipe()
    return running


def recorded(name: str) -> Canned:
    wrapper = json.loads(shared(f"mls/payloads/refserver/{name}").read_text())
    if "body" not in wrapper:
        return Canned(body=wrapper)
    kept = {"OData-Version", "Preference-Applied", "Content-Type", "ETag"}
    headers = {header: value for header, value in wrapper["headers"].items() if header in kept}
    body = json.dumps(wrapper["body"]).replace(RECORDED_AT, "{origin}")
    return Canned(body=body, status=wrapper["status"], headers=headers)


def spark(name: str) -> bytes:
    return shared(f"mls/payloads/spark/{name}").read_bytes()


async def test_the_reference_servers_pages_are_read_by_their_links(server: CannedServer) -> None:
    server.metadata = Canned(body=shared("mls/payloads/refserver/metadata.xml").read_bytes())
    server.answers.extend(recorded(f"property_page_{number}.json") for number in (1, 2, 3))
    feed = build_reso(
        ResoSettings(profile="core", base_address=server.origin, token=Secret("x"), overrides={"paging": "key_order"})
    )
    cursor, keys, more = FeedCursor(source_id=feed.source_id), set[str](), True
    photos, unread = 0, 0
    while more:
        page = await feed.read(cursor, NOW)
        keys |= {one.snapshot.listing_key for one in page.listings}
        photos += sum(len(one.snapshot.photo_urls) for one in page.listings)
        unread += len(page.unread)
        cursor, more = page.cursor, page.more
    await feed.aclose()
    assert len(keys) == 251
    assert cursor.baseline_done
    assert photos > 251
    assert unread == 0
    skips = [asked.partition("$skip=")[2].partition("&")[0] for asked in server.asked]
    assert skips == ["", "100", "200"]
    assert all(asked.startswith("/Property?$") for asked in server.asked), "links with a raw $ are followed verbatim"


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("error_400_parse.json", 400, "bad_request"),
        ("error_400_unknown_field.json", 400, "bad_request"),
        ("error_404.json", 404, "not_found"),
        ("error_400_parse.json", 200, "bad_request"),  # an error member is a failure whatever the status
    ],
)
async def test_the_reference_servers_errors_are_refusals(
    server: CannedServer, name: str, status: int, reason: str
) -> None:
    server.answers.append(Canned(body=json.loads(shared(f"mls/payloads/refserver/{name}").read_text()), status=status))
    feed = build_reso(ResoSettings(profile="core", base_address=server.origin, token=Secret("x")))
    with pytest.raises(Refused) as caught:
        await feed.read(FeedCursor(source_id=feed.source_id), NOW)
    assert caught.value.reason == reason
    await feed.aclose()


async def test_bad_credentials_at_trestle_as_recorded(server: CannedServer) -> None:
    answer = json.loads(shared("mls/payloads/trestle_responses_real.json").read_text())["token_error"]
    server.answers.append(Canned(body=answer["body"], status=answer["status"], headers=answer["headers"]))
    feed = build_reso(
        ResoSettings(
            profile="trestle",
            base_address=server.origin,
            client_id="x",
            client_secret=Secret("y"),
            token_address=f"{server.origin}/trestle/oidc/connect/token",
        )
    )
    with pytest.raises(Refused, match="bad_credentials"):
        await feed.read(FeedCursor(source_id=feed.source_id), NOW)
    await feed.aclose()


def spark_feed(server: CannedServer) -> Any:
    return build_spark(SparkSettings(token=Secret("CANARYtoken"), base_address=f"{server.origin}/v1", source_id="test"))


async def test_sparks_own_listings_are_read(server: CannedServer) -> None:
    types, listings = spark("property_types_property_types.json"), spark("listings_multiple.json")
    server.answers.extend([Canned(types), Canned(listings)])
    feed = spark_feed(server)
    page = await feed.read(FeedCursor(source_id="test"), NOW)
    await feed.aclose()
    assert [one.snapshot.listing_id for one in page.listings] == ["06-9395", "06-9396"]
    first = page.listings[0].snapshot
    assert (first.list_price_cents, first.beds, first.property_type) == (5_000_000, 3, "Residential")
    assert first.longitude == -116.3237
    assert page.cursor.baseline_done
    assert server.asked == ["/v1/propertytypes", "/v1/listings?_limit=1000&_skiptoken="]
    assert server.headers[1]["x-sparkapi-user-agent"] == "Nudge"


async def test_sparks_changes_are_asked_for_from_twenty_minutes_before(server: CannedServer) -> None:
    types, listings = spark("property_types_property_types.json"), spark("listings_multiple.json")
    server.answers.extend([Canned(types), Canned(listings), Canned(spark("no_results.json"))])
    feed = spark_feed(server)
    first = await feed.read(FeedCursor(source_id="test"), NOW)
    await feed.read(first.cursor, NOW)
    await feed.aclose()
    sent = "_filter=ModificationTimestamp%20Gt%202010-11-22T20%3A27%3A21Z&_limit=1000&_skiptoken="
    assert server.asked[-1] == f"/v1/listings?{sent}"


def failure(code: int, status: int) -> Canned:
    return Canned(body={"D": {"Success": False, "Code": code, "Message": "as told"}}, status=status)


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ("authentication_failure.json", Refused, "unauthorised"),
        ("errors_expired.json", Refused, "token_expired"),
        ("errors_failure.json", Unavailable, ""),
        ("errors_failure_with_constraint.json", Refused, "bad_parameter"),
        (failure(1010, 401), Refused, "unauthorised"),
        (failure(1015, 403), Refused, "forbidden"),
        (failure(1021, 403), Refused, "wrong_host"),
        (failure(1023, 503), Unavailable, ""),
        (failure(1040, 400), Refused, "bad_filter"),
        (failure(2004, 400), Refused, "bad_filter"),
        (failure(1500, 200), Refused, "not_at_this_service_level"),  # a 200 can carry Success:false
        (failure(1510, 503), Unavailable, ""),
        (failure(1515, 503), Unavailable, ""),
        (failure(1550, 503), Unavailable, ""),
        (failure(1550, 429), Unavailable, ""),
        (failure(3000, 400), Refused, "bad_version"),
        (Canned(body={"no": "D"}), Unavailable, ""),
        (Canned(body="<html>", status=502), Unavailable, ""),
    ],
)
async def test_sparks_codes_are_what_the_caller_should_do(
    server: CannedServer, answer: Canned | str, kind: type[NudgeError], reason: str
) -> None:
    types = spark("property_types_property_types.json")
    server.answers.extend([Canned(types), Canned(spark(answer)) if isinstance(answer, str) else answer])
    feed = spark_feed(server)
    with pytest.raises(kind) as caught:
        await feed.read(FeedCursor(source_id="test"), NOW)
    assert getattr(caught.value, "reason", "") == reason
    await feed.aclose()


async def test_a_skip_token_spark_forgot_begins_the_pass_again(server: CannedServer) -> None:
    types, listings = spark("property_types_property_types.json"), json.loads(spark("listings_multiple.json"))
    listings["D"]["SkipToken"] = "20060725224713296972000000"
    server.answers.extend([Canned(types), Canned(listings), failure(1050, 400)])
    feed = spark_feed(server)
    first = await feed.read(FeedCursor(source_id="test"), NOW)
    lost = await feed.read(first.cursor, NOW)
    await feed.aclose()
    assert server.asked[-1].endswith("_skiptoken=20060725224713296972000000&_limit=1000")
    assert (lost.listings, lost.more, lost.cursor.baseline_done) == ((), False, False)
    assert lost.warnings == ("expired_link",)
