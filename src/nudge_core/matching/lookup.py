"""Search in a book of clients: by words (BM25) and by meaning (cosine), fused by reciprocal rank, and explained.

Sources: BM25 with k1 = 1.2 and b = 0.75 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009);
reciprocal rank fusion with k = 60 (Cormack, Clarke and Buettcher, SIGIR 2009).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np
from attrs import field, frozen

from nudge_core.matching.constraints import FULL
from nudge_core.matching.semantic import NEUTRAL, cosine, dot_products, error_bound
from nudge_core.model.client import Client
from nudge_core.model.vector import Vector

K1 = 1.2
B = 0.75
RANK_K = 60

MOST_WORDS = 20
"""Words of a search that count; a longer text is looked up by its meaning, and by its first words."""

DEPTH = 200
"""How many of each list are fused: as many as one page may show."""

LEAST_MEANING = NEUTRAL / FULL
"""A cosine below this is what texts score that have nothing to do with one another (`semantic.NEUTRAL`)."""

FIELDS = ("name", "tags", "notes")

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


@frozen(kw_only=True)
class Hit:
    """Somebody who was found. `score`: of the fusion, greater is better; it compares hits of one search only.

    `words`: field to the words of the search that stand in it, as parts of words too. `word_rank`, `meaning_rank`:
    places in the two lists, from 1; None: not in it. `similarity`: the cosine of search and notes, -1 to 1.
    """

    client_id: UUID
    score: float
    words: Mapping[str, tuple[str, ...]] = field(repr=False)
    word_rank: int | None
    meaning_rank: int | None
    similarity: float | None


def words_of(text: str) -> tuple[str, ...]:
    """Return the words that are looked up: in lower case, each once, in order, at most `MOST_WORDS`."""
    return tuple(dict.fromkeys(_WORD.findall(text.lower())))[:MOST_WORDS]


def by_words(words: Sequence[str], found: Sequence[Client]) -> list[tuple[UUID, float]]:
    """Rank clients by BM25, best first; those without any of the words are left out.

    A client is one document: name, tags and notes. A word counts wherever it stands, as a part of a longer word too.
    How rare a word is, and how long a document usually is, is taken from `found`: the clients that have one of them.
    """
    texts = {client.id: "\n".join(_fields(client).values()) for client in found}
    counts = {one: Counter({word: text.count(word) for word in words if word in text}) for one, text in texts.items()}
    lengths = {one: max(1, len(_WORD.findall(text))) for one, text in texts.items()}
    usual = sum(lengths.values()) / len(lengths) if lengths else 1.0
    having = Counter(word for count in counts.values() for word in count)
    scored = [
        (
            one,
            sum(
                _weight(having[word], len(texts)) * _often(times, lengths[one] / usual) for word, times in count.items()
            ),
        )
        for one, count in counts.items()
        if count
    ]
    return sorted(scored, key=lambda entry: (-entry[1], entry[0]))


def _weight(having: int, documents: int) -> float:
    return math.log(1 + (documents - having + 0.5) / (having + 0.5))


def _often(times: int, length: float) -> float:
    return times * (K1 + 1) / (times + K1 * (1 - B + B * length))


def by_meaning(vector: Vector, meanings: Mapping[UUID, Vector], depth: int = DEPTH) -> list[tuple[UUID, float]]:
    """Rank clients by the cosine of their notes to what was searched, best first, down to `LEAST_MEANING`.

    Exact: float32 picks candidates with the bound of its error to spare, and `cosine` settles them.

    Args:
        vector: of the search.
        meanings: of the clients, by the same model.
        depth: how many at most.
    """
    ids = [one for one in sorted(meanings) if meanings[one].dim == vector.dim]
    if not ids:
        return []
    matrix = np.stack([meanings[one].values for one in ids])
    (estimates,) = dot_products(matrix, [(np.arange(len(ids), dtype=np.int32), vector.values)])
    slack = 2 * error_bound(vector.dim)
    least = LEAST_MEANING - slack
    if len(ids) > depth:
        least = max(least, float(np.partition(estimates, -depth)[-depth]) - slack)
    settled = [(ids[place], cosine(meanings[ids[place]], vector)) for place in np.flatnonzero(estimates >= least)]
    close = [entry for entry in settled if entry[1] >= LEAST_MEANING]
    return sorted(close, key=lambda entry: (-entry[1], entry[0]))[:depth]


def fused(
    worded: Sequence[tuple[UUID, float]],
    meant: Sequence[tuple[UUID, float]],
    words: Sequence[str],
    clients: Mapping[UUID, Client],
    limit: int,
) -> tuple[Hit, ...]:
    """Fuse two lists, best first; the id settles ties.

    Args:
        worded: of `by_words`.
        meant: of `by_meaning`.
        words: what was looked up.
        clients: those whose words are known: everybody in `worded`.
        limit: how many at most.
    """
    places = {one: place for place, (one, _) in enumerate(worded[:DEPTH], 1)}
    meanings = {one: (place, value) for place, (one, value) in enumerate(meant[:DEPTH], 1)}
    hits = [
        Hit(
            client_id=one,
            score=_share(places.get(one)) + _share(meanings.get(one, (None, 0.0))[0]),
            words=_where(words, clients[one]) if one in clients else {},
            word_rank=places.get(one),
            meaning_rank=meanings.get(one, (None, None))[0],
            similarity=meanings.get(one, (None, None))[1],
        )
        for one in {*places, *meanings}
    ]
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.client_id))[:limit])


def _share(place: int | None) -> float:
    return 0.0 if place is None else 1 / (RANK_K + place)


def _where(words: Sequence[str], client: Client) -> Mapping[str, tuple[str, ...]]:
    found = {name: tuple(word for word in words if word in text) for name, text in _fields(client).items()}
    return {name: inside for name, inside in found.items() if inside}


def _fields(client: Client) -> Mapping[str, str]:
    said = (client.full_name, "\n".join(client.tags), client.notes)
    return {name: text.lower() for name, text in zip(FIELDS, said, strict=True)}
