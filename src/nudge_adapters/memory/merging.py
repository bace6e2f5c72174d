"""Two clients that become one, and two again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Table, Work, reading, writing
from nudge_adapters.memory.world import Book, World
from nudge_core.errors import Conflict
from nudge_core.model.client_merge import ClientMerge, Moved, move_back, moved_on
from nudge_core.model.json import frozen_object, plain_json


class MemoryClientMerges:
    """Two clients that became one."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._merges = world.book(work.user_id).client_merges

    @writing
    async def add(self, merge: ClientMerge) -> None:
        """Store one. Raises Conflict when its id is taken."""
        self._work.own(merge.user_id, "clientmerge.user_id")
        self._merges.add(merge.id, merge, "merge")

    @reading
    async def get(self, merge_id: UUID) -> ClientMerge:
        """Return one, or raise NotFound."""
        return self._merges.need(merge_id, "merge")

    @writing
    async def undone(self, merge_id: UUID) -> None:
        """Mark one as undone now. Raises Conflict when it was already, NotFound."""
        stored = self._merges.need(merge_id, "merge")
        if stored.undone_at is not None:
            raise Conflict("merge", "it was undone already")
        self._merges.put(merge_id, evolve(stored, undone_at=self._work.now))


def reassign(book: Book, source: UUID, target: UUID, only: Moved | None) -> Moved:
    """Do what `nudge_core.ports.Dossiers.reassign` promises, but for work that waits."""
    rows: dict[str, tuple[UUID, ...]] = {}
    for name, table in _tables(book).items():
        wanted = None if only is None else set(only.rows.get(name, ()))
        moving = [r for r in table.rows() if r.client_id == source and (wanted is None or r.id in wanted)]
        for row in moving:
            table.put(row.id, evolve(row, client_id=target))
        rows[name] = tuple(sorted(row.id for row in moving))
    if only is not None:
        for move in only.audiences:
            briefing = book.briefings.get(move.briefing_id)
            if briefing is not None:
                back = move_back(briefing, move, source, target)
                book.briefings.put(briefing.id, evolve(back, version=briefing.version + 1))
        return Moved(rows=rows, audiences=only.audiences)
    moves = []
    for briefing in book.briefings.rows():
        found = moved_on(briefing, source, target)
        if found is not None:
            book.briefings.put(briefing.id, evolve(found[0], version=briefing.version + 1))
            moves.append(found[1])
    return Moved(rows=rows, audiences=tuple(sorted(moves, key=lambda move: move.briefing_id)))


def rename_work(world: World, user_id: UUID | None, source: UUID, target: UUID) -> None:
    """Let work that waits name the other client; who works at it now must begin again."""
    for kept in world.notes.rows():
        told = json.dumps(plain_json(kept.note.payload))
        if kept.note.user_id == user_id and str(source) in told:
            payload: Mapping[str, Any] = json.loads(told.replace(str(source), str(target)))
            note = evolve(kept.note, payload=frozen_object(payload))
            world.notes.put(note.id, evolve(kept, note=note, lease_until=None))


def _tables(book: Book) -> Mapping[str, Table[UUID, Any]]:  # Any: rows of several kinds, each with a client
    return {
        "scheduled": book.scheduled,
        "messages": book.messages,
        "interactions": book.interactions,
        "notes": book.client_notes,
        "facts": book.client_facts,
        "consents": book.consents,
        "negative_preferences": book.negative_preferences,
        "briefings": book.briefings,
    }
