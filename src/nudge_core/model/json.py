"""JSON values as the entities hold them: frozen, so that an entity cannot change behind one's back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from nudge_core.errors import Invalid

JsonScalar: TypeAlias = str | int | float | bool | None
Json: TypeAlias = "JsonScalar | Sequence[Json] | Mapping[str, Json]"
JsonObject: TypeAlias = Mapping[str, Json]


def frozen_json(value: Json) -> Json:
    """Return an equal value that cannot be changed: tuples for lists, read-only mappings for objects.

    Raises:
        Invalid: something in it is no JSON (a NaN, a key that is no text, a set, a date), or a text in it cannot be
            stored: it holds a NUL or half of a surrogate pair.
    """
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise Invalid("json", "finite numbers only", value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise Invalid("json", "keys are texts", value)
        return MappingProxyType({_storable(key): frozen_json(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple(frozen_json(item) for item in value)
    raise Invalid("json", "texts, numbers, booleans, null, lists and objects", value)


def _storable(text: str) -> str:
    if "\x00" in text:  # PostgreSQL cannot store it
        raise Invalid("json", "no NUL character", text)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise Invalid("json", "no half of a surrogate pair", text) from error
    return text


def storable(text: str) -> str:
    """Return the text with a replacement character for what no database can hold: NULs, halves of surrogate pairs."""
    return text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def frozen_object(value: Mapping[str, Json]) -> JsonObject:
    """Return `value` as a read-only JSON object, or raise Invalid."""
    frozen = frozen_json(value)
    if not isinstance(frozen, Mapping):
        raise Invalid("json", "an object", value)
    return frozen


def plain_json(value: Json) -> Json:
    """Return an equal value made of dicts and lists, for encoders that know nothing else."""
    if isinstance(value, Mapping):
        return {key: plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    return value


def text_in(stored: JsonObject, name: str) -> str:
    """Return the text under `name`, or raise Invalid."""
    value = stored.get(name)
    if not isinstance(value, str):
        raise Invalid(name, "a text", value)
    return value


def number_in(stored: JsonObject, name: str) -> float:
    """Return the number under `name`, or raise Invalid."""
    value = stored.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid(name, "a number", value)
    return value


def texts_in(stored: JsonObject, name: str) -> tuple[str, ...]:
    """Return the list of texts under `name`, or raise Invalid."""
    value = stored.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise Invalid(name, "a list of texts", value)
    texts = tuple(item for item in value if isinstance(item, str))
    if len(texts) != len(value):
        raise Invalid(name, "a list of texts", value)
    return texts


def object_in(stored: JsonObject, name: str) -> JsonObject:
    """Return the object under `name`, or raise Invalid."""
    value = stored.get(name)
    if not isinstance(value, Mapping):
        raise Invalid(name, "an object", value)
    return value


def objects_in(stored: JsonObject, name: str) -> tuple[JsonObject, ...]:
    """Return the list of objects under `name`, or raise Invalid."""
    value = stored.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise Invalid(name, "a list of objects", value)
    objects = tuple(item for item in value if isinstance(item, Mapping))
    if len(objects) != len(value):
        raise Invalid(name, "a list of objects", value)
    return objects
