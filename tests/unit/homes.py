"""A professional, a home, events and clients for the tests of real-estate wording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from nudge_core.matching.ranking import Ranking
from nudge_core.model.briefing import AudienceMember, Decision, Outcome, Reason, Strength
from nudge_core.model.client import Client, Role
from nudge_core.model.event import MarketEvent, stable_id
from nudge_core.model.json import Json
from nudge_core.model.user import User, UserType

NOW = datetime(2026, 6, 1, 15, 0, tzinfo=UTC)
USER_ID = UUID(int=1)

LISTING: Mapping[str, Json] = {
    "listing_id": "7001",
    "list_price_cents": 48_500_000,
    "property_type": "Residential",
    "property_subtype": "Condominium",
    "beds": 3,
    "baths": 2.0,
    "living_area_sqft": 1_850.0,
    "year_built": 1998,
    "address": "1506  Timber St",
    "unit": "4",
    "city": "Georgetown",
    "state": "TX",
    "postal_code": "78626",
    "subdivision": "Old Town",
    "remarks": "Bright corner unit with a garage.",
    "status": "Active",
}
CHANGES: Mapping[str, Mapping[str, Json]] = {
    "new_listing": {"new_price_cents": 48_500_000, "new_status": "Active", "needs_check": False},
    "coming_soon": {"new_price_cents": 48_500_000, "new_status": "Coming Soon", "needs_check": False},
    "price_drop": {
        "previous_price_cents": 50_000_000,
        "new_price_cents": 48_500_000,
        "previous_status": "Active",
        "new_status": "Active",
        "needs_check": False,
    },
    "back_on_market": {
        "previous_price_cents": 48_500_000,
        "new_price_cents": 48_500_000,
        "previous_status": "Pending",
        "new_status": "Active",
        "needs_check": False,
    },
    "sold_listing": {
        "previous_price_cents": 48_500_000,
        "new_price_cents": 47_900_000,
        "previous_status": "Pending",
        "new_status": "Closed",
        "needs_check": False,
    },
    "expired_listing": {"previous_price_cents": 48_500_000, "new_price_cents": 48_500_000, "new_status": "Expired"},
    "withdrawn_listing": {"previous_price_cents": 48_500_000, "new_price_cents": 48_500_000, "new_status": "Withdrawn"},
}


def professional(full_name: str = "Maria Lopez", business_name: str = "Zilker Realty") -> User:
    return User(
        id=USER_ID,
        user_type=UserType.REALTOR,
        full_name=full_name,
        business_name=business_name,
        email="maria@zilker.example",
        phone_number="+15125550100",
        vertical="real_estate",
        tool_provider="market",
        timezone="America/Chicago",
    )


def event_of(kind: str, payload: Mapping[str, Json] | None = None, **listing: Json) -> MarketEvent:
    """An event of this kind; `listing` replaces facts of the home."""
    return MarketEvent(
        id=stable_id("event", kind),
        user_id=USER_ID,
        event_type=kind,
        entity_id="L1",
        created_at=NOW,
        payload={"listing": {**LISTING, **listing}, "change": CHANGES.get(kind, {})} if payload is None else payload,
    )


def reason(constraint: str, outcome: Outcome = Outcome.MET, wanted: str = "wished") -> Reason:
    return Reason(
        constraint=constraint, outcome=outcome, strength=Strength.SOFT, wanted=wanted, actual="offered", text="why"
    )


WISHES: Mapping[Role, Sequence[str]] = {
    Role.BUYER: ("price", "area", "beds", "feature:garage"),
    Role.INVESTOR: ("price", "area", "type"),
    Role.SELLER_PROSPECT: ("near", "type", "size", "beds"),
    Role.PAST_CLIENT: ("near", "type", "size", "beds"),
}


def member_of(
    role: Role = Role.BUYER, met: Sequence[str] | None = None, number: int = 1, decision: Decision = Decision.OFFER
) -> AudienceMember:
    return AudienceMember(
        client_id=UUID(int=number),
        role=role,
        score=90,
        coverage=1,
        decision=decision,
        reasons=tuple(reason(constraint) for constraint in (WISHES[role] if met is None else met)),
    )


def client_named(full_name: str = "Ann Baker", number: int = 1) -> Client:
    return Client(id=UUID(int=number), user_id=USER_ID, full_name=full_name, created_at=NOW)


def ranking_of(*members: AudienceMember) -> Ranking:
    return Ranking(subject_id=UUID(int=9), members=members, considered=12, excluded={"price": 5}, not_offered={})
