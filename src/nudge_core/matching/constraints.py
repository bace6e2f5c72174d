"""What a client wishes and what an event offers, in one vocabulary that knows nothing of any profession.

A vertical declares a `MatchSchema` (which fields there are and what each is worth), reads a client into `Seeker`s and
an event into a `Subject`. Every comparison has three outcomes: met, missed, unknown. A fact that is missing on either
side is unknown, never met.

All arithmetic is in whole numbers (thousandths of a value, whole weights), so that the vectorised engine and the slow
reference scorer give the same numbers to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

from attrs import field, frozen

from nudge_core.errors import Invalid
from nudge_core.model.briefing import Strength
from nudge_core.model.client import Role
from nudge_core.model.vector import Vector

FULL = 1_000
"""A value of 1: values are counted in thousandths."""


@frozen(kw_only=True)
class NumberField:
    """A number of the offer, compared with a least and a greatest.

    `weight`: whole points. `scale`: both sides are compared in steps of 1/scale (2 for half baths); a lower bound is
    compared with the offer rounded down, an upper one with the offer rounded up, so rounding never flatters.
    `unit` tells how to print it: `usd`, `usd_month`, `sqft`, `count`, `percent`.
    `over_band`: above a soft maximum the value falls linearly to 0 at `(1 + over_band) * maximum`.
    `too_low`: `(none, full)` shares of the maximum: without a stated minimum the value rises from 0 at `none` to 1 at
    `full` (a home at a third of the budget is not what was asked for). Source: `verticals.md` 3.3.
    """

    name: str
    weight: int
    unit: str = "count"
    scale: int = 1
    over_band: float = 0.0
    too_low: tuple[float, float] | None = None


@frozen(kw_only=True)
class TermsField:
    """A set of terms of the offer, compared with wished and refused terms.

    A term is `kind:value`, folded: `city:austin`, `postcode:78704`, `type:condominium`. A kind of which the offer
    states nothing is unknown for every wish of that kind.
    """

    name: str
    weight: int


@frozen(kw_only=True)
class NearField:
    """The offer's position, compared with a point and a radius.

    Within the radius it is met; its value is `exp(-d / d0_km)` for the order. Distance: great circle on a sphere of
    6,371.0088 km.
    """

    name: str
    weight: int
    d0_km: float = 3.0


Field: TypeAlias = NumberField | TermsField | NearField

FEATURE = "feature"
"""Prefix of a constraint on a feature (`feature:garage`), the one kind of constraint that needs no declaration."""


@frozen(kw_only=True)
class MatchSchema:
    """The fields of a vertical and the rules of the sum.

    `feature_weight`: what each wished feature is worth. `refusal_weight`: what a kept refusal ("not Ballard") is
    worth. `text_share`: the most that similarity of texts may be of the total; it can order, never qualify.
    `least_known`: known constraints an offer needs. `least_coverage`: below it a match becomes a question.
    `soft_miss_score`: an operator's choice: with it, soft misses may stand in an offer that scores at least so much.
    """

    fields: tuple[Field, ...]
    feature_weight: int = 1
    refusal_weight: int = 1
    text_share: float = 0.2
    least_known: int = 2
    least_coverage: float = 0.4
    soft_miss_score: float | None = None

    def field_named(self, name: str) -> Field:
        """Return the field `name`, or raise Invalid with the names there are."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise Invalid("wish.field", f"one of {', '.join(f.name for f in self.fields)}", name)


@frozen(kw_only=True)
class NumberWish:
    """At least `minimum`, at most `maximum`; one of them may be None."""

    field: str
    strength: Strength
    minimum: float | None = None
    maximum: float | None = None

    def __attrs_post_init__(self) -> None:
        if self.minimum is None and self.maximum is None:
            raise Invalid(f"wish.{self.field}", "a minimum, a maximum or both", None)
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise Invalid(f"wish.{self.field}", "a minimum not above the maximum", (self.minimum, self.maximum))


@frozen(kw_only=True)
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


@frozen(kw_only=True)
class NearWish:
    """Within `radius_km` of a point."""

    field: str
    strength: Strength
    latitude: float
    longitude: float
    radius_km: float


@frozen(kw_only=True)
class FeatureWish:
    """A feature wished (`wanted`) or refused, such as garage or pool."""

    feature: str
    strength: Strength
    wanted: bool = True


Wish: TypeAlias = NumberWish | TermsWish | NearWish | FeatureWish


@frozen(kw_only=True)
class Seeker:
    """One client in one role, with the wishes of that role: a row of the audience.

    `recency`: larger is fresher; the tie-break after score and coverage. `avoid`: vectors of what was dismissed for
    this client. A client with two roles is two seekers; the better one counts.
    """

    client_id: UUID
    role: Role
    wishes: tuple[Wish, ...]
    vector: Vector | None = None
    recency: int = 0
    avoid: tuple[Vector, ...] = ()

    def __attrs_post_init__(self) -> None:
        names = [constraint_name(wish) for wish in self.wishes]
        for name in names:
            if names.count(name) > 1:
                raise Invalid(f"wish.{name}", "one wish per field and feature", names)


@frozen(kw_only=True)
class Subject:
    """What an event offers.

    `numbers`, `terms`: a field that is absent is unknown. `has` and `lacks`: features known to be there and known to
    be absent; any other is unknown. `considers`: the roles this kind of event concerns. `base_rates`: for a
    constraint the offer does not state (`beds`, `feature:garage`), the share of offers like it that would meet it, in
    thousandths; `default_base_rate` where there is none.
    """

    id: UUID
    considers: frozenset[Role]
    numbers: Mapping[str, float] = field(factory=lambda: MappingProxyType({}))
    terms: Mapping[str, frozenset[str]] = field(factory=lambda: MappingProxyType({}))
    has: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    position: tuple[float, float] | None = None
    vector: Vector | None = None
    base_rates: Mapping[str, int] = field(factory=lambda: MappingProxyType({}))
    default_base_rate: int = FULL // 2


def constraint_name(wish: Wish) -> str:
    """Return the name under which a wish appears in reasons: its field, or `feature:` and the feature."""
    return f"{FEATURE}:{wish.feature}" if isinstance(wish, FeatureWish) else wish.field


def kind_of(term: str) -> str:
    """Return the kind of a term: `city` of `city:austin`."""
    return term.partition(":")[0]
