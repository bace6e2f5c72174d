"""How fast pages are stored, as a share of a plain COPY of the same rows into the same tables.

All run in one process on one database, turn by turn, over the same entities and in the same transactions (one per
page). Ours and COPY start from entities: they encode their JSON, send the rows in binary and commit; ours besides looks
for duplicates, and gives the ids of new events back. A second COPY gets bytes that were made before the clock started:
it shows what the server can take, and no program that has to encode anything can reach it. Figures are medians; rates
depend on the machine, shares much less (`performance.md` section 1).
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import struct
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

import psycopg
from attrs import evolve, frozen
from psycopg import sql
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB

from nudge_adapters.sql import tables
from nudge_adapters.sql.bulk import Encoder, sent_as
from nudge_adapters.sql.migrate import upgrade
from nudge_adapters.sql.rows import market
from nudge_adapters.sql.store import SqlStore, database_url
from nudge_core.model.event import GlobalMlsEvent, ListingEvent, MarketEvent, stable_id
from nudge_core.model.json import Json
from nudge_core.model.listing import AcceptedListing, ListingSnapshot, ListingStatus, public_facts
from nudge_core.model.resource import Resource, ResourceStatus, ResourceType
from nudge_core.model.user import User, UserType

ROWS = 10_000
PAGE = 1_000  # rows per page: the largest that most RESO servers give
REPEATS = 5
_START = datetime(2026, 1, 1, tzinfo=UTC)
_COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack("!ii", 0, 0)
_COPY_TRAILER = struct.pack("!h", -1)


@frozen
class _Subject:
    """A table, its rows as bytes for COPY, and how ours stores a page."""

    name: str
    table: Table
    columns: Sequence[str]
    values: Callable[[int, int], Sequence[Sequence[object]]]
    store: Callable[[SqlStore, int, int], Awaitable[None]]
    store_changed: Callable[[SqlStore, int, int], Awaitable[None]] | None = None


def run(url: str, *, rows: int = ROWS, page: int = PAGE, repeats: int = REPEATS) -> dict[str, object]:
    """Measure on a scratch database of the server at `url`, which must allow making one; it is dropped at the end.

    Returns:
        `rows`, `page`, `repeats`, and per table rows per second and shares. `store`: rows that are new; `again`: the
        same page again, unchanged; `changed` (listings): every row of it changed. `copy`: psycopg's binary COPY of the
        same entities; `ready`: COPY of bytes made before. `store_share_of_copy` is the figure to watch.
    """
    with scratch(url) as database:
        upgrade(database)
        return {"rows": rows, "page": page, "repeats": repeats} | asyncio.run(_measure(database, rows, page, repeats))


async def _measure(url: str, rows: int, page: int, repeats: int) -> dict[str, object]:
    store = SqlStore(url, None, RandomIds())
    owner = User(
        id=stable_id("bench"),
        user_type=UserType.REALTOR,
        full_name="Bench",
        email="bench@example.com",
        phone_number="+15125550100",
        vertical="real_estate",
        tool_provider="reso",
        timezone="UTC",
    )
    async with store.system() as tx:
        await tx.users.add(owner)
    measured: dict[str, object] = {}
    pages = [(start, min(start + page, rows)) for start in range(0, rows, page)]
    subjects = _subjects(owner.id, rows)
    gc.collect()
    gc.freeze()  # the prepared entities are the benchmark's own; a process that ingests does not hold them
    for subject in subjects:
        measured[subject.name] = await _compare(store, url, subject, pages, rows, repeats)
    gc.unfreeze()
    await store.aclose()
    return measured


async def _compare(
    store: SqlStore, url: str, subject: _Subject, pages: Sequence[tuple[int, int]], rows: int, repeats: int
) -> dict[str, float]:
    ready = [_copy_bytes(subject, start, end) for start, end in pages]
    taken: dict[str, list[float]] = {"store": [], "again": [], "changed": [], "copy": [], "ready": []}

    async def timed(name: str, store_page: Callable[[SqlStore, int, int], Awaitable[None]]) -> None:
        started = time.perf_counter()
        for start, end in pages:
            await store_page(store, start, end)
        taken[name].append(time.perf_counter() - started)

    for _ in range(repeats + 1):
        _truncate(url, subject.table)
        await timed("store", subject.store)
        await timed("again", subject.store)
        if subject.store_changed is not None:
            await timed("changed", subject.store_changed)
        _truncate(url, subject.table)
        taken["copy"].append(_copy(url, subject, pages))
        _truncate(url, subject.table)
        taken["ready"].append(_copy(url, subject, ready))
    figures = {f"{name}_rows_per_s": rows / statistics.median(times[1:]) for name, times in taken.items() if times}
    for name in ("store", "again", "changed"):
        for against in ("copy", "ready"):
            if taken[name]:  # without the first round, which warms caches and prepares statements
                pairs = zip(taken[against][1:], taken[name][1:], strict=True)
                figures[f"{name}_share_of_{against}"] = statistics.median(theirs / ours for theirs, ours in pairs)
    return figures


def _subjects(owner: UUID, rows: int) -> Sequence[_Subject]:
    events = [_global_event(number) for number in range(rows)]
    listings = [_listing(number) for number in range(rows)]
    changed = [evolve(listing, transitions=2) for listing in listings]
    resources = [_resource(owner, listing) for listing in listings]
    happened = [_market_event(owner, event, listing) for event, listing in zip(events, listings, strict=True)]

    async def store_events(store: SqlStore, start: int, end: int) -> None:
        async with store.system() as tx:
            await tx.global_events.add(events[start:end])

    async def store_listings(store: SqlStore, start: int, end: int) -> None:
        async with store.system() as tx:
            await tx.listings.store(listings[start:end])

    async def store_changed_listings(store: SqlStore, start: int, end: int) -> None:
        async with store.system() as tx:
            await tx.listings.store(changed[start:end])

    async def store_resources(store: SqlStore, start: int, end: int) -> None:
        async with store.tenant(owner) as tx:
            await tx.resources.store(resources[start:end])

    async def store_market_events(store: SqlStore, start: int, end: int) -> None:
        async with store.tenant(owner) as tx:
            await tx.market_events.add(happened[start:end])

    return (
        _Subject(
            "globalmlsevent",
            tables.globalmlsevent,
            market.GLOBAL_EVENT,
            lambda start, end: market.global_events_to_columns(events[start:end]),
            store_events,
        ),
        _Subject(
            "listingsnapshot",
            tables.listingsnapshot,
            market.LISTING,
            lambda start, end: market.listings_to_columns(listings[start:end]),
            store_listings,
            store_changed_listings,
        ),
        _Subject(
            "resource",
            tables.resource,
            market.RESOURCE,
            lambda start, end: market.resources_to_columns(resources[start:end]),
            store_resources,
        ),
        _Subject(
            "marketevent",
            tables.marketevent,
            market.MARKET_EVENT,
            lambda start, end: market.market_events_to_columns(happened[start:end]),
            store_market_events,
        ),
    )


_REMARKS = (
    "Light-filled home on a quiet street near the greenbelt, with an open kitchen, quartz counters, a covered patio "
    "and a two-car garage. New roof in 2023. Walk to the elementary school, the library and the farmers' market. "
) * 4
_FIELDS: dict[str, Json] = {
    "PublicRemarks": _REMARKS,
    **{f"Field{number:02}": f"value {number} of a usual length" for number in range(28)},
}


def _listing(number: int) -> AcceptedListing:
    return AcceptedListing(
        snapshot=ListingSnapshot(
            source_id="bench",
            listing_key=f"ACT{number:09}",
            listing_id=f"{number:07}",
            watermark="2026-01-01T00:00:00.000Z",
            modified_at=_START + timedelta(seconds=number),
            status=ListingStatus.ACTIVE,
            list_price_cents=350_000_00 + number * 100,
            beds=3,
            baths=2.5,
            living_area_sqft=1_900.0,
            address=f"{number} Timber St",
            city="Georgetown",
            postal_code="78626",
            subdivision="Berry Creek",
            remarks=_REMARKS,
            photo_urls=(f"https://example.com/{number}/1.jpg",),
        ),
        transitions=1,
    )


def _global_event(number: int) -> GlobalMlsEvent:
    raw: dict[str, Json] = {**_FIELDS, "ListingKey": f"ACT{number:09}", "ListPrice": 350_000 + number}
    return GlobalMlsEvent(
        id=stable_id("bench event", str(number)),
        source_id="bench",
        listing_key=f"ACT{number:09}",
        kind=ListingEvent.PRICE_DROP,
        event_timestamp=_START + timedelta(seconds=number),
        created_at=_START,
        change={"previous_price_cents": 400_000_00, "price_cents": 350_000_00 + number * 100},
        raw_payload=raw,
    )


def _resource(owner: UUID, listing: AcceptedListing) -> Resource:
    return Resource(
        id=stable_id("bench resource", listing.snapshot.listing_key),
        user_id=owner,
        resource_type=ResourceType.PROPERTY,
        status=ResourceStatus.ACTIVE,
        source_id="bench",
        entity_id=listing.snapshot.listing_key,
        attributes=public_facts(listing.snapshot),
        created_at=_START,
        updated_at=_START,
    )


def _market_event(owner: UUID, event: GlobalMlsEvent, listing: AcceptedListing) -> MarketEvent:
    return MarketEvent(
        id=stable_id("bench market event", str(event.id)),
        user_id=owner,
        event_type=event.kind.value,
        entity_id=event.listing_key,
        source_id="bench",
        market_area="Georgetown",
        payload={"listing": public_facts(listing.snapshot), "change": event.change},
        created_at=event.event_timestamp,
    )


def _copy_bytes(subject: _Subject, start: int, end: int) -> bytes:
    """Return a page as PostgreSQL's binary COPY format has it."""
    encode = [sent_as(subject.table.c[name]).encode for name in subject.columns]
    count = struct.pack("!h", len(encode))
    rows = [count + b"".join(map(_field, encode, row)) for row in zip(*subject.values(start, end), strict=True)]
    return _COPY_HEADER + b"".join(rows) + _COPY_TRAILER


