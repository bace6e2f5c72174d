"""Storage of clients, of what is known of them, and of all that is held of each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.client import Client, ClientFilter
from nudge_core.model.client_fact import ClientFact
from nudge_core.model.client_import import ClientImport
from nudge_core.model.client_merge import ClientMerge, Moved
from nudge_core.model.client_note import ClientNote
from nudge_core.model.dossier import Dossier, TimelineEntry
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.vector import Vector


class Clients(Protocol):
    """One professional's book."""

    async def get(self, client_id: UUID) -> Client:
        """Return the client, or raise NotFound."""
        ...

    async def add(self, clients: Sequence[Client]) -> None:
        """Store new clients, all or none. Raises Conflict when an id or an e-mail of this book is taken.

        A phone whose opt-out was kept when its client was erased is suppressed again, here and in `save`.
        """
        ...

    async def save(self, client: Client) -> Client:
        """Store a changed one over the version it was read at; return it with its new version.

        The later of two instants of last contact is kept. Raises Conflict when somebody changed it since, or its
        e-mail is taken; NotFound.
        """
        ...

    async def describe(self, client_id: UUID, notes: str, vector: Vector | None) -> bool:
        """Store the vector of these notes; False, and nothing stored, when the client has others by now.

        Not a change that a person made: the version stays.
        """
        ...

    async def tags(self) -> Mapping[str, int]:
        """Return how many clients have each tag, the professional's own and the proposed ones."""
        ...

    async def for_change(self, client_id: UUID) -> Client:
        """Return the client, or raise NotFound; whoever else would change it waits for this transaction."""
        ...

    async def mentioning(self, words: Collection[str], which: ClientFilter) -> Sequence[Client]:
        """Return those who pass the filter with one of these words in name, tags or notes, by id.

        `words`: in lower case; a part of a longer word counts too. Without a word nobody.
        """
        ...

    async def meanings(self, model_id: str, which: ClientFilter) -> Mapping[UUID, Vector]:
        """Return the vectors by this model of those who pass the filter."""
        ...

    async def reachable_at(self, phones: Collection[str], emails: Collection[str]) -> Sequence[Client]:
        """Return those with one of these phones or e-mails (whatever the capitals), each once, by id; one query."""
        ...

    async def book(self) -> Sequence[Client]:
        """Return the whole book, by id."""
        ...

    async def by_phone(self, phone: str) -> Sequence[Client]:
        """Return those with this phone, by id."""
        ...

    async def touch(self, client_ids: Sequence[UUID], at: datetime) -> None:
        """Raise `last_interaction` of these clients to `at`; a later one is kept, a missing client left out."""
        ...

    async def of(self, client_ids: Collection[UUID], phones: Collection[str]) -> Sequence[Client]:
        """Return those with one of these ids or one of these phones, each once, by id; one query."""
        ...

    async def is_empty(self) -> bool:
        """Say whether nobody is in the book."""
        ...


class ClientNotes(Protocol):
    """What was written down about clients. Append-only."""

    async def add(self, notes: Sequence[ClientNote]) -> None:
        """Store notes. Raises Conflict when an id is taken, NotFound when a client is not in this book."""
        ...

    async def of_client(self, client_id: UUID) -> Sequence[ClientNote]:
        """Return a client's notes, oldest first."""
        ...

    async def page(self, client_id: UUID, request: PageRequest) -> Page[ClientNote]:
        """Return a page of a client's notes, newest first."""
        ...


