"""Many rows in one statement: `INSERT ... SELECT ... FROM unnest(arrays)`, one array per column.

Arrays travel in PostgreSQL's binary format, packed here: as text, psycopg quotes a large array twenty times slower
(performance.md 5, trap 1), and its own binary packing takes a Python call per value, twice the work below.
"""

from __future__ import annotations

import operator
import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, TypeAlias

import msgspec
import psycopg
from attrs import field, frozen
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Uuid,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ENUM, JSON, JSONB

from nudge_core.errors import Invalid
from nudge_core.model.json import JsonObject

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # the library has no types here
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts microseconds from here
_LENGTH = struct.Struct("!i")
_NULL = _LENGTH.pack(-1)

Encoder: TypeAlias = Callable[[Any], bytes]  # Any: each takes the values of its own type


@frozen(eq=False)
class PackedArray:
    """An array in PostgreSQL's binary format; the placeholder's cast says of which type."""

    data: bytes = field(repr=False)


class PackedArrayDumper(Dumper):
    """Hands a packed array to the server as it is."""

    format = Format.BINARY

    def dump(self, obj: PackedArray) -> bytes:
        """Return the bytes."""
        return obj.data


psycopg.adapters.register_dumper(PackedArray, PackedArrayDumper)  # for every connection: the class is ours alone


_INT8 = struct.Struct("!q")
_uuid = operator.attrgetter("bytes")


def _instant(value: datetime) -> bytes:
    since = value - _EPOCH
    return _INT8.pack(since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds)


_flag = {True: b"\x01", False: b"\x00"}.__getitem__


def _jsonb(value: bytes) -> bytes:
    return b"\x01" + value  # version of the format


@frozen
class Sent:
    """How the values of a column travel: as an array of `array`, element type `oid` (pg_type.dat), cast or not.

    `width`: bytes of every value, None when they differ.
    """

    array: str
    oid: int
    encode: Encoder
    width: int | None = None
    cast: bool = False


# Subclasses stand before their bases.
_SENT: tuple[tuple[type, Sent], ...] = (
    (JSONB, Sent("jsonb", 3802, _jsonb)),
    (JSON, Sent("json", 114, bytes)),
    (ENUM, Sent("text", 25, str.encode, cast=True)),
    (Uuid, Sent("uuid", 2950, _uuid, 16)),
    (DateTime, Sent("timestamptz", 1184, _instant, 8)),
    (Boolean, Sent("boolean", 16, _flag, 1)),
    (SmallInteger, Sent("smallint", 21, struct.Struct("!h").pack, 2)),
    (BigInteger, Sent("bigint", 20, struct.Struct("!q").pack, 8)),
    (Integer, Sent("integer", 23, struct.Struct("!i").pack, 4)),
    (Double, Sent("double precision", 701, struct.Struct("!d").pack, 8)),
    (LargeBinary, Sent("bytea", 17, bytes)),
    (String, Sent("text", 25, str.encode)),
)


def sent_as(column: Column[object]) -> Sent:
    """Return how a column's values travel."""
    for kind, sent in _SENT:
        if isinstance(column.type, kind):
            return sent
    raise TypeError(f"no array type for column {column}")


@frozen
class ArrayInsert:
    """An INSERT of many rows: its text, and how each column is packed."""

    sql: str
    _columns: tuple[tuple[str, Sent], ...]

    def pack(self, columns: Sequence[Iterable[object]]) -> tuple[PackedArray, ...]:
        """Return the arrays for the placeholders; `columns` in the order of the statement, JSON as bytes.

        Raises:
            Invalid: a value that the column cannot hold: a number too large, half of a surrogate pair.
        """
        packed = []
        for (name, sent), values in zip(self._columns, columns, strict=True):
            try:
                packed.append(_pack(sent, values))
            except (struct.error, UnicodeEncodeError, OverflowError) as error:
                raise Invalid(name, f"values that {sent.array} can hold", None) from error
        return tuple(packed)


def _pack(sent: Sent, values: Iterable[object]) -> PackedArray:
    given = list(values)
    if not given:
        return PackedArray(struct.pack("!iii", 0, 0, sent.oid))
    nulls = False
    try:
        data = list(map(sent.encode, given))
    except (AttributeError, KeyError, TypeError, struct.error):  # most often a None; asking each value costs more
        nulls = True
        data = [b"" if value is None else sent.encode(value) for value in given]
    header = struct.pack("!iiiii", 1, nulls, sent.oid, len(given), 1)
    if nulls:
        lengths = [_NULL if value is None else _LENGTH.pack(len(one)) for value, one in zip(given, data, strict=True)]
    elif sent.width is not None:
        length = _LENGTH.pack(sent.width)  # the same before every value
        return PackedArray(header + length + length.join(data))
    else:
        lengths = [_LENGTH.pack(len(one)) for one in data]
    return PackedArray(b"".join([header, *chain.from_iterable(zip(lengths, data, strict=True))]))


def insert_arrays(table: Table, columns: Sequence[str], tail: str) -> ArrayInsert:
    """Return an INSERT of `columns` from as many arrays, ended by `tail` (ON CONFLICT, RETURNING)."""
    sent = tuple((name, sent_as(table.c[name])) for name in columns)
    arrays = ", ".join(f"%b::{one.array}[]" for _, one in sent)
    values = ", ".join(f"{name}::{table.c[name].type.compile(_DIALECT)}" if one.cast else name for name, one in sent)
    names = ", ".join(columns)
    text = (  # every name in it is one of our own tables' and columns'
        f"INSERT INTO {table.name} AS stored ({names}) SELECT {values} "  # noqa: S608 - only names of ours are put in
        f"FROM unnest({arrays}) AS given ({names}) {tail}"
    )
    return ArrayInsert(text, sent)


def call_arrays(table: Table, columns: Sequence[str], function: str) -> ArrayInsert:
    """Return a call of a function that takes the same arrays as an INSERT of these columns would."""
    sent = tuple((name, sent_as(table.c[name])) for name in columns)
    arrays = ", ".join(f"%b::{one.array}[]" for _, one in sent)
    return ArrayInsert(f"SELECT {function}({arrays})", sent)


_ENCODER = msgspec.json.Encoder(enc_hook=dict)  # dict: entities hold their JSON in read-only mappings


def json_bytes(value: JsonObject) -> bytes:
    """Return a JSON object as UTF-8."""
    return _ENCODER.encode(dict(value))
