"""Exposures in memory, counted one by one: the meaning that the SQL of the other store is held against."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.model.exposure import PERIOD_DAYS, ArmCounts, Exposure
from nudge_core.model.interaction import InteractionKind
from nudge_core.model.message import Delivery, Direction

_PERIOD = timedelta(days=PERIOD_DAYS)


class MemoryExposures:
    """For whom events were an offer, and whether they were shown or held out."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._book = world.book(work.user_id)

    @writing
    async def add(self, exposures: Sequence[Exposure]) -> None:
        """Store records; one that is stored already stays as it is."""
        for one in exposures:
            self._work.own(one.user_id, "exposure.user_id")
        for one in exposures:
            self._book.clients.need(one.client_id, "client")
            self._book.market_events.need(one.event_id, "market event")
            if self._book.exposures.get(one.id) is None:
                self._book.exposures.put(one.id, one)

    @reading
    async def arms(self, since: datetime, until: datetime) -> Sequence[ArmCounts]:
        """Count the clients whose first exposure of a period lies in the stretch, by chance and arm."""
        units: dict[tuple[UUID, int], list[Exposure]] = defaultdict(list)
        for one in self._book.exposures.rows():
            units[one.client_id, one.period].append(one)
        counted: dict[tuple[float, bool], Counter[str]] = defaultdict(Counter)
        for (client_id, _), rows in units.items():
            first = min(one.at for one in rows)
            if not since <= first < until or first + _PERIOD > self._work.now:
                continue
            if len({(one.probability, one.shown) for one in rows}) == 1:
                counts = counted[rows[0].probability, rows[0].shown]
                counts["clients"] += 1
                counts.update(self._did(client_id, first))
        return [
            ArmCounts(
                probability=probability,
                shown=shown,
                clients=counts["clients"],
                texted=counts["texted"],
                replied=counts["replied"],
                met=counts["met"],
            )
            for (probability, shown), counts in sorted(counted.items(), key=lambda item: item[0])
        ]

    def _did(self, client_id: UUID, first: datetime) -> set[str]:
        def then(instant: datetime | None) -> bool:
            return instant is not None and first < instant <= first + _PERIOD

        texts = [one for one in self._book.messages.rows() if one.client_id == client_id]
        did = {
            "texted": any(t.delivery is Delivery.SENT and t.briefing_id is not None and then(t.sent_at) for t in texts),
            "replied": any(t.direction is Direction.INBOUND and then(t.created_at) for t in texts),
            "met": any(
                one.client_id == client_id and one.kind is InteractionKind.MEETING and then(one.at)
                for one in self._book.interactions.rows()
            ),
        }
        return {name for name, happened in did.items() if happened}
