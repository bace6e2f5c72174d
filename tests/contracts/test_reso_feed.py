"""The promises of a feed, kept by the RESO adapter over HTTP, against servers that behave like each vendor's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from attrs import evolve

from nudge_adapters.feeds.build import ResoSettings, build_reso
from nudge_adapters.feeds.market import (
    Fault,
    Links,
    Manner,
    MarketServer,
    cut_short,
    html_error,
    market_server,
    too_many_requests,
)
from nudge_core.model.secret import Secret
from nudge_core.ports.services import ListingFeed
from tests.contracts.feed_contract import START, TOKEN, Failure, FeedContract, Source
from tests.peers import table
from tests.peers.table import BridgeTable, Table, row

FAULTS = {
    Failure.RATE_LIMIT: too_many_requests("7"),
    Failure.OUTAGE: Fault(status=503, body=b"", content_type="text/plain"),
    Failure.CUT_SHORT: cut_short(),
    Failure.HTML: html_error(500),
    Failure.REFUSAL: Fault(
        status=403,
        body=b'{"error":{"code":"40300","message":"Token %s may not read this","details":[]}}' % TOKEN.encode(),
        content_type="application/json",
    ),
}


class ResoSource(Source):
    """A market server over a table, in one vendor's manner."""

    def __init__(self, server: MarketServer, rows: Table, settings: ResoSettings) -> None:
        self.server, self.rows, self.settings = server, rows, settings
        self.counts_keys = settings.profile != "bridge"

    def feed(self) -> ListingFeed:
        return build_reso(evolve(self.settings, base_address=self.server.base_address))

    def put(self, key: str, at: datetime | str | None, price_usd: int = 500_000) -> None:
        self.rows.put(row(key, at, price_usd))

    def put_unreadable(self, at: datetime) -> None:
        unreadable = row("1999", at) | {"ListingKey": "   ", "ListingKeyNumeric": None}
        self.rows.put(unreadable)

    def remove(self, key: str, at: datetime) -> None:
        if self.settings.profile == "mlsgrid":
            self.rows.put(row(key, at, MlgCanView=False))
        else:
            self.rows.remove(key)

    def fail(self, failure: Failure) -> None:
        self.server.faults.append(FAULTS[failure])

    def shorten_keys(self) -> None:
        body = b'{"@odata.count":20,"value":[{"ListingKey":"1000","ListingKeyNumeric":1000,'
        body += b'"ModificationTimestamp":"2026-11-22T12:00:00Z"}]}'
        self.server.faults.append(Fault(status=200, body=body, content_type="application/json"))
        self.server.faults.append(Fault(status=200, body=b'{"value":[]}', content_type="application/json"))


@pytest.mark.enable_socket
class ResoContract(FeedContract):
    """Each vendor names its manner and profile."""

    manner = Manner()
    profile = "market"
    overrides: dict[str, Any] = {}  # noqa: RUF012 - read only
    system_name = ""

    @pytest.fixture(scope="class")
    @classmethod
    def served(cls) -> Iterator[tuple[MarketServer, Table]]:
        """One server for all tests of a vendor: starting and stopping one takes longer than a test."""
        rows = BridgeTable() if cls.profile == "bridge" else Table()
        with market_server(rows, lambda: START, token=Secret(TOKEN), manner=cls.manner) as server:
            yield server, rows

    @pytest.fixture
    def source(self, served: tuple[MarketServer, Table]) -> ResoSource:
        server, rows = served
        rows.clear()
        server.faults.clear()
        settings = ResoSettings(
            profile=self.profile,
            token=Secret(TOKEN),
            system_name=self.system_name,
            overrides={"page": 5, "key_page": 7, "limits": (), **self.overrides},
        )
        return ResoSource(server, rows, settings)


class TestLocalMarket(ResoContract):
    """Keyset by text keys."""


class TestLocalMarketWithSmallPages(ResoContract):
    """A server whose pages are smaller than what is asked for: a short page is not the last one."""

    manner = Manner(largest_page=2)


class TestCore(ResoContract):
    """Any certified server: no comparison of texts, pages by preference."""

    profile = "core"


class TestMlsGrid(ResoContract):
    manner = table.MLS_GRID
    profile = "mlsgrid"
    system_name = table.SYSTEM


class TestTrestle(ResoContract):
    manner = table.TRESTLE
    profile = "trestle"


class TestTrestleWithoutLinks(ResoContract):
    """A group of one timestamp is then walked by `$skip`."""

    manner = evolve(table.TRESTLE, links=Links.NONE)
    profile = "trestle"


class TestBridge(ResoContract):
    manner = table.BRIDGE
    profile = "bridge"


class TestBridgeWithoutReplication(ResoContract):
    """Where the MLS does not allow it: the plain collection, asked again by timestamp."""

    manner = evolve(table.BRIDGE, links=Links.SKIP)
    profile = "bridge"
    overrides = {"paging": "reask", "replication_path": None, "ordered": True}  # noqa: RUF012 - read only


class TestSparkReso(ResoContract):
    manner = table.SPARK_RESO
    profile = "spark_reso"


class TestSparkResoWithoutLinks(ResoContract):
    """A server to which `$top` is the sum of all pages gives no link behind it."""

    manner = evolve(table.SPARK_RESO, links=Links.NONE)
    profile = "spark_reso"


class TestWfrmls(ResoContract):
    """Numeric keys, no links."""

    manner = table.WFRMLS
    profile = "wfrmls"


del ResoContract  # the vendors inherit its tests; it has none of its own to run
