"""The lists of texts walk down an index: a page costs about a page, however many texts there are."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from nudge_adapters.sql.ports.screen_statements import conversations
from nudge_adapters.sql.store import SqlStore
from tests import samples
from tests.contracts.storage import add_user
from tests.databases import for_psycopg
from tests.samples import NOON, uid

TEXTS, CLIENTS, TENANTS = 20_000, 2_000, 3  # of each tenant
PAGE = 51
TOUCHED_AT_MOST = 10 * PAGE
"""Rows of `message` that one page may read: itself, its clients' newest, and what was passed over on the way."""

_FILL = """
    INSERT INTO message (id, user_id, client_id, content, direction, delivery, source, sender_type, message_class,
        created_at, attempt, resends, read_at, provider_sid)
    SELECT gen_random_uuid(), %(user)s, lpad(to_hex(%(first)s + c), 32, '0')::uuid, 'Hi', 'INBOUND', 'received',
        'MANUAL', 'USER', 'reply', %(noon)s + n * interval '1 second', 0, 0,
        CASE WHEN c %% 100 > 0 THEN %(noon)s END, 'SM' || n
    FROM generate_series(1, %(texts)s) AS n, LATERAL (SELECT (n * 7919) %% %(clients)s AS c) AS chosen
"""


@pytest.fixture
async def full(database: str, sql_store: SqlStore) -> AsyncIterator[psycopg.Connection[Any]]:
    """A database with many texts of several professionals; of a hundred clients one has unread ones."""
    for number in range(1, TENANTS + 1):
        await add_user(sql_store, number)
        async with sql_store.tenant(uid(number)) as tx:
            first = number * 1_000_000
            await tx.clients.add([samples.client(uid(number), first + n, email=None) for n in range(CLIENTS)])
    with psycopg.connect(for_psycopg(database), autocommit=True) as connection:
        for number in range(1, TENANTS + 1):
            values = {"user": uid(number), "first": number * 1_000_000, "clients": CLIENTS, "texts": TEXTS}
            connection.execute(_FILL, values | {"noon": NOON})
        connection.execute("ANALYZE")
        yield connection


def plan_of(connection: psycopg.Connection[Any], sql: str, values: dict[str, object]) -> dict[str, Any]:
    """Return the plan of a statement with what it really read."""
    (told,) = connection.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", values).fetchone() or ("",)
    found: dict[str, Any] = (json.loads(told) if isinstance(told, str) else told)[0]
    return found


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every node of a plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def read_of_messages(plan: dict[str, Any]) -> float:
    """Return how many rows of `message` were read, those that a filter removed among them."""
    found = 0.0
    for node in nodes(plan):
        if node.get("Relation Name") == "message":
            rows: float = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            found += rows * node["Actual Loops"]
    return found


@pytest.mark.enable_socket
async def test_a_page_of_conversations_reads_about_a_page(full: psycopg.Connection[Any]) -> None:
    middle = {"at": NOON + timedelta(seconds=TEXTS - CLIENTS // 2), "id": uid(0)}
    for goes_on in (False, True):
        values: dict[str, object] = {"user_id": uid(1), "limit": PAGE} | (middle if goes_on else {})
        told = plan_of(full, conversations(unread_only=False, goes_on=goes_on), values)
        assert told["Plan"]["Actual Rows"] == PAGE
        assert read_of_messages(told["Plan"]) <= TOUCHED_AT_MOST, json.dumps(told, indent=1)


@pytest.mark.enable_socket
async def test_a_page_of_unread_conversations_reads_what_is_unread(full: psycopg.Connection[Any]) -> None:
    told = plan_of(full, conversations(unread_only=True, goes_on=False), {"user_id": uid(1), "limit": PAGE})
    unread = TEXTS // 100
    assert told["Plan"]["Actual Rows"] == min(PAGE, CLIENTS // 100)
    assert read_of_messages(told["Plan"]) <= 5 * unread, json.dumps(told, indent=1)
