"""The store opens transactions; a transaction is the only way to stored data."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from nudge_core.ports.access import ApiKeys, Attempts, Overviews, Sessions
from nudge_core.ports.carrier_events import CarrierEvents
from nudge_core.ports.contents import Contents, Faqs
from nudge_core.ports.decisions import Audit, Briefings, NegativePreferences, Statistics
from nudge_core.ports.held_numbers import HeldNumbers
from nudge_core.ports.idempotency import IdempotencyKeys
from nudge_core.ports.operations import Heartbeats, Timetable, Vitals
from nudge_core.ports.screens import Screens
from nudge_core.ports.shared import Feeds, GlobalEvents, Listings, Notes, Runs, Schedules, Sends, Users
from nudge_core.ports.tenant import (
    Clients,
    Consents,
    Interactions,
    Lanes,
    MarketEvents,
    Messages,
    Resources,
    Scheduled,
    Suppressions,
)


class SystemTransaction(Protocol):
    """Work that belongs to no tenant: feeds, global events, claims."""

    @property
    def now(self) -> datetime:
        """The time of this transaction, in UTC: the same for its whole length."""
        ...

    @property
    def users(self) -> Users: ...

    @property
    def feeds(self) -> Feeds: ...

    @property
    def listings(self) -> Listings: ...

    @property
    def global_events(self) -> GlobalEvents: ...

    @property
    def runs(self) -> Runs: ...

    @property
    def notes(self) -> Notes: ...

    @property
    def sends(self) -> Sends: ...

    @property
    def timetable(self) -> Timetable: ...

    @property
    def heartbeats(self) -> Heartbeats: ...

    @property
    def vitals(self) -> Vitals: ...

    @property
    def carrier_events(self) -> CarrierEvents: ...

    @property
    def schedules(self) -> Schedules: ...

    @property
    def attempts(self) -> Attempts: ...


class TenantTransaction(Protocol):
    """Work for one professional: every read and write is theirs alone."""

    @property
    def now(self) -> datetime:
        """The time of this transaction, in UTC: the same for its whole length."""
        ...

    @property
    def user_id(self) -> UUID:
        """Whose transaction this is."""
        ...

    @property
    def users(self) -> Users: ...

    @property
    def listings(self) -> Listings: ...

    @property
    def global_events(self) -> GlobalEvents: ...

    @property
    def notes(self) -> Notes: ...

    @property
    def clients(self) -> Clients: ...

    @property
    def resources(self) -> Resources: ...

    @property
    def market_events(self) -> MarketEvents: ...

    @property
    def briefings(self) -> Briefings: ...

    @property
    def messages(self) -> Messages: ...

    @property
    def scheduled(self) -> Scheduled: ...

    @property
    def interactions(self) -> Interactions: ...

    @property
    def consents(self) -> Consents: ...

    @property
    def suppressions(self) -> Suppressions: ...

    @property
    def lanes(self) -> Lanes: ...

    @property
    def negative_preferences(self) -> NegativePreferences: ...

    @property
    def audit(self) -> Audit: ...

    @property
    def statistics(self) -> Statistics: ...

    @property
    def contents(self) -> Contents: ...

    @property
    def faqs(self) -> Faqs: ...

    @property
    def idempotency(self) -> IdempotencyKeys: ...

    @property
    def held_numbers(self) -> HeldNumbers: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def api_keys(self) -> ApiKeys: ...

    @property
    def overviews(self) -> Overviews: ...

    @property
    def carrier_events(self) -> CarrierEvents: ...


class Store(Protocol):
    """Opens transactions. A block that ends commits; one that raises rolls back, and the exception goes on.

    Never keep a transaction open while a service is called.
    """

    def system(self) -> AbstractAsyncContextManager[SystemTransaction]:
        """Open a transaction that belongs to no tenant."""
        ...

    def tenant(self, user_id: UUID) -> AbstractAsyncContextManager[TenantTransaction]:
        """Open a transaction of one professional."""
        ...

    @property
    def screens(self) -> Screens:
        """The lists that screens ask for all day, read past the transactions."""
        ...

    async def ping(self) -> str:
        """Return one line that says what answered, or raise Unavailable."""
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...
