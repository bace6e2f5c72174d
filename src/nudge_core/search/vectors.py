"""Exact search: the nearest vectors of one practice, never fewer and never another's.

Rows are sorted by tenant, with one array of offsets: a practice is a slice, and a question is one product with it.
There is no approximate index, because under a tenant filter it returns too few rows and does not say so. Source:
`performance.md` section 4.

float32 is fast, and depends on the order in which a product is summed. So it picks candidates, whoever could be among
the nearest; these are settled in float64, row by row. The answer is the same alone and in a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.semantic import error_bound, streamed
from nudge_core.model.vector import Vector

Floats = NDArray[np.float32]

TOGETHER = 64  # questions of one product: with 100,000 rows its result is 26 MB


@frozen(eq=False)
class Nearest:
    """What lies nearest, best first: `ids`, and `cosines` as float64 of the same length, falling."""

    ids: tuple[UUID, ...]
    cosines: NDArray[np.float64]


@frozen(eq=False)
class VectorSlice:
    """The vectors of one practice. `ids`: rising, each once. `matrix`: float32, C-contiguous, rows of length 1."""

    model_id: str
    ids: Sequence[UUID]
    matrix: Floats

    @classmethod
    def build(cls, model_id: str, vectors: Mapping[UUID, Vector], dim: int) -> VectorSlice:
        """Return a slice of these. Raises Invalid for a vector of another model or size."""
        ids = tuple(sorted(vectors))
        matrix = np.empty((len(ids), dim), np.float32)
        for row, own in enumerate(ids):
            vector = vectors[own]
            if (vector.model_id, vector.dim) != (model_id, dim):
                raise Invalid("search.vector", f"made by {model_id}, of {dim} values", vector)
            matrix[row] = vector.values
        return cls(model_id, ids, matrix)

    def nearest(self, query: Floats, k: int) -> Nearest:
        """Return the `k` nearest to a query of length 1, or all where there are fewer.

        Ordered by cosine, falling, then by id. Raises Invalid for a query of another size and for `k` below 1.
        """
        return self.nearest_of_each(query[np.newaxis], k)[0]

    def nearest_of_each(self, queries: Floats, k: int) -> tuple[Nearest, ...]:
        """Return what `nearest` does, for each row of `queries`; many share one product."""
        if k < 1:
            raise Invalid("search.k", "at least 1", k)
        if queries.ndim != 2 or queries.shape[1] != self.matrix.shape[1]:
            raise Invalid("search.query", f"{self.matrix.shape[1]} values", queries.shape)
        found: list[Nearest] = []
        for start in range(0, len(queries), TOGETHER):
            part = queries[start : start + TOGETHER]
            rough = streamed(self.matrix, part[0])[np.newaxis] if len(part) == 1 else part @ self.matrix.T
            found.extend(self._settled(line, query, k) for line, query in zip(rough, part, strict=True))
        return tuple(found)

    def changed(self, put: Mapping[UUID, Vector], gone: Iterable[UUID] = ()) -> VectorSlice:
        """Return a slice with these put in, in place of what had their ids, and those that are gone left out.

        Costs a copy of the slice, and no look at a vector that did not change.
        """
        fresh = VectorSlice.build(self.model_id, put, self.matrix.shape[1])
        out = {*put, *gone}
        kept = [row for row, own in enumerate(self.ids) if own not in out]
        ids = [*(self.ids[row] for row in kept), *fresh.ids]
        order = sorted(range(len(ids)), key=ids.__getitem__)
        matrix = np.empty((len(ids), self.matrix.shape[1]), np.float32)
        places = np.empty(len(ids), np.intp)
        places[order] = np.arange(len(ids))
        matrix[places[: len(kept)]] = self.matrix[kept]
        matrix[places[len(kept) :]] = fresh.matrix
        return evolve(self, ids=tuple(ids[place] for place in order), matrix=matrix)

    def _settled(self, rough: Floats, query: Floats, k: int) -> Nearest:
        places = np.arange(rough.size)
        if k < rough.size:
            # Each of the k best by estimate truly lies above limit - error, so nobody below limit - 2 errors can win.
            limit = np.partition(rough, rough.size - k)[rough.size - k]
            places = np.flatnonzero(rough >= limit - 2 * error_bound(query.size))
        # Summed row by row, so that a row gives the same cosine among whatever candidates.
        cosines = (self.matrix[places].astype(np.float64) * query.astype(np.float64)).sum(axis=1)
        best = np.lexsort((places, -cosines))[:k]
        return Nearest(tuple(self.ids[place] for place in places[best].tolist()), cosines[best])


@frozen(eq=False)
class TenantVectors:
    """The vectors of many practices in one matrix, sorted by tenant and within a tenant by id.

    `tenants`: which slice is whose. `offsets`: slice t is `matrix[offsets[t]:offsets[t + 1]]`. `changed`: slices that
    were changed since, and are no longer read from the matrix.
    """

    model_id: str
    tenants: Mapping[UUID, int]
    offsets: NDArray[np.int64]
    ids: tuple[UUID, ...]
    matrix: Floats
    changed: Mapping[UUID, VectorSlice] = MappingProxyType({})

    @classmethod
    def build(cls, model_id: str, dim: int, books: Mapping[UUID, Mapping[UUID, Vector]]) -> TenantVectors:
        """Put the vectors of all practices into one matrix. Raises Invalid as `VectorSlice.build` does."""
        tenants = sorted(books)
        offsets = np.cumsum([0, *(len(books[tenant]) for tenant in tenants)], dtype=np.int64)
        matrix = np.empty((int(offsets[-1]), dim), np.float32)
        ids: list[UUID] = []
        for tenant, start, stop in zip(tenants, offsets[:-1], offsets[1:], strict=True):
            own = VectorSlice.build(model_id, books[tenant], dim)
            matrix[start:stop] = own.matrix
            ids.extend(own.ids)
        numbers = {tenant: number for number, tenant in enumerate(tenants)}
        return cls(model_id, MappingProxyType(numbers), offsets, tuple(ids), matrix)

    def of(self, tenant: UUID) -> VectorSlice:
        """Return the slice of a practice, a view of the matrix; an empty one for a tenant nobody knows."""
        if tenant in self.changed:
            return self.changed[tenant]
        number = self.tenants.get(tenant)
        start, stop = (0, 0) if number is None else self.offsets[number : number + 2].tolist()
        return VectorSlice(self.model_id, self.ids[start:stop], self.matrix[start:stop])

    def put(self, tenant: UUID, vectors: Mapping[UUID, Vector], gone: Iterable[UUID] = ()) -> TenantVectors:
        """Return it with changes of one practice; the others' rows are not touched, and not copied."""
        changed = {**self.changed, tenant: self.of(tenant).changed(vectors, gone)}
        return evolve(self, changed=MappingProxyType(changed))
