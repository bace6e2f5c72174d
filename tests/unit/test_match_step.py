"""What the match step adds to the engine: no pointless questions, and not too much for one client at once."""

from __future__ import annotations

from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.matching.ranking import Ranking
from nudge_core.model.briefing import AudienceMember, Decision
from nudge_core.model.client import Role
from nudge_core.model.event import ListingEvent, MarketEvent
from nudge_core.steps import match
from nudge_core.steps.match import OFFERS_PER_CLIENT, MatchInput, rank_events
from nudge_core.verticals import VERTICALS
from tests import samples
from tests.samples import uid

REAL_ESTATE = VERTICALS["real_estate"]
OWNER = uid(1)


def seekers(*wishes: tuple[UUID, str, dict[str, Any]]) -> Any:
    book = [
        samples.client(OWNER, 0, id=client_id, user_tags=(tag,), preferences=wish, phone=None)
        for client_id, tag, wish in wishes
    ]
    return tuple(seeker for client in book for seeker in REAL_ESTATE.seekers(client, ()))


def event(number: int, kind: ListingEvent, **facts: Any) -> MarketEvent:
    home = {"list_price_cents": 400_000_00, "status": "Active", "city": "Austin", "beds": 3, **facts}
    return samples.market_event(
        OWNER, number, event_type=kind.value, payload={"listing": home, "change": {}}, resource_id=None
    )


def found(events: list[MarketEvent], book: Any) -> MatchInput:
    subjects = {one.id: REAL_ESTATE.subject(one, frozenset()) for one in events}
    return MatchInput(events=tuple(events), seekers=book, subjects={k: v for k, v in subjects.items() if v is not None})


async def test_whether_a_hidden_home_is_near_ones_own_is_no_question() -> None:
    own = {"latitude": 30.25, "longitude": -97.75, "beds": 3, "type": "Single Family Residence", "size": 1_800}
    sold = event(
        1,
        ListingEvent.SOLD_LISTING,
        status="Closed",
        property_subtype="Single Family Residence",
        living_area_sqft=1_850,
    )
    book = seekers((uid(2), "seller", {"own_home": own}))
    (ranking,) = (await rank_events(found([sold], book), REAL_ESTATE, None)).values()
    assert ranking.members == ()
    assert ranking.not_offered["nothing_to_ask"] == 1


async def test_what_a_buyer_would_need_to_know_is_a_question() -> None:
    book = seekers((uid(2), "buyer", {"areas": ["Austin"], "min_beds": 3, "features": {"must": ["pool"]}}))
    new = event(1, ListingEvent.NEW_LISTING)
    (ranking,) = (await rank_events(found([new], book), REAL_ESTATE, None)).values()
    assert [member.decision for member in ranking.members] == [Decision.ASK]


async def test_one_client_is_offered_the_best_three_of_a_pass_and_the_rest_is_counted() -> None:
    prices = [390_000, 300_000, 210_000, 180_000, 395_000]
    events = [
        event(number, ListingEvent.NEW_LISTING, list_price_cents=price * 100) for number, price in enumerate(prices, 1)
    ]
    book = seekers((uid(2), "buyer", {"max_price": 400_000, "areas": ["Austin"], "min_beds": 3}))
    rankings = await rank_events(found(events, book), REAL_ESTATE, None)
    offered = [one.id for one in events if rankings[one.id].members]
    assert len(offered) == OFFERS_PER_CLIENT
    left_out = sum(ranking.not_offered.get("enough_for_now", 0) for ranking in rankings.values())
    soft = sum(ranking.not_offered.get("soft_miss", 0) for ranking in rankings.values())
    assert len(offered) + left_out + soft == len(events), "nobody disappears without a reason"


@pytest.mark.parametrize("limit", [OFFERS_PER_CLIENT])
def test_the_better_match_takes_the_slot(limit: int) -> None:
    def member(score: float) -> AudienceMember:
        return AudienceMember(
            client_id=uid(9), role=Role.BUYER, score=score, coverage=1.0, decision=Decision.OFFER, reasons=()
        )

    scores = [70.0, 95.0, 80.0, 99.0, 60.0]
    events = [event(number, ListingEvent.NEW_LISTING) for number in range(len(scores))]
    rankings = [
        Ranking(subject_id=one.id, members=(member(score),), considered=1)
        for one, score in zip(events, scores, strict=True)
    ]
    kept = {
        ranking.members[0].score
        for ranking in match._limited(rankings, found(events, ()), REAL_ESTATE)
        if ranking.members
    }
    assert kept == set(sorted(scores)[-limit:])


