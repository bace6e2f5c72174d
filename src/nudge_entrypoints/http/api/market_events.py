"""What happened in a professional's market: events, and how many of which kind where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get
from litestar.params import FromPath, FromQuery

from nudge_core.errors import Invalid, NotFound
from nudge_core.model.event import Activity, EventStatus, MarketEvent
from nudge_core.model.page import PageRequest
from nudge_entrypoints.http.api.account import JsonView, json_view
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import SCOPE, Scope

USUAL_RANGE = timedelta(days=30)
LONGEST_RANGE = timedelta(days=366)
"""A year: what a count may have to walk through."""

MOST_COUNTS = 500
"""Rows of kind and area in one answer: seven kinds in seventy areas."""

RECENT = 20
"""The newest changes shown beside the counts: one screen."""

LONGEST_FILTER = 255


@frozen(kw_only=True)
class MarketEventView:
    """One event. `payload`: the change, and the listing's public facts."""

    id: UUID
    event_type: str
    entity_type: str
    entity_id: str
    source_id: str
    status: EventStatus
    market_area: str | None
    resource_id: UUID | None
    created_at: datetime
    processed_at: datetime | None
    payload: JsonView = field(repr=False)


@frozen(kw_only=True)
class MarketEventPage:
    """Some of them, and where to go on."""

    items: tuple[MarketEventView, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class MarketActivityView:
    """Counts per kind and area from `since` to before `until`, the most first, and the newest changes of all.

    `complete`: no further kind and area was left off.
    """

    since: datetime
    until: datetime
    counts: tuple[Activity, ...]
    complete: bool
    recent: tuple[MarketEventView, ...]


class MarketEventRoutes(Controller):
    """Routes of market events."""

    path = "/market-events"
    tags = ["market"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.CONTENT_READ})
    async def list_market_events(
        self,
        api: TheApi,
        principal: Caller,
        event_type: FromQuery[str | None] = None,
        status: FromQuery[EventStatus | None] = None,
        entity_id: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> MarketEventPage:
        """List events, the newest first."""
        for name, value in (("event_type", event_type), ("entity_id", entity_id)):
            if value is not None and ("\x00" in value or len(value) > LONGEST_FILTER):
                raise Invalid(name, f"at most {LONGEST_FILTER} characters, no NUL", value)
        of = f"market events by time, {event_type or ''}, {status or ''}, {entity_id or ''}"
        request = page_request(of, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            page = await tx.market_events.page(request, event_type=event_type, status=status, entity_id=entity_id)
        return MarketEventPage(items=tuple(map(_view, page.items)), next_cursor=cursor_after(of, page.last))

    @get("/{event_id:uuid}", opt={SCOPE: Scope.CONTENT_READ})
    async def read_market_event(self, api: TheApi, principal: Caller, event_id: FromPath[UUID]) -> MarketEventView:
        """Read an event."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            found = await tx.market_events.get([event_id])
        if not found:
            raise NotFound("market event", event_id)
        return _view(found[0])


class MarketActivity(Controller):
    """Routes of market activity."""

    path = "/market-activity"
    tags = ["market"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.CONTENT_READ})
    async def read_market_activity(
        self,
        api: TheApi,
        principal: Caller,
        since: FromQuery[datetime | None] = None,
        until: FromQuery[datetime | None] = None,
    ) -> MarketActivityView:
        """Count events per kind and area over a range, by default the last thirty days."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            end = tx.now if until is None else _instant("until", until)
            start = end - USUAL_RANGE if since is None else _instant("since", since)
            if not timedelta(0) < end - start <= LONGEST_RANGE:
                raise Invalid("since", f"before until, by at most {LONGEST_RANGE.days} days", None)
            counts = await tx.market_events.activity(start, end, MOST_COUNTS + 1)
            recent = await tx.market_events.page(PageRequest(limit=RECENT))
        return MarketActivityView(
            since=start,
            until=end,
            counts=tuple(counts[:MOST_COUNTS]),
            complete=len(counts) <= MOST_COUNTS,
            recent=tuple(map(_view, recent.items)),
        )


def _instant(name: str, given: datetime) -> datetime:
    rule = "an instant with its offset, such as 2026-11-22T10:00:00Z"
    if given.utcoffset() is None:
        raise Invalid(name, rule, given)
    try:
        instant = given.astimezone(UTC)
        instant - LONGEST_RANGE
    except OverflowError as error:
        raise Invalid(name, rule, given) from error
    return instant


def _view(event: MarketEvent) -> MarketEventView:
    return MarketEventView(
        id=event.id,
        event_type=event.event_type,
        entity_type=event.entity_type,
        entity_id=event.entity_id,
        source_id=event.source_id,
        status=event.status,
        market_area=event.market_area,
        resource_id=event.resource_id,
        created_at=event.created_at,
        processed_at=event.processed_at,
        payload=json_view(event.payload),
    )
