"""The shortest way in: one event, some clients, and the few who would care. No store, no server, no settings.

from nudge_core import client, listing, who_would_care

book = [client("Ana Ruiz", max_price=500_000, min_beds=3, areas=["Zilker"]), client("Ben Okafor", max_price=350_000)]
for care in who_would_care(listing(price=485_000, beds=3, city="Austin", subdivision="Zilker"), book):
    print(care)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from attrs import frozen

from nudge_core.matching.audience import Audience
from nudge_core.matching.constraints import FeatureWish
from nudge_core.matching.engine import rank
from nudge_core.model.briefing import AudienceMember, Outcome, Reason
from nudge_core.model.client import Client
from nudge_core.model.event import ListingEvent, MarketEvent, stable_id
from nudge_core.model.json import Json
from nudge_core.model.listing import ListingStatus
from nudge_core.verticals import VERTICALS

NOBODY = UUID(int=0)
"""Owner of what belongs to no store."""

SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""When a thing began that has no history: nothing here depends on it."""

_MARKS = {Outcome.MET: "+", Outcome.MISSED: "-", Outcome.UNKNOWN: "?"}


@frozen
class Care:
    """A client who would care, and why."""

    client: Client
    member: AudienceMember

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What was compared, and with which outcome."""
        return self.member.reasons

    def __str__(self) -> str:
        lines = [f"{self.client.full_name}: {self.member.score:.0f} of 100, {self.member.decision.value}"]
        return "\n".join(lines + [f"  {_MARKS[reason.outcome]} {reason.text}" for reason in self.reasons])


def client(name: str, *, roles: Sequence[str] = ("buyer",), **preferences: Json) -> Client:
    """Return a client with these preferences, as `docs/reference/preferences.md` writes them.

    Raises:
        Invalid: the name is no name.
    """
    return Client(
        id=stable_id("client", name),
        user_id=NOBODY,
        full_name=name,
        created_at=SOME_DAY,
        preferences={"roles": tuple(roles), **preferences},
    )


def listing(
    kind: ListingEvent = ListingEvent.NEW_LISTING,
    *,
    price: float,
    previous_price: float | None = None,
    **facts: Json,
) -> MarketEvent:
    """Return an event about a home.

    Args:
        kind: what happened.
        price: what is asked, in US dollars.
        previous_price: what was asked before, in US dollars.
        facts: `beds`, `baths`, `living_area_sqft`, `city`, `subdivision`, `postal_code`, `property_subtype`,
            `remarks`, `latitude`, `longitude` and the other names of `nudge_core.model.listing.PUBLIC_FACTS`.
    """
    status = ListingStatus.CLOSED if kind is ListingEvent.SOLD_LISTING else ListingStatus.ACTIVE
    cents = {"new_price_cents": round(price * 100)}
    if previous_price is not None:
        cents["previous_price_cents"] = round(previous_price * 100)
    home: dict[str, Json] = {"list_price_cents": round(price * 100), "status": status.value, **facts}
    return MarketEvent(
        id=stable_id("event", kind.value, repr(sorted(home.items()))),
        user_id=NOBODY,
        event_type=kind.value,
        entity_id="a home",
        created_at=SOME_DAY,
        payload={"listing": home, "change": cents},
    )


def who_would_care(
    event: MarketEvent, clients: Iterable[Client], *, vertical: str = "real_estate", at_most: int = 10
) -> tuple[Care, ...]:
    """Return the clients to whom the event would be welcome, best first, each with true reasons.

    Whoever has a deal-breaker that it breaks is not among them; nor is anybody of whom nothing is known.

    Raises:
        Invalid: a client's preferences contradict themselves or cannot be read; names field and rule.
    """
    profession = VERTICALS[vertical]
    book: Mapping[UUID, Client] = {one.id: one for one in clients}
    seekers = [seeker for one in book.values() for seeker in profession.seekers(one, ())]
    wished = frozenset(w.feature for seeker in seekers for w in seeker.wishes if isinstance(w, FeatureWish))
    subject = profession.subject(event, wished)
    if subject is None:
        return ()
    (ranking,) = rank(Audience.build(profession.schema, seekers), [subject], top=at_most)
    return tuple(Care(book[member.client_id], member) for member in ranking.members)
