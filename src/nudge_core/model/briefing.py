"""The briefing: one event, the clients who would care, the reasons, and the words a person may approve."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.model import fields
from nudge_core.model.client import Role
from nudge_core.model.json import Json, JsonObject, frozen_object, number_in, objects_in, text_in
from nudge_core.model.states import StateMachine

CO_PILOT = "co_pilot"
"""`campaign_type` of a question to the professional about one client: no nudge, nothing of it is sent."""


class BriefingStatus(StrEnum):
    """Where a nudge or plan stands. DRAFT waits for a person; nothing of it can be sent before ACTIVE."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    DISMISSED = "DISMISSED"


BRIEFING: StateMachine[BriefingStatus] = StateMachine(
    "campaign briefing",
    frozenset({BriefingStatus.DRAFT}),
    MappingProxyType(
        {
            BriefingStatus.DRAFT: {
                BriefingStatus.ACTIVE: "approved by a person",
                BriefingStatus.DISMISSED: "dismissed by a person, with a reason",
                BriefingStatus.CANCELLED: "overtaken by a later event",
            },
            BriefingStatus.ACTIVE: {
                BriefingStatus.PAUSED: "the client wrote, or a person paused it",
                BriefingStatus.COMPLETED: "every text of it has reached an end",
                BriefingStatus.CANCELLED: "stopped: its unsent texts are withdrawn",
            },
            BriefingStatus.PAUSED: {
                BriefingStatus.ACTIVE: "resumed by a person",
                BriefingStatus.COMPLETED: "nothing was left to send",
                BriefingStatus.CANCELLED: "ended by a person",
            },
            BriefingStatus.COMPLETED: {},
            BriefingStatus.CANCELLED: {},
            BriefingStatus.DISMISSED: {},
        }
    ),
)


APPROVED = (BriefingStatus.ACTIVE, BriefingStatus.PAUSED, BriefingStatus.COMPLETED)
"""States that only an approval leads to and no cancelling ended: its texts went out, or are to."""


class Outcome(StrEnum):
    """What became of one wish against one offer. A fact that is missing is unknown, never met."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"


class Strength(StrEnum):
    """A hard wish excludes when missed; a soft one only costs points."""

    HARD = "hard"
    SOFT = "soft"


class Decision(StrEnum):
    """What a match leads to: an offer to the client, or a question the professional should ask first."""

    OFFER = "offer"
    ASK = "ask"


@frozen(kw_only=True)
class Reason:
    """Why (not): one wish, one compared fact, one outcome. `text` says the same for a person.

    `constraint` names the field of the vertical's schema (`price`, `area`, `feature:garage`); `wanted` and `actual`
    are the two values that were compared, `actual` None when the offer does not state it.
    """

    constraint: str
    outcome: Outcome
    strength: Strength
    wanted: str = field(repr=False)
    actual: str | None = field(repr=False)
    text: str = field(repr=False)

    def as_json(self) -> JsonObject:
        """Return the reason as a JSON object with these six members."""
        return {
            "constraint": self.constraint,
            "outcome": self.outcome.value,
            "strength": self.strength.value,
            "wanted": self.wanted,
            "actual": self.actual,
            "text": self.text,
        }

    @classmethod
    def from_json(cls, stored: JsonObject) -> Reason:
        """Read what `as_json` wrote. Raises Invalid when a member is missing or of another kind."""
        actual = stored.get("actual")
        return cls(
            constraint=text_in(stored, "constraint"),
            outcome=Outcome(text_in(stored, "outcome")),
            strength=Strength(text_in(stored, "strength")),
            wanted=text_in(stored, "wanted"),
            actual=None if actual is None else text_in(stored, "actual"),
            text=text_in(stored, "text"),
        )


@frozen(kw_only=True)
class AudienceMember:
    """One client of a briefing's audience.

    `score` is 0 to 100; `coverage` the share, by weight, of the client's wishes that could be compared (0 to 1).
    `included` is the professional's choice; only members with `decision` OFFER start included.
    """

    client_id: UUID
    role: Role
    score: float = field(validator=fields.between(0, 100))
    coverage: float = field(validator=fields.between(0, 1))
    decision: Decision
    reasons: tuple[Reason, ...]
    included: bool = True

    def as_json(self) -> JsonObject:
        """Return the member as a JSON object; its reasons as a list of objects."""
        return {
            "client_id": str(self.client_id),
            "role": self.role.value,
            "score": self.score,
            "coverage": self.coverage,
            "decision": self.decision.value,
            "included": self.included,
            "reasons": tuple(reason.as_json() for reason in self.reasons),
        }

    @classmethod
    def from_json(cls, stored: JsonObject) -> AudienceMember:
        """Read what `as_json` wrote. Raises Invalid when a member is missing or of another kind."""
        return cls(
            client_id=UUID(text_in(stored, "client_id")),
            role=Role(text_in(stored, "role")),
            score=number_in(stored, "score"),
            coverage=number_in(stored, "coverage"),
            decision=Decision(text_in(stored, "decision")),
            included=stored.get("included") is not False,
            reasons=tuple(Reason.from_json(reason) for reason in objects_in(stored, "reasons")),
        )


@frozen(kw_only=True)
class Draft:
    """Words nobody has approved. May hold the placeholders of `nudge_core.policy.placeholders`.

    `drafted_by` names the drafter; `fallback_reason` says why it was not the configured one.
    """

    text: str = field(validator=fields.text(1_600, at_least=1), repr=False)
    drafted_by: str
    fallback_reason: str | None = None


@frozen(kw_only=True)
class CampaignBriefing:
    """A nudge (or, with `is_plan`, a plan) for review.

    At most one per (user, resource, event). `version` rises with every write; a write names the version it read.
    """

    id: UUID
    user_id: UUID
    campaign_type: str = field(validator=fields.text(60, at_least=1))
    headline: str = field(validator=fields.text(300, at_least=1), repr=False)
    status: BriefingStatus
    created_at: datetime = field(validator=fields.instant)
    updated_at: datetime = field(validator=fields.instant)
    original_draft: str = field(validator=fields.text(1_600), repr=False)
    edited_draft: str | None = field(
        default=None, validator=fields.optional(fields.text(1_600, at_least=1)), repr=False
    )
    drafted_by: str = ""
    fallback_reason: str | None = None
    key_intel: JsonObject = field(factory=dict[str, Json], converter=frozen_object, repr=False)
    matched_audience: tuple[AudienceMember, ...] = ()
    client_id: UUID | None = None
    triggering_resource_id: UUID | None = None
    triggering_event_id: UUID | None = None
    parent_message_id: UUID | None = None
    is_plan: bool = False
    snoozed_until: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    expires_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    version: int = 1

    @property
    def draft(self) -> str:
        """The words as they stand: the person's edit if there is one."""
        return self.original_draft if self.edited_draft is None else self.edited_draft

    @property
    def recipients(self) -> tuple[AudienceMember, ...]:
        """Those who would get the text if it were approved now."""
        return tuple(member for member in self.matched_audience if member.included)

    def moved(self, status: BriefingStatus, at: datetime) -> CampaignBriefing:
        """Return it in another state, at an instant in UTC. Raises IllegalTransition."""
        return evolve(self, status=BRIEFING.move(self.status, status), updated_at=at)
