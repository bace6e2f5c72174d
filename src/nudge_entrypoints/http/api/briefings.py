"""Briefings: the morning's queue, lists, and what a person decides about them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import asdict, field, frozen
from litestar import Controller, Request, get, patch, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, UnsetType

from nudge_core.errors import NotFound, NudgeError
from nudge_core.model import fields
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.briefing_list import BriefingFilter, BriefingOrder
from nudge_core.model.feedback import DismissReason
from nudge_core.model.page import PageRequest
from nudge_core.ports import TenantTransaction
from nudge_core.steps import outcome, review
from nudge_core.verticals.base import Vertical
from nudge_core.walk import dismiss as dismiss_for_good
from nudge_entrypoints.http import problems
from nudge_entrypoints.http.api.briefing_views import (
    BriefingPage,
    BriefingView,
    Queue,
    Reasons,
    line_of,
    reasons_of,
    view_of,
)
from nudge_entrypoints.http.api.context import Api, Caller, TheApi
from nudge_entrypoints.http.api.instants import utc
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import SCOPE, Principal, Scope

READ = {SCOPE: Scope.NUDGES_READ}
WRITE = {SCOPE: Scope.NUDGES_WRITE}
SENDS = {SCOPE: Scope.MESSAGES_SEND, "idempotent": True}

MOST_APPROVED_AT_ONCE = 50
"""In one request: as many as the queue shows."""

MOST_CLIENTS = 1_000
"""Of one audience; matching makes far smaller ones."""

MOST_VERSION = 2**31 - 1  # what the column holds


def _few(instance: object, attribute: Any, value: Any) -> None:
    """At least one, at most so many as may be approved at once."""
    fields.between(1, MOST_APPROVED_AT_ONCE)(instance, attribute, len(value))


def _clients(instance: object, attribute: Any, value: Any) -> None:
    fields.between(0, MOST_CLIENTS)(instance, attribute, len(value))


version_rule = fields.between(1, MOST_VERSION)


@frozen(kw_only=True)
class DraftChange:
    """Other words; null takes the edit back. `version`: the one that was shown."""

    version: int = field(validator=version_rule)
    draft: str | UnsetType | None = field(default=UNSET, repr=False)


@frozen(kw_only=True)
class AudienceChoice:
    """Exactly these people of the matched audience get the text."""

    version: int = field(validator=version_rule)
    client_ids: tuple[UUID, ...] = field(validator=_clients)


@frozen(kw_only=True)
class Seen:
    """The version that was shown."""

    version: int = field(validator=version_rule)


@frozen(kw_only=True)
class ToApprove:
    """A briefing, and the version that was shown."""

    id: UUID
    version: int = field(validator=version_rule)


@frozen(kw_only=True)
class Batch:
    """Briefings to approve, each by itself: one that fails stops none."""

    items: tuple[ToApprove, ...] = field(validator=_few)


@frozen(kw_only=True)
class Dismissal:
    """Why not."""

    version: int = field(validator=version_rule)
    reason: DismissReason


@frozen(kw_only=True)
class Snooze:
    """Until when it is hidden, in UTC; null shows it again."""

    version: int = field(validator=version_rule)
    until: datetime | None


@frozen(kw_only=True)
class ApprovalView:
    """What was released: the new version and the ids of the texts, which go out at the next lawful minute."""

    id: UUID
    version: int
    status: BriefingStatus
    message_ids: tuple[UUID, ...]


# Any: a problem as problem+json has it.
@frozen(kw_only=True)
class BatchLine:
    """What came of one: the approval, or the problem that approving it alone would have answered."""

    id: UUID
    approved: ApprovalView | None = None
    problem: dict[str, Any] | None = None


@frozen(kw_only=True)
class BatchResult:
    """One line each, in the order asked for."""

    items: tuple[BatchLine, ...]


class Briefings(Controller):
    """Routes of briefings."""

    path = "/briefings"
    tags = ["briefings"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt=READ)
    async def list_briefings(
        self,
        api: TheApi,
        principal: Caller,
        status: FromQuery[list[BriefingStatus] | None] = None,
        campaign_type: FromQuery[str | None] = None,
        is_plan: FromQuery[bool | None] = None,
        client_id: FromQuery[UUID | None] = None,
        event_kind: FromQuery[str | None] = None,
        snoozed: FromQuery[bool | None] = None,
        expired: FromQuery[bool | None] = None,
        order: FromQuery[BriefingOrder] = BriefingOrder.NEWEST,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> BriefingPage:
        """List briefings, the newest or the best first."""
        which = BriefingFilter(
            statuses=status or (),
            campaign_type=campaign_type,
            is_plan=is_plan,
            client_id=client_id,
            event_kind=event_kind,
            snoozed=snoozed,
            expired=expired,
        )
        named, request = _asked(which, order, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            return await _page(tx, which, order, named, request)

    @get("/queue", opt=READ)
    async def read_queue(self, api: TheApi, principal: Caller) -> Queue:
        """Show the morning's queue: what waits for a decision, best first, with everything needed to decide."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            shown = await review.queue(tx, await vertical_of(api, tx))
        return Queue(items=tuple(view_of(one) for one in shown))

    @get("/{briefing_id:uuid}", opt=READ)
    async def read_briefing(self, api: TheApi, principal: Caller, briefing_id: FromPath[UUID]) -> BriefingView:
        """Show one briefing with everything needed to decide."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return await _shown(tx, briefing_id, await vertical_of(api, tx))

    @get("/{briefing_id:uuid}/reasons", opt=READ)
    async def read_reasons(
        self, api: TheApi, principal: Caller, briefing_id: FromPath[UUID], client_id: FromQuery[UUID]
    ) -> Reasons:
        """Show the facts that were compared for one person of the audience."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            briefing = await tx.briefings.get(briefing_id)
        for member in briefing.matched_audience:
            if member.client_id == client_id:
                return reasons_of(member)
        raise NotFound("member of the audience", client_id)

    @get("/{briefing_id:uuid}/outcome", opt=READ)
    async def read_outcome(self, api: TheApi, principal: Caller, briefing_id: FromPath[UUID]) -> outcome.Outcome:
        """Show who got the text, who did not, and why."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return await outcome.outcome(tx, briefing_id)

    @patch("/{briefing_id:uuid}", opt=WRITE)
    async def change_draft(
        self, api: TheApi, principal: Caller, briefing_id: FromPath[UUID], data: JSONBody[DraftChange]
    ) -> BriefingView:
        """Change the words of a draft; the answer says what the wording rules think of them."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            vertical = await vertical_of(api, tx)
            if not isinstance(data.draft, UnsetType):
                await review.edit(tx, briefing_id, data.draft, principal.actor, vertical, version=data.version)
            return await _shown(tx, briefing_id, vertical)

    @put("/{briefing_id:uuid}/audience", opt=WRITE)
    async def choose_audience(
        self, api: TheApi, principal: Caller, briefing_id: FromPath[UUID], data: JSONBody[AudienceChoice]
    ) -> BriefingView:
        """Choose who of the matched audience gets the text."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await review.choose_audience(tx, briefing_id, data.client_ids, principal.actor, version=data.version)
            return await _shown(tx, briefing_id, await vertical_of(api, tx))

    @post("/{briefing_id:uuid}/approve", opt=SENDS, status_code=200)
    async def approve(
        self, api: TheApi, principal: Caller, briefing_id: FromPath[UUID], data: JSONBody[Seen]
    ) -> ApprovalView:
        """Say yes: one text per included person is queued, and goes out when the law and the caps allow it."""
        return await _approve(api, principal, briefing_id, data.version)

    @post("/approve", opt=SENDS, status_code=200)
    async def approve_batch(
        self, api: TheApi, principal: Caller, request: Request[Any, Any, Any], data: JSONBody[Batch]
    ) -> BatchResult:
        """Say yes to several, each in a transaction of its own; one that cannot be approved stops none."""
        lines = []
        for one in data.items:
            try:
                approved = await _approve(api, principal, one.id, one.version)
            except NudgeError as error:
                answer = problems.of_core(request, error)
                lines.append(BatchLine(id=one.id, problem=json.loads(answer.content or b"{}")))
            else:
                lines.append(BatchLine(id=one.id, approved=approved))
        return BatchResult(items=tuple(lines))

    @post("/{briefing_id:uuid}/dismiss", opt=WRITE, status_code=200)
    async def dismiss(
        self, api: TheApi, principal: Caller, briefing_id: FromPath[UUID], data: JSONBody[Dismissal]
    ) -> BriefingView:
        """Say no for good, with a reason; its people are not offered the like of it again."""
        by = principal.actor
        await dismiss_for_good(api.parts, principal.user_id, briefing_id, by, data.reason, version=data.version)
        async with api.parts.store.tenant(principal.user_id) as tx:
            return await _shown(tx, briefing_id, await vertical_of(api, tx))

    @post("/{briefing_id:uuid}/snooze", opt=WRITE, status_code=200)
    async def snooze(
        self, api: TheApi, principal: Caller, briefing_id: FromPath[UUID], data: JSONBody[Snooze]
    ) -> BriefingView:
        """Hide a draft from the queue until an instant, or show it again."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await review.snooze(
                tx,
                briefing_id,
                principal.actor,
                None if data.until is None else utc("until", data.until),
                version=data.version,
            )
            return await _shown(tx, briefing_id, await vertical_of(api, tx))


