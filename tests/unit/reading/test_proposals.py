"""A model's proposals are checked against the text: what is not in it, or denied by it, is refused."""

from __future__ import annotations

import pytest

from nudge_core.model.json import Json
from nudge_core.reading.proposals import ProposedFact, Refused, check
from nudge_core.reading.statements import Stance

TEXT = "I want 3 bedrooms up to $450k in Kent, no pool. Is there a garage? A garage sale is fun."
KNOWN = ("beds", "price", "pool", "garage", "area", "yard")


def _one(attribute: str, value: Json, quote: str, *, start: int | None = None, wanted: bool = True) -> ProposedFact:
    return ProposedFact(attribute=attribute, value=value, quote=quote, start=start, wanted=wanted)


@pytest.mark.parametrize(
    "proposal",
    [
        _one("beds", {"min": 3}, "3 bedrooms"),
        _one("beds", 3, "3  Bedrooms"),
        _one("price", {"max": 450_000}, "up to $450k"),
        _one("area", "Kent", "in Kent"),
        _one("area", {"any": ["Kent"]}, "Kent", start=33),
        _one("pool", True, "pool", wanted=False),
        _one("pool", False, "pool"),
    ],
)
def test_stands(proposal: ProposedFact) -> None:
    told = check(TEXT, [proposal], KNOWN)
    (stands,) = told.stand
    assert " ".join(proposal.quote.split()).casefold() == TEXT[stands.start : stands.end].casefold()
    assert stands.stance is (Stance.WANTED if proposal.wanted else Stance.REFUSED)


@pytest.mark.parametrize(
    ("proposal", "reason"),
    [
        (_one("beds", {"min": 4}, "3 bedrooms"), Refused.NOT_IN_QUOTE),
        (_one("price", {"max": 500_000}, "up to $450k"), Refused.NOT_IN_QUOTE),
        (_one("area", "Seattle", "in Kent"), Refused.NOT_IN_QUOTE),
        (_one("area", "Seattle", "in Seattle"), Refused.NOT_IN_TEXT),
        (_one("area", "Kent", "in Kent", start=3), Refused.NOT_IN_TEXT),
        (_one("garage", True, "garage"), Refused.NOT_IN_TEXT),
        (_one("garage", True, "garage", start=59), Refused.ONLY_ASKED),
        (_one("pool", True, "pool"), Refused.DENIED),
        (_one("yard", True, ""), Refused.NOT_IN_TEXT),
        (_one("sauna", True, "pool"), Refused.UNKNOWN_ATTRIBUTE),
    ],
)
def test_refused(proposal: ProposedFact, reason: Refused) -> None:
    told = check(TEXT, [proposal], KNOWN)
    assert told.stand == ()
    assert told.refused == ((proposal, reason),)


def test_what_is_refused_shows_no_words_of_the_client() -> None:
    told = check(TEXT, [_one("area", "Seattle", "in Seattle")], KNOWN)
    assert "Seattle" not in repr(told)
