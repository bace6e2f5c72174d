"""Similarity of texts: cosines of normalised vectors, counted in whole thousandths.

float32 is fast and depends on the order in which a product is summed. So it only picks candidates; what is reported
or decided upon is settled in float64, and where even that lies too near a step, by the exactly rounded sum. The
result is that of `cosine`, whatever path led to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.matching.constraints import FULL
from nudge_core.model.vector import Vector

TOO_SIMILAR = 0.85
"""An offer whose cosine with something dismissed for the same client is above this is not made again. Source: the
predecessor's constant (`performance.md` section 2), kept (P)."""

NEUTRAL = 100
"""Thousandths of similarity counted for a client without a text of the audience's model, where the offer has one.

Silence must neither outrank evidence nor fall behind texts that have nothing to do with the offer. So it counts what
such texts score: 0.10 is the median cosine, by the local embedder, of a realtor's notes and descriptions of homes they
have nothing to do with. `docs/reference/matching.md` tells how that was measured.
"""

SETTLE = 1e-9
"""A float64 cosine nearer than this to a step is computed exactly. Its error is below d * 2**-53: 4e-13 for 4,096."""

DENSE_SHARE, DENSE_SHARE_ALONE, STREAMED_SHARE = 0.03, 0.4, 0.2
"""A tile of rows is read whole for offers that want more than DENSE_SHARE of its rows, if all they want of it is more
than reading it whole costs. Costs are in gathered tiles: DENSE_SHARE_ALONE and DENSE_SHARE an offer as one product,
STREAMED_SHARE an offer one by one. Measured, cold, in ns a pair of 384 (1,536) values: gathered 265 (about 1,000), in
a product 8 (31) and 160 (440) shared by its offers, streamed 55 (220)."""

TILE = 2_048  # rows of one product: 512 to 4,096 are equally fast; smaller ones leave out more, and cost more calls
TILE_ALONE = 32_768  # rows that are read at once for a single offer; performance.md 3.2
GATHER = 256  # rows gathered at once: of 1,536 values that is 1.5 MB; larger copies leave the cache
WIDE = 160  # offers from which on the product is faster the one way round, below it the other

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]


def cosine(one: Vector, other: Vector) -> float:
    """Return the cosine of two vectors of one model: the exactly rounded sum of the products of their values."""
    return _exact(one.values, other.values)


def similarity(one: Vector, other: Vector) -> int:
    """Return clip(cosine, 0, 1) in thousandths, rounded half to even."""
    return _stepped(cosine(one, other))


def error_bound(dim: int) -> float:
    """Return how far a float32 dot product of two normalised vectors may lie from the true one, in any order of sum.

    Source: the bound n * u / (1 - n * u) on a dot product (Higham), u = 2**-24, with room for the vectors' lengths.
    """
    return (dim + 32) * 2.0**-24


def _exact(one: Floats, other: Floats) -> float:
    # Products of two float32 are exact in float64; fsum rounds their sum once.
    return math.fsum((one.astype(np.float64) * other.astype(np.float64)).tolist())


def _stepped(value: float) -> int:
    return min(FULL, max(0, round(FULL * value)))


