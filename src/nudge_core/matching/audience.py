"""A book of clients as columns: what an event is compared with, for all of them at once.

Rows are sorted by role, and within a role by the hard upper bound of the schema's first field, falling, those without
one first: for a price, whoever cannot afford it is the end of a stretch of rows and is never looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

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
from nudge_core.matching.columns.column import Places, Rows
from nudge_core.matching.columns.number import NO_MAXIMUM
from nudge_core.matching.constraints import (
    FeatureWish,
    MatchSchema,
    NearField,
    NearWish,
    NumberField,
    NumberWish,
    Seeker,
    Subject,
    TermsField,
    TermsWish,
)
from nudge_core.matching.semantic import Meanings
from nudge_core.model.briefing import Strength
from nudge_core.model.client import Role

MOST_WEIGHT = 2**20
"""Greatest total weight of a row, times the denominator of the text share. Below it two scores that differ as
fractions differ as float64 as well, so sorting by float64 is sorting exactly: fractions of such denominators lie at
least 2**-40 / 10 apart, neighbouring floats up to 100 less than 2**-46."""

MOST_WISHES = 2**16 - 1  # of one client in one role: what a column counts


@frozen(eq=False, kw_only=True)
class Audience:
    """Clients as columns; build it with `build`, once per change of the book.

    `seekers`: those who wish something, in the order of the rows. `stretches`: where each role's rows start, where
    those with a hard upper bound of the first field start, and where they end. `columns`: in schema order.
    `weight`: int32, the total weight of each row. `wishes`: uint16, how many constraints that is. `freshness`: int32,
    the rank of each row by recency (the freshest is 0), client id and role. `shared`: rows of clients who have
    several, sorted by client; `shared_starts`: where each client's begin. `silent`: how many of each role wish
    nothing.
    """

    schema: MatchSchema
    seekers: tuple[Seeker, ...]
    stretches: Mapping[Role, tuple[int, int, int]]
    columns: tuple[Column, ...]
    weight: Rows
    wishes: NDArray[np.uint16]
    freshness: Rows
    shared: Rows
    shared_starts: Places
    silent: Mapping[Role, int]
    meanings: Meanings | None

    @classmethod
    def build(cls, schema: MatchSchema, seekers: Iterable[Seeker]) -> Audience:
        """Turn a book into columns. The order of `seekers` makes no difference.

        Raises:
            Invalid: a wish for a field the schema has not, or of another kind; a bound beyond int32; more than
                `MOST_KINDS` kinds of terms in one field; two seekers of one client and role; too much weight.
        """
        everybody = tuple(seekers)
        speaking = [seeker for seeker in everybody if seeker.wishes]
        silent = Counter(seeker.role for seeker in everybody if not seeker.wishes)
        identity = _identities(everybody, speaking)
        limits = np.array([_hard_limit(schema, seeker) for seeker in speaking], np.int64)
        roles = np.array([_ROLES[seeker.role] for seeker in speaking], np.int64)
        order = np.lexsort((identity, -limits, roles))
        rows = tuple(speaking[index] for index in order)
        wishes = _Wishes.read(schema, rows)
        weight, number = wishes.weights(schema)
        client = identity[order]
        shared, shared_starts = _shared(client)
        recency = np.array([seeker.recency for seeker in rows], np.int64)
        freshness = np.empty(len(rows), np.int32)
        freshness[np.lexsort((roles[order], client, -recency))] = np.arange(len(rows), dtype=np.int32)
        return cls(
            schema=schema,
            seekers=rows,
            stretches=_stretches(roles[order], limits[order]),
            columns=tuple(wishes.columns(schema)),
            weight=weight,
            wishes=number,
            freshness=freshness,
            shared=shared,
            shared_starts=shared_starts,
            silent=MappingProxyType(silent),
            meanings=_meanings(rows),
        )

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays; the seekers themselves are not counted."""
        own = (
            self.weight.nbytes
            + self.wishes.nbytes
            + self.freshness.nbytes
            + self.shared.nbytes
            + self.shared_starts.nbytes
        )
        return own + sum(c.nbytes for c in self.columns) + (self.meanings.nbytes if self.meanings else 0)

    @property
    def bytes_per_client(self) -> float:
        """Bytes of all arrays per row."""
        return self.nbytes / max(1, len(self.seekers))

    def spans(self, subject: Subject) -> Iterator[tuple[slice, int]]:
        """Yield, per role the event considers, the rows worth looking at, and how many the first field excludes."""
        limit = self._first_limit(subject)
        for role in Role:
            start, limited, stop = self.stretches.get(role, (0, 0, 0))
            if role not in subject.considers or start == stop:
                continue
            end = stop if limit is None else bisect_right(range(stop), -limit[1], limited, key=lambda r: -limit[0][r])
            yield slice(start, end), stop - end

    def _first_limit(self, subject: Subject) -> tuple[Rows, int] | None:
        """Return the upper bounds of the first field and the offer in its steps, if they can cut a stretch short."""
        first = self.columns[0] if self.columns else None
        if not isinstance(first, NumberColumn) or first.declared != self.schema.fields[0] or first.maximum is None:
            return None
        value = subject.numbers.get(first.name)
        if value is None or subject.requires:
            return None
        return first.maximum, first.declared.at_least(value)


