"""Any valid entity, for property tests.

Each function returns a strategy for one entity and takes what a test wants to fix as keywords, values or strategies:
`clients(user_id=owner, email=st.none())`. What is not fixed is drawn, and everything that may be absent sometimes is.
"""

from tests.strategies.market import (
    accepted_listings,
    cursors,
    global_events,
    market_events,
    resources,
    snapshots,
    unread_records,
)
from tests.strategies.practice import (
    approved_texts,
    audit_entries,
    briefings,
    clients,
    consents,
    contents,
    faqs,
    inbound_messages,
    members,
    negative_preferences,
    notes,
    reasons,
    runs,
    scheduled_messages,
    suppressions,
    users,
)
from tests.strategies.values import emails, instants, json_objects, jsons, phones, texts, vectors, words, zones

__all__ = [
    "accepted_listings",
    "approved_texts",
    "audit_entries",
    "briefings",
    "clients",
    "consents",
    "contents",
    "cursors",
    "emails",
    "faqs",
    "global_events",
    "inbound_messages",
    "instants",
    "json_objects",
    "jsons",
    "market_events",
    "members",
    "negative_preferences",
    "notes",
    "phones",
    "reasons",
    "resources",
    "runs",
    "scheduled_messages",
    "snapshots",
    "suppressions",
    "texts",
    "unread_records",
    "users",
    "vectors",
    "words",
    "zones",
]
