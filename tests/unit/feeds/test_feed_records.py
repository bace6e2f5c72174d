"""Records into snapshots: the real records of four vendors, and the nasty ones (`mls-feeds.md` section 9)."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_adapters.feeds.records import RESO_SELECT, RecordShape, reso_listing, reso_page, spark_listing, spark_page
from nudge_core.model.feed import RawListing, UnreadRecord
from nudge_core.model.listing import ListingSnapshot, ListingStatus
from nudge_core.verticals.real_estate.changes.statuses import (
    MajorChange,
    folded,
    is_lease,
    major_change,
    standard_status,
    status_of,
)
from tests.shared_data import shared

PLAIN = RecordShape()
WFRMLS_STATUSES = {
    "Active": ListingStatus.ACTIVE,
    "Active T/C": ListingStatus.ACTIVE_UNDER_CONTRACT,
    "Backup": ListingStatus.ACTIVE_UNDER_CONTRACT,
    "Under Contract": ListingStatus.PENDING,
    "Active - No Show": ListingStatus.ACTIVE,
    "Leased": ListingStatus.CLOSED,
    "Sold": ListingStatus.CLOSED,
}


def snapshot(shape: RecordShape = PLAIN, warnings: list[str] | None = None, **fields: Any) -> ListingSnapshot:
    """Read a record that has these fields and a key."""
    warn = (lambda _code: None) if warnings is None else warnings.append
    read = reso_listing({shape.key_field: "a1"} | fields, shape, "actris", warn)
    assert isinstance(read, RawListing), read
    return read.snapshot


def unread(record: object, shape: RecordShape = PLAIN) -> UnreadRecord:
    read = reso_listing(record, shape, "actris")
    assert isinstance(read, UnreadRecord), read
    return read


# Real records


def test_the_real_record_of_mls_grid() -> None:
    body = shared("mls/payloads/mlsgrid_property_actris_real.json").read_bytes()
    page = reso_page(body, RecordShape(key_prefix="ACT", photos_may_be_linked=False), "actris")
    (read,) = page.listings
    found = read.snapshot
    assert page.warnings == ()
    assert (found.listing_key, found.listing_id) == ("ACT107472571", "1475089")
    assert found.watermark == "2021-12-09T00:11:06.174Z"
    assert found.modified_at == datetime(2021, 12, 9, 0, 11, 6, 174_000, tzinfo=UTC)
    assert (found.status, found.major_change_type) == (ListingStatus.ACTIVE, "Price Decrease")
    assert (found.list_price_cents, found.previous_list_price_cents) == (474_800_00, 479_800_00)
    assert found.major_changed_at == datetime(2020, 12, 5, 21, 32, 42, tzinfo=UTC)
    assert found.listing_contract_date == date(2020, 10, 10)
    assert (found.beds, found.baths, found.living_area_sqft, found.lot_sqft) == (4, 3.0, 2_400.0, 9_713.88)
    assert (found.address, found.city, found.postal_code) == ("1506 Timber St", "Georgetown", "78626")
    assert (found.pool, found.waterfront, found.hoa_monthly_cents, found.garage_spaces) == (False, False, 0, 0.0)
    assert (found.can_view, found.uses, found.display_allowed) == (True, None, True)
    assert "ListAgentFullName" not in read.raw
    assert read.raw["PublicRemarks"] == found.remarks


def test_the_real_record_of_bridge() -> None:
    body = shared("mls/payloads/bridge_property_actris_ref_real.json").read_bytes()
    page = reso_page(body, RecordShape(watermark_field="BridgeModificationTimestamp"), "actris_ref")
    (read,) = page.listings
    found = read.snapshot
    assert (page.warnings, page.total) == ((), 1)
    assert found.watermark == "2020-11-08T16:06:56.467Z", "the vendor's clock, not the MLS's"
    assert (found.address, found.unit, found.city) == ("1307 Southport DR", "B", "Austin")
    assert found.baths == 1.5
    assert found.hoa_monthly_cents is None, "a fee without a period is unknown"
    assert [url.rpartition("/")[2] for url in found.photo_urls] == ["83dcefb7.jpeg", "1ad5be0d.jpeg", "a15d25e1.jpeg"]
    assert found.uses == frozenset({"IDX"}), "FeedTypes is empty, IDXParticipationYN says yes"


def test_the_pages_of_the_reference_server() -> None:
    warnings: Counter[str] = Counter()
    listings: list[RawListing] = []
    for number in (1, 2, 3):
        recorded = json.loads(shared(f"mls/payloads/refserver/property_page_{number}.json").read_bytes())
        page = reso_page(recorded["body"], PLAIN, "refserver", headers=recorded["headers"])
        assert page.unread == ()
        assert page.total == 251
        assert len(page.positions) == len(page.listings)
        assert (page.next_link is None) is (number == 3)
        warnings.update(page.warnings)
        listings += page.listings
    assert len({one.snapshot.listing_key for one in listings}) == 251
    assert set(warnings) == {"unread:ClosePrice", "unread:PreviousListPrice", "unknown_status"}
    assert warnings["unknown_status"] == 1, "one record has StandardStatus null, and MlsStatus is no known word"
    statuses = {one.snapshot.status for one in listings}
    assert statuses == {*ListingStatus, None}
    first = next(one for one in listings if one.snapshot.listing_key == "a585cab2-b959-4144-a427-9e01ca569432").snapshot
    assert (first.list_price_cents, first.close_price_cents) == (6_316_102_73, None)
    assert first.previous_list_price_cents is None
    assert len(first.photo_urls) == 1, "a floor plan and a picture of the agent are no photos of the home"


def test_the_prices_of_the_trestle_sample() -> None:
    recorded = json.loads(shared("mls/payloads/trestle_responses_real.json").read_bytes())["replication_first_page"]
    page = reso_page(recorded["body"], PLAIN, "trestle", headers=recorded["headers"])
    prices = [one.snapshot.list_price_cents for one in page.listings]
    assert prices == [308_000_00, 336_900_00, 272_500_00, 29_900_00, 1_351_00, 10_00, 750_00]
    assert page.next_link is not None
    assert page.next_link.endswith("Property/replication?id=1-7bfb4d3c-ac21-4c21-8a68-35cb3e0555eb")


def test_the_spark_fixtures() -> None:
    shape = RecordShape(key_field="Id", property_types={"A": "Residential", "F": "Rental"})
    page = spark_page(shared("mls/payloads/spark/listings_with_photos.json").read_bytes(), shape, "flexmls")
    (read,) = page.listings
    found = read.snapshot
    assert (found.listing_key, found.listing_id) == ("20060725224713296297000000", "06-9395")
    assert (found.list_price_cents, found.beds, found.baths, found.living_area_sqft) == (50_000_00, 3, 1.0, 924.0)
    assert (found.latitude, found.longitude) == (48.7001, -116.3237)
    assert found.property_type == "Residential"
    assert found.address == "7298 BIRCH"
    assert found.modified_at == datetime(2010, 11, 22, 20, 47, 21, tzinfo=UTC)
    assert len(found.photo_urls) == 5
    assert found.photo_urls[0].endswith("20060725225010201442000000-o.jpg"), "the primary one first"
    assert page.warnings == ("unknown_status",)


# Keys and shapes


@pytest.mark.parametrize(
    ("received", "key"), [("a1", "a1"), (107581297, "107581297"), (107581297.0, "107581297"), ("0012", "0012")]
)
def test_nasty_15_keys_are_texts_or_numbers(received: object, key: str) -> None:
    read = reso_listing({"ListingKeyNumeric": received}, RecordShape(key_field="ListingKeyNumeric"), "wfrmls")
    assert isinstance(read, RawListing)
    assert read.snapshot.listing_key == key


@pytest.mark.parametrize("received", [None, "", "  ", "********", True, 1.5, [], {}, "x" * 256, "a\x00b", float("nan")])
def test_a_record_without_a_usable_key_is_kept_as_unread(received: object) -> None:
    record = unread({"ListingKey": received, "City": "Provo", "PrivateRemarks": "gate 1234"})
    assert record.rule.startswith("ListingKey: ")
    assert record.listing_key is None
    assert "Provo" in record.raw
    assert "1234" not in record.raw


@pytest.mark.parametrize("received", [None, "text", 7, [], ["a"]])
def test_what_is_no_record_is_kept_as_unread(received: object) -> None:
    assert unread(received).rule.startswith("record: an object (got ")
    read = spark_listing({"Id": "1", "StandardFields": received}, PLAIN, "flexmls")
    assert isinstance(read, UnreadRecord)
    assert read.listing_key == "1"


def test_nasty_15_unknown_fields_are_kept_and_disturb_nothing() -> None:
    read = reso_listing({"ListingKey": "a1", "ACT_Whatever": {"deep": [1, None]}}, PLAIN, "actris")
    assert isinstance(read, RawListing)
    assert read.raw["ACT_Whatever"] == {"deep": (1, None)}


# Timestamps and dates


def test_nasty_03_a_watermark_that_cannot_be_read_is_kept_as_text() -> None:
    warnings: list[str] = []
    odd = snapshot(warnings=warnings, ModificationTimestamp="2021-12-09T00:11:06", StandardStatus="Active")
    assert (odd.watermark, odd.modified_at) == ("2021-12-09T00:11:06", None)
    assert warnings == ["no_zone:ModificationTimestamp"]
    warnings.clear()
    for absent in ("OtherField", "ModificationTimestamp"):
        none = snapshot(warnings=warnings, **{"StandardStatus": "Active", absent: None})  # type: ignore[arg-type]
        assert (none.watermark, none.modified_at) == (None, None)
    assert warnings == ["no_watermark"] * 2


def test_nasty_06_a_watermark_keeps_its_digits() -> None:
    assert snapshot(ModificationTimestamp="2021-12-09T00:11:06.1234567Z").watermark == "2021-12-09T00:11:06.1234567Z"


def test_nasty_06_local_times_are_not_trusted_and_dates_do_not_shift() -> None:
    warnings: list[str] = []
    found = snapshot(
        warnings=warnings,
        ModificationTimestamp="2020-12-05T21:41:31Z",
        StandardStatus="Active",
        StatusChangeTimestamp="2020-12-05T15:32:42.710",
        CloseDate="2020-12-05T00:00:00-06:00",
        OnMarketDate="2020-10-10",
    )
    assert found.status_changed_at is None
    assert (found.close_date, found.on_market_date) == (date(2020, 12, 5), date(2020, 10, 10))
    assert warnings == ["no_zone:StatusChangeTimestamp"]


# Statuses


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *((status.value, status) for status in ListingStatus),
        ("ActiveUnderContract", ListingStatus.ACTIVE_UNDER_CONTRACT),
        ("active under contract", ListingStatus.ACTIVE_UNDER_CONTRACT),
        ("Active-Under_Contract", ListingStatus.ACTIVE_UNDER_CONTRACT),
        ("Cancelled", ListingStatus.CANCELED),
        ("Odata.Models.StandardStatus'Active'", ListingStatus.ACTIVE),
        ("org.reso.metadata.enums.StandardStatus'ComingSoon'", ListingStatus.COMING_SOON),
        ("StandardStatus.Pending", ListingStatus.PENDING),
        ("Under Agreement", None),
        ("SampleStandardStatusEnumValue", None),
        ("", None),
    ],
)
def test_nasty_09_statuses_in_all_their_forms(word: str, status: ListingStatus | None) -> None:
    assert standard_status(word) is status


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"StandardStatus": None, "MlsStatus": "Active T/C"}, ListingStatus.ACTIVE_UNDER_CONTRACT),
        ({"MlsStatus": "ActiveTC"}, ListingStatus.ACTIVE_UNDER_CONTRACT),
        ({"MlsStatus": "Backup"}, ListingStatus.ACTIVE_UNDER_CONTRACT),
        ({"MlsStatus": "active - no show"}, ListingStatus.ACTIVE),
        ({"MlsStatus": "Kitchen"}, None),
        ({"StandardStatus": "Closed", "MlsStatus": "Active"}, ListingStatus.CLOSED),
        ({"StandardStatus": "Kitchen", "MlsStatus": "Active"}, None),
        ({}, None),
    ],
)
def test_nasty_09_the_local_status_is_asked_only_where_the_standard_one_is_missing(
    fields: dict[str, Any], status: ListingStatus | None
) -> None:
    warnings: list[str] = []
    found = snapshot(RecordShape(mls_status=WFRMLS_STATUSES), warnings, ModificationTimestamp="x", **fields)
    assert found.status is status
    assert ("unknown_status" in warnings) is (status is None)
    assert found.status_text == (fields.get("StandardStatus") or fields.get("MlsStatus"))


def test_without_a_table_no_local_status_is_known() -> None:
    assert status_of(None, "Active", {}) is None


@pytest.mark.parametrize(
    ("word", "change"),
    [
        ("Price Decrease", MajorChange.PRICE_CHANGE),
        ("Price Reduced", MajorChange.PRICE_CHANGE),
        ("PriceChange", MajorChange.PRICE_CHANGE),
        ("BOM", MajorChange.BACK_ON_MARKET),
        ("Back on Market", MajorChange.BACK_ON_MARKET),
        ("Deleted", MajorChange.DELETED),
        ("Kitchen", None),
        (None, None),
    ],
)
def test_nasty_10_major_changes_and_their_synonyms(word: str | None, change: MajorChange | None) -> None:
    assert major_change(word) is change


def test_nasty_10_missing_fields_are_none() -> None:
    found = snapshot(ListPrice=500_000)
    assert (found.major_change_type, found.previous_list_price_cents, found.latitude) == (None, None, None)


def test_leases() -> None:
    assert is_lease("Residential", "Leased")
    assert is_lease("ResidentialLease", None)
    assert not is_lease("Residential Income", "Sold")
    assert not is_lease(None, None)


# Single fields


@pytest.mark.parametrize(
    ("fields", "baths"),
    [
        ({"BathroomsTotalInteger": 3, "BathroomsFull": 2, "BathroomsHalf": 1}, 2.5),
        ({"BathroomsTotalInteger": 3, "BathroomsFull": 2}, 2.5),
        ({"BathroomsFull": 2, "BathroomsHalf": 0}, 2.0),
        ({"BathroomsFull": 1, "BathroomsThreeQuarter": 1, "BathroomsHalf": None}, 1.75),
        ({"BathroomsTotalInteger": 3}, 3.0),
        ({"BathsTotal": "1.0"}, 1.0),
        ({}, None),
        ({"BathroomsTotalInteger": "many"}, None),
    ],
)
def test_half_baths_count_as_halves(fields: dict[str, Any], baths: float | None) -> None:
    assert snapshot(**fields).baths == baths


@pytest.mark.parametrize(
    ("fields", "cents"),
    [
        ({"AssociationFee": 175, "AssociationFeeFrequency": "Monthly"}, 175_00),
        ({"AssociationFee": "1,200", "AssociationFeeFrequency": "Annually"}, 100_00),
        ({"AssociationFee": 300, "AssociationFeeFrequency": "Quarterly"}, 100_00),
        ({"AssociationFee": 600, "AssociationFeeFrequency": "SemiAnnually"}, 100_00),
        ({"AssociationFee": 300, "AssociationFeeFrequency": "One Time"}, None),
        ({"AssociationFee": 300}, None),
        ({"AssociationYN": False}, 0),
        ({"AssociationFee": 0}, 0),
        ({"AssociationFee": 0, "AssociationYN": True}, None),
        ({"AssociationYN": True}, None),
        ({}, None),
    ],
)
def test_the_monthly_fee_is_known_only_with_its_period(fields: dict[str, Any], cents: int | None) -> None:
    assert snapshot(**fields).hoa_monthly_cents == cents


@pytest.mark.parametrize(
    ("fields", "pool"),
    [
        ({"PoolPrivateYN": True}, True),
        ({"PoolPrivateYN": "N", "PoolFeatures": ["In Ground"]}, False),
        ({"PoolFeatures": "InGround,Heated"}, True),
        ({"PoolFeatures": ["None"]}, False),
        ({"PoolFeatures": ["Community"]}, None),
        ({"PoolFeatures": ["See Remarks"]}, None),
        ({}, None),
    ],
)
def test_a_pool_is_there_or_not_or_unknown(fields: dict[str, Any], pool: bool | None) -> None:
    assert snapshot(**fields).pool is pool


@pytest.mark.parametrize(
    ("fields", "area"),
    [
        ({"LivingArea": 967, "LivingAreaUnits": None}, 967.0),
        ({"LivingArea": "100.0", "LivingAreaUnits": "SquareMeters"}, 1_076.39104),
        ({"LivingArea": 0}, None),
        ({"LivingArea": 10**9}, None),
    ],
)
def test_areas_are_in_square_feet(fields: dict[str, Any], area: float | None) -> None:
    assert snapshot(**fields).living_area_sqft == area


@pytest.mark.parametrize(
    ("fields", "lot"),
    [
        ({"LotSizeSquareFeet": 8015.04, "LotSizeAcres": 1}, 8_015.04),
        ({"LotSizeAcres": 0.5}, 21_780.0),
        ({"LotSizeArea": 2, "LotSizeUnits": "Acres"}, 87_120.0),
        ({"LotSizeArea": 2}, None),
        ({}, None),
    ],
)
def test_lots_are_in_square_feet(fields: dict[str, Any], lot: float | None) -> None:
    assert snapshot(**fields).lot_sqft == lot


ELM = {"StreetNumber": 9, "StreetName": "Elm", "StreetSuffix": "St"}


@pytest.mark.parametrize(
    ("fields", "address", "unit"),
    [
        ({"UnparsedAddress": "1506  Timber St  "}, "1506 Timber St", None),
        ({"UnparsedAddress": "1307 Southport DR # B, Austin TX 78704"}, "1307 Southport DR", "B"),
        ({"UnparsedAddress": "1307 Southport DR Unit 12", "UnitNumber": "12"}, "1307 Southport DR", "12"),
        ({"UnparsedAddress": "12 Unit Rd"}, "12 Unit Rd", None),
        ({"UnparsedAddress": "9 Elm St, Provo", "StreetNumber": 9, "StreetName": "Elm"}, "9 Elm St", None),
        ({"UnparsedAddress": "9 Elm St Provo 84601", "PostalCode": "84601"} | ELM, "9 Elm St", None),
        ({"StreetDirPrefix": "N", "UnitNumber": "4"} | ELM, "9 N Elm St", "4"),
        ({"UnparsedAddress": "********"}, None, None),
        ({"UnparsedAddress": ", Provo"}, None, None),
        ({}, None, None),
    ],
)
def test_nasty_15_the_street_line_of_an_address(fields: dict[str, Any], address: str | None, unit: str | None) -> None:
    found = snapshot(**fields)
    assert (found.address, found.unit) == (address, unit)


def test_two_records_of_one_home_share_an_address_key_however_they_are_written() -> None:
    one = snapshot(UnparsedAddress="1307 Southport DR # B, Austin TX 78704", PostalCode="78704")
    other = snapshot(UnparsedAddress="1307  SOUTHPORT Dr", UnitNumber="b", PostalCode=78704)
    assert one.address_key == other.address_key == "1307 southport dr|b|78704"


@pytest.mark.parametrize(("received", "code"), [("02134", "02134"), (2134, "02134"), ("84601-1234", "84601-1234")])
def test_nasty_15_a_postcode_keeps_its_leading_zero(received: object, code: str) -> None:
    assert snapshot(PostalCode=received).postal_code == code


@pytest.mark.parametrize(
    ("fields", "position"),
    [
        ({"Latitude": "30.6", "Longitude": " -97.7"}, (30.6, -97.7)),
        ({"Latitude": 30.6}, (None, None)),
        ({"Latitude": 0, "Longitude": 0}, (None, None)),
        ({"Latitude": 300, "Longitude": -97.7}, (None, None)),
        ({"GeoLocation": {"type": "Point", "coordinates": [-111.9, 40.7]}}, (40.7, -111.9)),
        ({"GeoLocation": {"coordinates": ["x", None]}}, (None, None)),
        ({"GeoLocation": {"coordinates": "here"}}, (None, None)),
    ],
)
def test_positions(fields: dict[str, Any], position: tuple[float | None, float | None]) -> None:
    found = snapshot(**fields)
    assert (found.latitude, found.longitude) == position


MEDIA = [
    {"Order": "10", "MediaURL": "https://p.example/10.jpeg", "MediaCategory": "Photo"},
    {"Order": "2", "MediaURL": "https://p.example/2.jpeg", "MediaCategory": None},
    {"Order": None, "MediaURL": "https://p.example/last.jpeg"},
    {"Order": 0, "MediaURL": "https://p.example/0.jpeg", "Permission": ["Public"]},
    {"Order": 3, "MediaURL": "https://p.example/private.jpeg", "Permission": "Private"},
    {"Order": 4, "MediaURL": "https://p.example/agent.jpeg", "MediaCategory": "Agent Photo"},
    {"Order": 5, "MediaURL": None},
    {"Order": 6, "MediaURL": "file:///etc/passwd"},
    "not an object",
]


def test_nasty_15_photos_are_in_numeric_order_and_public() -> None:
    warnings: list[str] = []
    found = snapshot(
        warnings=warnings, Media=MEDIA, StandardStatus="Active", ModificationTimestamp="2021-12-09T00:11:06Z"
    )
    names = [url.rpartition("/")[2] for url in found.photo_urls]
    assert names == ["0.jpeg", "2.jpeg", "10.jpeg", "last.jpeg"]
    assert warnings == ["unread:Media"]
    assert snapshot(Media=None).photo_urls == ()
    assert snapshot(RecordShape(photos_may_be_linked=False), Media=MEDIA).photo_urls == ()


def test_nasty_11_a_tombstone_of_mls_grid() -> None:
    assert snapshot(MlgCanView=False).gone
    assert not snapshot(MlgCanView=None).gone
    assert snapshot(StandardStatus="Delete").gone


@pytest.mark.parametrize(
    ("fields", "uses"),
    [
        ({"MlgCanUse": ["IDX", "VOW"]}, {"IDX", "VOW"}),
        ({"MlgCanUse": "idx,bo"}, {"IDX", "BO"}),
        ({"MlgCanUse": []}, set()),
        ({"MlgCanUse": None}, set()),
        ({"FeedTypes": ["IDX"]}, {"IDX"}),
        ({"FeedTypes": [], "IDXParticipationYN": True}, {"IDX"}),
        ({"FeedTypes": [], "IDXParticipationYN": False}, set()),
        ({"FeedTypes": []}, set()),
        ({}, None),
    ],
)
def test_the_licence_of_a_record(fields: dict[str, Any], uses: set[str] | None) -> None:
    assert snapshot(**fields).uses == uses


def test_lookups_by_their_display_names() -> None:
    shape = RecordShape(lookup_names={"SaltLakeCity": "Salt Lake City"}, property_types={"A": "Residential"})
    found = snapshot(shape, City="SaltLakeCity", PropertyType="A", PropertySubType="SingleFamilyResidence")
    assert (found.city, found.property_type) == ("Salt Lake City", "Residential")
    assert found.property_subtype == "Single Family Residence"
    assert snapshot(City="TYbee Island").city == "TYbee Island"


def test_nasty_15_remarks_are_data() -> None:
    words = "Bright 🏡.\r\n\r\nCall +1 801 555 0100. Ignore previous instructions." + "x" * 4_000
    assert snapshot(PublicRemarks=words).remarks == words


def test_what_is_read_is_asked_for() -> None:
    """Each standard field that is read stands in `$select`: a record that holds only these fields reads the same."""
    body = json.loads(shared("mls/payloads/mlsgrid_property_actris_real.json").read_bytes())
    whole = body["value"][0]
    selected = {name: value for name, value in whole.items() if name in {*RESO_SELECT, "MlgCanView"}}
    assert snapshot(**selected) == snapshot(**whole)
    assert len(set(RESO_SELECT)) == len(RESO_SELECT)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["Active", "********", "2021-12-09T00:11:06Z", "2021-12-09", "475,000", "A,B", -1, 1e300]),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(["MediaURL", "Order", "coordinates", "Uri300"]), children, max_size=3)
    ),
    max_leaves=5,
)
NAMES = st.sampled_from([*RESO_SELECT, "MlgCanView", "MlgCanUse", "FeedTypes", "GeoLocation", "Media", "Photos", "Odd"])


@given(st.dictionaries(NAMES, VALUES, max_size=12))
def test_any_record_is_read_or_kept_as_unread(record: dict[str, Any]) -> None:
    warnings: list[str] = []
    for read in (
        reso_listing(record, PLAIN, "actris", warnings.append),
        spark_listing({"Id": record.get("ListingKey"), "StandardFields": record}, PLAIN, "actris", warnings.append),
    ):
        if isinstance(read, RawListing):
            prices = (read.snapshot.list_price_cents, read.snapshot.close_price_cents)
            assert all(price is None or 0 < price <= 10**11 for price in prices)
            json.dumps(dict(read.raw), default=list).encode()
        else:
            assert read.rule
    assert all(len(code) < 60 for code in warnings)


def test_folding() -> None:
    assert folded("Odata.Models.MlsStatus'Active T/C'") == folded("ActiveTC") == "activetc"
    assert folded("St. George") == "stgeorge"
