"""Storage that belongs to everybody: users, feeds, listings, global events, runs, the outbox, claims."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from nudge_core.model.event import GlobalMlsEvent, ListingEvent
from nudge_core.model.feed import FeedCursor, StoredUnread, UnreadRecord
from nudge_core.model.lane import DEFAULT_CLAIM, ClaimRules
from nudge_core.model.listing import AcceptedListing
from nudge_core.model.message import Message, ScheduledMessage
from nudge_core.model.outbox import OutboxNote, ParkedNote, Topic
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.pipeline import PipelineRun, RunStatus
from nudge_core.model.user import User
from nudge_core.model.vector import Vector


class Users(Protocol):
    """All professionals. Global."""

    async def get(self, user_id: UUID) -> User:
        """Return the user, or raise NotFound."""
        ...

    async def add(self, user: User) -> None:
        """Store a new user. Raises Conflict when the id or the phone is taken."""
        ...

    async def save(self, user: User) -> User:
        """Store a changed one over the version it was read at; return it with its new version.

        Raises Conflict when it changed since or a number of it is taken, NotFound.
        """
        ...

    async def all(self) -> Sequence[User]:
        """Return every user, by id."""
        ...

    async def id_by_phone(self, phone: str) -> UUID | None:
        """Return whose own telephone this is, or None. In a system transaction only: nobody has signed in yet."""
        ...

    async def super_users(self) -> frozenset[UUID]:
        """Return those who may read across tenants where that is audited. In a system transaction only."""
        ...

    async def set_super(self, user_id: UUID, on: bool) -> None:
        """Let a user read across tenants, or not any more; raises NotFound. In a system transaction only.

        `add` and `save` do not touch it: it is no part of a user that any request could write.
        """
        ...


class Listings(Protocol):
    """What change detection accepted last, per source and listing. Global."""

    async def accepted(self, source_id: str, keys: Sequence[str]) -> Mapping[str, AcceptedListing]:
        """Return the stored listings among `keys`."""
        ...

    async def store(self, listings: Sequence[AcceptedListing]) -> None:
        """Insert or replace; one statement whatever their number. A key may stand in it once only."""
        ...

    async def off_market_at(
        self, source_id: str, addresses: Sequence[str], since: datetime
    ) -> Mapping[str, AcceptedListing]:
        """Return, per address key, the listing that left the market last, not before `since`.

        An address key is `ListingSnapshot.address_key`.
        """
        ...

    async def held_keys(self, source_id: str) -> Sequence[str]:
        """Return the keys whose price is in quarantine, sorted."""
        ...

    async def keys(self, source_id: str) -> frozenset[str]:
        """Return the keys of all stored listings that are not tombstones."""
        ...


class Meanings(Protocol):
    """Vectors of public texts, once for everybody: what was paid for is not paid for again. Global.

    A text is known by its digest (`nudge_core.model.vector.digest_of`); the text itself is not stored.
    """

    async def of(self, model_id: str, digests: Collection[bytes]) -> Mapping[bytes, Vector]:
        """Return the stored vectors of a model among these texts."""
        ...

    async def keep(self, vectors: Mapping[bytes, Vector]) -> None:
        """Store vectors, by digest; one that is stored stays as it is."""
        ...

    async def forget_before(self, instant: datetime) -> int:
        """Delete what was stored before an instant; return how many."""
        ...


class GlobalEvents(Protocol):
    """What happened, once for everybody. Global, append-only."""

    async def add(self, events: Sequence[GlobalMlsEvent]) -> frozenset[UUID]:
        """Store those not stored yet; return their ids. Adding twice adds nothing."""
        ...

    async def get(self, ids: Sequence[UUID]) -> Sequence[GlobalMlsEvent]:
        """Return the stored ones among `ids`, by time and id."""
        ...

    async def counts(self, source_id: str) -> Mapping[ListingEvent, int]:
        """Return how many of each kind are stored."""
        ...


class Feeds(Protocol):
    """How far each source has been read, and what of it could not be. Global."""

    async def cursor(self, source_id: str) -> FeedCursor:
        """Return the stored cursor, or a fresh one (version 0)."""
        ...

    async def advance(self, cursor: FeedCursor) -> None:
        """Store `cursor` over the version it was read at.

        Raises Conflict when another process has advanced the source since: nothing of this page may be stored.
        """
        ...

    async def keep_unread(self, records: Sequence[UnreadRecord]) -> None:
        """Store records that could not be read; the same one again raises its count."""
        ...

    async def unread(self, source_id: str, limit: int) -> Sequence[StoredUnread]:
        """Return kept records, newest first."""
        ...

    async def count(self, source_id: str, reasons: Mapping[str, int]) -> None:
        """Add to the source's counters, such as `unknown_status: 3`."""
        ...

    async def counters(self, source_id: str) -> Mapping[str, int]:
        """Return the source's counters."""
        ...


class Runs(Protocol):
    """Pipeline runs. Global."""

    async def add(self, run: PipelineRun) -> None:
        """Store a new run."""
        ...

    async def save(self, run: PipelineRun) -> None:
        """Replace a stored run, or raise NotFound."""
        ...

    async def latest(self, limit: int) -> Sequence[PipelineRun]:
        """Return the newest runs first."""
        ...

    async def get(self, run_id: UUID) -> PipelineRun:
        """Return a run, or raise NotFound."""
        ...

    async def page(self, request: PageRequest, status: RunStatus | None = None) -> Page[PipelineRun]:
        """Return a page of runs, the newest start first."""
        ...

    async def fail_abandoned(self, started_before: datetime) -> int:
        """Mark runs that were `running` and started earlier as failed (their process died); return how many."""
        ...

    async def forget_before(self, instant: datetime) -> int:
        """Remove runs that ended earlier; return how many."""
        ...


