"""Numbers as people write them: "$500,000", "500k", "up to 500000", "3+", "2-3", "under 4500/mo"."""

from __future__ import annotations

import re
from decimal import Decimal

from attrs import frozen

_TIMES = {"": 1, "k": 1_000, "thousand": 1_000, "m": 10**6, "mm": 10**6, "mil": 10**6, "million": 10**6}
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_AT_MOST = r"up\s+to|at\s+most|no\s+more\s+than|not\s+more\s+than|less\s+than|under|below|maximum|max\.?|<=?|≤"
_AT_LEAST = r"at\s+least|no\s+less\s+than|not\s+less\s+than|more\s+than|over|above|from|minimum|min\.?|>=?|≥"
_ABOUT = r"about|around|approximately|approx\.?|roughly|circa|~"
_DIGITS = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+"


def _number(name: str) -> str:
    words = "|".join(_WORDS)
    return rf"\$?\s*(?P<{name}>{_DIGITS}|{words})\s*(?P<{name}_scale>k|thousand|mm|million|mil|m)?(?![a-z])"


_FORM = re.compile(
    rf"(?:(?P<most>{_AT_MOST})|(?P<least>{_AT_LEAST})|(?P<about>{_ABOUT})|(?P<between>between))?\s*:?\s*"
    + _number("low")
    + r"(?:\s*(?:-|–|to|and)\s*"
    + _number("high")
    + r")?\s*(?:dollars|usd)?\s*"
    + r"(?P<month>(?:/|per\s+|a\s+|each\s+)\s*(?:mo(?:nth)?\.?)|monthly|pcm)?\s*"
    + r"(?:(?P<more>\+|(?:or|and)\s+(?:more|up|above|over))"
    + r"|(?P<less>(?:or|and)\s+(?:less|under|below)|max(?:imum)?|tops))?"
    + r"\s*(?:beds?|bedrooms?|brs?|baths?|bathrooms?|sq\.?\s*ft\.?|sqft|square\s+feet)?\s*(?P<plus>\+)?\.?",
    re.IGNORECASE,
)


@frozen(kw_only=True)
class Amount:
    """What a text says of a number.

    `minimum` and `maximum`: bounds it states; `plain`: a number without a bound ("500k"), which means what its field
    means by one. `about`: it is not meant exactly. `per_month`: it is a payment.
    """

    minimum: float | None = None
    maximum: float | None = None
    plain: float | None = None
    about: bool = False
    per_month: bool = False


def read_amount(text: str) -> Amount | None:
    """Return what the whole text says, or None when it is not a number in one of these forms.

    A range takes the scale of its end: "300-400k" is 300,000 to 400,000.
    """
    match = _FORM.fullmatch(" ".join(text.split()))
    if match is None:
        return None
    said = match.groupdict()
    low, high = _value(said["low"], said["low_scale"]), _value(said["high"], said["high_scale"])
    if low is None:
        return None
    per_month, about = bool(said["month"]), bool(said["about"])
    if high is not None:
        if not said["low_scale"] and said["high_scale"]:
            low = _scaled_like(low, said["low"], high, said["high_scale"])
        if said["most"] or said["least"] or low is None or low > high:
            return None
        return Amount(minimum=low, maximum=high, about=about, per_month=per_month)
    if said["between"]:
        return None
    at_most, at_least = said["most"] or said["less"], said["least"] or said["more"] or said["plus"]
    if (at_most and at_least) or (about and (at_most or at_least)):
        return None
    if at_most:
        return Amount(maximum=low, per_month=per_month)
    if at_least:
        return Amount(minimum=low, per_month=per_month)
    return Amount(plain=low, about=about, per_month=per_month)


def _scaled_like(low: float, digits: str, high: float, scale: str) -> float | None:
    """Give the beginning of a range the scale of its end: 300-400k; 600-1.1M is 600 thousand to 1.1 million."""
    if low >= 1_000:
        return low
    for candidate in (_value(digits, scale), _value(digits, "k")):
        if candidate is not None and candidate <= high:
            return candidate
    return None


def _value(digits: str | None, scale: str | None) -> float | None:
    if digits is None:
        return None
    number = Decimal(_WORDS.get(digits.lower(), 0)) or Decimal(digits.replace(",", ""))
    value = number * _TIMES[(scale or "").lower()]
    return int(value) if value == int(value) else float(value)
