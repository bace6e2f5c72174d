"""Money inside a text: "$500,000", "500k", "1.2M", "between 400 and 450k", "under 4500/mo", "budget of 2 grand".

A number is money when a currency stands with it, when its scale says so, or when the words around it speak of a budget.
Everything else ("500 Pine St", "2 pm", a year, a phone number) is left unread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import evolve

from nudge_core.reading.amounts import read_amount
from nudge_core.reading.clauses import sentence
from nudge_core.reading.numerals import AT_LEAST, AT_MOST
from nudge_core.reading.stance import stance
from nudge_core.reading.statements import CERTAIN, LIKELY, Firmness, Stance, Statement

_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_SCALE = r"(?:\s*(?:k|thousand|grand|mm|million|mil|m)(?![a-z]))"
_CURRENCY = r"(?:\$|US\$|USD\s*|usd\s*)"
_ONE = rf"(?:{_CURRENCY}\s*)?{_NUMBER}{_SCALE}?(?:\s*(?:dollars|bucks|usd))?"
_MONTH = r"(?:\s*(?:/|per|a|each|every)\s*(?:mo(?:nth)?\b\.?)|\s*monthly|\s*pcm)"
_FORM = re.compile(
    rf"(?<![\w.,/#:-])(?:(?P<lead>{AT_MOST}|{AT_LEAST}|between|from|about|around|approximately|roughly|circa|~)\s*(?:of\s+)?)?"
    rf"(?P<low>{_ONE})(?:\s*(?:-|–|to|and)\s*(?P<high>{_ONE}))?(?P<month>{_MONTH})?"
    r"(?P<tail>\s*(?:\+|(?:or|and)\s+(?:less|under|below|more|up|above|over)\b|max(?:imum)?\b|tops\b|at\s+(?:the\s+)?most\b|min(?:imum)?\b))?"
    r"(?![\w%]|[.,:/-][0-9])",
    re.IGNORECASE,
)
_SIGN = re.compile(
    rf"\$|usd|dollars|bucks|grand|[0-9]\s*(?:k|mm|mil)(?![a-z])|million|[0-9.]M(?![a-zA-Z])|{_MONTH}", re.IGNORECASE
)
_BUDGET = re.compile(
    r"\b(?:budgets?|afford|spend(?:ing)?|pay(?:ing|ments?)?|price[ds]?|pricing|costs?|rent(?:s|als?)?|approved|pre-?approv\w*"
    r"|cheap(?:er)?|purchase|offer|asking|worth|mortgage|loan)\b",
    re.IGNORECASE,
)
_OTHER_THINGS = re.compile(
    r"\s*(?:sq|square|sf|sqft|feet|ft|acres?|miles?|km|minutes?|mins?|hours?|days?|weeks?|months?|years?|people|beds?|bedrooms?"
    r"|brs?|baths?|bathrooms?|pm|am|o['’]clock|st|nd|rd|th|street|ave|avenue|blvd|road|percent|%|units?|stor(?:y|ies)|cars?)\b",
    re.IGNORECASE,
)
_OTHER_PRICES = re.compile(
    r"\b(?:tickets?|fare|seats?|meal|dinner|lunch|movie|concert|flight|hotel|haircut|appointment|transfer|deposit|fees?|per\s+night)\b",
    re.IGNORECASE,
)
_NO_MORE = re.compile(
    r"\b(?:can(?:['’]?t|not)|could\s*n['’]?t|do\s*n['’]?t|wo\s*n['’]?t|never|not)\s+(?:\w+\s+){0,4}$", re.IGNORECASE
)  # "can't spend more than 850k" is a greatest sum
LEAST_RENT = 100.0  # dollars a month
PLAIN_LEAST = 300.0  # a number without currency below that is no sum, even beside the word "budget"


def read_money(text: str, attributes: Sequence[str]) -> list[Statement]:
    """Return the sums a text names as bounds on the given attributes, by place; never raises.

    The value has `min`, `max` or `exactly` in dollars, and `per_month` where the text says so; a sum without a bound
    is a greatest one ("500k", "my budget is $2,000"), and "about" gives `about`.
    """
    found: list[Statement] = []
    for match in _FORM.finditer(text):
        value = _value(text, match)
        if value is None:
            continue
        how = stance(text, match.start(), match.end())
        certain = bool(_SIGN.search(match.group()))
        found += [
            Statement(
                attribute=attribute,
                value=value,
                start=match.start(),
                end=match.end(),
                stance=Stance.WANTED if how is Stance.REFUSED else how,
                firmness=Firmness.SOFT if "about" in value else Firmness.HARD,
                confidence=CERTAIN if certain else LIKELY,
            )
            for attribute in attributes
        ]
    return found


def _value(text: str, match: re.Match[str]) -> dict[str, float | bool] | None:
    """Return the bounds a match states; None when it is no sum of a home's price or rent."""
    low, high = sentence(text, match.start(), match.end())
    around = text[low:high]
    signed = bool(_SIGN.search(match.group()))
    if (
        (not signed and not _BUDGET.search(around))
        or _OTHER_THINGS.match(text, match.end())
        or _OTHER_PRICES.search(around)
    ):
        return None
    plain = re.sub(
        r"\b(?:of|bucks|dollars)\b|(?<=[0-9])\s*grand",
        lambda m: "k" if "grand" in m.group().casefold() else " ",
        match.group(),
        flags=re.IGNORECASE,
    )
    plain = re.sub(r"^\s*from\b(?=.*\b(?:to|-)\b)", "", plain, flags=re.IGNORECASE)
    plain = re.sub(r"\bUS\$|\busd\s*(?=[0-9])", "$", plain, flags=re.IGNORECASE)
    plain = re.sub(
        r"\b(?:every)\s+month",
        "per month",
        re.sub(r"\bnot\s+over\b", "at most", plain, flags=re.IGNORECASE),
        flags=re.IGNORECASE,
    )
    plain = re.sub(r"\bat\s+(?:the\s+)?most\s*$", "max", plain, flags=re.IGNORECASE)
    plain = re.sub(r"^(\D*(?:maximum|minimum|max\.?|min\.?))\s+of\b", r"\1", plain, flags=re.IGNORECASE)
    amount = read_amount(plain)
    if amount is None:
        return None
    numbers = [n for n in (amount.minimum, amount.maximum, amount.plain) if n is not None]
    if not signed and (max(numbers) < PLAIN_LEAST or _looks_like_year(match.group(), numbers)):
        return None
    if min(numbers) < LEAST_RENT:
        return None
    value: dict[str, float | bool] = {}
    if amount.minimum is not None and amount.maximum is None and _NO_MORE.search(text, low, match.start()):
        amount = evolve(amount, minimum=None, maximum=amount.minimum)
    if amount.minimum is not None:
        value["min"] = amount.minimum
    if amount.maximum is not None:
        value["max"] = amount.maximum
    if amount.plain is not None:
        value["about" if amount.about else "max"] = amount.plain
    if amount.per_month:
        value["per_month"] = True
    return value


def _looks_like_year(said: str, numbers: Sequence[float]) -> bool:
    return "," not in said and all(1_900 <= number <= 2_100 and number == int(number) for number in numbers)
