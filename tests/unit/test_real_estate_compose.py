"""Drafts from templates: always short enough, always signed, and nothing in them that no fact supports."""

from __future__ import annotations

import re

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.errors import Invalid
from nudge_core.model.brief import Brief
from nudge_core.model.client import Role
from nudge_core.model.event import ListingEvent
from nudge_core.policy.placeholders import fill, parse, widest
from nudge_core.policy.proposal import objections
from nudge_core.policy.segments import Encoding, segments
from nudge_core.policy.wording import first_text, with_opt_out_line
from nudge_core.verticals.real_estate.compose import compose
from nudge_core.verticals.real_estate.facts import TYPES
from nudge_core.verticals.real_estate.lint import lint
from nudge_core.verticals.real_estate.switches import STRICT, Switches
from nudge_core.verticals.real_estate.templates import OWNER_NOTE
from nudge_core.verticals.real_estate.voice import voice

ALLOWING = Switches(tell_of_gone_listings=True, close_price=True)
GONE = {"expired_listing", "withdrawn_listing"}
LONG_BUSINESS = "Berkshire Hathaway HomeServices Texas Realty"

FULL = {
    "price": "$485,000",
    "previous_price": "$500,000",
    "drop": "$15,000",
    "beds": "3",
    "baths": "2",
    "living_area": "1,850 sq ft",
    "type": "condo",
    "address": "1506 Timber St",
    "city": "Georgetown",
    "subdivision": "Old Town",
    "postal_code": "78626",
}


def brief_of(kind: str = "new_listing", **changes: object) -> Brief:
    facts = {k: v for k, v in FULL.items() if kind == "price_drop" or k not in {"drop", "previous_price"}}
    made = Brief(
        vertical="real_estate",
        kind=kind,
        facts=facts,
        roles=(Role.BUYER,),
        reasons=(),
        sender_first_name="Maria",
        sender_business="Zilker Realty",
        variation=0,
    )
    return evolve(made, **changes)  # type: ignore[arg-type]  # names of fields


DOLLARS = st.integers(1_000, 9_999_999).map(lambda dollars: f"${dollars:,}")
CITIES = st.sampled_from(["Austin", "Dripping Springs", "Rancho Santa Margarita", "O'Fallon", "White Settlement"])
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "price": DOLLARS,
        "previous_price": DOLLARS,
        "drop": DOLLARS,
        "close_price": DOLLARS,
        "beds": st.integers(1, 20).map(str),
        "baths": st.sampled_from(["1", "1.5", "2", "2.75", "12"]),
        "living_area": st.integers(100, 99_999).map(lambda feet: f"{feet:,} sq ft"),
        "type": st.sampled_from(sorted(set(TYPES.values()))),
        "address": st.sampled_from(["1 Elm St", "12345 Old San Antonio Rd Unit 1204", "7130 N Camino De Los Caballos"]),
        "city": CITIES,
        "subdivision": st.sampled_from(["Old Town", "Zilker", "Enclave at Barton Creek"]),
        "postal_code": st.integers(10_000, 99_999).map(str),
    },
)
BRIEFS = st.builds(
    brief_of,
    st.sampled_from([kind.value for kind in ListingEvent]),
    facts=FACTS,
    roles=st.lists(st.sampled_from(list(Role)), unique=True).map(tuple),
    sender_first_name=st.sampled_from(["Maria", "Jo", "Maximiliano", "Mary-Kate"]),
    sender_business=st.sampled_from(["", "KW", "Zilker Realty", LONG_BUSINESS]),
    variation=st.integers(0, 2**31 - 1),
)


@given(BRIEFS)
def test_a_draft_has_its_placeholders_once_and_is_signed(brief: Brief) -> None:
    text = compose(brief, ALLOWING)
    assert [place.name for place in parse(text)] == ["first_name", "reason", "question"]
    assert {
        f.rule for f in first_text(with_opt_out_line(text), brief.sender_first_name, brief.sender_business)
    } == set()


@given(BRIEFS)
def test_a_draft_keeps_to_two_parts_at_its_longest(brief: Brief) -> None:
    counted = segments(widest(compose(brief, ALLOWING)))
    assert counted.encoding is Encoding.GSM7
    assert counted.parts <= 2


@given(BRIEFS)
def test_the_wording_rules_have_nothing_to_say(brief: Brief) -> None:
    assert lint(compose(brief, ALLOWING)) == ()


CAPITALS = {"Hi", "Hello", "It"}
FEATURES = "pool garage view waterfront yard fireplace basement renovated updated school safe quiet large near close"
DATES = "today tomorrow weekend monday friday sunday january june july december week month year"


@given(BRIEFS)
def test_a_draft_says_nothing_that_no_fact_supports(brief: Brief) -> None:
    """Every number, name, date and feature of a draft stands in the facts, word for word.

    The facts are taken out of the text, the longest first; what is left must hold no digit, no capital but of a
    greeting, and no word that states a feature or a date.
    """
    text = compose(brief, ALLOWING)
    left = re.sub(r"\{\w+\}", " ", text)
    known = [*brief.facts.values(), brief.sender_first_name, brief.sender_business]
    for value in sorted(filter(None, known), key=len, reverse=True):
        left = re.sub(rf"(?<![\w$.,]){re.escape(value)}(?![\w])", " ", left)
    words = re.findall(r"[A-Za-z']+", left)
    assert not re.search(r"[\d$%]", left)
    assert {word for word in words if word[0].isupper()} <= CAPITALS
    assert not {word.lower() for word in words} & {*FEATURES.split(), *DATES.split(), *TYPES.values()}


