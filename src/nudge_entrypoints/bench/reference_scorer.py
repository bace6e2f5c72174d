"""The rules of matching, one pair at a time, in fractions: slow, plain, and what the engine must agree with.

Nothing of the engine is used here. Read it beside `verticals.md` 3.3 and `docs/reference/matching.md`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from uuid import UUID

from attrs import frozen

from nudge_core.matching.constraints import (
    FeatureWish,
    Field,
    MatchSchema,
    NearField,
    NearWish,
    NumberField,
    NumberWish,
    Seeker,
    Subject,
    TermsField,
    TermsWish,
    Wish,
)
from nudge_core.model.briefing import Decision, Outcome, Strength
from nudge_core.model.client import Role
from nudge_core.model.vector import Vector

EARTH_KM = 6_371.0088
MET, MISSED, UNKNOWN = Outcome.MET, Outcome.MISSED, Outcome.UNKNOWN
HARD, SOFT = Strength.HARD, Strength.SOFT


@frozen
class Judged:
    """One constraint of one pair. `value` in thousandths."""

    name: str
    strength: Strength
    outcome: Outcome
    value: int
    weight: int


@frozen
class Scored:
    """One member as the engine should return it."""

    client_id: UUID
    role: Role
    score: float
    coverage: float
    decision: Decision
    judged: tuple[Judged, ...]


@frozen
class Expected:
    """One ranking as the engine should return it."""

    members: tuple[Scored, ...]
    considered: int
    excluded: dict[str, int]
    not_offered: dict[str, int]


def judge(schema: MatchSchema, seeker: Seeker, subject: Subject) -> list[Judged]:
    """Judge every constraint of a pair: fields in schema order, a field's wish before its refusals, then features."""
    judged: list[Judged] = []
    for field in schema.fields:
        for wish in seeker.wishes:
            if not isinstance(wish, FeatureWish) and wish.field == field.name:
                judged += _judge_field(schema, field, wish, subject)
    features = [wish for wish in seeker.wishes if isinstance(wish, FeatureWish)]
    for wish in sorted(features, key=lambda w: w.feature):
        judged.append(_judge_feature(schema, wish, subject))
    return judged


def _judge_field(schema: MatchSchema, field: Field, wish: Wish, subject: Subject) -> list[Judged]:
    if isinstance(field, NumberField) and isinstance(wish, NumberWish):
        return [_judge_number(field, wish, subject)]
    if isinstance(field, TermsField) and isinstance(wish, TermsWish):
        return _judge_terms(schema, field, wish, subject)
    assert isinstance(field, NearField)
    assert isinstance(wish, NearWish)
    return [_judge_near(field, wish, subject)]


def _base_rate(subject: Subject, name: str) -> int:
    return subject.base_rates.get(name, subject.default_base_rate)


def _judge_number(field: NumberField, wish: NumberWish, subject: Subject) -> Judged:
    if field.name not in subject.numbers:
        return Judged(field.name, wish.strength, UNKNOWN, _base_rate(subject, field.name), field.weight)
    value = Fraction(str(subject.numbers[field.name])) * field.scale
    low, high = math.floor(value), math.ceil(value)
    least = None if wish.minimum is None else math.ceil(Fraction(str(wish.minimum)) * field.scale)
    most = None if wish.maximum is None else math.floor(Fraction(str(wish.maximum)) * field.scale)

    if least is not None and low < least:
        return Judged(field.name, wish.strength, MISSED, 0, field.weight)
    if most is not None and high > most:
        part = Fraction(0)
        if wish.strength is SOFT and field.over_band and most > 0:
            band = Fraction(str(field.over_band))
            part = ((1 + band) * most - high) / (band * most)
        return Judged(field.name, wish.strength, MISSED, _thousandths(part), field.weight)
    if least is None and most is not None and most > 0 and field.too_low is not None:
        none, full = (Fraction(str(share)) for share in field.too_low)
        part = (low - none * most) / ((full - none) * most)
        if part <= 0:
            return Judged(field.name, SOFT, MISSED, 0, field.weight)
        return Judged(field.name, wish.strength, MET, _thousandths(part), field.weight)
    return Judged(field.name, wish.strength, MET, 1_000, field.weight)


def _thousandths(part: Fraction) -> int:
    return math.floor(min(Fraction(1), max(Fraction(0), part)) * 1_000 + Fraction(1, 2))


