"""All that is held of one client, across every table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Table, Work, reading, writing
from nudge_adapters.memory.merging import reassign, rename_work
from nudge_adapters.memory.opt_outs import keep_opt_outs
from nudge_adapters.memory.world import Book, World
from nudge_core.errors import Conflict
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.carrier_event import CarrierEvent
from nudge_core.model.client import Client
from nudge_core.model.client_merge import Moved
from nudge_core.model.dossier import (
    Dossier,
    Happened,
    Happening,
    TimelineEntry,
    only_member,
    read_timeline_key,
    scrubbed_object,
    without_client,
)
from nudge_core.model.json import plain_json
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
        for text in _of(book.messages, client_id):
            yield _entry(Happening.MESSAGE, text.created_at, text)
        for one in _of(book.interactions, client_id):
            yield _entry(Happening.INTERACTION, one.at, one)
        for note in _of(book.client_notes, client_id):
            yield _entry(Happening.NOTE, note.at, note)
        for fact in _of(book.client_facts, client_id):
            yield _entry(Happening.FACT, fact.recorded_at, fact)
        for briefing in _concerning(book, client_id):
            yield _entry(Happening.BRIEFING, briefing.created_at, only_member(briefing, client_id))
        for entry in book.audit.rows():
            if entry.subject_id == client_id:
                yield _entry(Happening.DECISION, entry.at, entry)

    @reading
    async def of(self, client_id: UUID) -> Dossier:
        """Return everything that is held, or raise NotFound."""
        book, client = self._book, self._book.clients.need(client_id, "client")
        phones = _phones(book, client)
        return Dossier(
            client=client,
            notes=_oldest(_of(book.client_notes, client_id), "at"),
            facts=_oldest(_of(book.client_facts, client_id), "recorded_at"),
            messages=_oldest(_of(book.messages, client_id), "created_at"),
            scheduled=_oldest(_of(book.scheduled, client_id), "created_at"),
            interactions=_oldest(_of(book.interactions, client_id), "at"),
            consents=_oldest(_of(book.consents, client_id), "recorded_at"),
            suppressions=_oldest((row for row in book.suppressions.rows() if row.phone in phones), "created_at"),
            negative_preferences=_oldest(_of(book.negative_preferences, client_id), "created_at"),
            briefings=_oldest((only_member(one, client_id) for one in _concerning(book, client_id)), "created_at"),
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
        tables = {name: table for name, table in _tables(self._book).items() if name not in ("notes", "facts")}
        held = any(_of(table, client.id) for table in tables.values())
        return client.version == 1 and not held and not _concerning(self._book, client.id)

    @writing
    async def erase(self, client_id: UUID) -> Mapping[str, int]:
        """Remove everything personal of a client from every table; return what was done, by table and deed."""
        book, client = self._book, self._book.clients.need(client_id, "client")
        done: Counter[str] = Counter()
        phones = _phones(book, client)
        sids = {text.provider_sid for text in _of(book.messages, client_id) if text.provider_sid is not None}
        texts = {str(text.id) for text in _of(book.messages, client_id)}
        for phone in sorted(phones):
            done["opt_outs kept"] += keep_opt_outs(book, phone)
        done["carrier_events blanked"] = self._blank(sids, phones)
        done["notes_of_work changed"] = self._forget_work(client, texts)
        self._let_go(client)
        for text in _of(book.messages, client_id):
            if text.dedupe_key is not None and text.dedupe_key in book.message_ids:
                book.message_ids.drop(text.dedupe_key)
            if text.provider_sid is not None and text.provider_sid in book.sids:
                book.sids.drop(text.provider_sid)
        for briefing in _concerning(book, client_id):
            if briefing.client_id == client_id:
                book.briefings.drop(briefing.id)
                done["briefings removed"] += 1
            else:
                changed = without_client(briefing, client)
                book.briefings.put(briefing.id, evolve(changed, version=briefing.version + 1))
                done["briefings left"] += 1
        for name, table in _tables(book).items():
            for row in _of(table, client_id):
                table.drop(row.id)
                done[f"{name} removed"] += 1
        for merge in book.client_merges.rows():
            if client_id in (merge.kept.id, merge.gone.id):
                book.client_merges.drop(merge.id)
                done["merges removed"] += 1
        book.clients.drop(client_id)
        done["clients removed"] = 1
        return {deed: number for deed, number in sorted(done.items()) if number}

    def _let_go(self, client: Client) -> None:
        """End references of other people's rows to rows that go."""
        book = self._book
        texts = {text.id for text in _of(book.messages, client.id)}
        plans = {one.id for one in book.briefings.rows() if one.client_id == client.id}
        for text in book.messages.rows():
            if text.briefing_id in plans and text.client_id != client.id:
                book.messages.put(text.id, evolve(text, briefing_id=None))
        for planned in book.scheduled.rows():
            if planned.parent_plan_id in plans and planned.client_id != client.id:
                book.scheduled.put(planned.id, evolve(planned, parent_plan_id=None))
        for briefing in book.briefings.rows():
            if briefing.parent_message_id in texts and briefing.client_id != client.id:
                book.briefings.put(briefing.id, evolve(briefing, parent_message_id=None))
        for one in book.negative_preferences.rows():
            if one.source_campaign_id in plans and one.client_id != client.id:
                book.negative_preferences.drop(one.id)

    def _blank(self, sids: set[str], phones: set[str]) -> int:
        blanked = 0
        for event in self._world.carrier_events.rows():
            if event.user_id == self._work.user_id and event.handled_at is not None and _tells_of(event, sids, phones):
                empty = evolve(event.arrival, raw={}, news=None)
                self._world.carrier_events.put(event.id, evolve(event, arrival=empty))
                blanked += 1
        return blanked

    def _forget_work(self, client: Client, texts: set[str]) -> int:
        changed = 0
        for kept in self._world.notes.rows():
            note = kept.note
            if note.user_id != self._work.user_id:
                continue
            if note.payload.get("client_id") == str(client.id) or note.payload.get("message_id") in texts:
                self._world.notes.drop(note.id)
                self._world.note_ids.drop((note.user_id, note.dedupe_key))
                changed += 1
            elif str(client.id) in repr(plain_json(note.payload)):
                scrubbed = evolve(note, payload=scrubbed_object(note.payload, client))
                self._world.notes.put(note.id, evolve(kept, note=scrubbed, lease_until=None))
                changed += 1
        return changed


