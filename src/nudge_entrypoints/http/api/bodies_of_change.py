"""Bodies of changes: a member that is absent leaves the thing as it is, null clears where that is possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import Attribute, AttrsInstance, fields_dict
from msgspec import UNSET

from nudge_core.errors import Invalid
from nudge_core.model.fields import Validator, name_of

MOST_JSON = 20_000
"""Characters of free JSON in one field: some hundred settings."""

DEEPEST = 12
"""Objects and lists inside one another in free JSON; what people write by hand has four."""

MOST_TEXTS = 100
"""Texts in one list, such as areas or specialties."""

LONGEST_TEXT = 100  # characters of one of them


def given(rule: Validator) -> Validator:
    """Apply `rule` unless the member is absent."""

    def check(instance: object, attribute: Attribute[Any], value: Any) -> None:
        if value is not UNSET:
            rule(instance, attribute, value)

    return check


def short_texts(instance: object, attribute: Attribute[Any], value: Any) -> None:
    """A bounded list of bounded texts, none of them empty."""
    rule = f"at most {MOST_TEXTS} texts of 1 to {LONGEST_TEXT} characters"
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MOST_TEXTS:
        raise Invalid(name_of(instance, attribute), rule, value)
    if not all(
        isinstance(one, str) and one.strip() and len(one) <= LONGEST_TEXT and "\x00" not in one for one in value
    ):
        raise Invalid(name_of(instance, attribute), rule, value)


def small_json(instance: object, attribute: Attribute[Any], value: Any) -> None:
    """An object of bounded size and depth."""
    size, waiting = 0, [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        inside = [*one, *one.values()] if isinstance(one, Mapping) else one if isinstance(one, list) else ()
        size += len(one) if isinstance(one, str) else 1
        if size > MOST_JSON or depth > DEEPEST or (isinstance(one, int) and abs(one) >= 2**63):
            rule = f"an object of at most {MOST_JSON} characters, {DEEPEST} deep, its whole numbers of 64 bits"
            raise Invalid(name_of(instance, attribute), rule, value)
        waiting += [(part, depth + 1) for part in inside]


def changes_of(body: AttrsInstance) -> dict[str, Any]:
    """Return the members that were given, but `version`: field to value."""
    values = {name: getattr(body, name) for name in fields_dict(type(body)) if name != "version"}
    return {name: value for name, value in values.items() if value is not UNSET}
