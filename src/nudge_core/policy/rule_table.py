"""The rules that software can keep, as rows: what, how strict, where, since when, by whose word, and what keeps it.

Source: `messaging.md` 12 (C1 to C15) and `verticals.md` 1.4 (P1 to P4). Not legal advice: counsel signs the parameters.
Rows marked `pending` are taken for law before it is certain that they are. A rule that can be switched off is so only
by an operator, with who, when and why (`nudge_core.policy.switches`); the strict value is the default.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from attrs import frozen

from nudge_core.policy.frequency_table import FREQUENCY_RULES
from nudge_core.policy.hours_table import RULES


class Status(StrEnum):
    """How sure it is that a row binds us."""

    IN_FORCE = "in force"
    PENDING = "pending"
    HOUSE = "house rule"
    OUTSIDE = "not kept by this software"


@frozen(kw_only=True)
class Rule:
    """One row. `jurisdictions`: postal codes, empty for all. `since`: recipient-local date. `kept_by`: part of ours."""

    id: str
    what: str
    strict: str
    source: str
    kept_by: str
    status: Status = Status.IN_FORCE
    jurisdictions: frozenset[str] = frozenset()
    since: date | None = None
    switchable: bool = False


def _hours(*, pending: bool = False, holidays: bool = False) -> frozenset[str]:
    rows = [row for row in RULES if row.pending is pending and (row.no_holidays or not holidays)]
    return frozenset(state for row in rows for state in row.jurisdictions)


RULE_TABLE: tuple[Rule, ...] = (
    Rule(
        id="C1",
        what="federal hours",
        strict="08:00 to 21:00 wherever the recipient may be",
        source="47 CFR 64.1200(c)(1)",
        kept_by="gate, and the validity told to the carrier",
        switchable=True,
    ),
    Rule(
        id="C2",
        what="hours of states and provinces",
        strict="all rows of policy/hours_table.py that may apply, intersected",
        source="messaging.md 11.2, secondary tables",
        kept_by="gate",
        jurisdictions=_hours(),
        switchable=True,
    ),
    Rule(
        id="C3",
        what="hours of Pennsylvania, SB 992",
        strict="09:00 to 19:00, no Sunday",
        source="pasenategop.com, billtrack50; passage and date contradictory",
        kept_by="gate",
        status=Status.PENDING,
        jurisdictions=_hours(pending=True),
        since=date(2026, 10, 18),
        switchable=True,
    ),
    Rule(
        id="C4",
        what="frequency",
        strict="3 texts per rolling 24 hours per caller and subject",
        source="Fla. Stat. 501.616(6), Okla. Stat. 15 775C.4, OR HB 3865 (since 2026-01-01), secondary",
        kept_by="gate",
        jurisdictions=frozenset(state for row in FREQUENCY_RULES for state in row.jurisdictions),
        switchable=True,
    ),
    Rule(
        id="C5",
        what="state holidays",
        strict="no text on a holiday of policy/holidays.py",
        source="restricted call dates of dnc.com and clickpointsoftware.com, secondary",
        kept_by="gate",
        jurisdictions=_hours(holidays=True),
        switchable=True,
    ),
    Rule(
        id="C6",
        what="consent before marketing",
        strict="prior express written consent, recorded",
        source="47 CFR 64.1200(f)(9)",
        kept_by="gate",
    ),
    Rule(
        id="C7",
        what="revocation by any reasonable means",
        strict="in the transaction that stores the words; on doubt silence, then a person",
        source="47 CFR 64.1200(a)(10)",
        kept_by="policy/opt_out.py, sending/wishes.py, gate",
        since=date(2025, 4, 11),
    ),
    Rule(
        id="C8",
        what="one revocation stops all",
        strict="all texts to the phone, now",
        source="FCC order of 2026-01-06, secondary; postponed to 2027-01-31",
        kept_by="sending/silence.py",
        status=Status.PENDING,
        since=date(2027, 1, 31),
    ),
    Rule(
        id="C9",
        what="one confirmation",
        strict="one, within 5 minutes, without marketing; none when the carrier answers",
        source="47 CFR 64.1200(a)(12)",
        kept_by="sending/service_texts.py",
        since=date(2024, 4, 4),
    ),
    Rule(
        id="C10",
        what="keep opt-outs",
        strict="for ever: records are only added",
        source="VA SB 1339, secondary",
        kept_by="tables: no update, no delete",
        jurisdictions=frozenset({"VA"}),
        since=date(2026, 1, 1),
    ),
    Rule(
        id="C11",
        what="do-not-call lists",
        strict="written consent for every marketing text (C6), which the lists except",
        source="47 CFR 64.1200(c)(2)",
        kept_by="gate, by C6",
    ),
    Rule(
        id="C12",
        what="reassigned numbers",
        strict="a wrong number is silenced when its holder says so",
        source="FCC Reassigned Numbers Database, unchecked",
        kept_by="nothing asks the database",
        status=Status.OUTSIDE,
    ),
    Rule(
        id="C13",
        what="identify the sender",
        strict="name, business and 'Reply STOP' in the first text; the last at least every 30 days",
        source="CTIA, unchecked; OR, secondary",
        kept_by="approval",
    ),
    Rule(
        id="C14",
        what="links",
        strict="no public shortener; where the owner lists hosts, those only",
        source="twilio-developer-kit",
        kept_by="wording rules at approval and in the gate",
    ),
    Rule(
        id="C15",
        what="registration of texters",
        strict="written consent (C6) excepts from it",
        source="settlement of 2025-11-06, secondary",
        kept_by="gate, by C6",
        jurisdictions=frozenset({"TX"}),
    ),
    Rule(
        id="P1",
        what="caps per person",
        strict="1 a day, 2 in 7 days, 6 in 30 days",
        source="verticals.md 1.4",
        kept_by="gate",
        status=Status.HOUSE,
    ),
    Rule(
        id="P2",
        what="caps per person and topic",
        strict="1 a day, 2 in 7 days",
        source="ours",
        kept_by="gate",
        status=Status.HOUSE,
    ),
    Rule(
        id="P3",
        what="cool-down after human contact",
        strict="72 hours",
        source="verticals.md 1.4",
        kept_by="gate",
        status=Status.HOUSE,
        switchable=True,
    ),
    Rule(
        id="P4",
        what="new contact",
        strict="no automatic text for 14 days",
        source="verticals.md 1.4",
        kept_by="gate",
        status=Status.HOUSE,
        switchable=True,
    ),
)

SWITCHABLE = frozenset(rule.id for rule in RULE_TABLE if rule.switchable)
"""Rules an operator may switch off, wholly or for some states. The caps P1 and P2 have values instead."""
