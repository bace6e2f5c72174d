"""Figures for the owner: counts, and a share with its interval only where there is enough to count."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from attrs import frozen
from litestar import Controller, get
from litestar.params import QueryParameter

from nudge_core.errors import Invalid
from nudge_core.learning.holdout import share_or_none
from nudge_core.learning.uplift import Difference, uplift
from nudge_core.model.interaction import InteractionKind
from nudge_core.model.statistics import OwnerCounts, Rate, rate
from nudge_entrypoints.http.api.briefings import READ
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.instants import utc

LONGEST = timedelta(days=731)
"""Two years, so that one can be held against the one before."""


@frozen(kw_only=True)
class Share:
    """So many out of so many; `rate` is null while there are fewer than 30 to count."""

    count: int
    of: int
    rate: Rate | None


@frozen(kw_only=True)
class Figures:
    """What happened in a stretch of time. `dismissed` and `withheld` are by reason, `interactions` by kind."""

    since: datetime
    until: datetime
    proposed: int
    edited: int
    approved: Share
    dismissed: dict[str, int]
    texts_sent: int
    delivered: Share
    failed: int
    withheld: dict[str, int]
    texts_received: int
    clients_replied: Share
    opt_outs: int
    opted_out_after_a_text: Share
    appointments: int
    interactions: dict[str, int]


@frozen(kw_only=True)
class Uplift:
    """Clients of a period of 28 days, counted once each when it is over: how many got a text, wrote, or met you.

    A difference and its 95 per cent interval are null while either arm holds fewer than 30 clients.
    """

    since: datetime
    until: datetime
    held_out_share: float
    texted: Difference
    replied: Difference
    met: Difference


class Statistics(Controller):
    """Routes of the figures."""

    path = "/statistics"
    tags = ["account"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt=READ)
    async def read_statistics(
        self,
        api: TheApi,
        principal: Caller,
        since: Annotated[datetime, QueryParameter(name="from", description="From this instant on, it included.")],
        until: Annotated[datetime, QueryParameter(name="to", description="To this instant, it not included.")],
    ) -> Figures:
        """Show what came of the nudges in a stretch of time of at most two years."""
        begin, end = _stretch(since, until)
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _figures(begin, end, await tx.statistics.counts(begin, end))

    @get("/uplift", opt=READ)
    async def read_uplift(
        self,
        api: TheApi,
        principal: Caller,
        since: Annotated[datetime, QueryParameter(name="from", description="From this instant on, it included.")],
        until: Annotated[datetime, QueryParameter(name="to", description="To this instant, it not included.")],
    ) -> Uplift:
        """Show what nudges bring: clients who were shown to you beside clients who were held out by chance.

        Needs `strategy.holdout`, an object `{"percent": N}`: without it nobody is held out, and nothing can be told.
        """
        begin, end = _stretch(since, until)
        async with api.parts.store.tenant(principal.user_id) as tx:
            arms = await tx.exposures.arms(begin, end)
            share = share_or_none(await tx.users.get(tx.user_id))
        return Uplift(
            since=begin,
            until=end,
            held_out_share=share,
            texted=uplift(arms, lambda arm: arm.texted),
            replied=uplift(arms, lambda arm: arm.replied),
            met=uplift(arms, lambda arm: arm.met),
        )


def _stretch(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    begin, end = utc("from", since), utc("to", until)
    if not timedelta() < end - begin <= LONGEST:
        raise Invalid("to", f"later than `from` by at most {LONGEST.days} days", None)
    return begin, end


def _figures(since: datetime, until: datetime, counts: OwnerCounts) -> Figures:
    decided = counts.approved + sum(counts.dismissed.values())
    return Figures(
        since=since,
        until=until,
        proposed=counts.proposed,
        edited=counts.edited,
        approved=_share(counts.approved, decided),
        dismissed=dict(counts.dismissed),
        texts_sent=counts.sent,
        delivered=_share(counts.delivered, counts.sent),
        failed=counts.failed,
        withheld=dict(counts.withheld),
        texts_received=counts.received,
        clients_replied=_share(counts.clients_replied, counts.clients_texted),
        opt_outs=counts.opt_outs,
        opted_out_after_a_text=_share(counts.phones_opted_out, counts.phones_texted),
        appointments=counts.interactions.get(InteractionKind.MEETING.value, 0),
        interactions=dict(counts.interactions),
    )


def _share(part: int, whole: int) -> Share:
    return Share(count=part, of=whole, rate=rate(part, whole))
