"""The predecessor's published rule, one pair at a time, and the loop around it: what matching is measured beside.

For nothing else. Source: `performance.md` section 2. `predecessor_ranking` is the rule alone, vectors as lists of
numbers. `engine_loop` is the path of its engine with database and model stubbed: per client of an event the event's
text is written and embedded anew, two SELECTs are awaited, then the rule. The stubs answer at once, so what is measured
is the least such a loop can cost.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import field, frozen

PREDECESSOR_CLIENTS, PREDECESSOR_EVENTS = 200, 4  # its pairs are measured on a sample: its cost is linear


@frozen
class OldClient:
    """A client as the predecessor kept one: preferences in a dict, vectors as lists of numbers."""

    preferences: dict[str, Any] = field(repr=False)
    embedding: list[float]
    negatives: list[list[float]]
    last: int


@frozen
class OldEvent:
    """A listing as the predecessor kept one."""

    price: int
    beds: int
    baths: float
    subdivision: str
    remarks: str
    embedding: list[float]


def predecessor_data(dim: int) -> tuple[list[OldClient], list[OldEvent]]:
    """Return a sample of clients and listings in the predecessor's form: a fifth has something dismissed."""
    chance = np.random.default_rng(4)

    def vector() -> list[float]:
        numbers: list[float] = chance.standard_normal(dim).tolist()
        return numbers

    clients = [
        OldClient(
            preferences={
                "budget_max": int(chance.integers(200, 1_200)) * 1_000,
                "min_bedrooms": int(chance.integers(1, 5)),
                "min_bathrooms": int(chance.integers(1, 3)),
                "locations": [f"town {n}" for n in chance.integers(0, 40, 3)],
                "keywords": ["garage", "pool", "corner lot"],
            },
            embedding=vector(),
            negatives=[vector()] if number % 5 == 0 else [],
            last=int(chance.integers(1_000)),
        )
        for number in range(PREDECESSOR_CLIENTS)
    ]
    events = [
        OldEvent(
            price=int(chance.integers(200, 1_200)) * 1_000,
            beds=int(chance.integers(1, 6)),
            baths=float(chance.integers(1, 4)),
            subdivision=f"Town {int(chance.integers(40))}",
            remarks="A bright home on a quiet street with a garage, a deck and a large fenced yard. " * 6,
            embedding=vector(),
        )
        for _ in range(PREDECESSOR_EVENTS)
    ]
    return clients, events


def predecessor_ranking(clients: Sequence[OldClient], event: OldEvent) -> list[tuple[float, int, list[str]]]:
    """Rank as the predecessor did: every pair by itself, kept from 25 points on."""
    found = []
    for client in clients:
        points, reasons = predecessor_score(client, event)
        if any(_cosine(negative, event.embedding) > 0.85 for negative in client.negatives):
            points *= 0.1
        if points >= 25:
            found.append((points, client.last, reasons))
    return sorted(found, key=lambda item: (-item[0], -item[1]))


def predecessor_score(client: OldClient, event: OldEvent) -> tuple[float, list[str]]:
    """The rule for buyers. Source: `performance.md` section 2. Never to be used for anything else."""
    wished = client.preferences
    if wished["budget_max"] and event.price > wished["budget_max"]:
        return 0, []
    if event.beds < wished["min_bedrooms"] or event.baths < wished["min_bathrooms"]:
        return 0, []
    points, reasons = 30.0, ["Within Budget"]
    if any(place.lower() in event.subdivision.lower() for place in wished["locations"]):
        points += 25
        reasons.append("Location Match")
    if wished["min_bedrooms"] and event.beds:
        points += 15
        reasons.append("Bedrooms Match")
    if any(word.lower() in event.remarks.lower() for word in wished["keywords"]):
        points += 20
        reasons.append("Keyword Match")
    similar = _cosine(client.embedding, event.embedding)
    if similar > 0.45:
        points += math.floor(50 * similar)
        reasons.append("Similar")
    return points, reasons


def _cosine(one: list[float], other: list[float]) -> float:
    first, second = np.array(one), np.array(other)
    if np.linalg.norm(first) == 0 or np.linalg.norm(second) == 0:
        return 0.0
    return float(np.dot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second)))


def engine_loop(clients: Sequence[OldClient], events: Sequence[OldEvent]) -> list[list[tuple[float, int, list[str]]]]:
    """Rank each event as the predecessor's engine did, one awaited pair after the other."""
    return asyncio.run(_engine(clients, events))


async def _engine(clients: Sequence[OldClient], events: Sequence[OldEvent]) -> list[list[tuple[float, int, list[str]]]]:
    rankings = []
    for event in events:
        found = []
        for client in clients:
            text = f"{event.subdivision} {event.price} {event.beds} {event.baths} {event.remarks}"
            embedding = await _embedded(text, event)
            wished = await _selected(client)
            negatives = await _selected(client.negatives)
            points, reasons = predecessor_score(wished, event)
            if any(_cosine(negative, embedding) > 0.85 for negative in negatives):
                points *= 0.1
            if points >= 25:
                found.append((points, client.last, reasons))
        rankings.append(sorted(found, key=lambda item: (-item[0], -item[1])))
    return rankings


async def _embedded(text: str, event: OldEvent) -> list[float]:
    """Stand for a call of the model, which needs the text."""
    assert text
    return event.embedding


async def _selected(row: Any) -> Any:
    """Stand for a SELECT."""
    return row
