"""What the learned layer of the opt-out reader sees of a text: words, rows of words, parts of words, and concepts.

Every feature is a name that is hashed to a place among `PLACES`. The features of a kind share a weight of one, whatever
the length of the text, so that a long text does not outweigh a short one. Pure and deterministic: CRC-32, no seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations, pairwise
from math import sqrt
from zlib import crc32

from nudge_core.policy.opt_out_concepts import concepts

PLACES = 2**16
"""Places of the hash table. Two features that fall on one place share its weight."""

COURTESY = frozenset(
    (
        *("please", "pls", "plz", "plse", "kindly", "hi", "hello", "hey", "sir", "maam", "madam", "mam"),
        *("thanks", "thank", "thx", "thnx", "thankyou", "ty", "gracias", "por", "favor", "merci", "bitte", "svp"),
    )
)
"""Left out, so that a kind word never changes what is asked for."""

MOST_WORDS = 120
"""A longer text is read by its first words: three segments of SMS hold about so many."""

WORD_ROW = 3
SHORTEST_PART = 3
"""In scripts where a word is a sentence, parts are shorter by one."""
LONGEST_PART = 5
NEAR = 5
"""Concepts so many words apart are still looked at in pairs."""

KINDS = ("word", "part", "concept")
_SHARE = {"word": 1.0, "part": 1.0, "concept": 1.4}
"""How much each kind counts. Concepts generalise best (cross-validation inside the training corpus)."""


def words_of(tokens: Sequence[str]) -> tuple[str, ...]:
    """Return the words that are looked at: without courtesy, bounded in number."""
    return tuple(word for word in tokens if word not in COURTESY)[:MOST_WORDS]


def features(tokens: Sequence[str]) -> dict[int, float]:
    """Return the places of a folded text's features and their values; none for a text without words."""
    words = words_of(tokens)
    found: dict[int, float] = {}
    if not words:
        return found
    parts = {place for word in words for place in _part_places(word)}
    for kind, places in (
        ("word", {_place(name) for name in _word_names(words)}),
        ("part", parts),
        ("concept", {_place(name) for name in _concept_names(words)}),
    ):
        value = _SHARE[kind] / sqrt(len(places)) if places else 0.0
        for place in sorted(places):
            found[place] = found.get(place, 0.0) + value
    return found


def names(tokens: Sequence[str]) -> dict[str, int]:
    """Return the features by name, with their places: for explanations. The names hold words of the text."""
    words = words_of(tokens)
    if not words:
        return {}
    found = [*_word_names(words), *(name for word in words for name in _part_names(word)), *_concept_names(words)]
    return {name: _place(name) for name in found}


def _place(name: str) -> int:
    return crc32(name.encode("utf-8", "surrogatepass")) % PLACES


def _word_names(words: Sequence[str]) -> Iterator[str]:
    row = ("^", *words, "$")
    for size in range(1, WORD_ROW + 1):
        for start in range(len(row) - size + 1):
            yield "w:" + " ".join(row[start : start + size])


def _part_names(word: str) -> Iterator[str]:
    edged = f"_{word}_"
    for size in range(SHORTEST_PART if word.isascii() else SHORTEST_PART - 1, LONGEST_PART + 1):
        for start in range(len(edged) - size + 1):
            yield "p:" + edged[start : start + size]


@lru_cache(maxsize=4096)
def _part_places(word: str) -> tuple[int, ...]:
    return tuple(_place(name) for name in _part_names(word))


def _concept_names(words: Sequence[str]) -> Iterator[str]:
    """Yield concepts, neighbours, rows of three that skip words without a sense, and pairs that stand near."""
    senses = [(n, name) for n, word in enumerate(words) for name in concepts(word)]
    for _, name in senses:
        yield "c:" + name
    for (one, first), (other, second) in combinations(senses, 2):
        if 0 < other - one <= NEAR:
            yield f"n:{first} {second}"
        if other - one == 1:
            yield f"d:{first} {second}"
    main = [concepts(word)[0] for word in words if concepts(word)]
    for row in zip(main, main[1:], main[2:], strict=False):
        yield "r:" + " ".join(row)
    edged = ["^", *main, "$"]
    for pair in (*tuple(pairwise(edged))[:1], *tuple(pairwise(edged))[-1:]):
        yield "e:" + " ".join(pair)
    if main:
        yield "m:" + " ".join(main) if len(main) <= NEAR else "m:long"
