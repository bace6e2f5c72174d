"""Numbers of preferences: price, beds, size ... with their bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from attrs import frozen

from nudge_core.errors import Invalid
from nudge_core.matching.constraints import NumberWish
from nudge_core.model.briefing import Strength
from nudge_core.model.json import Json
from nudge_core.reading.amounts import read_amount
from nudge_core.verticals.real_estate.stated.values import number_of, object_of, strength_of

ABOUT = 0.1  # "about 2,000" means 10 % less to 10 % more (P)
LEAST_PRICE = 10_000  # dollars: with less than that somebody means thousands
MOST_DOLLARS = 2_000_000_000  # what a column of matching can hold
MOST_SQFT = 2_000_000_000
MOST_ROOMS = 100

SQFT_PER: Mapping[str, float] = MappingProxyType({"sqft": 1.0, "m2": 10.763_910_4, "acres": 43_560.0})
"""Square feet per unit: the international foot; 43,560 square feet to the acre."""


@frozen
class _Kind:
    """Limits of what makes sense; whether a number without a bound is a greatest (else a least); units allowed."""

    least: float
    greatest: float
    plain_is_maximum: bool = False
    units: Mapping[str, float] = MappingProxyType({})


NUMBERS: Mapping[str, _Kind] = MappingProxyType(
    {
        "price": _Kind(LEAST_PRICE, MOST_DOLLARS, plain_is_maximum=True),
        "payment": _Kind(1, 1_000_000, plain_is_maximum=True),
        "beds": _Kind(0, MOST_ROOMS),
        "baths": _Kind(0, MOST_ROOMS),
        "size": _Kind(1, MOST_SQFT, units=SQFT_PER),
        "lot": _Kind(0.01, MOST_SQFT, units=SQFT_PER),
        "year": _Kind(1_600, 2_200),
        "hoa": _Kind(0, 1_000_000, plain_is_maximum=True),
    }
)
"""The number fields of the schema."""


@frozen(kw_only=True)
class _Bounds:
    minimum: float | None = None
    maximum: float | None = None
    hard: bool = False


def read_numbers(given: dict[str, Json]) -> Iterator[NumberWish]:
    """Take every number out of `given` and yield the wishes.

    Raises:
        Invalid: not a number, out of all proportion, a bound stated twice, a minimum above the maximum.
    """
    found: dict[str, _Bounds] = {}
    for name in NUMBERS:
        stated = [given.pop(name)] if name in given else []
        stated += [{bound: given.pop(f"{bound}_{name}")} for bound in ("min", "max") if f"{bound}_{name}" in given]
        for value in stated:
            field, bounds = _read(name, value)
            found[field] = _joined(field, found[field], bounds) if field in found else bounds
    for field, bounds in found.items():
        if bounds.minimum is not None and bounds.maximum is not None and bounds.minimum > bounds.maximum:
            raise Invalid(f"preferences.{field}", "a minimum not above the maximum", (bounds.minimum, bounds.maximum))
        strength = Strength.HARD if bounds.hard else Strength.SOFT
        yield NumberWish(field=field, strength=strength, minimum=bounds.minimum, maximum=bounds.maximum)


def _joined(field: str, one: _Bounds, other: _Bounds) -> _Bounds:
    if (one.minimum is not None and other.minimum is not None) or (
        one.maximum is not None and other.maximum is not None
    ):
        raise Invalid(f"preferences.{field}", "each bound once", None)
    return _Bounds(
        minimum=other.minimum if one.minimum is None else one.minimum,
        maximum=other.maximum if one.maximum is None else one.maximum,
        hard=one.hard or other.hard,
    )


def _read(name: str, value: Json) -> tuple[str, _Bounds]:
    """Return which field a value speaks of and its bounds: a price by the month is a payment."""
    kind = NUMBERS[name]
    if name == "hoa" and (value is False or value in ("no", "none")):
        return name, _Bounds(maximum=0)
    if isinstance(value, Mapping):
        return name, _read_object(name, kind, value)
    if not isinstance(value, str):
        return name, _around(name, kind, plain=number_of(name, value, kind.least, kind.greatest))
    amount = read_amount(value)
    if amount is None:
        raise Invalid(f"preferences.{name}", 'a number such as 500000, "500k", "up to 500k" or "3+"', value)
    if amount.per_month and name == "price":
        name, kind = "payment", NUMBERS["payment"]
    elif amount.per_month and name not in ("payment", "hoa"):
        raise Invalid(f"preferences.{name}", "a number that is not by the month", value)
    checked = {
        bound: number_of(name, number, kind.least, kind.greatest)
        for bound, number in (("minimum", amount.minimum), ("maximum", amount.maximum), ("plain", amount.plain))
        if number is not None
    }
    if "plain" in checked:
        return name, _around(name, kind, plain=checked["plain"], about=amount.about)
    return name, _Bounds(minimum=checked.get("minimum"), maximum=checked.get("maximum"))


def _read_object(name: str, kind: _Kind, value: Json) -> _Bounds:
    stated = object_of(name, value, {"min", "max", "about", "hard"} | ({"unit"} if kind.units else set()))
    unit = stated.get("unit", "sqft")
    if kind.units and (not isinstance(unit, str) or unit not in kind.units):
        raise Invalid(f"preferences.{name}.unit", f"one of {', '.join(kind.units)}", unit)
    scale = kind.units.get(str(unit), 1.0)
    numbers = {
        member: scale * number_of(f"{name}.{member}", stated[member], kind.least / scale, kind.greatest / scale)
        for member in ("min", "max", "about")
        if member in stated
    }
    if not numbers or ("about" in numbers and len(numbers) > 1):
        raise Invalid(f"preferences.{name}", "min, max or both; or about", value)
    hard = strength_of(name, stated) is Strength.HARD
    if "about" in numbers:
        return _around(name, kind, plain=numbers["about"], about=True, hard=hard)
    return _Bounds(minimum=numbers.get("min"), maximum=numbers.get("max"), hard=hard)


def _around(name: str, kind: _Kind, *, plain: float, about: bool = False, hard: bool = False) -> _Bounds:
    if about:
        if hard:
            raise Invalid(f"preferences.{name}", "either about or hard", None)
        return _Bounds(minimum=plain * (1 - ABOUT), maximum=plain * (1 + ABOUT))
    return _Bounds(maximum=plain, hard=hard) if kind.plain_is_maximum else _Bounds(minimum=plain, hard=hard)
