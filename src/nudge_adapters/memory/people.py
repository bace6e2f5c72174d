"""Professionals, their clients, and what they collected for them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.errors import Conflict, NotFound
from nudge_core.model.faq import Faq
from nudge_core.model.resource import ContentResource
from nudge_core.model.user import User


class MemoryUsers:
    """All professionals; in a tenant's transaction only the tenant."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._users = world.users

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
    async def save(self, user: User) -> None:
        """Replace a stored user, or raise NotFound."""
        self._work.own(user.id, "user.id")
        self._users.need(user.id, "user")
        self._check_numbers(user)
        self._users.put(user.id, user)

    @reading
    async def all(self) -> Sequence[User]:
        """Return every user, by id."""
        return sorted((user for user in self._users.rows() if self._visible(user.id)), key=lambda user: user.id)


class MemoryContents:
    """Links and documents the professional collected."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._contents = world.book(work.user_id).contents

    @writing
    async def add(self, content: ContentResource) -> None:
        """Store a new one."""
        self._work.own(content.user_id, "contentresource.user_id")
        self._contents.add(content.id, content, "content")
        self._users.need(content.user_id, "user")

    @reading
    async def all(self) -> Sequence[ContentResource]:
        """Return all, newest first."""
        return sorted(self._contents.rows(), key=lambda c: (c.created_at, c.id), reverse=True)


class MemoryFaqs:
    """Questions with answers."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._faqs = world.book(work.user_id).faqs

    @writing
    async def add(self, faq: Faq) -> None:
        """Store a new one."""
        self._work.own(faq.user_id, "faq.user_id")
        self._faqs.add(faq.id, faq, "faq")
        self._users.need(faq.user_id, "user")

    @reading
    async def all(self) -> Sequence[Faq]:
        """Return all, by id."""
        return sorted(self._faqs.rows(), key=lambda faq: faq.id)
