"""What was dismissed for clients, read into the rows they are matched with: as it stands now, and after what they said.

What a dismissal means is `nudge_core.learning.negatives`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve

from nudge_core.learning.negatives import Effect, Standing, standing
from nudge_core.matching.constraints import Seeker, constraint_name
from nudge_core.model.briefing import Strength
from nudge_core.model.client import Client
from nudge_core.model.client_fact import ClientFact, projected
from nudge_core.model.feedback import NegativePreference
from nudge_core.ports import TenantTransaction
from nudge_core.verticals.base import Vertical


def hard_since(client: Client, facts: Sequence[ClientFact], since: datetime, vertical: Vertical) -> frozenset[str]:
    """Return the constraints of hard wishes that were stated after an instant and still hold. Raises Invalid."""
    later = projected(fact for fact in facts if fact.at > since)
    if not later:
        return frozenset()
    roles = {name: value for name, value in client.preferences.items() if name == "roles"}
    rows = vertical.seekers(evolve(client, preferences={**roles, **later}), ())
    return frozenset(constraint_name(wish) for row in rows for wish in row.wishes if wish.strength is Strength.HARD)


def standings(
    client: Client,
    dismissed: Sequence[NegativePreference],
    facts: Sequence[ClientFact],
    now: datetime,
    vertical: Vertical,
) -> tuple[Standing, ...]:
    """Return how each dismissal of one client stands, in their order. Raises Invalid: wishes that cannot be read."""
    return tuple(
        standing(one, now, hard_since(client, facts, one.created_at, vertical))
        for one in dismissed
        if one.client_id == client.id
    )


def seekers_of(client: Client, known: Sequence[Standing], vertical: Vertical) -> tuple[Seeker, ...]:
    """Read a client into rows of the audience, with what dismissals that hold take out for them.

    Raises:
        Invalid: preferences that contradict themselves or cannot be read, naming the field.
    """
    holding = [one for one in known if one.holds]
    rows = vertical.seekers(client, [one.preference for one in holding if one.effect is Effect.SIMILAR])
    rules = tuple(one.rule for one in holding if one.rule is not None)
    return tuple(evolve(row, avoidances=rules) for row in rows) if rules else rows


async def read_standings(tx: TenantTransaction, client: Client, vertical: Vertical) -> tuple[Standing, ...]:
    """Read how one client's dismissals stand; those that were taken back are left out. Raises Invalid."""
    dismissed = [one for one in await tx.negative_preferences.all() if one.client_id == client.id]
    facts = await tx.client_facts.current([client.id]) if dismissed else {}
    return standings(client, dismissed, facts.get(client.id, ()), tx.now, vertical)


async def read_dismissed(
    tx: TenantTransaction,
) -> tuple[Mapping[UUID, Sequence[NegativePreference]], Mapping[UUID, Sequence[ClientFact]]]:
    """Read the dismissals of a whole book that were not taken back, and what is known of those clients, by client."""
    dismissed: dict[UUID, list[NegativePreference]] = {}
    for one in await tx.negative_preferences.all():
        dismissed.setdefault(one.client_id, []).append(one)
    return dismissed, await tx.client_facts.current(dismissed) if dismissed else {}
