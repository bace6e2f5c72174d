"""A book that changes: one client's rows are replaced without building the others again.

What changed lies in a small audience of its own beside the large one, where the old rows are marked as gone. Both are
asked, and their answers are one. When the small one has grown to a share of the book, both become one again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

import numpy as np
from attrs import define, evolve, field

from nudge_core.errors import Invalid
from nudge_core.matching.audience import Audience, Model, models_of, most_frequent
from nudge_core.matching.constraints import MatchSchema, Seeker, Subject
from nudge_core.matching.engine import shortlist
from nudge_core.matching.ranking import Ranking
from nudge_core.matching.shortlist import Shortlist

LEAST_CHANGED, CHANGED_SHARE = 64, 1 / 64
"""With more changed clients than the first, and more than this share of the book, the book is built anew."""


@define(eq=False)
class LiveBook:
    """A book of clients; make it with `of`. What it ranks is what a book built anew would rank.

    Not to be changed by several threads at once.
    """

    schema: MatchSchema
    _clients: dict[UUID, tuple[Seeker, ...]]
    _models: Counter[Model]
    _base: Audience
    _rows: Mapping[UUID, list[int]]
    _changed: set[UUID] = field(factory=set)
    _beside: Audience | None = None

    @classmethod
    def of(cls, schema: MatchSchema, seekers: Iterable[Seeker]) -> LiveBook:
        """Build a book. Raises Invalid as `Audience.build`."""
        everybody = tuple(seekers)
        base = Audience.build(schema, everybody)
        clients: dict[UUID, tuple[Seeker, ...]] = {}
        for seeker in everybody:
            clients[seeker.client_id] = (*clients.get(seeker.client_id, ()), seeker)
        return cls(schema, clients, models_of(everybody), base, _rows_of(base))

    @property
    def waiting(self) -> int:
        """How many clients changed since the book was last built."""
        return len(self._changed)

    def put(self, client_id: UUID, seekers: Sequence[Seeker]) -> None:
        """Replace what is known of a client; no seekers: the client is no longer in the book.

        Raises:
            Invalid: a seeker of another client; what cannot become a column. The book is then as it was.
        """
        if any(seeker.client_id != client_id for seeker in seekers):
            raise Invalid("book.put", f"seekers of {client_id}", client_id)
        Audience.build(self.schema, seekers)  # refused before anything is changed
        before = self._clients.pop(client_id, ())
        if seekers:
            self._clients[client_id] = tuple(seekers)
        self._models.subtract(models_of(before))
        self._models.update(models_of(seekers))
        if client_id not in self._changed:
            self._base = _without(self._base, self._rows.get(client_id, ()), before)
        self._changed.add(client_id)
        self._beside = None
        many = len(self._changed) > max(LEAST_CHANGED, CHANGED_SHARE * len(self._clients))
        if many or most_frequent(self._models) != self._base.model:
            self._build()

    def rank(self, subjects: Sequence[Subject], *, top: int) -> tuple[Ranking, ...]:
        """Return what `engine.rank` returns for the book as it is now."""
        base = shortlist(self._base, subjects, top=top)
        if not self._changed:
            return tuple(found.ranking() for found in base)
        if self._beside is None:
            changed = [seeker for own in self._changed for seeker in self._clients.get(own, ())]
            self._beside = Audience.build(self.schema, changed, model=self._base.model)
        beside = shortlist(self._beside, subjects, top=top)
        return tuple(_as_one(parts, top) for parts in zip(base, beside, strict=True))

    def _build(self) -> None:
        everybody = [seeker for own in self._clients.values() for seeker in own]
        self._base = Audience.build(self.schema, everybody)
        self._rows, self._changed, self._beside = _rows_of(self._base), set(), None


def _rows_of(audience: Audience) -> Mapping[UUID, list[int]]:
    rows: dict[UUID, list[int]] = {}
    for row, seeker in enumerate(audience.seekers):
        rows.setdefault(seeker.client_id, []).append(row)
    return rows


def _without(audience: Audience, rows: Sequence[int], seekers: Sequence[Seeker]) -> Audience:
    """Return the audience without these rows, and without those of the seekers who wish nothing."""
    silent = Counter(seeker.role for seeker in seekers if not seeker.wishes)
    return evolve(
        audience,
        gone=np.sort(np.append(audience.gone, np.array(rows, np.int32))),
        silent=MappingProxyType({role: number - silent[role] for role, number in audience.silent.items()}),
    )


def _as_one(parts: Sequence[Shortlist], top: int) -> Ranking:
    """Merge the rankings of parts that have no client in common."""
    places = [(found, place) for found in parts for place in range(len(found))]
    chosen = sorted(places, key=_order)[:top]
    excluded: Counter[str] = Counter()
    not_offered: Counter[str] = Counter(beyond_top=len(places) - len(chosen))
    for found in parts:
        excluded.update(found.excluded)
        not_offered.update(found.not_offered)
    return Ranking(
        subject_id=parts[0].subject.id,
        members=tuple(found.member(place) for found, place in chosen),
        considered=sum(found.considered for found in parts),
        excluded=MappingProxyType({name: n for name, n in excluded.items() if n}),
        not_offered=MappingProxyType({name: n for name, n in not_offered.items() if n}),
    )


def _order(item: tuple[Shortlist, int]) -> tuple[float, float, int, int, UUID]:
    """The order of `engine.shortlist`."""
    found, place = item
    seeker = found.audience.seekers[found.rows[place]]
    score, coverage, known = float(found.score[place]), float(found.coverage[place]), int(found.known[place])
    return -score, -coverage, -known, -seeker.recency, seeker.client_id