@given(BRIEFS)
def test_a_number_is_told_as_what_it_is(brief: Brief) -> None:
    text = compose(brief, ALLOWING)
    for name, word in (("beds", "bed"), ("baths", "bath")):
        for value in re.findall(rf"([\d.]+) {word}", text):
            assert value == brief.facts[name]
    for value, word in re.findall(r"([\d.]+) (beds?|baths?)\b", text):
        assert word.endswith("s") == (value != "1")
    for down in re.findall(r"(?:dropped|down) (\$[\d,]+)", text):
        assert down == brief.facts["drop"]
    for close in re.findall(r"sold for (\$[\d,]+)", text):
        assert close == brief.facts["close_price"]


@given(BRIEFS.filter(lambda brief: brief.kind not in GONE))
def test_a_template_passes_what_a_models_words_must_pass(brief: Brief) -> None:
    assert objections(compose(brief), brief, voice().rules) == ()


@given(BRIEFS)
def test_the_same_brief_gives_the_same_words(brief: Brief) -> None:
    assert compose(brief, ALLOWING) == compose(brief, ALLOWING)


@pytest.mark.parametrize("kind", sorted(GONE))
def test_a_gone_listing_is_the_professionals_own_news(kind: str) -> None:
    text = compose(brief_of(kind))
    assert text.startswith(OWNER_NOTE)
    assert parse(text) == ()
    assert [finding.rule for finding in lint(text)] == ["owner_note"]
    assert not compose(brief_of(kind), ALLOWING).startswith(OWNER_NOTE)


def test_a_sale_price_is_told_only_where_it_is_a_fact() -> None:
    assert "sold for" not in compose(brief_of("sold_listing"))
    facts = {**FULL, "close_price": "$479,000"}
    assert "sold for $479,000" in compose(brief_of("sold_listing", facts=facts), ALLOWING)


@pytest.mark.parametrize(
    ("address", "city", "business", "told"),
    [
        ("1506 Elm St", "Georgetown", "Zilker Realty", ": a condo with 3 beds, 2 baths and 1,850 sq ft. {reason}"),
        ("1506 Timber St Unit 12", "Georgetown", "Zilker Realty", ": a condo with 3 beds and 2 baths. {reason}"),
        ("1506 Timber St Unit 12", "Georgetown", "Coldwell Banker Apex Realtors", ". 3 beds and 2 baths. {reason}"),
        ("12345 Old San Antonio Rd", "Dripping Springs", "Coldwell Banker Apex Realtors", ". 3 beds. {reason}"),
        ("12345 Old San Antonio Rd", "Dripping Springs", LONG_BUSINESS, "at $485,000. {reason}"),
    ],
)
def test_details_are_given_up_in_their_order(address: str, city: str, business: str, told: str) -> None:
    brief = brief_of(facts={**FULL, "address": address, "city": city}, sender_business=business)
    text = compose(brief)
    assert told in text
    assert f"{address} in {city}" in text
    assert " bed" not in text or segments(widest(with_opt_out_line(text))).parts == 2


def test_the_city_is_given_up_before_the_drop() -> None:
    facts = {**FULL, "price": "$11,485,000", "drop": "$1,115,000", "address": "12345 Old San Antonio Road Unit 1204"}
    facts["city"] = "Rancho Santa Margarita"
    text = compose(brief_of("price_drop", facts=facts, sender_first_name="Maximiliano", sender_business=LONG_BUSINESS))
    assert "12345 Old San Antonio Road Unit 1204 just dropped $1,115,000 to $11,485,000." in text
    assert "Rancho" not in text


def test_the_longest_values_of_all_still_fit() -> None:
    facts = {name: value for name, value in FULL.items() if name not in {"type", "beds"}}
    facts["address"] = "7130 N Camino De Los Caballos Del Sol Unit 12041"
    facts |= {"price": "$999,999,999.99", "drop": "$888,888,888.88", "previous_price": "$999,999,999.98"}
    for variation in range(40):
        brief = brief_of(
            "price_drop",
            facts=facts,
            sender_first_name="Maximiliano-Alejand",
            sender_business="Berkshire Hathaway HomeServices Texas Realty Inc",
            variation=variation,
        )
        assert segments(widest(compose(brief))).parts <= 2


def test_a_name_gsm7_cannot_write_is_still_signed_and_the_home_still_named() -> None:
    text = compose(brief_of(sender_first_name="Иван"))
    assert "Иван" in text
    assert "1506 Timber St in Georgetown just came on the market at $485,000." in text


def test_all_roles_hear_of_it_in_words_for_all() -> None:
    mixed = compose(brief_of(roles=(Role.SELLER_PROSPECT, Role.BUYER)))
    assert "just came on the market" in mixed
    assert "just came on the market" not in compose(brief_of(roles=(Role.SELLER_PROSPECT,)))


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(Invalid, match=r"event\.event_type"):
        compose(brief_of("open_house"))


def test_a_filled_draft_reads_as_one_text() -> None:
    values = {"first_name": "", "reason": "It fits your budget.", "question": "Would you like to see it?"}
    assert fill(compose(brief_of("price_drop")), values) == (
        "Hi there, 1506 Timber St in Georgetown (condo, 3 beds, 2 baths, 1,850 sq ft) just dropped $15,000 to "
        "$485,000. It fits your budget. Would you like to see it? - Maria, Zilker Realty"
    )
    assert Switches() == STRICT
