"""Professionals and their clients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.book_pages import is_meant, said_of
from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.opt_outs import restore_opt_outs
from nudge_adapters.memory.world import World
from nudge_core.errors import Conflict, NotFound
from nudge_core.model.client import Client, ClientFilter
from nudge_core.model.user import User
from nudge_core.model.vector import Vector


class MemoryUsers:
    """All professionals; in a tenant's transaction only the tenant."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._users = world.users
        self._super_users = world.super_users

    def _visible(self, user_id: UUID) -> bool:
        return self._work.user_id in (None, user_id)

    def _check_numbers(self, user: User) -> None:
        for other in self._users.rows():
            if other.id != user.id and other.phone_number == user.phone_number:
                raise Conflict("user", "its phone number is taken")
            if (
                other.id != user.id
                and user.twilio_phone_number
                and other.twilio_phone_number == user.twilio_phone_number
            ):
                raise Conflict("user", "its sending number is taken")

    @reading
    async def get(self, user_id: UUID) -> User:
        """Return the user, or raise NotFound."""
        if not self._visible(user_id):
            raise NotFound("user", user_id)
        return self._users.need(user_id, "user")

    @writing
    async def add(self, user: User) -> None:
        """Store a new user. Raises Conflict when the id, the phone or the sending number is taken."""
        self._work.own(user.id, "user.id")
        if user.id in self._users:
            raise Conflict("user", "its id is taken")
        self._check_numbers(user)
        self._users.put(user.id, user)

    @writing
    async def save(self, user: User) -> User:
        """Store a changed one over the version it was read at. Raises Conflict, NotFound."""
        self._work.own(user.id, "user.id")
        if self._users.need(user.id, "user").version != user.version:
            raise Conflict("user", "somebody changed it since it was read")
        self._check_numbers(user)
        saved = evolve(user, version=user.version + 1)
        self._users.put(user.id, saved)
        return saved

    @reading
    async def all(self) -> Sequence[User]:
        """Return every user, by id."""
        return sorted((user for user in self._users.rows() if self._visible(user.id)), key=lambda user: user.id)

    @reading
    async def id_by_phone(self, phone: str) -> UUID | None:
        """Return whose own telephone this is, or None."""
        self._work.for_nobody("users.id_by_phone")
        return next((user.id for user in self._users.rows() if user.phone_number == phone), None)

    @reading
    async def super_users(self) -> frozenset[UUID]:
        """Return those who may read across tenants where that is audited."""
        self._work.for_nobody("users.super_users")
        return frozenset(user_id for user_id, _ in self._super_users.items())

    @writing
    async def set_super(self, user_id: UUID, on: bool) -> None:
        """Let a user read across tenants, or not any more; raises NotFound."""
        self._work.for_nobody("users.set_super")
        self._users.need(user_id, "user")
        if on:
            self._super_users.put(user_id, True)
        elif user_id in self._super_users:
            self._super_users.drop(user_id)


