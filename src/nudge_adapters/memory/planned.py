"""Planned texts: of one professional, and what of all of them is due."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.conversations import page_by_instant
from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import Book, World
from nudge_core.errors import Conflict
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.interaction import HUMAN_CONTACT, Interaction
from nudge_core.model.message import DELIVERY, SCHEDULED, ScheduledMessage, ScheduledStatus
from nudge_core.model.page import Page, PageRequest

_RESTING = (BriefingStatus.PAUSED, BriefingStatus.DRAFT)


class MemoryScheduled:
    """Planned texts."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._book = world.book(work.user_id)
        self._planned = self._book.scheduled

    def _check(self, message: ScheduledMessage) -> None:
        self._book.clients.need(message.client_id, "client")
        if message.parent_plan_id is not None:
            self._book.briefings.need(message.parent_plan_id, "briefing")
        if message.message_id is not None:
            self._book.messages.need(message.message_id, "message")
        if message.repeat is None or message.status is not ScheduledStatus.PENDING:
            return
        for other in self._planned.rows():
            if other.id == message.id or other.repeat is None or other.status is not ScheduledStatus.PENDING:
                continue
            if other.repeat.series_id == message.repeat.series_id:
                raise Conflict("scheduled message", "its series has an open occurrence")

    @writing
    async def add(self, messages: Sequence[ScheduledMessage]) -> None:
        """Store new ones. Raises Conflict when an id is taken or a series has a PENDING occurrence already."""
        for message in messages:
            self._work.own(message.user_id, "scheduledmessage.user_id")
        for message in messages:
            self._planned.add(message.id, message, "scheduled message")
            self._check(message)

    @reading
    async def get(self, message_id: UUID) -> ScheduledMessage:
        """Return one, or raise NotFound."""
        return self._planned.need(message_id, "scheduled message")

    @writing
    async def save(self, message: ScheduledMessage) -> ScheduledMessage:
        """Store a changed one over the version it was read at; return it with its new version."""
        self._work.own(message.user_id, "scheduledmessage.user_id")
        stored = self._planned.need(message.id, "scheduled message")
        if stored.version != message.version:
            raise Conflict("scheduled message", "somebody changed it since it was read")
        if stored.status is not message.status:
            SCHEDULED.move(stored.status, message.status)
        saved = evolve(message, version=message.version + 1)
        self._planned.put(message.id, saved)
        self._check(saved)
        return saved

    @reading
    async def of_client(self, client_id: UUID) -> Sequence[ScheduledMessage]:
        """Return a client's planned texts, soonest first."""
        return _soonest(row for row in self._planned.rows() if row.client_id == client_id)

    @reading
    async def of_plan(self, plan_id: UUID) -> Sequence[ScheduledMessage]:
        """Return the planned texts of a plan, soonest first."""
        return _soonest(row for row in self._planned.rows() if row.parent_plan_id == plan_id)

    @reading
    async def of_plans(self, plan_ids: Collection[UUID]) -> Mapping[UUID, Sequence[ScheduledMessage]]:
        """Return the planned texts of each of these plans, soonest first; one without any has no entry."""
        return {plan_id: rows for plan_id in plan_ids if (rows := await self.of_plan(plan_id))}

    @reading
    async def page(
        self, client_id: UUID | None, status: ScheduledStatus | None, request: PageRequest
    ) -> Page[ScheduledMessage]:
        """Return a page of the planned texts, soonest first."""
        rows = (
            row for row in self._planned.rows() if client_id in (None, row.client_id) and status in (None, row.status)
        )
        return page_by_instant(rows, lambda row: (row.scheduled_at_utc, row.id), request, newest_first=False)


class MemorySchedules:
    """What is due, of everybody."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._world = world

    def _open(self) -> Iterator[tuple[Book, ScheduledMessage]]:
        for _, book in self._world.books():
            for row in book.scheduled.rows():
                if row.status is ScheduledStatus.PENDING:
                    yield book, row

    @writing
    async def claim(self, limit: int, lease_s: float) -> Sequence[ScheduledMessage]:
        """Take planned texts for which something is to be done, soonest first, for `lease_s` seconds."""
        now = self._work.now
        due = [
            (book, row)
            for book, row in self._open()
            if (row.lease_until is None or row.lease_until <= now)
            and (moment := _due_at(book, row)) is not None
            and moment <= now
        ]
        taken = []
        for book, row in sorted(due, key=lambda entry: (entry[1].scheduled_at_utc, entry[1].id))[:limit]:
            leased = evolve(row, lease_until=now + timedelta(seconds=lease_s))
            book.scheduled.put(row.id, leased)
            taken.append(leased)
        return taken

    @reading
    async def unfollowed(self, limit: int) -> Sequence[ScheduledMessage]:
        """Return RELEASED ones whose message has reached a final state, soonest first."""
        ended = (
            row
            for _, book in self._world.books()
            for row in book.scheduled.rows()
            if row.status is ScheduledStatus.RELEASED
            and row.message_id is not None
            and (message := book.messages.get(row.message_id)) is not None
            and DELIVERY.is_final(message.delivery)
        )
        return _soonest(ended)[:limit]

    @reading
    async def next_due(self) -> datetime | None:
        """Return when the next planned text that `claim` would take becomes due, or None."""
        return min((moment for book, row in self._open() if (moment := _due_at(book, row)) is not None), default=None)


def _due_at(book: Book, row: ScheduledMessage) -> datetime | None:
    """Return from when on a release has something to do; None while it waits for a person."""
    plan = None if row.parent_plan_id is None else book.briefings.get(row.parent_plan_id)
    if row.approval_id is None or (plan is not None and plan.status in _RESTING):
        return row.not_after
    return row.scheduled_at_utc if row.not_after is None else min(row.scheduled_at_utc, row.not_after)


def _soonest(rows: Iterator[ScheduledMessage]) -> list[ScheduledMessage]:
    return sorted(rows, key=lambda row: (row.scheduled_at_utc, row.id))


class MemoryInteractions:
    """What happened with clients outside our texts."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._book = world.book(work.user_id)

    @writing
    async def add(self, interactions: Sequence[Interaction]) -> None:
        """Store records. Raises Conflict when an id is taken."""
        for interaction in interactions:
            self._work.own(interaction.user_id, "interaction.user_id")
        for interaction in interactions:
            self._book.interactions.add(interaction.id, interaction, "interaction")
            self._book.clients.need(interaction.client_id, "client")

    @reading
    async def of_client(self, client_id: UUID, limit: int) -> Sequence[Interaction]:
        """Return a client's records, the latest first."""
        rows = [row for row in self._book.interactions.rows() if row.client_id == client_id]
        return sorted(rows, key=lambda row: (row.at, row.id), reverse=True)[:limit]

    @reading
    async def page(self, client_id: UUID, request: PageRequest) -> Page[Interaction]:
        """Return a page of a client's records, the latest first."""
        rows = (row for row in self._book.interactions.rows() if row.client_id == client_id)
        return page_by_instant(rows, lambda row: (row.at, row.id), request, newest_first=True)

    @reading
    async def latest_contact(self, client_ids: Sequence[UUID]) -> Mapping[UUID, datetime]:
        """Return when each of these clients last talked with a person, where there is a record."""
        latest: dict[UUID, datetime] = {}
        for row in self._book.interactions.rows():
            if row.client_id in client_ids and row.kind in HUMAN_CONTACT:
                latest[row.client_id] = max(row.at, latest.get(row.client_id, row.at))
        return latest