def _tables(book: Book) -> Mapping[str, Table[UUID, Any]]:  # Any: rows of several kinds, each with a client
    return {
        "scheduled": book.scheduled,
        "messages": book.messages,
        "interactions": book.interactions,
        "notes": book.client_notes,
        "facts": book.client_facts,
        "consents": book.consents,
        "negative_preferences": book.negative_preferences,
    }


def _of(table: Table[UUID, Any], client_id: UUID) -> Sequence[Any]:
    return [row for row in table.rows() if row.client_id == client_id]


def _concerning(book: Book, client_id: UUID) -> Sequence[Any]:
    return [
        one
        for one in book.briefings.rows()
        if one.client_id == client_id or any(member.client_id == client_id for member in one.matched_audience)
    ]


def _phones(book: Book, client: Client) -> set[str]:
    """Return the phones that were this client's and are nobody else's in the book."""
    theirs = {client.phone, *(one.phone for one in _of(book.consents, client.id))}
    for text in _of(book.messages, client.id):
        theirs.add(text.sender if text.direction == "INBOUND" else text.recipient)
    others = {one.phone for one in book.clients.rows() if one.id != client.id}
    return {phone for phone in theirs - others if phone is not None}


def _tells_of(event: CarrierEvent, sids: set[str], phones: set[str]) -> bool:
    told = {value for value in event.arrival.raw.values() if isinstance(value, str)}
    if event.arrival.news is not None and event.arrival.news.sender is not None:
        told.add(event.arrival.news.sender)
    return event.arrival.provider_sid in sids or not told.isdisjoint(phones)


def _oldest(rows: Iterable[Any], by: str) -> tuple[Any, ...]:
    return tuple(sorted(rows, key=lambda row: (getattr(row, by), row.id)))


def _entry(kind: Happening, at: Any, what: Happened) -> TimelineEntry:
    return TimelineEntry(at=at, kind=kind, what=what)


def _place(entry: TimelineEntry) -> tuple[Any, str, UUID]:
    return entry.at, entry.kind.value, entry.what.id
