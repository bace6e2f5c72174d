"""Records and pages of RESO Web API and Spark v1 feeds, read apart from fetching: pure functions of what was received.

A record becomes a `RawListing`, or an `UnreadRecord` when it has no usable key or no usable shape; a page becomes a
`ParsedPage`, or the error its answer means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NoReturn, TypeAlias

from attrs import frozen

from nudge_adapters.feeds.failures import http_failure, retry_after_s, spark_failure
from nudge_adapters.feeds.privacy import public_part, unread_text
from nudge_adapters.feeds.shape import RESO_SELECT, VENDOR_FIELDS, RecordShape
from nudge_adapters.feeds.snapshots import snapshot_of
from nudge_adapters.feeds.values import Fields, Warn, instant
from nudge_core.errors import Invalid, Unavailable, shape_of
from nudge_core.model.feed import RawListing, UnreadRecord

__all__ = [
    "RESO_SELECT",
    "VENDOR_FIELDS",
    "ParsedPage",
    "RecordShape",
    "RowPosition",
    "reso_listing",
    "reso_page",
    "retry_after_s",
    "spark_listing",
    "spark_page",
]

MAX_KEY = 255
"""Characters of a key (Data Dictionary)."""

_SPARK_TO_RESO: Mapping[str, str] = MappingProxyType(
    {
        "BedsTotal": "BedroomsTotal",
        "BathsFull": "BathroomsFull",
        "BathsThreeQuarter": "BathroomsThreeQuarter",
        "BathsHalf": "BathroomsHalf",
        "BuildingAreaTotal": "LivingArea",
        "BuildingAreaUnits": "LivingAreaUnits",
        "StreetAdditionalInfo": "UnitNumber",
    }
)
_SPARK_PHOTO_SIZES = ("Uri1280", "Uri1024", "UriLarge", "Uri1600", "Uri2048", "Uri800", "Uri640", "Uri300")
_LINK = re.compile(r'<(?P<address>[^>]*)>[^,]*;\s*rel="?next"?', re.IGNORECASE)


def _in_silence(_code: str) -> None:
    """Count nothing."""


@frozen(kw_only=True)
class RowPosition:
    """Where one row stands in the order of its feed: for cursors. Every row received has one, readable or not.

    `watermark` is the text as received; `at` the same as an instant, None when it could not be read.
    """

    key: str | None
    watermark: str | None
    at: datetime | None


@frozen(kw_only=True)
class ParsedPage:
    """One page as it was received.

    `listings` hold each key once: of a key that came twice the later by watermark. `positions`: of all rows, in the
    order received. `total`: what the server counted, which may differ from what it delivers. `next_link`: as
    received, relative or not. `skip_token`: Spark's. `warnings`: short codes, one for each time it happened.
    """

    listings: tuple[RawListing, ...]
    unread: tuple[UnreadRecord, ...]
    positions: tuple[RowPosition, ...]
    next_link: str | None = None
    skip_token: str | None = None
    total: int | None = None
    warnings: tuple[str, ...] = ()

    def last_position(self, now: datetime) -> RowPosition | None:
        """Return the row with the greatest watermark that is not later than `now`, the last of equals; None: no such.

        A row dated in the year 3000 must not carry the cursor there.
        """
        datable = [row for row in self.positions if row.at is not None and row.at <= now]
        latest = max((row.at for row in datable if row.at is not None), default=None)
        return next((row for row in reversed(datable) if row.at == latest), None)


def reso_listing(
    record: object, shape: RecordShape, source_id: str, warn: Warn = _in_silence
) -> RawListing | UnreadRecord:
    """Read one record of a RESO feed.

    Args:
        record: one member of `value`, or the answer to a request for one entity.
        warn: is told a short code for each field that was masked or could not be read.
    """
    if not isinstance(record, Mapping):
        return _unread(source_id, None, Invalid("record", "an object", record), record)
    return _listing(record, record, record.get(shape.key_field), shape, source_id, warn)


def spark_listing(
    record: object, shape: RecordShape, source_id: str, warn: Warn = _in_silence
) -> RawListing | UnreadRecord:
    """Read one result of a Spark v1 feed: its fields are one level down and some have names of their own."""
    if not isinstance(record, Mapping):
        return _unread(source_id, None, Invalid("record", "an object", record), record)
    standard, key = record.get("StandardFields"), record.get("Id")
    if not isinstance(standard, Mapping):
        known = key if isinstance(key, str) and 0 < len(key) <= MAX_KEY else None
        return _unread(source_id, known, Invalid("record.StandardFields", "an object", standard), record)
    fields: dict[str, object] = {_SPARK_TO_RESO.get(name, name): value for name, value in standard.items()}
    if isinstance(photos := standard.get("Photos"), list):
        fields["Media"] = [_spark_photo(photo, place) for place, photo in enumerate(photos)]
    return _listing(fields, record, key or standard.get("ListingKey"), shape, source_id, warn)


def reso_page(
    body: bytes | str | Mapping[str, object],
    shape: RecordShape,
    source_id: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] = MappingProxyType({}),
    now: datetime | None = None,
    positions_only: bool = False,
) -> ParsedPage:
    """Read one answer of an OData collection.

    Args:
        body: as received, or decoded already.
        positions_only: read no listing: for a list of keys, which may be some hundred thousand rows long.
        now: the present instant: turns a date of return into seconds, and counts rows dated after it.

    Raises:
        Unavailable: worth another try: an outage, a rate limit, an answer that is no page.
        Refused: the server will say no again. An `error` member is a failure whatever the status.
    """
    service = f"reso:{source_id}"
    page = _decoded(body, service, status, headers, now, http_failure)
    if status != 200 or page.get("error") is not None:
        raise http_failure(service, status, headers, page, now)
    records = page.get("value")
    if not isinstance(records, (list, tuple)):
        _malformed(service, Invalid("value", "a list", records))
    warnings: list[str] = []
    found = [] if positions_only else _read_all(records, shape, source_id, reso_listing, warnings)
    positions = tuple(_position(record, shape.key_field, record, shape) for record in records)
    _count_future(positions, now, warnings)
    return ParsedPage(
        listings=_each_key_once(found, warnings),
        unread=tuple(record for record in found if isinstance(record, UnreadRecord)),
        positions=positions,
        next_link=_next_link(page, shape, headers, warnings),
        total=_count(page.get("@odata.count")),
        warnings=tuple(warnings),
    )


def spark_page(
    body: bytes | str | Mapping[str, object],
    shape: RecordShape,
    source_id: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] = MappingProxyType({}),
    now: datetime | None = None,
    positions_only: bool = False,
) -> ParsedPage:
    """Read one Spark v1 answer; arguments and errors as for `reso_page`.

    `Success: false` is a failure whatever the status.
    """
    service = f"spark:{source_id}"
    answer = _decoded(body, service, status, headers, now, spark_failure)
    envelope = answer.get("D")
    if status != 200 or not isinstance(envelope, Mapping) or envelope.get("Success") is not True:
        raise spark_failure(service, status, headers, answer, now)
    records = envelope.get("Results", ())
    if not isinstance(records, (list, tuple)):
        _malformed(service, Invalid("D.Results", "a list", records))
    warnings: list[str] = []
    found = [] if positions_only else _read_all(records, shape, source_id, spark_listing, warnings)
    positions = tuple(
        _position(record, "Id", record.get("StandardFields") if isinstance(record, Mapping) else None, shape)
        for record in records
    )
    _count_future(positions, now, warnings)
    pagination, token = envelope.get("Pagination"), envelope.get("SkipToken")
    return ParsedPage(
        listings=_each_key_once(found, warnings),
        unread=tuple(record for record in found if isinstance(record, UnreadRecord)),
        positions=positions,
        skip_token=token if isinstance(token, str) and token else None,
        total=_count(pagination.get("TotalRows")) if isinstance(pagination, Mapping) else None,
        warnings=tuple(warnings),
    )


def _listing(
    fields: Mapping[str, object],
    record: Mapping[str, object],
    key: object,
    shape: RecordShape,
    source_id: str,
    warn: Warn,
) -> RawListing | UnreadRecord:
    try:
        listing_key = _key(key, shape.key_field)
    except Invalid as error:
        return _unread(source_id, None, error, record)
    try:
        snapshot = snapshot_of(fields, listing_key, source_id, shape, Fields(fields, warn))
        return RawListing(snapshot=snapshot, raw=public_part(record))
    except Invalid as error:  # a rule of the model that no grammar foresaw: keep the record, name the rule
        return _unread(source_id, listing_key, error, record)


def _key(value: object, name: str) -> str:
    """Return a key as text: "a1", 123 and 123.0 are keys; a blank, a mask, a boolean and a fraction are not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_KEY or not value.isprintable():
        raise Invalid(name, f"a key of 1 to {MAX_KEY} characters", value)
    if not value.strip().strip("*"):
        raise Invalid(name, "a key that is not masked", value)
    return value


