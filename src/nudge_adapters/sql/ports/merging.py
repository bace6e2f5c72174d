"""Two clients that become one, and two again."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from attrs import evolve
from sqlalchemy import Table, Text, Uuid, any_, cast, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports.erasing import REMOVED
from nudge_adapters.sql.rows.merges import merge_from_row, merge_to_row
from nudge_adapters.sql.rows.nudges import briefing_from_row, briefing_to_row
from nudge_adapters.sql.rows.people import client_to_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import Conflict, NotFound
from nudge_core.model.briefing import CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.client_merge import ClientMerge, Moved, move_back, moved_on

_merge, _client, _briefing, _outbox = tables.clientmerge, tables.client, tables.campaignbriefing, tables.outbox
_MOVED: Mapping[str, Table] = {**REMOVED, "briefings": _briefing}


class SqlClientMerges:
    """Two clients that became one."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _merge.c.user_id == work.owner

    @writing
    async def add(self, merge: ClientMerge) -> None:
        """Store one. Raises Conflict when its id is taken."""
        self._work.own(merge.user_id, "clientmerge.user_id")
        await self._work.run(insert(_merge), merge_to_row(merge))

    @reading
    async def get(self, merge_id: UUID) -> ClientMerge:
        """Return one, or raise NotFound."""
        row = await self._work.row(select(_merge).where(self._mine, _merge.c.id == merge_id))
        if row is None:
            raise NotFound("merge", merge_id)
        return merge_from_row(row)

    @writing
    async def undone(self, merge_id: UUID) -> None:
        """Mark one as undone now. Raises Conflict when it was already, NotFound."""
        this = (self._mine, _merge.c.id == merge_id)
        mark = update(_merge).where(*this, _merge.c.undone_at.is_(None)).values(undone_at=self._work.now)
        if await self._work.changed(mark) == 0:
            if await self._work.row(select(_merge.c.id).where(*this)) is None:
                raise NotFound("merge", merge_id)
            raise Conflict("merge", "it was undone already")


async def reassign(work: Work, source: UUID, target: UUID, only: Moved | None) -> Moved:
    """Do what `nudge_core.ports.Dossiers.reassign` promises."""
    both = select(_client.c.id).where(_client.c.user_id == work.owner, _client.c.id.in_([source, target]))
    missing = {source, target} - set((await work.run(both)).scalars())
    if missing:
        raise NotFound("client", min(missing))
    rows: dict[str, tuple[UUID, ...]] = {}
    for name, table in _MOVED.items():
        change = update(table).where(table.c.user_id == work.owner, table.c.client_id == source)
        if only is not None:
            change = change.where(table.c.id == any_(literal(list(only.rows.get(name, ())), ARRAY(Uuid))))
        moved = await work.run(change.values(client_id=target).returning(table.c.id))
        rows[name] = tuple(sorted(moved.scalars()))
    if only is not None:
        await _move_audiences_back(work, source, target, only)
        return Moved(rows=rows, audiences=only.audiences)
    await _rename_work(work, source, target)
    member = [{"client_id": str(source)}]
    query = select(_briefing).where(_briefing.c.user_id == work.owner, _briefing.c.matched_audience.contains(member))
    audiences = []
    for row in await work.rows(query.order_by(_briefing.c.id).with_for_update()):
        found = moved_on(briefing_from_row(row), source, target)
        if found is not None:
            await _save(work, found[0])
            audiences.append(found[1])
    return Moved(rows=rows, audiences=tuple(audiences))


async def _move_audiences_back(work: Work, source: UUID, target: UUID, only: Moved) -> None:
    ids = [move.briefing_id for move in only.audiences]
    query = select(_briefing).where(_briefing.c.user_id == work.owner, _briefing.c.id.in_(ids)).with_for_update()
    stored = {row["id"]: briefing_from_row(row) for row in await work.rows(query)}
    for move in only.audiences:
        if move.briefing_id in stored:
            await _save(work, move_back(stored[move.briefing_id], move, source, target))


async def _save(work: Work, briefing: CampaignBriefing) -> None:
    this = (_briefing.c.user_id == work.owner, _briefing.c.id == briefing.id)
    values = briefing_to_row(evolve(briefing, version=briefing.version + 1))
    await work.run(update(_briefing).where(*this).values(values))


async def _rename_work(work: Work, source: UUID, target: UUID) -> None:
    """Let work that waits name the other client; who works at it now must begin again."""
    told = cast(_outbox.c.payload, Text)
    renamed = cast(func.replace(told, str(source), str(target)), JSONB)
    those = (_outbox.c.user_id == work.owner, told.contains(str(source)))
    await work.run(update(_outbox).where(*those).values(payload=renamed, lease_until=None))


async def put_back(work: Work, client: Client) -> None:
    """Do what `nudge_core.ports.Dossiers.put_back` promises."""
    work.own(client.user_id, "client.user_id")
    row = client_to_row(client)
    new = upsert(_client).values(row)
    over = {name: new.excluded[name] for name in row if name not in ("id", "user_id", "version")}
    version = func.greatest(_client.c.version + 1, new.excluded.version)
    await work.run(new.on_conflict_do_update(constraint="pk_client", set_={**over, "version": version}))
