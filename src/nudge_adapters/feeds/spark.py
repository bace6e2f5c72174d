"""A feed over the Spark API v1 (Flexmls): its own envelope, its own filter language, tokens instead of links.

Facts: `mls-feeds.md` section 8. Everything is read in the order of keys, which updates do not move; so a pass of
changes begins no later than the pass before it did (`replication`, KEY_ORDER).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from attrs import evolve

from nudge_adapters.feeds.http import Answer, Wire
from nudge_adapters.feeds.limits import Timing
from nudge_adapters.feeds.odata import address
from nudge_adapters.feeds.pages import PageSize, batches, page_lost, page_read, page_reread
from nudge_adapters.feeds.profiles import Paging, Profile
from nudge_adapters.feeds.records import ParsedPage, spark_page
from nudge_adapters.feeds.replication import Outcome, Position, advance, ask
from nudge_adapters.feeds.shape import RecordShape
from nudge_core.errors import Invalid, Refused, Unavailable
from nudge_core.model.feed import FeedCursor, FeedPage

SPARK_V1 = Profile(
    name="spark",
    base_address="https://replication.sparkapi.com/v1",  # [V] section 8: for bulk reading
    resource="listings",
    page=1_000,  # [V] section 8: replication keys; 25 for others
    key_page=1_000,  # [V] section 8
    paging=Paging.KEY_ORDER,  # [V] section 8: _skiptoken, ListingKey order is implied
    ordered=False,  # [V] section 8
    overlap=timedelta(minutes=20),  # [V] section 8: because of server caching
)
LOST_TOKEN = frozenset({"bad_parameter", "bad_request", "not_found", "gone"})
"""How the service says that a skip token means nothing to it any more."""

RESO_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "residential": "Residential",
        "multi family": "Residential Income",
        "land": "Land",
        "commercial": "Commercial Sale",
        "farm": "Farm",
        "rental": "Residential Lease",
    }
)
"""What MLSs call their property types, and RESO's names [I]. What a letter means is asked from the service."""


