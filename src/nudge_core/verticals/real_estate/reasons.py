"""Why this home for this client, in words: only of constraints that were compared and met.

A sentence is made of clauses; each clause stands for one met reason. A wish that was kept by refusing ("not Ballard")
and a feature without plain words here are not spoken of. What a client wished is theirs: budgets and other numbers
are never said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from attrs import frozen

from nudge_core.matching.constraints import FEATURE
from nudge_core.model.briefing import AudienceMember, Outcome, Reason
from nudge_core.model.client import Role
from nudge_core.policy.placeholders import LONGEST

GENERAL = "It matches what you told me you wanted."
"""Said when something was compared and met, but none of it has words of its own."""

_LOOKING = frozenset({Role.BUYER, Role.INVESTOR})

_WISHED: Mapping[str, str] = MappingProxyType(
    {
        "price": "fits your budget",
        "area": "is in an area you asked about",
        "near": "is close to where you wanted to be",
        "type": "is the kind of home you wanted",
        "size": "has the space you wanted",
        "beds": "has the bedrooms you wanted",
        "baths": "has the bathrooms you wanted",
        "lot": "has the lot size you wanted",
        "hoa": "keeps HOA dues within your limit",
    }
)
_LIKE_THEIRS: Mapping[str, str] = MappingProxyType(
    {
        "near": "is close to your home",
        "type": "is the same kind of home as yours",
        "size": "is about the size of yours",
        "beds": "has about as many bedrooms as yours",
    }
)
_FEATURES: Mapping[str, str] = MappingProxyType(
    {
        "adu": "ADU",
        "balcony": "balcony",
        "basement": "basement",
        "corner lot": "corner lot",
        "deck": "deck",
        "fenced yard": "fenced yard",
        "fireplace": "fireplace",
        "garage": "garage",
        "garden": "garden",
        "hardwood floors": "hardwood floors",
        "home office": "home office",
        "laundry": "laundry",
        "parking": "parking",
        "patio": "patio",
        "pool": "pool",
        "updated kitchen": "updated kitchen",
        "view": "view",
        "workshop": "workshop",
        "yard": "yard",
    }
)
_SPOKEN_FIRST = ("near", "area", "price", "type", "size", "beds", "baths", "lot", "hoa")
"""After features, which say most about a person: what comes first when there is room for two clauses only."""

_SPOKEN_ORDER = ("price", "near", "area", "type", "size", "lot", "hoa", "beds", "baths")
_SHELLS = ("It {clauses}.", "I thought of you because it {clauses}.")


@frozen
class _Clause:
    rank: int
    order: int
    words: str


def reason_sentence(member: AudienceMember, variation: int = 0) -> str:
    """Return one sentence of at most `LONGEST["reason"]` characters from the member's met reasons; "" without any.

    `variation`: a stable number that picks among equal wordings.
    """
    met = [reason for reason in member.reasons if reason.outcome is Outcome.MET]
    if not met:
        return ""
    clauses = _clauses(met, member.role)
    if not clauses:
        return GENERAL if member.role in _LOOKING else ""
    shell = _SHELLS[variation % len(_SHELLS)]
    for attempt in _choices(clauses):
        for form in (shell, _SHELLS[0]):
            said = " and ".join(clause.words for clause in sorted(attempt, key=lambda c: c.order))
            sentence = form.format(clauses=said).replace("It is ", "It's ", 1).replace(" it is ", " it's ", 1)
            if len(sentence) <= LONGEST["reason"]:
                return sentence
    return GENERAL if member.role in _LOOKING else ""


def _choices(clauses: Sequence[_Clause]) -> list[list[_Clause]]:
    """The two best clauses, then the best with each further one, then each alone."""
    best = sorted(clauses, key=lambda clause: clause.rank)
    return [[best[0], other] for other in best[1:]] + [[clause] for clause in best]


def _clauses(met: Sequence[Reason], role: Role) -> list[_Clause]:
    words = _WISHED if role in _LOOKING else _LIKE_THEIRS
    clauses = [
        _Clause(_SPOKEN_FIRST.index(reason.constraint) + 1, _SPOKEN_ORDER.index(reason.constraint), said)
        for reason in met
        if (said := words.get(reason.constraint)) and not _is_refusal(reason)
    ]
    features = [
        named
        for reason in met
        if reason.constraint.startswith(f"{FEATURE}:")
        and not _is_refusal(reason)
        and (named := _FEATURES.get(reason.constraint.removeprefix(f"{FEATURE}:")))
    ]
    if features and role in _LOOKING:
        clauses.append(_Clause(0, len(_SPOKEN_ORDER), f"has the {' and '.join(features[:2])} you wanted"))
    return clauses


def _is_refusal(reason: Reason) -> bool:
    return reason.wanted.casefold().startswith(("no ", "not ", "without "))


def common_reasons(members: Sequence[AudienceMember]) -> tuple[str, ...]:
    """Return what an audience wished and the offer meets, most frequent first, without anybody's own numbers."""
    counts: Counter[str] = Counter()
    for member in members:
        counts.update(clause.words for clause in _clauses(_met(member), member.role))
    return tuple(words for words, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _met(member: AudienceMember) -> list[Reason]:
    return [reason for reason in member.reasons if reason.outcome is Outcome.MET]
