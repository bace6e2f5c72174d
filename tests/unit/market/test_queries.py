"""The server's reading of OData: what is asked is answered, what cannot be asked is refused with the reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_adapters.feeds.market import Links, Manner
from nudge_adapters.feeds.market.fields import PROPERTY, metadata
from nudge_adapters.feeds.market.filters import BadQueryError, parse_filter
from nudge_adapters.feeds.market.query import keep_house_rules, page_of, read_query, shaped
from nudge_adapters.feeds.metadata import read_metadata
from tests.peers.table import row

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROWS = [
    row("1", "2026-11-22T10:00:00.000Z", 100, City="Austin", BedroomsTotal=3),
    row("2", "2026-11-22T10:00:00.123456Z", 200, City="O'Fallon", BedroomsTotal=None),
    row("3", "2026-11-22T11:00:00Z", 300, City="Buda", PoolPrivateYN=True, CloseDate="2026-11-01"),
    row("4", None, 400, City="Kyle"),
    row("5", "2026-11-22T04:30:00-07:00", "500", City="Austin"),  # type: ignore[arg-type]
]


def matching(text: str) -> list[str]:
    wanted = parse_filter(text, NOW)
    return [record["ListingKey"] for record in ROWS if wanted.matches(record)]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("ListPrice eq 200", ["2"]),
        ("ListPrice ne 200", ["1", "3", "4", "5"]),  # a price that is no number is as good as none
        ("ListPrice gt 100 and ListPrice le 300", ["2", "3"]),
        ("ListPrice lt 200 or ListPrice ge 400", ["1", "4"]),
        ("not (ListPrice lt 200 or ListPrice ge 400)", ["2", "3", "5"]),
        ("not City eq 'Austin' and ListPrice gt 200", ["3", "4"]),
        ("City eq 'O''Fallon'", ["2"]),
        ("City in ('Austin', 'Buda')", ["1", "3", "5"]),
        ("City gt 'C'", ["2", "4"]),
        ("ListPrice in (100,300.0)", ["1", "3"]),
        ("PoolPrivateYN eq true", ["3"]),
        ("BedroomsTotal eq null", ["2", "3", "4", "5"]),
        ("BedroomsTotal ne null", ["1"]),
        ("CloseDate ge 2026-10-31", ["3"]),
        ("ModificationTimestamp eq 2026-11-22T10:00:00Z", ["1"]),
        ("ModificationTimestamp eq 2026-11-22T10:00:00.123456Z", ["2"]),
        ("ModificationTimestamp eq 2026-11-22T10:00:00.123Z", []),
        ("ModificationTimestamp gt 2026-11-22T05:00:00-06:00", ["5"]),
        ("ModificationTimestamp ge 2026-11-22T11:00:00Z", ["3", "5"]),
        ("ModificationTimestamp lt now()", ["1", "2", "3", "5"]),
        ("(((ListPrice eq 100)))", ["1"]),
    ],
)
def test_filters_mean_what_odata_says(text: str, keys: list[str]) -> None:
    assert matching(text) == keys


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Nope eq 1",
        "listprice eq 1",
        "ListPrice",
        "ListPrice eq",
        "ListPrice eq 'a'",
        "ListPrice like 5",
        "ListPrice gt null",
        "ModificationTimestamp gt '2026-11-22T10:00:00Z'",
        "ModificationTimestamp gt 2026-11-22",
        "ModificationTimestamp gt 2026-13-22T10:00:00Z",
        "City eq 'a",
        "City eq 'a' and",
        "City eq 'a' City eq 'b'",
        "(City eq 'a'",
        "City eq 'a')",
        "City in ()",
        "ParkingFeatures eq 'Garage'",
        "ListPrice eq 1;",
        "(" * 60 + "ListPrice eq 1" + ")" * 60,
        "not " * 60 + "ListPrice eq 1",
    ],
)
def test_a_filter_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadQueryError) as caught:
        matching(text)
    assert caught.value.target == "$filter"


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_is_refused(text: str) -> None:
    try:
        parse_filter(text, NOW)
    except BadQueryError:
        return


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_text_can_be_compared_with(text: str) -> None:
    wanted = parse_filter("City eq '" + text.replace("'", "''") + "'", NOW)
    assert wanted.matches({"City": text})
    assert not wanted.matches({"City": text + "x"})


def paged(query_string: str, manner: Manner, records: list[dict[str, Any]] = ROWS) -> tuple[list[str], Any]:
    query = read_query(query_string, "", NOW)
    keep_house_rules(query, manner)
    page = page_of(records, query, manner)
    return [one["ListingKey"] for one in page.rows], page


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ("$orderby=ListPrice desc&$top=2", ["4", "3"]),
        ("$orderby=City,ListPrice desc", ["1", "5", "3", "4", "2"]),
        ("$orderby=ModificationTimestamp asc,ListingKey desc", ["4", "1", "2", "3", "5"]),  # null first
        ("$top=0", []),
        ("$skip=3", ["4", "5"]),
        ("$filter=City%20eq%20%27Austin%27", ["1", "5"]),
        ("$filter=City+eq+%27Austin%27", ["1", "5"]),
        ("$orderby=", ["1", "2", "3", "4", "5"]),
    ],
)
def test_options_order_and_cut(options: str, keys: list[str]) -> None:
    assert paged(options, Manner())[0] == keys


@pytest.mark.parametrize("links", [Links.SKIP, Links.SKIPTOKEN])
def test_links_lead_through_all_rows(links: Links) -> None:
    manner, options, seen = Manner(links=links, largest_page=2), "$count=true&$orderby=ListPrice", []
    while options:
        keys, page = paged(options, manner)
        seen += keys
        assert page.count == 5
        options = "&".join(f"{name}={quote(value)}" for name, value in (page.following or {}).items())
    assert seen == ["5", "1", "2", "3", "4"]


def test_top_limits_all_pages_together_unless_it_is_a_page_size() -> None:
    plain, sized = Manner(largest_page=2), Manner(largest_page=2, top_is_page_size=True)
    keys, page = paged("$top=3", plain)
    assert (keys, page.following) == (["1", "2"], {"$top": "1", "$skip": "2"})
    keys, page = paged("$top=2", sized)
    assert (keys, page.following) == (["1", "2"], {"$top": "2", "$skip": "2"})


def test_a_skip_token_keeps_its_place_when_rows_move() -> None:
    manner = Manner(links=Links.SKIPTOKEN, largest_page=2)
    _, page = paged("", manner)
    following = "&".join(f"{name}={quote(value)}" for name, value in page.following.items())
    assert paged(following, manner, ROWS[1:])[0] == ["3", "4"]  # one before it is gone


@pytest.mark.parametrize(
    ("options", "target"),
    [
        ("$top=x", "$top"),
        ("$top=-1", "$top"),
        ("$count=yes", "$count"),
        ("$select=Nope", "$select"),
        ("$orderby=Nope", "$orderby"),
        ("$orderby=City up", "$orderby"),
        ("$expand=Rooms", "$expand"),
        ("$expand=Media($select=Nope)", "$expand"),
        ("$apply=x", "$apply"),
        ("$skiptoken=x", "$skiptoken"),
    ],
)
def test_an_option_that_means_nothing_is_refused(options: str, target: str) -> None:
    with pytest.raises(BadQueryError) as caught:
        paged(options, Manner())
    assert caught.value.target == target


@pytest.mark.parametrize("token", ["x", "bnVsbA==", "WzEsMl0=", "e30="])
def test_a_strange_skip_token_is_refused(token: str) -> None:
    with pytest.raises(BadQueryError):
        paged(f"$skiptoken={token}", Manner(links=Links.SKIPTOKEN))


@pytest.mark.parametrize(
    ("manner", "options"),
    [
        (Manner(largest_is_error=True, largest_page=2), "$top=3"),
        (Manner(may_order=False), "$orderby=City"),
        (Manner(searchable=frozenset({"City"})), "$filter=ListPrice gt 1"),
        (Manner(most_ors=1), "$filter=ListPrice eq 1 or ListPrice eq 2 or ListPrice eq 3"),
        (Manner(required_filter="City"), ""),
        (Manner(required_filter="City"), "$filter=City eq 'a' or City eq 'b'"),
    ],
)
def test_house_rules_are_kept(manner: Manner, options: str) -> None:
    with pytest.raises(BadQueryError):
        paged(options, manner)


def test_only_what_was_selected_is_sent() -> None:
    query = read_query("$select=City,ListPrice&$expand=Media($select=MediaURL)", "", NOW)
    assert shaped(ROWS[0], query, Manner()) == {
        "City": "Austin",
        "ListPrice": 100,
        "Media": [{"MediaURL": "https://photos.example.com/1/0.jpg"}],
    }
    assert "Media" not in shaped(ROWS[0], read_query("", "", NOW), Manner())


@given(st.integers(0, 10), st.integers(0, 10), st.integers(1, 4), st.sampled_from([Links.SKIP, Links.SKIPTOKEN]))
def test_links_and_limits_together_never_lose_or_repeat_a_row(skip: int, top: int, size: int, links: Links) -> None:
    manner = Manner(links=links, largest_page=size)
    records = [row(f"{number:02d}", NOW + timedelta(seconds=number % 3)) for number in range(8)]
    options, seen = f"$orderby=ModificationTimestamp&$top={top}&$skip={skip}", []
    while options:
        keys, page = paged(options, manner, records)
        seen += keys
        options = "&".join(f"{name}={quote(value)}" for name, value in (page.following or {}).items())
    ordered = sorted(records, key=lambda one: (one["ModificationTimestamp"], one["ListingKey"]))
    assert seen == [one["ListingKey"] for one in ordered][skip : skip + top]


def test_the_metadata_tells_what_is_served() -> None:
    schema = read_metadata(metadata("ListingKeyNumeric").encode(), "Property")
    assert schema is not None
    assert schema.properties == PROPERTY.keys()
    assert schema.key == "ListingKeyNumeric"
    assert schema.is_number("ListingKeyNumeric")
    assert "Media" in schema.navigation
