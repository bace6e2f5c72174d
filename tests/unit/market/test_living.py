"""The market lives, is believable, and is the same whenever and however it is brought to an instant."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge_adapters.feeds.market import Market
from nudge_adapters.feeds.market.blemishes import BLEMISHES
from nudge_adapters.feeds.market.dice import Dice
from nudge_adapters.feeds.market.fields import PROPERTY
from nudge_adapters.feeds.market.places import NEIGHBOURHOODS
from nudge_adapters.feeds.market.remarks import FEATURES
from nudge_core.errors import Invalid

START = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
DAY = timedelta(days=1)
GOLDEN = "d1d5e603ea5262e320cee234eda37253e5183d6e7ace7d86f396a84cec98e488"


def digest(market: Market) -> str:
    return hashlib.sha256(json.dumps(market.records()).encode()).hexdigest()


def test_the_same_seed_gives_the_same_bytes_on_every_machine() -> None:
    """A digest that was written down once: it changes only when the market is changed on purpose."""
    market = Market(7, 60, START)
    market.advance(START + 30 * DAY)
    assert digest(market) == GOLDEN


def test_another_process_with_other_hashes_gives_the_same_bytes() -> None:
    program = (
        "import hashlib, json, sys\n"
        "from datetime import datetime, timedelta, UTC\n"
        "from nudge_adapters.feeds.market import Market\n"
        "market = Market(7, 20, datetime(2026, 11, 22, 15, 30, tzinfo=UTC))\n"
        "market.advance(datetime(2026, 12, 2, 15, 30, tzinfo=UTC))\n"
        "print(hashlib.sha256(json.dumps(market.records()).encode()).hexdigest())\n"
    )
    here = Market(7, 20, START)
    here.advance(START + 10 * DAY)
    there = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": "4711", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert there.stdout.strip() == digest(here)


@given(st.lists(st.integers(1, 40), max_size=6), st.integers(0, 3))
@settings(max_examples=25)
def test_how_time_was_moved_on_leaves_no_trace(hours: list[int], seed: int) -> None:
    stepped, at_once = Market(seed, 12, START), Market(seed, 12, START)
    for count in hours:
        stepped.advance(stepped.time + timedelta(hours=count))
    at_once.advance(START + timedelta(hours=sum(hours)))
    assert digest(stepped) == digest(at_once)


def test_time_does_not_go_back() -> None:
    market = Market(7, 20, START)
    market.advance(START + DAY)
    before = digest(market)
    market.advance(START)
    assert (digest(market), market.time) == (before, START + DAY)


def test_other_seeds_are_other_markets() -> None:
    assert len({digest(Market(seed, 20, START)) for seed in range(5)}) == 5


@pytest.mark.parametrize(
    ("size", "start", "share"),
    [(0, START, 0.0), (20_001, START, 0.0), (10, START.replace(tzinfo=None), 0.0), (10, START, 1.5)],
)
def test_what_no_market_can_be_is_refused(size: int, start: datetime, share: float) -> None:
    with pytest.raises(Invalid):
        Market(7, size, start, share)


def changes(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name what happened between two days, as a reader of the feed would see it."""
    found = []
    for key, record in after.items():
        was = before.get(key)
        old, new = was and was["StandardStatus"], record["StandardStatus"]
        if was is None or old != new:
            found.append(f"{old or 'nothing'} -> {new}")
        elif record["ListPrice"] != was["ListPrice"]:
            found.append("cut" if record["ListPrice"] < was["ListPrice"] else "rise")
        elif record != was:
            found.append("touched")
    return found + ["vanished"] * len(before.keys() - after.keys())


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_thirty_days_show_every_kind_of_event(seed: int) -> None:
    market, seen, days = Market(seed, 400, START), Counter[str](), []
    before = market.truth()
    for day in range(1, 31):
        market.advance(START + day * DAY)
        today = changes(before, market.truth())
        seen.update(today)
        days.append(len([one for one in today if one not in ("touched", "vanished")]))
        before = market.truth()
    assert seen["nothing -> Active"] + seen["Coming Soon -> Active"] > 30  # new_listing
    assert seen["nothing -> Coming Soon"] > 5  # coming_soon
    assert seen["cut"] > 30  # price_drop
    assert seen["Pending -> Closed"] > 30  # sold_listing
    assert seen["Pending -> Active"] + seen["Withdrawn -> Active"] + seen["Hold -> Active"] > 2  # back_on_market
    assert seen["Active -> Expired"] > 2  # expired_listing
    assert seen["Active -> Withdrawn"] > 2  # withdrawn_listing
    assert seen["rise"] > 2
    assert seen["touched"] > 5 * seen["cut"], "most modifications mean nothing"
    assert min(days) > 0, "something happens every day"


