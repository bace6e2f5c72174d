"""A process that starts or finds the embedded PostgreSQL and stays until its input ends: run by `test_embedded.py`.

    python -m tests.integration.owner HOME TEMPLATE

Prints one JSON line, with the address and what was said meanwhile.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from nudge_adapters.sql.embedded import embedded_postgres

if __name__ == "__main__":
    said: list[str] = []
    with embedded_postgres(Path(sys.argv[1]), durable=False, template=Path(sys.argv[2]), say=said.append) as url:
        sys.stdout.write(json.dumps({"url": url, "said": said}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
