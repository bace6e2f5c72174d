"""Storage of a professional's clients, and of all that is known of each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from nudge_core.model.client import Client
from nudge_core.model.client_fact import ClientFact
from nudge_core.model.client_list import ClientFilter, ClientSort, TagCount
from nudge_core.model.client_note import ClientNote
from nudge_core.model.dossier import Dossier, TimelineEntry
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.vector import Vector


class Clients(Protocol):
    """One professional's book."""

    async def get(self, client_id: UUID) -> Client:
        """Return the client, or raise NotFound."""
        ...

    async def for_change(self, client_id: UUID) -> Client:
        """Return the client, or raise NotFound; whoever else would change it waits for this transaction."""
        ...

    async def add(self, clients: Sequence[Client]) -> None:
        """Store new clients, all or none. Raises Conflict when an id or an e-mail of this book is taken.

        A phone whose opt-out was kept when its client was erased is suppressed again, in the same transaction.
        """
        ...

    async def save(self, client: Client, version: int | None = None) -> Client:
        """Replace a stored client; return it with its new version and `updated_at`.

        Args:
            client: what to store; a kept opt-out of its phone holds again, as for `add`.
            version: the one it was read at; None: whatever the stored one is.

        Raises Conflict when its e-mail is taken or somebody changed it since, or NotFound.
        """
        ...

    async def book(self) -> Sequence[Client]:
        """Return the whole book, by id."""
        ...

    async def page(self, wanted: ClientFilter, sort: ClientSort, request: PageRequest) -> Page[Client]:
        """Return a page of those who pass the filter. Raises Invalid: the key to go on after is none of this order."""
        ...

    async def tag_counts(self) -> Sequence[TagCount]:
        """Return every tag of this book, by tag."""
        ...

    async def mentioning(self, words: Collection[str], wanted: ClientFilter) -> Sequence[Client]:
        """Return those who pass the filter with one of these words in name, tags or notes, by id.

        `words`: in lower case; a part of a longer word counts too. Without a word nobody.
        """
        ...

    async def meanings(self, model_id: str, wanted: ClientFilter) -> Mapping[UUID, Vector]:
        """Return the vectors by this model of those who pass the filter."""
        ...

    async def set_meaning(self, client_id: UUID, notes: str, vector: Vector | None) -> bool:
        """Store the vector of a client's notes; False when they are not `notes` any more. The version stays."""
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

    async def reachable_at(self, phones: Collection[str], emails: Collection[str]) -> Sequence[Client]:
        """Return those with one of these phones or e-mails (whatever the capitals), each once, by id; one query."""
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

    async def of_client(self, client_id: UUID) -> Sequence[ClientFact]:
        """Return a client's facts with their whole history, the earliest `at` first, then as they were recorded."""
        ...


class Dossiers(Protocol):
    """All that is held of one client, across every table."""

    async def timeline(self, client_id: UUID, request: PageRequest) -> Page[TimelineEntry]:
        """Return a page of what happened with a client, newest first; a constant number of statements."""
        ...

    async def of(self, client_id: UUID) -> Dossier:
        """Return everything that is held, or raise NotFound."""
        ...

    async def erase(self, client_id: UUID) -> Mapping[str, int]:
        """Remove everything personal of a client from every table; return what was done, by table and deed.

        Texts, planned texts, plans, notes, facts, consents and records go; the client leaves every audience and every
        note of work; what carriers told of their texts is blanked. Of an opt-out of a phone that nobody else in the
        book has, a keyed hash is kept, with which `Clients.add` and `save` know the phone again.

        Raises:
            NotFound: no such client.
            Misconfigured: an opt-out is to be kept and this installation has no key for it.
        """
        ...
