"""What a client wishes and what an event offers, in one vocabulary that knows nothing of any profession.

A vertical declares a `MatchSchema` (which fields there are and what each is worth), reads a client into `Seeker`s and
an event into a `Subject`. Every comparison has three outcomes: met, missed, unknown. A fact that is missing on either
side is unknown, never met.

All arithmetic is in whole numbers (thousandths of a value, whole weights), so that the vectorised engine and the slow
reference scorer give the same numbers to the last digit. How the outcomes become a decision is told in
`docs/reference/matching.md`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias
from uuid import UUID

import attrs
from attrs import Attribute, frozen

from nudge_core.errors import Invalid
from nudge_core.matching.avoided import Avoidance
from nudge_core.model import fields as rules
from nudge_core.model.briefing import Strength
from nudge_core.model.client import Role
from nudge_core.model.vector import Vector

FULL = 1_000
"""A value of 1: values, shares and base rates are counted in thousandths."""

UNITS = ("usd", "usd_month", "sqft", "count", "percent", "year")
"""How a number is printed: $485,000; $120 a month; 1,800 sq ft; 2.5; 5%; 1990."""

LARGEST_STEP = 2**31 - 2
"""Bounds are stored as int32; the two ends of its range mean "no bound"."""

FARTHEST_KM = 1_000.0
"""A wish to be near within more than this is no wish."""


@lru_cache(maxsize=256)
def thousandths(share: float) -> int:
    """Return a share as a whole number of thousandths: 0.05 is 50. Raises Invalid when it is not one."""
    counted = Fraction(str(share)) * FULL
    if counted.denominator != 1:
        raise Invalid("schema.share", "a whole number of thousandths", share)
    return int(counted)


def _finite(instance: object, attribute: Attribute[Any], value: Any) -> None:
    if not math.isfinite(value):
        raise Invalid(rules.name_of(instance, attribute), "a finite number", value)


def _share(instance: object, attribute: Attribute[Any], value: Any) -> None:
    rules.between(0, 1)(instance, attribute, value)
    thousandths(value)


_weight = rules.between(1, 1_000)


@frozen(kw_only=True, cache_hash=True)
class NumberField:
    """A number of the offer, compared with a least and a greatest.

    `weight`: whole points. `scale`: both sides are compared in steps of 1/scale (2 for half baths); a lower bound is
    compared with the offer rounded down, an upper one with the offer rounded up, so rounding never flatters.
    `unit`: one of `UNITS`. `label`: what a reason calls it, `name` if empty.
    `over_band`: above a soft maximum the value falls linearly to 0 at `(1 + over_band) * maximum`.
    `too_low`: `(none, full)` shares of the maximum: without a stated minimum the value rises from 0 at `none` to 1 at
    `full`. An offer at or below `none` misses softly, however strong the wish: a home at a third of the budget is
    not what was asked for, but nobody said so. Source: `verticals.md` 3.3.
    """

    name: str
    weight: int = attrs.field(validator=_weight)
    unit: str = "count"
    scale: int = attrs.field(default=1, validator=rules.between(1, 1_000))
    over_band: float = attrs.field(default=0.0, validator=_share)
    too_low: tuple[float, float] | None = None
    label: str = ""

    def __attrs_post_init__(self) -> None:
        if self.unit not in UNITS:
            raise Invalid(f"schema.{self.name}.unit", f"one of {', '.join(UNITS)}", self.unit)
        if self.too_low is not None and not 0 <= thousandths(self.too_low[0]) < thousandths(self.too_low[1]) <= FULL:
            raise Invalid(f"schema.{self.name}.too_low", "two rising shares from 0 to 1", self.too_low)

    def at_least(self, value: float) -> int:
        """Return `value` in steps, rounded up: as a lower bound is compared, and an offer with an upper bound."""
        return math.ceil(self._exactly(value))

    def at_most(self, value: float) -> int:
        """Return `value` in steps, rounded down: as an upper bound is compared, and an offer with a lower bound."""
        return math.floor(self._exactly(value))

    def _exactly(self, value: float) -> Fraction | float:
        power_of_two = self.scale & (self.scale - 1) == 0  # then the product is exact
        return value * self.scale if power_of_two else Fraction(str(value)) * self.scale


@frozen(kw_only=True, cache_hash=True)
class TermsField:
    """A set of terms of the offer, compared with wished and refused terms.

    A term is `kind:value`, folded: `city:austin`, `postcode:78704`, `type:condominium`. A kind of which the offer
    states nothing is unknown for every wish of that kind. Any one wished term that is there is enough; when none is,
    and one could still be there (its kind is not stated), the wish is unknown, else it is missed. Refused terms are
    a constraint of their own: missed when one is there, unknown while one could be there, else met.
    """

    name: str
    weight: int = attrs.field(validator=_weight)
    label: str = ""


@frozen(kw_only=True, cache_hash=True)
class NearField:
    """The offer's position, compared with a point and a radius.

    Within the radius it is met; its value is then `exp(-d / d0_km)`, rounded to thousandths, for the order. Distance:
    great circle on a sphere of 6,371.0088 km.
    """

    name: str
    weight: int = attrs.field(validator=_weight)
    d0_km: float = attrs.field(default=3.0, validator=rules.between(0.001, FARTHEST_KM))
    label: str = ""


Field: TypeAlias = NumberField | TermsField | NearField

FEATURE = "feature"
"""Prefix of a constraint on a feature (`feature:garage`), the one kind of constraint that needs no declaration."""


@frozen(kw_only=True)
class MatchSchema:
    """The fields of a vertical and the rules of the sum.

    `feature_weight`: what each wished feature is worth. `refusal_weight`: what the kept refusals of a field ("not
    Ballard") are worth together. `text_share`: the part of the total that similarity of texts makes up where there
    are texts; it can order, never qualify. `least_known`: known constraints an offer needs. `least_coverage`: below
    it a match becomes a question. `soft_miss_score`: an operator's choice: with it, soft misses may stand in an offer
    whose score, texts not counted, is at least so much (0 to 1). Shares are whole thousandths.
    """

    fields: tuple[Field, ...]
    feature_weight: int = attrs.field(default=1, validator=_weight)
    refusal_weight: int = attrs.field(default=1, validator=_weight)
    text_share: float = attrs.field(default=0.2, validator=_share)
    least_known: int = 2
    least_coverage: float = attrs.field(default=0.4, validator=_share)
    soft_miss_score: float | None = attrs.field(default=None, validator=rules.optional(_share))

    def __attrs_post_init__(self) -> None:
        names = [declared.name for declared in self.fields]
        if len(set(names)) != len(names):
            raise Invalid("schema.fields", "each name once", names)
        if thousandths(self.text_share) == FULL:
            raise Invalid("schema.text_share", "less than 1: text can never be all", self.text_share)

    @property
    def text_parts(self) -> tuple[int, int]:
        """`text_share` as a fraction in lowest terms: (1, 5) for 0.2."""
        share = Fraction(thousandths(self.text_share), FULL)
        return share.numerator, share.denominator

    def field_named(self, name: str) -> Field:
        """Return the field `name`, or raise Invalid with the names there are."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise Invalid("wish.field", f"one of {', '.join(f.name for f in self.fields)}", name)


@frozen(kw_only=True, cache_hash=True)
class NumberWish:
    """At least `minimum`, at most `maximum`; one of them may be None."""

    field: str
    strength: Strength
    minimum: float | None = attrs.field(default=None, validator=rules.optional(_finite))
    maximum: float | None = attrs.field(default=None, validator=rules.optional(_finite))

    def __attrs_post_init__(self) -> None:
        if self.minimum is None and self.maximum is None:
            raise Invalid(f"wish.{self.field}", "a minimum, a maximum or both", None)
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise Invalid(f"wish.{self.field}", "a minimum not above the maximum", (self.minimum, self.maximum))


@frozen(kw_only=True, cache_hash=True)
class TermsWish:
    """Any of `any_of` (empty: no wish), and none of `none_of`. A refusal is always hard."""

    field: str
    strength: Strength
    any_of: frozenset[str] = frozenset()
    none_of: frozenset[str] = frozenset()

    def __attrs_post_init__(self) -> None:
        if not self.any_of and not self.none_of:
            raise Invalid(f"wish.{self.field}", "at least one term wished or refused", None)
        if both := self.any_of & self.none_of:
            raise Invalid(f"wish.{self.field}", "a term wished and refused at once", tuple(both))
        for term in self.any_of | self.none_of:
            if not all(term.partition(":")):
                raise Invalid(f"wish.{self.field}", "terms of the form kind:value", term)


@frozen(kw_only=True, cache_hash=True)
class NearWish:
    """Within `radius_km` of a point. `d0_km`: over how many km the value falls to 1/e; None: as the field says."""

    field: str
    strength: Strength
    latitude: float = attrs.field(validator=rules.between(-90, 90))
    longitude: float = attrs.field(validator=rules.between(-180, 180))
    radius_km: float = attrs.field(validator=rules.between(0, FARTHEST_KM))
    d0_km: float | None = attrs.field(default=None, validator=rules.optional(rules.between(0.001, FARTHEST_KM)))


@frozen(kw_only=True, cache_hash=True)
class FeatureWish:
    """A feature wished (`wanted`) or refused, such as garage or pool."""

    feature: str = attrs.field(validator=rules.text(100, at_least=1))
    strength: Strength
    wanted: bool = True


Wish: TypeAlias = NumberWish | TermsWish | NearWish | FeatureWish


@frozen(kw_only=True)
class Seeker:
    """One client in one role, with the wishes of that role: a row of the audience.

    `recency`: larger is fresher; the tie-break after score, coverage and number known. `avoid`: the
    meaning of what was dismissed for this client; `avoidances`: what is not for them because of a dismissal, as rules.
    A client with two roles is two seekers; the better one counts.
    """

    client_id: UUID
    role: Role
    wishes: tuple[Wish, ...]
    vector: Vector | None = None
    recency: int = attrs.field(default=0, validator=rules.between(-(2**62), 2**62))
    avoid: tuple[Vector, ...] = ()
    avoidances: tuple[Avoidance, ...] = ()

    def __attrs_post_init__(self) -> None:
        names = [constraint_name(wish) for wish in self.wishes]
        if len(set(names)) != len(names):
            raise Invalid("seeker.wishes", "one wish per field and feature", names)


@frozen(kw_only=True)
class Subject:
    """What an event offers.

    `numbers`, `terms`: a field that is absent is unknown. `has` and `lacks`: features known to be there and known to
    be absent; any other is unknown. `considers`: the roles this kind of event concerns. `base_rates`: for a
    constraint the offer does not state (`beds`, `feature:garage`), the share of offers like it that would meet it, in
    thousandths; `default_base_rate` where there is none. The rate of a feature is the share that has it.

    `requires`: names of number and terms fields; only seekers who wish something of each and get it are considered
    at all (a building plot is for those who asked for one). `before`: numbers as they were before the change; a
    required number must have been outside the wish then (a small drop is news only where it crosses a limit).
    `topic`: what a text about it counts as; who rests from that topic is not offered it.
    """

    id: UUID
    considers: frozenset[Role]
    numbers: Mapping[str, float] = attrs.field(factory=lambda: MappingProxyType({}))
    terms: Mapping[str, frozenset[str]] = attrs.field(factory=lambda: MappingProxyType({}))
    has: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    position: tuple[float, float] | None = None
    vector: Vector | None = None
    base_rates: Mapping[str, int] = attrs.field(factory=lambda: MappingProxyType({}))
    default_base_rate: int = attrs.field(default=FULL // 2, validator=rules.between(0, FULL))
    requires: frozenset[str] = frozenset()
    before: Mapping[str, float] = attrs.field(factory=lambda: MappingProxyType({}))
    topic: str | None = None

    def __attrs_post_init__(self) -> None:
        if not all(math.isfinite(value) for value in (*self.numbers.values(), *self.before.values())):
            raise Invalid("subject.numbers", "finite numbers", self.numbers)
        if both := self.has & self.lacks:
            raise Invalid("subject.has", "no feature that is there and absent at once", tuple(both))
        if not all(0 <= rate <= FULL for rate in self.base_rates.values()):
            raise Invalid("subject.base_rates", f"thousandths from 0 to {FULL}", self.base_rates)
        if self.position is not None and not (abs(self.position[0]) <= 90 and abs(self.position[1]) <= 180):
            raise Invalid("subject.position", "degrees of latitude and longitude", self.position)


def constraint_name(wish: Wish) -> str:
    """Return the name under which a wish appears in reasons: its field, or `feature:` and the feature."""
    return f"{FEATURE}:{wish.feature}" if isinstance(wish, FeatureWish) else wish.field


def kind_of(term: str) -> str:
    """Return the kind of a term: `city` of `city:austin`."""
    return term.partition(":")[0]
