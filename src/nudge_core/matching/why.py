"""Why one client is, or is not, told of one offer, and what would change that.

Every answer here is the engine's own: a change is applied to the client's row or to the offer, and both are matched
again. So what is said to change the answer does.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from attrs import evolve, field, frozen

from nudge_core.matching.audience import Audience
from nudge_core.matching.changes import fact_changes, listing_change
from nudge_core.matching.constraints import FEATURE, MatchSchema, Seeker, Subject
from nudge_core.matching.engine import rank
from nudge_core.matching.reasons import reasons
from nudge_core.model.briefing import Decision, Outcome, Reason
from nudge_core.model.client import Role


class Answer(StrEnum):
    """What a match leads to."""

    OFFER = "offer"
    ASK = "ask"
    NO = "no"


class Side(StrEnum):
    """Whose part of the comparison a change is made to."""

    FACT = "fact"
    LISTING = "listing"
    DISMISSAL = "dismissal"


NOT_CONCERNED = "not_concerned"
"""This kind of event is not for clients in this role, or only for those whose limit it crosses."""


@frozen(kw_only=True)
class Verdict:
    """The answer, and why it is no more: "" for an offer, else as `Ranking` counts it, or `excluded_` and the wish."""

    answer: Answer
    because: str
    score: float | None
    coverage: float | None


@frozen(kw_only=True)
class Change:
    """One small change and the answer it leads to.

    `constraint`: the wish it is about; for a dismissal why it took the offer out. `seeker`, `subject`: both sides after
    the change.
    """

    constraint: str
    side: Side
    text: str = field(repr=False)
    leads_to: Answer
    changes_answer: bool
    seeker: Seeker = field(repr=False)
    subject: Subject = field(repr=False)


@frozen(kw_only=True)
class Why:
    """The whole account of one pair.

    `question`: the one thing the offer does not state whose answer makes it an offer; None where it is no question, or
    no single answer decides. `together`: the answer if the offer were as every change of it says and nothing were
    dismissed.
    """

    role: Role
    verdict: Verdict
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...]
    question: str | None = field(repr=False)
    together: Answer


def judged(schema: MatchSchema, seekers: Sequence[Seeker], subject: Subject) -> Verdict:
    """Return what the engine makes of one client's rows and an offer. Raises Invalid as the engine does."""
    (ranking,) = rank(Audience.build(schema, seekers), [subject], top=1)
    if ranking.members:
        member = ranking.members[0]
        offered = member.decision is Decision.OFFER
        return Verdict(
            answer=Answer.OFFER if offered else Answer.ASK,
            because="" if offered else "hard_unknown_or_too_little_known",
            score=member.score,
            coverage=member.coverage,
        )
    whys = [f"excluded_{name}" for name in ranking.excluded] + list(ranking.not_offered)
    return Verdict(answer=Answer.NO, because=", ".join(whys) or NOT_CONCERNED, score=None, coverage=None)


def why(schema: MatchSchema, seekers: Sequence[Seeker], subject: Subject) -> Why:
    """Explain the better role of one client: the one that is told, else the first that is concerned, else the first.

    Raises:
        Invalid: no seekers, or as the engine does.
    """
    seeker = _spoken_for(schema, seekers, subject)
    verdict = judged(schema, [seeker], subject)
    told = reasons(schema, seeker, subject)
    changes = tuple(_changes(schema, seeker, subject, told, verdict.answer))
    deciding = [
        one.constraint
        for one, reason in zip((c for c in changes if c.side is Side.LISTING), _unmet(told), strict=True)
        if reason.outcome is Outcome.UNKNOWN and one.leads_to is Answer.OFFER
    ]
    asks = verdict.answer is Answer.ASK and bool(deciding)
    return Why(
        role=seeker.role,
        verdict=verdict,
        reasons=told,
        changes=changes,
        question=_question(told, deciding[0]) if asks else None,
        together=_together(schema, seeker, subject),
    )


def _spoken_for(schema: MatchSchema, seekers: Sequence[Seeker], subject: Subject) -> Seeker:
    (ranking,) = rank(Audience.build(schema, seekers), [subject], top=1)
    if ranking.members:
        return next(one for one in seekers if one.role is ranking.members[0].role)
    return next((one for one in seekers if one.role in subject.considers), seekers[0])


def _unmet(told: Sequence[Reason]) -> list[Reason]:
    return [reason for reason in told if reason.outcome is not Outcome.MET]


def _question(told: Sequence[Reason], constraint: str) -> str:
    reason = next(one for one in told if one.constraint == constraint and one.outcome is Outcome.UNKNOWN)
    if constraint.startswith(f"{FEATURE}:"):
        return f"Does it have {reason.wanted}?"
    return f"What is its {constraint}: is it {reason.wanted}?"


def _changes(
    schema: MatchSchema, seeker: Seeker, subject: Subject, told: Sequence[Reason], now: Answer
) -> list[Change]:
    def changed(constraint: str, side: Side, text: str, row: Seeker, offer: Subject) -> Change:
        answer = judged(schema, [row], offer).answer
        return Change(
            constraint=constraint,
            side=side,
            text=text,
            leads_to=answer,
            changes_answer=answer is not now,
            seeker=row,
            subject=offer,
        )

    found: list[Change] = []
    for reason in _unmet(told):
        offer, text = listing_change(schema, seeker, subject, reason)
        found.append(changed(reason.constraint, Side.LISTING, text, seeker, offer))
        tried = [
            changed(reason.constraint, Side.FACT, words, row, subject)
            for row, words in fact_changes(schema, seeker, subject, reason)
        ]
        found.append(next((one for one in tried if one.changes_answer), tried[0]))
    for rule in seeker.avoidances:
        if rule.against(subject.numbers, subject.terms, subject.topic):
            row = evolve(seeker, avoidances=tuple(one for one in seeker.avoidances if one != rule))
            found.append(changed(rule.why, Side.DISMISSAL, "if that dismissal were taken back", row, subject))
    if seeker.avoid:
        found.append(
            changed(
                "dismissed_similar",
                Side.DISMISSAL,
                "if nothing like it had been dismissed",
                evolve(seeker, avoid=()),
                subject,
            )
        )
    return [one for one in found if one.constraint != "dismissed_similar" or one.changes_answer]


def _together(schema: MatchSchema, seeker: Seeker, subject: Subject) -> Answer:
    """Make every change of the offer, one after the other, and take every dismissal back."""
    for reason in _unmet(reasons(schema, seeker, subject)):
        subject, _ = listing_change(schema, seeker, subject, reason)
    return judged(schema, [evolve(seeker, avoid=(), avoidances=())], subject).answer
