"""A feed over the RESO Web API: bytes from the MLS -> a page of snapshots and the next cursor.

What to ask next stands in `replication`, the address that asks it in `reso_requests`, how an answer is read in
`records`, and how vendors differ in `profiles`. What is left here is the order in which these are used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from attrs import evolve

from nudge_adapters.feeds.failures import http_failure
from nudge_adapters.feeds.http import HEAVY, Answer, Wire
from nudge_adapters.feeds.limits import Timing
from nudge_adapters.feeds.metadata import EntitySchema, read_metadata
from nudge_adapters.feeds.odata import next_address
from nudge_adapters.feeds.pages import KEYS_PER_REQUEST, PageSize, batches, page_lost, page_read, page_reread
from nudge_adapters.feeds.profiles import PageOption, Paging
from nudge_adapters.feeds.records import ParsedPage, reso_page
from nudge_adapters.feeds.replication import Disordered, Outcome, Position, advance, ask
from nudge_adapters.feeds.reso_requests import ResoRequests
from nudge_adapters.feeds.shape import RecordShape
from nudge_core.errors import Invalid, Misconfigured, Refused, Unavailable
from nudge_core.model.feed import FeedCursor, FeedPage

LOST_LINK = frozenset({"bad_request", "not_found", "gone"})
"""How a server says that a link has expired (Trestle's after 5 idle minutes, `mls-feeds.md` 3.2)."""


class ResoFeed:
    """A `ListingFeed` over the RESO Web API of one vendor.

    Args:
        source_id: name of the source.
        requests: where to ask, under which vendor's ways.
        wire: carries the requests.
        shape: how records are read.
    """

    def __init__(
        self, *, source_id: str, requests: ResoRequests, wire: Wire, shape: RecordShape, timing: Timing
    ) -> None:
        self._source_id, self._service = source_id, f"reso:{source_id}"
        self._requests, self._wire, self._shape, self._timing = requests, wire, shape, timing
        self._learned = False
        self._size = PageSize(requests.profile.page)

    @property
    def source_id(self) -> str:
        """Name of the source."""
        return self._source_id

    async def read(self, cursor: FeedCursor, now: datetime) -> FeedPage:
        """Return the page after `cursor`; see `ListingFeed.read`.

        A stored link that the server no longer knows, or that repeats, begins the pass again: the page is then empty
        and has a warning.

        Raises:
            Unavailable, Refused: as the port says.
            Misconfigured: the server has no such watermark field.
        """
        if cursor.source_id != self._source_id:
            raise Invalid("cursor.source_id", f"the cursor of {self._source_id}", cursor.source_id)
        await self._learn()
        profile = self._requests.profile
        position = Position.of_state(cursor.state, profile.paging)
        position = evolve(position, began=position.began or now)
        request, rows = ask(position, profile, self._requests.always), self._size.rows
        address = request.link or self._requests.page(request, rows)
        try:
            page = await self._page(address, now, rows)
        except Refused as refusal:
            if request.link is None or refusal.reason not in LOST_LINK:
                raise
            return page_lost(cursor, position, profile.paging)
        return page_read(cursor, position, page, self._advance(position, page, address, rows, now), profile.paging)

    async def reread(self, keys: Sequence[str], now: datetime) -> FeedPage:
        """Return these listings as they are now; see `ListingFeed.reread`.

        A key counts as gone only when the server says so of that very key (404 or 410), never because it is missing
        from a list.
        """
        await self._learn()
        wanted = tuple(dict.fromkeys(keys))
        searchable = wanted if self._requests.profile.key_searchable else ()
        several = [self._requests.several(batch) for batch in batches(searchable)]
        pages = [await self._page(address, now, KEYS_PER_REQUEST) for address in several]
        found = {row.key for page in pages for row in page.positions}
        gone = []
        for key in (key for key in wanted if key not in found):
            page = await self._entity(key, now)
            if page is None:
                gone.append(key)
            else:
                pages.append(page)
        return page_reread(self._source_id, wanted, pages, gone)

    async def keys(self) -> frozenset[str]:
        """Return the keys of every listing the source still has; see `ListingFeed.keys`.

        Raises:
            Unavailable: the list ended early, repeated itself, was empty, or was shorter than the server's own count.
        """
        await self._learn()
        keyset = self._requests.profile.paging is Paging.KEYSET
        found, total = await (self._keys_in_order() if keyset else self._keys_in_passing())
        if not found or (total is not None and len(found) < total):
            of_all = "" if total is None else f" of {total}"
            raise self._not_whole(f"{len(found)}{of_all}")
        return frozenset(found)

    async def ping(self) -> str:
        """Return one line about the server and what of our fields it has, or raise."""
        self._learned = False
        await self._learn()
        requests = self._requests
        one = ask(Position(loaded=True), requests.profile, requests.always)
        await self._page(requests.keys(one, 1, count=False), self._timing.now(), 1, positions_only=True)
        told = f"{len(requests.fields)} of our fields" if requests.schema else "no metadata"
        host = urlsplit(requests.base).hostname
        return f"{self._service}: RESO Web API at {host} answers, {told}, key {requests.profile.key_field}"

    async def aclose(self) -> None:
        """Give back connections."""
        await self._wire.aclose()

    async def _learn(self) -> None:
        """Read the server's metadata once: which fields it has, and the name and type of its key."""
        if self._learned:
            return
        answer = await self._wire.get(self._requests.metadata(), {"Accept": "application/xml"})
        if answer.status in HEAVY or answer.status == 401:
            raise http_failure(self._service, answer.status, answer.headers, None, self._timing.now())
        known_to_it = read_metadata(answer.body, self._requests.profile.resource) if answer.status == 200 else None
        self._requests = evolve(self._requests, schema=known_to_it)
        if known_to_it is not None:
            self._adapt(known_to_it)
        self._learned = True

    def _adapt(self, schema: EntitySchema) -> None:
        """Take the key from the server (`mls-feeds.md` section 2): the profile's where it is there, else its own."""
        profile = self._requests.profile
        if profile.watermark_field not in schema.properties:
            problem = f"{self._source_id}: the server has no {profile.watermark_field}: set watermark_field"
            raise Misconfigured([problem])
        key = profile.key_field if profile.key_field in schema.properties else (schema.key or profile.key_field)
        profile = evolve(profile, key_field=key, key_is_number=schema.is_number(key))
        self._requests = evolve(self._requests, profile=profile)
        self._shape = evolve(self._shape, key_field=key)

    async def _page(self, address: str, now: datetime, rows: int, *, positions_only: bool = False) -> ParsedPage:
        """Return an answer, read. After one that was too heavy the next request asks for less."""
        prefers = self._requests.profile.page_option is PageOption.PREFER
        answer: Answer | None = None
        try:
            answer = await self._wire.get(address, {"Prefer": f"odata.maxpagesize={rows}"} if prefers else {})
            page = self._read(answer.body, answer, now, positions_only=positions_only)
        except (Unavailable, Refused) as error:
            self._size.failed(error, answer)
            raise
        self._size.served()
        return page

    async def _entity(self, key: str, now: datetime) -> ParsedPage | None:
        """Return one listing as a page, or None when the server says that there is none."""
        answer = await self._wire.get(self._requests.entity(key))
        if answer.status in (404, 410):
            return None
        body: bytes | Mapping[str, object] = answer.body
        try:
            record = json.loads(answer.body)
        except (ValueError, RecursionError):  # what that means, the reader of pages says
            record = None
        if isinstance(record, dict) and "value" not in record and "error" not in record:
            body = {"value": [record]}
        return self._read(body, answer, now)

    def _read(
        self, body: bytes | Mapping[str, object], answer: Answer, now: datetime, *, positions_only: bool = False
    ) -> ParsedPage:
        return reso_page(
            body,
            self._shape,
            self._source_id,
            status=answer.status,
            headers=answer.headers,
            now=now if answer.status == 200 else self._timing.now(),  # dates in headers are of the real world
            positions_only=positions_only,
        )

    def _advance(self, position: Position, page: ParsedPage, address: str, rows: int, now: datetime) -> Outcome:
        link, foreign = page.next_link, False
        if link is not None:
            try:
                link = next_address(address, link, self._service)
            except Refused:
                if self._requests.profile.paging not in (Paging.KEYSET, Paging.REASK) or not page.positions:
                    raise
                link, foreign = None, True  # never followed, but it says that there is more
                rows = len(page.positions)
        try:
            outcome = advance(position, self._requests.profile, page.positions, link, rows, now)
        except Disordered as error:
            why = f"the server does not order by {self._requests.profile.watermark_field}: try paging=key_order"
            raise Refused(self._service, "unordered", why) from error
        return evolve(outcome, warnings=(*outcome.warnings, "foreign_link")) if foreign else outcome

    async def _keys_in_order(self) -> tuple[set[str], int | None]:
        """Return all keys and the server's count, each page asked behind the last key: no change shifts that."""
        profile = self._requests.profile
        found: set[str] = set()
        total: int | None = None
        request, address = self._requests.after_key(None), ""
        while True:
            asked = address
            address = self._requests.keys(request, profile.key_page, count=not found)
            if asked == address:
                raise self._not_whole("it repeats itself")
            page = await self._page(address, self._timing.now(), profile.key_page, positions_only=True)
            keys = [row.key for row in page.positions if row.key]
            total = page.total if total is None else total
            ended = page.next_link is None and (profile.sends_links or not keys) and len(keys) < profile.key_page
            found.update(keys)
            if ended:
                return found, total
            if not keys:
                raise self._not_whole("an empty page with a next link")
            request = self._requests.after_key(keys[-1])

    async def _keys_in_passing(self) -> tuple[set[str], int | None]:
        """Return all keys and the server's count, by a whole pass that asks for keys and timestamps only."""
        profile, now = self._requests.profile, self._timing.now()
        found: set[str] = set()
        total: int | None = None
        outcome = Outcome(position=Position(began=now), more=True)
        while outcome.more:
            position = outcome.position
            request = ask(position, profile, self._requests.always)
            count = profile.counts_keys and not found
            address = request.link or self._requests.keys(request, profile.key_page, count=count)
            page = await self._page(address, now, profile.key_page, positions_only=True)
            total = page.total if total is None else total
            found.update(row.key for row in page.positions if row.key)
            outcome = self._advance(position, page, address, profile.key_page, now)
        if not outcome.finished:
            raise self._not_whole(", ".join(outcome.warnings))
        return found, total

    def _not_whole(self, why: str) -> Unavailable:
        return Unavailable(self._service, f"the list of keys is not whole: {why}")
