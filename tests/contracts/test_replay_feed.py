"""The promises of a feed, kept by the replay of recorded pages. What only a living source can do is skipped."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from nudge_adapters.feeds.build import Recorded, ReplaySettings, build_replay
from nudge_core.errors import Misconfigured
from nudge_core.ports.services import ListingFeed
from tests.contracts.feed_contract import Failure, FeedContract, Source
from tests.peers.table import Table, row
from tests.shared_data import shared


class Recorder(Source):
    """Writes rows as recorded pages, oldest first, when a feed is asked for."""

    living = False

    def __init__(self, folder: Path) -> None:
        self.folder, self.rows = folder, Table()

    def feed(self) -> ListingFeed:
        rows = sorted(self.rows.records(), key=lambda one: str(one["ModificationTimestamp"]))
        for number, start in enumerate(range(0, len(rows), self.page)):
            page = {"status": 200, "headers": {}, "body": {"value": rows[start : start + self.page]}}
            (self.folder / f"page_{number:03d}.json").write_text(json.dumps(page))
        return build_replay(ReplaySettings(path=self.folder, holds=Recorded.PAGES))

    def put(self, key: str, at: datetime | str | None, price_usd: int = 500_000) -> None:
        self.rows.put(row(key, at, price_usd))

    def put_unreadable(self, at: datetime) -> None:
        self.rows.put(row("1999", at) | {"ListingKey": "   "})

    def remove(self, key: str, at: datetime) -> None:
        raise NotImplementedError

    def fail(self, failure: Failure) -> None:
        raise NotImplementedError

    def shorten_keys(self) -> None:
        raise NotImplementedError


class TestReplay(FeedContract):
    @pytest.fixture
    def source(self, tmp_path: Path) -> Recorder:
        return Recorder(tmp_path)


def test_a_recording_that_is_not_there_is_a_matter_of_settings(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"nothing\.jsonl"):
        build_replay(ReplaySettings(path=tmp_path / "nothing.jsonl"))


async def test_histories_are_replayed_by_the_same_settings() -> None:
    feed = build_replay(ReplaySettings(path=shared("mls/listing_histories_500.jsonl")))
    assert feed.source_id == "replay:listing_histories_500"
    assert "listing_histories_500" in await feed.ping()
