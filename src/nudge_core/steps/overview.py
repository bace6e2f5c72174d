"""How the professional stands with each client: counts of true things, and a score that is a sum of them.

The score, from 0 (nothing to be done) upwards, is the sum of four counts, each shown beside it:

* `quiet_periods`: whole periods of `CADENCE` since anybody talked, or since the client was added; at most `MOST_QUIET`;
* `unread`: texts of theirs that nobody has read; at most `MOST_UNREAD`;
* `paused_plans`: plans that wait for the professional;
* `unreachable`: 1 when they can be neither texted nor mailed: no phone or silenced, and no e-mail.

Nothing is estimated and nothing is a share of anything. Reads only, in a constant number of statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import field, frozen

from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.consent import SuppressionScope
from nudge_core.model.lines import ClientLine
from nudge_core.ports import TenantTransaction

CADENCE = timedelta(days=90)
"""A quarter: how often somebody in a book is talked to at least. Ours; a client's own cadence is not read yet."""

MOST_QUIET = 4  # a year
MOST_UNREAD = 3  # more of one person's texts make it no more urgent


@frozen(kw_only=True)
class ClientHealth:
    """One client, and what the score is made of. `attention`: the score; 0: nothing to be done."""

    client: ClientLine = field(repr=False)
    attention: int
    quiet_periods: int
    days_since_contact: int | None
    unread: int
    active_plans: int
    paused_plans: int
    silenced: bool
    unreachable: bool


async def overview(tx: TenantTransaction, clients: Sequence[ClientLine]) -> Sequence[ClientHealth]:
    """Return the state of each of these clients, in their order."""
    unread = await tx.messages.unread_counts()
    plans = await tx.dossiers.plans({client.id for client in clients})
    held = await tx.suppressions.active_for({client.phone for client in clients if client.phone is not None})
    found = []
    for client in clients:
        own = plans.get(client.id, {})
        silences = held.get(client.phone, ()) if client.phone is not None else ()
        silenced = any(one.scope is SuppressionScope.ALL for one in silences)
        unreachable = (client.phone is None or silenced) and client.email is None
        quiet = min(MOST_QUIET, _periods(client.last_interaction or client.created_at, tx.now))
        waiting = unread.get(client.id, 0)
        paused = own.get(BriefingStatus.PAUSED, 0)
        found.append(
            ClientHealth(
                client=client,
                attention=quiet + min(MOST_UNREAD, waiting) + paused + unreachable,
                quiet_periods=quiet,
                days_since_contact=None if client.last_interaction is None else (tx.now - client.last_interaction).days,
                unread=waiting,
                active_plans=own.get(BriefingStatus.ACTIVE, 0),
                paused_plans=paused,
                silenced=silenced,
                unreachable=unreachable,
            )
        )
    return found


def _periods(since: datetime, now: datetime) -> int:
    return max(0, (now - since) // CADENCE)
