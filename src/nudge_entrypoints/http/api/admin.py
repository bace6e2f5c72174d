"""What a super-user may see of other accounts: counts, each look written into the audit trail of that account."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen
from litestar import Controller, get
from litestar.params import FromPath

from nudge_core.steps import oversee
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.identity import SCOPE, Scope, overseer_only


@frozen(kw_only=True)
class OverviewView:
    """Counts of one account, by state where there are states. Nothing that says who anybody is."""

    user_id: UUID
    clients: int
    briefings: dict[str, int]
    messages: dict[str, int]
    scheduled: dict[str, int]
    sessions: int
    api_keys: int


class Admin(Controller):
    """Routes of super-users, in person."""

    path = "/admin/tenants"
    tags = ["admin"]  # noqa: RUF012  a Litestar controller's own attribute
    guards = [overseer_only]  # noqa: RUF012 - a Litestar controller's own attribute

    @get("/{user_id:uuid}/overview", opt={SCOPE: Scope.ACCOUNT_READ})
    async def read_overview(self, api: TheApi, principal: Caller, user_id: FromPath[UUID]) -> OverviewView:
        """Count what is in an account. The look stands in that account's audit trail: the one read that writes."""
        async with api.parts.store.tenant(user_id) as tx:
            counted = await oversee.read_overview(tx, principal.actor, api.parts.ids)
        return OverviewView(
            user_id=user_id,
            clients=counted.clients,
            briefings={status.value: count for status, count in sorted(counted.briefings.items())},
            messages={state.value: count for state, count in sorted(counted.messages.items())},
            scheduled={status.value: count for status, count in sorted(counted.scheduled.items())},
            sessions=counted.sessions,
            api_keys=counted.api_keys,
        )
