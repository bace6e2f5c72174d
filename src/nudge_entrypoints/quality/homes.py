"""Measure A: which clients should hear of a home, from what they said. Predictions in the referee's format.

Any folder of that shape will do: texts of clients in order, units with attributes of any name. What an attribute is and
which words speak of it follow from its name and its values (`nudge_core.reading.attributes`); the texts become dated
facts, the latest of each attribute wins, and the product's own three-valued matching compares them. No model, no
network, nothing learned, and the truth is not read.

Two decisions belong to the measure: its truth compares numbers for equality, so "at least 3" asks for 3 here; and who
is flagged must have everything that is known of them compared and met, since what a unit does not state is not yes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import median

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.audience import Audience
from nudge_core.matching.constraints import (
    FULL,
    FeatureWish,
    MatchSchema,
    NumberField,
    NumberWish,
    Seeker,
    Subject,
    TermsField,
    TermsWish,
    Wish,
)
from nudge_core.matching.qualify import sheet_of
from nudge_core.model.briefing import Strength
from nudge_core.model.client import Role
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json, JsonObject
from nudge_core.reading.attributes import AttributeKind, Described, described, words_of, yes_or_no
from nudge_core.reading.conversation import Vocabulary, read_in_order, vocabulary
from nudge_core.reading.ledger import Fact, Ledger, Text
from nudge_core.reading.places import folded_place
from nudge_core.reading.statements import Firmness

LISTED = 200  # at most, per query; the referee asks for at least 40 clients or 100 units
ABOUT = 0.1  # "about 2,000" is 10 % less to 10 % more (P), as in stated preferences
FAR_OFF = 10  # a sum that is so many times smaller or larger than a column's is about something else
WHOLE = 1.0  # who is flagged: everything that is known of the client could be compared; else it is a question
HALVES = 2  # rooms are counted in halves


@frozen(eq=False, kw_only=True)
class Matched:
    """All pairs: rows are units, columns clients. `share` of the known facts met, `known` facts, `flagged` pairs."""

    units: tuple[str, ...]
    clients: tuple[str, ...]
    share: NDArray[np.float64]
    known: NDArray[np.int64]
    flagged: NDArray[np.bool_]


def predict(folder: Path, out: Path, *, to_units: bool = False) -> int:
    """Write predictions for a folder with `clients.jsonl` and `units.jsonl` (the latter there or one folder up).

    Args:
        folder: of the shape that the referee's README describes.
        out: JSON Lines, one query a line, best first; the same bytes on every run.
        to_units: rank units for each client instead of clients for each unit.

    Returns:
        How many queries were written.

    Raises:
        Invalid: a file is missing or not of that shape.
    """
    clients = _rows(folder / "clients.jsonl")
    units = _rows(next((f / "units.jsonl" for f in (folder, folder.parent) if (f / "units.jsonl").exists()), folder))
    matched = match(clients, units)
    lines = list(_lines(matched, to_units=to_units))
    out.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return len(lines)


def match(clients: Sequence[JsonObject], units: Sequence[JsonObject]) -> Matched:
    """Return how every client stands to every unit."""
    attributes = attributes_of(units)
    words = vocabulary(attributes, asked_first=_first_count(attributes))
    schema = _schema(attributes)
    typical = {one.name: _typical(one.name, units) for one in attributes if one.kind is AttributeKind.MONEY}
    names = [str(client["client_id"]) for client in clients]
    seekers = []
    for name, client in zip(names, clients, strict=True):
        wishes = wishes_of(read_client(client, words), words, typical)
        seekers.append(Seeker(client_id=stable_id("measured client", name), role=Role.BUYER, wishes=wishes))
    audience = Audience.build(schema, seekers)
    place = {seeker.client_id: number for number, seeker in enumerate(seekers)}
    columns = np.array([place[seeker.client_id] for seeker in audience.seekers], np.intp)
    rows = np.arange(len(audience.seekers), dtype=np.int32)
    shape = (len(units), len(clients))
    share, known, flagged = np.zeros(shape), np.zeros(shape, np.int64), np.zeros(shape, np.bool_)
    for number, unit in enumerate(units):
        sheet = sheet_of(audience, subject_of(unit, attributes), rows, clean=False)
        compared = sheet.known.astype(np.int64)
        met = compared - sheet.lost / FULL  # every weight is 1, and what is unknown loses nothing
        share[number, columns] = np.divide(met, compared, out=np.zeros(compared.size), where=compared > 0)
        known[number, columns] = compared
        flagged[number, columns] = sheet.decide(schema)[0]
    return Matched(
        units=tuple(str(unit["unit_id"]) for unit in units),
        clients=tuple(names),
        share=share,
        known=known,
        flagged=flagged,
    )


def attributes_of(units: Sequence[JsonObject]) -> tuple[Described, ...]:
    """Return the attributes that units have, whatever they are called."""
    flat = [_flat(unit) for unit in units]
    names = sorted({name for unit in flat for name in unit})
    return described({name: [unit.get(name) for unit in flat] for name in names})


def read_client(client: JsonObject, words: Vocabulary) -> Ledger:
    """Return the facts of a client's utterances, read in order."""
    said = client.get("utterances")
    if not isinstance(said, Sequence) or isinstance(said, str):
        raise Invalid("client.utterances", "a list", None)
    texts = [
        Text(text=str(one.get("text", "")), source="message", said_on=_day(one.get("on")))
        for one in said
        if isinstance(one, Mapping)
    ]
    return read_in_order(texts, words)


def wishes_of(ledger: Ledger, words: Vocabulary, typical: Mapping[str, float]) -> tuple[Wish, ...]:
    """Return the facts that count as wishes of the matching."""
    kinds = words.kinds
    wishes = [_wish(name, kinds[name], fact, typical) for name, fact in ledger.current.items() if name in kinds]
    return tuple(wish for wish in wishes if wish is not None)


