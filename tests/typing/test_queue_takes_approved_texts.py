"""What types forbid: a checker is run over files that must pass and files that must not, line by line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, int]]:
    """File and line of everything mypy refuses, with the project's own settings."""
    files = ["must_check.py", "must_not_check.py"]
    cache = tmp_path_factory.mktemp("mypy")
    command = [sys.executable, "-m", "mypy", "--no-error-summary", f"--cache-dir={cache}"]
    command += [f"--config-file={HERE.parents[1] / 'pyproject.toml'}", *(str(HERE / file) for file in files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE.parents[1])
    assert done.returncode in (0, 1), done.stdout + done.stderr
    errors = [line.split(":", 3) for line in done.stdout.splitlines() if ": error: " in line]
    return {(Path(file).name, int(line)) for file, line, *_ in errors}


def test_an_approved_text_is_accepted(refused: set[tuple[str, int]]) -> None:
    assert not [line for file, line in refused if file == "must_check.py"]


def test_everything_else_is_refused(refused: set[tuple[str, int]]) -> None:
    source = (HERE / "must_not_check.py").read_text().splitlines()
    marked = {number for number, line in enumerate(source, 1) if line.endswith("# refused")}
    assert len(marked) == 7
    assert {line for file, line in refused if file == "must_not_check.py"} == marked
