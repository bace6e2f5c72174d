"""Ingest rows per second as a share of a plain COPY of the same rows into the same tables."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from nudge_adapters.sql.benchmark import REPEATS, ROWS, as_table, run
from nudge_adapters.sql.embedded import embedded_postgres

QUICK_ROWS = 1_000


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Measure on the server of DATABASE_URL, else on an embedded one with fsync on, removed at the end."""
    sizes = {"rows": QUICK_ROWS if quick else ROWS, "repeats": 1 if quick else REPEATS}
    if url := os.environ.get("DATABASE_URL"):
        return run(url, **sizes)
    with tempfile.TemporaryDirectory(prefix="nudge-bench-") as home, embedded_postgres(Path(home)) as own:
        return run(own, **sizes)


def table(measured: dict[str, Any]) -> str:
    """Return the figures as a table."""
    return as_table(measured)