class SparkFeed:
    """A `ListingFeed` over Spark v1.

    Args:
        source_id: name of the source.
        base_address: where version 1 begins.
        wire: carries the requests.
        shape: how records are read; property types are added from the service.
        profile: sizes and overlap; `SPARK_V1` or a variant of it.
    """

    def __init__(
        self,
        *,
        source_id: str,
        base_address: str,
        wire: Wire,
        shape: RecordShape,
        timing: Timing,
        profile: Profile = SPARK_V1,
    ) -> None:
        self._source_id, self._service = source_id, f"spark:{source_id}"
        self._base, self._wire, self._shape, self._timing = base_address, wire, shape, timing
        self._profile = profile
        self._learned = False
        self._size = PageSize(profile.page)

    @property
    def source_id(self) -> str:
        """Name of the source."""
        return self._source_id

    async def read(self, cursor: FeedCursor, now: datetime) -> FeedPage:
        """Return the page after `cursor`; see `ListingFeed.read`. A token that is refused begins the pass again."""
        if cursor.source_id != self._source_id:
            raise Invalid("cursor.source_id", f"the cursor of {self._source_id}", cursor.source_id)
        await self._learn()
        position = Position.of_state(cursor.state, self._profile.paging)
        position = evolve(position, began=position.began or now)
        rows = self._size.rows
        options = self._changes(position) | {"_skiptoken": position.link or "", "_limit": str(rows)}
        try:
            page = await self._page(self._listings(options), now)
        except Refused as refusal:
            if position.link is None or refusal.reason not in LOST_TOKEN:
                raise
            return page_lost(cursor, position, self._profile.paging)
        outcome = self._advance(position, page, now)
        return page_read(cursor, position, page, outcome, self._profile.paging)

    async def reread(self, keys: Sequence[str], now: datetime) -> FeedPage:
        """Return these listings as they are now; see `ListingFeed.reread`. Gone is only what is answered with 404."""
        await self._learn()
        wanted = tuple(dict.fromkeys(keys))
        pages = []
        for batch in batches(wanted):
            several = f"ListingKey Eq {','.join(spark_text(key) for key in batch)}"
            pages.append(await self._page(self._listings({"_filter": several, "_limit": str(len(batch))}), now))
        found = {row.key for page in pages for row in page.positions}
        gone = []
        for key in (key for key in wanted if key not in found):
            answer = await self._wire.get(address(self._base, f"listings/{quote(key, safe='')}", {}))
            if answer.status == 404:
                gone.append(key)
            else:
                pages.append(self._read(answer, now))
        return page_reread(self._source_id, wanted, pages, gone)

    async def keys(self) -> frozenset[str]:
        """Return the keys of every listing the source still has; see `ListingFeed.keys`.

        Raises:
            Unavailable: the list ended early, repeated itself, was empty, or was shorter than the service's own count.
        """
        now = self._timing.now()
        counted = await self._page(self._listings({"_pagination": "count"}), now, positions_only=True)
        found: set[str] = set()
        outcome = Outcome(position=Position(began=now), more=True)
        rows = self._profile.key_page
        while outcome.more:
            options = {"_skiptoken": outcome.position.link or "", "_select": "ListingKey", "_limit": str(rows)}
            page = await self._page(self._listings(options), now, positions_only=True)
            found.update(row.key for row in page.positions if row.key)
            outcome = self._advance(outcome.position, page, now)
        if not outcome.finished or not found or (counted.total is not None and len(found) < counted.total):
            of_all = "" if counted.total is None else f" of {counted.total}"
            raise Unavailable(self._service, f"the list of keys is not whole: {len(found)}{of_all}")
        return frozenset(found)

    async def ping(self) -> str:
        """Return one line about the service, or raise."""
        self._learned = False
        await self._learn()
        counted = await self._page(self._listings({"_pagination": "count"}), self._timing.now(), positions_only=True)
        told = "" if counted.total is None else f", {counted.total} listings"
        return f"{self._service}: Spark API v1 at {urlsplit(self._base).hostname} answers{told}"

    async def aclose(self) -> None:
        """Give back connections."""
        await self._wire.aclose()

    async def _learn(self) -> None:
        """Ask once what this MLS's letters for property types mean."""
        if self._learned:
            return
        answer = await self._wire.get(address(self._base, "propertytypes", {}))
        self._read(answer, self._timing.now(), positions_only=True)
        named = {str(one.get("MlsCode")): str(one.get("MlsName")) for one in _results(answer) if one.get("MlsCode")}
        types = {code: RESO_TYPES.get(name.casefold(), name) for code, name in named.items()}
        self._shape = evolve(self._shape, property_types={**types, **self._shape.property_types})
        self._learned = True

    def _changes(self, position: Position) -> dict[str, str]:
        """Return the filter of the pass under way: none on the first load, which may have no option but the token."""
        since = ask(evolve(position, link=None), self._profile).filter
        return {"_filter": since.replace(" gt ", " Gt ")} if since else {}

    def _advance(self, position: Position, page: ParsedPage, now: datetime) -> Outcome:
        """Take the token as the link. A page that is empty or has no token is the last one, however long it is."""
        rows, token = page.positions, page.skip_token if page.positions else None
        return advance(position, self._profile, rows, token, len(rows) + 1, now)

    async def _page(self, asking: str, now: datetime, *, positions_only: bool = False) -> ParsedPage:
        """Return an answer, read. After one that was too heavy the next request asks for less."""
        answer: Answer | None = None
        try:
            answer = await self._wire.get(asking)
            page = self._read(answer, now, positions_only=positions_only)
        except (Unavailable, Refused) as error:
            self._size.failed(error, answer)
            raise
        self._size.served()
        return page

    def _read(self, answer: Answer, now: datetime, *, positions_only: bool = False) -> ParsedPage:
        return spark_page(
            answer.body,
            self._shape,
            self._source_id,
            status=answer.status,
            headers=answer.headers,
            now=now if answer.status == 200 else self._timing.now(),  # dates in headers are of the real world
            positions_only=positions_only,
        )

    def _listings(self, options: Mapping[str, str]) -> str:
        """Return an address; the first token is sent empty, so an empty `_skiptoken` stays in it."""
        asking = address(self._base, "listings", options)
        empty = "_skiptoken" in options and not options["_skiptoken"]
        return asking + ("&" if "?" in asking else "?") + "_skiptoken=" if empty else asking


def spark_text(text: str) -> str:
    """Return a text as SparkQL wants it: `'O\\'Fallon'`, not `'O''Fallon'`."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _results(answer: Answer) -> list[Mapping[str, object]]:
    """Return the results of an answer that was read as a page before."""
    results = json.loads(answer.body)["D"].get("Results") or []
    return [one for one in results if isinstance(one, Mapping)]
