"""BM25, plainly, as a yardstick: k1 1.2, b 0.75, words of a query counted once. Nothing of the product in it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

K1 = 1.2
B = 0.75
Tokens = Callable[[str], list[str]]


class Bm25:
    """Documents, ready to be asked. Words are weighed by ln(1 + (N - n + 0.5) / (n + 0.5))."""

    def __init__(self, documents: Sequence[str], tokens: Tokens) -> None:
        self._tokens = tokens
        self.documents = [Counter(tokens(document)) for document in documents]
        lengths = [sum(words.values()) for words in self.documents]
        mean = sum(lengths) / len(lengths)
        having = Counter(word for words in self.documents for word in words)
        total = len(documents)
        self._weight = {word: math.log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in having.items()}
        self._entries: dict[str, list[tuple[int, float]]] = {}
        for place, (words, length) in enumerate(zip(self.documents, lengths, strict=True)):
            for word, often in words.items():
                value = self._weight[word] * often * (K1 + 1) / (often + K1 * (1 - B + B * length / mean))
                self._entries.setdefault(word, []).append((place, value))

    def scores(self, query: str, most: int | None = None) -> list[float]:
        """Return a score per document; only the `most` frequent words of the query count, where that is given."""
        often = Counter(self._tokens(query))
        asked = [word for word, _ in often.most_common(most) if word in self._weight] if most else sorted(often)
        scores = [0.0] * len(self.documents)
        for word in asked:
            for place, value in self._entries.get(word, ()):
                scores[place] += value
        return scores
