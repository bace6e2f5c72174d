"""`nudge quality`: what is there is measured and held to its gates; what is not there is said to be missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nudge_core.errors import Misconfigured
from nudge_entrypoints.cli import app
from nudge_entrypoints.quality import report
from nudge_entrypoints.quality.content import predict
from nudge_entrypoints.quality.dates import scripted
from nudge_entrypoints.quality.folders import found
from nudge_entrypoints.quality.measures import Difference
from nudge_entrypoints.quality.rankings import contents
from nudge_entrypoints.quality.section import OURS, Gate, Section, passed
from tests.shared_data import shared

SECTION = Section(
    title="A thing",
    asks="is it good?",
    lines={"simple": {"P@10": 0.5}, OURS: {"P@10": 0.75, "flagged precision": float("nan")}},
    caveats=("made up",),
    gates=(Gate(name="P@10", value=0.75, bar=0.75), Gate(name="more than", value=0.5, bar=0.5, above=True)),
    differences=(("simple", Difference(mean=0.25, low=0.2, high=0.3)),),
)


def test_content_meets_its_gates() -> None:
    """The quick test of quality: measure B on dev, some ten seconds."""
    section = contents(shared("quality"))
    assert [gate for gate in section.gates if not gate.met] == []
    assert len(section.gates) == 5
    assert section.caveats


def test_two_runs_give_the_same_bytes_and_the_truth_is_not_read(tmp_path: Path) -> None:
    here = _part_of(shared("quality/counsel_chat/dev"), tmp_path / "part", 150)
    predict(here, tmp_path / "one.jsonl")
    predict(here, tmp_path / "two.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()
    assert not (here / "truth.jsonl").exists()


def test_ids_tell_nothing(tmp_path: Path) -> None:
    """In the shipped files a content's id holds that of its client: renamed, the scores must be the same."""
    here = _part_of(shared("quality/counsel_chat/dev"), tmp_path / "part", 60)
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    names = {}
    for file, member in (("clients.jsonl", "client_id"), ("units.jsonl", "unit_id")):
        rows = [json.loads(line) for line in (here / file).read_text(encoding="utf-8").splitlines()]
        for number, row in enumerate(rows):
            names[row[member]] = row[member] = f"{member}-{number}"
        (renamed / file).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    predict(here, tmp_path / "one.jsonl")
    predict(renamed, tmp_path / "two.jsonl")
    for one, two in zip(_lines(tmp_path / "one.jsonl"), _lines(tmp_path / "two.jsonl"), strict=True):
        first, second = [names[name] for name in one["ranked"]], two["ranked"]
        assert sum(a != b for a, b in zip(first, second, strict=True)) <= 4, "but for ties"
        assert {names[name] for name in one["flagged"]} == set(two["flagged"])


def test_the_report_names_gates_caveats_and_differences() -> None:
    text = report.text([SECTION])
    assert "met     P@10: 0.7500 >= 0.7500" in text
    assert "MISSED  more than: 0.5000 > 0.5000" in text
    assert "! made up" in text
    assert "nudge minus simple: +0.250 [+0.200, +0.300]" in text
    assert not passed([SECTION])
    told = report.told([SECTION])
    assert told["gates_met"] is False
    assert told["sections"][0]["figures"][OURS] == {"P@10": 0.75, "flagged precision": None}
    json.dumps(told, allow_nan=False)


def test_absent_data_is_said(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="--data DIR"):
        found(tmp_path)
    (tmp_path / "counsel_chat").mkdir()
    assert found(tmp_path) == tmp_path
    section = contents(tmp_path)
    assert section.missing == "no counsel_chat/dev in the data"
    assert "not measured" in report.text([section])


def test_predict_wants_one_folder_and_tells_what_is_wrong_with_it(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    for words in (["--out", str(out)], ["--sgd", "a", "--counsel", "b", "--out", str(out)]):
        done = CliRunner().invoke(app, ["quality", "predict", *words])
        assert isinstance(done.exception, Misconfigured)
    (tmp_path / "clients.jsonl").write_text('{"client_id": "a", "title": "secret"}\n')
    done = CliRunner().invoke(app, ["quality", "predict", "--counsel", str(tmp_path), "--out", str(out)])
    assert isinstance(done.exception, Misconfigured)
    assert "object 1: no text" in str(done.exception)
    assert "secret" not in str(done.exception)


def test_predict_writes_for_any_folder_of_that_shape(tmp_path: Path) -> None:
    (tmp_path / "clients.jsonl").write_text(
        '{"client_id": "a", "title": "no sleep", "text": ""}\n{"client_id": "b", "title": "debt", "text": "wages"}\n'
    )
    (tmp_path / "units.jsonl").write_text('{"unit_id": "u", "topics": ["Money"], "text": "How to pay a debt"}\n')
    out = tmp_path / "out.jsonl"
    done = CliRunner().invoke(app, ["quality", "predict", "--counsel", str(tmp_path), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert json.loads(out.read_text()) == {"unit_id": "u", "ranked": ["b", "a"], "flagged": []}


def test_scripted_dates_tell_one_day_each_or_none() -> None:
    notes = list(scripted())
    assert len(notes) > 1_000
    assert {len(days) for _, days in notes} == {0, 1}
    assert ("her birthday is the 3rd of june", frozenset({("birthday", 6, 3)})) in notes


def _part_of(folder: Path, to: Path, most: int) -> Path:
    to.mkdir()
    for file in ("clients.jsonl", "units.jsonl"):
        lines = (folder / file).read_text(encoding="utf-8").splitlines(keepends=True)
        (to / file).write_text("".join(lines[:most]), encoding="utf-8")
    return to


def _lines(path: Path) -> list[dict[str, list[str]]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
