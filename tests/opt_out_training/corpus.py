"""The training corpus: hand-written texts, the development set, and sentences drawn from the grammar by seed.

The first blind set is in it since it was measured and read: it is blind no more. Never in it: the held-out part, the
shared seed, and the second blind set. A text that folds to one of the held-out part is
left out, so that the held-out figure stays one of unseen texts.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

from nudge_core.policy.opt_out import Verdict, folded_clauses
from nudge_core.policy.opt_out_features import words_of
from tests.measure_opt_out import Labelled, blind, development, held_out, parsed

_FOLDER = Path(__file__).parent
_SLOT = re.compile(r"\{([A-Z]+)\}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
SEED = 20261122
ORDINARY = "ordinary_"
"""Families so named hold everyday wording in everyday proportion: thresholds are chosen on them."""
DRAWN = 190
"""Sentences drawn for each family of the grammar."""
SLIPS = 0.18
"""Share of drawn sentences that get one typing slip."""
DRAWN_WEIGHT = 0.35
"""What a drawn sentence counts beside a hand-written one: there are many, and they resemble each other."""


@frozen
class Example:
    """A labelled text as the learned layer sees it, its family, and how much it counts in training."""

    tokens: tuple[str, ...]
    label: Verdict
    family: str
    weight: float
    text: str


def corpus() -> tuple[Example, ...]:
    """Return every example once, in a fixed order."""
    texts = [(one, f"development {one.label} {one.group}", 1.0) for one in development()]
    for name in ("texts_stop", "texts_other", "texts_keep", "texts_second", "texts_third"):
        written = parsed((_FOLDER / f"{name}.txt").read_text(encoding="utf-8"))
        texts += [(one, f"{one.label} {one.group}", 1.0) for one in written]
    texts += [(one, f"{one.label} {ORDINARY}blind_{one.group}", 1.0) for one in blind()]
    texts += [(one, f"{one.label} {one.group}", DRAWN_WEIGHT) for one in drawn()]
    seen = {as_words(one.text) for one in held_out()}
    found: list[Example] = []
    for one, family, weight in texts:
        tokens = as_words(one.text)
        if tokens and tokens not in seen:
            seen.add(tokens)
            found.append(Example(tokens, one.label, family, weight, one.text))
    return tuple(found)


def as_words(text: str) -> tuple[str, ...]:
    """Return the words of a text as the learned layer looks at them."""
    return words_of(" ".join(folded_clauses(text)).split())


def digest(examples: Sequence[Example]) -> str:
    """Return what tells one corpus from another."""
    rows = "\n".join(f"{one.label} {one.family} {one.weight} {' '.join(one.tokens)}" for one in examples)
    return hashlib.sha256(rows.encode()).hexdigest()


def drawn() -> tuple[Labelled, ...]:
    """Return the sentences of the grammar: the same ones on every machine."""
    slots, families = _grammar((_FOLDER / "grammar.txt").read_text(encoding="utf-8"))
    found: list[Labelled] = []
    for label, family, sentences in families:
        chance = random.Random(f"{SEED} {family}")
        for _ in range(DRAWN):
            text = " ".join(_filled(chance.choice(sentences), slots, chance).split())
            found.append(Labelled(_slipped(text, chance) if chance.random() < SLIPS else text, label, family))
    return tuple(found)


def _grammar(text: str) -> tuple[Mapping[str, list[str]], list[tuple[Verdict, str, list[str]]]]:
    slots: dict[str, list[str]] = {}
    families: list[tuple[Verdict, str, list[str]]] = []
    for line in text.splitlines():
        heading = re.fullmatch(r"\[(stop|ask|keep) (\w+)\]", line)
        slot = re.fullmatch(r"([A-Z]+) = (.*)", line)
        if heading is not None:
            families.append((Verdict(heading[1]), heading[2], []))
        elif slot is not None:
            slots.setdefault(slot[1], []).extend(part.strip() for part in slot[2].split("|"))
        elif line.strip() and not line.startswith("#"):
            families[-1][2].append(line)
    return slots, families


def _filled(sentence: str, slots: Mapping[str, list[str]], chance: random.Random) -> str:
    while _SLOT.search(sentence) is not None:
        sentence = _SLOT.sub(lambda slot: chance.choice(slots[slot[1]]), sentence, count=1)
    return sentence


def _slipped(text: str, chance: random.Random) -> str:
    """Swap, drop, double or change one letter inside a word."""
    places = [n for n in range(1, len(text) - 1) if text[n - 1 : n + 2].isalpha()]
    if not places:
        return text
    n = chance.choice(places)
    kind = chance.randrange(4)
    if kind == 0:
        return text[:n] + text[n + 1] + text[n] + text[n + 2 :]
    if kind == 1:
        return text[:n] + text[n + 1 :]
    if kind == 2:
        return text[:n] + text[n] + text[n:]
    return text[:n] + chance.choice(_LETTERS) + text[n + 1 :]
