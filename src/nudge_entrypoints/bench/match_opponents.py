"""Our rule in plain Python, one pair at a time: what one would write first. For the benchmark only."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from attrs import frozen

from nudge_core.matching.constraints import (
    FULL,
    FeatureWish,
    NumberWish,
    Seeker,
    Subject,
    TermsWish,
    Wish,
    constraint_name,
)
from nudge_core.matching.ranking import Ranking
from nudge_core.matching.reasons import reasons
from nudge_core.model.briefing import AudienceMember, Decision, Strength
from nudge_core.verticals.real_estate.schema import SCHEMA


@frozen
class _Judged:
    """One pair: why it is left out (a constraint or a reason), or score, coverage and decision."""

    out: str = ""
    excluded: bool = False
    score: float = 0.0
    coverage: float = 0.0
    known: int = 0
    decision: Decision = Decision.ASK


def plain_ranking(seekers: Sequence[Seeker], subject: Subject, top: int) -> Ranking:
    """Rank by our rule in plain Python, texts left out: what one would write first, and what the engine returns.

    Only for the books of this benchmark: numbers, terms of one kind, features, one role per client.
    """
    excluded: Counter[str] = Counter()
    not_offered: Counter[str] = Counter()
    found: list[tuple[_Judged, Seeker]] = []
    considered = 0
    for seeker in seekers:
        if seeker.role in subject.considers:
            considered += 1
            judged = _judge(seeker, subject)
            if not judged.out:
                found.append((judged, seeker))
            elif judged.excluded:
                excluded[judged.out] += 1
            else:
                not_offered[judged.out] += 1
    found.sort(
        key=lambda item: (-item[0].score, -item[0].coverage, -item[0].known, -item[1].recency, item[1].client_id)
    )
    not_offered["beyond_top"] = max(0, len(found) - top)
    members = tuple(
        AudienceMember(
            client_id=seeker.client_id,
            role=seeker.role,
            score=judged.score,
            coverage=judged.coverage,
            decision=judged.decision,
            reasons=reasons(SCHEMA, seeker, subject),
            included=judged.decision is Decision.OFFER,
        )
        for judged, seeker in found[:top]
    )
    left_out = {name: count for name, count in not_offered.items() if count}
    return Ranking(
        subject_id=subject.id, members=members, considered=considered, excluded=excluded, not_offered=left_out
    )


def _judge(seeker: Seeker, subject: Subject) -> _Judged:
    weight = known = number = earned = 0
    hard_unknown = missed = False
    for wish in seeker.wishes:
        worth = SCHEMA.feature_weight if isinstance(wish, FeatureWish) else SCHEMA.field_named(wish.field).weight
        weight += worth
        value = _value(wish, subject)
        if value is None:
            earned += worth * subject.default_base_rate
            hard_unknown |= wish.strength is Strength.HARD
            continue
        if value == 0:
            if wish.strength is Strength.HARD and not _far_too_low(wish, subject):
                return _Judged(constraint_name(wish), excluded=True)
            missed = True
        known, number, earned = known + worth, number + 1, earned + worth * value
    if not weight:
        return _Judged("nothing_known")
    if missed:
        return _Judged("soft_miss")
    low = known * FULL < weight * FULL * SCHEMA.least_coverage
    score, coverage = earned / (FULL // 100 * weight), known / weight
    if number >= SCHEMA.least_known and not low and not hard_unknown:
        return _Judged(score=score, coverage=coverage, known=number, decision=Decision.OFFER)
    if number and (low or hard_unknown):
        return _Judged(score=score, coverage=coverage, known=number)
    return _Judged("too_little_known")


def _value(wish: Wish, subject: Subject) -> int | None:
    """Return the value of a wish in thousandths; None when the offer does not state it."""
    if isinstance(wish, NumberWish):
        value = subject.numbers.get(wish.field)
        if value is None:
            return None
        inside = (wish.minimum is None or value >= wish.minimum) and (wish.maximum is None or value <= wish.maximum)
        if inside and wish.field == "price" and wish.minimum is None and wish.maximum is not None:
            part = (value - 0.4 * wish.maximum) / (0.2 * wish.maximum)
            return math.floor(FULL * min(1.0, max(0.0, part)) + 0.5)
        return FULL * inside
    if isinstance(wish, TermsWish):
        offered = subject.terms.get(wish.field, frozenset())
        return FULL * bool(wish.any_of & offered) if offered else None
    if isinstance(wish, FeatureWish) and wish.feature in subject.has | subject.lacks:
        return FULL * ((wish.feature in subject.has) == wish.wanted)
    return None


def _far_too_low(wish: Wish, subject: Subject) -> bool:
    return (
        isinstance(wish, NumberWish)
        and wish.field == "price"
        and wish.maximum is not None
        and subject.numbers["price"] <= wish.maximum
    )
