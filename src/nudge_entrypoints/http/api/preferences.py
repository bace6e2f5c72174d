"""What dismissals taught: visible, and reversible."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, delete, get
from litestar.params import FromPath, FromQuery

from nudge_core.book.dismissals import hard_since
from nudge_core.errors import Invalid
from nudge_core.learning.negatives import Effect, Ended, Standing, standing
from nudge_core.model.briefing import CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.client_fact import ClientFact
from nudge_core.model.feedback import DismissReason, NegativePreference
from nudge_core.steps import review
from nudge_core.verticals.base import Vertical
from nudge_entrypoints.http.api.briefings import READ, WRITE, vertical_of
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.paging import cursor_after, page_request


@frozen(kw_only=True)
class PreferenceView:
    """What one dismissal taught about one client, why, when, and from which briefing.

    `effect`: what it does to later offers, `effect_text` the same in words; `strength`: 1 when it is fresh, less as it
    fades; `until`: from then on it is gone. `ended`: why it does nothing any more; null while it holds.
    `has_meaning`: what was dismissed can be compared with what comes later. `retracted_at`: since then matching does
    not know it any more.
    """

    id: UUID
    client_id: UUID
    client_name: str | None = field(repr=False)
    reason: DismissReason
    created_at: datetime
    effect: Effect
    effect_text: str
    strength: float
    until: datetime | None
    ended: Ended | None
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
            facts = await tx.client_facts.current(set(clients))
            vertical = await vertical_of(api, tx)
            briefings = await tx.briefings.among({one.source_campaign_id for one in page.items})
        views = tuple(
            _view(
                one,
                _standing(one, clients.get(one.client_id), facts.get(one.client_id, ()), tx.now, vertical),
                clients.get(one.client_id),
                briefings.get(one.source_campaign_id),
            )
            for one in page.items
        )
        return PreferencePage(items=views, next_cursor=cursor_after(named, page.last))

    @delete("/{preference_id:uuid}", opt=WRITE)
    async def retract(self, api: TheApi, principal: Caller, preference_id: FromPath[UUID]) -> None:
        """Take one back: matching forgets it; who did so stays on record."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await review.retract(tx, preference_id, principal.actor)


def _standing(
    preference: NegativePreference,
    client: Client | None,
    facts: Sequence[ClientFact],
    now: datetime,
    vertical: Vertical,
) -> Standing:
    if client is None:
        return standing(preference, now)
    try:
        return standing(preference, now, hard_since(client, facts, preference.created_at, vertical))
    except Invalid:  # matching leaves such a client out altogether
        return standing(preference, now)


def _view(
    preference: NegativePreference, known: Standing, client: Client | None, briefing: CampaignBriefing | None
) -> PreferenceView:
    return PreferenceView(
        id=preference.id,
        client_id=preference.client_id,
        client_name=None if client is None else client.full_name,
        reason=preference.reason,
        created_at=preference.created_at,
        effect=known.effect,
        effect_text=known.text,
        strength=known.strength,
        until=known.until,
        ended=known.ended,
        has_meaning=preference.dismissed_embedding is not None,
        briefing_id=preference.source_campaign_id,
        briefing_headline=None if briefing is None else briefing.headline,
        briefing_campaign_type=None if briefing is None else briefing.campaign_type,
        retracted_at=preference.retracted_at,
        retracted_by=preference.retracted_by,
    )
