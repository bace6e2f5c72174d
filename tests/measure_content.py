"""Rehearsals of measure B on the library alone, and the figures without what was written for a client.

    python -m tests.measure_content rehearse    # how the weights were chosen; reads units.jsonl only
    python -m tests.measure_content cold        # a harder look at dev; reads the truth, chooses nothing

    python -m tests.measure_content cold        # a harder look at dev; reads the truth and chooses nothing
known, and so are its topics. So every figure of measure B can be taken without a client, and without the truth.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_adapters.embeddings.local import build_local_embedder
from nudge_core.matching.content import ranking
from nudge_core.matching.content.ranking import Content, Note, Weights, read
from nudge_core.matching.content.texts import all_near, ready
from nudge_core.matching.content.topics import carries, teach
from nudge_core.matching.content.words import weighing
from nudge_entrypoints.quality.folders import Prediction, Truth, clients_of, found, truth_of, units_of
from nudge_entrypoints.quality.measures import Figures, evaluate

NOTE_WORDS = 60
"""Length of a piece: the median of the notes."""
SEEDS = (0, 1, 2)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@frozen
class Rehearsal:
    """Pieces and what is left, with the truth that follows."""

    notes: tuple[Note, ...]
    contents: tuple[Content, ...]
    truth: Truth


def rehearsal(folder: Path, seed: int) -> Rehearsal:
    """Return one rehearsal of a folder."""
    chance = np.random.default_rng(seed)
    units = units_of(folder)
    pieces, rests = zip(*(_cut(unit["text"], chance) for unit in units), strict=True)
    vectors = asyncio.run(build_local_embedder().embed([*pieces, *rests]))
    topics = [frozenset(unit["topics"]) for unit in units]
    names = tuple(str(place) for place in range(len(units)))
    truth = Truth(
        clients=names,
        units=names,
        gains={
            name: {
                other: len(mine & theirs) / len(mine | theirs)
                for other, theirs in zip(names, topics, strict=True)
                if mine & theirs
            }
            for name, mine in zip(names, topics, strict=True)
        },
        own={name: name for name in names},
    )
    return Rehearsal(
        tuple(Note(text=text, meaning=vector) for text, vector in zip(pieces, vectors, strict=False)),
        tuple(
            Content(text=text, topics=tags, meaning=vector)
            for text, tags, vector in zip(rests, topics, vectors[len(units) :], strict=True)
        ),
        truth,
    )


def figures(rehearsed: Rehearsal, weights: Weights) -> Figures:
    """Return the measures of one rehearsal."""
    readership = read(rehearsed.contents, rehearsed.notes, weights)
    told: dict[str, Prediction] = {}
    for name, content in zip(rehearsed.truth.units, rehearsed.contents, strict=True):
        ranked = readership.rank(content)
        told[name] = Prediction(
            ranked=tuple(str(one.row) for one in ranked),
            flagged=frozenset(str(one.row) for one in ranked if one.flagged),
        )
    return evaluate(rehearsed.truth, told)


def cold(folder: Path) -> Figures:
    """Return the measures where each client's topics are guessed without the contents written for that client.

    Only the counts of words still know them. Flags are left out.
    """
    truth = truth_of(folder)
    clients, units = clients_of(folder), units_of(folder)
    texts = [unit["text"] for unit in units]
    notes = [f"{client['title']} {client['text']}" for client in clients]
    topics = [frozenset(unit["topics"]) for unit in units]
    vectors = asyncio.run(build_local_embedder().embed([*texts, *notes]))
    weighed = weighing([*texts, *notes])
    words, weights = len(weighed.place), ranking.SHIPPED
    dim = next(vector.dim for vector in vectors if vector is not None)
    contents, readers = (
        ready(weighed, texts, vectors[: len(texts)], dim),
        ready(weighed, notes, vectors[len(texts) :], dim),
    )
    among, near = (all_near(contents, others, words, weights.meaning) for others in (contents, readers))
    names = sorted(frozenset().union(*topics))
    chances = np.zeros((len(clients), len(names)))
    for row, client in enumerate(clients):
        others = [place for place, unit in enumerate(units) if truth.own[unit["unit_id"]] != client["client_id"]]
        taught = teach([topics[place] for place in others], among[np.ix_(others, others)], weights.stiffness)
        chances[row, [names.index(name) for name in taught.names]] = taught.guess(near[others, row][None])[0]
    carried = carries(topics, names)
    common = carried @ chances.T
    overlap = common / (carried.sum(1)[:, None] + chances.sum(1)[None] - common)
    scores = _standing(overlap) + weights.text * _standing(near)
    ids = [client["client_id"] for client in clients]
    return evaluate(
        truth,
        {
            unit["unit_id"]: Prediction(ranked=tuple(ids[place] for place in np.argsort(-row, kind="stable")))
            for unit, row in zip(units, scores, strict=True)
        },
    )


def _standing(values: NDArray[np.float64]) -> NDArray[np.float64]:
    standing: NDArray[np.float64] = (values - values.mean(1, keepdims=True)) / values.std(1, keepdims=True)
    return standing


def _cut(text: str, chance: np.random.Generator) -> tuple[str, str]:
    sentences = _SENTENCE.split(text)
    if len(sentences) == 1:
        words = text.split()
        half = min(NOTE_WORDS, len(words) // 2)
        return " ".join(words[:half]), " ".join(words[half:])
    place, taken = int(chance.integers(0, len(sentences))), set[int]()
    while sum(len(sentences[one].split()) for one in taken) < NOTE_WORDS and len(taken) < len(sentences) - 1:
        taken.add(place % len(sentences))
        place += 1
    return (
        " ".join(sentence for one, sentence in enumerate(sentences) if one in taken),
        " ".join(sentence for one, sentence in enumerate(sentences) if one not in taken),
    )


def _line(name: str, each: Sequence[Figures]) -> str:
    mean = {key: float(np.mean([one.values[key] for one in each])) for key in each[0].values}
    judged = [mean["P@10"], mean["known-item R@10"], mean["known-item MRR"]]
    harmonic = len(judged) / sum(1 / value for value in judged)
    flags = (
        f", flagged {mean['flagged precision']:.3f}/{mean['flagged recall']:.3f}" if "flagged recall" in mean else ""
    )
    return (
        f"{name:44} P@10 {judged[0]:.3f}, nDCG@10 {mean['nDCG@10']:.3f}, known R@10 {judged[1]:.3f}, "
        f"MRR {judged[2]:.3f}, harmonic mean {harmonic:.3f}{flags}"
    )


def main(arguments: Sequence[str]) -> None:
    """Print what is asked for."""
    folder = found() / "counsel_chat" / "dev"
    if list(arguments) == ["cold"]:
        print(_line("dev, without the contents of one's own", [cold(folder)]))  # noqa: T201 - this is the terminal's program
        return
    rehearsals = [rehearsal(folder, seed) for seed in SEEDS]
    tried = [Weights(), *(Weights(meaning=share) for share in (0.0, 0.1, 0.3, 0.5))]
    tried += [Weights(stiffness=stiffness) for stiffness in (0.5, 2.0)]
    tried += [Weights(text=weight) for weight in (0.5, 1.0, 2.0, 2.5)]
    for weights in tried:
        print(_line(str(weights), [figures(one, weights) for one in rehearsals]), flush=True)  # noqa: T201 - this is the terminal's program


if __name__ == "__main__":
    main(sys.argv[1:])
