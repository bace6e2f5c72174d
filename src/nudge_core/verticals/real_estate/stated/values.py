"""Single JSON values of preferences, or Invalid with the name of the field."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nudge_core.errors import Invalid
from nudge_core.model.briefing import Strength
from nudge_core.model.json import Json, JsonObject
from nudge_core.reading.amounts import read_amount


def object_of(name: str, value: Json, members: set[str]) -> JsonObject:
    """Return an object that has no members but these; those that are null are left out."""
    if not isinstance(value, Mapping):
        raise Invalid(f"preferences.{name}", f"an object with {', '.join(sorted(members))}", value)
    if unknown := sorted(value.keys() - members):
        raise Invalid(f"preferences.{name}.{unknown[0][:40]}", f"one of {', '.join(sorted(members))}", value)
    return {key: item for key, item in value.items() if item is not None}


def texts_of(name: str, value: Json) -> tuple[str, ...]:
    """Return a list of texts, none of them empty. One text is not a list: it would be walked letter by letter."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise Invalid(f"preferences.{name}", "a list of texts, not one text", value)
    texts = tuple(item for item in value if isinstance(item, str) and item.strip())
    if len(texts) != len(value):
        raise Invalid(f"preferences.{name}", "a list of texts", value)
    return texts


def flag_of(name: str, stated: JsonObject, member: str) -> bool:
    """Return a boolean member, False where it is not there."""
    value = stated.get(member, False)
    if not isinstance(value, bool):
        raise Invalid(f"preferences.{name}.{member}", "true or false", value)
    return value


def strength_of(name: str, stated: JsonObject) -> Strength:
    """Return hard where `hard` is true, else soft."""
    return Strength.HARD if flag_of(name, stated, "hard") else Strength.SOFT


def is_rural(name: str, stated: JsonObject) -> bool:
    """Return whether `setting` is rural; urban where it is not there."""
    setting = stated.get("setting", "urban")
    if setting not in ("urban", "rural"):
        raise Invalid(f"preferences.{name}.setting", "urban or rural", setting)
    return setting == "rural"


def number_of(name: str, value: Json, least: float, greatest: float) -> float:
    """Return a number within limits, stated as one or as text without a bound ("500k")."""
    number: float | None = None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and (amount := read_amount(value)) and not amount.about and not amount.per_month:
        number = amount.plain
    if number is None or not math.isfinite(number) or not least <= number <= greatest:
        raise Invalid(f"preferences.{name}", f"a number from {least:,g} to {greatest:,g}", value)
    return number
