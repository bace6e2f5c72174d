"""The store opens transactions; a transaction is the only way to stored data."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from nudge_core.ports.access import ApiKeys, Attempts, Overviews, Sessions
from nudge_core.ports.carrier_events import CarrierEvents
from nudge_core.ports.changes import ChangeNews, Changes
from nudge_core.ports.clients import ClientFacts, ClientImports, ClientMerges, ClientNotes, Clients, Dossiers
from nudge_core.ports.contacts import ContactAccounts, ContactImports
from nudge_core.ports.contents import Contents, Faqs
from nudge_core.ports.decisions import Audit, Briefings, Exposures, NegativePreferences, Statistics, Style
from nudge_core.ports.held_numbers import HeldNumbers
from nudge_core.ports.idempotency import IdempotencyKeys
from nudge_core.ports.operations import Heartbeats, Timetable, Vitals
from nudge_core.ports.screens import Screens
from nudge_core.ports.shared import Feeds, GlobalEvents, Listings, Meanings, Notes, Runs, Schedules, Sends, Users
from nudge_core.ports.tenant import (
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
    def meanings(self) -> Meanings: ...

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

    @property
    def change_news(self) -> ChangeNews: ...


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
    def client_notes(self) -> ClientNotes: ...

    @property
    def client_facts(self) -> ClientFacts: ...

    @property
    def client_imports(self) -> ClientImports: ...

    @property
    def client_merges(self) -> ClientMerges: ...

    @property
    def contact_imports(self) -> ContactImports: ...

    @property
    def contact_accounts(self) -> ContactAccounts: ...

    @property
    def dossiers(self) -> Dossiers: ...

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
    def style(self) -> Style: ...

    @property
    def exposures(self) -> Exposures: ...

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
    def changes(self) -> Changes: ...

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
