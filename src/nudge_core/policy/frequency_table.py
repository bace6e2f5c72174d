"""How often a jurisdiction lets one caller write to one person: rows with sources and dates of effect. Data, not code.

Secondary sources; the strict reading is taken: every proactive text counts, to any phone of the state's area codes or
of an address there. Oregon's exception for purchasers of 18 months is not used.
"""

from __future__ import annotations

from datetime import date, timedelta

from attrs import frozen

DAY = timedelta(hours=24)


@frozen(kw_only=True)
class FrequencyRule:
    """At most `limit` texts on one subject in any `length` of time. `since`: recipient-local date, None for always."""

    jurisdictions: frozenset[str]
    limit: int
    length: timedelta
    source: str
    since: date | None = None


FREQUENCY_RULES: tuple[FrequencyRule, ...] = (
    FrequencyRule(jurisdictions=frozenset({"FL"}), limit=3, length=DAY, source="Fla. Stat. 501.616(6), secondary"),
    FrequencyRule(jurisdictions=frozenset({"OK"}), limit=3, length=DAY, source="Okla. Stat. 15 775C.4, secondary"),
    FrequencyRule(jurisdictions=frozenset({"MD"}), limit=3, length=DAY, source="messaging.md C4, secondary"),
    FrequencyRule(
        jurisdictions=frozenset({"OR"}), limit=3, length=DAY, source="OR HB 3865, secondary", since=date(2026, 1, 1)
    ),
)
"""Rule C4 of `messaging.md` 12."""
