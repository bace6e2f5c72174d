"""What a text wears and does not mean: words of courtesy at its beginning and its end.

No layer of the opt-out reader may be moved by them: "stop" and "Please STOP!!! Thank you, sir" ask for the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_ROWS = tuple(
    sorted(
        (
            tuple(row.split())
            for row in (
                *("thank you so much", "thank you very much", "thank you kindly", "thank you", "thank u", "thank ya"),
                *("thanks so much", "thanks very much", "thanks a lot", "many thanks", "thanks", "thx", "thnx", "ty"),
                *("please", "pls", "plz", "plse", "kindly", "thankyou", "sir", "maam", "madam", "mam"),
                *("hi there", "hi", "hello there", "hello", "hey there", "hey", "por favor", "gracias"),
                *("merci beaucoup", "merci", "bitte", "svp"),
            )
        ),
        key=lambda row: (-len(row), row),
    )
)
"""Longest first. `opt_out_features.COURTESY` leaves single words out of the middle of a text as well."""


def undressed(text: str) -> str:
    """Return a text without the courtesy at its ends; its signs stay, so that a 🛑 beside a "please" is still one.

    Never changes more when done twice. Linear in the length of the text.
    """
    found = list(_WORD.finditer(text))
    words = [one[0].casefold().replace("'", "").replace("’", "") for one in found]
    first, last = 0, len(words)
    while size := _leading(words, first, last):
        first += size
    while size := _trailing(words, first, last):
        last -= size
    if first == 0 and last == len(words):
        return text
    return _without(_without(text, found[last:]), found[:first]).strip()


def _leading(words: Sequence[str], first: int, last: int) -> int:
    """Return how many words of courtesy stand at the beginning."""
    return next((len(row) for row in _ROWS if tuple(words[first : min(first + len(row), last)]) == row), 0)


def _trailing(words: Sequence[str], first: int, last: int) -> int:
    """Return how many words of courtesy stand at the end."""
    return next((len(row) for row in _ROWS if tuple(words[max(first, last - len(row)) : last]) == row), 0)


def _without(text: str, spans: Sequence[re.Match[str]]) -> str:
    """Return the text without these words, which follow one another; the signs between them stay."""
    for one in reversed(spans):
        text = f"{text[: one.start()]} {text[one.end() :]}"
    return text
