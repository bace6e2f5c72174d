"""Folders of the referee's shape: clients, units, truth; and the files of predictions that go with them.

What predicts reads `clients` and `units` only. `truth_of` is for measuring.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from nudge_core.errors import Misconfigured

Row = Mapping[str, Any]

_CHECKOUT = Path(__file__).resolve().parents[3]
_QUALITY = Path("shared") / "data" / "quality"
RANKED = 200
"""Clients named per home: the largest number that fits one is 36 (README of `sgd_homes`)."""


@frozen(kw_only=True)
class Prediction:
    """Of one unit: clients best first, and those a system would act upon (None where the method says nothing)."""

    ranked: tuple[str, ...]
    flagged: frozenset[str] | None = None


@frozen(kw_only=True)
class Truth:
    """What a folder knows. `gains`: per unit the grade of each client it suits; `own`: for whom a unit was written."""

    clients: tuple[str, ...]
    units: tuple[str, ...]
    gains: Mapping[str, Mapping[str, float]] = field(repr=False)
    own: Mapping[str, str] = field(factory=dict[str, str], repr=False)


def found(given: Path | None = None) -> Path:
    """Return the folder with `sgd_homes` and `counsel_chat`: the one given, or that beside the checkout.

    Raises:
        Misconfigured: it is not there; says where was looked.
    """
    if given is not None:
        places = [given]
    else:
        named = os.environ.get("NUDGE_SHARED_DATA")
        places = [Path(named) / "quality"] if named else []
        places += [parent / _QUALITY for parent in (_CHECKOUT.parent, _CHECKOUT.parent.parent, Path.cwd().parent)]
    for place in places:
        if (place / "sgd_homes").is_dir() or (place / "counsel_chat").is_dir():
            return place
    looked = ", ".join(str(place) for place in dict.fromkeys(places))
    raise Misconfigured(
        [f"quality: no folder with sgd_homes or counsel_chat in it; looked at {looked}; use --data DIR"]
    )


def rows(path: Path) -> list[Row]:
    """Return the objects of a file of JSON lines.

    Raises:
        Misconfigured: the file is absent or a line is no JSON object; says which, never what it holds.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Misconfigured([f"quality: {path} cannot be read"]) from error
    result: list[Row] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise Misconfigured([f"quality: {path}, line {number}: no JSON"]) from error
        if not isinstance(row, dict):
            raise Misconfigured([f"quality: {path}, line {number}: no JSON object"])
        result.append(row)
    return result


def held(lines: Sequence[Row], members: Mapping[str, type], where: Path) -> Sequence[Row]:
    """Return rows that all have these members, of these types.

    Raises:
        Misconfigured: one has not; says which line, never what it holds.
    """
    for number, row in enumerate(lines, 1):
        for name, kind in members.items():
            if not isinstance(row.get(name), kind):
                raise Misconfigured([f"quality: {where}, object {number}: no {name}"])
    return lines


def clients_of(folder: Path) -> list[Row]:
    """Return the clients in an order that knows nothing of the truth: by the hash of their ids."""
    path = folder / "clients.jsonl"
    return sorted(held(rows(path), {"client_id": str}, path), key=lambda row: scrambled(row["client_id"]))


def units_of(folder: Path) -> list[Row]:
    """Return the units, from the folder or from the one above, in the file's order."""
    inside = folder / "units.jsonl"
    return rows(inside if inside.exists() else folder.parent / "units.jsonl")


def scrambled(name: str) -> str:
    """Return what equals are ordered by."""
    return hashlib.sha256(name.encode()).hexdigest()


def truth_of(folder: Path) -> Truth:
    """Return the truth of a folder, from units to clients. Of contents the grade is the Jaccard overlap of topics."""
    units = units_of(folder)
    lines = rows(folder / "truth.jsonl")
    own = {row["unit_id"]: row["written_for"] for row in lines if "written_for" in row}
    if own:
        topics = {row["client_id"]: frozenset(row["topics"]) for row in lines if "topics" in row}
        gains = {unit["unit_id"]: _overlaps(frozenset(unit["topics"]), topics) for unit in units}
    else:
        gains = {row["unit_id"]: dict.fromkeys(row["clients"], 1.0) for row in lines if "unit_id" in row}
    return Truth(
        clients=tuple(row["client_id"] for row in rows(folder / "clients.jsonl")),
        units=tuple(unit["unit_id"] for unit in units),
        gains=gains,
        own=own,
    )


def _overlaps(carried: frozenset[str], topics: Mapping[str, frozenset[str]]) -> dict[str, float]:
    return {client: len(mine & carried) / len(mine | carried) for client, mine in topics.items() if mine & carried}


def write(path: Path, predictions: Mapping[str, Prediction]) -> None:
    """Write predictions in the referee's format, in the order given. Equal predictions give equal bytes.

    Raises:
        Misconfigured: the file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(line + "\n" for line in _lines(predictions.items()))
    except OSError as error:
        raise Misconfigured([f"quality: {path} cannot be written"]) from error


def read(path: Path) -> dict[str, Prediction]:
    """Return the predictions of a file, from units to clients."""
    return {
        row["unit_id"]: Prediction(
            ranked=tuple(row.get("ranked") or ()),
            flagged=frozenset(row["flagged"] or ()) if "flagged" in row else None,
        )
        for row in rows(path)
    }


def ordered(ids: Sequence[str], scores: Sequence[float], most: int | None = None) -> tuple[str, ...]:
    """Return ids by score, the highest first; equals stay in the order given."""
    best = sorted(range(len(ids)), key=lambda place: -scores[place])
    return tuple(ids[place] for place in best[:most])


def _lines(predictions: Iterable[tuple[str, Prediction]]) -> Iterable[str]:
    for unit, prediction in predictions:
        line: dict[str, Any] = {"unit_id": unit, "ranked": list(prediction.ranked)}
        if prediction.flagged is not None:
            line["flagged"] = sorted(prediction.flagged)
        yield json.dumps(line)
