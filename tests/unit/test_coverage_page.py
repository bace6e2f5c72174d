"""The page of what is covered names only what exists, and every number once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import typer

from nudge_entrypoints.cli import app
from nudge_entrypoints.http.api.routes import PREFIX
from nudge_entrypoints.http.document import operations
from nudge_entrypoints.openapi import document

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "coverage.md"
CAPABILITIES, DEFECTS = 80, 40
STATES = {"there", "in part", "not yet"}
_ROW = re.compile(r"^\| (\d+) \| ", re.MULTILINE)


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading."""
    part = PAGE.read_text(encoding="utf-8").split(f"## {heading}")[1].split("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if _ROW.match(line)]


ROWS = [*rows("Capabilities"), *rows("Defects that must not come back")]


def named(column: int) -> set[str]:
    """Return what stands in a column as code."""
    return {name for row in ROWS for name in re.findall(r"`([^`]+)`", row[column])}


def commands() -> set[str]:
    """Return every command, as one types it."""
    root = typer.main.get_command(app)
    found = set()
    for name, command in getattr(root, "commands", {}).items():
        inner = getattr(command, "commands", None)
        found |= {f"nudge {name}"} if inner is None else {f"nudge {name} {one}" for one in inner}
    return found


def test_every_number_is_there_once_and_in_order() -> None:
    assert [int(row[0]) for row in rows("Capabilities")] == [*range(1, CAPABILITIES + 1)]
    assert [int(row[0]) for row in rows("Defects that must not come back")] == [*range(1, DEFECTS + 1)]


def test_what_is_there_says_where_and_by_which_test_and_the_rest_says_what_is_missing() -> None:
    for number, _, where, proof, state, missing in ROWS:
        assert state in STATES, number
        if state != "not yet":
            assert "`" in where, number
            assert "`tests/" in proof, number
        if state != "there":
            assert missing != "-", number


def test_every_place_exists() -> None:
    routes = {f"{method.upper()} {path.removeprefix(PREFIX)}" for path, method, _ in operations(json.loads(document()))}
    known = routes | commands()
    assert len(named(2)) > CAPABILITIES
    assert {one for one in named(2) if one not in known and not (ROOT / "src" / one).is_file()} == set()


def test_every_test_file_exists() -> None:
    assert {one for one in named(3) if not re.fullmatch(r"tests/.*/test_\w+\.py", one)} == set()
    assert {one for one in named(3) if not (ROOT / one).is_file()} == set()


def test_the_sums_are_those_of_the_tables() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    for title, heading in (("Capabilities", "Capabilities"), ("Defects", "Defects that must not come back")):
        states = [row[4] for row in rows(heading)]
        assert f"{title}: {', '.join(f'{states.count(s)} {s}' for s in ('there', 'in part', 'not yet'))}" in text
