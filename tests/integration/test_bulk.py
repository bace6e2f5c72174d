"""Packed arrays arrive as they were sent, and the benchmark of ingest runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB

from nudge_adapters.sql import benchmark
from nudge_adapters.sql.bulk import insert_arrays, json_bytes
from nudge_adapters.sql.store import SqlStore
from nudge_core.errors import Invalid
from tests import samples, strategies
from tests.contracts.storage import BEN, OWNER, add_practice
from tests.databases import for_psycopg
from tests.strategies.values import EPOCH

ALL_TYPES = Table(
    "every_type",
    MetaData(),
    Column("number", Integer),
    Column("small", SmallInteger),
    Column("big", BigInteger),
    Column("flag", Boolean),
    Column("words", Text),
    Column("who", Uuid),
    Column("moment", DateTime(timezone=True)),
    Column("raw", LargeBinary),
    Column("object", JSONB),
    Column("plain", JSON),
)
NAMES = [column.name for column in ALL_TYPES.c]
INSERT = insert_arrays(ALL_TYPES, NAMES, "")


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


ROWS = st.lists(
    st.tuples(
        maybe(st.integers(-(2**31), 2**31 - 1)),
        maybe(st.integers(-(2**15), 2**15 - 1)),
        maybe(st.integers(-(2**63), 2**63 - 1)),
        maybe(st.booleans()),
        maybe(strategies.texts()),
        maybe(st.uuids()),
        maybe(st.integers(-(10**15), 10**15).map(lambda us: EPOCH + timedelta(microseconds=us))),
        maybe(st.binary(max_size=20)),
        maybe(strategies.json_objects()),
        maybe(strategies.json_objects()),
    ),
    max_size=5,
)


@given(rows=ROWS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_arrays_arrive_as_they_were_sent(migrated: str, rows: list[tuple[Any, ...]]) -> None:
    sent = [(*row[:8], *(None if value is None else json_bytes(value) for value in row[8:])) for row in rows]
    columns = list(zip(*sent, strict=True)) or [()] * len(NAMES)
    types = "number int4, small int2, big int8, flag bool, words text, who uuid, moment timestamptz, raw bytea"
    with psycopg.connect(for_psycopg(migrated)) as connection:
        connection.execute("SET TimeZone TO 'UTC'")
        connection.execute(f"CREATE TEMP TABLE every_type ({types}, object jsonb, plain json)")
        connection.execute(INSERT.sql.encode(), INSERT.pack(columns))
        assert connection.execute("SELECT * FROM every_type").fetchall() == rows


@pytest.mark.parametrize("column", ["number", "small", "big", "words"])
def test_a_value_that_does_not_fit_is_invalid_and_names_its_column(column: str) -> None:
    values: dict[str, Any] = {"number": 2**31, "small": 2**15, "big": 2**63, "words": "half \ud83d"}
    insert = insert_arrays(ALL_TYPES, [column], "")
    with pytest.raises(Invalid) as caught:
        insert.pack([[values[column], None]])
    assert caught.value.field == column


def test_json_is_written_as_the_entities_hold_it() -> None:
    event = samples.global_event(1, raw_payload={"a": [1, {"b": None}], "é": "😀", "n": 0.1, "id": str(UUID(int=1))})
    expected = '{"a":[1,{"b":null}],"é":"😀","n":0.1,"id":"00000000-0000-0000-0000-000000000001"}'
    assert json_bytes(event.raw_payload).decode() == expected


async def test_more_texts_than_a_statement_has_parameters_for(sql_store: SqlStore) -> None:
    await add_practice(sql_store)
    texts = [samples.approved(OWNER, 1_000 + n, BEN) for n in range(2_600)]
    async with sql_store.tenant(OWNER) as tx:
        assert len(await tx.messages.queue([*texts, texts[0]])) == 2_600


def test_the_benchmark_measures_every_table(postgres_server: str) -> None:
    measured = benchmark.run(postgres_server, rows=30, page=10, repeats=1)
    tables = {name: figures for name, figures in measured.items() if isinstance(figures, dict)}
    assert set(tables) == {"globalmlsevent", "listingsnapshot", "resource", "marketevent"}
    for figures in tables.values():
        assert all(value > 0 for value in figures.values())
        assert {"store_share_of_copy", "store_share_of_ready", "again_share_of_copy"} <= set(figures)
    assert "globalmlsevent" in benchmark.as_table(measured)
    with psycopg.connect(for_psycopg(postgres_server)) as connection:
        left = connection.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'nudge_bench_%'").fetchone()
    assert left == (0,)