def _judge_terms(schema: MatchSchema, field: TermsField, wish: TermsWish, subject: Subject) -> list[Judged]:
    offered = subject.terms.get(field.name, frozenset())
    stated = {term.split(":", 1)[0] for term in offered}

    def open_(terms: frozenset[str]) -> bool:
        return any(term.split(":", 1)[0] not in stated for term in terms)

    judged = []
    if wish.any_of:
        if any(term in offered for term in wish.any_of):
            judged.append(Judged(field.name, wish.strength, MET, 1_000, field.weight))
        elif open_(wish.any_of):
            judged.append(Judged(field.name, wish.strength, UNKNOWN, _base_rate(subject, field.name), field.weight))
        else:
            judged.append(Judged(field.name, wish.strength, MISSED, 0, field.weight))
    if wish.none_of:
        if any(term in offered for term in wish.none_of):
            judged.append(Judged(field.name, HARD, MISSED, 0, schema.refusal_weight))
        elif open_(wish.none_of):
            judged.append(Judged(field.name, HARD, UNKNOWN, subject.default_base_rate, schema.refusal_weight))
        else:
            judged.append(Judged(field.name, HARD, MET, 1_000, schema.refusal_weight))
    return judged


def _judge_near(field: NearField, wish: NearWish, subject: Subject) -> Judged:
    if subject.position is None:
        return Judged(field.name, wish.strength, UNKNOWN, _base_rate(subject, field.name), field.weight)
    distance = great_circle_km(wish.latitude, wish.longitude, *subject.position)
    if distance > wish.radius_km:
        return Judged(field.name, wish.strength, MISSED, 0, field.weight)
    value = round(1_000 * math.exp(-distance / (wish.d0_km or field.d0_km)))
    return Judged(field.name, wish.strength, MET, value, field.weight)


def great_circle_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Haversine."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    a = math.sin((p2 - p1) / 2) ** 2
    a += math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(a)))


def _judge_feature(schema: MatchSchema, wish: FeatureWish, subject: Subject) -> Judged:
    name = f"feature:{wish.feature}"
    if wish.feature in subject.has:
        outcome = MET if wish.wanted else MISSED
    elif wish.feature in subject.lacks:
        outcome = MISSED if wish.wanted else MET
    else:
        rate = subject.base_rates.get(name)
        if rate is None:
            rate = subject.default_base_rate
        elif not wish.wanted:
            rate = 1_000 - rate
        return Judged(name, wish.strength, UNKNOWN, rate, schema.feature_weight)
    return Judged(name, wish.strength, outcome, 1_000 if outcome is MET else 0, schema.feature_weight)


def cosine(one: Vector, other: Vector) -> float:
    """The exactly rounded sum of the products."""
    return math.fsum(float(a) * float(b) for a, b in zip(one.values, other.values, strict=True))


def audience_model(seekers: Sequence[Seeker]) -> tuple[str, int] | None:
    """The model most vectors of the book are of; the first by name and size of several."""
    speaking = [seeker for seeker in seekers if seeker.wishes]
    vectors = [v for s in speaking for v in ((s.vector,) if s.vector else ()) + s.avoid]
    counts = Counter((vector.model_id, vector.dim) for vector in vectors)
    return min(counts, key=lambda model: (-counts[model], model)) if counts else None


def score_of(
    schema: MatchSchema, judged: list[Judged], seeker: Seeker, subject: Subject, model: tuple[str, int] | None
) -> Fraction:
    """The score of a pair, from 0 to 1."""
    structure = _structure(judged)
    if not schema.text_share or subject.vector is None or (subject.vector.model_id, subject.vector.dim) != model:
        return structure
    similar = 100  # what unrelated texts score: nudge_core.matching.semantic.NEUTRAL
    if seeker.vector is not None and (seeker.vector.model_id, seeker.vector.dim) == model:
        similar = min(1_000, max(0, round(1_000 * cosine(seeker.vector, subject.vector))))
    share = Fraction(str(schema.text_share))
    return (1 - share) * structure + share * Fraction(similar, 1_000)


def _structure(judged: list[Judged]) -> Fraction:
    return sum(Fraction(j.weight * j.value, 1_000) for j in judged) / Fraction(sum(j.weight for j in judged))


def considered(schema: MatchSchema, seeker: Seeker, subject: Subject) -> bool:
    """Whether an event concerns a seeker at all."""
    if seeker.role not in subject.considers:
        return False
    return all(_newly_met(schema, name, seeker, subject) for name in subject.requires)


def _newly_met(schema: MatchSchema, name: str, seeker: Seeker, subject: Subject) -> bool:
    field = schema.field_named(name)
    for wish in seeker.wishes:
        if isinstance(field, TermsField) and isinstance(wish, TermsWish) and wish.field == name:
            return bool(wish.any_of & subject.terms.get(name, frozenset()))
        if isinstance(field, NumberField) and isinstance(wish, NumberWish) and wish.field == name:
            if name not in subject.numbers or not _inside(field, wish, subject.numbers[name]):
                return False
            return name not in subject.before or not _inside(field, wish, subject.before[name])
    return False


def _inside(field: NumberField, wish: NumberWish, number: float) -> bool:
    value = Fraction(str(number)) * field.scale
    if wish.minimum is not None and math.floor(value) < math.ceil(Fraction(str(wish.minimum)) * field.scale):
        return False
    return wish.maximum is None or math.ceil(value) <= math.floor(Fraction(str(wish.maximum)) * field.scale)


