"""Fixtures and Hypothesis profiles for all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.contracts")  # before any of them is imported

from tests.databases import (  # noqa: E402 - after the rewriting is asked for
    clock,
    cluster_template,
    database,
    migrated,
    postgres_server,
    sql_store,
)

__all__ = ["clock", "cluster_template", "database", "migrated", "postgres_server", "sql_store"]

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
