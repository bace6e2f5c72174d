"""Pages and failures: what a good answer holds, and which error a bad one means (`mls-feeds.md` 3.4, 8 and 9)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_adapters.feeds.records import RecordShape, RowPosition, reso_page, retry_after_s, spark_page
from nudge_core.errors import Refused, Unavailable
from tests.shared_data import shared

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
PLAIN = RecordShape()
SPARK = RecordShape(key_field="Id")


def row(key: str, at: str | None = "2026-11-22T11:00:00Z", price: int = 500_000) -> dict[str, Any]:
    return {"ListingKey": key, "StandardStatus": "Active", "ListPrice": price, "ModificationTimestamp": at}


def spark_row(key: str) -> dict[str, Any]:
    return {"Id": key, "StandardFields": {"MlsStatus": "Active", "ModificationTimestamp": "2026-11-22T11:00:00Z"}}


def page_of(*rows: object, **more: Any) -> dict[str, Any]:
    return {"value": list(rows)} | more


# Good pages


def test_a_page_as_bytes_text_or_object_is_the_same() -> None:
    body = page_of(row("a"), row("b"), **{"@odata.count": 2, "@odata.nextLink": "Property?$skip=2"})
    text = json.dumps(body)
    pages = [reso_page(form, PLAIN, "actris") for form in (body, text, text.encode(), b"\xef\xbb\xbf" + text.encode())]
    assert all(page == pages[0] for page in pages)
    assert [one.snapshot.listing_key for one in pages[0].listings] == ["a", "b"]
    assert (pages[0].total, pages[0].next_link) == (2, "Property?$skip=2")


def test_nasty_14_an_empty_page_with_a_next_link_goes_on() -> None:
    page = reso_page(page_of(**{"@odata.nextLink": "https://x.example/Property?$skiptoken=1"}), PLAIN, "actris")
    assert (page.listings, page.next_link) == ((), "https://x.example/Property?$skiptoken=1")


def test_nasty_14_a_count_unlike_what_was_delivered_is_told_as_it_is() -> None:
    assert reso_page(page_of(row("a"), **{"@odata.count": "251"}), PLAIN, "actris").total == 251
    assert reso_page(page_of(row("a"), **{"@odata.count": "many"}), PLAIN, "actris").total is None


@pytest.mark.parametrize(
    ("header", "link"),
    [
        (
            '<https://api.example/Property/replication?next=abc>; rel="next"',
            "https://api.example/Property/replication?next=abc",
        ),
        ('<https://api.example/a>; rel="self", </b>; rel=next', "/b"),
        ('<https://api.example/a>; rel="self"', None),
        ("https://api.example/c", "https://api.example/c"),
        ("", None),
    ],
)
def test_nasty_14_a_next_link_in_a_header(header: str, link: str | None) -> None:
    shape = RecordShape(next_link_header="Link")
    assert reso_page(page_of(row("a")), shape, "bridge", headers={"link": header}).next_link == link


def test_nasty_14_a_next_link_that_is_none() -> None:
    page = reso_page(page_of(row("a"), **{"@odata.nextLink": 7}), PLAIN, "actris")
    assert (page.next_link, page.warnings) == (None, ("unread:nextLink",))


def test_nasty_15_a_key_twice_on_a_page_keeps_the_later_by_watermark() -> None:
    newer, older = row("a", "2026-11-22T11:30:00Z", 1_000), row("a", "2026-11-22T11:00:00Z", 2_000)
    undated = row("a", None, 3_000)
    for rows, dollars in (([older, newer], 1_000), ([newer, older], 1_000), ([newer, undated], 3_000)):
        page = reso_page(page_of(*rows, row("b")), PLAIN, "actris")
        prices = [one.snapshot.list_price_cents for one in page.listings]
        assert prices == [dollars * 100, 500_000_00]
        assert page.warnings.count("duplicate_key") == 1
        assert len(page.positions) == 3, "every row received counts for the cursor"


def test_nasty_03_the_cursor_stands_at_the_greatest_watermark_that_is_not_in_the_future() -> None:
    rows = [
        row("a", "2026-11-22T11:00:00Z"),
        row("b", "2026-11-22T11:30:00.123456Z"),
        row("c", "2026-11-22T11:30:00.123456Z"),
        row("d", "3000-01-01T00:00:00Z"),
        row("e", None),
        {"ModificationTimestamp": "2026-11-22T11:59:00Z"},
    ]
    page = reso_page(page_of(*rows), PLAIN, "actris", now=NOW)
    assert page.warnings.count("future_watermark") == 1
    last = page.last_position(NOW)
    assert last is not None
    assert (last.key, last.watermark) == (None, "2026-11-22T11:59:00Z"), "an unread row was received too"
    good = reso_page(page_of(*rows[:-1]), PLAIN, "actris", now=NOW).last_position(NOW)
    at = datetime(2026, 11, 22, 11, 30, 0, 123456, tzinfo=UTC)
    assert good == RowPosition(key="c", watermark="2026-11-22T11:30:00.123456Z", at=at)
    assert reso_page(page_of(rows[3], rows[4]), PLAIN, "actris").last_position(NOW) is None


def test_a_page_keeps_what_it_cannot_read() -> None:
    page = reso_page(page_of(row("a"), "junk", {"ListingKey": None}), PLAIN, "actris")
    assert [one.snapshot.listing_key for one in page.listings] == ["a"]
    assert [record.rule for record in page.unread] == [
        "record: an object (got str of 4 characters)",
        "ListingKey: a key of 1 to 255 characters (got nothing)",
    ]


def test_a_spark_page() -> None:
    envelope = {
        "D": {
            "Success": True,
            "Results": [spark_row("1"), spark_row("2"), 7],
            "Pagination": {"TotalRows": 2001, "PageSize": 25},
            "SkipToken": "abc",
        }
    }
    page = spark_page(envelope, SPARK, "flexmls", now=NOW)
    assert ([one.snapshot.listing_key for one in page.listings], len(page.unread)) == (["1", "2"], 1)
    assert (page.total, page.skip_token) == (2001, "abc")
    assert [position.key for position in page.positions] == ["1", "2", None]
    last = page.last_position(NOW)
    assert last is not None
    assert last.key == "2"


@pytest.mark.parametrize(
    ("name", "listings", "total"),
    [
        ("listings_multiple", 2, None),
        ("no_results", 0, None),
        ("count", 0, 2001),
        ("listings_with_supplement", 1, None),
    ],
)
def test_spark_fixtures_that_succeed(name: str, listings: int, total: int | None) -> None:
    page = spark_page(shared(f"mls/payloads/spark/{name}.json").read_bytes(), SPARK, "flexmls")
    assert (len(page.listings), page.total) == (listings, total)


# Failures


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "bad_request"),
        (401, "unauthorised"),
        (403, "forbidden"),
        (404, "not_found"),
        (410, "gone"),
        (413, "too_large"),
        (415, "bad_media_type"),
        (501, "not_implemented"),
        (302, "redirected"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>no</html>", {"error": {"code": 999, "message": "no"}}, [1]])
def test_refused(status: int, reason: str, body: Any) -> None:
    with pytest.raises(Refused) as caught:
        reso_page(json.dumps(body) if isinstance(body, list) else body, PLAIN, "actris", status=status)
    assert (caught.value.service, caught.value.reason) == ("reso:actris", reason)


@pytest.mark.parametrize("status", [202, 408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", b"<html>500</html>", {"error": {"code": "x", "message": "busy"}}, {"value": []}])
def test_unavailable(status: int, body: Any) -> None:
    with pytest.raises(Unavailable) as caught:
        reso_page(body, PLAIN, "actris", status=status, headers={"Retry-After": "7"}, now=NOW)
    assert caught.value.retry_after_s == 7


def test_nasty_13_compression_required() -> None:
    with pytest.raises(Refused) as caught:
        reso_page(b"COMPRESSION REQUIRED", PLAIN, "grid", status=400)
    assert caught.value.reason == "compression_required"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("error_400_parse", "bad_request"), ("error_400_unknown_field", "bad_request"), ("error_404", "not_found")],
)
@pytest.mark.parametrize("status", [200, None])
def test_nasty_13_an_error_body_is_a_failure_whatever_the_status(name: str, reason: str, status: int | None) -> None:
    body = shared(f"mls/payloads/refserver/{name}.json").read_bytes()
    with pytest.raises(Refused) as caught:
        reso_page(body, PLAIN, "ref", status=status or int(name.split("_")[1]))
    assert caught.value.reason == reason


@pytest.mark.parametrize("code", [429, "503", "50300", "odd", None, 200])
def test_nasty_13_an_error_in_a_good_answer_without_a_refusing_code_is_tried_again(code: object) -> None:
    with pytest.raises(Unavailable):
        reso_page({"error": {"code": code, "message": "?"}, "value": [row("a")]}, PLAIN, "ref")


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"\xff\xfe", "[" * 100_000, b"[]", b"7", {"value": None}, {"value": {}}, {}]
)
def test_an_answer_that_is_no_page_is_unavailable(body: Any) -> None:
    with pytest.raises(Unavailable):
        reso_page(body, PLAIN, "actris")


@pytest.mark.parametrize(
    ("name", "error", "reason"),
    [
        ("authentication_failure", Refused, "unauthorised"),
        ("errors_expired", Refused, "token_expired"),
        ("errors_failure_with_constraint", Refused, "bad_parameter"),
        ("errors_failure", Unavailable, None),
        ("errors_failure_with_msg", Unavailable, None),
    ],
)
def test_nasty_13_spark_failures_with_a_good_status(name: str, error: type[Exception], reason: str | None) -> None:
    body = shared(f"mls/payloads/spark/{name}.json").read_bytes()
    with pytest.raises(error) as caught:
        spark_page(body, SPARK, "flexmls")
    assert getattr(caught.value, "reason", None) == reason
    assert "prospect@example.com" not in str(caught.value), "no personal value in an error"


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (1010, 401, "unauthorised"),
        (1015, 403, "forbidden"),
        (1019, 403, "forbidden"),
        (1021, 403, "wrong_host"),
        (1040, 400, "bad_filter"),
        (2500, 400, "bad_filter"),
        (1050, 400, "bad_parameter"),
        (1500, 200, "not_at_this_service_level"),
        (1505, 403, "disabled_for_this_mls"),
        (3000, 400, "bad_version"),
        (9999, 404, "not_found"),
        (1023, 503, None),
        (1510, 503, None),
        (1515, 503, None),
        (1516, 200, None),
        (1550, 429, None),
        (1550, 503, None),
        (9999, 200, None),
        ("1000", 200, None),
    ],
)
def test_spark_goes_by_its_code(code: object, status: int, reason: str | None) -> None:
    body = {"D": {"Success": False, "Code": code, "Message": "x"}}
    with pytest.raises(Refused if reason else Unavailable) as caught:
        spark_page(body, SPARK, "flexmls", status=status)
    assert getattr(caught.value, "reason", None) == reason


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"D": []},
        {"D": {"Results": []}},
        {"D": {"Success": "true"}},
        {"D": {"Success": True, "Results": {}}},
        b"<html>",
    ],
)
def test_spark_without_a_good_envelope_is_rejected(body: Any) -> None:
    with pytest.raises(Unavailable):
        spark_page(body, SPARK, "flexmls")


def test_spark_replication_errors_have_the_odata_shape() -> None:
    with pytest.raises(Refused) as caught:
        spark_page({"error": {"code": "401", "message": "no"}}, SPARK, "flexmls", status=401)
    assert caught.value.reason == "unauthorised"


def test_no_token_and_no_person_stands_in_an_error() -> None:
    message = "bad token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 of a.b@example.com, call +1 (801) 555-0100"
    with pytest.raises(Refused) as caught:
        reso_page({"error": {"code": 401, "message": message}}, PLAIN, "actris", status=401)
    assert caught.value.detail == "401: bad token *** of ***, call ***"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "600"}, 600),
        ({"retry-after": "0"}, 0),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "999999"}, 3_600),
        ({"Retry-After": "Sun, 22 Nov 2026 12:02:00 GMT"}, 120),
        ({"Retry-After": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Hour-Quota-ResetTime": "1795348830000"}, 30),
        ({"Hour-Quota-ResetTime": "1795348830000.0"}, 30),
        ({"X-RateLimit-Reset": "1795348830"}, 30),
        ({"Burst-RateLimit-Reset": "2026-11-22T12:00:45Z"}, 45),
        (
            {
                "Burst-RateLimit-Reset": "2026-11-22T12:00:45Z",
                "Burst-RateLimit-Remaining": "12",
                "Application-RateLimit-Reset": "2026-11-22T12:40:00Z",
                "Application-RateLimit-Remaining": "0",
            },
            2_400,
        ),
        ({}, None),
    ],
)
def test_nasty_13_how_long_a_server_wants_to_be_left_alone(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, NOW) == seconds


def test_without_a_clock_a_date_says_nothing() -> None:
    assert retry_after_s({"Retry-After": "Sun, 22 Nov 2026 12:02:00 GMT"}) is None


MEMBERS = ["value", "error", "code", "message", "D", "Success", "Results", "Code", "@odata.nextLink", "Id"]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 600) | st.text(max_size=8),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), children, max_size=4),
    max_leaves=10,
)
HEADER_NAMES = ["Retry-After", "Link", "Hour-Quota-ResetTime", "Burst-RateLimit-Reset"]
HEADERS = st.dictionaries(st.sampled_from(HEADER_NAMES), st.text(max_size=20), max_size=3)


@given(ANY_JSON, st.sampled_from([200, 200, 200, 301, 400, 401, 429, 500]), HEADERS)
def test_any_answer_is_a_page_or_one_of_two_errors(body: Any, status: int, headers: dict[str, str]) -> None:
    shape = RecordShape(next_link_header="Link")
    for read in (reso_page, spark_page):
        failed: Unavailable | Refused | None = None
        try:
            page = read(json.dumps(body), shape, "actris", status=status, headers=headers, now=NOW)
            assert status == 200
            assert len(page.listings) + len(page.unread) <= len(page.positions)
        except (Unavailable, Refused) as error:
            failed = error
        if isinstance(failed, Unavailable):
            assert 0 <= (failed.retry_after_s or 0) <= 3_600
