"""Opt-outs: how often a wish for silence is heard, and how often one is heard where there is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from nudge_core.policy.opt_out import Verdict, by_rules, is_carrier_stop
from nudge_core.policy.opt_out import read as read_opt_out
from nudge_entrypoints.quality.folders import rows
from nudge_entrypoints.quality.section import OURS, Gate, Section

KEYWORDS = frozenset({"keyword", "per_se", "provider_keyword"})
"""Groups of texts that are one keyword of the law or of a network, with courtesy at most."""
EXPLICIT, PRECISION = 0.99, 0.90
"""Least share of explicit wishes heard, least precision of what is taken for a stop. Source: test S2."""
CAVEATS = (
    "Invented replies with one author each, of the same kind as ours; real traffic may differ.",
    "The held-out set was looked at as counts after most changes of the rules; the second blind set was measured once "
    "before anybody had read it. docs/reference/opt-out.md tells the whole.",
)
_TESTS = Path(__file__).resolve().parents[3] / "tests" / "data"
_HEADING = re.compile(r"\[(stop|ask|keep) (\w+)\]")
Labelled = tuple[str, Verdict, str]
Reader = Callable[[str], Verdict]


def opt_outs(data: Path) -> list[Section]:
    """Return the held-out set, the second blind set and the shared seed."""
    sets: tuple[tuple[str, Path, Callable[[Path], list[Labelled]]], ...] = (
        ("held out", _TESTS / "opt_out_held_out.txt", _under_headings),
        ("second blind set", _TESTS / "opt_out_blind_2.jsonl", lambda path: _labelled(path, "expected")),
        ("shared seed", data.parent / "vectors" / "optout_phrases.jsonl", lambda path: _labelled(path, "label")),
    )
    return [_section(name, path, load) for name, path, load in sets]


def _section(name: str, path: Path, load: Callable[[Path], list[Labelled]]) -> Section:
    title, question = f"opt-outs, {name}", "does this text ask for silence?"
    if not path.is_file():
        return Section(title=title, asks=question, lines={}, caveats=CAVEATS, missing=f"no file {path.name}")
    texts = load(path)
    readers: dict[str, Reader] = {
        "carrier's keywords": lambda text: Verdict.STOP if is_carrier_stop(text) else Verdict.KEEP,
        "our rules alone": lambda text: by_rules(text).verdict,
        OURS: lambda text: read_opt_out(text).verdict,
    }
    lines = {method: _figures(texts, reader) for method, reader in readers.items()}
    gates = tuple(
        Gate(name=figure, value=lines[OURS][figure], bar=bar)
        for figure, bar in (("keywords heard", 1.0), ("explicit wishes heard", EXPLICIT), ("stop precision", PRECISION))
    )
    return Section(title=title, asks=question, lines=lines, caveats=CAVEATS, gates=gates)


def _figures(texts: Sequence[Labelled], reader: Reader) -> dict[str, float]:
    told = [(reader(text), label, group) for text, label, group in texts]
    stops = [(verdict, group) for verdict, label, group in told if label is Verdict.STOP]
    return {
        "texts": len(texts),
        "keywords heard": _share(verdict is Verdict.STOP for verdict, group in stops if group in KEYWORDS),
        "explicit wishes heard": _share(verdict is Verdict.STOP for verdict, group in stops if group not in KEYWORDS),
        "stops lost": sum(verdict is Verdict.KEEP for verdict, _ in stops),
        "unclear pauses": _share(verdict is not Verdict.KEEP for verdict, label, _ in told if label is Verdict.ASK),
        "innocent left alone": _share(verdict is Verdict.KEEP for verdict, label, _ in told if label is Verdict.KEEP),
        "stop precision": _share(label is Verdict.STOP for verdict, label, _ in told if verdict is Verdict.STOP),
    }


def _share(answers: Iterable[bool]) -> float:
    """Return the share of yes; 1 of nothing."""
    all_answers = list(answers)
    return sum(all_answers) / len(all_answers) if all_answers else 1.0


def _labelled(path: Path, label: str) -> list[Labelled]:
    return [(row["text"], Verdict(row[label]), row["group"]) for row in rows(path)]


def _under_headings(path: Path) -> list[Labelled]:
    """Read a heading `[label group]`, then one text a line; a written `\\n` is a line break."""
    texts: list[Labelled] = []
    label, group = Verdict.KEEP, ""
    for line in path.read_text(encoding="utf-8").splitlines():
        heading = _HEADING.fullmatch(line)
        if heading is not None:
            label, group = Verdict(heading[1]), heading[2]
        elif line.strip() and not line.startswith("#"):
            texts.append((line.replace("\\n", "\n"), label, group))
    return texts