async def test_of_two_equal_clients_the_one_spoken_to_last_comes_first_and_then_the_id_decides() -> None:
    wishes = {"max_price": 500_000, "areas": ["Austin"], "min_beds": 3}
    spoken = {uid(2): None, uid(3): samples.later(-90), uid(4): samples.later(-5), uid(5): samples.later(-90)}
    book = [
        samples.client(OWNER, 0, id=own, user_tags=("buyer",), preferences=wishes, phone=None, last_interaction=at)
        for own, at in spoken.items()
    ]
    rows = tuple(row for client in book for row in REAL_ESTATE.seekers(client, ()))
    new = event(1, ListingEvent.NEW_LISTING)
    for order in (rows, rows[::-1]):
        (ranking,) = (await rank_events(found([new], order), REAL_ESTATE, None)).values()
        assert [member.client_id for member in ranking.members] == [uid(4), uid(3), uid(5), uid(2)]


async def test_of_equal_offers_the_newest_events_take_the_slots() -> None:
    events = [evolve(event(n, ListingEvent.NEW_LISTING), created_at=samples.later(n)) for n in (3, 5, 1, 4, 2)]
    book = seekers((uid(2), "buyer", {"max_price": 500_000, "areas": ["Austin"], "min_beds": 3}))
    rankings = await rank_events(found(events, book), REAL_ESTATE, None)
    assert {one for one, ranking in rankings.items() if ranking.members} == {uid(5), uid(4), uid(3)}


ADDRESSES = ("12 Oak St #4", "12 Oak St, Unit 5", "12 OAK ST", "14 Oak St", None)


@given(st.lists(st.tuples(st.sampled_from(ADDRESSES), st.sampled_from((380, 390, 399))), min_size=1, max_size=9))
async def test_of_one_building_a_client_is_offered_the_best_alone_and_the_others_are_counted(
    homes: list[tuple[str | None, int]],
) -> None:
    events = [
        event(
            number, ListingEvent.NEW_LISTING, address=address, postal_code="78704", list_price_cents=thousands * 100_000
        )
        for number, (address, thousands) in enumerate(homes, 1)
    ]
    wishes = {"max_price": 500_000, "areas": ["Austin"], "min_beds": 3}
    book = seekers((uid(2), "buyer", wishes), (uid(3), "buyer", wishes))
    alone = {one.id: (await rank_events(found([one], book), REAL_ESTATE, None))[one.id] for one in events}
    rankings = await rank_events(found(events, book), REAL_ESTATE, None)
    for client_id in (uid(2), uid(3)):
        kept = [one for one in events if any(m.client_id == client_id for m in rankings[one.id].members)]
        names = [REAL_ESTATE.places_of(one.payload["listing"]) for one in kept]  # type: ignore[arg-type]
        assert all(not (a & b) for a, b in combinations(names, 2)), "no two of one building"
        assert 1 <= len(kept) <= OFFERS_PER_CLIENT
        for one in kept:
            mine = alone[one.id].members[0].score
            for other in events:
                if REAL_ESTATE.places_of(other.payload["listing"]) & REAL_ESTATE.places_of(one.payload["listing"]):  # type: ignore[arg-type]
                    assert alone[other.id].members[0].score <= mine, "the best of the building is the one that stays"
    for ranking in rankings.values():
        assert len(ranking.members) + sum(ranking.not_offered.values()) == ranking.considered
        assert set(ranking.not_offered) <= {"same_building", "enough_for_now"}


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"address": "12 Oak St Apt 4b", "city": "Austin"}, {"address": "12 oak st. #9", "city": "Austin"}, True),
        ({"address": "12 Oak St 4", "unit": "4", "city": "Austin"}, {"address": "12 Oak St", "city": "Austin"}, True),
        ({"address": "12 Oak St", "city": "Austin"}, {"address": "12 Oak St", "city": "Dallas"}, False),
        ({"address": "12 Oak St", "city": "Austin"}, {"address": "112 Oak St", "city": "Austin"}, False),
        ({"address": "Oak St", "city": "Austin"}, {"address": "Oak St", "city": "Austin"}, False),
        ({"address": "12 Oak St"}, {"address": "12 Oak St"}, False),
        (
            {"latitude": 30.1, "longitude": -97.1, "subdivision": "The Tower"},
            {"latitude": 30.1, "longitude": -97.1, "subdivision": "THE TOWER"},
            True,
        ),
        (
            {"latitude": 30.1, "longitude": -97.1, "subdivision": "The Tower"},
            {"latitude": 30.1001, "longitude": -97.1, "subdivision": "The Tower"},
            False,
        ),
        ({"latitude": 30.1, "longitude": -97.1}, {"latitude": 30.1, "longitude": -97.1}, False),
    ],
)
def test_what_counts_as_one_building(first: dict[str, Any], second: dict[str, Any], same: bool) -> None:
    assert bool(REAL_ESTATE.places_of(first) & REAL_ESTATE.places_of(second)) is same
