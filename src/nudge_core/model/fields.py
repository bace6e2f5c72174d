"""Rules for single fields, shared by the entities: attrs validators that raise `Invalid`.

Each takes `(instance, attribute, value)` as attrs demands and names the field as `entity.field`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from attrs import Attribute

from nudge_core.errors import Invalid

Validator: TypeAlias = Callable[[Any, "Attribute[Any]", Any], None]  # Any: attrs infers the field's type from it

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
"""ITU-T E.164: a plus sign and at most 15 digits; shorter than 7 is no subscriber number."""

EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
"""One @, no blanks, a dot in the domain. Whether it exists only a mail can tell."""


def documented(rule: object) -> Mapping[str, str | float]:
    """Return what JSON Schema can say of a validator (`maxLength`, `pattern`, `minimum`, ...); {} when it can nothing.

    Of several validators of one field, what each of them says.
    """
    told: dict[str, str | float] = {}
    for one in getattr(rule, "_validators", (rule,)):  # attrs joins several into one
        told |= getattr(one, "schema", {})
    return told


def _told(check: Validator, **schema: str | float) -> Validator:
    vars(check)["schema"] = schema
    return check


def name_of(instance: object, attribute: Attribute[Any]) -> str:
    """Return `client.phone` for the attribute `phone` of a `Client`."""
    return f"{type(instance).__name__.lower()}.{attribute.name}"


def instant(instance: object, attribute: Attribute[Any], value: Any) -> None:
    """An aware datetime in UTC: every stored moment is one."""
    if not isinstance(value, datetime) or value.utcoffset() != timedelta(0):
        raise Invalid(name_of(instance, attribute), "a datetime in UTC", value)


def wall_clock(instance: object, attribute: Attribute[Any], value: Any) -> None:
    """What a clock shows: a datetime without an offset."""
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise Invalid(name_of(instance, attribute), "a wall clock: a datetime without a zone", value)


def optional(rule: Validator) -> Validator:
    """Apply `rule` unless the value is None."""

    def check(instance: object, attribute: Attribute[Any], value: Any) -> None:
        if value is not None:
            rule(instance, attribute, value)

    return _told(check, **documented(rule))


def phone(instance: object, attribute: Attribute[Any], value: Any) -> None:
    """A telephone number in E.164."""
    if not isinstance(value, str) or not E164.fullmatch(value):
        raise Invalid(name_of(instance, attribute), "E.164: + and 7 to 15 digits", value)


_told(phone, pattern=f"^{E164.pattern}$")


def email(instance: object, attribute: Attribute[Any], value: Any) -> None:
    """An address with one @ and a domain."""
    if not isinstance(value, str) or not EMAIL.fullmatch(value):
        raise Invalid(name_of(instance, attribute), "an address such as name@example.com", value)


_told(email, format="email")


def zone(instance: object, attribute: Attribute[Any], value: Any) -> None:
    """An IANA time zone that this installation knows."""
    if not isinstance(value, str) or not is_zone(value):
        raise Invalid(name_of(instance, attribute), "an IANA time zone such as America/Denver", value)


def is_zone(name: str) -> bool:
    """Say whether `name` is an IANA zone with data here."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; malformed, such as an absolute path; a directory of zones
        return False
    return bool(name)


def text(at_most: int, *, at_least: int = 0) -> Validator:
    """A text of `at_least` to `at_most` characters, blanks at the ends not counted."""

    def check(instance: object, attribute: Attribute[Any], value: Any) -> None:
        if not isinstance(value, str) or not at_least <= len(value.strip()) or len(value) > at_most:
            raise Invalid(name_of(instance, attribute), f"a text of {at_least} to {at_most} characters", value)
        if "\x00" in value:  # PostgreSQL cannot store it
            raise Invalid(name_of(instance, attribute), "no NUL character", value)

    bounds: dict[str, str | float] = {"maxLength": at_most}
    if at_least:
        bounds |= {"minLength": at_least, "pattern": r"\S"}  # blanks alone are no text
    return _told(check, **bounds)


def between(low: float, high: float) -> Validator:
    """A number from `low` to `high`, both included; NaN is not one."""

    def check(instance: object, attribute: Attribute[Any], value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise Invalid(name_of(instance, attribute), f"a number from {low:g} to {high:g}", value)

    return _told(check, minimum=low, maximum=high)


def texts(values: Iterable[str]) -> tuple[str, ...]:
    """Converter: several texts as a tuple. One text is not several: it would be walked letter by letter."""
    if isinstance(values, str):
        raise Invalid("list", "a list of texts, not one text", values)
    several = tuple(values)
    if not all(isinstance(value, str) for value in several):
        raise Invalid("list", "texts only", several)
    return several
