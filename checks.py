"""`make check`: every check there is, all of them run, every failure reported. Exit status 1 if any failed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent

CHECKS = {
    "lint": [BIN / "ruff", "check", "."],
    "format": [BIN / "ruff", "format", "--check", "."],
    "types": [BIN / "mypy"],
    "import contracts": [BIN / "lint-imports"],
    "generated documents": [sys.executable, "-m", "nudge_entrypoints.documents", "--check"],
    "tests": [sys.executable, "-m", "pytest", "-q", "-n", "2"],
}


def main() -> int:
    """Run all checks one after the other; print what the failed ones said."""
    failed: list[str] = []
    for name, command in CHECKS.items():
        started = time.monotonic()
        done = subprocess.run(
            [str(part) for part in command],
            cwd=HERE,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        verdict = "ok" if done.returncode == 0 else "FAILED"
        print(f"{name:22} {verdict:7} {time.monotonic() - started:6.1f} s", flush=True)
        if done.returncode != 0:
            failed.append(name)
            print(done.stdout.rstrip(), flush=True)
        elif name == "tests":
            print(done.stdout.rstrip().rsplit("\n", 1)[-1], flush=True)
    if failed:
        print(f"\n{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}")
        return 1
    print(f"\nall {len(CHECKS)} checks passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
