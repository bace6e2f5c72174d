"""A part of the report: lines of figures, the gates they are held to, and what must be said beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from nudge_entrypoints.quality.measures import Difference


@frozen(kw_only=True)
class Gate:
    """What is demanded: `value` at least `bar`. `above`: more than the bar, not merely as much."""

    name: str
    value: float
    bar: float
    above: bool = False

    @property
    def met(self) -> bool:
        """Whether it is reached. A figure that is no number reaches nothing."""
        return self.value > self.bar if self.above else self.value >= self.bar


@frozen(kw_only=True)
class Section:
    """One measure on one set. `lines`: figures by method, the product's under `OURS`. `missing`: why there are none of
    ours; the other lines may be there all the same."""

    title: str
    asks: str
    lines: Mapping[str, Mapping[str, float]]
    caveats: tuple[str, ...]
    gates: tuple[Gate, ...] = ()
    differences: tuple[tuple[str, Difference], ...] = ()
    missing: str | None = None

    def told(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "measure": self.title,
            "question": self.asks,
            "figures": {method: dict(figures) for method, figures in self.lines.items()},
            "differences": [
                {"ours_minus": other, "nDCG@10": gap.mean, "low": gap.low, "high": gap.high}
                for other, gap in self.differences
            ],
            "gates": [
                {"name": gate.name, "value": gate.value, "bar": gate.bar, "above": gate.above, "met": gate.met}
                for gate in self.gates
            ],
            "missing": self.missing,
            "caveats": list(self.caveats),
        }


OURS = "nudge"


def passed(sections: list[Section]) -> bool:
    """Say whether every gate that could be measured is met."""
    return all(gate.met for section in sections for gate in section.gates)
