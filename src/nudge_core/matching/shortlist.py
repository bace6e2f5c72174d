"""The first of an audience as numbers and codes; the words are made when somebody wants to read them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.matching.audience import Audience
from nudge_core.matching.columns import FeatureColumn
from nudge_core.matching.columns.column import Rows
from nudge_core.matching.constraints import Subject
from nudge_core.matching.ranking import Ranking
from nudge_core.matching.reasons import reasons
from nudge_core.matching.sheet import MISSED, UNKNOWN, Bools
from nudge_core.model.briefing import AudienceMember, Decision, Outcome


@frozen(eq=False, kw_only=True)
class Shortlist:
    """The audience of one subject, best first; each array has an entry per member.

    `rows`: whom of the audience. `score`: 0 to 100; `coverage`: 0 to 1; `known`: wishes that could be compared.
    `offers`: an offer, or a question. `codes`: shape (columns, members), what became of each column's constraint
    (`nudge_core.matching.sheet`). `considered`, `excluded`, `not_offered`: as `Ranking` tells.
    """

    audience: Audience
    subject: Subject
    rows: Rows
    score: NDArray[np.float64]
    coverage: NDArray[np.float64]
    known: NDArray[np.int64]
    offers: Bools
    codes: NDArray[np.uint8]
    considered: int
    excluded: Mapping[str, int]
    not_offered: Mapping[str, int]

    def __len__(self) -> int:
        return self.rows.size

    def unmet(self, place: int) -> Mapping[str, Outcome]:
        """Return, for one member, the constraints that are missed or unknown, decoded; all others wished are met.

        A field is named once: missed where its wish or its refusals are, else unknown where one of them is.
        """
        found: dict[str, Outcome] = {}
        for at, column in enumerate(self.audience.columns):
            if isinstance(column, FeatureColumn):
                for name, code in column.outcomes(self.subject, int(self.rows[place])):
                    _note(found, f"{column.name}:{name}", code)
            else:
                _note(found, column.name, int(self.codes[at, place]))
        return MappingProxyType(found)

    def ranking(self) -> Ranking:
        """Put it into words: members with a reason for every wish."""
        return Ranking(
            subject_id=self.subject.id,
            members=tuple(self.member(place) for place in range(len(self))),
            considered=self.considered,
            excluded=self.excluded,
            not_offered=self.not_offered,
        )

    def member(self, place: int) -> AudienceMember:
        """Put one member into words."""
        seeker = self.audience.seekers[self.rows[place]]
        offered = bool(self.offers[place])
        return AudienceMember(
            client_id=seeker.client_id,
            role=seeker.role,
            score=float(self.score[place]),
            coverage=float(self.coverage[place]),
            decision=Decision.OFFER if offered else Decision.ASK,
            reasons=reasons(self.audience.schema, seeker, self.subject),
            included=offered,
        )


def _note(found: dict[str, Outcome], name: str, code: int) -> None:
    if code == MISSED or (code == UNKNOWN and name not in found):
        found[name] = Outcome.MISSED if code == MISSED else Outcome.UNKNOWN
