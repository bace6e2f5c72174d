"""What the database's own catalogue says of the walls between tenants: every breach of the pattern, by name.

A table, a foreign key, a unique constraint, a view, a grant or a function that is added later and breaks the pattern of
`reliability.md` 8 is found here, not by a customer.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from nudge_adapters.sql.across import SCHEMA
from nudge_adapters.sql.walls import APP, CLAIM, NOBODYS, OWNER

UNIQUE_FOR_ALL = {
    "pk_user": "it is the tenant",
    "uq_user_phone_number": "one signs in with it, before there is a tenant",
    "uq_user_twilio_phone_number": "a text that comes in must have one owner",
    "uq_phonenumber_one_holder": "the same, for numbers that nothing goes out from yet",
    "pk_carrierevent": "made from the carrier's own id; an event may be nobody's",
    "uq_carrierevent_kind_provider_sid_status": "a carrier gives each of its ids once; an event may be nobody's",
    "pk_outbox": "ids are made by us and never by a tenant; a note may be nobody's",
    "uq_message_one_in_flight": "a sending number has one owner",
}
"""Unique constraints and indexes of tenants' tables that do not begin with `user_id`, and why that tells nothing."""

# As PostgreSQL prints `walls.TENANT` in a policy.
_PRINTED = "( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS \"nullif\")"

# Tables of the schema, with the column that says whose a row is.
_TABLES = """
    tables AS (
        SELECT c.oid, c.relname AS name, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity,
            CASE WHEN c.relname = 'user' THEN 'id' ELSE (SELECT a.attname FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attname = 'user_id' AND NOT a.attisdropped) END AS owner
        FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p'))
"""
_COLUMN = "(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = {table} AND a.attnum = {number})"

_BREACHES = {
    "row-level security is not enabled": "SELECT name FROM tables WHERE owner IS NOT NULL AND NOT relrowsecurity",
    "row-level security is not forced": "SELECT name FROM tables WHERE owner IS NOT NULL AND NOT relforcerowsecurity",
    "has no policy tenant_isolation of the one form": """
        SELECT name FROM tables t WHERE owner IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polname = 'tenant_isolation' AND p.polcmd = '*'
            AND pg_get_expr(p.polqual, t.oid) = format('(%I = %s)', t.owner, CAST(:tenant AS text))
            AND pg_get_expr(p.polwithcheck, t.oid) = format('(%I = %s)', t.owner, CAST(:tenant AS text)))
    """,
    "has a policy that lets more through": """
        SELECT t.name || '.' || p.polname FROM tables t JOIN pg_policy p ON p.polrelid = t.oid
        WHERE p.polpermissive AND p.polname <> 'tenant_isolation'
        AND NOT (p.polname = 'nobodys' AND t.name = ANY (:nobodys)
            AND pg_get_expr(p.polqual, t.oid) LIKE '%(user_id IS NULL)%'
            AND pg_get_expr(p.polqual, t.oid) NOT LIKE '% OR %')
    """,
    "is a foreign key that may cross from tenant to tenant": f"""
        SELECT k.conname FROM pg_constraint k JOIN tables t ON t.oid = k.confrelid
        WHERE k.contype = 'f' AND t.owner IS NOT NULL
        AND ({_COLUMN.format(table="k.conrelid", number="k.conkey[1]")} <> 'user_id'
            OR {_COLUMN.format(table="k.confrelid", number="k.confkey[1]")} <> t.owner)
    """,  # noqa: S608 - our own words
    "is unique over all tenants": f"""
        SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN tables t ON t.oid = x.indrelid
        WHERE x.indisunique AND t.owner IS NOT NULL AND NOT i.relname = ANY (:unique_for_all)
        AND {_COLUMN.format(table="t.oid", number="x.indkey[0]")} IS DISTINCT FROM 'user_id'
    """,  # noqa: S608 - our own words
    "is a view with the rights of its owner": """
        SELECT v.relname FROM pg_class v JOIN pg_namespace n ON n.oid = v.relnamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND (v.relkind = 'm' OR (v.relkind = 'v'
            AND NOT coalesce(v.reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false)))
    """,
    "can be truncated": """
        SELECT t.name || ' by ' || a.grantee::regrole FROM tables t, aclexplode(t.relacl) a
        WHERE a.privilege_type = 'TRUNCATE' AND a.grantee <> t.relowner
        UNION ALL SELECT 'every later table by ' || a.grantee::regrole FROM pg_default_acl d, aclexplode(d.defaclacl) a
        WHERE d.defaclobjtype = 'r' AND a.privilege_type = 'TRUNCATE' AND a.grantee <> d.defaclrole
    """,
    "is a function with the rights of another than nudge_claim": """
        SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname !~ '^pg_' AND p.proowner <> CAST(:claim AS regrole)
    """,
    "is a function whose search_path its caller chooses": """
        SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname !~ '^pg_'
        AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS one WHERE one LIKE 'search_path=pg_catalog,%pg_temp')
    """,
    "is a function across tenants that everybody may call": """
        SELECT p.proname FROM pg_proc p WHERE p.pronamespace = to_regnamespace(:functions)
        AND p.prosecdef AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))
    """,
    "is a function across tenants that gives more than keys, instants and counts": """
        SELECT p.proname FROM pg_proc p LEFT JOIN pg_type r ON r.oid = p.prorettype
        CROSS JOIN LATERAL unnest(coalesce(p.proallargtypes[p.pronargs + 1:], ARRAY[p.prorettype])) AS given(kind)
        WHERE p.prosecdef AND p.pronamespace = to_regnamespace(:functions)
        AND given.kind <> ALL (ARRAY['uuid', 'bigint', 'timestamptz']::regtype[]::oid[])
        AND r.typname <> 'senderlane' AND p.proname <> 'notes_waiting'
    """,
    "belongs to another than nudge_owner": """
        SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
        AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relowner <> CAST(:owner AS regrole)
    """,
    "is a table of nudge_claim, which owns functions only": """
        SELECT c.relname FROM pg_class c WHERE c.relowner = CAST(:claim AS regrole)
    """,
    "is a role with rights that it must not have": """
        SELECT r.rolname FROM pg_roles r WHERE r.rolname IN (:owner, :app, :claim) AND (r.rolsuper OR r.rolcreaterole
            OR r.rolbypassrls <> (r.rolname = :claim) OR r.rolcanlogin <> (r.rolname = :app))
        UNION ALL SELECT :app || ' in ' || r.rolname FROM pg_roles r
        WHERE r.rolname <> :app AND pg_has_role(CAST(:app AS name), r.oid, 'MEMBER')
    """,
}


def breaches(connection: Connection) -> Sequence[str]:
    """Return everything that breaks the pattern, as "what: how"; empty for a database whose walls stand.

    Args:
        connection: to a database at head, with any login.
    """
    values = {
        "tenant": _PRINTED,
        "nobodys": list(NOBODYS),
        "unique_for_all": list(UNIQUE_FOR_ALL),
        "functions": SCHEMA,
        "owner": OWNER,
        "app": APP,
        "claim": CLAIM,
    }
    found = []
    for how, query in _BREACHES.items():
        statement = text(f"WITH {_TABLES} {query}")
        wanted = {name: values[name] for name in statement.compile().params}
        found += [f"{name}: {how}" for name in connection.execute(statement, wanted).scalars()]
    return sorted(found)
