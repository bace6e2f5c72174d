"""Every order of the book and of the texts is read down an index, first page and deep page alike.

What orders a book becomes a column: behind row-level security a condition on an expression is never looked up in an
index, since the function in it is not known to keep hidden rows to itself.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_NAME = 'lower(full_name COLLATE "C")'
_CONTACT = "coalesce(last_interaction, '0001-01-01 00:00:00+00'::timestamptz)"


def upgrade() -> None:
    """Go to this revision. The table of clients is written anew."""
    op.add_column(
        "client", sa.Column("sort_name", sa.Text(collation="C"), sa.Computed(_NAME, persisted=True), nullable=False)
    )
    op.add_column(
        "client",
        sa.Column("sort_contact", sa.DateTime(timezone=True), sa.Computed(_CONTACT, persisted=True), nullable=False),
    )
    op.drop_index("ix_client_by_name", "client")
    op.create_index("ix_client_by_name", "client", ["user_id", "sort_name", "id"])
    op.create_index("ix_client_by_contact", "client", ["user_id", "sort_contact", "id"])
    op.create_index("ix_message_newest", "message", ["user_id", "created_at", "id"])
    op.drop_index("ix_message_user_id_created_at", "message")  # the beginning of the new one


def downgrade() -> None:
    """Go back to the revision before."""
    op.create_index("ix_message_user_id_created_at", "message", ["user_id", "created_at"])
    op.drop_index("ix_message_newest", "message")
    op.drop_index("ix_client_by_contact", "client")
    op.drop_index("ix_client_by_name", "client")
    op.execute(f"CREATE INDEX ix_client_by_name ON client (user_id, {_NAME}, id)")
    op.drop_column("client", "sort_contact")
    op.drop_column("client", "sort_name")
