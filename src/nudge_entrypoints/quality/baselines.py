"""Simple methods, to be compared with: what somebody would build in an afternoon. They share nothing with the product.

Written anew from the definitions in `match-quality.md`, where their figures stand; the tests hold them to those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from nudge_entrypoints.quality.bm25 import Bm25
from nudge_entrypoints.quality.folders import RANKED, Prediction, Row, clients_of, ordered, units_of

LONG_QUERY = 60
"""Words of a content's text that are asked for: the most frequent ones."""
TOPIC_REPEATS, SAID_WEIGHT = 3, 2.0
"""BM25 + topic words: topics stand so many times in the query, and each topic word in the note adds so much."""
PREDECESSOR_THRESHOLD = 25
_ALWAYS, _AREA, _BEDS = 30, 25, 15
"""Points of the predecessor's rule: 30 for a budget that nobody stated, 25 for the area, 15 for the bedrooms."""

_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "single": 1, "double": 2, "1": 1, "2": 2, "3": 3, "4": 4}
_ROOMS = {
    "beds": re.compile(r"\b(one|two|three|four|[1-4])\s*[- ]?\s*(?:bed(?:room)?s?|br|bd)\b"),
    "baths": re.compile(r"\b(one|two|three|four|[1-4])\s*[- ]?\s*(?:bath(?:room)?s?|ba)\b"),
}
_NICKNAMES = re.compile(r"\b(sf|san fran|sfo|san francsico)\b")
_ANY_WORD = re.compile(r"[a-z0-9]+")
_LETTERS = re.compile(r"[a-z]+")
_EMPTY_WORDS = frozenset(
    re.findall(
        r"\S+",
        "the a an and or of to in i my me is it that for with on was have be this are but not so do at as we you he "
        "she they her him his just am been if or what how can when about from would get want all like feel know "
        "because has by there out don't t s ve m",
    )
)

Method = Callable[[Path], dict[str, Prediction]]


def random_homes(folder: Path) -> dict[str, Prediction]:
    """Return clients by the hash of their ids, the same for every home."""
    names = [client["client_id"] for client in clients_of(folder)]
    return {unit["unit_id"]: Prediction(ranked=tuple(names[:RANKED])) for unit in units_of(folder)}


def bm25_homes(folder: Path) -> dict[str, Prediction]:
    """Return clients whose words are those of a home's description."""
    clients = clients_of(folder)
    names = [client["client_id"] for client in clients]
    index = Bm25([_said(client) for client in clients], lambda text: _ANY_WORD.findall(text.lower()))
    return {
        unit["unit_id"]: Prediction(ranked=ordered(names, index.scores(_described(unit)), RANKED))
        for unit in units_of(folder)
    }


def predecessor(folder: Path) -> dict[str, Prediction]:
    """Return clients by the predecessor's rule, simplified in its favour, wishes read by regular expressions."""
    clients, units = clients_of(folder), units_of(folder)
    names = [client["client_id"] for client in clients]
    areas = sorted({_plain(unit["area"]) for unit in units})
    wishes = [_wishes(_said(client).lower(), areas) for client in clients]
    told: dict[str, Prediction] = {}
    for unit in units:
        points = [_points(wish, unit) for wish in wishes]
        acted = frozenset(name for name, value in zip(names, points, strict=True) if value >= PREDECESSOR_THRESHOLD)
        told[unit["unit_id"]] = Prediction(ranked=ordered(names, points, RANKED), flagged=acted)
    return told


def random_content(folder: Path) -> dict[str, Prediction]:
    """Return all clients by the hash of their ids, the same for every content."""
    return _by_note(folder, lambda _unit, _index: ())


def keyword(folder: Path) -> dict[str, Prediction]:
    """Return clients by how many words of the content's topics occur in the note."""
    return _by_note(folder, _topics_said)


def bm25_content(folder: Path) -> dict[str, Prediction]:
    """Return clients whose notes have the words of the content's text."""
    return _by_note(folder, lambda unit, index: index.scores(unit["text"], LONG_QUERY))


def bm25_topics(folder: Path) -> dict[str, Prediction]:
    """Return the same with the topics' words in the query and counted once more where they are said."""

    def scores(unit: Row, index: Bm25) -> list[float]:
        query = unit["text"] + " " + " ".join(unit["topics"] * TOPIC_REPEATS)
        said = _topics_said(unit, index)
        return [a + SAID_WEIGHT * b for a, b in zip(index.scores(query, LONG_QUERY), said, strict=True)]

    return _by_note(folder, scores)


HOMES: Mapping[str, Method] = {"random": random_homes, "bm25": bm25_homes, "predecessor": predecessor}
CONTENT: Mapping[str, Method] = {
    "random": random_content,
    "keyword": keyword,
    "bm25": bm25_content,
    "bm25 + topic words": bm25_topics,
}


def _by_note(folder: Path, scored: Callable[[Row, Bm25], Sequence[float]]) -> dict[str, Prediction]:
    clients = clients_of(folder)
    names = [client["client_id"] for client in clients]
    index = Bm25([client["title"] + " " + client["text"] for client in clients], _content_words)
    silent = [0.0] * len(names)
    return {
        unit["unit_id"]: Prediction(ranked=ordered(names, scored(unit, index) or silent)) for unit in units_of(folder)
    }


def _topics_said(unit: Row, index: Bm25) -> list[float]:
    asked = [word for topic in unit["topics"] for word in _content_words(topic)]
    return [float(sum(word in note for word in asked)) for note in index.documents]


def _content_words(text: str) -> list[str]:
    return [word for word in _LETTERS.findall(text.lower()) if word not in _EMPTY_WORDS and len(word) > 2]


def _said(client: Row) -> str:
    return " ".join(utterance["text"] for utterance in client["utterances"])


def _described(unit: Row) -> str:
    text = f"{unit['name']} {unit['address']} in {unit['area']} {unit['beds']} bedroom {unit['baths']} bathroom"
    furnished = " furnished" if unit.get("furnished") is True else ""
    return text + furnished + (" pets allowed" if unit.get("pets_allowed") is True else "")


def _plain(area: str) -> str:
    return area.lower().strip().replace(", ca", "").replace(" city", "")


def _wishes(said: str, areas: Sequence[str]) -> dict[str, int | str]:
    wishes: dict[str, int | str] = {}
    for name, pattern in _ROOMS.items():
        match = pattern.search(said)
        if match is not None:
            wishes[name] = _NUMBERS[match.group(1)]
    places = _NICKNAMES.sub("san francisco", said)
    named = [area for area in areas if re.search(rf"\b{re.escape(area)}\b", places)]
    if named:
        wishes["area"] = max(named, key=len)
    return wishes


def _points(wishes: Mapping[str, int | str], unit: Row) -> int:
    if any(unit[name] < wishes.get(name, 0) for name in _ROOMS):
        return 0
    in_area = "area" in wishes and str(wishes["area"]) in unit["area"].lower()
    return _ALWAYS + _AREA * in_area + _BEDS * ("beds" in wishes)
