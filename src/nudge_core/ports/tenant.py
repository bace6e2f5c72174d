"""Storage that belongs to one professional: reached only through that professional's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from nudge_core.model.approval import ApprovedText
from nudge_core.model.consent import Consent, Suppression
from nudge_core.model.conversation import MessageFilter
from nudge_core.model.event import Activity, EventStatus, MarketEvent
from nudge_core.model.interaction import Interaction
from nudge_core.model.lane import SenderLane
from nudge_core.model.message import (
    Delivery,
    EarlierTexts,
    LastWords,
    Message,
    Receipt,
    ScheduledMessage,
    ScheduledStatus,
)
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.resource import Resource, ResourceStatus, ResourceType


class Resources(Protocol):
    """The properties and contents in one professional's world."""

    async def get(self, resource_id: UUID) -> Resource:
        """Return the resource, or raise NotFound."""
        ...

    async def store(self, resources: Sequence[Resource]) -> None:
        """Insert, or where (type, source, entity) is stored already: update it and keep its id.

        What differs gets a new version; what does not, keeps its own.
        """
        ...

    async def add(self, resource: Resource) -> None:
        """Store a new one. Raises Conflict when its id, or its (type, source, entity), is taken."""
        ...

    async def save(self, resource: Resource) -> Resource:
        """Store a changed one over the version it was read at; return it with its new version.

        Raises Conflict when it changed since, NotFound.
        """
        ...

    async def page(
        self,
        request: PageRequest,
        *,
        resource_type: ResourceType | None = None,
        status: ResourceStatus | None = None,
        source_id: str | None = None,
    ) -> Page[Resource]:
        """Return a page of those that fit, the newest update first."""
        ...

    async def by_entity(self, source_id: str, entity_ids: Sequence[str]) -> Mapping[str, Resource]:
        """Return the stored ones, by entity id."""
        ...

    async def active(self, limit: int) -> Sequence[Resource]:
        """Return active ones, newest update first."""
        ...


class MarketEvents(Protocol):
    """Events as they concern one professional."""

    async def add(self, events: Sequence[MarketEvent]) -> frozenset[UUID]:
        """Store those not stored yet; return their ids."""
        ...

    async def get(self, ids: Sequence[UUID]) -> Sequence[MarketEvent]:
        """Return the stored ones among `ids`, oldest first."""
        ...

    async def about(self, resource_id: UUID, limit: int) -> Sequence[MarketEvent]:
        """Return the events about a resource, newest first."""
        ...

    async def mark(self, ids: Sequence[UUID], status: EventStatus, error: str | None = None) -> None:
        """Move events along their machine; already there is fine. Raises IllegalTransition."""
        ...

    async def counts(self) -> Mapping[str, int]:
        """Return how many there are per event type."""
        ...

    async def page(
        self,
        request: PageRequest,
        *,
        event_type: str | None = None,
        status: EventStatus | None = None,
        entity_id: str | None = None,
    ) -> Page[MarketEvent]:
        """Return a page of those that fit, the newest first."""
        ...

    async def activity(self, since: datetime, until: datetime, limit: int) -> Sequence[Activity]:
        """Return how many there are per kind and area from `since` to before `until`.

        The most first, then by kind and area, an event without an area last of its kind; at most `limit` rows.
        """
        ...