_ROLES = {role: number for number, role in enumerate(Role)}


def _identities(everybody: Sequence[Seeker], speaking: Sequence[Seeker]) -> NDArray[np.int64]:
    """Return the rank of each speaking seeker's client id; refuse one client twice in one role."""
    seen = Counter((seeker.client_id, seeker.role) for seeker in everybody)
    if len(seen) != len(everybody):
        raise Invalid("audience.seekers", "one seeker per client and role", [pair for pair, n in seen.items() if n > 1])
    ranks = {client_id: rank for rank, client_id in enumerate(sorted({s.client_id for s in speaking}))}
    return np.array([ranks[seeker.client_id] for seeker in speaking], np.int64)


def _hard_limit(schema: MatchSchema, seeker: Seeker) -> int:
    """Return the hard upper bound of the first field, in steps; beyond all of them where there is none."""
    first = schema.fields[0] if schema.fields else None
    for wish in seeker.wishes:
        if isinstance(wish, NumberWish) and isinstance(first, NumberField) and wish.field == first.name:
            if wish.maximum is not None and wish.strength is Strength.HARD:
                return first.at_most(wish.maximum)
            break
    return NO_MAXIMUM


def _stretches(roles: NDArray[np.int64], limits: NDArray[np.int64]) -> Mapping[Role, tuple[int, int, int]]:
    found = {}
    for role, number in _ROLES.items():
        start, stop = (int(cut) for cut in np.searchsorted(roles, [number, number + 1]))
        unlimited = int(np.count_nonzero(limits[start:stop] == NO_MAXIMUM))
        found[role] = (start, start + unlimited, stop)
    return MappingProxyType(found)


def _shared(client: NDArray[np.int64]) -> tuple[Rows, Places]:
    """Return the rows of clients who have several, sorted by client, and where each client's begin."""
    rows = np.argsort(client, kind="stable")
    first = np.flatnonzero(np.diff(client[rows], prepend=-1))
    counts = np.diff(first, append=rows.size)
    several = np.repeat(counts > 1, counts)
    counts = counts[counts > 1]
    return rows[several].astype(np.int32), np.cumsum(counts) - counts


def _meanings(rows: Sequence[Seeker]) -> Meanings | None:
    """Gather the vectors of the model most vectors are of; those of any other are as good as absent."""
    texts = [(row, seeker.vector) for row, seeker in enumerate(rows) if seeker.vector is not None]
    avoided = [(row, vector) for row, seeker in enumerate(rows) for vector in seeker.avoid]
    models = Counter((vector.model_id, vector.dim) for _, vector in (*texts, *avoided))
    if not models:
        return None
    chosen = min(models, key=lambda model: (-models[model], model))
    texts = [(row, vector) for row, vector in texts if (vector.model_id, vector.dim) == chosen]
    avoided = [(row, vector) for row, vector in avoided if (vector.model_id, vector.dim) == chosen]
    row_of = np.full(len(rows), -1, np.int32)
    row_of[[row for row, _ in texts]] = np.arange(len(texts), dtype=np.int32)
    matrix, avoid = (np.empty((len(group), chosen[1]), np.float32) for group in (texts, avoided))
    for place, (_, vector) in enumerate(texts):
        matrix[place] = vector.values
    for place, (_, vector) in enumerate(avoided):
        avoid[place] = vector.values
    return Meanings(
        model_id=chosen[0],
        matrix=matrix,
        row_of=row_of,
        avoid=avoid,
        avoided_by=np.array([row for row, _ in avoided], np.int32),
    )


@frozen
class _Wishes:
    """All wishes of a book with their rows, sorted apart by field, ready to become columns."""

    rows: int
    by_field: Mapping[str, list[tuple[int, NumberWish | TermsWish | NearWish]]]
    features: list[tuple[int, FeatureWish]]

    @classmethod
    def read(cls, schema: MatchSchema, seekers: Sequence[Seeker]) -> _Wishes:
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

    def weights(self, schema: MatchSchema) -> tuple[Rows, NDArray[np.uint16]]:
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
        return weight.astype(np.int32), number.astype(np.uint16)


_KIND: Mapping[type, type] = {NumberField: NumberWish, TermsField: TermsWish, NearField: NearWish}
