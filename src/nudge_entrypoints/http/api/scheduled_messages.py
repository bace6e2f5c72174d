"""Planned texts: one, many, recurring; changed and cancelled, each by the version that was shown."""

from __future__ import annotations

from uuid import UUID

from litestar import Controller, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from nudge_core.errors import Invalid, NotFound
from nudge_core.model.message import ScheduledStatus
from nudge_core.policy.facts import GateRules
from nudge_core.policy.switches import rules_for
from nudge_core.ports import TenantTransaction
from nudge_core.steps import schedule
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.instants import utc
from nudge_entrypoints.http.api.message_views import READ, SEND, WRITE, id_for
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.api.scheduled_views import (
    Cancellation,
    PlannedItem,
    PlannedItems,
    ScheduledPage,
    ScheduledView,
    TextChange,
    TextsToSchedule,
    TextToSchedule,
    shown,
)
from nudge_entrypoints.http.identity import AnyRequest
from nudge_entrypoints.http.problems import FieldError


class ScheduledMessages(Controller):
    """Routes of planned texts."""

    path = "/scheduled-messages"
    tags = ["messages"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt=READ)
    async def list_scheduled(
        self,
        api: TheApi,
        principal: Caller,
        client_id: FromQuery[UUID | None] = None,
        status: FromQuery[ScheduledStatus | None] = None,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> ScheduledPage:
        """List planned texts, soonest first."""
        named = f"scheduled messages {client_id} {status}"
        request = page_request(named, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            page = await tx.scheduled.page(client_id, status, request)
        return ScheduledPage(items=tuple(map(shown, page.items)), next_cursor=cursor_after(named, page.last))

    @get("/{scheduled_id:uuid}", opt=READ)
    async def read_scheduled(self, api: TheApi, principal: Caller, scheduled_id: FromPath[UUID]) -> ScheduledView:
        """Show a planned text."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return shown(await tx.scheduled.get(scheduled_id))

    @post(opt=SEND)
    async def plan_one(
        self, api: TheApi, principal: Caller, request: AnyRequest, data: JSONBody[TextToSchedule]
    ) -> ScheduledView:
        """Plan a text for a day and an hour on the recipient's clock, once or recurring."""
        text = data.wish(str(id_for(api, request)))
        async with api.parts.store.tenant(principal.user_id) as tx:
            return shown(await schedule.schedule_one(tx, text, principal.actor, await _rules(api, tx)))

    @post("/bulk", opt=SEND, status_code=200)
    async def plan_many(
        self, api: TheApi, principal: Caller, request: AnyRequest, data: JSONBody[TextsToSchedule]
    ) -> PlannedItems:
        """Plan several texts, each by itself: one that is refused stops none; every item says what became of it."""
        named = id_for(api, request)
        async with api.parts.store.tenant(principal.user_id) as tx:
            rules = await _rules(api, tx)
            items = [
                await _planned(tx, text, f"{named}:{number}", principal.actor, rules)
                for number, text in enumerate(data.texts)
            ]
        return PlannedItems(items=tuple(items))

    @patch("/{scheduled_id:uuid}", opt=WRITE)
    async def change_scheduled_message(
        self, api: TheApi, principal: Caller, scheduled_id: FromPath[UUID], data: JSONBody[TextChange]
    ) -> ScheduledView:
        """Change the day, the hour, the words or the end of a planned text: this one, not its series."""
        until = None if data.not_after is None else utc("not_after", data.not_after)
        async with api.parts.store.tenant(principal.user_id) as tx:
            changed = await schedule.change(
                tx,
                scheduled_id,
                principal.actor,
                await _rules(api, tx),
                version=data.version,
                day=data.day,
                at=data.at,
                content=data.text,
                not_after=until,
            )
        return shown(changed)

    @post("/{scheduled_id:uuid}/cancel", opt=WRITE, status_code=200)
    async def cancel_scheduled_message(
        self, api: TheApi, principal: Caller, scheduled_id: FromPath[UUID], data: JSONBody[Cancellation]
    ) -> ScheduledView:
        """Cancel a planned text, and with `whole_series` all that would follow it."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            done = await schedule.cancel(
                tx, scheduled_id, principal.actor, version=data.version, whole_series=data.whole_series
            )
        return shown(done)


async def _rules(api: TheApi, tx: TenantTransaction) -> GateRules:
    return rules_for(await tx.users.get(tx.user_id), api.parts.delivery.gate)


async def _planned(tx: TenantTransaction, text: TextToSchedule, key: str, by: str, rules: GateRules) -> PlannedItem:
    """Plan one of several. What is refused is refused before anything of it is written, so the others stand."""
    try:
        planned = await schedule.schedule_one(tx, text.wish(key), by, rules)
    except Invalid as error:
        return PlannedItem(scheduled=None, code="invalid", error=FieldError(error.field, error.rule))
    except NotFound:
        return PlannedItem(scheduled=None, code="not_found", error=None)
    return PlannedItem(scheduled=shown(planned), code=None, error=None)
