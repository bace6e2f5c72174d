"""What a decision to send rests on: the facts of one text at one instant, and the parameters of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import field, frozen

from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.consent import Consent, Suppression
from nudge_core.model.message import MessageClass, MessageSource
from nudge_core.policy.caps import COUNTED, Caps, SentText
from nudge_core.policy.cool_down import CoolDowns
from nudge_core.policy.findings import Finding
from nudge_core.policy.frequency_table import FREQUENCY_RULES, FrequencyRule
from nudge_core.policy.hours_table import FEDERAL, HOUSE_DEFAULT, RULES, HoursRule, WeekHours
from nudge_core.timing.recipient_zone import Whereabouts


@frozen(kw_only=True)
class GateRules:
    """The parameters of all checks: the strict values by default.

    `owner_hours`, `owner_hours_in`: the professional's window, and where it differs by the recipient's state.
    `federal`, `hours_rules`, `frequency_rules`: the law's. `link_hosts`: the hosts links may lead to, None for any
    that hides nothing.
    """

    owner_hours: WeekHours = HOUSE_DEFAULT
    owner_hours_in: Mapping[str, WeekHours] = field(factory=dict[str, WeekHours])
    federal: WeekHours = FEDERAL
    hours_rules: tuple[HoursRule, ...] = RULES
    frequency_rules: tuple[FrequencyRule, ...] = FREQUENCY_RULES
    link_hosts: frozenset[str] | None = None
    caps: Caps = field(factory=Caps)
    cool_downs: CoolDowns = field(factory=CoolDowns)
    reply_grace: timedelta = timedelta(minutes=30)
    """After a client wrote, a hand-written answer is not bound by hours. Source: `verticals.md` 1.2."""
    paused_recheck: timedelta = timedelta(hours=1)
    """A paused plan has no known end: its texts are looked at again after so long."""


@frozen(kw_only=True)
class Facts:
    """All that a decision rests on, at one instant.

    `suppressions`: those that hold for this phone. `consent`: the phone's newest record. `untrue`: a reason code when
    a fact the text states is no longer true. `paused`: a reason code when the client's last word must be answered by
    a person first. `sent`: proactive texts that this phone was or may have been sent. `automatic`: no person has
    approved this very text. `topic`: what the text is about, None when nobody said.
    `text`: its words, for rules that differ by owner; empty for a service text.
    """

    now: datetime
    message_class: MessageClass
    source: MessageSource
    recipient: str | None = field(repr=False)
    sender: str | None = field(repr=False)
    whereabouts: Whereabouts
    known_since: datetime
    suppressions: tuple[Suppression, ...] = ()
    consent: Consent | None = None
    topic: str | None = None
    text: str = field(default="", repr=False)
    untrue: str | None = None
    not_after: datetime | None = None
    plan: BriefingStatus | None = None
    paused: str | None = None
    findings: tuple[Finding, ...] = ()
    human_contact_at: datetime | None = None
    client_wrote_at: datetime | None = None
    automatic: bool = False
    sent: tuple[SentText, ...] = ()
    provider_free_at: datetime | None = None
    already_sent: bool = False

    @property
    def is_proactive(self) -> bool:
        """Whether the text starts a conversation rather than serving one."""
        return self.message_class in COUNTED

    @property
    def is_service(self) -> bool:
        """Whether it is the one confirmation of an opt-out, the answer to HELP, or the fixed crisis text."""
        return self.message_class is MessageClass.SERVICE
