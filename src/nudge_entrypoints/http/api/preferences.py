"""What dismissals taught: visible, and reversible."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, delete, get
from litestar.params import FromPath, FromQuery

from nudge_core.model.briefing import CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.feedback import DismissReason, NegativePreference
from nudge_core.steps import review
from nudge_entrypoints.http.api.briefings import READ, WRITE
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.paging import cursor_after, page_request


@frozen(kw_only=True)
class PreferenceView:
    """What one dismissal taught about one client, why, when, and from which briefing.

    `has_meaning`: what was dismissed is compared with what comes later; without it only the reason is kept.
    `retracted_at`: since then matching does not know it any more.
    """

    id: UUID
    client_id: UUID
    client_name: str | None = field(repr=False)
    reason: DismissReason
    created_at: datetime
    has_meaning: bool
    briefing_id: UUID
    briefing_headline: str | None = field(repr=False)
    briefing_campaign_type: str | None
    retracted_at: datetime | None
    retracted_by: str | None


@frozen(kw_only=True)
class PreferencePage:
    """A page of them."""

    items: tuple[PreferenceView, ...]
    next_cursor: str | None


class NegativePreferences(Controller):
    """Routes of what dismissals taught."""

    path = "/negative-preferences"
    tags = ["briefings"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt=READ)
    async def list_preferences(
        self,
        api: TheApi,
        principal: Caller,
        client_id: FromQuery[UUID | None] = None,
        retracted: FromQuery[bool | None] = None,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> PreferencePage:
        """List what dismissals taught, newest first."""
        named = f"negative preferences {client_id} {retracted}"
        request = page_request(named, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            page = await tx.negative_preferences.page(client_id, retracted, request)
            clients = {one.id: one for one in await tx.clients.of({one.client_id for one in page.items}, [])}
            briefings = await tx.briefings.among({one.source_campaign_id for one in page.items})
        views = tuple(
            _view(one, clients.get(one.client_id), briefings.get(one.source_campaign_id)) for one in page.items
        )
        return PreferencePage(items=views, next_cursor=cursor_after(named, page.last))

    @delete("/{preference_id:uuid}", opt=WRITE)
    async def retract(self, api: TheApi, principal: Caller, preference_id: FromPath[UUID]) -> None:
        """Take one back: matching forgets it; who did so stays on record."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await review.retract(tx, preference_id, principal.actor)


def _view(preference: NegativePreference, client: Client | None, briefing: CampaignBriefing | None) -> PreferenceView:
    return PreferenceView(
        id=preference.id,
        client_id=preference.client_id,
        client_name=None if client is None else client.full_name,
        reason=preference.reason,
        created_at=preference.created_at,
        has_meaning=preference.dismissed_embedding is not None,
        briefing_id=preference.source_campaign_id,
        briefing_headline=None if briefing is None else briefing.headline,
        briefing_campaign_type=None if briefing is None else briefing.campaign_type,
        retracted_at=preference.retracted_at,
        retracted_by=preference.retracted_by,
    )
