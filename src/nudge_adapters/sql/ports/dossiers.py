"""All that is held of one client, across every table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Text, delete, func, literal, select, tuple_, union_all

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports.erasing import concerning, erase, merges_that_made, take_back, their_phones
from nudge_adapters.sql.ports.merging import put_back, reassign
from nudge_adapters.sql.rows.clients import client_note_from_row, fact_from_row
from nudge_adapters.sql.rows.nudges import audit_from_row, briefing_from_row, negative_preference_from_row
from nudge_adapters.sql.rows.people import client_from_row, consent_from_row, suppression_from_row
from nudge_adapters.sql.rows.planned import interaction_from_row, scheduled_from_row
from nudge_adapters.sql.rows.texts import message_from_row
from nudge_adapters.sql.rows.values import Row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import NotFound
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.client import Client
from nudge_core.model.client_merge import Moved
from nudge_core.model.dossier import Dossier, Happening, TimelineEntry, only_member, read_timeline_key
from nudge_core.model.page import Page, PageRequest

# Any: rows of several kinds, each with its own entity.
_SOURCES: Mapping[Happening, tuple[Table, str, Callable[[Row], Any]]] = {
    Happening.MESSAGE: (tables.message, "created_at", message_from_row),
    Happening.INTERACTION: (tables.interaction, "at", interaction_from_row),
    Happening.NOTE: (tables.clientnote, "at", client_note_from_row),
    Happening.FACT: (tables.clientfact, "recorded_at", fact_from_row),
    Happening.BRIEFING: (tables.campaignbriefing, "created_at", briefing_from_row),
    Happening.DECISION: (tables.auditentry, "at", audit_from_row),
}


def _about(kind: Happening, client_id: UUID) -> ColumnElement[bool]:
    if kind is Happening.BRIEFING:
        return concerning(client_id)
    table = _SOURCES[kind][0]
    return (table.c.subject_id if kind is Happening.DECISION else table.c.client_id) == client_id


class SqlDossiers:
    """All that is held of one client."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @reading
    async def timeline(self, client_id: UUID, request: PageRequest) -> Page[TimelineEntry]:
        """Return a page of what happened with a client, newest first: one statement for the page, one for each kind."""
        parts = []
        for kind, (table, at, _) in _SOURCES.items():
            key = tuple_(table.c[at], literal(kind.value, Text), table.c.id)
            one = select(table.c[at].label("at"), literal(kind.value, Text).label("kind"), table.c.id.label("id"))
            one = one.where(table.c.user_id == self._work.owner, _about(kind, client_id))
            if request.after is not None:
                last, last_kind, last_id = read_timeline_key(request.after)
                one = one.where(key < tuple_(literal(last), literal(last_kind, Text), literal(last_id)))
            newest = one.order_by(table.c[at].desc(), table.c.id.desc()).limit(request.limit + 1)
            parts.append(select(newest.subquery()))
        told = union_all(*parts).subquery()
        newest_of_all = select(told).order_by(told.c.at.desc(), told.c.kind.desc(), told.c.id.desc())
        keys = await self._work.rows(newest_of_all.limit(request.limit + 1))
        shown = keys[: request.limit]
        found = {
            kind: await self._found(kind, [row["id"] for row in shown if row["kind"] == kind], client_id)
            for kind in Happening
        }
        items = tuple(
            TimelineEntry(
                at=row["at"],
                kind=(kind := Happening(row["kind"])),
                what=found[kind][row["id"]],
            )
            for row in shown
        )
        return Page(items=items, last=items[-1].key if len(keys) > len(items) else None)

    async def _found(self, kind: Happening, ids: Sequence[UUID], client_id: UUID) -> Mapping[UUID, Any]:
        table, _, read = _SOURCES[kind]
        query = select(table).where(table.c.user_id == self._work.owner, table.c.id.in_(ids))
        rows = [read(row) for row in await self._work.rows(query)]
        if kind is Happening.BRIEFING:
            rows = [only_member(one, client_id) for one in rows]
        return {one.id: one for one in rows}

    @reading
    async def of(self, client_id: UUID) -> Dossier:
        """Return everything that is held, or raise NotFound."""
        client = tables.client
        row = await self._work.row(select(client).where(client.c.user_id == self._work.owner, client.c.id == client_id))
        if row is None:
            raise NotFound("client", client_id)
        phones = await their_phones(self._work, client_id, await merges_that_made(self._work, client_id))
        suppression = tables.suppression
        return Dossier(
            client=client_from_row(row),
            notes=await self._rows(tables.clientnote, "at", client_note_from_row, client_id),
            facts=await self._rows(tables.clientfact, "recorded_at", fact_from_row, client_id),
            messages=await self._rows(tables.message, "created_at", message_from_row, client_id),
            scheduled=await self._rows(tables.scheduledmessage, "created_at", scheduled_from_row, client_id),
            interactions=await self._rows(tables.interaction, "at", interaction_from_row, client_id),
            consents=await self._rows(tables.consent, "recorded_at", consent_from_row, client_id),
            suppressions=await self._rows(
                suppression, "created_at", suppression_from_row, suppression.c.phone.in_(sorted(phones))
            ),
            negative_preferences=await self._rows(
                tables.negativepreference, "created_at", negative_preference_from_row, client_id
            ),
            briefings=tuple(
                only_member(one, client_id)
                for one in await self._rows(
                    tables.campaignbriefing, "created_at", briefing_from_row, concerning(client_id)
                )
            ),
            audit=await self._rows(
                tables.auditentry, "at", audit_from_row, tables.auditentry.c.subject_id == client_id
            ),
        )

    async def _rows(
        self, table: Table, by: str, read: Callable[[Row], Any], which: UUID | ColumnElement[bool]
    ) -> tuple[Any, ...]:
        condition = table.c.client_id == which if isinstance(which, UUID) else which
        query = select(table).where(table.c.user_id == self._work.owner, condition)
        return tuple(read(row) for row in await self._work.rows(query.order_by(table.c[by], table.c.id)))

    @reading
    async def plans(self, client_ids: Collection[UUID]) -> Mapping[UUID, Mapping[BriefingStatus, int]]:
        """Return how many plans each of these clients has, by state, in one query."""
        plan = tables.campaignbriefing.c
        query = (
            select(plan.client_id, plan.status, func.count())
            .where(plan.user_id == self._work.owner, plan.is_plan, plan.client_id.in_(sorted(client_ids)))
            .group_by(plan.client_id, plan.status)
        )
        found: dict[UUID, dict[BriefingStatus, int]] = {}
        for client_id, status, number in await self._work.run(query):
            found.setdefault(client_id, {})[status] = number
        return found

    @writing
    async def reassign(self, source: UUID, target: UUID, only: Moved | None) -> Moved:
        """Let what belongs to one client belong to another one; return what moved."""
        return await reassign(self._work, source, target, only)

    @writing
    async def put_back(self, client: Client) -> None:
        """Store a client exactly so, over what is stored, or anew; the version is above the stored one."""
        await put_back(self._work, client)

    @writing
    async def drop(self, client_id: UUID) -> None:
        """Remove a client of whom nothing else is held any more. Raises NotFound."""
        client = tables.client
        gone = delete(client).where(client.c.user_id == self._work.owner, client.c.id == client_id)
        if await self._work.changed(gone) == 0:
            raise NotFound("client", client_id)

    @writing
    async def drop_note(self, note_id: UUID) -> None:
        """Remove the note that a merge wrote, because the merge is undone. A missing one is fine."""
        note = tables.clientnote
        await self._work.run(delete(note).where(note.c.user_id == self._work.owner, note.c.id == note_id))

    @writing
    async def take_back(self, client_ids: Collection[UUID]) -> frozenset[UUID]:
        """Remove those of these clients whom nobody has changed, texted or decided about since they were added."""
        return await take_back(self._work, client_ids)

    @writing
    async def erase(self, client_id: UUID) -> Mapping[str, int]:
        """Remove everything personal of a client from every table; return what was done, by table and deed."""
        return await erase(self._work, client_id)