def rank_one(schema: MatchSchema, seekers: Sequence[Seeker], subject: Subject, top: int) -> Expected:
    """Rank a book for one offer."""
    model = audience_model(seekers)
    excluded: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    found: list[tuple[Scored, Fraction, Fraction, int]] = []
    number = 0
    for seeker in seekers:
        if not considered(schema, seeker, subject):
            continue
        number += 1
        judged = judge(schema, seeker, subject)
        why = _why_not(schema, judged, seeker, subject, model)
        if not isinstance(why, Decision):
            name, _, constraint = why.partition(" ")
            if name == "excluded":
                excluded[constraint] += 1
            else:
                left_out[name] += 1
            continue
        score = score_of(schema, judged, seeker, subject, model)
        coverage = _coverage(judged)
        scored = Scored(seeker.client_id, seeker.role, float(100 * score), float(coverage), why, tuple(judged))
        found.append((scored, score, coverage, seeker.recency))
    members = _one_per_client(found, left_out)
    left_out["beyond_top"] = max(0, len(members) - top)
    return Expected(
        tuple(members[:top]),
        number,
        {name: count for name, count in excluded.items() if count},
        {name: count for name, count in left_out.items() if count},
    )


def _coverage(judged: list[Judged]) -> Fraction:
    return Fraction(sum(j.weight for j in judged if j.outcome is not UNKNOWN), sum(j.weight for j in judged))


def _why_not(
    schema: MatchSchema, judged: list[Judged], seeker: Seeker, subject: Subject, model: tuple[str, int] | None
) -> str | Decision:
    """The decision, or the reason why there is none."""
    if not judged:
        return "nothing_known"
    for j in judged:
        if j.outcome is MISSED and j.strength is HARD:
            return f"excluded {j.name}"
    decision = _decide(schema, judged)
    if isinstance(decision, Decision) and (why := _avoided(seeker, subject)):
        return why
    if isinstance(decision, Decision) and _dismissed(seeker, subject, model):
        return "dismissed_similar"
    return decision


def _decide(schema: MatchSchema, judged: list[Judged]) -> str | Decision:
    known = [j for j in judged if j.outcome is not UNKNOWN]
    missed = any(j.outcome is MISSED for j in judged)
    hard_unknown = any(j.outcome is UNKNOWN and j.strength is HARD for j in judged)
    low = _coverage(judged) < Fraction(str(schema.least_coverage))
    tolerable = schema.soft_miss_score is not None and _structure(judged) >= Fraction(str(schema.soft_miss_score))
    if len(known) >= schema.least_known and not low and not hard_unknown and (not missed or tolerable):
        return Decision.OFFER
    if missed:
        return "soft_miss"
    if known and (low or hard_unknown):
        return Decision.ASK
    return "too_little_known"


def _avoided(seeker: Seeker, subject: Subject) -> str | None:
    """The rule of a dismissal that keeps the offer from the seeker: who rests first, then by the field's name."""
    whys: set[tuple[bool, str]] = set()
    for rule in seeker.avoidances:
        number = subject.numbers.get(rule.field)
        stated = subject.terms.get(rule.field, frozenset())
        if rule.topic is not None and rule.topic == subject.topic:
            whys.add((False, "resting"))
        too_dear = rule.at_least is not None and number is not None and Fraction(number) >= Fraction(rule.at_least)
        if too_dear or (rule.all_of and all(term in stated for term in rule.all_of)):
            whys.add((True, f"dismissed_{rule.field}"))
    return min(whys)[1] if whys else None


def _dismissed(seeker: Seeker, subject: Subject, model: tuple[str, int] | None) -> bool:
    vector = subject.vector
    if vector is None or (vector.model_id, vector.dim) != model:
        return False
    return any(cosine(v, vector) > 0.85 for v in seeker.avoid if (v.model_id, v.dim) == model)


def _one_per_client(found: list[tuple[Scored, Fraction, Fraction, int]], left_out: Counter[str]) -> list[Scored]:
    offered = {scored.client_id for scored, *_ in found if scored.decision is Decision.OFFER}
    roles = list(Role)

    def order(item: tuple[Scored, Fraction, Fraction, int]) -> tuple[object, ...]:
        scored, score, coverage, recency = item
        known = sum(judged.outcome is not UNKNOWN for judged in scored.judged)
        return (-score, -coverage, -known, -recency, scored.client_id, roles.index(scored.role))

    members: dict[UUID, Scored] = {}
    for scored, *_ in sorted(found, key=order):
        second = scored.client_id in members
        if second or (scored.decision is Decision.ASK and scored.client_id in offered):
            left_out["better_role"] += 1
        else:
            members[scored.client_id] = scored
    return list(members.values())
