"""What happened, for whoever follows it live; kept a week."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, String, Table, Uuid, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

from nudge_adapters.sql.tables.schema import INSTANT, METADATA, one_of, owner, tenant_key
from nudge_core.model.change import ChangeKind


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's `xid8`: the number of a transaction, 64 bits, so that it never comes round."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:  # Any: SQLAlchemy's own options
        """Return the type as DDL names it."""
        return "xid8"


ischema_names["xid8"] = TransactionId  # so that alembic reads the type back

change = Table(
    "change",
    METADATA,
    owner(),
    Column("kind", String(30), nullable=False),
    Column("subject_id", Uuid, nullable=False, comment="of the text, briefing or import; it may be gone"),
    Column("client_id", Uuid),
    Column("state", String(30), nullable=False, comment="the new one"),
    Column("at", INSTANT, nullable=False, comment="beginning of its transaction"),
    Column(
        "xact",
        TransactionId,
        nullable=False,
        server_default=text("pg_current_xact_id()"),
        comment="a change is read when every transaction up to this one has ended",
    ),
    Column("id", BigInteger, Identity(always=True), nullable=False, comment="order within a transaction"),
    tenant_key("change"),
    CheckConstraint(one_of("kind", ChangeKind), "kind"),
    Index("ix_change_user_id_xact", "user_id", "xact", "id"),
    Index("ix_change_xact", "xact"),
)