class Messages(Protocol):
    """Texts of one professional."""

    async def queue(self, texts: Sequence[ApprovedText]) -> Sequence[UUID]:
        """Queue approved texts; return the ids of those queued. A `dedupe_key` already used queues nothing."""
        ...

    async def receive(self, message: Message) -> bool:
        """Store an inbound text; False, and nothing stored, when its provider id is stored already."""
        ...

    async def get(self, message_id: UUID) -> Message:
        """Return the message, or raise NotFound."""
        ...

    async def by_sid(self, provider_sid: str) -> Message | None:
        """Return the message with this provider id."""
        ...

    async def of_briefing(self, briefing_id: UUID) -> Sequence[Message]:
        """Return the texts of one briefing, oldest first."""
        ...

    async def of_client(self, client_id: UUID, limit: int) -> Sequence[Message]:
        """Return a client's texts, newest first."""
        ...

    async def move(
        self,
        message_id: UUID,
        *,
        attempt: int | None,
        expected: Sequence[Delivery],
        to: Delivery,
        reason: str | None = None,
        provider_sid: str | None = None,
        receipt: Receipt | None = None,
        not_before: datetime | None = None,
        window_end: datetime | None = None,
        unposted: bool = False,
    ) -> bool:
        """Move a message along `DELIVERY` if it is in one of `expected` and, unless None, at this `attempt`.

        False when it is not: somebody else moved it, or another attempt is on its way. `provider_sid` is set once
        and never changed: a move with a different one is False. `not_before` and `window_end` are set together: a
        `not_before` without a `window_end` clears that. `unposted`: only if `begin_posting` has not marked this
        attempt; of the two at the same moment exactly one succeeds.
        """
        ...

    async def begin_posting(self, message_id: UUID, attempt: int) -> bool:
        """Mark that the request of this attempt may begin; False, and nothing marked, when the claim is not ours.

        To be committed before the first byte leaves: a lease that runs out without the mark was never posted.
        """
        ...

    async def begin_postings(self, attempts: Mapping[UUID, int]) -> frozenset[UUID]:
        """Mark several, each as `begin_posting` does, in one statement; return those that were marked."""
        ...

    async def accept(self, proofs: Mapping[UUID, tuple[str, Receipt]]) -> frozenset[UUID]:
        """Store provider ids and receipts of texts that the carrier has, in one statement.

        Return those that became SENT by it: not those that were SENT already, that had come to another end, or that
        have a different id. Raises Conflict when an id is another text's.
        """
        ...

    async def put_off(
        self, message_id: UUID, *, attempt: int, reason: str, not_before: datetime, window_end: datetime | None
    ) -> bool:
        """Let a queued text wait, with a reason; False when it is not queued at this attempt any more."""
        ...

    async def note_receipt(self, provider_sid: str, receipt: Receipt, error_code: str | None = None) -> bool:
        """Raise the receipt of a message; False when unknown or when the stored one ranks higher.

        `error_code` came with it. A different receipt replaces the stored code, the same one keeps it if it has none.
        """
        ...

    async def bill(
        self, provider_sid: str, *, segments: int | None, price_micros: int | None, price_currency: str | None
    ) -> bool:
        """Store what a text came to; None leaves what is stored. False when the text is unknown."""
        ...

    async def withdraw(self, *, recipient: str | None, briefing_id: UUID | None, to: Delivery, reason: str) -> int:
        """Move every queued text to this phone, or of this briefing, to WITHHELD or CANCELLED; return how many."""
        ...

    async def sent_to(self, recipient: str, since: datetime) -> Sequence[Message]:
        """Return outbound texts to this phone that were or may have been sent since (`claimed_at`), oldest first."""
        ...

    async def sent_to_each(self, recipients: Collection[str], since: datetime) -> Mapping[str, Sequence[Message]]:
        """Return what `sent_to` returns for each of several phones, in one query; a phone without any has no entry."""
        ...

    async def last_words(self, client_ids: Collection[UUID]) -> Mapping[UUID, LastWords]:
        """Return each client's last words, in one query; a client without any has no entry."""
        ...

    async def earlier(self, client_ids: Collection[UUID], since: datetime) -> Mapping[UUID, EarlierTexts]:
        """Return what each of these clients was texted, or may yet be, in one query; one without any has no entry.

        `recent` are those created at `since` or later.
        """
        ...

    async def waiting_for_slot(self, recipients: Collection[str]) -> Sequence[Message]:
        """Return queued texts to these phones that a cap holds back now (`nudge_core.policy.slots`), by id."""
        ...

    async def is_unfinished(self, briefing_id: UUID) -> bool:
        """Say whether a text of this briefing has not come to its end."""
        ...

    async def unconfirmed(self, limit: int) -> Sequence[Message]:
        """Return texts whose fate nobody knows, oldest claim first: a person has to say what becomes of them."""
        ...

    async def counts(self) -> Mapping[Delivery, int]:
        """Return how many outbound texts are in each state."""
        ...

    async def withheld(self) -> Mapping[str, int]:
        """Return how many texts were withheld, per reason code."""
        ...

    async def mark_read(self, client_id: UUID) -> int:
        """Mark a client's inbound texts as read now; return how many were unread."""
        ...

    async def unread_counts(self) -> Mapping[UUID, int]:
        """Return how many inbound texts nobody has read, per client who has any."""
        ...

    async def page(self, which: MessageFilter, request: PageRequest) -> Page[Message]:
        """Return a page of the texts that a filter lets through, newest first.

        One query. Raises Invalid for a key that is not this list's.
        """
        ...


