"""A book of clients as columns: what an event is compared with, for all of them at once.

Rows are sorted by role, then by book where there are several, then by the areas wished and by what can be paid. Who
qualifies for an offer is then a few stretches of rows, and only those are multiplied with its text
(`semantic.dot_products`); who does not is a mask, a byte a row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.avoided import Avoided
from nudge_core.matching.columns import Column
from nudge_core.matching.columns.column import Places, Rows
from nudge_core.matching.columns.number import NO_MAXIMUM
from nudge_core.matching.constraints import (
    MatchSchema,
    NumberField,
    NumberWish,
    Seeker,
    Subject,
    TermsField,
    TermsWish,
)
from nudge_core.matching.semantic import Meanings
from nudge_core.matching.sheet import Bools
from nudge_core.matching.wishes import Counts, Wishes
from nudge_core.model.client import Role

Model: TypeAlias = tuple[str, int]
"""Name of a model of texts, and the number of values of its vectors."""

Number: TypeAlias = int | NDArray[np.int64]
"""How many: of one book, or of each of several."""

_NOBODY: Rows = np.empty(0, np.int32)


@frozen(eq=False, kw_only=True)
class Audience:
    """Clients as columns; build it with `build`. What changes of a book cost: `nudge_core.matching.live`.

    `seekers`: those who wish something, in the order of the rows. `stretches`: where each role's rows start and end.
    `columns`: in schema order. `weight`: the total weight of each row. `wishes`: how many constraints that is.
    `freshness`: int32, the rank of each row by recency (the freshest is 0), client id and role. `shared`: rows of
    clients who have several, sorted by client; `shared_starts`: where each client's begin. `silent`: how many of each
    role wish nothing. `avoided`: what dismissals took out for them. `gone`: rows, ascending, that are no longer in the
    book. `books`: how many books these are;
    `book_of`: int32, the book of each row, None where there is one.
    """

    schema: MatchSchema
    seekers: tuple[Seeker, ...]
    stretches: Mapping[Role, tuple[int, int]]
    columns: tuple[Column, ...]
    weight: Counts
    wishes: Counts
    freshness: Rows
    shared: Rows
    shared_starts: Places
    silent: Mapping[Role, Number]
    meanings: Meanings | None
    avoided: Avoided | None = None
    gone: Rows = _NOBODY
    books: int = 1
    book_of: Rows | None = None

    @classmethod
    def build(
        cls,
        schema: MatchSchema,
        seekers: Iterable[Seeker],
        *,
        of: Sequence[int] | None = None,
        model: Model | None = None,
    ) -> Audience:
        """Turn a book into columns. The order of `seekers` makes no difference.

        Args:
            schema: the fields there are.
            seekers: the clients; of several books together where `of` is given.
            of: the number of each seeker's book, from 0.
            model: whose vectors are compared; None: that of most of them.

        Raises:
            Invalid: a wish for a field the schema has not, or of another kind; a bound beyond int32; more than
                `MOST_KINDS` kinds of terms in one field; two seekers of one client and role; too much weight.
        """
        everybody = tuple(seekers)
        speaking = [place for place, seeker in enumerate(everybody) if seeker.wishes]
        identity = _identities(everybody, speaking)
        book = np.zeros(len(everybody), np.int32) if of is None else np.asarray(of, np.int32)
        books = 1 if of is None else int(book.max(initial=-1)) + 1
        heard = [everybody[place] for place in speaking]
        limits = np.array([_limit(schema, seeker) for seeker in heard], np.int64)
        places = np.array([_PLACES[seeker.role] for seeker in heard], np.int64)
        order = np.lexsort((identity, -limits, _neighbourhoods(schema, heard), book[speaking], places))
        rows = tuple(heard[index] for index in order)
        wishes = Wishes.read(schema, rows)
        weight, number = wishes.weights(schema)
        client = identity[order]
        shared, shared_starts = _shared(client)
        recency = np.array([seeker.recency for seeker in rows], np.int64)
        freshness = np.empty(len(rows), np.int32)
        by_role = np.array([_ROLES[seeker.role] for seeker in rows], np.int64)
        freshness[np.lexsort((by_role, client, -recency))] = np.arange(len(rows), dtype=np.int32)
        return cls(
            schema=schema,
            seekers=rows,
            stretches=_stretches(rows),
            columns=tuple(wishes.columns(schema)),
            weight=weight,
            wishes=number,
            freshness=freshness,
            shared=shared,
            shared_starts=shared_starts,
            silent=_silent(everybody, book, books, of is not None),
            meanings=_meanings(rows, model),
            avoided=Avoided.of(seeker.avoidances for seeker in rows),
            books=books,
            book_of=None if of is None else book[speaking][order],
        )

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays; the seekers themselves are not counted."""
        own = [self.weight, self.wishes, self.freshness, self.shared, self.shared_starts, self.gone]
        own += [] if self.book_of is None else [self.book_of]
        columns = sum(column.nbytes for column in self.columns)
        return sum(array.nbytes for array in own) + columns + (self.meanings.nbytes if self.meanings else 0)

    @property
    def bytes_per_client(self) -> float:
        """Bytes of all arrays per row."""
        return self.nbytes / max(1, len(self.seekers))

    @property
    def model(self) -> Model | None:
        """Whose vectors are compared; None where there are none."""
        return None if self.meanings is None else (self.meanings.model_id, self.meanings.matrix.shape[1])

    def spans(self, subject: Subject) -> list[slice]:
        """Return the rows of the roles the event considers: slices, ascending, none empty, neighbours as one."""
        spans: list[slice] = []
        for role in _PLACES:
            start, stop = self.stretches[role]
            if role not in subject.considers or start == stop:
                continue
            if spans and spans[-1].stop == start:
                start = spans.pop().start
            spans.append(slice(start, stop))
        return spans

    def counted(self, mask: Bools, span: slice) -> Number:
        """Return how many of a mask over a span are set, by book where there are several."""
        if self.book_of is None:
            return int(np.count_nonzero(mask))
        return np.bincount(self.book_of[span][mask], minlength=self.books)

    def counted_rows(self, rows: Rows) -> Number:
        """Return how many rows these are, by book where there are several."""
        return rows.size if self.book_of is None else np.bincount(self.book_of[rows], minlength=self.books)


