"""Test S2: how well opt-out wording is read, on labelled texts. `python -m tests.measure_opt_out` prints the figures.

Sets, apart: the development part (rules may be tuned on it), the held-out part (never), a blind one, the shared seed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import frozen

from nudge_core.policy.opt_out import Verdict, by_rules, read

_FOLDER = Path(__file__).parent / "data"
_HEADING = re.compile(r"\[(stop|ask|keep) (\w+)\]")
PER_SE = frozenset({"keyword", "per_se", "provider_keyword"})
"""Groups of texts that are one keyword of the law or of a network, with courtesy at most."""


@frozen
class Labelled:
    """A text, what a reasonable person reads in it, and the kind of text it is."""

    text: str
    label: Verdict
    group: str


@frozen(kw_only=True)
class Figures:
    """What one set gave. Shares are between 0 and 1; `missed` and `alarmed` are the texts that were read wrongly.

    `per_se`: keywords read as STOP. `explicit`: all other texts labelled stop, read as STOP. `quietened`: texts that
    are unclear or narrow, read as STOP or ASK. `left_alone`: innocent texts read as KEEP. `precision`: of the texts
    that were taken for STOP, those that are labelled so. `silenced`: innocent texts that were taken for STOP. `lost`:
    texts labelled stop that changed nothing; those read as ASK at least pause the automation.
    """

    texts: int
    per_se: float
    explicit: float
    quietened: float
    left_alone: float
    precision: float
    silenced: int
    lost: int
    counts: Counter[Verdict]
    missed: tuple[Labelled, ...]
    alarmed: tuple[Labelled, ...]

    def line(self, name: str) -> str:
        """Return the figures as one line."""
        return (
            f"{name}: {self.texts} texts, per se {self.per_se:.1%}, explicit {self.explicit:.1%} "
            f"({self.lost} stops lost), "
            f"unclear quietened {self.quietened:.1%}, innocent left alone {self.left_alone:.1%} "
            f"({self.silenced} silenced), precision of stop {self.precision:.1%}"
        )


def development() -> tuple[Labelled, ...]:
    """Return the texts that rules may be tuned on."""
    return parsed((_FOLDER / "opt_out_development.txt").read_text(encoding="utf-8"))


def held_out() -> tuple[Labelled, ...]:
    """Return the texts that no rule may be written for."""
    return parsed((_FOLDER / "opt_out_held_out.txt").read_text(encoding="utf-8"))


def seed(path: Path) -> tuple[Labelled, ...]:
    """Return the shared seed list."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return tuple(Labelled(row["text"], Verdict(row["label"]), row["group"]) for row in rows)


def blind() -> tuple[Labelled, ...]:
    """Return the first blind set: measured once on 2026-11-22, then read and trained on. It is blind no more."""
    return _lines("opt_out_blind.jsonl")


def second_blind() -> tuple[Labelled, ...]:
    """Return the second blind set: no rule and no training text may ever be written for it."""
    return _lines("opt_out_blind_2.jsonl")


def _lines(name: str) -> tuple[Labelled, ...]:
    rows = [json.loads(line) for line in (_FOLDER / name).read_text(encoding="utf-8").splitlines()]
    return tuple(Labelled(row["text"], Verdict(row["expected"]), row["group"]) for row in rows)


def measure(texts: Sequence[Labelled], verdicts: Sequence[Verdict] | None = None) -> Figures:
    """Read every text and compare with its label; or compare `verdicts` that were found before, in the same order."""
    found = [read(one.text).verdict for one in texts] if verdicts is None else verdicts
    read_as = list(zip(texts, found, strict=True))
    stops = [(one, verdict) for one, verdict in read_as if one.label is Verdict.STOP]
    keeps = [(one, verdict) for one, verdict in read_as if one.label is Verdict.KEEP]
    taken = [one for one, verdict in read_as if verdict is Verdict.STOP]
    return Figures(
        texts=len(texts),
        per_se=_share(verdict is Verdict.STOP for one, verdict in stops if one.group in PER_SE),
        explicit=_share(verdict is Verdict.STOP for one, verdict in stops if one.group not in PER_SE),
        quietened=_share(verdict is not Verdict.KEEP for one, verdict in read_as if one.label is Verdict.ASK),
        left_alone=_share(verdict is Verdict.KEEP for _, verdict in keeps),
        precision=_share(one.label is Verdict.STOP for one in taken),
        silenced=sum(verdict is Verdict.STOP for _, verdict in keeps),
        lost=sum(verdict is Verdict.KEEP for _, verdict in stops),
        counts=Counter(one.label for one in texts),
        missed=tuple(
            one
            for one, verdict in read_as
            if (one.label is Verdict.STOP and verdict is not Verdict.STOP)
            or (one.label is Verdict.ASK and verdict is Verdict.KEEP)
        ),
        alarmed=tuple(one for one, verdict in read_as if one.label is Verdict.KEEP and verdict is not Verdict.KEEP),
    )


def _share(verdicts: Iterable[bool]) -> float:
    found = list(verdicts)
    return sum(found) / len(found) if found else 1.0


def parsed(text: str) -> tuple[Labelled, ...]:
    """Read labelled texts: a heading `[label group]`, then one text a line."""
    texts: list[Labelled] = []
    label, group = Verdict.KEEP, ""
    for line in text.splitlines():
        heading = _HEADING.fullmatch(line)
        if heading is not None:
            label, group = Verdict(heading[1]), heading[2]
        elif line.strip() and not line.startswith("#"):
            texts.append(Labelled(line.replace("\\n", "\n"), label, group))
    return tuple(texts)


def _print_table(named: dict[str, tuple[Labelled, ...]], shown: Sequence[str]) -> None:
    """Print each set as the rules alone read it and as the whole reader does."""
    for name, texts in named.items():
        print(measure(texts, [by_rules(one.text).verdict for one in texts]).line(f"{name}, rules alone"))  # noqa: T201 - this is the terminal's program
        figures = measure(texts)
        print(figures.line(name))  # noqa: T201 - this is the terminal's program
        if name.replace(" ", "_") in shown:
            for one in (*figures.missed, *figures.alarmed):
                print(f"    {one.label}/{one.group} read as {read(one.text).verdict}: {one.text!r}")  # noqa: T201 - this is the terminal's program


if __name__ == "__main__":
    import sys

    from tests.opt_out_training.validate import validated
    from tests.shared_data import looked_for

    sets = {
        "development (trained on)": development(),
        "held out": held_out(),
        "first blind set (trained on)": blind(),
        "second blind set": second_blind(),
    }
    seeds = looked_for("vectors/optout_phrases.jsonl")
    if seeds is not None:
        sets["shared seed"] = seed(seeds)
    _print_table(sets, sys.argv[1:])
    for title, figures in validated():
        print(figures.line(title))  # noqa: T201 - this is the terminal's program
