"""Bodies, read strictly: JSON only, no member that nobody knows, no text taken for a number; every refusal by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException
from msgspec import inspect

from nudge_entrypoints.http.problems import FieldError, UnreadableError
from nudge_entrypoints.http.rules import field_and_rule

JSON = "application/json"
MOST_NAMED = 20  # errors in one answer: who sends more is not helped by a longer list
LONGEST_NAME = 60  # characters of an unknown member's name that are repeated, when they are those of a name


class StrictRequest(Request[Any, Any, Any]):
    """A request whose body is of the type that its route declares, in every member.

    Litestar reads bodies leniently: a member that nobody knows is dropped, "1" is a number. Here both are refused.
    """

    # Any: the route's own type.
    async def json(self) -> Any:
        """Return the body as what the route declares.

        Raises:
            UnreadableError: it is no JSON, or breaks the type's rules; with every field and rule found.
            HTTPException: 415, it is something else.
        """
        if self.content_type[0] != JSON:
            raise HTTPException(status_code=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, headers={"Accept": JSON})
        declared = self.route_handler.parsed_data_field
        read = msgspec_json(await self.body())
        return read if declared is None else as_declared(read, declared.annotation)


# Any: JSON, before and after it has a type.
def msgspec_json(body: bytes) -> Any:
    """Return a body's JSON. Raises UnreadableError when it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refused([("body", "well-formed JSON in UTF-8")]) from error


def as_declared(read: Any, declared: Any) -> Any:
    """Return JSON as the declared type. Raises UnreadableError with every field and rule found."""
    if unknown := [(path, "no such member") for path in unknown_members(read, declared)]:
        raise refused(unknown)
    try:
        return msgspec.convert(read, declared)
    except msgspec.ValidationError as error:
        raise refused([field_and_rule(error)]) from error
    except (OverflowError, RecursionError) as error:
        raise refused([("body", "numbers and depths that can be stored")]) from error


def refused(wrong: list[tuple[str, str]]) -> UnreadableError:
    """Return the refusal of a body: fields with their rules."""
    return UnreadableError([FieldError(field, rule) for field, rule in wrong[:MOST_NAMED]])


def unknown_members(read: Any, declared: Any) -> list[str]:
    """Return the paths of members that the declared type does not have, as `recipients[2].colour`.

    A name that is no name (blanks, an address) is not repeated.
    """
    return list(_unknown(read, _info(declared), ""))


@cache
def _info(declared: Any) -> inspect.Type:
    return inspect.type_info(declared)


def _unknown(read: Any, info: inspect.Type, path: str) -> Iterator[str]:
    if isinstance(info, inspect.Metadata):
        yield from _unknown(read, info.type, path)
    elif isinstance(info, inspect.UnionType):
        for one in info.types:
            if _is_of(read, one):
                yield from _unknown(read, one, path)
                return
    elif isinstance(read, dict) and isinstance(info, inspect.DataclassType | inspect.StructType):
        known = {field.encode_name: field.type for field in info.fields}
        for name, value in read.items():
            here = f"{path}.{name}" if path else name
            if name in known:
                yield from _unknown(value, known[name], here)
            else:
                yield here if _is_name(name) else f"{path}.?" if path else "?"
    elif isinstance(read, dict) and isinstance(info, inspect.DictType):
        for value in read.values():
            yield from _unknown(value, info.value_type, f"{path}.*" if path else "*")
    elif isinstance(read, list) and isinstance(info, inspect.ListType | inspect.VarTupleType | inspect.SetType):
        for number, value in enumerate(read):
            yield from _unknown(value, info.item_type, f"{path}[{number}]")
    elif isinstance(read, list) and isinstance(info, inspect.TupleType):
        for number, (value, item) in enumerate(zip(read, info.item_types, strict=False)):
            yield from _unknown(value, item, f"{path}[{number}]")


def _is_of(read: Any, info: inspect.Type) -> bool:
    if isinstance(read, dict):
        return isinstance(info, inspect.DataclassType | inspect.StructType | inspect.DictType)
    if isinstance(read, list):
        return isinstance(info, inspect.ListType | inspect.VarTupleType | inspect.SetType | inspect.TupleType)
    return False


def _is_name(name: str) -> bool:
    return name.isidentifier() and name.isascii() and len(name) <= LONGEST_NAME
