"""Why this home for this client, in words: only of constraints that were compared and met.

A sentence is made of clauses; each clause stands for one met reason. A wish that was kept by refusing ("not Ballard",
in the grammar of `nudge_core.matching.reasons`) and a feature without plain words here are not spoken of. What a
client wished is theirs: budgets and other numbers are never said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from attrs import frozen

from nudge_core.matching.constraints import FEATURE
from nudge_core.model.briefing import AudienceMember, Outcome, Reason
from nudge_core.model.client import Role
from nudge_core.policy.placeholders import LONGEST
from nudge_core.policy.segments import segments

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
_THINGS = frozenset(
    {"adu", "balcony", "basement", "carport", "corner lot", "courtyard", "covered patio", "deck", "den", "elevator"}
    | {"fenced yard", "fireplace", "garage", "garden", "guest house", "gym", "hardwood floors", "high ceilings"}
    | {"home office", "hot tub", "island kitchen", "lake view", "large yard", "laundry", "loft", "mountain view"}
    | {"natural light", "open floor plan", "pantry", "parking", "patio", "pool", "porch", "shed", "solar panels", "spa"}
    | {"storage", "sunroom", "updated kitchen", "view", "walk-in closet", "water view", "workshop", "yard"}
)
"""Features one can put "the" before. The rest needs words of its own or is not named."""

_FEATURES: Mapping[str, str] = MappingProxyType(
    {thing: f"has the {'ADU' if thing == 'adu' else thing} you wanted" for thing in _THINGS}
    | {
        "waterfront": "is on the water as you wanted",
        "single story": "is on one level as you wanted",
        "new construction": "is newly built as you wanted",
        "furnished": "comes furnished as you wanted",
        "pets allowed": "allows pets as you wanted",
    }
)
_CHOSEN_FIRST = ("near", "price", "area", "type", "size", "beds", "baths", "lot", "hoa")
"""After features, which say most about a person: what comes first when there is room for two clauses only."""

_SPOKEN_ORDER = ("price", "near", "area", "type", "size", "lot", "hoa", "beds", "baths")
_SHELLS = ("It {said}.", "I thought of you because it {said}.")
_WANTED = re.compile(r"has the (.+) you wanted")


@frozen
class _Clause:
    """One met reason in words; `rank`: which is chosen first; `order`: which is said first."""

    rank: int
    order: int
    words: str


def reason_sentence(member: AudienceMember, variation: int = 0) -> str:
    """Return one sentence of at most `LONGEST["reason"]` units from the member's met reasons; "" without any.

    `variation`: a stable number that picks among equal wordings.
    """
    if not _met(member):
        return ""
    shell = _SHELLS[variation % len(_SHELLS)]
    for chosen in _choices(_clauses(member)):
        said = _joined([clause.words for clause in sorted(chosen, key=lambda clause: clause.order)])
        for form in (shell, _SHELLS[0]):
            sentence = form.format(said=said).replace("It is ", "It's ").replace(" it is ", " it's ")
            if segments(sentence).units <= LONGEST["reason"]:
                return sentence
    return GENERAL if member.role in _LOOKING else ""


def common_reasons(members: Sequence[AudienceMember]) -> tuple[str, ...]:
    """Return what an audience wished and the offer meets, most frequent first, without anybody's own numbers."""
    counts = Counter(clause.words for member in members for clause in _clauses(member))
    return tuple(words for words, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _met(member: AudienceMember) -> list[Reason]:
    return [reason for reason in member.reasons if reason.outcome is Outcome.MET]


def _clauses(member: AudienceMember) -> list[_Clause]:
    """The met reasons that have words, best first, each once."""
    clauses = {_clause(reason, member.role) for reason in _met(member) if not _is_refusal(reason)}
    return sorted(filter(None, clauses), key=lambda clause: (clause.rank, clause.words))


def _clause(reason: Reason, role: Role) -> _Clause | None:
    kind, _, feature = reason.constraint.partition(":")
    if kind == FEATURE and feature in _FEATURES and role in _LOOKING:
        return _Clause(0, len(_SPOKEN_ORDER), _FEATURES[feature])
    words = (_WISHED if role in _LOOKING else _LIKE_THEIRS).get(reason.constraint)
    if words is None:
        return None
    if kind == "hoa" and reason.actual == "$0 a month":
        words = "has no HOA dues"
    return _Clause(_CHOSEN_FIRST.index(kind) + 1, _SPOKEN_ORDER.index(kind), words)


def _choices(clauses: Sequence[_Clause]) -> list[Sequence[_Clause]]:
    """The best clause with each further one, then each alone: the first that fits is said."""
    return [(clauses[0], other) for other in clauses[1:]] + [(clause,) for clause in clauses]


def _joined(words: Sequence[str]) -> str:
    """ "has the pool you wanted", "has the garage you wanted" -> "has the pool and garage you wanted"."""
    wanted = [match.group(1) for match in map(_WANTED.fullmatch, words) if match]
    if len(wanted) == len(words):
        return f"has the {' and '.join(wanted)} you wanted"
    same_verb = all(clause.startswith("is ") for clause in words)
    return " and ".join([words[0], *(clause.removeprefix("is ") if same_verb else clause for clause in words[1:])])


def _is_refusal(reason: Reason) -> bool:
    return reason.wanted.casefold().startswith(("no ", "not ", "without "))