class MemoryClients:
    """One professional's book."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._book = world.book(work.user_id)
        self._clients = self._book.clients

    @reading
    async def get(self, client_id: UUID) -> Client:
        """Return the client, or raise NotFound."""
        return self._clients.need(client_id, "client")

    @writing
    async def add(self, clients: Sequence[Client]) -> None:
        """Store new clients, all or none. Raises Conflict when an id or an e-mail of this book is taken."""
        emails = {client.email for client in self._clients.rows()} - {None}
        for client in clients:
            self._work.own(client.user_id, "client.user_id")
        for client in clients:
            if client.email in emails:
                raise Conflict("client", "its e-mail is taken")
            self._clients.add(client.id, client, "client")
            emails |= {client.email} - {None}
            self._users.need(client.user_id, "user")
        restore_opt_outs(self._work, self._book, {client.phone for client in clients if client.phone})

    @writing
    async def save(self, client: Client) -> Client:
        """Store a changed one over the version it was read at; return it with its new version."""
        self._work.own(client.user_id, "client.user_id")
        stored = self._clients.need(client.id, "client")
        if stored.version != client.version:
            raise Conflict("client", "somebody changed it since it was read")
        if client.email and any(o.email == client.email for o in self._clients.rows() if o.id != client.id):
            raise Conflict("client", "its e-mail is taken")
        contacts = [at for at in (stored.last_interaction, client.last_interaction) if at is not None]
        last = max(contacts, default=None)
        saved = evolve(client, version=client.version + 1, last_interaction=last, updated_at=self._work.now)
        self._clients.put(client.id, saved)
        restore_opt_outs(self._work, self._book, {client.phone} if client.phone else set())
        return saved

    @writing
    async def describe(self, client_id: UUID, notes: str, vector: Vector | None) -> bool:
        """Store the vector of these notes; False when the client has others by now."""
        stored = self._clients.get(client_id)
        if stored is None or stored.notes != notes:
            return False
        self._clients.put(client_id, evolve(stored, notes_embedding=vector))
        return True

    @reading
    async def meant(self, which: ClientFilter) -> Sequence[Client]:
        """Return those who pass the filter: for `MemoryScreens`."""
        return self._meant(which)

    def _meant(self, which: ClientFilter) -> list[Client]:
        return [row for row in self._clients.rows() if is_meant(row, which, self._book)]

    @reading
    async def for_change(self, client_id: UUID) -> Client:
        """Return the client, or raise NotFound; here every transaction waits for every other one."""
        return self._clients.need(client_id, "client")

    @reading
    async def mentioning(self, words: Collection[str], which: ClientFilter) -> Sequence[Client]:
        """Return those who pass the filter with one of these words in name, tags or notes, by id."""
        found = [row for row in self._meant(which) if any(word in said_of(row) for word in words)]
        return sorted(found, key=lambda row: row.id)

    @reading
    async def meanings(self, model_id: str, which: ClientFilter) -> Mapping[UUID, Vector]:
        """Return the vectors by this model of those who pass the filter."""
        vectors = {row.id: row.notes_embedding for row in self._meant(which)}
        return {one: vector for one, vector in vectors.items() if vector is not None and vector.model_id == model_id}

    @reading
    async def reachable_at(self, phones: Collection[str], emails: Collection[str]) -> Sequence[Client]:
        """Return those with one of these phones or e-mails, each once, by id."""
        folded = {email.lower() for email in emails}
        rows = [row for row in self._clients.rows() if row.phone in phones or (row.email or "").lower() in folded]
        return sorted(rows, key=lambda row: row.id)

    @reading
    async def tags(self) -> Mapping[str, int]:
        """Return how many clients have each tag."""
        return Counter(tag for row in self._clients.rows() for tag in set(row.tags))

    @reading
    async def book(self) -> Sequence[Client]:
        """Return the whole book, by id."""
        return sorted(self._clients.rows(), key=lambda client: client.id)

    @writing
    async def touch(self, client_ids: Sequence[UUID], at: datetime) -> None:
        """Raise `last_interaction` of these clients to `at`; a later one is kept, a missing client left out."""
        for client_id in set(client_ids):
            client = self._clients.get(client_id)
            if client is not None and (client.last_interaction is None or client.last_interaction < at):
                self._clients.put(client_id, evolve(client, last_interaction=at))

    @reading
    async def by_phone(self, phone: str) -> Sequence[Client]:
        """Return those with this phone, by id."""
        return sorted((c for c in self._clients.rows() if c.phone == phone), key=lambda client: client.id)

    @reading
    async def of(self, client_ids: Collection[UUID], phones: Collection[str]) -> Sequence[Client]:
        """Return those with one of these ids or one of these phones, each once, by id."""
        rows = [row for row in self._clients.rows() if row.id in client_ids or row.phone in phones]
        return sorted(rows, key=lambda row: row.id)

    @reading
    async def is_empty(self) -> bool:
        """Say whether nobody is in the book."""
        return len(self._clients) == 0
