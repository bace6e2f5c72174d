"""The promises of a feed, kept by the Spark v1 adapter over HTTP, against a small service of our own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

import pytest

from nudge_adapters.feeds.build import SparkSettings, build_spark
from nudge_adapters.feeds.market.listing_record import stamp
from nudge_core.model.secret import Secret
from nudge_core.ports.services import ListingFeed
from tests.contracts.feed_contract import TOKEN, Failure, FeedContract, Source
from tests.peers.spark_server import SparkServer, listing, spark_server


def failed(code: int, message: str) -> bytes:
    return json.dumps({"D": {"Success": False, "Code": code, "Message": message}}).encode()


ANSWERS = {
    Failure.RATE_LIMIT: (429, {"Retry-After": "7"}, failed(1550, "Over rate limit")),
    Failure.OUTAGE: (503, {}, failed(1510, "Down")),
    Failure.CUT_SHORT: (200, {}, b'{"D":{"Success":true,"Resu'),
    Failure.HTML: (500, {"Content-Type": "text/html"}, b"<html>"),
    Failure.REFUSAL: (403, {}, failed(1500, f"Token {TOKEN} is not at this service level")),
}


class SparkSource(Source):
    """A Spark service with a dictionary of listings."""

    def __init__(self, server: SparkServer) -> None:
        self.server = server

    def feed(self) -> ListingFeed:
        settings = SparkSettings(token=Secret(TOKEN), base_address=self.server.address, page=self.page)
        return build_spark(settings)

    def put(self, key: str, at: datetime | str | None, price_usd: int = 500_000) -> None:
        changed = stamp(at) if isinstance(at, datetime) else at
        self.server.listings = {**self.server.listings, key: listing(key, changed, f"{price_usd}.0")}

    def put_unreadable(self, at: datetime) -> None:
        unreadable = listing("1999", stamp(at)) | {"StandardFields": None, "PrivateRemarks": "********"}
        self.server.listings = {**self.server.listings, "1999": unreadable}

    def remove(self, key: str, at: datetime) -> None:
        self.server.listings = {name: one for name, one in self.server.listings.items() if name != key}

    def fail(self, failure: Failure) -> None:
        self.server.answers.append(ANSWERS[failure])

    def shorten_keys(self) -> None:
        counted = {"D": {"Success": True, "Pagination": {"TotalRows": 1_000}}}
        self.server.answers.append((200, {}, json.dumps(counted).encode()))


@pytest.mark.enable_socket
class TestSpark(FeedContract):
    @pytest.fixture(scope="class")
    @classmethod
    def server(cls) -> Iterator[SparkServer]:
        with spark_server(TOKEN) as server:
            yield server

    @pytest.fixture
    def source(self, server: SparkServer) -> SparkSource:
        server.listings = {}
        server.answers.clear()
        return SparkSource(server)