class ClientFacts(Protocol):
    """What is known of clients' wishes, and from where."""

    async def add(self, facts: Sequence[ClientFact]) -> None:
        """Store facts. Raises Conflict when an id is taken, NotFound when a client is not in this book."""
        ...

    async def get(self, fact_id: UUID) -> ClientFact:
        """Return the fact, or raise NotFound."""
        ...

    async def save(self, fact: ClientFact) -> None:
        """Replace the state and `superseded_by` of a stored fact, or raise NotFound; the rest of it stays."""
        ...

    async def current(self, client_ids: Collection[UUID]) -> Mapping[UUID, Sequence[ClientFact]]:
        """Return the facts that count now, by client, each client's the earliest first; one query.

        A client without any is not in it.
        """
        ...

    async def of_client(self, client_id: UUID) -> Sequence[ClientFact]:
        """Return a client's facts with their whole history, the earliest `at` first, then as they were recorded."""
        ...


class ClientImports(Protocol):
    """Clients that came together."""

    async def add(self, imported: ClientImport) -> None:
        """Store one. Raises Conflict when its id is taken."""
        ...

    async def get(self, import_id: UUID) -> ClientImport:
        """Return one, or raise NotFound."""
        ...

    async def undone(self, import_id: UUID) -> None:
        """Mark one as taken back now. Raises Conflict when it was already, NotFound."""
        ...

    async def page(self, request: PageRequest) -> Page[ClientImport]:
        """Return a page of imports, newest first."""
        ...


class ClientMerges(Protocol):
    """Two clients that became one."""

    async def add(self, merge: ClientMerge) -> None:
        """Store one. Raises Conflict when its id is taken."""
        ...

    async def get(self, merge_id: UUID) -> ClientMerge:
        """Return one, or raise NotFound: also when one of the two was erased since."""
        ...

    async def undone(self, merge_id: UUID) -> None:
        """Mark one as undone now. Raises Conflict when it was already, NotFound."""
        ...


class Dossiers(Protocol):
    """All that is held of one client, across every table."""

    async def timeline(self, client_id: UUID, request: PageRequest) -> Page[TimelineEntry]:
        """Return a page of what happened with a client, newest first; a constant number of statements."""
        ...

    async def of(self, client_id: UUID) -> Dossier:
        """Return everything that is held, or raise NotFound."""
        ...

    async def plans(self, client_ids: Collection[UUID]) -> Mapping[UUID, Mapping[BriefingStatus, int]]:
        """Return how many plans each of these clients has, by state, in one query; who has none has no entry."""
        ...

    async def reassign(self, source: UUID, target: UUID, only: Moved | None) -> Moved:
        """Let what belongs to one client belong to another one; return what moved.

        Args:
            source: whose it is.
            target: whose it becomes.
            only: what moved the other way round, to be moved back as far as it is there; None: everything.
        """
        ...

    async def put_back(self, client: Client) -> None:
        """Store a client exactly so, over what is stored, or anew; the version is above the stored one."""
        ...

    async def drop(self, client_id: UUID) -> None:
        """Remove a client of whom nothing else is held any more. Raises NotFound."""
        ...

    async def drop_note(self, note_id: UUID) -> None:
        """Remove the note that a merge wrote, because the merge is undone. A missing one is fine."""
        ...

    async def take_back(self, client_ids: Collection[UUID]) -> frozenset[UUID]:
        """Remove those of these clients whom nobody has changed, texted or decided about since they were added.

        What came with them (first note, facts) goes with them; of the others nothing changes. Returns who is gone.
        """
        ...

    async def erase(self, client_id: UUID) -> Mapping[str, int]:
        """Remove everything personal of a client from every table; return what was done, by table and deed.

        Texts, planned texts, plans, notes, facts, consents, records, and merges that made the client go; the client
        leaves every audience and every note of work; what carriers told of their texts is blanked; what was answered to
        the professional's requests is forgotten (`model.idempotency.FORGOTTEN`), also where one still runs. Of an
        opt-out of a phone that nobody else in the book has, a keyed hash is kept, with which `Clients.add` and `save`
        know the phone again. Decisions about them stay: codes, counts and ids, in a chain that nothing may leave.

        Raises:
            NotFound: no such client.
            Misconfigured: an opt-out is to be kept and this installation has no key for it.
        """
        ...
