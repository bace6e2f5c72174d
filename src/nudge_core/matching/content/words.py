"""Words of a text, with English endings taken off, and how many texts have each.

No list of words to leave out: a word that most texts have weighs next to nothing by itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

SHORTEST = 2
"""Letters of the shortest word that counts."""
SHORTEST_STEM = 3
"""Letters that must be left when an ending is taken off."""
_WORD = re.compile(r"[^\W\d_]+")
_ENDINGS = (
    ("ies", "y"),
    ("ing", ""),
    ("edly", ""),
    ("ed", ""),
    ("ly", ""),
    ("ness", ""),
    ("ment", ""),
    ("ship", ""),
    ("es", ""),
    ("s", ""),
)
_KEPT_DOUBLE = frozenset("aeiouls")


def words_of(text: str) -> list[str]:
    """Return the words of a text in order, lower-cased, as written."""
    return [word for word in _WORD.findall(text.casefold()) if len(word) >= SHORTEST]


def stem(word: str) -> str:
    """Return a lower-cased word without its English ending: "arguing", "argued" and "argues" are one.

    Meant to join forms, not to be read: what is left need not be a word.
    """
    for ending, instead in _ENDINGS:
        left = len(word) - len(ending)
        if word.endswith(ending) and left >= SHORTEST_STEM and not (ending == "s" and word.endswith("ss")):
            word = word[:left] + instead
            break
    if len(word) > SHORTEST_STEM and word.endswith("e"):
        word = word[:-1]
    if len(word) > SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in _KEPT_DOUBLE:
        word = word[:-1]
    return word


@frozen(eq=False)
class Rows:
    """Texts as sparse rows of length 1: `places` and `weights` of text i stand where `row_of` is i.

    Shapes: all three (entries,). A text without a known word has no entry.
    """

    count: int
    row_of: Places
    places: Places
    weights: Floats

    def against(self, wide: Floats) -> Floats:
        """Return the product with a dense vector over all words, shape (count,)."""
        return np.bincount(self.row_of, self.weights * wide[self.places], self.count).astype(np.float64)

    def wide(self, row: int, words: int) -> Floats:
        """Return one row as a dense vector over `words` words."""
        vector = np.zeros(words)
        start, end = np.searchsorted(self.row_of, [row, row + 1])
        vector[self.places[start:end]] = self.weights[start:end]
        return vector


@frozen(eq=False)
class Weighing:
    """What each word weighs: the rarer among the texts it was made from, the more.

    `place`: the number of each stem; `forms`: of each word as written, so that no word is cut twice. `rarity`:
    shape (stems,), ln(1 + (N - n + 0.5) / (n + 0.5)) of a stem that n of N texts have (the idf of BM25).
    """

    place: Mapping[str, int]
    rarity: Floats
    forms: Mapping[str, int]

    def place_of(self, word: str) -> int | None:
        """Return the number of a lower-cased word; None for one that was never seen in any form."""
        known = self.forms.get(word)
        return self.place.get(stem(word)) if known is None else known

    def rows(self, texts: Sequence[str]) -> Rows:
        """Return texts as rows of length 1: ln(1 + how often) times rarity. Words never seen before are left out."""
        row_of: list[int] = []
        places: list[int] = []
        times: list[int] = []
        for row, text in enumerate(texts):
            for known, often in _counted(place for place in map(self.place_of, words_of(text)) if place is not None):
                row_of.append(row)
                places.append(known)
                times.append(often)
        rows, at = np.array(row_of, np.int64), np.array(places, np.int64)
        weights = np.log1p(np.array(times, np.float64)) * self.rarity[at]
        lengths = np.sqrt(np.bincount(rows, weights**2, len(texts)))
        return Rows(len(texts), rows, at, weights / lengths[rows])


def weighing(texts: Iterable[str]) -> Weighing:
    """Return what words weigh among these texts."""
    place: dict[str, int] = {}
    forms: dict[str, int] = {}
    having: Counter[int] = Counter()
    total = 0
    for text in texts:
        total += 1
        words = set(words_of(text))
        forms.update((word, place.setdefault(stem(word), len(place))) for word in sorted(words - forms.keys()))
        having.update({forms[word] for word in words})
    n = np.array([having[number] for number in range(len(place))], np.float64)
    return Weighing(place, np.log1p((total - n + 0.5) / (n + 0.5)), forms)


def _counted(places: Iterable[int]) -> list[tuple[int, int]]:
    return sorted(Counter(places).items())
