"""Values that entities are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st

from nudge_core.model.json import Json
from nudge_core.model.vector import Vector

T = TypeVar("T")

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LARGEST_NUMBER = 10**12  # JSON numbers beyond this are nobody's price, and JSONB keeps decimals rather than floats


def texts(at_most: int = 40, *, at_least: int = 0) -> st.SearchStrategy[str]:
    """Any text that can be stored: no NUL, no half of a surrogate pair, and not only blanks where one is needed."""
    any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=at_most)
    return any_text.filter(lambda text: len(text.strip()) >= at_least)


def words(at_most: int = 12) -> st.SearchStrategy[str]:
    """A short plain word."""
    return st.text("abcdefghij", min_size=1, max_size=at_most)


def instants() -> st.SearchStrategy[datetime]:
    """An instant in 2026, to the microsecond."""
    return st.integers(0, 365 * 86_400_000_000).map(lambda us: EPOCH + timedelta(microseconds=us))


def phones() -> st.SearchStrategy[str]:
    """An E.164 number."""
    return st.integers(10**6, 10**14 - 1).map(lambda number: f"+1{number}")


def emails() -> st.SearchStrategy[str]:
    """An address."""
    return st.builds(lambda who, where: f"{who}@{where}.example", words(), words())


def zones() -> st.SearchStrategy[str]:
    """A time zone with rules of its own."""
    return st.sampled_from(["America/Chicago", "America/Phoenix", "America/New_York", "Pacific/Honolulu", "UTC"])


def jsons(depth: int = 3) -> st.SearchStrategy[Json]:
    """A JSON value as the entities take it, with numbers of a sane size."""
    numbers = st.integers(-LARGEST_NUMBER, LARGEST_NUMBER) | st.floats(
        -LARGEST_NUMBER, LARGEST_NUMBER, allow_nan=False, allow_infinity=False, allow_subnormal=False
    )
    scalars: st.SearchStrategy[Json] = st.none() | st.booleans() | numbers | texts(20)
    if depth == 0:
        return scalars
    deeper = jsons(depth - 1)
    return scalars | st.lists(deeper, max_size=3) | st.dictionaries(texts(8), deeper, max_size=3)


def json_objects() -> st.SearchStrategy[dict[str, Json]]:
    """A JSON object."""
    return st.dictionaries(texts(8), jsons(2), max_size=3)


def vectors(dim: int = 4) -> st.SearchStrategy[Vector]:
    """A vector of one of two models."""
    number = st.floats(-1, 1, width=32).filter(lambda value: abs(value) > 1e-3)
    values = st.lists(number, min_size=dim, max_size=dim).map(lambda row: np.array(row, dtype=np.float32))
    return st.builds(Vector, values, st.sampled_from(["static-4", "other-4"]))


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """Sometimes absent."""
    return st.none() | strategy


def entity(kind: type[T], defaults: dict[str, Any], fixed: dict[str, Any]) -> st.SearchStrategy[T]:
    """Any entity of a kind, with what is fixed in place of what would be drawn."""
    chosen = defaults | fixed
    drawn = {n: v if isinstance(v, st.SearchStrategy) else st.just(v) for n, v in chosen.items()}
    return st.builds(kind, **drawn)
