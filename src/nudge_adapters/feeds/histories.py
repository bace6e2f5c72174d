"""Dated event histories of homes, as a portal keeps them, told as the snapshots an MLS would have sent.

One JSON object a line: `zpid`, address and facts of a home, and `events`, each with `date`, `event`, `price` and
`rental`. The mapping is an interpretation (`data/README.md`, "Replay of the decision table"):

- *Listed for sale*: Active. A home that was never seen, sold or removed gets a new listing key, as an MLS gives one to
  each listing agreement; whether that is a relist follows from the address. A price, if given, becomes the list price.
- *Price change*: Active at the new price; after pending or contingent that is a return to the market.
- *Contingent*, *Pending sale*: Active Under Contract, Pending, at the list price known so far.
- *Listing removed*: Withdrawn (the portal does not say whether it was withdrawn or expired).
- *Sold*: Closed, when a listing was seen; a sale without one comes from a public record, not from an MLS.

A history knows days, not hours: the nth event of a home on one day is told at n seconds past 12:00 UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

from attrs import define, field, frozen

from nudge_adapters.feeds.privacy import unread_text
from nudge_adapters.feeds.records import reso_listing
from nudge_adapters.feeds.shape import RecordShape
from nudge_adapters.feeds.values import day, flag, number
from nudge_core.errors import Invalid
from nudge_core.model.feed import RawListing, UnreadRecord

NOON = time(12, tzinfo=UTC)

_SHAPE = RecordShape()
_OFF = frozenset({"Withdrawn", "Closed"})
_FACTS: Mapping[str, str] = MappingProxyType(
    {
        "UnparsedAddress": "UnparsedAddress",
        "City": "City",
        "StateOrProvince": "StateOrProvince",
        "PostalCode": "PostalCode",
        "Latitude": "Latitude",
        "Longitude": "Longitude",
        "BedroomsTotal": "BedroomsTotal",
        "Bathrooms": "BathsTotal",
        "LivingArea": "LivingArea",
        "YearBuilt": "YearBuilt",
        "PublicRemarks": "PublicRemarks",
    }
)
_TYPES: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "SINGLE_FAMILY": ("Residential", "Single Family Residence"),
        "TOWNHOUSE": ("Residential", "Townhouse"),
        "CONDO": ("Residential", "Condominium"),
        "APARTMENT": ("Residential", "Apartment"),
        "MANUFACTURED": ("Residential", "Manufactured Home"),
        "MULTI_FAMILY": ("Residential Income", None),
        "LOT": ("Land", None),
    }
)


@frozen
class Moment:
    """What one event of one home came to: a listing as it was told, or a code that says why nothing was."""

    at: datetime
    home: str
    listing: RawListing | None
    code: str | None


@frozen
class Histories:
    """All homes of a file: their moments in the order of time, and what could not be read."""

    moments: tuple[Moment, ...]
    unread: tuple[UnreadRecord, ...]


@define
class _Home:
    """A home on its way through its history: the listing that stands now, as the MLS would show it."""

    zpid: str
    facts: dict[str, object] = field(repr=False)
    listings: int = 0
    status: str | None = None
    price: float | None = None
    dates: dict[str, str] = field(factory=dict[str, str])


def read_histories(lines: Iterable[str], source_id: str) -> Histories:
    """Read histories, a JSON object a line. A line or an event that cannot be read is kept as unread, never dropped."""
    moments: list[Moment] = []
    unread: list[UnreadRecord] = []
    for number_of_line, line in enumerate(lines, start=1):
        if line.strip():
            _read_line(line, number_of_line, source_id, moments, unread)
    moments.sort(key=lambda moment: moment.at)  # stable: homes keep the order of the file within an instant
    return Histories(tuple(moments), tuple(unread))


def _read_line(
    line: str, number_of_line: int, source_id: str, moments: list[Moment], unread: list[UnreadRecord]
) -> None:
    record: object = line
    try:
        record = json.loads(line)
        home, events = _home(record)
    except (ValueError, RecursionError) as error:  # Invalid is a ValueError; so is what json raises
        rule = str(error) if isinstance(error, Invalid) else "JSON: one object a line"
        unread.append(_unread(source_id, None, f"line {number_of_line}: {rule}", record))
        return
    dated: list[tuple[date, Mapping[str, object]]] = []
    for place, event in enumerate(events):
        try:
            dated.append(_dated(event, f"events[{place}]"))
        except Invalid as error:
            unread.append(_unread(source_id, home.zpid, f"line {number_of_line}: {error}", event))
    last_day, nth = None, 0
    for on, event in sorted(dated, key=lambda pair: pair[0]):
        last_day, nth = on, nth + 1 if on == last_day else 0
        at = datetime.combine(on, NOON) + timedelta(seconds=nth)
        told = _tell(home, event, at, source_id)
        if isinstance(told, UnreadRecord):
            unread.append(told)
        else:
            moments.append(told)


def _home(record: object) -> tuple[_Home, list[object]]:
    if not isinstance(record, Mapping):
        raise Invalid("line", "an object", record)
    zpid, events = record.get("zpid"), record.get("events")
    if isinstance(zpid, bool) or not isinstance(zpid, (str, int)) or not str(zpid).strip():
        raise Invalid("zpid", "a text or a number", zpid)
    if not isinstance(events, list):
        raise Invalid("events", "a list", events)
    facts = {name: record[given] for given, name in _FACTS.items() if record.get(given) is not None}
    kind, subtype = _TYPES.get(str(record.get("homeType")), ("Residential", None))
    return _Home(str(zpid), facts | {"PropertyType": kind, "PropertySubType": subtype}), events


def _dated(event: object, name: str) -> tuple[date, Mapping[str, object]]:
    """Check one event, all of it, before any of it is told."""
    if not isinstance(event, Mapping):
        raise Invalid(name, "an object", event)
    if event.get("event") not in _TELLERS and not _is_rental(event):
        raise Invalid(f"{name}.event", f"one of {', '.join(_TELLERS)}", event.get("event"))
    try:
        on = day(event.get("date"))
    except ValueError as error:
        raise Invalid(f"{name}.date", "YYYY-MM-DD", event.get("date")) from error
    try:
        _price(event)
    except ValueError as error:
        raise Invalid(f"{name}.price", "a number or null", event.get("price")) from error
    return on, event


def _price(event: Mapping[str, object]) -> float | None:
    given = event.get("price")
    return None if given is None else number(given)


def _is_rental(event: Mapping[str, object]) -> bool:
    try:
        return event.get("rental") is not None and flag(event["rental"])
    except ValueError:
        return False


def _tell(home: _Home, event: Mapping[str, object], at: datetime, source_id: str) -> Moment | UnreadRecord:
    if _is_rental(event):
        return Moment(at, home.zpid, None, "rental_row")
    code = _TELLERS[str(event["event"])](home, _price(event), at)
    if code is not None:
        return Moment(at, home.zpid, None, code)
    record = home.facts | home.dates
    record["ListingKey"] = f"{home.zpid}-{home.listings}"
    record["ListingId"] = home.zpid
    record["StandardStatus"] = home.status
    record["ListPrice"] = home.price
    record["ModificationTimestamp"] = _stamp(at)
    told = reso_listing(record, _SHAPE, source_id)
    return Moment(at, home.zpid, told, None) if isinstance(told, RawListing) else told


def _listed(home: _Home, price: float | None, at: datetime) -> None:
    if home.status is None or home.status in _OFF:
        _new_listing(home, at)
    _move(home, "Active", at)
    if price is not None:
        _set_price(home, price, at)


def _price_change(home: _Home, price: float | None, at: datetime) -> str | None:
    if home.status is None or home.status in _OFF:
        return "price_change_while_off_market"
    if price is None:
        return "price_change_without_price"
    _move(home, "Active", at)
    _set_price(home, price, at)
    return None


def _contingent(home: _Home, _price: float | None, at: datetime) -> None:
    _under_contract(home, "Active Under Contract", at)


def _pending(home: _Home, _price: float | None, at: datetime) -> None:
    _under_contract(home, "Pending", at)


def _under_contract(home: _Home, status: str, at: datetime) -> None:
    if home.status is None or home.status == "Closed":
        _new_listing(home, at)
    _move(home, status, at)


def _removed(home: _Home, _price: float | None, at: datetime) -> None:
    if home.status is None or home.status == "Closed":
        _new_listing(home, at)
    _move(home, "Withdrawn", at)


def _sold(home: _Home, price: float | None, at: datetime) -> str | None:
    if home.status is None or home.status == "Closed":
        return "sold_without_listing"
    _move(home, "Closed", at)
    home.dates["CloseDate"] = at.date().isoformat()
    if price is not None:
        home.dates["ClosePrice"] = str(price)
    return None


_TELLERS = MappingProxyType(
    {
        "Listed for sale": _listed,
        "Price change": _price_change,
        "Contingent": _contingent,
        "Pending sale": _pending,
        "Listing removed": _removed,
        "Sold": _sold,
    }
)


def _new_listing(home: _Home, at: datetime) -> None:
    """Begin another listing of the home. A price stays known until a sale."""
    if home.status == "Closed":
        home.price = None
    home.listings += 1
    home.status = None
    home.dates = {"OriginalEntryTimestamp": _stamp(at), "OnMarketDate": at.date().isoformat()}


def _move(home: _Home, status: str, at: datetime) -> None:
    if status != home.status:
        home.status = status
        home.dates["StatusChangeTimestamp"] = _stamp(at)


def _set_price(home: _Home, price: float, at: datetime) -> None:
    if price != home.price:
        home.price = price
        home.dates["PriceChangeTimestamp"] = _stamp(at)


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _unread(source_id: str, key: str | None, rule: str, record: object) -> UnreadRecord:
    return UnreadRecord(source_id=source_id, listing_key=key, rule=rule[:500], raw=unread_text(record))