def _unread(source_id: str, key: str | None, error: Invalid, record: object) -> UnreadRecord:
    return UnreadRecord(source_id=source_id, listing_key=key, rule=str(error)[:500], raw=unread_text(record))


def _spark_photo(photo: object, place: int) -> object:
    if not isinstance(photo, Mapping):
        return photo
    address = next((photo[size] for size in _SPARK_PHOTO_SIZES if photo.get(size)), None)
    return {"MediaURL": address, "Order": -1 if photo.get("Primary") is True else place}


ReadRecord: TypeAlias = Callable[[object, RecordShape, str, Warn], RawListing | UnreadRecord]


def _read_all(
    records: Sequence[object], shape: RecordShape, source_id: str, read: ReadRecord, warnings: list[str]
) -> list[RawListing | UnreadRecord]:
    return [read(record, shape, source_id, warnings.append) for record in records]


def _each_key_once(found: Sequence[RawListing | UnreadRecord], warnings: list[str]) -> tuple[RawListing, ...]:
    """Return the listings, of a key that came twice the later one by watermark (the last, where that says nothing)."""
    kept: dict[str, RawListing] = {}
    for listing in found:
        if isinstance(listing, UnreadRecord):
            continue
        key = listing.snapshot.listing_key
        earlier = kept.pop(key, None)
        if earlier is not None:
            warnings.append("duplicate_key")
            there, here = earlier.snapshot.modified_at, listing.snapshot.modified_at
            if there is not None and here is not None and there > here:
                listing = earlier
        kept[key] = listing
    return tuple(kept.values())


