"""Claimed texts a second beside one plain UPDATE of all that is due; claims of nothing and of one; double claims.

nudge bench claims [--quick]
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from nudge_adapters.sql import claim_benchmark
from nudge_adapters.sql.embedded import embedded_postgres


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Measure on the server of DATABASE_URL, else on an embedded one with fsync on, removed at the end."""
    town, repeats = (claim_benchmark.QUICK_TOWN, 1) if quick else (claim_benchmark.TOWN, claim_benchmark.REPEATS)
    if url := os.environ.get("DATABASE_URL"):
        return claim_benchmark.measure(url, town, repeats)
    with tempfile.TemporaryDirectory(prefix="nudge-bench-") as home, embedded_postgres(Path(home)) as own:
        return claim_benchmark.measure(own, town, repeats)


def table(measured: dict[str, Any]) -> str:
    """Return the report as indented JSON."""
    return json.dumps(measured, indent=2)
