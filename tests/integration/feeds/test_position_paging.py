"""The experiment of `mls-feeds.md` 4.1: rows are updated while pages are read.

A client that follows position links loses rows; the adapter loses none, whatever the vendor's links are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from nudge_adapters.feeds.build import ResoSettings, build_reso
from nudge_adapters.feeds.market import MarketServer, market_server
from nudge_core.model.feed import FeedCursor
from nudge_core.model.secret import Secret
from tests.peers.table import Table, row

pytestmark = pytest.mark.enable_socket

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOKEN = Secret("market")
LISTINGS, PAGE = 251, 100


@pytest.fixture
def rows() -> Table:
    return Table([row(str(1_000 + number), NOW - timedelta(hours=LISTINGS - number)) for number in range(LISTINGS)])


@pytest.fixture
def server(rows: Table) -> Iterator[MarketServer]:
    with market_server(rows, lambda: NOW, token=TOKEN) as running:
        yield running


def update_three_of(keys: list[str], rows: Table) -> None:
    for number, key in enumerate(keys[:3]):
        rows.put(row(key, NOW + timedelta(seconds=number), 111_000))


def follow_links(address: str, rows: Table) -> list[str]:
    """Do what is often done: follow the next link."""
    seen: list[str] = []
    headers = {"Authorization": f"Bearer {TOKEN.reveal()}", "Prefer": f"odata.maxpagesize={PAGE}"}
    with httpx.Client(headers=headers, trust_env=False) as client:
        link: str | None = address
        while link:
            body = client.get(link).json()
            seen += [one["ListingKey"] for one in body["value"]]
            if len(seen) == PAGE:
                update_three_of(seen, rows)
            link = body.get("@odata.nextLink")
    return seen


def test_position_links_in_the_order_of_time_lose_rows(server: MarketServer, rows: Table) -> None:
    seen = follow_links(f"{server.base_address}/Property?$orderby=ModificationTimestamp,ListingKey", rows)
    assert len(seen) == LISTINGS
    assert len(set(seen)) == LISTINGS - 3, "three are lost, and three came twice"


def test_position_links_in_the_order_of_keys_lose_none_when_rows_change(server: MarketServer, rows: Table) -> None:
    seen = follow_links(f"{server.base_address}/Property?$orderby=ListingKey", rows)
    assert sorted(seen) == sorted(str(1_000 + number) for number in range(LISTINGS))


@pytest.mark.parametrize("profile", ["market", "core", "trestle"])
async def test_the_adapter_loses_none(server: MarketServer, rows: Table, profile: str) -> None:
    overrides = {"page": PAGE, "limits": ()}
    settings = ResoSettings(profile=profile, base_address=server.base_address, token=TOKEN, overrides=overrides)
    feed = build_reso(settings)
    cursor, prices, more, pages = FeedCursor(source_id=feed.source_id), dict[str, int | None](), True, 0
    while more:
        page = await feed.read(cursor, NOW + timedelta(minutes=1))
        prices |= {one.snapshot.listing_key: one.snapshot.list_price_cents for one in page.listings}
        if pages == 0:
            assert len(prices) == PAGE
            changed = list(prices)[:3]
            update_three_of(changed, rows)
        cursor, more, pages = page.cursor, page.more, pages + 1
    assert len(prices) == LISTINGS
    assert [prices[key] for key in changed] == [11_100_000] * 3, "the three changed rows came again, as they should"
    await feed.aclose()