def subject_of(unit: JsonObject, attributes: Sequence[Described]) -> Subject:
    """Return a unit as matching compares it: what it does not state is unknown."""
    flat = _flat(unit)
    numbers: dict[str, float] = {}
    terms: dict[str, frozenset[str]] = {}
    has: set[str] = set()
    lacks: set[str] = set()
    for one in attributes:
        value = flat.get(one.name)
        flag = yes_or_no(value)
        if one.kind is AttributeKind.FLAG and flag is not None:
            (has if flag else lacks).add(one.name)
        elif one.kind in (AttributeKind.COUNT, AttributeKind.MONEY) and isinstance(value, int | float):
            numbers[one.name] = value
        elif one.kind is AttributeKind.PLACE and isinstance(value, str):
            terms[one.name] = frozenset({f"{one.name}:{folded_place(value)}"})
        elif one.kind is AttributeKind.CHOICE and isinstance(value, str):
            terms[one.name] = frozenset({f"{one.name}:{value}"})
    return Subject(
        id=stable_id("measured unit", str(unit["unit_id"])),
        considers=frozenset({Role.BUYER}),
        numbers=numbers,
        terms=terms,
        has=frozenset(has),
        lacks=frozenset(lacks),
        default_base_rate=FULL,
    )


def _schema(attributes: Iterable[Described]) -> MatchSchema:
    """Return the fields of these attributes, each worth the same: what is ordered by is the share of facts met."""
    fields: list[NumberField | TermsField] = []
    for one in attributes:
        if one.kind in (AttributeKind.COUNT, AttributeKind.MONEY):
            fields.append(NumberField(name=one.name, weight=1, scale=HALVES))
        elif one.kind in (AttributeKind.PLACE, AttributeKind.CHOICE):
            fields.append(TermsField(name=one.name, weight=1))
    return MatchSchema(fields=tuple(fields), feature_weight=1, refusal_weight=1, text_share=0.0, least_coverage=WHOLE)


def _wish(name: str, kind: AttributeKind, fact: Fact, typical: Mapping[str, float]) -> Wish | None:
    strength = Strength.HARD if fact.firmness is Firmness.HARD else Strength.SOFT
    value = fact.value
    if kind is AttributeKind.FLAG:
        return FeatureWish(feature=name, strength=strength, wanted=bool(value))
    if not isinstance(value, Mapping):
        return None
    if kind in (AttributeKind.PLACE, AttributeKind.CHOICE):
        any_of, none_of = (
            frozenset(f"{name}:{term}" for term in _texts(value.get(member))) for member in ("any", "none")
        )
        return TermsWish(field=name, strength=strength, any_of=any_of, none_of=none_of) if any_of or none_of else None
    least, most = _bounds(value)
    if kind is AttributeKind.COUNT and (least is None or most is None):
        least = most = least if most is None else most  # the truth is equality: a bound stands for its number
    if kind is AttributeKind.MONEY and not _comparable(least, most, typical[name]):
        return None
    return NumberWish(field=name, strength=strength, minimum=least, maximum=most)


def _bounds(value: Mapping[str, Json]) -> tuple[float | None, float | None]:
    exactly, about, least, most = (_number(value.get(member)) for member in ("exactly", "about", "min", "max"))
    if exactly is not None:
        return exactly, exactly
    if about is not None:
        return about * (1 - ABOUT), about * (1 + ABOUT)
    return least, most


def _comparable(least: float | None, most: float | None, usual: float) -> bool:
    return all(usual / FAR_OFF <= bound <= usual * FAR_OFF for bound in (least, most) if bound is not None)


def _lines(matched: Matched, *, to_units: bool) -> Iterable[JsonObject]:
    queries, items = (matched.clients, matched.units) if to_units else (matched.units, matched.clients)
    share, known, flagged = (
        table.T if to_units else table for table in (matched.share, matched.known, matched.flagged)
    )
    ties = np.argsort(np.argsort([hashlib.sha256(item.encode()).hexdigest() for item in items]))
    member = "client_id" if to_units else "unit_id"
    for row, query in enumerate(queries):
        order = np.lexsort((ties, -known[row], -share[row]))[:LISTED]
        yield {
            member: query,
            "ranked": [items[place] for place in order],
            "flagged": [items[place] for place in np.flatnonzero(flagged[row])],
        }


def _first_count(attributes: Sequence[Described]) -> str | None:
    """Return the attribute of bedrooms: what a number without a noun means when somebody looks for a home."""
    counts = [one.name for one in attributes if one.kind is AttributeKind.COUNT]
    return next((name for name in counts if any(word.startswith("bed") for word in words_of(name))), None)


def _flat(unit: JsonObject, above: str = "") -> dict[str, Json]:
    """Return the members of a unit; those of an object inside it under both names, a list of texts as flags."""
    flat: dict[str, Json] = {}
    for name, value in unit.items():
        path = f"{above}_{name}" if above else name
        if isinstance(value, Mapping):
            flat |= _flat(value, path)
        elif isinstance(value, list | tuple):
            flat |= {str(item): True for item in value if isinstance(item, str)}
        else:
            flat[path] = value
    return flat


def _typical(name: str, units: Sequence[JsonObject]) -> float:
    stated = [number for unit in units if (number := _number(_flat(unit).get(name)))]
    return median(stated) if stated else 0.0


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _texts(value: Json) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _rows(path: Path) -> list[JsonObject]:
    try:
        text = path.read_text(encoding="utf-8")
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, ValueError) as cause:
        raise Invalid("quality.folder", f"a readable {path.name} of JSON Lines", None) from cause
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise Invalid("quality.folder", f"objects in {path.name}", None)
    return rows