@frozen(eq=False)
class Meanings:
    """The vectors of an audience.

    `matrix`: shape (texts, dim) float32, C-contiguous, rows of length 1 in the order of the audience's rows. `row_of`:
    shape (rows,) int32, the matrix row of each audience row, -1 without a text; None where every row has one. `avoid`:
    shape (dismissed, dim) float32; `avoided_by`: shape (dismissed,) int32, ascending, the audience row each belongs to.
    """

    model_id: str
    matrix: Floats
    row_of: Rows | None
    avoid: Floats
    avoided_by: Rows

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        places = 0 if self.row_of is None else self.row_of.nbytes
        return self.matrix.nbytes + places + self.avoid.nbytes + self.avoided_by.nbytes

    def readable(self, vector: Vector | None) -> bool:
        """Say whether `vector` is of this model; any other is as good as absent."""
        return vector is not None and vector.model_id == self.model_id and vector.dim == self.matrix.shape[1]

    def similarities(self, rows: Rows, estimates: Floats, vector: Vector) -> NDArray[np.int64]:
        """Return `similarity` of these rows to `vector`, `NEUTRAL` for rows without a text.

        `estimates`: their cosines as `approximate` gives them. Those that lie so near a step that the estimate cannot
        tell on which side are computed again in float64, and the few that are nearer still, exactly.
        """
        scaled = FULL * estimates.astype(np.float64)
        texts = rows if self.row_of is None else self.row_of[rows]
        near_step = np.abs(scaled - np.floor(scaled) - 0.5) <= FULL * error_bound(vector.dim)
        unsure = np.flatnonzero(near_step & (texts >= 0))
        for part in _parts(unsure.size):
            chosen = unsure[part]
            values = FULL * (self.matrix[texts[chosen]].astype(np.float64) @ vector.values.astype(np.float64))
            scaled[chosen] = values
            for place in chosen[np.abs(values - np.floor(values) - 0.5) < FULL * SETTLE]:
                scaled[place] = FULL * _exact(self.matrix[texts[place]], vector.values)
        return np.clip(np.rint(scaled), 0, FULL).astype(np.int64)

    def too_similar(self, wanted: Sequence[tuple[Rows, Vector]]) -> list[Rows]:
        """Return for each offer those of its rows for whom something too similar was dismissed.

        `wanted`: ascending rows and the offer's vector.
        """
        asked = [self._avoided_by_any_of(rows) for rows, _ in wanted]
        values = dot_products(self.avoid, [(places, v.values) for places, (_, v) in zip(asked, wanted, strict=True)])
        return [
            np.unique(self.avoided_by[places[self._over(places, estimate, vector)]])
            for places, estimate, (_, vector) in zip(asked, values, wanted, strict=True)
        ]

    def _avoided_by_any_of(self, rows: Rows) -> Rows:
        size = (self.matrix if self.row_of is None else self.row_of).shape[0]
        if rows.size == size:
            return np.arange(self.avoided_by.size, dtype=np.int32)
        there = np.zeros(size, np.bool_)
        there[rows] = True
        return np.flatnonzero(there[self.avoided_by]).astype(np.int32)

    def _over(self, places: Rows, estimate: Floats, vector: Vector) -> NDArray[np.bool_]:
        over = estimate > TOO_SIMILAR
        for index in np.flatnonzero(np.abs(estimate - TOO_SIMILAR) <= error_bound(vector.dim)):
            over[index] = _exact(self.avoid[places[index]], vector.values) > TOO_SIMILAR
        return over

    def approximate(self, wanted: Sequence[tuple[Rows, Vector]]) -> list[Floats]:
        """Return for each offer the cosines of its rows, in float32; `NEUTRAL` for rows without a text.

        No value is farther than `error_bound` from the true cosine. `wanted`: ascending rows and the offer's vector.
        """
        if self.row_of is None:
            return dot_products(self.matrix, [(rows, vector.values) for rows, vector in wanted])
        found = [np.full(rows.size, NEUTRAL / FULL, dtype=np.float32) for rows, _ in wanted]
        places = [np.flatnonzero(self.row_of[rows] >= 0) for rows, _ in wanted]
        texts = [(self.row_of[rows[place]], v.values) for (rows, v), place in zip(wanted, places, strict=True)]
        for whole, place, values in zip(found, places, dot_products(self.matrix, texts), strict=True):
            whole[place] = values
        return found


def dot_products(matrix: Floats, wanted: Sequence[tuple[Rows, Floats]]) -> list[Floats]:
    """Return for each query the dot products of its rows of the matrix, ascending, in float32.

    Queries that want many of a tile's rows share one product with the tile; where few are wanted, they are gathered.
    """
    found = [np.empty(rows.size, dtype=np.float32) for rows, _ in wanted]
    if not wanted or not len(matrix):
        return found
    tile = TILE if len(wanted) > 1 else TILE_ALONE
    edges = np.minimum(np.arange(0, len(matrix) + tile, tile), len(matrix))
    cuts = np.array([rows.searchsorted(edges) for rows, _ in wanted])
    counts, sizes = np.diff(cuts), np.diff(edges)
    many = counts > DENSE_SHARE * sizes
    number = many.sum(axis=0)
    cost = np.minimum(STREAMED_SHARE * number, DENSE_SHARE_ALONE + DENSE_SHARE * number)
    dense = many & ((many * counts).sum(axis=0) > cost * sizes)
    places = cuts.tolist()
    if dense.any():
        queries = np.stack([query for _, query in wanted])
        for at in np.flatnonzero(dense.any(axis=0)).tolist():
            start, stop = edges[at : at + 2].tolist()
            sharing = np.flatnonzero(dense[:, at])
            product = _product(queries[sharing], matrix[start:stop])
            for line, index in zip(product, sharing.tolist(), strict=True):
                low, high = places[index][at : at + 2]
                whole = high - low == stop - start
                found[index][low:high] = line if whole else line[wanted[index][0][low:high] - start]
    for index in np.flatnonzero((~dense & (counts > 0)).any(axis=1)).tolist():
        rows, query = wanted[index]
        few = np.flatnonzero(np.repeat(~dense[index], counts[index]))
        for part in _parts(few.size):
            found[index][few[part]] = streamed(matrix[rows[few[part]]], query)
    return found


def streamed(rows: Floats, query: Floats) -> Floats:
    """Return the dot product of each row with a query, as fast as the rows can be read.

    A dot product a row keeps up with the memory (27 to 29 GB/s of 31); a matrix-vector product of OpenBLAS reads
    several rows at once and does not (11 to 17).
    """
    found: Floats = np.vecdot(rows, query)
    return found


def _product(queries: Floats, rows: Floats) -> Floats:
    """Return queries times rows, shape (queries, rows); both ways round give the same within `error_bound`."""
    if len(queries) * STREAMED_SHARE <= DENSE_SHARE_ALONE + len(queries) * DENSE_SHARE:
        return np.stack([streamed(rows, query) for query in queries])
    if len(queries) >= WIDE:
        return queries @ rows.T
    return np.ascontiguousarray((rows @ queries.T).T)


def _parts(size: int) -> Iterator[slice]:
    return (slice(start, start + GATHER) for start in range(0, size, GATHER))
