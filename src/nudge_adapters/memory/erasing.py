"""Everything personal of one client leaves every table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Table, Work
from nudge_adapters.memory.opt_outs import keep_opt_outs
from nudge_adapters.memory.world import Book, World
from nudge_core.model.carrier_event import CarrierEvent
from nudge_core.model.client import Client
from nudge_core.model.client_merge import as_they_were, that_made
from nudge_core.model.dossier import scrubbed_object, without_client
from nudge_core.model.idempotency import FORGOTTEN
from nudge_core.model.json import plain_json


class Erasing:
    """One erasure, in the transaction of `work`."""

    def __init__(self, work: Work, world: World, client: Client) -> None:
        assert work.user_id is not None
        self._user_id = work.user_id
        self._world = world
        self._book = world.book(work.user_id)
        self._client = client
        self._merges = that_made(client.id, self._book.client_merges.rows())
        self._selves = (client, *as_they_were(self._merges))

    def run(self) -> Mapping[str, int]:
        """Do what `nudge_core.ports.Dossiers.erase` promises."""
        book, client, client_id = self._book, self._client, self._client.id
        done: Counter[str] = Counter()
        phones = phones_of(book, client)
        sids = {text.provider_sid for text in rows_of(book.messages, client_id) if text.provider_sid is not None}
        texts = {str(text.id) for text in rows_of(book.messages, client_id)}
        for phone in sorted(phones):
            done["opt_outs kept"] += keep_opt_outs(book, phone)
        done["carrier_events blanked"] = self._blank(sids, phones)
        done["notes_of_work changed"] = self._forget_work(client, texts)
        done["answers forgotten"] = self._forget_answers()
        self._let_go(client)
        for text in rows_of(book.messages, client_id):
            if text.dedupe_key is not None and text.dedupe_key in book.message_ids:
                book.message_ids.drop(text.dedupe_key)
            if text.provider_sid is not None and text.provider_sid in book.sids:
                book.sids.drop(text.provider_sid)
        for briefing in concerning(book, client_id):
            if briefing.client_id == client_id:
                book.briefings.drop(briefing.id)
                done["briefings removed"] += 1
            else:
                changed = without_client(briefing, *self._selves)
                book.briefings.put(briefing.id, evolve(changed, version=briefing.version + 1))
                done["briefings left"] += 1
        for name, table in tables_of(book).items():
            for row in rows_of(table, client_id):
                table.drop(row.id)
                done[f"{name} removed"] += 1
        gone = {client.id, *(merge.gone.id for merge in self._merges)}
        for merge in book.client_merges.rows():
            if not gone.isdisjoint((merge.kept.id, merge.gone.id)):
                book.client_merges.drop(merge.id)
                done["merges removed"] += 1
        book.clients.drop(client_id)
        done["clients removed"] = 1
        return {deed: number for deed, number in sorted(done.items()) if number}

    def _forget_answers(self) -> int:
        """Forget what was answered; a request that runs loses its claim, and its answer is not kept."""
        forgotten = 0
        for key, kept in self._book.keys.items():
            if kept.answer is None and kept.lease_until is not None:
                self._book.keys.put(key, evolve(kept, attempt=kept.attempt + 1))
            elif kept.answer is not None and kept.answer.body:
                self._book.keys.put(key, evolve(kept, answer=FORGOTTEN))
                forgotten += 1
        return forgotten

    def _let_go(self, client: Client) -> None:
        """End references of other people's rows to rows that go."""
        book = self._book
        texts = {text.id for text in rows_of(book.messages, client.id)}
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
            if event.user_id == self._user_id and event.handled_at is not None and _tells_of(event, sids, phones):
                empty = evolve(event.arrival, raw={}, news=None)
                self._world.carrier_events.put(event.id, evolve(event, arrival=empty))
                blanked += 1
        return blanked

    def _forget_work(self, client: Client, texts: set[str]) -> int:
        changed = 0
        for kept in self._world.notes.rows():
            note = kept.note
            if note.user_id != self._user_id:
                continue
            if note.payload.get("client_id") == str(client.id) or note.payload.get("message_id") in texts:
                self._world.notes.drop(note.id)
                self._world.note_ids.drop((note.user_id, note.dedupe_key))
                changed += 1
            elif str(client.id) in repr(plain_json(note.payload)):
                scrubbed = evolve(note, payload=scrubbed_object(note.payload, *self._selves))
                self._world.notes.put(note.id, evolve(kept, note=scrubbed, lease_until=None))
                changed += 1
        return changed


def tables_of(book: Book) -> Mapping[str, Table[UUID, Any]]:  # Any: rows of several kinds, each with a client
    """Return the tables whose rows of a client go whole, by what a proof of erasure calls them."""
    return {
        "scheduled": book.scheduled,
        "messages": book.messages,
        "interactions": book.interactions,
        "notes": book.client_notes,
        "facts": book.client_facts,
        "consents": book.consents,
        "negative_preferences": book.negative_preferences,
    }


def rows_of(table: Table[UUID, Any], client_id: UUID) -> Sequence[Any]:
    """Return a client's rows of a table."""
    return [row for row in table.rows() if row.client_id == client_id]


def concerning(book: Book, client_id: UUID) -> Sequence[Any]:
    """Return the briefings about a client, or with them in the audience."""
    return [
        one
        for one in book.briefings.rows()
        if one.client_id == client_id or any(member.client_id == client_id for member in one.matched_audience)
    ]


def phones_of(book: Book, client: Client) -> set[str]:
    """Return the phones that were this client's and are nobody else's in the book."""
    before = as_they_were(that_made(client.id, book.client_merges.rows()))
    theirs = {client.phone, *(one.phone for one in before), *(one.phone for one in rows_of(book.consents, client.id))}
    for text in rows_of(book.messages, client.id):
        theirs.add(text.sender if text.direction == "INBOUND" else text.recipient)
    others = {one.phone for one in book.clients.rows() if one.id != client.id}
    return {phone for phone in theirs - others if phone is not None}


def _tells_of(event: CarrierEvent, sids: set[str], phones: set[str]) -> bool:
    told = {value for value in event.arrival.raw.values() if isinstance(value, str)}
    if event.arrival.news is not None and event.arrival.news.sender is not None:
        told.add(event.arrival.news.sender)
    return event.arrival.provider_sid in sids or not told.isdisjoint(phones)
