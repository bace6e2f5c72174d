"""`nudge quality`: every measure beside simple methods, with its gates and what must be said beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from nudge_entrypoints.quality import rankings
from nudge_entrypoints.quality.dates import dates
from nudge_entrypoints.quality.duplicates import FILES, duplicates
from nudge_entrypoints.quality.opt_outs import opt_outs
from nudge_entrypoints.quality.rankings import MS_PER_EVENT
from nudge_entrypoints.quality.section import OURS, Gate, Section, passed

SHOWN = (
    "P@1",
    "P@5",
    "P@10",
    "R@1",
    "R@5",
    "R@10",
    "nDCG@10",
    "R-precision",
    "known-item R@1",
    "known-item R@5",
    "known-item R@10",
    "known-item MRR",
    "flagged share",
    "flagged precision",
    "flagged recall",
    MS_PER_EVENT,
)
"""Figures of rankings, in this order. Source: the end of `match-quality.md` section 1."""
_NAMES = 24
"""Characters of the column of names."""
_WIDTH = 12
"""Least characters of a column of figures."""


def measured(data: Path, *, timed: bool = False) -> list[Section]:
    """Measure everything there is to measure in a folder: some ten seconds.

    Two reports on the same data are equal to the last byte, unless they are `timed`.
    """
    return [
        *(rankings.homes(data, part, timed=timed) for part in rankings.A_GATES),
        rankings.contents(data, timed=timed),
        *(duplicates(name) for name in FILES),
        dates(data),
        *opt_outs(data),
    ]


def told(sections: Sequence[Section]) -> dict[str, Any]:
    """Return the report as a JSON object. What is no number is null."""
    return {
        "sections": [_plain(section.told()) for section in sections],
        "gates_met": passed(list(sections)),
        "missing": [section.title for section in sections if section.missing is not None],
    }


def text(sections: Sequence[Section]) -> str:
    """Return the report to be read."""
    blocks = ["\n".join(_block(section)) for section in sections]
    gates = [gate for section in sections for gate in section.gates]
    missing = [section.title for section in sections if section.missing is not None]
    end = f"gates met: {sum(gate.met for gate in gates)} of {len(gates)}"
    if missing:
        end += f"\nnot measured: {'; '.join(missing)}"
    return "\n\n".join([*blocks, end])


def _block(section: Section) -> Iterator[str]:
    yield f"{section.title}: {section.asks}"
    if section.lines:
        width = 2 + max(len(method) for method in section.lines)
        yield " " * _NAMES + "".join(f"{method:>{max(width, _WIDTH)}}" for method in section.lines)
        for name in _named(section.lines):
            values = (_figure(figures.get(name)) for figures in section.lines.values())
            yield f"  {name:<{_NAMES - 2}}" + "".join(f"{value:>{max(width, _WIDTH)}}" for value in values)
    if section.missing is not None:
        yield f"  {OURS}: not measured, {section.missing}"
    for other, gap in section.differences:
        yield f"  nDCG@10, {OURS} minus {other}: {gap.mean:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]"
    for gate in section.gates:
        yield f"  {_verdict(gate)}"
    for caveat in section.caveats:
        yield f"  ! {caveat}"


def _named(lines: Mapping[str, Mapping[str, float]]) -> list[str]:
    named = dict.fromkeys(name for figures in lines.values() for name in figures)
    return [name for name in SHOWN if name in named] or list(named)


def _figure(value: float | None) -> str:
    if value is None or isnan(value):
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def _verdict(gate: Gate) -> str:
    sign = ">" if gate.above else ">="
    return f"{'met   ' if gate.met else 'MISSED'}  {gate.name}: {gate.value:.4f} {sign} {gate.bar:.4f}"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and isnan(value) else value
