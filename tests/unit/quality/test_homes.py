"""Measure A: the gates on the shared data, the same bytes on every run, and no hard fact ever broken by a flag.

The figures here are computed anew from the definitions in `match-quality.md` 1; the referee's script gives the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge_core.errors import Invalid
from nudge_core.reading.conversation import vocabulary
from nudge_core.reading.places import folded_place
from nudge_core.reading.statements import Firmness
from nudge_entrypoints.quality.homes import attributes_of, match, predict, read_client
from tests.shared_data import shared

LISTED = 10  # what nDCG@10 looks at


@frozen
class Figures:
    """What the gates are about."""

    ndcg: float
    precision: float
    recall: float


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _figures(folder: Path, predictions: Path) -> Figures:
    truth = {row["unit_id"]: set(row["clients"]) for row in _rows(folder / "truth.jsonl") if "unit_id" in row}
    told = {row["unit_id"]: row for row in _rows(predictions)}
    gains = []
    for unit, clients in truth.items():
        hits = [1 / math.log2(place + 2) for place, one in enumerate(told[unit]["ranked"][:LISTED]) if one in clients]
        best = sum(1 / math.log2(place + 2) for place in range(min(LISTED, len(clients))))
        gains.append(sum(hits) / best)
    flagged = [(unit, client) for unit, row in told.items() for client in row["flagged"]]
    right = sum(client in truth.get(unit, ()) for unit, client in flagged)
    return Figures(
        ndcg=sum(gains) / len(gains),
        precision=right / len(flagged),
        recall=right / sum(map(len, truth.values())),
    )


@pytest.mark.parametrize(
    ("part", "least_ndcg", "least_precision", "least_recall"),
    [
        ("train", 0.97, 0.95, 0.89),
        ("dev", 0.97, 0.95, 0.89),
        ("train/changed_mind", 0.95, 0.93, 0.86),
        ("dev/changed_mind", 0.97, 0.93, 0.86),
    ],
)
def test_the_gates_of_measure_a(
    part: str, least_ndcg: float, least_precision: float, least_recall: float, tmp_path: Path
) -> None:
    folder = shared("quality/sgd_homes") / part
    out = tmp_path / "predictions.jsonl"
    predict(folder, out)
    figures = _figures(folder, out)
    assert figures.ndcg >= least_ndcg
    assert figures.precision >= least_precision
    assert figures.recall >= least_recall


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    folder = shared("quality/sgd_homes") / "dev"
    predict(folder, tmp_path / "one.jsonl")
    predict(folder, tmp_path / "two.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


UNITS: list[dict[str, Any]] = [
    {"unit_id": "u1", "town": "Kent", "bedrooms": 2, "has_sauna": True, "kind": "house"},
    {"unit_id": "u2", "town": "Kent", "bedrooms": 3, "has_sauna": False, "kind": "condo"},
    {"unit_id": "u3", "town": "Tacoma", "bedrooms": 2, "has_sauna": None, "kind": "house"},
]


def _client(*texts: str) -> dict[str, Any]:
    return {"client_id": "c", "utterances": [{"text": text, "on": "2026-01-01"} for text in texts]}


@pytest.mark.parametrize(
    ("texts", "flagged"),
    [
        (("2 bedrooms in Kent",), ["u1"]),
        (("2 bedrooms in Kent", "make it three"), ["u2"]),
        (("in Kent with a sauna",), ["u1"]),
        (("in Kent, must have a sauna",), ["u1"]),
        (("2 bedrooms and it must have a sauna",), ["u1"]),
        (("in Kent, no sauna",), ["u2"]),
        (("a house with 2 bedrooms",), ["u1", "u3"]),
        (("in Kent",), []),
        (("hello",), []),
        (("Is it in the sauna?",), []),
    ],
)
def test_who_is_flagged(texts: tuple[str, ...], flagged: list[str]) -> None:
    """A flag needs two known facts, every known one met, and no hard one unknown."""
    again = [{**unit, "unit_id": f"again {unit['unit_id']}"} for unit in UNITS]
    matched = match([_client(*texts)], [*UNITS, *again])
    told = [unit for unit, row in zip(matched.units, matched.flagged, strict=True) if row[0]]
    assert told == [*flagged, *(f"again {unit}" for unit in flagged)]


def test_a_folder_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        predict(tmp_path, tmp_path / "out.jsonl")
    (tmp_path / "clients.jsonl").write_text('["not an object"]\n', encoding="utf-8")
    with pytest.raises(Invalid):
        predict(tmp_path, tmp_path / "out.jsonl")


def test_either_direction(tmp_path: Path) -> None:
    (tmp_path / "clients.jsonl").write_text(json.dumps(_client("2 bedrooms in Kent")) + "\n", encoding="utf-8")
    (tmp_path / "units.jsonl").write_text("".join(json.dumps(unit) + "\n" for unit in UNITS), encoding="utf-8")
    assert predict(tmp_path, tmp_path / "out.jsonl", to_units=True) == 1
    (row,) = _rows(tmp_path / "out.jsonl")
    assert row["ranked"][0] == "u1"
    assert row["flagged"] == ["u1"]


_WISHES = st.lists(
    st.sampled_from(
        ["must be in Kent", "in Tacoma", "not Kent", "need at least 2 bedrooms", "3 bedrooms only", "must have a sauna",
         "no sauna", "no longer need a sauna", "a house is a must", "not a condo", "make it two", "anything goes"]
    ),
    max_size=5,
)  # fmt: skip
_UNIT = st.fixed_dictionaries(
    {
        "town": st.sampled_from(["Kent", "Tacoma", "Renton", None]),
        "bedrooms": st.sampled_from([1, 2, 3, None]),
        "has_sauna": st.sampled_from([True, False, None]),
        "kind": st.sampled_from(["house", "condo", None]),
    }
)


@given(texts=_WISHES, units=st.lists(_UNIT, min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_no_flag_ever_contradicts_a_hard_fact(texts: list[str], units: list[dict[str, Any]]) -> None:
    rows = [*UNITS, *UNITS, *({**unit, "unit_id": f"x{number}"} for number, unit in enumerate(units))]
    client = _client(*texts)
    words = vocabulary(attributes_of(rows), asked_first="bedrooms")
    hard = {
        name: fact.value for name, fact in read_client(client, words).current.items() if fact.firmness is Firmness.HARD
    }
    matched = match([client], rows)
    for row, flagged in zip(rows, matched.flagged[:, 0], strict=True):
        if flagged:
            assert all(_meets(row[name], value) for name, value in hard.items())


def _meets(offered: object, wished: object) -> bool:
    """A hard fact that the unit does not state is no reason for a flag either."""
    if offered is None:
        return False
    if not isinstance(wished, Mapping):
        return offered == wished
    if isinstance(offered, str):
        named = folded_place(offered)
        any_of, none_of = (_texts(wished.get(member)) for member in ("any", "none"))
        return (not any_of or named in any_of) and named not in none_of
    exactly, least, most = (wished.get(member) for member in ("exactly", "min", "max"))
    assert isinstance(offered, int)
    return (
        (exactly is None or offered == exactly)
        and (least is None or offered >= least)
        and (most is None or offered <= most)
    )


def _texts(value: object) -> list[str]:
    return [str(one).casefold() for one in value] if isinstance(value, Sequence) and not isinstance(value, str) else []
