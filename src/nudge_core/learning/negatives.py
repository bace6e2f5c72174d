"""What a dismissal means for later offers, by its reason; how long it holds, and what ends it before.

A dismissal fades: its strength halves with every half-life, and below `LEAST_STRENGTH` it is gone. A hard wish that is
stated later is the client's own word and ends what the professional took it to be. The numbers are proposals, to be
changed when outcomes say so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from attrs import evolve, frozen

from nudge_core.matching.avoided import Avoidance
from nudge_core.model.feedback import DismissReason, NegativePreference

LEAST_STRENGTH = 0.25
"""Below it a dismissal is gone: after two half-lives."""

HALF_LIFE_DAYS: Mapping[DismissReason, int] = MappingProxyType(
    {
        DismissReason.PRICE: 90,  # a quarter: what seems dear moves with the market and with the search
        DismissReason.AREA: 180,  # half a year: where somebody wants to live changes slower than what they pay
        DismissReason.NOT_A_FIT: 180,  # taste, likewise
        DismissReason.OTHER: 90,  # nobody said what it was: not longer than the shortest of those that were said
        DismissReason.TIMING: 45,  # rests 90 days: plans such as a lease or a school year move by quarters
        DismissReason.NOT_NOW: 15,  # rests 30 days: the longest window of the caps, verticals.md 1.4
        DismissReason.WORDING: 0,  # says something about the text, nothing about the client
    }
)

PRICE_RISE = 0.2
"""By this share of the price the limit rises while the strength falls from 1 to 0."""


class Effect(StrEnum):
    """What a dismissal does to later offers."""

    PRICE = "price"
    AREA = "area"
    REST = "rest"
    SIMILAR = "similar"
    NONE = "none"


class Ended(StrEnum):
    """Why one does nothing any more."""

    RETRACTED = "retracted"
    FADED = "faded"
    LATER_WISH = "later_wish"


@frozen(kw_only=True)
class Standing:
    """How one dismissal stands now. `until`: from then on it is gone; None: it never had an effect.

    `rule`: what it takes out, as it is now; None where it goes by meaning, or has no effect. `ended`: why it counts
    for nothing now; None while it holds.
    """

    preference: NegativePreference
    effect: Effect
    strength: float
    until: datetime | None
    rule: Avoidance | None
    ended: Ended | None

    @property
    def holds(self) -> bool:
        """Whether it takes anything out now."""
        return self.ended is None and self.effect is not Effect.NONE

    @property
    def text(self) -> str:
        """Say it to a person."""
        if self.rule is None:
            return "nothing like it" if self.effect is Effect.SIMILAR else "no effect on what is offered"
        if self.rule.topic is not None:
            return f"no offers about {self.rule.topic}"
        if self.rule.at_least is not None:
            return f"nothing at ${self.rule.at_least:,.0f} or above"
        return f"nothing in {', '.join(sorted({term.partition(':')[2] for term in self.rule.all_of})).title()}"


def standing(preference: NegativePreference, now: datetime, hard_later: frozenset[str] = frozenset()) -> Standing:
    """Return how a dismissal stands.

    Args:
        preference: the dismissal.
        now: the instant it is asked of.
        hard_later: names of the constraints that hard wishes stated after the dismissal made.
    """
    half_life = HALF_LIFE_DAYS[preference.reason]
    effect = _effect(preference)
    if effect is Effect.NONE or not half_life:
        return Standing(preference=preference, effect=Effect.NONE, strength=0.0, until=None, rule=None, ended=None)
    days = max(0, (now - preference.created_at) // timedelta(days=1))
    strength = 0.5 ** (days / half_life)
    lasting = timedelta(days=half_life * math.log2(1 / LEAST_STRENGTH))
    until = preference.created_at + lasting
    ended = None
    if preference.retracted_at is not None:
        ended = Ended.RETRACTED
    elif now >= until:
        ended = Ended.FADED
    elif hard_later & _GIVES_WAY[effect] if effect in _GIVES_WAY else hard_later:
        ended = Ended.LATER_WISH
    rule = _rule(preference, strength) if effect is not Effect.SIMILAR else None
    return Standing(
        preference=preference, effect=effect, strength=round(strength, 3), until=until, rule=rule, ended=ended
    )


_GIVES_WAY = {Effect.PRICE: frozenset({"price"}), Effect.AREA: frozenset({"area", "near"})}
"""The wishes each is overruled by; a rest and a likeness by any, since any hard wish says what is looked for now."""


def _effect(preference: NegativePreference) -> Effect:
    about = preference.about
    if preference.reason is DismissReason.WORDING:
        return Effect.NONE
    if preference.reason in (DismissReason.TIMING, DismissReason.NOT_NOW) and "topic" in about:
        return Effect.REST
    if preference.reason is DismissReason.PRICE and "at_least" in about:
        return Effect.PRICE
    if preference.reason is DismissReason.AREA and "all_of" in about:
        return Effect.AREA
    return Effect.NONE if preference.dismissed_embedding is None else Effect.SIMILAR


def _rule(preference: NegativePreference, strength: float) -> Avoidance:
    rule = Avoidance.from_json(preference.about, preference.id)
    if rule.at_least is None:
        return rule
    return evolve(rule, at_least=float(math.ceil(rule.at_least * (1 + PRICE_RISE * (1 - strength)))))
