"""Sentences and clauses of a text, as places in it: how far a "no" or an "if" can reach."""

from __future__ import annotations

import re

REACH = 160  # characters before and after a place that can turn its meaning

_SENTENCE_END = re.compile(r"[!?;\n\r•]+|\.(?=\s|$|[A-Z])")
_CLAUSE_END = re.compile(
    r"[:()|]|\s[-–—]\s|(?<!\bnothing )(?<!\banything )(?<!\banywhere )(?<!\beverything )\bbut\b"
    r"|\b(?:however|although|though|yet|while|because|since|so)\b"
    r"|\band\s+(?=(?:i|we|it|he|she|they|also|with|must|needs?|prefers?|wants?|definitely|ideally|maybe|yes|only)\b)",
    re.IGNORECASE,
)


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the sentence around a place, with the mark that ends it; no more than `REACH` on either side."""
    low = max(0, start - REACH)
    for match in _SENTENCE_END.finditer(text, low, start):
        low = match.end()
    closing = _SENTENCE_END.search(text, end, min(len(text), end + REACH))
    high = min(len(text), end + REACH) if closing is None else closing.end()
    return low, high


def before(text: str, start: int) -> str:
    """Return the words of the clause that stand before a place."""
    low, _ = sentence(text, start, start)
    for match in _CLAUSE_END.finditer(text, low, start):
        low = match.end()
    return text[low:start]


def after(text: str, end: int) -> str:
    """Return the words of the clause that stand after a place."""
    _, high = sentence(text, end, end)
    closing = _CLAUSE_END.search(text, end, high)
    return text[end : high if closing is None else closing.start()]
