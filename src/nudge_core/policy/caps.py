"""How often one person may hear from us: caps over all plans and campaigns, by the recipient's own calendar.

Replies, transactional and service texts do not count. Where several zones are candidates, the day is over when it is
over in all of them. Source: `verticals.md` 1.4 (values are ours).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, time, timedelta

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.message import MessageClass
from nudge_core.policy.frequency_table import FREQUENCY_RULES, FrequencyRule
from nudge_core.policy.outcomes import Reason
from nudge_core.timing.local_time import at, local_date
from nudge_core.timing.recipient_zone import Whereabouts

COUNTED = frozenset({MessageClass.MARKETING, MessageClass.INFORMATIONAL})
"""Proactive texts: what the caps count and what they hold back."""

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)
PROACTIVE_HOUR = time(10)
"""Default hour of a proactive text, recipient-local. Source: `verticals.md` 1.2."""


@frozen(kw_only=True)
class Caps:
    """Texts to one person per recipient-local calendar day, per 7 days and per 30 days, and of those about one topic.

    They hold over all plans and campaigns. A text whose topic nobody named counts for every topic.
    """

    per_day: int = field(default=1, validator=fields.between(0, 100))
    per_7_days: int = field(default=2, validator=fields.between(0, 700))
    per_30_days: int = field(default=6, validator=fields.between(0, 3_000))
    per_topic_day: int = field(default=1, validator=fields.between(0, 100))
    per_topic_7_days: int = field(default=2, validator=fields.between(0, 700))


@frozen(kw_only=True)
class SentText:
    """A proactive text that this person was or may have been sent. `topic`: None when nobody named it."""

    at: datetime
    topic: str | None = None


@frozen
class Capped:
    """Which cap holds longest, and until when; None: a cap of zero never lifts."""

    reason: str
    until: datetime | None


def capped(now: datetime, sent: Iterable[datetime], zones: Collection[str], caps: Caps) -> Capped | None:
    """Return None when one more proactive text may go out now, else the cap that lifts last.

    Args:
        now: the instant of sending, in UTC.
        sent: instants of the proactive texts that this person was or may have been sent.
        zones: candidate zones of the recipient.
        caps: the values.
    """
    past, moment, longest = sorted(sent), now, None
    while (cap := _holding(moment, past, zones, caps)) is not None:
        if cap.until is None:
            return cap
        moment, longest = cap.until, cap  # another cap may hold just then
    return longest


def held_back(
    now: datetime,
    sent: Sequence[SentText],
    topic: str | None,
    where: Whereabouts,
    caps: Caps,
    laws: Sequence[FrequencyRule] = FREQUENCY_RULES,
) -> Capped | None:
    """Return None when one more proactive text about `topic` may go out now, else the cap that lifts last.

    Args:
        now: the instant of sending, in UTC.
        sent: what this person was or may have been sent.
        topic: what the text is about; None counts for every topic.
        where: candidate zones and jurisdictions of the recipient.
        caps: the house's values.
        laws: what jurisdictions allow, per rolling time and subject.
    """
    every = [text.at for text in sent]
    alike = sorted(text.at for text in sent if topic is None or text.topic in (None, topic))
    moment, longest = now, None
    while True:
        cap = capped(moment, every, where.zones, caps) or _of_topic(moment, alike, where, caps, laws)
        if cap is None:
            return longest
        if cap.until is None:
            return cap
        moment, longest = cap.until, cap


def _of_topic(
    now: datetime, alike: Sequence[datetime], where: Whereabouts, caps: Caps, laws: Sequence[FrequencyRule]
) -> Capped | None:
    """Return the cap on one subject that holds at `now` and lifts last."""
    holding = [
        Capped(reason, until)
        for reason, limit, until in (
            (Reason.CAP_TOPIC_DAY, caps.per_topic_day, _day_lifts(now, alike, where.zones, caps.per_topic_day)),
            (Reason.CAP_TOPIC_7_DAYS, caps.per_topic_7_days, _rolling_lifts(now, alike, WEEK, caps.per_topic_7_days)),
            *(
                (Reason.CAP_STATE, law.limit, _rolling_lifts(now, alike, law.length, law.limit))
                for law in laws
                if _binds(law, now, where)
            ),
        )
        if limit == 0 or until is not None
    ]
    never = next((cap for cap in holding if cap.until is None), None)
    return never or max(holding, key=lambda cap: cap.until or now, default=None)


def _binds(law: FrequencyRule, now: datetime, where: Whereabouts) -> bool:
    """Say whether a row is in play, and in force in one candidate zone at least."""
    if not law.jurisdictions & where.jurisdictions:
        return False
    return law.since is None or any(law.since <= local_date(now, name) for name in where.zones)


def _holding(now: datetime, past: Sequence[datetime], zones: Collection[str], caps: Caps) -> Capped | None:
    """Return the cap that holds at `now` and lifts last."""
    holding = [
        Capped(reason, until)
        for reason, limit, until in (
            (Reason.CAP_DAY, caps.per_day, _day_lifts(now, past, zones, caps.per_day)),
            (Reason.CAP_7_DAYS, caps.per_7_days, _rolling_lifts(now, past, WEEK, caps.per_7_days)),
            (Reason.CAP_30_DAYS, caps.per_30_days, _rolling_lifts(now, past, MONTH, caps.per_30_days)),
        )
        if limit == 0 or until is not None
    ]
    never = next((cap for cap in holding if cap.until is None), None)
    return never or max(holding, key=lambda cap: cap.until or now, default=None)


def _rolling_lifts(now: datetime, past: Sequence[datetime], length: timedelta, limit: int) -> datetime | None:
    """Return when fewer than `limit` texts are younger than `length`; None when that is so now, or never will be."""
    young = [instant for instant in past if now - instant < length]
    return young[-limit] + length if 0 < limit <= len(young) else None


def _day_lifts(now: datetime, past: Sequence[datetime], zones: Collection[str], limit: int) -> datetime | None:
    """Return the usual hour of the next local day where today is full, the latest of all zones."""
    lifts = [
        at(today + timedelta(days=1), PROACTIVE_HOUR, name)
        for name in zones
        for today in (local_date(now, name),)
        if 0 < limit <= sum(local_date(instant, name) >= today for instant in past)
    ]
    return max(lifts, default=None)
