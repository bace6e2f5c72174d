"""How many: numbers with nouns, and numbers alone in short answers."""

from __future__ import annotations

import pytest

from nudge_core.model.json import Json
from nudge_core.reading.attributes import nouns_of
from nudge_core.reading.counts import Counted, bare_number, read_counts
from nudge_core.reading.numerals import Bounds
from nudge_core.reading.statements import Stance

ROOMS = (Counted("beds", nouns_of("beds")), Counted("baths", nouns_of("number_of_bathrooms")))


def _read(text: str) -> dict[str, Json]:
    return {one.attribute: one.value for one in read_counts(text, ROOMS) if one.stance is Stance.WANTED}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3+ bedrooms", {"beds": {"min": 3}}),
        ("three bed", {"beds": {"exactly": 3}}),
        ("three-bed flat with 2.5 baths", {"beds": {"exactly": 3}, "baths": {"exactly": 2.5}}),
        ("2bd/1ba", {"beds": {"exactly": 2}, "baths": {"exactly": 1}}),
        ("beds: 3, baths: 2+", {"beds": {"exactly": 3}, "baths": {"min": 2}}),
        ("three bedrooms and baths", {"beds": {"exactly": 3}, "baths": {"exactly": 3}}),
        ("at least 4 bed rooms", {"beds": {"min": 4}}),
        ("atleast two bedrooms", {"beds": {"min": 2}}),
        ("2-3 bedrooms", {"beds": {"min": 2, "max": 3}}),
        ("2 or 3 beds", {"beds": {"min": 2, "max": 3}}),
        ("between 2 and 4 bedrooms", {"beds": {"min": 2, "max": 4}}),
        ("4 bedrooms or more", {"beds": {"min": 4}}),
        ("1 1/2 baths", {"baths": {"exactly": 1.5}}),
        ("two and a half baths", {"baths": {"exactly": 2.5}}),
        ("more than 2 bedrooms", {"beds": {"min": 3}}),
        ("no more than 3 bedrooms", {"beds": {"max": 3}}),
        ("no fewer than 3 bedrooms", {"beds": {"min": 3}}),
        ("a minimum of 2 baths", {"baths": {"min": 2}}),
        ("let's jack it up to three baths", {"baths": {"exactly": 3}}),
        ("three bedrrooms", {"beds": {"exactly": 3}}),
        ("not 3 bedrooms, 4 bedrooms", {"beds": {"exactly": 4}}),
        ("I don't need 3 bedrooms", {}),
        ("bedrooms in the back", {}),
        ("the bedroom on the 2nd floor", {}),
        ("at least 3 or less bedrooms", {}),
        ("99 bedrooms", {}),
        ("3/5 beds", {}),
        ("4-2 bedrooms", {}),
    ],
)
def test_numbers_with_nouns(text: str, expected: Json) -> None:
    assert _read(text) == expected


def test_a_question_is_no_wish() -> None:
    (one,) = read_counts("Does it have 2 baths?", ROOMS)
    assert one.stance is Stance.OPEN


def test_any_noun_can_be_counted() -> None:
    (one,) = read_counts("we want two parking spaces", [Counted("parking_spaces", nouns_of("parking_spaces"))])
    assert (one.attribute, one.value) == ("parking_spaces", {"exactly": 2})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Get me 4.", Bounds(exactly=4)),
        ("I want four.", Bounds(exactly=4)),
        ("I only need one.", Bounds(exactly=1)),
        ("4 in Kent", Bounds(exactly=4)),
        ("at least 3", Bounds(least=3)),
        ("3+", Bounds(least=3)),
        ("3 or more please", Bounds(least=3)),
        ("Three is enough", Bounds(exactly=3)),
        ("I think two would hit the spot", Bounds(exactly=2)),
        ("I want one in Napa", None),
        ("3 tickets please", None),
        ("On the 6th", None),
        ("Make it 5 in the evening", None),
        ("at 4", None),
        ("16:30", None),
        ("$500", None),
        ("for 2 people", None),
        ("call 555-1234", None),
        ("not 3", None),
        ("200", None),
        ("", None),
    ],
)
def test_numbers_alone(text: str, expected: Bounds | None) -> None:
    found = bare_number(text)
    assert (None if found is None else found[0]) == expected


def test_a_mended_number_is_known_as_one() -> None:
    mended, said = bare_number("make it three"), bare_number("three please")
    assert mended is not None
    assert mended[3]
    assert said is not None
    assert not said[3]
