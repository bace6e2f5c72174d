"""Features in descriptions: what is there, what is not, and what the words leave open."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.reading.features import read_features
from nudge_core.reading.lexicon import PHRASES, SYNONYMS, feature_named
from tests.shared_data import shared

HAS, LACKS, OPEN = "has", "lacks", "open"


def said(text: str, feature: str) -> str:
    read = read_features(text, [feature])
    return HAS if feature in read.has else LACKS if feature in read.lacks else OPEN


@pytest.mark.parametrize(
    ("text", "feature", "expected"),
    [
        ("Sparkling in-ground pool with a shaded deck.", "pool", HAS),
        ("No pool.", "pool", LACKS),
        ("There is no swimming pool here.", "pool", LACKS),
        ("Pool not included in the lease.", "pool", LACKS),
        ("Pool: none. Garage: yes.", "pool", LACKS),
        ("The home does not have a pool.", "pool", LACKS),
        ("A yard without a pool, easy to keep.", "pool", LACKS),
        ("The pool has been removed.", "pool", LACKS),
        ("No HOA, pool, large yard.", "pool", HAS),
        ("No pool, garage or basement.", "garage", LACKS),
        ("No pool, garage or basement.", "basement", LACKS),
        ("No pool or garage.", "garage", LACKS),
        ("No pool but a large garage.", "garage", HAS),
        ("No expense spared on this pool.", "pool", HAS),
        ("Not only a pool but a hot tub.", "pool", HAS),
        ("No shortage of storage in the garage.", "garage", HAS),
        ("Room for a pool.", "pool", OPEN),
        ("Plenty of room to add a pool.", "pool", OPEN),
        ("Pool-sized lot.", "pool", OPEN),
        ("Community pool and playground.", "pool", OPEN),
        ("Community pool and playground.", "community pool", HAS),
        ("Access to the community pool.", "community pool", HAS),
        ("Steps to the neighborhood pool.", "pool", OPEN),
        ("Community amenities include heated pool, boat parking.", "pool", OPEN),
        ("Pool table stays.", "pool", OPEN),
        ("Close to the pool.", "pool", OPEN),
        ("No pool in the yard. The pool next door is lovely.", "pool", OPEN),
        ("Two car garage.", "garage", HAS),
        ("Carport for two cars.", "garage", OPEN),
        ("Carport for two cars.", "carport", HAS),
        ("Converted garage is now a den.", "carport", OPEN),
        ("The garage has been converted to a studio.", "garage", OPEN),
        ("Garage sale on Saturday.", "garage", OPEN),
        ("Garage apartment in the back.", "adu", HAS),
        ("Garage apartment in the back.", "garage", OPEN),
        ("Attached garage with room for storage.", "garage", HAS),
        ("Garage", "parking", HAS),
        ("Fully fenced backyard.", "fenced yard", HAS),
        ("Fully fenced backyard.", "yard", HAS),
        ("Privacy-fenced yard with mature trees.", "fenced yard", HAS),
        ("Unfenced yard.", "fenced yard", OPEN),
        ("Dedicated home office with a door.", "home office", HAS),
        ("Flexible front room works as a study.", "home office", HAS),
        ("Leasing office on site.", "home office", OPEN),
        ("Kitchen redone with quartz counters.", "updated kitchen", HAS),
        ("Updated kitchen with gas range.", "updated kitchen", HAS),
        ("The kitchen was fully renovated.", "updated kitchen", HAS),
        ("Waterfront lot with a view of the lake.", "view", HAS),
        ("Come view this home today, near Mountain View school.", "view", OPEN),
        ("Hardwood floors throughout.", "hardwood floors", HAS),
        ("Wood-look tile floors.", "hardwood floors", OPEN),
        ("Well-kept one-story house.", "single story", HAS),
        ("Spacious two story home.", "single story", LACKS),
        ("A two-story foyer in this rambler.", "single story", HAS),
        ("Unfurnished.", "furnished", LACKS),
        ("Fully furnished.", "furnished", HAS),
        ("No pets.", "pets allowed", LACKS),
        ("Cats welcome, pets allowed.", "pets allowed", HAS),
        ("No HOA fees!", "hoa", LACKS),
        ("Wine cellar below.", "wine cellar", HAS),
        ("There is no wine cellar.", "wine cellar", LACKS),
        ("Oversized lot with room for a garden.", "garden", OPEN),
        ("", "pool", OPEN),
    ],
)
def test_what_a_description_says(text: str, feature: str, expected: str) -> None:
    assert said(text, feature) == expected
    assert said(text.upper(), feature) == expected


def test_the_evidence_has_a_place() -> None:
    text = "No pool, but a 2-car garage."
    read = read_features(text, ["pool", "garage"])
    assert [(m.feature, m.present, text[m.start : m.end]) for m in read.mentions] == [
        ("pool", False, "pool"),
        ("garage", True, "garage"),
    ]


@pytest.mark.parametrize(
    ("written", "feature"),
    [("Swimming  Pool", "pool"), ("fenced_yard", "fenced yard"), ("Walk in closet", "walk-in closet"),
     ("ADU", "adu"), ("single-story", "single story"), ("Wine Cellar", "wine cellar"), ("A/C", "air conditioning")],
)  # fmt: skip
def test_what_people_write_is_brought_to_one_name(written: str, feature: str) -> None:
    assert feature_named(written) == feature


def test_every_synonym_is_of_a_known_feature() -> None:
    assert set(SYNONYMS.values()) <= PHRASES.keys()
    assert not SYNONYMS.keys() & PHRASES.keys()


@given(st.text(max_size=300), st.sampled_from(sorted(PHRASES)))
def test_mentions_lie_in_the_text_and_never_say_both(text: str, feature: str) -> None:
    read = read_features(text, [feature])
    assert all(0 <= mention.start < mention.end <= len(text) for mention in read.mentions)
    assert not read.has & read.lacks


def test_the_features_of_real_descriptions() -> None:
    """On 246 descriptions written by people: what is read as absent is absent (looked through by hand)."""
    path = shared("mls/listing_histories_500.jsonl")
    remarks = [json.loads(line)["PublicRemarks"] or "" for line in path.read_text(encoding="utf-8").splitlines()]
    read = [read_features(text, PHRASES) for text in remarks if text and not text.startswith("This ")]
    has = sum(len(one.has) for one in read)
    lacks = [feature for one in read for feature in one.lacks]
    assert len(read) == 246
    assert 950 <= has <= 1_150
    assert {feature: lacks.count(feature) for feature in set(lacks) - {"single story"}} == {"hoa": 5, "pets allowed": 1}
