"""The second wall between tenants: roles, ownership, row-level security (`nudge_adapters.sql.walls`)."""

from __future__ import annotations

from alembic import op

from nudge_adapters.sql.walls import ensure_roles, hand_over, share_later_tables

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TENANT = "(SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"
_OWNED = (
    "auditentry",
    "campaignbriefing",
    "carrierevent",
    "client",
    "consent",
    "contentresource",
    "faq",
    "interaction",
    "marketevent",
    "message",
    "negativepreference",
    "outbox",
    "resource",
    "scheduledmessage",
    "senderlane",
    "suppression",
)
_NOBODYS = {"outbox": f"user_id IS NULL AND {_TENANT} IS NULL", "carrierevent": "user_id IS NULL"}


def upgrade() -> None:
    """Go to this revision. Raises Misconfigured when a role is missing that this login may not make."""
    connection = op.get_bind()
    ensure_roles(connection)
    for table, column in (("user", "id"), *((table, "user_id") for table in _OWNED)):
        mine = f"{column} = {_TENANT}"
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(f'CREATE POLICY tenant_isolation ON "{table}" USING ({mine}) WITH CHECK ({mine})')
    for table, nobodys in _NOBODYS.items():
        op.execute(f'CREATE POLICY nobodys ON "{table}" USING ({nobodys}) WITH CHECK ({nobodys})')
    share_later_tables(connection)
    hand_over(connection)


def downgrade() -> None:
    """Go back to the revision before. The roles stay: other databases of the server may have them."""
    connection = op.get_bind()
    share_later_tables(connection, shared=False)
    op.execute(
        "DO $$ DECLARE home text := quote_ident(current_schema()); BEGIN "
        "EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %s FROM nudge_app, nudge_claim', home); "
        "EXECUTE format('REVOKE ALL ON SCHEMA %s FROM nudge_app, nudge_claim', home); END $$"
    )
    for table in _NOBODYS:
        op.execute(f'DROP POLICY nobodys ON "{table}"')
    for table in ("user", *_OWNED):
        op.execute(f'DROP POLICY tenant_isolation ON "{table}"')
        op.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
    hand_over(connection, connection.exec_driver_sql("SELECT current_user").scalar_one(), shared=False)
    op.execute(
        "DO $$ BEGIN EXECUTE format('REVOKE ALL ON SCHEMA %s FROM nudge_owner', quote_ident(current_schema())); END $$"
    )
