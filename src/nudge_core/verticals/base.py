"""What a profession brings: its events, its facts, its wishes, its words and its rules.

A vertical is a value with functions, no I/O. The walk calls it by this protocol only; a fourth one can be added from
another package without touching the core.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

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
from nudge_core.model.message import MessageClass
from nudge_core.model.resource import Resource
from nudge_core.model.user import User
from nudge_core.policy.findings import Finding
from nudge_core.reading.ledger import Said, Text
from nudge_core.verticals.voice import Voice


@frozen(kw_only=True)
class EventRule:
    """How a vertical treats one kind of event.

    `considers`: whose interest it may be. `owner_only`: the professional is told, never a client. `useful_for_s`:
    seconds from the event until a text about it has lost its sense. `asks`: roles of which one may be asked for what
    the match does not know; of the others a match that is not an offer is nothing. `withdraws`: unsent nudges about
    the same thing that this event overtakes, by their kind. `topic`: what texts about it count as, for caps and for
    wishes that narrow; one of `nudge_core.policy.topics`.
    """

    considers: frozenset[Role]
    message_class: MessageClass
    useful_for_s: int
    asks: frozenset[Role] = frozenset()
    owner_only: bool = False
    withdraws: frozenset[str] = frozenset()
    topic: str | None = None


class Vertical(Protocol):
    """One profession."""

    @property
    def name(self) -> str:
        """The value of `user.vertical`."""
        ...

    @property
    def schema(self) -> MatchSchema:
        """What is compared and what it is worth."""
        ...

    @property
    def events(self) -> Mapping[str, EventRule]:
        """Every kind of event this vertical knows. A kind that is not in it is an error, not a nudge."""
        ...

    @property
    def voice(self) -> Voice:
        """How it speaks: what drafters need."""
        ...

    def role_names(self, role: Role) -> frozenset[str]:
        """Return the tags that mean a role, as `nudge_core.model.client.tag_name` writes them."""
        ...

    def seekers(self, client: Client, avoid: Sequence[NegativePreference]) -> tuple[Seeker, ...]:
        """Read a client into rows of the audience, one per role; none when no role or no wish is known.

        Raises:
            Invalid: preferences that contradict themselves or cannot be read, naming the field.
        """
        ...

    def said(self, texts: Sequence[Text], areas: Sequence[str]) -> tuple[Said, ...]:
        """Read the preferences that a client's texts state, the latest of each; none where nothing is understood.

        `texts`: notes and messages, oldest first. `areas`: names of places that count.
        """
        ...

    def subject(self, event: MarketEvent, wished_features: frozenset[str]) -> Subject | None:
        """Read an event into what it offers; None when this vertical would not nudge about it, however well it fits.

        `wished_features`: the features anybody in the book wishes or refuses: what to look for in free text.
        """
        ...

    def offered(self, resource: Resource) -> MarketEvent | None:
        """Return a thing as it is on offer now, as an event to compare wishes with; None when it is not on offer.

        For looking only: it is no event that happened, so nothing is told of it.
        """
        ...

    def text_of(self, facts: JsonObject) -> str:
        """Return the text whose meaning is compared with clients' notes; empty when there is none."""
        ...

    def said_no_to(self, event: MarketEvent, reason: DismissReason) -> Avoidance | None:
        """Return what of a dismissed event the reason speaks of: its price, its area, its topic.

        None when the reason speaks of the whole, or the event does not state it.
        """
        ...

    def places_of(self, facts: JsonObject) -> frozenset[str]:
        """Return names of the place a thing is in, such as its building: two that share one are alike to a client.

        Empty when nothing is said of it; then it is like no other.
        """
        ...

    def brief(self, user: User, event: MarketEvent, ranking: Ranking) -> Brief:
        """Choose what the drafter is told: facts by allow-list, the reasons that are true, the professional's style."""
        ...

    def headline(self, event: MarketEvent, ranking: Ranking) -> str:
        """Return one line for the queue: what happened, and how many would care."""
        ...

    def key_intel(self, event: MarketEvent, ranking: Ranking) -> JsonObject:
        """Return what a professional should know before saying yes: the change, who was considered, what was odd."""
        ...

    def personal(self, event: MarketEvent, member: AudienceMember, client: Client) -> Mapping[str, str]:
        """Return the values of the placeholders for one client: `first_name`, `reason`, `question`."""
        ...

    def still_true(self, event: MarketEvent, resource: Resource) -> str | None:
        """Return None when a text about this event may still go out, or the reason code why not."""
        ...

    def expires_at(self, event: MarketEvent) -> datetime:
        """Return the latest instant at which a text about it is useful, in UTC."""
        ...

    def lint(self, text: str) -> tuple[Finding, ...]:
        """Check the words of a draft or of the professional's own edit."""
        ...