class Notes(Protocol):
    """The outbox: work handed on in the transaction that made it necessary."""

    async def add(self, notes: Sequence[OutboxNote]) -> int:
        """Store those whose `dedupe_key` is new; return how many."""
        ...

    async def claim(self, topics: Sequence[Topic], limit: int, lease_s: float) -> Sequence[OutboxNote]:
        """Take due notes, oldest first, for `lease_s` seconds; their `attempt` is raised.

        No two claimers get the same note while a lease lasts. A note whose lease ran out is due again. Claimed in a
        system transaction, finished in the transaction that does the work.
        """
        ...

    async def finish(self, note: OutboxNote) -> None:
        """Remove a claimed note. Raises Conflict when the claim is no longer ours: the work must then roll back."""
        ...

    async def put_back(self, note: OutboxNote, error: str, not_before: datetime) -> None:
        """Give a claimed note back for later; after `MAX_ATTEMPTS` it is parked with its error instead."""
        ...

    async def park_abandoned(self, error: str) -> int:
        """Park the notes whose last of `MAX_ATTEMPTS` claimers died, with `error` as the reason; return how many."""
        ...

    async def parked(self, limit: int) -> Sequence[ParkedNote]:
        """Return the notes that gave up, the newest first, with the reason."""
        ...

    async def waiting(self) -> Mapping[str, int]:
        """Return how many notes wait per topic, and under `parked` how many gave up."""
        ...


class Sends(Protocol):
    """The sending machine across all tenants: it claims ids, the work is then done as the tenant."""

    async def claim(self, limit: int, lease_s: float, rules: ClaimRules = DEFAULT_CLAIM) -> Sequence[Message]:
        """Take queued texts that may go now; each gets attempt + 1 and a lease; returned oldest first.

        Of every lane with due texts an equal share, so that nobody waits behind somebody else's campaign; with more
        lanes than a claim serves (`nudge_core.policy.pacing.lanes_served`) a lottery drawn from the instant decides
        whose turn it is. Within a lane the longest due first. Never one

        * whose recipient is suppressed at this instant with scope ALL, unless its class is SERVICE (the one
          confirmation of a STOP goes to a suppressed phone); no claim commits after the commit of a suppression,
        * whose phone's newest consent is less than its class needs, without a sender or a recipient,
        * past `not_after`, or whose stored window has closed,
        * that would be one proactive text too many in 7 or 30 days (`rules`), counted on what was or may have been
          sent to the phone, unless the gate has allowed it (`nudge_core.policy.slots.GATE_ALLOWS`),
        * of a (sender, recipient) that has a text in flight (sending or in doubt), or for which a better text is due
          or waits for a slot (`nudge_core.policy.slots`),
        * from a lane that is paused, or beyond its rate or its limit in flight (`nudge_core.policy.pacing`).

        A suppressed topic, the calendar day and everything else is the gate's to judge.
        """
        ...

    @property
    def leaves_at(self) -> Mapping[UUID, datetime]:
        """When each text that was claimed in this transaction may leave; without an entry: at once.

        Reserved for it by its lane's pace (`nudge_core.policy.pacing.instants`), at most `ClaimRules.ahead_s` ahead.
        """
        ...

    async def blocked(self, limit: int, rules: ClaimRules = DEFAULT_CLAIM) -> Sequence[Message]:
        """Return due queued texts that no claim will take by itself, oldest first, for the gate to say why.

        All of the reasons of `claim` but those that pass by themselves: the lane, a text in flight, a better one due.
        Looked for at the heads of the lanes, where they are in the way of others.
        """
        ...

    async def expired_leases(self, limit: int) -> Sequence[Message]:
        """Return texts in `sending` whose lease ran out: their sender died."""
        ...

    async def doubtful(self, limit: int) -> Sequence[Message]:
        """Return texts in doubt, oldest claim first."""
        ...

    async def unbilled(self, sent_before: datetime, sent_after: datetime, limit: int) -> Sequence[Message]:
        """Return sent texts with a final receipt and no price yet, sent between the two instants.

        Those never asked about (no `segments`) first, then the newest.
        """
        ...

    async def next_due(self, rules: ClaimRules = DEFAULT_CLAIM) -> datetime | None:
        """Return when the next queued text is due and a claim under `rules` serves its lane, or None.

        Now or earlier: at once.
        Texts of a lane that is paused until somebody resumes it are not counted.
        """
        ...

    async def owner_of_number(self, phone: str) -> UUID | None:
        """Return the user who sends from this number, or else who holds it: texts to it are theirs."""
        ...

    async def owner_of_sid(self, provider_sid: str) -> UUID | None:
        """Return the user whose message has this provider id."""
        ...


class Schedules(Protocol):
    """Planned texts across all tenants: what is due is claimed, the work is then done as the tenant."""

    async def claim(self, limit: int, lease_s: float) -> Sequence[ScheduledMessage]:
        """Take planned texts for which something is to be done, soonest first, for `lease_s` seconds.

        Those are PENDING, and either due and approved, in a plan that is neither PAUSED nor a DRAFT (or in none); or
        past their `not_after`. No two claimers get the same one while a lease lasts.
        """
        ...

    async def unfollowed(self, limit: int) -> Sequence[ScheduledMessage]:
        """Return RELEASED ones whose message has reached a final state, soonest first."""
        ...

    async def next_due(self) -> datetime | None:
        """Return when the next planned text that `claim` would take becomes due, or None. A lease is not counted."""
        ...
