"""Figures for the owner, counted one by one: the meaning that the SQL of the other store is held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from nudge_adapters.memory.journal import Work, reading
from nudge_adapters.memory.world import World
from nudge_core.model.briefing import CO_PILOT
from nudge_core.model.message import Delivery, Direction, Receipt
from nudge_core.model.statistics import OwnerCounts
from nudge_core.policy.consent import OPT_OUTS


class MemoryStatistics:
    """Counts of one professional."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._book = world.book(work.user_id)

    @reading
    async def counts(self, since: datetime, until: datetime) -> OwnerCounts:
        """Return what happened from `since` to `until`."""

        def then(instant: datetime | None) -> bool:
            return instant is not None and since <= instant < until

        book = self._book
        nudges = {row.id for row in book.briefings.rows() if not row.is_plan and row.campaign_type != CO_PILOT}
        texts = [row for row in book.messages.rows() if row.direction is Direction.OUTBOUND]
        sent = [row for row in texts if row.delivery is Delivery.SENT and then(row.sent_at)]
        written = [row for row in texts if then(row.created_at)]
        heard = [row for row in book.messages.rows() if row.direction is Direction.INBOUND and then(row.created_at)]
        silenced = [
            row for row in book.suppressions.rows() if row.active and row.reason in OPT_OUTS and then(row.created_at)
        ]
        clients = _first([(row.client_id, row.sent_at) for row in sent if row.sent_at])
        phones = _first([(row.recipient, row.sent_at) for row in sent if row.sent_at and row.recipient])
        replied = {r.client_id for r in heard if r.client_id in clients and r.created_at >= clients[r.client_id]}
        stopped = {r.phone for r in silenced if r.phone in phones and r.created_at >= phones[r.phone]}
        return OwnerCounts(
            proposed=sum(row.id in nudges and then(row.created_at) for row in book.briefings.rows()),
            approved=len(self._decided("briefing.approved", then) & nudges),
            edited=len(self._decided("briefing.edited", then) & nudges),
            dismissed=Counter(
                str(row.facts.get("reason") or "")
                for row in book.audit.rows()
                if row.action == "briefing.dismissed" and then(row.at) and row.subject_id in nudges
            ),
            sent=len(sent),
            delivered=sum(row.receipt in (Receipt.DELIVERED, Receipt.READ) for row in sent),
            failed=sum(row.delivery is Delivery.FAILED for row in written),
            withheld=Counter(row.reason or "" for row in written if row.delivery is Delivery.WITHHELD),
            received=len(heard),
            clients_texted=len(clients),
            clients_replied=len(replied),
            opt_outs=len({row.phone for row in silenced}),
            phones_texted=len(phones),
            phones_opted_out=len(stopped),
            interactions=Counter(row.kind.value for row in book.interactions.rows() if then(row.at)),
        )

    def _decided(self, action: str, then: Callable[[datetime | None], bool]) -> set[object]:
        return {row.subject_id for row in self._book.audit.rows() if row.action == action and then(row.at)}


def _first(moments: list[tuple[object, datetime]]) -> dict[object, datetime]:
    first: dict[object, datetime] = {}
    for who, at in moments:
        first[who] = min(first.get(who, at), at)
    return first
