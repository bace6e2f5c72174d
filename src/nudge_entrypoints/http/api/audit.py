"""The audit trail: who decided what, when, on which facts; and whether it still says what was written."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get
from litestar.params import FromQuery, QueryParameter

from nudge_core.errors import Invalid
from nudge_core.model.audit import AuditEntry
from nudge_core.model.audit_trail import AuditFilter
from nudge_core.steps import verify
from nudge_entrypoints.http.api.briefing_views import plain
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.instants import utc
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import SCOPE, Scope

READ = {SCOPE: Scope.ACCOUNT_READ}

GREATEST_PLACE = 2**63 - 1  # what the column holds


# Any: JSON of facts.
@frozen(kw_only=True)
class EntryView:
    """One decision."""

    id: UUID
    at: datetime
    actor: str
    action: str
    subject_type: str
    subject_id: UUID
    facts: dict[str, Any] = field(repr=False)


@frozen(kw_only=True)
class EntryPage:
    """A page of decisions."""

    items: tuple[EntryView, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class VerificationView:
    """What was verified. Keep `hash` with `verified_to` elsewhere: it then also shows if everything was rewritten.

    `fault`: `gap`, `changed`, `cut_off` or `unlinked`, at the place `broken_at`. `next_after`: where the next call has
    to go on; null when nothing is left.
    """

    is_intact: bool
    verified_to: int
    hash: str
    entries: int
    fault: str | None
    broken_at: int | None
    next_after: int | None


class Audit(Controller):
    """Routes of the audit trail."""

    path = "/audit"
    tags = ["account"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt=READ)
    async def list_entries(
        self,
        api: TheApi,
        principal: Caller,
        subject_id: FromQuery[UUID | None] = None,
        subject_type: FromQuery[str | None] = None,
        action: FromQuery[str | None] = None,
        actor: FromQuery[str | None] = None,
        since: Annotated[datetime | None, QueryParameter(name="from")] = None,
        until: Annotated[datetime | None, QueryParameter(name="to")] = None,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> EntryPage:
        """List decisions, newest first."""
        which = AuditFilter(
            subject_id=subject_id,
            subject_type=subject_type,
            action=action,
            actor=actor,
            since=None if since is None else utc("from", since),
            until=None if until is None else utc("to", until),
        )
        named = f"audit {which!r} {actor}"
        request = page_request(named, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            page = await tx.audit.page(which, request)
        return EntryPage(items=tuple(_view(one) for one in page.items), next_cursor=cursor_after(named, page.last))

    @get("/verification", opt=READ)
    async def verify_chain(self, api: TheApi, principal: Caller, after: FromQuery[int] = 0) -> VerificationView:
        """Compute the hashes of the chain anew, from a place on, at most 2,000 entries a call."""
        if not 0 <= after <= GREATEST_PLACE:
            raise Invalid("after", "a place of the chain", None)
        async with api.parts.store.tenant(principal.user_id) as tx:
            found = await verify.verify(tx, after)
        return VerificationView(
            is_intact=found.fault is None,
            verified_to=found.verified_to,
            hash=found.hash.hex(),
            entries=found.head,
            fault=found.fault,
            broken_at=found.broken_at,
            next_after=None if found.is_complete else found.verified_to,
        )


def _view(entry: AuditEntry) -> EntryView:
    return EntryView(
        id=entry.id,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        subject_type=entry.subject_type,
        subject_id=entry.subject_id,
        facts=plain(entry.facts),
    )
