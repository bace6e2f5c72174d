"""What matching returns: the few who would care, and an account of everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from attrs import field, frozen

from nudge_core.model.briefing import AudienceMember
from nudge_core.model.json import JsonObject, number_in, object_in, objects_in, text_in


@frozen(kw_only=True)
class Ranking:
    """The audience of one subject, best first, and who was not chosen and why.

    `considered`: seekers whose role the event concerns. `excluded`: how many of them a missed hard constraint
    excluded, per constraint (the first missed one in schema order counts, features last, by name). `not_offered`: how
    many were left out for another reason: `nothing_known`, `soft_miss`, `too_little_known`, `dismissed_similar`,
    `dismissed_price` and the like (a rule a dismissal left), `resting` (from offers of that topic),
    `better_role` (the same client counts in another role), `beyond_top`. Members and both counts add up to
    `considered`.
    """

    subject_id: UUID
    members: tuple[AudienceMember, ...]
    considered: int
    excluded: Mapping[str, int] = field(factory=lambda: MappingProxyType({}))
    not_offered: Mapping[str, int] = field(factory=lambda: MappingProxyType({}))

    def as_json(self) -> JsonObject:
        """Return the ranking as a JSON object, to be handed from one step to the next."""
        return {
            "subject_id": str(self.subject_id),
            "members": tuple(member.as_json() for member in self.members),
            "considered": self.considered,
            "excluded": dict(self.excluded),
            "not_offered": dict(self.not_offered),
        }

    @classmethod
    def from_json(cls, stored: JsonObject) -> Ranking:
        """Read what `as_json` wrote. Raises Invalid when a member is missing or of another kind."""
        excluded, not_offered = object_in(stored, "excluded"), object_in(stored, "not_offered")
        return cls(
            subject_id=UUID(text_in(stored, "subject_id")),
            members=tuple(AudienceMember.from_json(member) for member in objects_in(stored, "members")),
            considered=int(number_in(stored, "considered")),
            excluded={name: int(number_in(excluded, name)) for name in excluded},
            not_offered={name: int(number_in(not_offered, name)) for name in not_offered},
        )