def _field(encode: Encoder, value: object) -> bytes:
    if value is None:
        return struct.pack("!i", -1)
    data = encode(value)
    return struct.pack("!i", len(data)) + data


def _copy_rows(subject: _Subject, start: int, end: int) -> Iterator[tuple[object, ...]]:
    """Return a page as rows for psycopg's `write_row`."""
    jsonb = [isinstance(subject.table.c[name].type, JSONB) for name in subject.columns]
    columns = [
        [b"\x01" + cast("bytes", value) for value in values] if binary else values
        for values, binary in zip(subject.values(start, end), jsonb, strict=True)
    ]
    return zip(*columns, strict=True)


def _copy(url: str, subject: _Subject, pages: Sequence[bytes] | Sequence[tuple[int, int]]) -> float:
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(subject.table.name), sql.SQL(", ").join(map(sql.Identifier, subject.columns))
    )
    sent = [sent_as(subject.table.c[name]).array for name in subject.columns]
    types = [_COPY_TYPES.get(one, one) for one in sent]
    with psycopg.connect(libpq(url)) as connection:
        started = time.perf_counter()
        for page in pages:
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                if isinstance(page, bytes):
                    copy.write(page)
                else:
                    copy.set_types(types)
                    for row in _copy_rows(subject, *page):
                        copy.write_row(row)
            connection.commit()
        return time.perf_counter() - started


