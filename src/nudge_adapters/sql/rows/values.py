"""Values that need a hand between entity and row: vectors, JSON, lists of texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, cast

import numpy as np
from sqlalchemy import RowMapping

from nudge_core.model.json import Json, JsonObject, plain_json
from nudge_core.model.vector import Vector

Row: TypeAlias = RowMapping
NewRow: TypeAlias = dict[str, object]

_STORED = np.dtype("<f4")  # little-endian float32, whatever the machine


def vector_to_columns(name: str, vector: Vector | None) -> NewRow:
    """Return the two columns of a vector: its bytes and its model."""
    if vector is None:
        return {name: None, f"{name}_model": None}
    return {name: vector.values.astype(_STORED).tobytes(), f"{name}_model": vector.model_id}


def vector_from_row(row: Row, name: str) -> Vector | None:
    """Return the vector of two columns."""
    if row[name] is None:
        return None
    return Vector(np.frombuffer(row[name], dtype=_STORED).astype(np.float32), row[f"{name}_model"])


def to_object(value: JsonObject) -> object:
    """Return what a JSONB column takes."""
    return plain_json(value)


def texts_from(value: object) -> tuple[str, ...]:
    """Return a JSON list of texts."""
    return tuple(cast("list[str]", value))


def json_from(value: object) -> JsonObject:
    """Return a JSON object as the driver read it."""
    return cast("Mapping[str, Json]", value)
