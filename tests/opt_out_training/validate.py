"""Cross-validation inside the training corpus: how the reader does on texts whose family it was not trained on."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nudge_core.policy.opt_out import Verdict, by_rules, read
from nudge_core.policy.opt_out_learned import Head, Learned, shipped
from tests.measure_opt_out import Figures, Labelled, measure
from tests.opt_out_training.corpus import ORDINARY, SEED, Example, corpus
from tests.opt_out_training.fit import Floats, Ints, Table, fitted, picked, tabulated

FOLDS = 5
PENALTY = 1e-5
"""Weight of the squared weights; 3e-5 gave the same (cross-validation)."""


def labels(examples: Sequence[Example]) -> dict[str, Floats]:
    """Return what each score is to say of every text: 1 or 0."""
    return {
        "stop": np.array([one.label is Verdict.STOP for one in examples], dtype=np.float64),
        "quiet": np.array([one.label is not Verdict.KEEP for one in examples], dtype=np.float64),
    }


def by_family(examples: Sequence[Example]) -> Ints:
    """Deal whole families to the folds, hand-written themes as well."""
    families = sorted({one.family for one in examples})
    random.Random(SEED).shuffle(families)
    fold = {family: n % FOLDS for n, family in enumerate(families)}
    return np.array([fold[one.family] for one in examples])


def by_text(examples: Sequence[Example]) -> Ints:
    """Deal hand-written texts one by one, families of the grammar whole."""
    folds = by_family(examples)
    written = [n for n, one in enumerate(examples) if one.weight == 1.0]
    random.Random(SEED).shuffle(written)
    for place, n in enumerate(written):
        folds[n] = place % FOLDS
    return folds


def weights(table: Table, wanted: Floats, examples: Sequence[Example], chosen: NDArray[np.bool_]) -> Floats:
    """Fit one score on the chosen texts."""
    counts = np.array([one.weight for one in examples])
    return fitted(picked(table, chosen), wanted[chosen], counts[chosen], penalty=PENALTY)


def unseen(examples: Sequence[Example], folds: Ints) -> Iterator[tuple[NDArray[np.bool_], dict[str, Floats]]]:
    """Yield for each fold which texts are in it, and both weights fitted on all others."""
    table = tabulated([one.tokens for one in examples])
    for fold in range(FOLDS):
        rest = folds != fold
        yield ~rest, {name: weights(table, wanted, examples, rest) for name, wanted in labels(examples).items()}


def scored(examples: Sequence[Example], folds: Ints) -> dict[str, Floats]:
    """Return both scores of every text, by weights that were not fitted on it."""
    table = tabulated([one.tokens for one in examples])
    found = {"stop": np.zeros(len(examples)), "quiet": np.zeros(len(examples))}
    for inside, both in unseen(examples, folds):
        for name, fold_weights in both.items():
            found[name][inside] = table.scores(fold_weights)[inside]
    return found


def validated() -> Iterator[tuple[str, Figures]]:
    """Yield the figures of the hand-written texts: the rules alone, then the whole reader by family and by text."""
    examples = corpus()
    written = [n for n, one in enumerate(examples) if one.weight == 1.0]
    texts = [_labelled(examples[n]) for n in written]
    yield "training texts, rules alone", measure(texts, [by_rules(one.text).verdict for one in texts])
    for title, folds in (("by family", by_family(examples)), ("by text", by_text(examples))):
        verdicts: dict[int, Verdict] = {}
        for inside, both in unseen(examples, folds):
            learned = Learned(
                Head(both["stop"][:-1], float(both["stop"][-1]), shipped().stop.threshold),
                Head(both["quiet"][:-1], float(both["quiet"][-1]), shipped().quiet.threshold),
            )
            for n in written:
                if inside[n]:
                    text = examples[n].text
                    verdicts[n] = read(text, learned).verdict
        yield f"training texts, cross-validated {title}", measure(texts, [verdicts[n] for n in written])
        everyday = [n for n in written if examples[n].family.split()[-1].startswith(ORDINARY)]
        known = [_labelled(examples[n]) for n in everyday]
        yield f"  the ordinary ones of them, {title}", measure(known, [verdicts[n] for n in everyday])


def _labelled(example: Example) -> Labelled:
    """Return the text in its own group, so that keywords of the blind set are not counted as explicit wording."""
    group = example.family.split()[-1].removeprefix(f"{ORDINARY}blind_")
    return Labelled(example.text, example.label, group)