class ClientBriefings(Controller):
    """Routes of the briefings of one client."""

    path = "/clients/{client_id:uuid}/briefings"
    tags = ["briefings"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt=READ)
    async def list_client_briefings(
        self,
        api: TheApi,
        principal: Caller,
        client_id: FromPath[UUID],
        status: FromQuery[list[BriefingStatus] | None] = None,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> BriefingPage:
        """List the briefings about a client, and those with them in the audience, newest first."""
        which = BriefingFilter(statuses=status or (), client_id=client_id)
        named, request = _asked(which, BriefingOrder.NEWEST, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            await tx.clients.get(client_id)
            return await _page(tx, which, BriefingOrder.NEWEST, named, request)


async def vertical_of(api: Api, tx: TenantTransaction) -> Vertical:
    """Return the caller's profession."""
    return api.parts.vertical((await tx.users.get(tx.user_id)).vertical)


async def _shown(tx: TenantTransaction, briefing_id: UUID, vertical: Vertical) -> BriefingView:
    (shown,) = await review.show(tx, [await tx.briefings.get(briefing_id)], vertical)
    return view_of(shown)


async def _approve(api: Api, principal: Principal, briefing_id: UUID, version: int) -> ApprovalView:
    async with api.parts.store.tenant(principal.user_id) as tx:
        vertical = await vertical_of(api, tx)
        done = await review.approve(tx, briefing_id, principal.actor, vertical, version=version)
    return ApprovalView(
        id=done.briefing.id, version=done.briefing.version, status=done.briefing.status, message_ids=done.message_ids
    )


def _asked(
    which: BriefingFilter, order: BriefingOrder, limit: int | None, cursor: str | None
) -> tuple[str, PageRequest]:
    """Return the name of a list and what is asked of it; a cursor of another filter or order is refused."""
    conditions = {**asdict(which), "statuses": sorted(which.statuses)}
    named = f"briefings {order} {conditions}"
    return named, page_request(named, limit, cursor)


async def _page(
    tx: TenantTransaction, which: BriefingFilter, order: BriefingOrder, named: str, request: PageRequest
) -> BriefingPage:
    page = await tx.briefings.page(which, order, request)
    return BriefingPage(items=tuple(line_of(one) for one in page.items), next_cursor=cursor_after(named, page.last))
