"""Going on where a page ended: the condition of rows that come after a key, for columns sorted either way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen
from sqlalchemy import ColumnElement, UnaryExpression, and_, false, or_

AnyColumn = ColumnElement[Any]  # Any: sort columns of every type


@frozen(eq=False)
class Sorted:
    """A column of a list's order."""

    column: AnyColumn
    descending: bool = False

    @property
    def name(self) -> str:
        """The column's name in a row."""
        return str(self.column.key)

    @property
    def order(self) -> UnaryExpression[Any]:
        """What ORDER BY takes."""
        return self.column.desc() if self.descending else self.column.asc()


def beyond(columns: Sequence[Sorted], after: Sequence[object]) -> ColumnElement[bool]:
    """Return the condition that a row comes after the one whose sort columns hold these values."""
    arms: list[ColumnElement[bool]] = []
    for number, (one, value) in enumerate(zip(columns, after, strict=True)):
        same = [other.column == known for other, known in zip(columns[:number], after[:number], strict=True)]
        arms.append(and_(*same, one.column < value if one.descending else one.column > value))
    first, value = columns[0], after[0]  # said once more by itself: an index can begin with it, not with an OR
    bound = first.column <= value if first.descending else first.column >= value
    return and_(bound, or_(false(), *arms))
