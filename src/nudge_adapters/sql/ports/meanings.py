"""Vectors of public texts, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from operator import itemgetter

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from nudge_adapters.sql import tables
from nudge_adapters.sql.rows.values import vector_from_row, vector_to_columns
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.model.vector import Vector

_meaning = tables.textmeaning


class SqlMeanings:
    """Vectors of public texts, once for everybody."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @reading
    async def of(self, model_id: str, digests: Collection[bytes]) -> Mapping[bytes, Vector]:
        """Return the stored vectors of a model among these texts."""
        if not digests:
            return {}
        query = select(_meaning).where(_meaning.c.vector_model == model_id, _meaning.c.digest.in_(digests))
        found = {bytes(row["digest"]): vector_from_row(row, "vector") for row in await self._work.rows(query)}
        return {digest: vector for digest, vector in found.items() if vector is not None}

    @writing
    async def keep(self, vectors: Mapping[bytes, Vector]) -> None:
        """Store vectors, by digest; one that is stored stays as it is."""
        rows = [
            {"digest": digest, "stored_at": self._work.now, **vector_to_columns("vector", vector)}
            for digest, vector in sorted(vectors.items(), key=itemgetter(0))  # one order: workers wait in no circle
        ]
        if rows:
            await self._work.run(insert(_meaning).on_conflict_do_nothing(), rows)

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Delete what was stored before an instant; return how many."""
        return await self._work.changed(delete(_meaning).where(_meaning.c.stored_at < instant))
