"""Vectors of public texts, in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.model.vector import Vector


class MemoryMeanings:
    """Vectors of public texts, once for everybody."""

    def __init__(self, work: Work, world: World) -> None:
        self._work = work
        self._kept = world.meanings

    @reading
    async def of(self, model_id: str, digests: Collection[bytes]) -> Mapping[bytes, Vector]:
        """Return the stored vectors of a model among these texts."""
        found = {digest: self._kept.get((model_id, digest)) for digest in digests}
        return {digest: kept[0] for digest, kept in found.items() if kept is not None}

    @writing
    async def keep(self, vectors: Mapping[bytes, Vector]) -> None:
        """Store vectors, by digest; one that is stored stays as it is."""
        for digest, vector in vectors.items():
            key = (vector.model_id, digest)
            if self._kept.get(key) is None:
                self._kept.put(key, (vector, self._work.now))

    @writing
    async def forget_before(self, instant: datetime) -> int:
        """Delete what was stored before an instant; return how many."""
        old = [key for key, (_, at) in self._kept.items() if at < instant]
        for key in old:
            self._kept.drop(key)
        return len(old)
