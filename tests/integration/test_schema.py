"""The schema against the database document: every table, column, enum and index it lists, under its name."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Constraint, Index, Table, UniqueConstraint

from nudge_adapters.sql import failures
from nudge_adapters.sql.describe import column_tables, rewritten
from nudge_adapters.sql.tables import METADATA, message
from nudge_core.model.message import STATUS_OF, Delivery
from tests.databases import for_psycopg

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "database.md"

# reference/database.md, word for word: table -> columns, and those of them it calls indexed.
SPECIFIED = {
    "user": "id user_type full_name email* phone_number* vertical* tool_provider* onboarding_complete "
    "onboarding_state market_focus ai_style_guide strategy mls_username mls_password license_number specialties "
    "faq_auto_responder_enabled twilio_phone_number* timezone*",
    "client": "id user_id* full_name email* phone* notes notes_embedding ai_tags user_tags preferences "
    "last_interaction timezone",
    "message": "id user_id* client_id* content direction* status source* sender_type* created_at* "
    "originally_scheduled_at*",
    "scheduledmessage": "id user_id* client_id parent_plan_id* content scheduled_at_utc* timezone* status* sent_at "
    "error_message job_id* created_at playbook_touchpoint_id* is_recurring*",  # celery_task_id -> job_id
    "campaignbriefing": "id user_id* client_id* triggering_resource_id* parent_message_id* is_plan* campaign_type* "
    "headline key_intel matched_audience original_draft edited_draft status* created_at updated_at",
    "resource": "id user_id* resource_type* status* entity_id* attributes created_at* updated_at*",
    "contentresource": "id user_id* title* url* description categories content_type status* usage_count* "
    "created_at* updated_at*",
    "marketevent": "id* user_id* event_type* entity_id* entity_type payload market_area status* created_at* "
    "processed_at",
    "globalmlsevent": "id* source_id* listing_key* raw_payload event_timestamp* created_at*",
    "pipelinerun": "id* pipeline_type status started_at completed_at events_processed campaigns_created errors "
    "duration_seconds user_count",
    "faq": "id user_id question answer is_enabled",
    "negativepreference": "id client_id* dismissed_embedding source_campaign_id* created_at",
}
ENUMS = {
    "messagedirection": ["INBOUND", "OUTBOUND"],
    "messagestatus": ["PENDING", "SENT", "FAILED", "CANCELLED", "RECEIVED"],
    "messagesource": ["MANUAL", "SCHEDULED", "FAQ_AUTO_RESPONSE", "INSTANT_NUDGE"],
    "sendertype": ["USER", "AI", "SYSTEM"],
    "campaignstatus": ["DRAFT", "ACTIVE", "PAUSED", "COMPLETED", "CANCELLED", "DISMISSED"],
    "resourcetype": ["PROPERTY", "WEB_CONTENT", "CONTENT_RESOURCE"],
    "resourcestatus": ["ACTIVE", "INACTIVE", "ARCHIVED"],
}


def leading(table: Table) -> set[str]:
    """Return the columns that an index leads to: its first, or its second after `user_id`."""
    keys = [[column.name for column in index.columns] for index in table.indexes]
    keys += [[c.name for c in key.columns] for key in table.constraints if isinstance(key, UniqueConstraint)]
    keys.append([column.name for column in table.primary_key.columns])
    return {key[0] for key in keys} | {key[1] for key in keys if len(key) > 1 and key[0] == "user_id"}


@pytest.mark.parametrize("name", SPECIFIED)
def test_every_column_of_the_document_is_there_and_indexed_where_it_says(name: str) -> None:
    table = METADATA.tables[name]
    columns = SPECIFIED[name].split()
    assert {column.rstrip("*") for column in columns} <= set(table.columns.keys())
    wanted = {column.rstrip("*") for column in columns if column.endswith("*")}
    if name == "resource":
        wanted.discard("resource_type")  # leads the unique key after user_id
    assert wanted <= leading(table)


def test_the_database_holds_the_enums_of_the_document(migrated: str) -> None:
    query = (
        "SELECT typname, array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_type "
        "JOIN pg_enum ON enumtypid = pg_type.oid GROUP BY typname"
    )
    with psycopg.connect(for_psycopg(migrated)) as connection:
        there: dict[str, list[str]] = dict(connection.execute(query).fetchall())
    assert {name: there[name] for name in ENUMS} == ENUMS
    assert "LOAN_OFFICER" in there["usertype"]


def test_more_than_fifty_indexes_and_twenty_foreign_keys(migrated: str) -> None:
    with psycopg.connect(for_psycopg(migrated)) as connection:
        (indexes,) = connection.execute("SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'").fetchone() or (
            0,
        )
        (foreign,) = connection.execute("SELECT count(*) FROM pg_constraint WHERE contype = 'f'").fetchone() or (0,)
    assert indexes > 50
    assert foreign > 20


def test_a_reference_inside_a_practice_cannot_leave_it() -> None:
    owned = {
        name for name, table in METADATA.tables.items() if [c.name for c in table.primary_key] == ["user_id", "id"]
    }
    assert len(owned) == 31
    for table in METADATA.tables.values():
        for reference in table.foreign_key_constraints:
            if reference.referred_table.name in owned:
                assert reference.column_keys[0] == "user_id"


def test_every_constraint_that_can_be_broken_has_a_domain_error() -> None:
    for table in METADATA.tables.values():
        for constraint in table.constraints:
            kind = constraint.__visit_name__
            if kind in ("primary_key_constraint", "unique_constraint"):
                assert str(constraint.name) in failures.TAKEN
            elif kind == "foreign_key_constraint":
                assert str(constraint.name) in failures.MISSING
        for index in table.indexes:
            assert not index.unique or str(index.name) in failures.TAKEN
    named: list[Constraint | Index] = []
    for table in METADATA.tables.values():
        named += [*table.constraints, *table.indexes]
    names = {str(one.name) for one in named}
    assert set(failures.TAKEN) | set(failures.MISSING) <= names


def test_status_follows_from_delivery_in_the_database_itself(migrated: str) -> None:
    computed = message.c.status.computed
    assert computed is not None
    expression = str(computed.sqltext).replace("delivery", "given::delivery", 1)
    with psycopg.connect(for_psycopg(migrated)) as connection:
        for state in Delivery:
            row = connection.execute(
                f"SELECT {expression} FROM (VALUES (%s)) AS given(given)", [state.value]
            ).fetchone()
            assert row == (STATUS_OF[state].value,)


def test_the_reference_lists_every_column_as_it_is() -> None:
    """Mend by `python -m nudge_adapters.sql.describe docs/reference/database.md`."""
    written = DOCUMENT.read_text()
    assert rewritten(written) == written
    for name, table in column_tables().items():
        assert f"<!-- columns: {name} -->\n{table}<!-- end -->" in written
