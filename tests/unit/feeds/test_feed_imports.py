"""What is imported when: the catalogue names the feeds without loading what they need."""

from __future__ import annotations

import subprocess
import sys


def test_the_builders_load_no_http_library_before_one_is_called() -> None:
    program = (
        "import sys\n"
        "import nudge_adapters.feeds.build\n"
        "print([name for name in ('httpx', 'uvicorn', 'litestar', 'h11', 'anyio') if name in sys.modules])\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert told.stdout.strip() == "[]"
