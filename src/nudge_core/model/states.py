"""State machines as data: one table per machine says what may follow what, and why.

The same table guards the entities, draws the diagrams in the documentation and lists the legal moves in an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Generic, TypeVar

from attrs import field, frozen

from nudge_core.errors import IllegalTransition

S = TypeVar("S", bound=Enum)


@frozen
class StateMachine(Generic[S]):
    """A machine's name, where it starts and its edges: `{from: {to: when}}`. A state without edges is final."""

    name: str
    initial: frozenset[S]
    edges: Mapping[S, Mapping[S, str]] = field(repr=False)

    def allows(self, current: S, wanted: S) -> bool:
        """Say whether there is an edge from `current` to `wanted`."""
        return wanted in self.edges.get(current, {})

    def is_final(self, state: S) -> bool:
        """Say whether nothing can follow `state`."""
        return not self.edges.get(state)

    def move(self, current: S, wanted: S) -> S:
        """Return `wanted`.

        Raises:
            IllegalTransition: there is no such edge; says from, to and what would have been legal.
        """
        if self.allows(current, wanted):
            return wanted
        legal = ", ".join(sorted(str(to.value) for to in self.edges.get(current, {})))
        why = f"from {current.value} one can go to {legal}" if legal else f"{current.value} is final"
        raise IllegalTransition(self.name, str(current.value), str(wanted.value), why)

    def diagram(self) -> str:
        """Return the machine as a Mermaid state diagram, the same text for the same table."""
        lines = ["stateDiagram-v2"]
        lines += [f"    [*] --> {state.value}" for state in sorted(self.initial, key=lambda s: str(s.value))]
        for current, following in self.edges.items():
            lines += [f"    {current.value} --> {to.value}: {when}" for to, when in following.items()]
        states = dict.fromkeys([*self.edges, *(to for following in self.edges.values() for to in following)])
        lines += [f"    {state.value} --> [*]" for state in states if self.is_final(state)]
        return "\n".join(lines)
