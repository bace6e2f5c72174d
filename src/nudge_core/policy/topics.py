"""What texts are about, and which of them a narrower wish means: "stop the listings but keep the reminders"."""

from __future__ import annotations

from types import MappingProxyType

LISTINGS = "listings"
MARKET = "market"
REMINDERS = "reminders"
GREETINGS = "greetings"
CHECK_IN = "check_in"
RATES = "rates"

SAID = MappingProxyType(
    {
        LISTINGS: frozenset(["listings", "listing", "homes", "houses", "properties", "alerts", "drops"]),
        MARKET: frozenset(["market", "reports", "report", "news", "newsletter", "newsletters", "stats"]),
        REMINDERS: frozenset(["reminders", "reminder", "appointments", "appointment", "confirmations"]),
        GREETINGS: frozenset(["greetings", "wishes", "birthday", "holiday", "anniversary"]),
        CHECK_IN: frozenset(["check_in", "checkins", "check", "followups", "followup"]),
        RATES: frozenset(["rates", "rate"]),
    }
)
"""Words that name a topic as a whole. A word that is not here ("condos") may mean any of them."""


def is_meant(said: str, topic: str | None) -> bool:
    """Say whether a wish to hear no more of `said` reaches a text about `topic`.

    A topic that nobody named, and a word we do not know, are taken for the same: silence is the safe error.
    """
    if topic is None or said == topic:
        return True
    named = next((known for known, words in SAID.items() if said == known or said in words), None)
    return named is None or named == topic or topic not in SAID
