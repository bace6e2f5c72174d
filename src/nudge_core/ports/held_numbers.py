"""The telephone numbers of one professional, as this installation has written them down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from nudge_core.model.phone_number import HeldNumber, NumberStatus


class HeldNumbers(Protocol):
    """One professional's numbers. A number that is held (`HELD`) has one holder in the whole installation."""

    async def add(self, number: HeldNumber) -> None:
        """Store a new one. Raises Conflict when its id is taken or the number is held, by whomever."""
        ...

    async def get(self, number_id: UUID) -> HeldNumber:
        """Return one, or raise NotFound."""
        ...

    async def held(self) -> Sequence[HeldNumber]:
        """Return those that are held, the oldest first."""
        ...

    async def move(self, number_id: UUID, to: NumberStatus, provider_sid: str | None = None) -> HeldNumber:
        """Move one along `PHONE_NUMBER` and return it; already there is fine. None keeps the stored `provider_sid`.

        Raises NotFound, IllegalTransition.
        """
        ...
