"""What a carrier has to tell: when it arrives, what waits to be handled, and what was told already."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from nudge_core.model.carrier import CarrierNews


@frozen(kw_only=True)
class Envelope:
    """News to be told, until it is handled."""

    key: str
    news: CarrierNews


class News:
    """News by its arrival. Told keys are remembered only while their news is still to come."""

    def __init__(self) -> None:
        self._coming: list[tuple[datetime, str, CarrierNews]] = []  # a heap
        self._open: dict[str, CarrierNews] = {}
        self._told: set[str] = set()

    def add(self, arrives: datetime, key: str, news: CarrierNews) -> None:
        """Let this arrive at an instant."""
        heapq.heappush(self._coming, (arrives, key, news))

    def tell(self, key: str) -> None:
        """Never give this again."""
        if self._open.pop(key, None) is None:
            self._told.add(key)

    def arrive(self, now: datetime) -> Sequence[Envelope]:
        """Move what has arrived by now to what waits, and return what was moved, in order of arrival."""
        moved = []
        while (following := self.following()) is not None and following <= now:
            _, key, news = heapq.heappop(self._coming)
            self._open[key] = news
            moved.append(Envelope(key=key, news=news))
        return moved

    def waiting(self) -> Sequence[Envelope]:
        """Return what has arrived and was not told yet, in order of arrival."""
        return [Envelope(key=key, news=news) for key, news in self._open.items()]

    def following(self) -> datetime | None:
        """Return when something arrives next."""
        while self._coming and self._coming[0][1] in self._told:
            self._told.discard(heapq.heappop(self._coming)[1])
        return self._coming[0][0] if self._coming else None

    def __len__(self) -> int:
        return len(self._open) + len(self._coming)
