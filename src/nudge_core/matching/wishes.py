"""The wishes of a whole book, apart by field, on their way to columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.columns import (
    Column,
    FeatureColumn,
    NearColumn,
    NumberColumn,
    RefusalColumn,
    TermsColumn,
)
from nudge_core.matching.constraints import (
    FeatureWish,
    MatchSchema,
    NearField,
    NearWish,
    NumberField,
    NumberWish,
    Seeker,
    TermsField,
    TermsWish,
)

Counts: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.int32]

MOST_WEIGHT = 2**20
"""Greatest total weight of a row, times the denominator of the text share. Below it two scores that differ as
fractions differ as float64 as well, so sorting by float64 is sorting exactly: fractions of such denominators lie at
least 2**-40 / 10 apart, neighbouring floats up to 100 less than 2**-46."""

MOST_WISHES = 2**16 - 1  # of one client in one role: what a column counts


@frozen
class Wishes:
    """All wishes of a book with their rows, sorted apart by field, ready to become columns."""

    rows: int
    by_field: Mapping[str, list[tuple[int, NumberWish | TermsWish | NearWish]]]
    features: list[tuple[int, FeatureWish]]

    @classmethod
    def read(cls, schema: MatchSchema, seekers: Sequence[Seeker]) -> Wishes:
        by_field: dict[str, list[tuple[int, NumberWish | TermsWish | NearWish]]] = {}
        features: list[tuple[int, FeatureWish]] = []
        for row, seeker in enumerate(seekers):
            for wish in seeker.wishes:
                if isinstance(wish, FeatureWish):
                    features.append((row, wish))
                else:
                    by_field.setdefault(wish.field, []).append((row, wish))
        for name, wished in by_field.items():
            kind = _KIND[type(schema.field_named(name))]
            if wrong := [wish for _, wish in wished if not isinstance(wish, kind)]:
                raise Invalid(f"wish.{name}", f"a {kind.__name__}", wrong[0])
        return cls(len(seekers), by_field, features)

    def columns(self, schema: MatchSchema) -> Iterator[Column]:
        """Yield the columns in schema order; none for what nobody wishes."""
        for declared in schema.fields:
            wished = self.by_field.get(declared.name, [])
            if isinstance(declared, NumberField):
                numbers = [(row, wish) for row, wish in wished if isinstance(wish, NumberWish)]
                if numbers:
                    yield NumberColumn.build(declared, numbers, self.rows)
            elif isinstance(declared, TermsField):
                terms = [(row, wish) for row, wish in wished if isinstance(wish, TermsWish)]
                if any_of := [(row, wish) for row, wish in terms if wish.any_of]:
                    yield TermsColumn.build(declared, any_of, self.rows)
                if none_of := [(row, wish) for row, wish in terms if wish.none_of]:
                    yield RefusalColumn.build(declared, none_of, self.rows, schema.refusal_weight)
            else:
                near = [(row, wish) for row, wish in wished if isinstance(wish, NearWish)]
                if near:
                    yield NearColumn.build(declared, near)
        if self.features:
            yield FeatureColumn.build(self.features, self.rows, schema.feature_weight)

    def weights(self, schema: MatchSchema) -> tuple[Counts, Counts]:
        """Return the total weight of every row, and how many constraints it has."""
        weight, number = np.zeros((2, self.rows), np.int64)
        for name, wished in self.by_field.items():
            declared = schema.field_named(name)
            for row, wish in wished:
                positive = not isinstance(wish, TermsWish) or bool(wish.any_of)
                refusing = isinstance(wish, TermsWish) and bool(wish.none_of)
                weight[row] += positive * declared.weight + refusing * schema.refusal_weight
                number[row] += positive + refusing
        features = np.bincount([row for row, _ in self.features], minlength=self.rows) if self.features else 0
        weight, number = weight + schema.feature_weight * features, number + features
        if weight.size and int(weight.max()) * schema.text_parts[1] > MOST_WEIGHT:
            raise Invalid("seeker.wishes", f"a total weight of at most {MOST_WEIGHT // schema.text_parts[1]}", None)
        if number.size and int(number.max()) > MOST_WISHES:
            raise Invalid("seeker.wishes", f"at most {MOST_WISHES} of them", None)
        return narrowed(weight), narrowed(number)


def narrowed(counts: NDArray[np.int64]) -> Counts:
    """Return counts in the narrowest type that holds them all."""
    most = int(counts.max(initial=0))
    if most <= np.iinfo(np.uint8).max:
        return counts.astype(np.uint8)
    return counts.astype(np.uint16) if most <= np.iinfo(np.uint16).max else counts.astype(np.int32)


_KIND: Mapping[type, type] = {NumberField: NumberWish, TermsField: TermsWish, NearField: NearWish}
