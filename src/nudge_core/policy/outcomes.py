"""The four outcomes of a decision to send, and the reason codes of the last three.

Silence without a reason code is a defect. Source: `verticals.md` section 0.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from attrs import frozen


class Reason(StrEnum):
    """Reason codes of the gate. A vertical adds its own, such as why a fact is no longer true."""

    NO_PHONE = "no_phone"
    NO_SENDER = "no_sender"
    PHONE_UNUSABLE = "phone_unusable"
    WRONG_NUMBER = "wrong_number"
    COUNTRY_NOT_COVERED = "country_not_covered"
    REVOKED = "revoked"
    REVOKED_TOPIC = "revoked_topic"
    NO_CONSENT = "no_consent"
    EXPIRED = "expired"
    PLAN_PAUSED = "plan_paused"
    PLAN_ENDED = "plan_ended"
    REPLY_UNCLEAR = "reply_unclear"
    WORDING = "wording"
    COOL_DOWN = "cool_down"
    NEW_CONTACT = "new_contact"
    CAP_DAY = "cap_day"
    CAP_7_DAYS = "cap_7_days"
    CAP_30_DAYS = "cap_30_days"
    CAP_TOPIC_DAY = "cap_topic_day"
    CAP_TOPIC_7_DAYS = "cap_topic_7_days"
    CAP_STATE = "cap_state"
    QUIET_HOURS = "quiet_hours"
    NO_COMMON_HOUR = "no_common_hour"
    PROVIDER_LIMIT = "provider_limit"
    ALREADY_SENT = "already_sent"


@frozen(kw_only=True)
class Send:
    """Now. `until`: when the lawful window closes, in UTC; None for a text that no hours bind."""

    until: datetime | None


@frozen(kw_only=True)
class Wait:
    """Not before `until` (UTC); what then is true is checked then."""

    until: datetime
    reason: str


@frozen(kw_only=True)
class Ask:
    """Only the professional can settle it; nothing is sent meanwhile."""

    reason: str


@frozen(kw_only=True)
class Refuse:
    """Never."""

    reason: str


Outcome: TypeAlias = Send | Wait | Ask | Refuse
