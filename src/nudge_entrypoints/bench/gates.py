"""What was measured beside its gate and its goal: `performance.md` section 9."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen


@frozen(kw_only=True)
class Gate:
    """One row. `at_most`: less is better. `unit`: printed behind the numbers."""

    metric: str
    measured: float
    gate: float
    goal: float
    unit: str = ""
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether the gate is met."""
        return self.measured <= self.gate if self.at_most else self.measured >= self.gate

    @property
    def of_goal(self) -> float:
        """How near the goal is: 1 when it is reached, more beyond it."""
        if self.at_most:
            return self.goal / self.measured if self.measured else 1.0
        return self.measured / self.goal if self.goal else 1.0

    def as_json(self) -> dict[str, Any]:
        """Return the row as a JSON object."""
        told = {"metric": self.metric, "measured": self.measured, "gate": self.gate, "goal": self.goal}
        return told | {"unit": self.unit, "met": self.met, "of_goal": round(self.of_goal, 3)}


def lines(gates: Sequence[dict[str, Any]]) -> str:
    """Print rows that `as_json` made."""
    rows = [("metric", "measured", "gate", "goal", "of goal", "gate met")]
    for row in gates:
        numbers = [f"{row[name]:,.4g}{row['unit']}" for name in ("measured", "gate", "goal")]
        rows.append((row["metric"], *numbers, f"{row['of_goal']:.2f}", "yes" if row["met"] else "NO"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
