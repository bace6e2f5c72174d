"""All that is held of one client, across every table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.erasing import Erasing, concerning, phones_of, rows_of, tables_of
from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.merging import reassign, rename_work
from nudge_adapters.memory.world import World
from nudge_core.errors import Conflict
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.client import Client
from nudge_core.model.client_merge import Moved
from nudge_core.model.dossier import (
    Dossier,
    Happened,
    Happening,
    TimelineEntry,
    only_member,
    read_timeline_key,
)
from nudge_core.model.page import Page, PageRequest


class MemoryDossiers:
    """All that is held of one client."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._world = world
        self._book = world.book(work.user_id)

    @reading
    async def timeline(self, client_id: UUID, request: PageRequest) -> Page[TimelineEntry]:
        """Return a page of what happened with a client, newest first."""
        rows = sorted(self._happened(client_id), key=_place, reverse=True)
        if request.after is not None:
            last = read_timeline_key(request.after)
            rows = [row for row in rows if _place(row) < last]
        items = tuple(rows[: request.limit])
        return Page(items=items, last=items[-1].key if len(rows) > len(items) else None)

    def _happened(self, client_id: UUID) -> Iterator[TimelineEntry]:
        book = self._book
        for text in rows_of(book.messages, client_id):
            yield _entry(Happening.MESSAGE, text.created_at, text)
        for one in rows_of(book.interactions, client_id):
            yield _entry(Happening.INTERACTION, one.at, one)
        for note in rows_of(book.client_notes, client_id):
            yield _entry(Happening.NOTE, note.at, note)
        for fact in rows_of(book.client_facts, client_id):
            yield _entry(Happening.FACT, fact.recorded_at, fact)
        for briefing in concerning(book, client_id):
            yield _entry(Happening.BRIEFING, briefing.created_at, only_member(briefing, client_id))
        for entry in book.audit.rows():
            if entry.subject_id == client_id:
                yield _entry(Happening.DECISION, entry.at, entry)

    @reading
    async def of(self, client_id: UUID) -> Dossier:
        """Return everything that is held, or raise NotFound."""
        book, client = self._book, self._book.clients.need(client_id, "client")
        phones = phones_of(book, client)
        return Dossier(
            client=client,
            notes=_oldest(rows_of(book.client_notes, client_id), "at"),
            facts=_oldest(rows_of(book.client_facts, client_id), "recorded_at"),
            messages=_oldest(rows_of(book.messages, client_id), "created_at"),
            scheduled=_oldest(rows_of(book.scheduled, client_id), "created_at"),
            interactions=_oldest(rows_of(book.interactions, client_id), "at"),
            consents=_oldest(rows_of(book.consents, client_id), "recorded_at"),
            suppressions=_oldest((row for row in book.suppressions.rows() if row.phone in phones), "created_at"),
            negative_preferences=_oldest(rows_of(book.negative_preferences, client_id), "created_at"),
            briefings=_oldest((only_member(one, client_id) for one in concerning(book, client_id)), "created_at"),
            audit=_oldest((row for row in book.audit.rows() if row.subject_id == client_id), "at"),
        )

    @reading
    async def plans(self, client_ids: Collection[UUID]) -> Mapping[UUID, Mapping[BriefingStatus, int]]:
        """Return how many plans each of these clients has, by state."""
        found: dict[UUID, dict[BriefingStatus, int]] = {}
        for one in self._book.briefings.rows():
            if one.is_plan and one.client_id in client_ids and one.client_id is not None:
                counts = found.setdefault(one.client_id, {})
                counts[one.status] = counts.get(one.status, 0) + 1
        return found

    @writing
    async def reassign(self, source: UUID, target: UUID, only: Moved | None) -> Moved:
        """Let what belongs to one client belong to another one; return what moved."""
        for one in (source, target):
            self._book.clients.need(one, "client")
        if only is None:
            rename_work(self._world, self._work.user_id, source, target)
        return reassign(self._book, source, target, only)

    @writing
    async def put_back(self, client: Client) -> None:
        """Store a client exactly so, over what is stored, or anew; the version is above the stored one."""
        self._work.own(client.user_id, "client.user_id")
        if client.email and any(o.email == client.email for o in self._book.clients.rows() if o.id != client.id):
            raise Conflict("client", "its e-mail is taken")
        stored = self._book.clients.get(client.id)
        version = client.version if stored is None else max(client.version, stored.version + 1)
        self._book.clients.put(client.id, evolve(client, version=version))

    @writing
    async def drop(self, client_id: UUID) -> None:
        """Remove a client of whom nothing else is held any more. Raises NotFound."""
        self._book.clients.need(client_id, "client")
        self._book.clients.drop(client_id)

    @writing
    async def drop_note(self, note_id: UUID) -> None:
        """Remove the note that a merge wrote, because the merge is undone. A missing one is fine."""
        if note_id in self._book.client_notes:
            self._book.client_notes.drop(note_id)

    @writing
    async def take_back(self, client_ids: Collection[UUID]) -> frozenset[UUID]:
        """Remove those of these clients whom nobody has changed, texted or decided about since they were added."""
        book = self._book
        gone = {one for one in client_ids if (client := book.clients.get(one)) and self._is_untouched(client)}
        for table in (book.client_notes, book.client_facts):
            for row in [row for row in table.rows() if row.client_id in gone]:
                table.drop(row.id)
        for one in gone:
            book.clients.drop(one)
        return frozenset(gone)

    def _is_untouched(self, client: Client) -> bool:
        tables = {name: table for name, table in tables_of(self._book).items() if name not in ("notes", "facts")}
        held = any(rows_of(table, client.id) for table in tables.values())
        return client.version == 1 and not held and not concerning(self._book, client.id)

    @writing
    async def erase(self, client_id: UUID) -> Mapping[str, int]:
        """Remove everything personal of a client from every table; return what was done, by table and deed."""
        return Erasing(self._work, self._world, self._book.clients.need(client_id, "client")).run()


def _oldest(rows: Iterable[Any], by: str) -> tuple[Any, ...]:
    return tuple(sorted(rows, key=lambda row: (getattr(row, by), row.id)))


def _entry(kind: Happening, at: Any, what: Happened) -> TimelineEntry:
    return TimelineEntry(at=at, kind=kind, what=what)


def _place(entry: TimelineEntry) -> tuple[Any, str, UUID]:
    return entry.at, entry.kind.value, entry.what.id