_ROLES = {role: number for number, role in enumerate(Role)}
_PLACES = {
    role: place for place, role in enumerate((Role.BUYER, Role.INVESTOR, Role.SELLER_PROSPECT, Role.PAST_CLIENT))
}
"""Where the rows of a role lie: roles that are told of the same events are neighbours."""


def _identities(everybody: Sequence[Seeker], speaking: Sequence[int]) -> NDArray[np.int64]:
    """Return the rank of each speaking seeker's client id; refuse one client twice in one role."""
    seen = Counter((seeker.client_id, seeker.role) for seeker in everybody)
    if len(seen) != len(everybody):
        raise Invalid("audience.seekers", "one seeker per client and role", [pair for pair, n in seen.items() if n > 1])
    ranks = {own: rank for rank, own in enumerate(sorted({everybody[place].client_id for place in speaking}))}
    return np.array([ranks[everybody[place].client_id] for place in speaking], np.int64)


def _limit(schema: MatchSchema, seeker: Seeker) -> int:
    """Return the upper bound of the first field, in steps; beyond all of them where there is none."""
    first = schema.fields[0] if schema.fields else None
    for wish in seeker.wishes:
        if isinstance(wish, NumberWish) and isinstance(first, NumberField) and wish.field == first.name:
            return NO_MAXIMUM if wish.maximum is None else min(NO_MAXIMUM, first.at_most(wish.maximum))
    return NO_MAXIMUM


def _neighbourhoods(schema: MatchSchema, heard: Sequence[Seeker]) -> NDArray[np.int64]:
    """Return a rank by the wished terms of the first field of terms: those without first, the like-minded together."""
    first = next((declared.name for declared in schema.fields if isinstance(declared, TermsField)), None)
    wished = [
        next(
            (wish.any_of for wish in seeker.wishes if isinstance(wish, TermsWish) and wish.field == first), frozenset()
        )
        for seeker in heard
    ]
    ranks = {terms: rank for rank, terms in enumerate(sorted(set(wished), key=sorted))}
    return np.array([ranks[terms] for terms in wished], np.int64)


def _stretches(rows: Sequence[Seeker]) -> Mapping[Role, tuple[int, int]]:
    places = np.array([_PLACES[seeker.role] for seeker in rows], np.int64)
    cuts = np.searchsorted(places, np.arange(len(_PLACES) + 1)).tolist()
    return MappingProxyType({role: (cuts[place], cuts[place + 1]) for role, place in _PLACES.items()})


def _silent(everybody: Sequence[Seeker], book: Rows, books: int, several: bool) -> Mapping[Role, Number]:
    found: dict[Role, Number] = {}
    for role in Role:
        quiet = [place for place, seeker in enumerate(everybody) if seeker.role is role and not seeker.wishes]
        found[role] = np.bincount(book[quiet], minlength=books) if several else len(quiet)
    return MappingProxyType(found)


def _shared(client: NDArray[np.int64]) -> tuple[Rows, Places]:
    """Return the rows of clients who have several, sorted by client, and where each client's begin."""
    rows = np.argsort(client, kind="stable")
    first = np.flatnonzero(np.diff(client[rows], prepend=-1))
    counts = np.diff(first, append=rows.size)
    several = np.repeat(counts > 1, counts)
    counts = counts[counts > 1]
    return rows[several].astype(np.int32), np.cumsum(counts) - counts


def models_of(seekers: Iterable[Seeker]) -> Counter[Model]:
    """Count the vectors of these by model; of those who wish something."""
    return Counter(
        (vector.model_id, vector.dim)
        for seeker in seekers
        if seeker.wishes
        for vector in (seeker.vector, *seeker.avoid)
        if vector is not None
    )


def most_frequent(models: Mapping[Model, int]) -> Model | None:
    """Return the model of most vectors, the first by name and size of several; None where there are no vectors."""
    there = [model for model, count in models.items() if count]
    return min(there, key=lambda model: (-models[model], model), default=None)


def _meanings(rows: Sequence[Seeker], model: Model | None) -> Meanings | None:
    """Gather the vectors of the model; those of any other are as good as absent."""
    chosen = model or most_frequent(models_of(rows))
    if chosen is None:
        return None
    texts = [(r, v) for r, s in enumerate(rows) if (v := s.vector) is not None and (v.model_id, v.dim) == chosen]
    avoided = [(r, v) for r, s in enumerate(rows) for v in s.avoid if (v.model_id, v.dim) == chosen]
    row_of = None
    if len(texts) < len(rows):
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
