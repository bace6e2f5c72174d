"""Everything a memory store holds: one world, and in it one book per professional."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from attrs import field, frozen

from nudge_adapters.memory.journal import Journal, Table, WatchedTable
from nudge_core.model.audit import AuditEntry
from nudge_core.model.audit_trail import ChainedEntry, ChainHead
from nudge_core.model.briefing import CampaignBriefing
from nudge_core.model.carrier_event import CarrierEvent
from nudge_core.model.change import (
    Change,
    Noticed,
    Place,
    noticed_of_briefing,
    noticed_of_import,
    noticed_of_message,
)
from nudge_core.model.client import Client
from nudge_core.model.client_fact import ClientFact
from nudge_core.model.client_import import ClientImport
from nudge_core.model.client_merge import ClientMerge
from nudge_core.model.client_note import ClientNote
from nudge_core.model.consent import Consent, Suppression, SuppressionScope
from nudge_core.model.contact_account import ContactAccount, ContactGrant
from nudge_core.model.contact_import import ContactImport
from nudge_core.model.event import GlobalMlsEvent, MarketEvent
from nudge_core.model.exposure import Exposure
from nudge_core.model.faq import Faq
from nudge_core.model.feed import FeedCursor, StoredUnread, UnreadRecord
from nudge_core.model.feedback import NegativePreference
from nudge_core.model.health import Heartbeat
from nudge_core.model.idempotency import StoredAnswer
from nudge_core.model.interaction import Interaction
from nudge_core.model.lane import SenderLane
from nudge_core.model.listing import AcceptedListing
from nudge_core.model.message import Message, MessageClass, ScheduledMessage
from nudge_core.model.outbox import OutboxNote
from nudge_core.model.phone_number import HELD, HeldNumber
from nudge_core.model.pipeline import PipelineRun
from nudge_core.model.resource import ContentResource, Resource, ResourceType
from nudge_core.model.sign_in import ApiKey, Attempt, RefreshToken, Session, SignInLock
from nudge_core.model.timetable import TimetableEntry
from nudge_core.model.user import User
from nudge_core.model.vector import Vector


@frozen
class KeptNote:
    """A note with what the outbox knows of it beside."""

    note: OutboxNote
    lease_until: datetime | None = None
    error: str | None = None
    parked_at: datetime | None = None


@frozen
class KeptKey:
    """A key of a request: of which, since when, and what became of it."""

    fingerprint: str
    created_at: datetime
    attempt: int
    lease_until: datetime | None
    answer: StoredAnswer | None = field(default=None, repr=False)


OPT_OUT_KEY_BYTES = 32  # of HMAC-SHA256


@frozen
class KeptOptOut:
    """An opt-out whose client was erased: a keyed hash instead of the phone."""

    mark: str
    scope: SuppressionScope
    topic: str
    reason: str
    held_since: datetime


class Moment:
    """The transaction that is open: its number and its time; and how many changes there have been."""

    def __init__(self) -> None:
        self.transaction = 0
        self.now = datetime.min.replace(tzinfo=UTC)
        self._changes = 0

    def begin(self, now: datetime) -> None:
        """Open the next transaction."""
        self.transaction += 1
        self.now = now

    def next_number(self) -> int:
        """Return the number of the next change; one that is taken back leaves a gap, as in a database."""
        self._changes += 1
        return self._changes


class Book:
    """What belongs to one professional."""

    def __init__(self, journal: Journal, moment: Moment) -> None:
        self._moment = moment
        self.changes: Table[int, Change] = Table(journal)  # by its number
        self.clients: Table[UUID, Client] = Table(journal)
        self.client_notes: Table[UUID, ClientNote] = Table(journal)
        self.client_facts: Table[UUID, ClientFact] = Table(journal)
        self.client_imports: Table[UUID, ClientImport] = WatchedTable(
            journal, lambda old, new: self._notice(noticed_of_import(old, new))
        )
        self.client_merges: Table[UUID, ClientMerge] = Table(journal)
        self.contact_imports: Table[UUID, ContactImport] = Table(journal)
        self.contact_accounts: Table[UUID, ContactAccount] = Table(journal)
        self.contact_grants: Table[UUID, ContactGrant] = Table(journal)
        self.kept_opt_outs: Table[tuple[str, SuppressionScope, str], KeptOptOut] = Table(journal)
        self.opt_out_key = os.urandom(OPT_OUT_KEY_BYTES)
        self.resources: Table[UUID, Resource] = Table(journal)
        self.resource_ids: Table[tuple[ResourceType, str, str], UUID] = Table(journal)
        self.market_events: Table[UUID, MarketEvent] = Table(journal)
        self.briefings: Table[UUID, CampaignBriefing] = WatchedTable(
            journal, lambda old, new: self._notice(noticed_of_briefing(old, new))
        )
        self.messages: Table[UUID, Message] = WatchedTable(
            journal, lambda old, new: self._notice(noticed_of_message(old, new))
        )
        self.message_ids: Table[str, UUID] = Table(journal)  # by dedupe key
        self.sids: Table[str, UUID] = Table(journal)  # by provider id
        self.lanes: Table[str, SenderLane] = Table(journal)  # by sender
        self.scheduled: Table[UUID, ScheduledMessage] = Table(journal)
        self.interactions: Table[UUID, Interaction] = Table(journal)
        self.consents: Table[UUID, Consent] = Table(journal)
        self.suppressions: Table[UUID, Suppression] = Table(journal)
        self.sessions: Table[UUID, Session] = Table(journal)
        self.refresh_tokens: Table[UUID, RefreshToken] = Table(journal)
        self.api_keys: Table[UUID, ApiKey] = Table(journal)
        self.negative_preferences: Table[UUID, NegativePreference] = Table(journal)
        self.exposures: Table[UUID, Exposure] = Table(journal)
        self.style_removals: Table[UUID, tuple[datetime, str]] = Table(journal)  # when and by whom, by habit
        self.audit: Table[UUID, AuditEntry] = Table(journal)
        self.audit_links: Table[int, ChainedEntry] = Table(journal)  # by place in the chain
        self.audit_head: Table[None, ChainHead] = Table(journal)  # one row
        self.contents: Table[UUID, ContentResource] = Table(journal)
        self.faqs: Table[UUID, Faq] = Table(journal)
        self.keys: Table[UUID, KeptKey] = Table(journal)
        self.phone_numbers: Table[UUID, HeldNumber] = Table(journal)

    def _notice(self, noticed: Noticed | None) -> None:
        if noticed is None:
            return
        number, now = self._moment.next_number(), self._moment.now
        place = Place(transaction=self._moment.transaction, id=number, at=now)
        change = Change(
            kind=noticed.kind,
            subject_id=noticed.subject_id,
            client_id=noticed.client_id,
            state=noticed.state,
            at=now,
            place=place,
        )
        self.changes.put(number, change)

    def active_suppressions(self, phone: str) -> Sequence[Suppression]:
        """Return the newest record per scope and topic, where it is active; one of the same instant later counts."""
        newest: dict[tuple[SuppressionScope, str], Suppression] = {}
        for record in self.suppressions.rows():
            if record.phone == phone:
                key = (record.scope, record.topic)
                if key not in newest or record.created_at >= newest[key].created_at:
                    newest[key] = record
        return [record for _, record in sorted(newest.items()) if record.active]

    def silenced(self, message: Message) -> bool:
        """Say whether the claim must leave this text alone: a suppression of scope ALL holds for its recipient.

        A service text is let through: the one confirmation of a STOP goes to a phone that has just been suppressed.
        """
        if message.recipient is None or message.message_class is MessageClass.SERVICE:
            return False
        return any(record.scope is SuppressionScope.ALL for record in self.active_suppressions(message.recipient))


class World:
    """All tables of a store."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.moment = Moment()
        self.users: Table[UUID, User] = Table(self.journal)
        self.listings: Table[tuple[str, str], AcceptedListing] = Table(self.journal)
        self.global_events: Table[UUID, GlobalMlsEvent] = Table(self.journal)
        self.meanings: Table[tuple[str, bytes], tuple[Vector, datetime]] = Table(self.journal)  # by model and digest
        self.cursors: Table[str, FeedCursor] = Table(self.journal)
        self.unread: Table[UnreadRecord, StoredUnread] = Table(self.journal)
        self.counters: Table[tuple[str, str], int] = Table(self.journal)
        self.runs: Table[UUID, PipelineRun] = Table(self.journal)
        self.notes: Table[UUID, KeptNote] = Table(self.journal)
        self.note_ids: Table[tuple[UUID | None, str], UUID] = Table(self.journal)
        self.timetable: Table[str, TimetableEntry] = Table(self.journal)
        self.heartbeats: Table[UUID, Heartbeat] = Table(self.journal)
        self.carrier_events: Table[UUID, CarrierEvent] = Table(self.journal)
        self.read_until: Table[str, datetime] = Table(self.journal)  # by our number
        self.super_users: Table[UUID, bool] = Table(self.journal)
        self.attempts: Table[UUID, Attempt] = Table(self.journal)
        self.sign_in_locks: Table[str, SignInLock] = Table(self.journal)  # by subject
        self._books: dict[UUID, Book] = {}

    def book(self, user_id: UUID) -> Book:
        """Return what belongs to one professional."""
        return self._books.setdefault(user_id, Book(self.journal, self.moment))

    def books(self) -> Iterable[tuple[UUID, Book]]:
        """Return every professional's book."""
        return list(self._books.items())

    def holder_of(self, phone: str) -> UUID | None:
        """Return the professional who holds this number."""
        held = ((row.user_id, row) for book in self._books.values() for row in book.phone_numbers.rows())
        return next((user_id for user_id, row in held if row.number == phone and row.status in HELD), None)
