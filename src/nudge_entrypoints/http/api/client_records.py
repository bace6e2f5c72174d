"""What happened with a client, everything that is held of them, and its end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from attrs import field, frozen
from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK

from nudge_core.model.audit import AuditEntry
from nudge_core.model.briefing import CampaignBriefing
from nudge_core.model.client_fact import ClientFact
from nudge_core.model.client_note import ClientNote
from nudge_core.model.dossier import Dossier, Happened, Happening, TimelineEntry
from nudge_core.model.interaction import Interaction
from nudge_core.model.json import plain_json
from nudge_core.steps.erase import EraseReason, erase
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import SCOPE, Scope


@frozen(kw_only=True)
class HappeningView:
    """One thing that happened. `what`: its members, by `kind`."""

    id: UUID
    kind: Happening
    at: datetime
    what: dict[str, Any] = field(repr=False)


@frozen(kw_only=True)
class Timeline:
    """Some of what happened, and where to go on."""

    items: tuple[HappeningView, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class Export:
    """Everything that is held of a client, each list oldest first, as it is stored."""

    exported_at: datetime
    client: dict[str, Any] = field(repr=False)
    notes: list[dict[str, Any]] = field(repr=False)
    facts: list[dict[str, Any]] = field(repr=False)
    messages: list[dict[str, Any]] = field(repr=False)
    scheduled: list[dict[str, Any]] = field(repr=False)
    interactions: list[dict[str, Any]] = field(repr=False)
    consents: list[dict[str, Any]] = field(repr=False)
    suppressions: list[dict[str, Any]] = field(repr=False)
    negative_preferences: list[dict[str, Any]] = field(repr=False)
    briefings: list[dict[str, Any]] = field(repr=False)
    audit: list[dict[str, Any]] = field(repr=False)


@frozen(kw_only=True)
class Erasing:
    """Why; a code, because words would be about somebody who is to be forgotten."""

    reason: EraseReason


@frozen(kw_only=True)
class ErasedView:
    """The proof of an erasure: how many rows were removed or blanked, by table and deed."""

    client_id: UUID
    erased_at: datetime
    reason: EraseReason
    erased_by: str
    done: dict[str, int]


class ClientRecords(Controller):
    """Routes of timeline, export and erasure."""

    path = "/clients/{client_id:uuid}"
    tags = ["clients"]  # noqa: RUF012  a Litestar controller's own attribute

    @get("/timeline", opt={SCOPE: Scope.CLIENTS_READ})
    async def read_timeline(
        self,
        api: TheApi,
        principal: Caller,
        client_id: FromPath[UUID],
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> Timeline:
        """List what happened with a client, the newest first: texts, calls, notes, facts, nudges, decisions."""
        of = f"timeline of {client_id}"
        request = page_request(of, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            await tx.clients.get(client_id)
            page = await tx.dossiers.timeline(client_id, request)
        return Timeline(items=tuple(map(_happening, page.items)), next_cursor=cursor_after(of, page.last))

    @get("/export", opt={SCOPE: Scope.CLIENTS_READ})
    async def export_client(self, api: TheApi, principal: Caller, client_id: FromPath[UUID]) -> Export:
        """Return everything that is held of a client."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            held, at = await tx.dossiers.of(client_id), tx.now
        return _export(held, at)

    @post("/erase", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_WRITE})
    async def erase_client(
        self, api: TheApi, principal: Caller, client_id: FromPath[UUID], data: JSONBody[Erasing]
    ) -> ErasedView:
        """Remove everything personal of a client; answer with the proof. It cannot be undone."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            erased = await erase(tx, client_id, data.reason, principal.actor)
        return ErasedView(
            client_id=erased.client_id,
            erased_at=erased.at,
            reason=erased.reason,
            erased_by=erased.actor,
            done=dict(erased.done),
        )


def _happening(entry: TimelineEntry) -> HappeningView:
    return HappeningView(id=entry.what.id, kind=entry.kind, at=entry.at, what=_told(entry.what))


def _told(what: Happened) -> dict[str, Any]:
    """Return what a person sees of one thing."""
    if isinstance(what, Interaction):
        return {"kind": what.kind.value, "note": what.note, "recorded_by": what.recorded_by}
    if isinstance(what, ClientNote):
        return {"text": what.text, "author": what.author}
    if isinstance(what, ClientFact):
        return {
            "kind": what.kind,
            "value": plain_json(what.value),
            "source": what.source,
            "state": what.state.value,
            "is_current": what.is_current,
        }
    if isinstance(what, CampaignBriefing):
        member = next(iter(what.matched_audience), None)
        return {
            "campaign_type": what.campaign_type,
            "headline": what.headline,
            "status": what.status.value,
            "is_plan": what.is_plan,
            "included": None if member is None else member.included,
        }
    if isinstance(what, AuditEntry):
        return {"action": what.action, "actor": what.actor, "facts": plain_json(what.facts)}
    return {
        "text": what.content,
        "direction": what.direction.value,
        "status": what.status.value,
        "source": what.source.value,
        "sent_at": what.sent_at,
        "reason": what.reason,
    }


def _export(held: Dossier, at: datetime) -> Export:
    rows = {
        name: [_row(one) for one in getattr(held, name)]
        for name in (
            "notes", "facts", "messages", "scheduled", "interactions", "consents", "suppressions",
            "negative_preferences", "briefings", "audit",
        )
    }  # fmt: skip
    return Export(exported_at=at, client=_row(held.client), **rows)


_NOT_SHOWN = frozenset({"notes_embedding", "dismissed_embedding"})
"""Numbers that a machine made of the notes beside them, and that say nothing to a person."""


def _row(entity: object) -> dict[str, Any]:
    """Return an entity's members as JSON, without vectors."""
    told: dict[str, Any] = msgspec.to_builtins(entity, enc_hook=_plain)
    return {name: value for name, value in told.items() if name not in _NOT_SHOWN}


def _plain(value: Any) -> Any:
    """Return what `msgspec` does not know as something it knows: read-only mappings; of vectors nothing."""
    return dict(value) if isinstance(value, Mapping) else None
