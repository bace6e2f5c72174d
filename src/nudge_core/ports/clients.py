"""Storage of what is known of clients, and of all that is held of each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from nudge_core.model.client_fact import ClientFact
from nudge_core.model.client_note import ClientNote
from nudge_core.model.dossier import Dossier, TimelineEntry
from nudge_core.model.page import Page, PageRequest


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
