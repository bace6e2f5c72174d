"""May this text go out now? Eleven checks in a fixed order; the first that does not pass gives the outcome.

The checks are pure functions over one frozen object of facts, so that the same gate serves planning, approval and
sending. Source: `verticals.md` 1.5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.consent import SuppressionScope
from nudge_core.model.message import MessageClass, MessageSource
from nudge_core.policy.caps import held_back
from nudge_core.policy.consent import SilenceReason, is_enough
from nudge_core.policy.cool_down import cooling, too_new
from nudge_core.policy.facts import Facts, GateRules
from nudge_core.policy.findings import Severity
from nudge_core.policy.hours_table import ALL_DAY
from nudge_core.policy.outcomes import Ask, Outcome, Reason, Refuse, Send, Wait
from nudge_core.policy.quiet_hours import SendingHours
from nudge_core.policy.topics import is_meant
from nudge_core.policy.wording import hidden_links
from nudge_core.timing.recipient_zone import Evidence

Objection: TypeAlias = Wait | Ask | Refuse
Check: TypeAlias = Callable[[Facts, GateRules], Objection | None]


def number_is_usable(facts: Facts, _rules: GateRules) -> Objection | None:
    """1. There is a number, in a country we know, and no carrier has said that it is dead."""
    if facts.recipient is None:
        return Refuse(reason=Reason.NO_PHONE)
    if facts.sender is None:
        return Ask(reason=Reason.NO_SENDER)
    silences = {suppression.reason for suppression in facts.suppressions}
    if SilenceReason.PHONE_UNUSABLE in silences:
        return Refuse(reason=Reason.PHONE_UNUSABLE)
    if facts.whereabouts.evidence is Evidence.ABROAD and not facts.is_service:
        return Refuse(reason=Reason.COUNTRY_NOT_COVERED)
    return None


def not_revoked(facts: Facts, _rules: GateRules) -> Objection | None:
    """2. Nobody has told us to stop, wholly or about this topic; an unnamed topic counts as the one revoked."""
    if facts.is_service:
        return None
    for suppression in facts.suppressions:
        if suppression.scope is SuppressionScope.ALL:
            wrong = suppression.reason == SilenceReason.WRONG_NUMBER
            return Refuse(reason=Reason.WRONG_NUMBER if wrong else Reason.REVOKED)
    for suppression in facts.suppressions:
        if facts.topic == suppression.topic:
            return Refuse(reason=Reason.REVOKED_TOPIC)
        if facts.message_class is MessageClass.MARKETING and is_meant(suppression.topic, facts.topic):
            return Refuse(reason=Reason.REVOKED_TOPIC)
    return None


def consent_is_enough(facts: Facts, _rules: GateRules) -> Objection | None:
    """3. The newest consent of this phone reaches what the class of text needs."""
    return None if is_enough(facts.consent, facts.message_class) else Refuse(reason=Reason.NO_CONSENT)


def facts_are_true(facts: Facts, _rules: GateRules) -> Objection | None:
    """4. What the text says still holds, and it is still of use."""
    if facts.untrue is not None:
        return Refuse(reason=facts.untrue)
    if facts.not_after is not None and facts.now >= facts.not_after:
        return Refuse(reason=Reason.EXPIRED)
    return None


def plan_goes_on(facts: Facts, rules: GateRules) -> Objection | None:
    """5. The plan it belongs to is active, and the client has not said what a person must answer first."""
    if facts.is_service:
        return None
    if facts.plan is BriefingStatus.PAUSED:
        return Wait(until=facts.now + rules.paused_recheck, reason=Reason.PLAN_PAUSED)
    if facts.plan not in (None, BriefingStatus.ACTIVE):
        return Refuse(reason=Reason.PLAN_ENDED)
    if facts.paused is not None and facts.source is not MessageSource.MANUAL:
        return Ask(reason=facts.paused)
    return None


def wording_passes(facts: Facts, rules: GateRules) -> Objection | None:
    """6. No rule of the vertical blocks the words, and every link leads to a host that the owner has named."""
    found = (
        facts.findings if rules.link_hosts is None else (*facts.findings, *hidden_links(facts.text, rules.link_hosts))
    )
    blocking = next((finding for finding in found if finding.severity is Severity.BLOCK), None)
    return None if blocking is None else Refuse(reason=f"{Reason.WORDING}:{blocking.rule}")


def rested(facts: Facts, rules: GateRules) -> Objection | None:
    """7. Nobody has just talked to this client, and automation leaves newcomers alone."""
    if not facts.is_proactive or facts.source is MessageSource.MANUAL:
        return None
    until = cooling(facts.now, facts.human_contact_at, rules.cool_downs)
    if until is not None:
        return Wait(until=until, reason=Reason.COOL_DOWN)
    until = too_new(facts.now, facts.known_since, rules.cool_downs) if facts.automatic else None
    return None if until is None else Wait(until=until, reason=Reason.NEW_CONTACT)


def under_caps(facts: Facts, rules: GateRules) -> Objection | None:
    """8. One more proactive text is not too many."""
    if not facts.is_proactive:
        return None
    cap = held_back(facts.now, facts.sent, facts.topic, facts.whereabouts, rules.caps, rules.frequency_rules)
    if cap is None:
        return None
    return Ask(reason=cap.reason) if cap.until is None else Wait(until=cap.until, reason=cap.reason)


def lawful_hour(facts: Facts, rules: GateRules) -> Objection | None:
    """9. It is a lawful hour wherever the recipient may be."""
    hours = hours_of(facts, rules)
    if hours is None or hours.allowed(facts.now):
        return None
    return _at_lawful_hour(Wait(until=facts.now, reason=Reason.QUIET_HOURS), hours)


def provider_is_free(facts: Facts, _rules: GateRules) -> Objection | None:
    """10. The carrier takes more from this sender."""
    if facts.provider_free_at is None or facts.provider_free_at <= facts.now:
        return None
    return Wait(until=facts.provider_free_at, reason=Reason.PROVIDER_LIMIT)


def not_sent_yet(facts: Facts, _rules: GateRules) -> Objection | None:
    """11. The same text has not gone out: exactly once, also after a crash or a double click."""
    return Refuse(reason=Reason.ALREADY_SENT) if facts.already_sent else None


CHECKS: tuple[Check, ...] = (
    number_is_usable,
    not_revoked,
    consent_is_enough,
    facts_are_true,
    plan_goes_on,
    wording_passes,
    rested,
    under_caps,
    lawful_hour,
    provider_is_free,
    not_sent_yet,
)
"""The order of checks. Source: `verticals.md` 1.5."""


def decide(facts: Facts, rules: GateRules) -> Outcome:
    """Return what may become of the text at `facts.now`.

    A `Wait` always ends at a lawful hour. One that would end when the text has lost its sense is a `Refuse` whose
    reason names both: `expired:cap_7_days`.
    """
    hours = hours_of(facts, rules)
    for check in CHECKS:
        outcome = check(facts, rules)
        if isinstance(outcome, Wait):
            outcome = outcome if hours is None else _at_lawful_hour(outcome, hours)
        if isinstance(outcome, Wait) and facts.not_after is not None and outcome.until >= facts.not_after:
            return Refuse(reason=f"{Reason.EXPIRED}:{outcome.reason}")
        if outcome is not None:
            return outcome
    return Send(until=None if hours is None else hours.window_end(facts.now))


def hours_of(facts: Facts, rules: GateRules) -> SendingHours | None:
    """Return the hours that bind this text; None when none do.

    A service text is never bound, nor is a hand-written reply to a client who has just written. Other replies keep
    the lawful hours, but not the professional's own window.
    """
    if facts.is_service:
        return None
    is_reply = facts.message_class is MessageClass.REPLY
    wrote = facts.client_wrote_at if is_reply and facts.source is MessageSource.MANUAL else None
    if wrote is not None and facts.now - wrote <= rules.reply_grace:
        return None
    owner = ALL_DAY if is_reply else rules.owner_hours
    return SendingHours(
        whereabouts=facts.whereabouts,
        owner=owner,
        owner_in={} if is_reply else rules.owner_hours_in,
        rules=rules.hours_rules,
        federal=rules.federal,
    )


def _at_lawful_hour(wait: Wait, hours: SendingHours) -> Wait | Ask:
    """Move the end of a wait to the next lawful hour; ask when there is none."""
    until = hours.next_allowed(wait.until)
    return Ask(reason=Reason.NO_COMMON_HOUR) if until is None else Wait(until=until, reason=wait.reason)
