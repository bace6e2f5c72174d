"""How the professional stands with each client, in counts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get
from litestar.params import FromQuery

from nudge_core.model.client import ClientFilter, ClientOrder
from nudge_core.steps.overview import ClientHealth, overview
from nudge_entrypoints.http.api.context import TheApi, TheReader
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import READS, SCOPE, Scope, stood


@frozen(kw_only=True)
class HealthView:
    """One client. `attention` is the sum of `quiet_periods`, `unread` (3 at most), `paused_plans` and `unreachable`.

    `quiet_periods`: whole periods of 90 days without contact, 4 at most. 0: nothing to be done.
    """

    client_id: UUID
    full_name: str = field(repr=False)
    attention: int
    quiet_periods: int
    days_since_contact: int | None
    last_interaction: datetime | None
    unread: int
    active_plans: int
    paused_plans: int
    silenced: bool
    unreachable: bool


@frozen(kw_only=True)
class Overview:
    """Some of them, and where to go on."""

    items: tuple[HealthView, ...]
    next_cursor: str | None


class ClientOverview(Controller):
    """Routes of the overview."""

    path = "/clients/overview"
    tags = ["clients"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.CLIENTS_READ, READS: True})
    async def list_client_overview(
        self,
        api: TheApi,
        reader: TheReader,
        tag: FromQuery[str | None] = None,
        sort: FromQuery[ClientOrder] = ClientOrder.NAME,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> Overview:
        """List clients with what waits for the professional: counts, and their sum."""
        of = f"overview by {sort.value}, {tag!r}"
        request = page_request(of, limit, cursor)
        page = stood(await api.parts.store.screens.clients(reader, request, sort, ClientFilter(tag=tag)))
        async with api.parts.store.tenant(reader.user_id) as tx:
            states = await overview(tx, page.items)
        return Overview(items=tuple(map(_view, states)), next_cursor=cursor_after(of, page.last))


def _view(health: ClientHealth) -> HealthView:
    return HealthView(
        client_id=health.client.id,
        full_name=health.client.full_name,
        attention=health.attention,
        quiet_periods=health.quiet_periods,
        days_since_contact=health.days_since_contact,
        last_interaction=health.client.last_interaction,
        unread=health.unread,
        active_plans=health.active_plans,
        paused_plans=health.paused_plans,
        silenced=health.silenced,
        unreachable=health.unreachable,
    )
