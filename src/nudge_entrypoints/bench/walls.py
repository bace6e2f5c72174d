"""What row-level security costs: reads of a tenant and claims, with it and past it.

nudge bench walls [--quick]
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from nudge_adapters.sql import walls_benchmark
from nudge_adapters.sql.embedded import embedded_postgres


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Measure on the server of DATABASE_URL, else on an embedded one with fsync on, removed at the end."""
    town, pairs = (
        (walls_benchmark.QUICK_TOWN, walls_benchmark.QUICK_PAIRS)
        if quick
        else (walls_benchmark.TOWN, walls_benchmark.PAIRS)
    )
    if url := os.environ.get("DATABASE_URL"):
        return {"calls": walls_benchmark.measure(url, town, pairs)}
    with tempfile.TemporaryDirectory(prefix="nudge-bench-") as home, embedded_postgres(Path(home)) as own:
        return {"calls": walls_benchmark.measure(own, town, pairs)}


def table(measured: dict[str, Any]) -> str:
    """Return the report as indented JSON."""
    return json.dumps(measured, indent=2)
