"""The brief: nothing but allowed facts, reasons that are true, and what the professional sees in the queue."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import asdict, evolve
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.errors import Invalid
from nudge_core.model.brief import Brief
from nudge_core.model.briefing import Decision, Outcome
from nudge_core.model.client import Role
from nudge_core.model.event import ListingEvent
from nudge_core.model.json import Json, frozen_object, plain_json
from nudge_core.verticals.real_estate.brief import brief, personal
from nudge_core.verticals.real_estate.intel import headline, key_intel
from nudge_core.verticals.real_estate.switches import Switches
from tests.unit.homes import CHANGES, LISTING, client_named, event_of, member_of, professional, ranking_of, reason

ALLOWED = {
    "listing": {
        *("list_price_cents", "property_type", "property_subtype", "beds", "baths", "living_area_sqft", "address"),
        *("unit", "city", "postal_code", "subdivision", "remarks"),
    },
    "change": {"previous_price_cents", "new_price_cents"},
}
"""Every field of a payload that may have an effect on a brief."""

PRIVATE = [
    *("PrivateRemarks", "private_remarks", "ShowingInstructions", "LockBoxSerialNumber", "LockBoxType", "OwnerName"),
    *("OwnerPhone", "OccupantName", "OccupantType", "ShowingContactPhone", "ClosePrice", "close_price_cents"),
    *("notes", "full_name", "phone", "email", "raw_payload", "agent_remarks", "photo_urls", "latitude", "longitude"),
    *("listing_id", "year_built", "status", "previous_listing_key"),
]
CANARY = "zq7canary"
CANARY_CENTS = 98_765_400


def said(told: Brief) -> str:
    values = asdict(told, recurse=False)
    return json.dumps({name: plain_json(v) if name in {"facts", "style"} else str(v) for name, v in values.items()})


def test_a_brief_of_a_price_drop() -> None:
    told = brief(professional(), event_of("price_drop"), ranking_of(member_of(), member_of(Role.INVESTOR, number=2)))
    assert told.vertical == "real_estate"
    assert told.kind == "price_drop"
    assert told.facts["drop"] == "$15,000"
    assert told.roles == (Role.BUYER, Role.INVESTOR)
    assert told.reasons[:2] == ("fits your budget", "is in an area you asked about")
    assert (told.sender_first_name, told.sender_business) == ("Maria", "Zilker Realty")
    assert told.public_remarks == "Bright corner unit with a garage."
    assert "1998" not in said(told)


PRIVATE_VALUES: st.SearchStrategy[Json] = st.recursive(
    st.sampled_from([CANARY, f"see {CANARY}", CANARY_CENTS]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=2) | st.dictionaries(st.sampled_from(PRIVATE), inner, min_size=1)
    ),
    max_leaves=4,
)


@st.composite
def payloads(draw: st.DrawFn) -> dict[str, Any]:
    """A payload with private fields at any depth, also inside and instead of the parts that are allowed."""
    listing: dict[str, Any] = dict(LISTING)
    change: dict[str, Any] = dict(CHANGES[draw(st.sampled_from(sorted(CHANGES)))])
    payload: dict[str, Any] = {"listing": listing, "change": change}
    for place in draw(st.lists(st.sampled_from(["payload", "listing", "change"]), min_size=1, max_size=4)):
        target = {"payload": payload, "listing": listing, "change": change}[place]
        target[draw(st.sampled_from(PRIVATE))] = draw(PRIVATE_VALUES)
    if draw(st.booleans()):  # an object where a text or a number is expected
        name = draw(st.sampled_from(sorted(ALLOWED["listing"])))
        listing[name] = draw(st.dictionaries(st.sampled_from(PRIVATE), PRIVATE_VALUES, min_size=1))
    if draw(st.booleans()):
        listing[draw(st.sampled_from([f"{CANARY}_key", "Address", "city "]))] = CANARY
    return payload


@given(st.sampled_from(sorted(CHANGES)), payloads())
def test_no_private_field_can_reach_a_brief(kind: str, payload: dict[str, Any]) -> None:
    told = said(brief(professional(), event_of(kind, payload), ranking_of(member_of())))
    assert CANARY not in told
    assert "987,654" not in told
    assert "987654" not in told


@given(st.sampled_from(sorted(CHANGES)), payloads())
def test_a_brief_depends_on_allowed_fields_only(kind: str, payload: dict[str, Any]) -> None:
    """Everything that is not on the list can be taken away without a trace: there is no other way in."""
    bare: dict[str, Json] = {
        part: {name: value for name, value in payload[part].items() if name in names} for part, names in ALLOWED.items()
    }
    ranking = ranking_of(member_of())
    whole, allowed = (brief(professional(), event_of(kind, p), ranking) for p in (payload, bare))
    assert said(whole) == said(allowed)


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(Invalid, match=r"event\.event_type: one of new_listing, "):
        brief(professional(), event_of("open_house"), ranking_of())


def test_a_business_is_signed_in_cheap_letters_and_a_name_without_costly_accents() -> None:
    told = brief(professional("María Peña", "Peña & García, LLC"), event_of("new_listing"), ranking_of())
    assert (told.sender_first_name, told.sender_business) == ("Maria", "Peña & Garcia")
    assert brief(professional("Dr. Lee Wong"), event_of("new_listing"), ranking_of()).sender_first_name == "Lee"
    assert brief(professional("Иван Petrov"), event_of("new_listing"), ranking_of()).sender_first_name == "Иван"


def test_the_variation_is_the_events_own_and_stays() -> None:
    one, two = (brief(professional(), event_of(kind), ranking_of()) for kind in ("new_listing", "price_drop"))
    again = brief(professional(), event_of("new_listing"), ranking_of())
    assert one.variation == again.variation != two.variation


def test_roles_are_of_those_who_get_the_text() -> None:
    asked = member_of(Role.INVESTOR, number=2, decision=Decision.ASK)
    assert brief(professional(), event_of("new_listing"), ranking_of(asked, member_of())).roles == (Role.BUYER,)
    assert brief(professional(), event_of("new_listing"), ranking_of(asked)).roles == (Role.INVESTOR,)


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("new_listing", "New listing: {place}. $485,000. 1 client would care, 1 to ask first"),
        ("price_drop", "Price drop: {place}. $500,000 to $485,000, down $15,000. 1 client would care, 1 to ask first"),
        ("sold_listing", "Sold: {place}. Was listed at $485,000. 1 client would care, 1 to ask first"),
        ("expired_listing", "Listing expired: {place}. $485,000. For you: 2 clients heard of it"),
    ],
)
def test_the_line_for_the_queue(kind: str, line: str) -> None:
    ranking = ranking_of(member_of(), member_of(number=2, decision=Decision.ASK))
    assert headline(event_of(kind), ranking) == line.format(place="1506 Timber St Unit 4, Georgetown")


def test_a_line_without_facts() -> None:
    assert headline(event_of("new_listing", {}), ranking_of()) == "New listing: a home. Nobody to offer it to"


def test_key_intel_tells_the_change_the_audience_and_what_was_odd() -> None:
    change = {**CHANGES["price_drop"], "needs_check": True, "checks": ["price_stood_in_quarantine", "Owner: Bob!"]}
    event = event_of("price_drop", {"listing": {**LISTING, "address": None, "OwnerName": "Bob"}, "change": change})
    intel = key_intel(event, ranking_of(member_of()))
    assert intel == frozen_object(
        {
            "facts": {
                "price": "$485,000",
                "previous_price": "$500,000",
                "drop": "$15,000",
                "beds": "3",
                "baths": "2",
                "living_area": "1,850 sq ft",
                "type": "condo",
                "city": "Georgetown",
                "subdivision": "Old Town",
                "postal_code": "78626",
            },
            "change": {
                "previous_price_cents": 50_000_000,
                "new_price_cents": 48_500_000,
                "previous_status": "Active",
                "new_status": "Active",
            },
            "audience": {"considered": 12, "offers": 1, "ask": 0, "excluded": {"price": 5}, "not_offered": {}},
            "reasons": [
                *("fits your budget", "has the bedrooms you wanted", "has the garage you wanted"),
                "is in an area you asked about",
            ],
            "check": ["price_stood_in_quarantine", "no_address"],
        }
    )


def test_the_personal_part_of_a_text() -> None:
    values = personal(event_of("price_drop"), member_of(), client_named("Dr. ANN Baker"))
    assert values["first_name"] == "Ann"
    assert "garage" in values["reason"]
    assert values["question"].endswith("?")


def test_of_a_gone_home_nothing_personal_is_said_unless_the_operator_allows_it() -> None:
    for kind in ("expired_listing", "withdrawn_listing"):
        strict = personal(event_of(kind), member_of(), client_named())
        assert strict == {"first_name": "Ann", "reason": "", "question": ""}
        allowed = personal(event_of(kind), member_of(), client_named(), Switches(tell_of_gone_listings=True))
        assert (allowed["reason"], allowed["question"][-1]) == ("", "?")


def test_nobody_is_told_why_a_sold_home_would_have_suited() -> None:
    values = personal(event_of("sold_listing"), member_of(Role.BUYER), client_named())
    assert values["reason"] == ""


@given(st.sampled_from(list(ListingEvent)), st.sampled_from(list(Role)), st.integers(1, 10_000))
def test_every_kind_and_role_has_a_question_and_the_same_client_the_same(
    kind: ListingEvent, role: Role, number: int
) -> None:
    allowing = Switches(tell_of_gone_listings=True)
    event, member, client = event_of(kind), member_of(role), client_named(number=number)
    values = personal(event, member, client, allowing)
    assert values == personal(event, member, client, allowing)
    assert values["question"].count("?") == 1


def test_a_reason_that_was_missed_is_not_said() -> None:
    member = member_of(met=["price"])
    member = evolve(member, reasons=(*member.reasons, reason("area", Outcome.MISSED), reason("beds", Outcome.UNKNOWN)))
    for number in range(4):
        sentence = personal(event_of("new_listing"), member, client_named(number=number))["reason"]
        assert "budget" in sentence
        assert "area" not in sentence
        assert "bedrooms" not in sentence