def _position(record: object, key_field: str, fields: object, shape: RecordShape) -> RowPosition:
    key = watermark = at = None
    if isinstance(record, Mapping):
        try:
            key = _key(record.get(key_field), key_field)
        except Invalid:
            key = None
    received = fields.get(shape.watermark_field) if isinstance(fields, Mapping) else None
    if isinstance(received, str) and received.strip():
        watermark = received
        try:
            at = instant(received)
        except ValueError:
            at = None
    return RowPosition(key=key, watermark=watermark, at=at)


def _count_future(positions: Sequence[RowPosition], now: datetime | None, warnings: list[str]) -> None:
    if now is not None:
        warnings += ["future_watermark" for row in positions if row.at is not None and row.at > now]


def _next_link(
    page: Mapping[str, object], shape: RecordShape, headers: Mapping[str, str], warnings: list[str]
) -> str | None:
    link = page.get("@odata.nextLink", page.get("odata.nextLink"))
    if link is None and shape.next_link_header:
        wanted = shape.next_link_header.lower()
        header = next((value for name, value in headers.items() if name.lower() == wanted), None)
        if header and header.lstrip().startswith("<"):
            found = _LINK.search(header)
            return found["address"] if found else None
        link = header
    if link is None or (isinstance(link, str) and link.strip()):
        return link.strip() if link else None
    warnings.append("unread:nextLink")
    return None


def _count(value: object) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


Failure: TypeAlias = Callable[[str, int, Mapping[str, str], object, datetime | None], Exception]


def _decoded(
    body: bytes | str | Mapping[str, object],
    service: str,
    status: int,
    headers: Mapping[str, str],
    now: datetime | None,
    failure: Failure,
) -> Mapping[str, object]:
    """Return the body as an object, or raise what an answer without one means."""
    if isinstance(body, Mapping):
        return body
    try:
        page = json.loads(body)
    except (ValueError, RecursionError) as error:
        if status != 200:
            raise failure(service, status, headers, body, now) from error
        raise Unavailable(service, f"the answer is not JSON (got {shape_of(body)})") from error
    if not isinstance(page, dict):
        if status != 200:
            raise failure(service, status, headers, None, now)
        _malformed(service, Invalid("page", "an object", page))
    return page


def _malformed(service: str, error: Invalid) -> NoReturn:
    raise Unavailable(service, f"malformed page: {error}") from error
