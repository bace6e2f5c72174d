"""Many rows in one statement: `INSERT ... SELECT ... FROM unnest(arrays)`, one array per column.

Arrays travel in binary: as text, psycopg quotes a large array twenty times slower (performance.md 5, trap 1).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, LargeBinary, SmallInteger, String, Table, Uuid
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ENUM, JSON, JSONB

from nudge_core.model.json import Json, JsonObject

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

# Column type to (type of the array sent, cast of the value or nothing). Subclasses stand before their bases.
_SENT: tuple[tuple[type, str, bool], ...] = (
    (JSONB, "text", True),
    (JSON, "text", True),
    (ENUM, "text", True),
    (Uuid, "uuid", False),
    (DateTime, "timestamptz", False),
    (Boolean, "boolean", False),
    (SmallInteger, "smallint", False),
    (BigInteger, "bigint", False),
    (Integer, "integer", False),
    (LargeBinary, "bytea", False),
    (String, "text", False),
)


def insert_arrays(table: Table, columns: Sequence[str], tail: str) -> str:
    """Return an INSERT of `columns` from as many `%b` arrays, ended by `tail` (ON CONFLICT, RETURNING)."""
    sent, values = [], []
    for name in columns:
        column: Column[object] = table.c[name]
        array, cast = _sent_as(column)
        sent.append(f"%b::{array}[]")
        values.append(f"{name}::{column.type.compile(_DIALECT)}" if cast else name)
    names = ", ".join(columns)
    return (  # every name in it is one of our own tables' and columns'
        f"INSERT INTO {table.name} AS stored ({names}) SELECT {', '.join(values)} "  # noqa: S608
        f"FROM unnest({', '.join(sent)}) AS given ({names}) {tail}"
    )


def _sent_as(column: Column[object]) -> tuple[str, bool]:
    for kind, array, cast in _SENT:
        if isinstance(column.type, kind):
            return array, cast
    raise TypeError(f"no array type for column {column}")


def _plain(value: object) -> object:
    """Let msgspec write the read-only mappings that entities hold."""
    try:
        return dict(value)  # type: ignore[call-overload]
    except TypeError:
        raise NotImplementedError(f"{type(value).__name__} is no JSON") from None


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)


def json_text(value: Json | JsonObject) -> str:
    """Return JSON as text."""
    return _ENCODER.encode(value).decode()
