"""Real estate as one vertical: the parts of this package under the protocol of `nudge_core.verticals.base`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from nudge_core.matching.avoided import Avoidance
from nudge_core.matching.constraints import MatchSchema, Seeker, Subject
from nudge_core.matching.ranking import Ranking
from nudge_core.model.brief import Brief
from nudge_core.model.briefing import AudienceMember
from nudge_core.model.client import Client, Role
from nudge_core.model.event import MarketEvent
from nudge_core.model.feedback import DismissReason, NegativePreference
from nudge_core.model.json import JsonObject
from nudge_core.model.resource import Resource
from nudge_core.model.user import User
from nudge_core.policy.findings import Finding
from nudge_core.reading.ledger import Said, Text
from nudge_core.verticals.base import EventRule
from nudge_core.verticals.real_estate import (
    brief,
    building,
    dismissed,
    events,
    intel,
    lint,
    roles,
    said,
    schema,
    subject,
    voice,
    wishes,
)
from nudge_core.verticals.real_estate.switches import STRICT, Switches
from nudge_core.verticals.voice import Voice


@frozen(kw_only=True)
class RealEstate:
    """Listings, the people who look for a home, own one or invest. `switches`: what the operator allows."""

    switches: Switches = STRICT

    @property
    def name(self) -> str:
        """The value of `user.vertical`."""
        return brief.NAME

    @property
    def schema(self) -> MatchSchema:
        """What is compared and what it is worth."""
        return schema.SCHEMA

    @property
    def events(self) -> Mapping[str, EventRule]:
        """Every kind of event there is."""
        return events.RULES

    @property
    def voice(self) -> Voice:
        """How it speaks."""
        return voice.voice(self.switches)

    def role_names(self, role: Role) -> frozenset[str]:
        """Return the tags that mean a role."""
        return roles.names_of(role)

    def seekers(self, client: Client, avoid: Sequence[NegativePreference]) -> tuple[Seeker, ...]:
        """Read a client into rows of the audience; see `Vertical.seekers`."""
        return wishes.seekers(client, avoid)

    def said(self, texts: Sequence[Text], areas: Sequence[str]) -> tuple[Said, ...]:
        """Read the preferences that a client's texts state; see `Vertical.said`."""
        return said.wishes_said(texts, areas)

    def subject(self, event: MarketEvent, wished_features: frozenset[str]) -> Subject | None:
        """Read an event into what it offers; see `Vertical.subject`."""
        return subject.subject(event, wished_features)

    def offered(self, resource: Resource) -> MarketEvent | None:
        """Return a home as it is on offer now; None when it is not."""
        return events.offered(resource)

    def text_of(self, facts: JsonObject) -> str:
        """Return the text whose meaning is compared with clients' notes."""
        return subject.text_of(facts)

    def said_no_to(self, event: MarketEvent, reason: DismissReason) -> Avoidance | None:
        """Return what of a dismissed event the reason speaks of."""
        return dismissed.said_no_to(event, reason)

    def places_of(self, facts: JsonObject) -> frozenset[str]:
        """Return names of the building a home is in; empty when nothing is said of it."""
        return building.names_of(facts)

    def brief(self, user: User, event: MarketEvent, ranking: Ranking) -> Brief:
        """Choose what the drafter is told."""
        return brief.brief(user, event, ranking, self.switches)

    def headline(self, event: MarketEvent, ranking: Ranking) -> str:
        """Return one line for the queue."""
        return intel.headline(event, ranking, self.switches)

    def key_intel(self, event: MarketEvent, ranking: Ranking) -> JsonObject:
        """Return what a professional should know before saying yes."""
        return intel.key_intel(event, ranking, self.switches)

    def personal(self, event: MarketEvent, member: AudienceMember, client: Client) -> Mapping[str, str]:
        """Return the values of the placeholders for one client."""
        return brief.personal(event, member, client, self.switches)

    def still_true(self, event: MarketEvent, resource: Resource) -> str | None:
        """Return None while a text about this event may go out, or the reason code why not."""
        return events.still_true(event, resource)

    def expires_at(self, event: MarketEvent) -> datetime:
        """Return the latest instant at which a text about it is useful, in UTC."""
        return events.expires_at(event)

    def lint(self, text: str) -> tuple[Finding, ...]:
        """Check the words of a draft or of the professional's own edit."""
        return lint.lint(text)
