"""Ingest rows per second as a share of a plain COPY: `python -m benchmarks.ingest [--json] [--rows N] [--page N]`.

On the server of DATABASE_URL, else on an embedded one that is durable (fsync on) and removed afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from nudge_adapters.sql.benchmark import PAGE, REPEATS, ROWS, as_table, run
from nudge_adapters.sql.embedded import embedded_postgres


def main() -> None:
    """Measure and print: a table, or with --json one object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--page", type=int, default=PAGE)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    sizes = {"rows": chosen.rows, "page": chosen.page, "repeats": chosen.repeats}
    if url := os.environ.get("DATABASE_URL"):
        measured = run(url, **sizes)
    else:
        with tempfile.TemporaryDirectory(prefix="nudge-bench-") as home, embedded_postgres(Path(home)) as own:
            measured = run(own, **sizes)
    print(json.dumps(measured, indent=1) if chosen.json else as_table(measured))


if __name__ == "__main__":
    main()
