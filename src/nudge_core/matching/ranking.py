"""What matching returns: the few who would care, and an account of everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from attrs import field, frozen

from nudge_core.model.briefing import AudienceMember


@frozen(kw_only=True)
class Ranking:
    """The audience of one subject, best first, and who was not chosen and why.

    `considered`: seekers whose role the event concerns. `excluded`: how many of them a missed hard constraint
    excluded, per constraint (the first missed one in schema order counts). `not_offered`: how many were left out for
    another reason: `nothing_known`, `soft_miss`, `too_little_known`, `dismissed_similar`, `beyond_top`.
    """

    subject_id: UUID
    members: tuple[AudienceMember, ...]
    considered: int
    excluded: Mapping[str, int] = field(factory=lambda: MappingProxyType({}))
    not_offered: Mapping[str, int] = field(factory=lambda: MappingProxyType({}))