def test_a_home_is_listed_again_under_another_key_soon_after() -> None:
    market = Market(3, 400, START, dirty_share=0)
    relisted = 0
    left: dict[tuple[str, str | None], str] = {}
    for day in range(1, 60):
        before = market.truth()
        market.advance(START + day * DAY)
        for key, record in market.truth().items():
            home = (record["UnparsedAddress"], record["UnitNumber"])
            if record["StandardStatus"] in ("Withdrawn", "Canceled", "Expired"):
                left[home] = key
            elif key not in before and left.get(home, key) != key:
                relisted += 1
    assert relisted > 0


def test_records_are_believable() -> None:
    market = Market(7, 400, START, dirty_share=0)
    market.advance(START + 20 * DAY)
    places = {(one.city, one.postal_code, one.subdivision): one for one in NEIGHBOURHOODS}
    leases = 0
    for record in market.records():
        place = places[(record["City"], record["PostalCode"], record["SubdivisionName"])]
        assert abs(record["Latitude"] - place.latitude) < 0.03
        assert abs(record["Longitude"] - place.longitude) < 0.03
        assert place.built[0] <= record["YearBuilt"] <= place.built[1]
        assert record["BathroomsTotalInteger"] == record["BathroomsFull"] + record["BathroomsHalf"]
        lease = record["PropertyType"] == "Residential Lease"
        leases += lease
        assert (500 if lease else 90_000) < record["ListPrice"] < (15_000 if lease else 5_000_000)
        assert datetime.fromisoformat(record["ModificationTimestamp"]) <= market.time
        assert record["OriginalEntryTimestamp"] <= record["ModificationTimestamp"]
        assert record["ListingContractDate"] <= (record["OnMarketDate"] or "9999")
        sold = record["StandardStatus"] == "Closed"
        assert (record["CloseDate"] is not None) is sold
        assert (record["MlsStatus"] == "Leased") is (sold and lease)
        assert re.fullmatch(r"\d+ [A-Z][\w' ]+", record["UnparsedAddress"].partition(" #")[0])
        assert "512-555-01" in record["PrivateRemarks"] or "Lockbox code" in record["PrivateRemarks"]
        assert "Lockbox" not in record["PublicRemarks"]
    assert 0.03 < leases / len(market.records()) < 0.2


def test_remarks_name_only_features_the_home_has() -> None:
    market = Market(7, 300, START, dirty_share=0)
    for record in market.records():
        for feature, field in (("pool", "PoolPrivateYN"), ("garage", "GarageYN"), ("waterfront", "WaterfrontYN")):
            told = any(sentence in record["PublicRemarks"] for sentence in FEATURES[feature])
            assert not told or record[field] in (True, None)
        if any(sentence in record["PublicRemarks"] for sentence in FEATURES["no_hoa"]):
            assert record["AssociationFee"] == 0


def test_every_field_that_is_sent_stands_in_the_metadata() -> None:
    market = Market(7, 400, START, dirty_share=1)
    assert {name for record in market.records() for name in record} - {"Media"} <= PROPERTY.keys()


def test_every_blemish_occurs_and_few_records_have_one() -> None:
    market, clean = Market(7, 800, START, dirty_share=0.2), 0
    market.advance(START + 20 * DAY)
    truth = market.truth()
    seen = Counter[str]()
    for record in market.records():
        true = truth[record["ListingKey"]]
        if record == true:
            clean += 1
            continue
        seen.update(name.__name__ for name in BLEMISHES if name(dict(true)) == record)
    assert set(seen) == {name.__name__ for name in BLEMISHES}
    assert 0.75 < clean / len(truth) < 0.9


def test_nights_of_mass_updates_give_many_rows_one_timestamp() -> None:
    market, largest = Market(7, 400, START), 0
    for day in range(1, 31):
        market.advance(START + day * DAY)
        largest = max(largest, *Counter(one["ModificationTimestamp"] for one in market.truth().values()).values())
    assert largest > 50


def test_dice_fall_as_their_distribution_says() -> None:
    dice = Dice("test")
    values = sorted(dice.along(((0, 0), (0.5, 10), (1, 100))) for _ in range(4_001))
    assert values[2_000] == pytest.approx(10, abs=1)
    assert 0 <= values[0] < values[-1] < 100
    picks = Counter(dice.weighted((("a", 3), ("b", 1), ("c", 0))) for _ in range(4_000))
    assert picks["c"] == 0
    assert picks["a"] / picks["b"] == pytest.approx(3, rel=0.2)
    assert {dice.between(1, 3) for _ in range(100)} == {1, 2, 3}
    assert sorted(dice.some("abc", 5)) == ["a", "b", "c"]
