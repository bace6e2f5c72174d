"""The local MLS over HTTP: who may read, what is answered, how it starts and ends."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from nudge_adapters.feeds.market import Links, Manner, Market, MarketServer, market_server
from nudge_core.errors import Unavailable
from nudge_core.model.secret import Secret
from tests.peers.table import BRIDGE, BridgeTable, Table, row

pytestmark = pytest.mark.enable_socket

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOKEN = "market-token"


@pytest.fixture(scope="module")
def server() -> Iterator[MarketServer]:
    market = Market(7, 80, NOW)
    with market_server(market, lambda: NOW, token=Secret(TOKEN), client=("id", Secret("secret"))) as running:
        yield running


def get(server: MarketServer, path: str, **headers: str) -> httpx.Response:
    sent = {"Authorization": f"Bearer {TOKEN}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx.Client(trust_env=False) as client:
        return client.get(server.base_address + path, headers=sent)


def test_a_collection_is_answered_as_odata_wants(server: MarketServer) -> None:
    answer = get(server, "/Property?$top=2&$count=true&$select=ListingKey,City&$filter=City eq 'Austin'")
    assert answer.status_code == 200
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.headers["Content-Type"].startswith("application/json")
    body = answer.json()
    assert body["@odata.context"] == f"{server.base_address}/$metadata#Property"
    assert body["@odata.count"] > 2
    assert [set(one) for one in body["value"]] == [{"@odata.id", "ListingKey", "City"}] * 2
    assert get(server, "/Property?$expand=Media").json()["value"][0]["Media"]


def test_pages_are_as_large_as_was_preferred(server: MarketServer) -> None:
    answer = get(server, "/Property", Prefer="odata.maxpagesize=30")
    assert len(answer.json()["value"]) == 30
    assert answer.headers["Preference-Applied"] == "odata.maxpagesize=30"
    following = answer.json()["@odata.nextLink"]
    assert following.startswith(server.base_address + "/Property?")
    rest = get(server, following.removeprefix(server.base_address), Prefer="odata.maxpagesize=100")
    assert len(rest.json()["value"]) == 50
    assert "@odata.nextLink" not in rest.json()


def test_one_entity_is_had_by_its_key(server: MarketServer) -> None:
    key = get(server, "/Property?$top=1&$select=ListingKey").json()["value"][0]["ListingKey"]
    answer = get(server, f"/Property('{key}')?$select=ListingKey,City")
    assert answer.json()["ListingKey"] == key
    assert answer.json()["@odata.context"].endswith("#Property/$entity")


def test_answers_are_compressed_when_that_is_accepted(server: MarketServer) -> None:
    plain = get(server, "/Property?$top=50", Accept_Encoding="identity")
    packed = get(server, "/Property?$top=50", Accept_Encoding="gzip")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 3
    assert int(packed.headers["Content-Length"]) == len(gzip.compress(plain.content, compresslevel=1, mtime=0))


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/Property('nobody')", 404, "No Property record"),
        ("/Member", 404, "Nothing is served"),
        ("/Property?$filter=Nope eq 1", 400, "Unknown field in $filter: Nope"),
        ("/Property?$filter=ListingKey eq", 400, "Unexpected end"),
        ("/Property?$top=many", 400, "number"),
        ("/Property/replication", 404, "Nothing is served"),
    ],
)
def test_an_error_has_the_shape_of_odata(server: MarketServer, path: str, status: int, told: str) -> None:
    answer = get(server, path)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "target", "details"}
    assert error["code"] == f"{status}00"
    assert told in error["message"]


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
def test_without_the_token_there_is_nothing(server: MarketServer, authorization: str) -> None:
    for path in ("/Property", "/$metadata", "/"):
        answer = get(server, path, Authorization=authorization)
        assert answer.status_code == 401
        assert "value" not in answer.json()


def test_only_reading_is_possible(server: MarketServer) -> None:
    with httpx.Client(trust_env=False, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        answer = client.delete(f"{server.base_address}/Property('1')")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"


@pytest.mark.parametrize("way", ["body", "basic"])
def test_a_token_is_given_for_client_credentials(server: MarketServer, way: str) -> None:
    form = {"grant_type": "client_credentials"}
    with httpx.Client(trust_env=False) as client:
        given = ("id", "secret")
        if way == "body":
            answer = client.post(server.token_address, data=form | {"client_id": given[0], "client_secret": given[1]})
        else:
            answer = client.post(server.token_address, data=form, auth=given)
        body = answer.json()
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 28_800)
        assert get(server, "/Property?$top=1", Authorization=f"Bearer {body['access_token']}").status_code == 200
        server.revoke_tokens()
        assert get(server, "/Property?$top=1", Authorization=f"Bearer {body['access_token']}").status_code == 401


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "client_credentials", "client_id": "id", "client_secret": "no"}, 401, "invalid_client"),
        ({"grant_type": "password", "client_id": "id", "client_secret": "secret"}, 400, "unsupported_grant_type"),
        ({}, 401, "invalid_client"),
    ],
)
def test_no_token_for_anybody_else(server: MarketServer, form: dict[str, str], status: int, error: str) -> None:
    with httpx.Client(trust_env=False) as client:
        answer = client.post(server.token_address, data=form)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_a_token_ends_when_its_time_is_over() -> None:
    seconds = [0.0]
    with (
        market_server(Table(), lambda: NOW, client=("id", Secret("s")), monotonic=lambda: seconds[0]) as server,
        httpx.Client(trust_env=False) as client,
    ):
        form = {"grant_type": "client_credentials", "client_id": "id", "client_secret": "s"}
        token = client.post(server.token_address, data=form).json()["access_token"]
        assert get(server, "/Property", Authorization=f"Bearer {token}").status_code == 200
        seconds[0] = 28_801.0
        assert get(server, "/Property", Authorization=f"Bearer {token}").status_code == 401


def test_the_market_lives_by_the_clock() -> None:
    now = [NOW]
    with market_server(Market(7, 80, NOW), lambda: now[0], token=Secret(TOKEN)) as server:
        before = get(server, "/Property?$count=true&$top=0").json()["@odata.count"]
        newest = "/Property?$orderby=ModificationTimestamp desc&$top=1&$filter=ModificationTimestamp le now()"
        assert datetime.fromisoformat(get(server, newest).json()["value"][0]["ModificationTimestamp"]) <= NOW
        now[0] += timedelta(days=5)
        assert get(server, "/Property?$count=true&$top=0").json()["@odata.count"] != before
        changed = datetime.fromisoformat(get(server, newest).json()["value"][0]["ModificationTimestamp"])
        assert NOW + timedelta(days=4) < changed <= now[0]


def test_a_restarted_server_goes_on_identically() -> None:
    def page_after(days: list[int]) -> Any:
        now = [NOW]
        with market_server(Market(7, 40, NOW), lambda: now[0], token=Secret(TOKEN)) as server:
            for day in days:
                now[0] = NOW + timedelta(days=day)
                body = get(server, "/Property?$top=500&$expand=Media").content
            return json.loads(body.replace(server.origin.encode(), b""))

    assert page_after([1, 2, 3, 9]) == page_after([9])


def test_bridges_links_stand_in_a_header_and_the_last_one_can_be_asked_again() -> None:
    rows = BridgeTable([row(str(number), NOW) for number in range(3)])
    for record in list(rows.records()):
        rows.put(record)
    with market_server(rows, lambda: NOW, token=Secret(TOKEN), manner=BRIDGE) as server:

        def ask(address: str) -> tuple[list[str], str]:
            answer = get(server, address.removeprefix(server.base_address))
            link = answer.headers["Link"]
            assert link.endswith('>; rel="next"')
            return [one["ListingKey"] for one in answer.json()["value"]], link[1 : link.index(">")]

        keys, link = ask("/Property/replication?$top=2")
        assert keys == ["0", "1"]
        keys, link = ask(link)
        assert keys == ["2"]
        keys, link = ask(link)
        assert keys == []
        rows.put(row("9", NOW + timedelta(seconds=1)))
        assert ask(link)[0] == ["9"]
        assert get(server, "/Property/replication?$orderby=City").status_code == 400


def test_compression_may_be_demanded_before_anything_else() -> None:
    with market_server(Table(), lambda: NOW, token=Secret(TOKEN), manner=Manner(demands_gzip=True)) as server:
        answer = get(server, "/Property", Authorization="", Accept_Encoding="identity")
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, "COMPRESSION REQUIRED")


def test_two_servers_run_side_by_side_and_leave_nothing_behind() -> None:
    threads = threading.active_count()
    with (
        market_server(Table([row("1", NOW)]), lambda: NOW, token=Secret(TOKEN)) as one,
        market_server(Table([row("2", NOW)]), lambda: NOW, token=Secret(TOKEN), manner=Manner(links=Links.NONE)) as two,
    ):
        assert one.origin != two.origin
        assert [get(each, "/Property").json()["value"][0]["ListingKey"] for each in (one, two)] == ["1", "2"]
    assert threading.active_count() == threads
    with pytest.raises(httpx.ConnectError):
        get(one, "/Property")


def test_a_failure_in_the_block_stops_the_server_too() -> None:
    with pytest.raises(RuntimeError, match="ours"), market_server(Table(), lambda: NOW) as server:
        raise RuntimeError("ours")
    with pytest.raises(httpx.ConnectError):
        get(server, "/")


def test_a_port_that_is_taken_is_unavailable(server: MarketServer) -> None:
    port = int(server.origin.rpartition(":")[2])
    with pytest.raises(Unavailable, match=str(port)), market_server(Table(), lambda: NOW, port=port):
        pass