class Scheduled(Protocol):
    """Planned texts."""

    async def add(self, messages: Sequence[ScheduledMessage]) -> None:
        """Store new ones. Raises Conflict when an id is taken or a series has a PENDING occurrence already."""
        ...

    async def get(self, message_id: UUID) -> ScheduledMessage:
        """Return one, or raise NotFound."""
        ...

    async def save(self, message: ScheduledMessage) -> ScheduledMessage:
        """Store a changed one over the version it was read at; return it with its new version.

        Raises Conflict when somebody changed it since, IllegalTransition against its machine, NotFound.
        """
        ...

    async def of_client(self, client_id: UUID) -> Sequence[ScheduledMessage]:
        """Return a client's planned texts, soonest first."""
        ...

    async def of_plan(self, plan_id: UUID) -> Sequence[ScheduledMessage]:
        """Return the planned texts of a plan, soonest first."""
        ...

    async def of_plans(self, plan_ids: Collection[UUID]) -> Mapping[UUID, Sequence[ScheduledMessage]]:
        """Return what `of_plan` returns for each of several plans, in one query; one without any has no entry."""
        ...

    async def page(
        self, client_id: UUID | None, status: ScheduledStatus | None, request: PageRequest
    ) -> Page[ScheduledMessage]:
        """Return a page of the planned texts, soonest first.

        Args:
            client_id: of this client; None: of any.
            status: in this state; None: in any.
            request: which page. Raises Invalid for a key that is not this list's.
        """
        ...


class Interactions(Protocol):
    """What happened with clients outside our texts. Append-only."""

    async def add(self, interactions: Sequence[Interaction]) -> None:
        """Store records. Raises Conflict when an id is taken."""
        ...

    async def of_client(self, client_id: UUID, limit: int) -> Sequence[Interaction]:
        """Return a client's records, the latest first."""
        ...

    async def page(self, client_id: UUID, request: PageRequest) -> Page[Interaction]:
        """Return a page of a client's records, the latest first. Raises Invalid for a key that is not this list's."""
        ...

    async def latest_contact(self, client_ids: Sequence[UUID]) -> Mapping[UUID, datetime]:
        """Return when each of these clients last talked with a person (`HUMAN_CONTACT`), where there is a record."""
        ...


class Consents(Protocol):
    """Consent given. Append-only."""

    async def add(self, consents: Sequence[Consent]) -> None:
        """Store records."""
        ...

    async def latest(self, phones: Sequence[str]) -> Mapping[str, Consent]:
        """Return the newest record per phone."""
        ...


class Suppressions(Protocol):
    """Silence demanded. Append-only."""

    async def add(self, suppression: Suppression) -> bool:
        """Store a record; False when one from the same `source_sid` is stored already."""
        ...

    async def active(self, phone: str) -> Sequence[Suppression]:
        """Return the records that hold now: the newest per scope and topic, where it is `active`."""
        ...

    async def active_for(self, phones: Collection[str]) -> Mapping[str, Sequence[Suppression]]:
        """Return what `active` returns for each of several phones, in one query; a phone without any has no entry."""
        ...


class Lanes(Protocol):
    """How fast texts leave this professional's senders, and whether they may. A lane that nobody set is a plain one."""

    async def get(self, sender: str) -> SenderLane:
        """Return the lane of a sender."""
        ...

    async def of(self, senders: Collection[str]) -> Mapping[str, SenderLane]:
        """Return the lane of each of several senders, in one query."""
        ...

    async def set_rate(self, sender: str, rate_per_s: float | None, in_flight: int | None = None) -> None:
        """Set segments a second (None: the rate of its kind) and the most texts in flight (None: no limit)."""
        ...

    async def pause(self, sender: str, until: datetime | None, reason: str) -> None:
        """Let nothing be claimed from this sender until then, or, None, until `resume`; `reason` is for a person.

        A pause that ends sooner than the one that holds changes nothing.
        """
        ...

    async def resume(self, sender: str) -> bool:
        """End a pause and forget strikes; False when there were none."""
        ...

    async def strike(self, sender: str, count: int = 1) -> int:
        """Count failures in a row; return how many there are now."""
        ...

    async def answered(self, sender: str) -> bool:
        """Forget strikes, and a pause that is over: the carrier has answered; False when there were none."""
        ...
