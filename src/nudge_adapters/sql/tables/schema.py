"""What all tables share: the metadata with its naming convention, column types, keys."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ENUM, JSON, JSONB

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

METADATA = MetaData(naming_convention=NAMING)

INSTANT = DateTime(timezone=True)
OBJECT = JSONB(none_as_null=True)
RAW_JSON = JSON(none_as_null=True)
"""JSON as text: nobody looks inside, and jsonb would cost the server three times as much (performance.md 5, trap 2)."""


def enum_of(members: type[Enum], *, name: str | None = None) -> ENUM:
    """Return the native enum type of `members`, with their values."""
    return ENUM(
        members,
        name=name or members.__name__.lower(),
        values_callable=lambda enum: [str(member.value) for member in enum],
        metadata=METADATA,
    )


def one_of(column: str, members: Iterable[Enum]) -> str:
    """Return the SQL condition that a text column holds the value of one of `members`."""
    values = ", ".join(f"'{member.value}'" for member in members)
    return f"{column} IN ({values})"


def identity() -> Column[object]:
    """The `id` column: a UUID from the `Ids` port, never made by the database."""
    return Column("id", Uuid, nullable=False)


def owner() -> Column[object]:
    """The `user_id` column of a row that belongs to one professional."""
    return Column("user_id", Uuid, ForeignKey("user.id"), nullable=False)


def tenant_key(table: str) -> PrimaryKeyConstraint:
    """The primary key `(user_id, id)`."""
    return PrimaryKeyConstraint("user_id", "id", name=f"pk_{table}")


def within_tenant(column: str, target: str, *, later: bool = False) -> ForeignKeyConstraint:
    """A reference that cannot leave the professional's own world.

    `later`: the constraint is added after all tables exist, for the one circle (briefing -> message -> briefing).
    """
    return ForeignKeyConstraint(["user_id", column], [f"{target}.user_id", f"{target}.id"], use_alter=later)


def vector(name: str) -> tuple[Column[object], Column[object]]:
    """A vector as little-endian float32 bytes, and beside it the name of the model that made it."""
    return Column(name, LargeBinary), Column(f"{name}_model", Text)


def both_or_none(first: str, second: str) -> str:
    """Return the SQL condition that two columns are present together or absent together."""
    return f"({first} IS NULL) = ({second} IS NULL)"
