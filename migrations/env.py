"""Runs migrations on the connection that `nudge_adapters.sql.migrate` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from nudge_adapters.sql.tables import METADATA

LOCK_TIMEOUT_S = 5  # a migration that cannot have its lock fails at once, rather than stopping everybody behind it


def run(connection: Connection) -> None:
    """Run what was asked for, each revision in a transaction of its own."""
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'"))
    # An owner who is no superuser is held by the policies too. What they would hide from a revision is an error.
    connection.execute(text("SET row_security = off"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    raise RuntimeError("migrations run on a database: see nudge_adapters.sql.migrate")
run(context.config.attributes["connection"])
