"""Everything outside, as promises: what an adapter author implements and a contract suite checks.

Numbered promises (FEED-03, UOW-02) stand in `docs/reference/adapters.md`; `tests/contracts` tests each of them
for every adapter. Errors are those of `nudge_core.errors`; adapters translate at the edge and keep the cause.

Two kinds of port: services (a clock, ids, a feed, a drafter, an embedder, a carrier) and storage (`Store`, which opens
transactions). A transaction is the only way to stored data; it commits when its block ends and rolls back when the
block raises. There is no commit to call, so a step cannot call it.
"""

from nudge_core.ports.access import ApiKeys, Attempts, Overviews, Sessions
from nudge_core.ports.carrier_events import CarrierEvents
from nudge_core.ports.changes import ChangeNews, Changes
from nudge_core.ports.clients import ClientFacts, ClientImports, ClientMerges, ClientNotes, Clients, Dossiers
from nudge_core.ports.contacts import ContactAccounts, ContactBook, ContactImports, ContactProvider, PhoneReader
from nudge_core.ports.contents import Contents, Faqs
from nudge_core.ports.decisions import Audit, Briefings, Exposures, NegativePreferences, Statistics, Style
from nudge_core.ports.held_numbers import HeldNumbers
from nudge_core.ports.idempotency import IdempotencyKeys
from nudge_core.ports.operations import Heartbeats, Timetable, Vitals
from nudge_core.ports.screens import Reader, Screens
from nudge_core.ports.services import (
    Clock,
    Drafter,
    Embedder,
    Ids,
    ListingFeed,
    OneTimeCodes,
    PhoneNumbers,
    SmsGateway,
)
from nudge_core.ports.shared import Feeds, GlobalEvents, Listings, Meanings, Notes, Runs, Schedules, Sends, Users
from nudge_core.ports.store import Store, SystemTransaction, TenantTransaction
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

__all__ = [
    "ApiKeys",
    "Attempts",
    "Audit",
    "Briefings",
    "CarrierEvents",
    "ChangeNews",
    "Changes",
    "ClientFacts",
    "ClientImports",
    "ClientMerges",
    "ClientNotes",
    "Clients",
    "Clock",
    "Consents",
    "ContactAccounts",
    "ContactBook",
    "ContactImports",
    "ContactProvider",
    "Contents",
    "Dossiers",
    "Drafter",
    "Embedder",
    "Exposures",
    "Faqs",
    "Feeds",
    "GlobalEvents",
    "Heartbeats",
    "HeldNumbers",
    "IdempotencyKeys",
    "Ids",
    "Interactions",
    "Lanes",
    "ListingFeed",
    "Listings",
    "MarketEvents",
    "Meanings",
    "Messages",
    "NegativePreferences",
    "Notes",
    "OneTimeCodes",
    "Overviews",
    "PhoneNumbers",
    "PhoneReader",
    "Reader",
    "Resources",
    "Runs",
    "Scheduled",
    "Schedules",
    "Screens",
    "Sends",
    "Sessions",
    "SmsGateway",
    "Statistics",
    "Store",
    "Style",
    "Suppressions",
    "SystemTransaction",
    "TenantTransaction",
    "Timetable",
    "Users",
    "Vitals",
]
