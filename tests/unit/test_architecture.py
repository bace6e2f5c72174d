"""The house's rules that import-linter cannot say: what the core may import, and what a start may cost."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

SRC = Path(__file__).parents[2] / "src"

ALLOWED_IN_THE_CORE = {
    "__future__",
    "attrs",
    "bisect",
    "collections",
    "contextlib",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "importlib",
    "itertools",
    "json",
    "math",
    "numpy",
    "operator",
    "re",
    "string",
    "types",
    "typing",
    "unicodedata",
    "uuid",
    "zlib",
    "zoneinfo",
}
"""Pure parts of the standard library, attrs and numpy: no clock, no chance, no input or output, no logging.

`importlib` is for data files of the package itself (the learned weights of the opt-out reader).
"""

ALSO_IN_THE_WALK = {"asyncio"}
"""The walk alone does several things at a time."""


def test_the_core_imports_only_what_is_pure() -> None:
    graph = grimp.build_graph("nudge_core", include_external_packages=True)
    outside = {
        (importer, imported)
        for importer in graph.modules
        if importer.startswith("nudge_core")
        for imported in graph.find_modules_directly_imported_by(importer)
        if not imported.startswith("nudge_core")
    }
    assert outside, "the graph is empty: this check would pass whatever the core imported"
    allowed = {True: ALLOWED_IN_THE_CORE | ALSO_IN_THE_WALK, False: ALLOWED_IN_THE_CORE}
    assert {one for one in outside if one[1] not in allowed[one[0].startswith("nudge_core.walk.")]} == set()


HEAVY = {"sqlalchemy", "psycopg", "alembic", "openai", "httpx", "httpx2", "litestar", "uvicorn", "dependency_injector"}


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        ("import nudge_core", HEAVY | {"rich", "typer", "msgspec", "cryptography", "tokenizers"}),
        ("from nudge_entrypoints.cli import app", HEAVY | {"tokenizers", "cryptography"}),
        ("import nudge_adapters.catalog", HEAVY | {"tokenizers", "cryptography"}),
    ],
)
def test_a_start_loads_nothing_it_does_not_need(statement: str, refused: set[str]) -> None:
    code = f"import sys; {statement}; print(*sorted({{m.partition('.')[0] for m in sys.modules}} & {refused!r}))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_no_transaction_can_be_committed_by_hand() -> None:
    """Steps never commit, because there is nothing to call."""
    from nudge_core.ports import SystemTransaction, TenantTransaction

    for port in (SystemTransaction, TenantTransaction):
        assert {"commit", "rollback", "begin", "execute"}.isdisjoint(dir(port))


@pytest.mark.parametrize("module", ["drains", "worker", "jobs"])
def test_a_worker_never_asks_this_machines_clock(module: str) -> None:
    """T2: what is due, leased or late is judged by the store's time; a wall clock that jumps changes nothing."""
    path = SRC / "nudge_entrypoints" / f"{module}.py"
    source = (path if path.exists() else SRC / "nudge_core" / "walk" / f"{module}.py").read_text()
    assert not [word for word in ("datetime.now", "time.time(", "utcnow", "SystemClock") if word in source]


@pytest.mark.parametrize("marker", ["noqa: ", "type: ignore"])
def test_an_ignored_finding_carries_its_reason(marker: str) -> None:
    bare = re.compile(rf"# {marker}[\[\]A-Za-z0-9, -]*?(?:\]|[0-9])\s*$")
    found = [
        f"{path.relative_to(SRC)}:{number}"
        for path in sorted(SRC.rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert not found, found
