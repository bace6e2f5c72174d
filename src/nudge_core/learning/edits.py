"""What an edit changed: how far it went, and which words it put in place of which."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import frozen

_TOKEN = re.compile(r"\{[a-z_]+\}|[^\W_]+(?:['’][^\W_]+)*|[^\w\s]|_")
"""A placeholder, a word with its apostrophes, or one mark. Blanks count for nothing."""


@frozen(kw_only=True)
class Replacement:
    """Neighbouring words of a draft and what stands in their place; either may be empty."""

    before: tuple[str, ...]
    after: tuple[str, ...]


def tokens(text: str) -> tuple[str, ...]:
    """Return the words, marks and placeholders of a text, in order."""
    return tuple(_TOKEN.findall(text))


def distance(drafted: str, approved: str) -> float:
    """Return how much of a draft was rewritten: 0 (sent as drafted) to 1 (nothing is left).

    The fewest words and marks to put in, leave out or exchange (V. I. Levenshtein 1966), divided by the longer of the
    two texts; case counts, blanks do not.
    """
    before, after = tokens(drafted), tokens(approved)
    longer = max(len(before), len(after))
    return _costs(before, after)[-1][-1] / longer if longer else 0.0


def replacements(drafted: str, approved: str) -> tuple[Replacement, ...]:
    """Return what an edit put in place of what, in order: the changed stretches of one shortest way between them."""
    before, after = tokens(drafted), tokens(approved)
    costs = _costs(before, after)
    i, j = len(before), len(after)
    steps: list[tuple[str | None, str | None]] = []
    while i or j:
        if i and j and before[i - 1] == after[j - 1] and costs[i][j] == costs[i - 1][j - 1]:
            steps.append((None, None))
            i, j = i - 1, j - 1
        elif i and j and costs[i][j] == costs[i - 1][j - 1] + 1:
            steps.append((before[i - 1], after[j - 1]))
            i, j = i - 1, j - 1
        elif i and costs[i][j] == costs[i - 1][j] + 1:
            steps.append((before[i - 1], None))
            i -= 1
        else:
            steps.append((None, after[j - 1]))
            j -= 1
    return _stretches(steps[::-1])


def _stretches(steps: Sequence[tuple[str | None, str | None]]) -> tuple[Replacement, ...]:
    found: list[Replacement] = []
    gone: list[str] = []
    come: list[str] = []
    for old, new in [*steps, (None, None)]:
        if old is None and new is None:
            if gone or come:
                found.append(Replacement(before=tuple(gone), after=tuple(come)))
            gone, come = [], []
            continue
        gone += [] if old is None else [old]
        come += [] if new is None else [new]
    return tuple(found)


def _costs(before: Sequence[str], after: Sequence[str]) -> list[list[int]]:
    """The table of the fewest changes between the first i and the first j tokens."""
    table = [list(range(len(after) + 1))]
    for i, old in enumerate(before, 1):
        row, above = [i], table[-1]
        for j, new in enumerate(after, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (old != new)))
        table.append(row)
    return table