_COPY_TYPES = {
    "json": "bytea",
    "jsonb": "bytea",
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "boolean": "bool",
}
"""Types under which psycopg finds the dumper for what `_copy_rows` gives."""


def _truncate(url: str, table: Table) -> None:
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table.name)))


class RandomIds:
    """Ids nobody has seen."""

    def new(self) -> UUID:
        """Return one."""
        return uuid4()


@contextmanager
def scratch(url: str) -> Iterator[str]:
    """Make an empty database on a server, yield its address, and drop it."""
    name = f"nudge_bench_{uuid4().hex[:12]}"
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield database_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(libpq(url), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def libpq(url: str) -> str:
    """Return an address as libpq takes it."""
    return database_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def as_table(measured: dict[str, object]) -> str:
    """Return what `run` measured as a table for a terminal."""
    shown = ("ready_rows_per_s", "copy_rows_per_s", "store_rows_per_s")
    shares = ("store_share_of_copy", "store_share_of_ready", "again_share_of_copy", "changed_share_of_copy")
    lines = [
        f"{measured['rows']} rows in pages of {measured['page']}, median of {measured['repeats']}; rows/s and shares",
        f"{'table':<17}{'ready':>9}{'COPY':>9}{'ours':>9}{'of COPY':>9}{'of ready':>9}{'again':>9}{'changed':>9}",
    ]
    for name, figures in measured.items():
        if isinstance(figures, dict):
            rates = "".join(f"{figures[one]:>9,.0f}" for one in shown)
            lines.append(f"{name:<17}{rates}" + "".join(f"{figures[one]:>9.2f}" for one in shares if one in figures))
    return "\n".join(lines)
