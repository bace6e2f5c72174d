"""Measure B: predictions of the product, from content to clients. Reads clients and contents, never the truth."""

from __future__ import annotations

import asyncio
from pathlib import Path

from nudge_adapters.embeddings.local import build_local_embedder
from nudge_core.matching.content.ranking import Content, Note, read
from nudge_entrypoints.quality.folders import Prediction, clients_of, held, units_of, write


def predict(folder: Path, out: Path) -> None:
    """Write whom each content of a folder is for, in the referee's format; the same bytes every time."""
    write(out, predictions(folder))


def predictions(folder: Path) -> dict[str, Prediction]:
    """Return whom each content is for: all clients, best first, and those it would be proposed to.

    Nothing but texts and topics reaches the product: ids might tell who belongs to whom.
    """
    clients = held(clients_of(folder), {"client_id": str, "title": str, "text": str}, folder / "clients.jsonl")
    units = held(units_of(folder), {"unit_id": str, "topics": list, "text": str}, folder / "units.jsonl")
    notes = [f"{client['title']} {client['text']}".strip() for client in clients]
    texts = [unit["text"] for unit in units]
    embedder = build_local_embedder()
    vectors = asyncio.run(embedder.embed([*texts, *notes]))
    library = [
        Content(text=text, topics=frozenset(topic.lower() for topic in unit["topics"]), meaning=vector)
        for unit, text, vector in zip(units, texts, vectors, strict=False)
    ]
    readership = read(
        library, [Note(text=text, meaning=vector) for text, vector in zip(notes, vectors[len(texts) :], strict=True)]
    )
    names = [client["client_id"] for client in clients]
    told: dict[str, Prediction] = {}
    for unit, content in zip(units, library, strict=True):
        ranking = readership.rank(content)
        told[unit["unit_id"]] = Prediction(
            ranked=tuple(names[one.row] for one in ranking),
            flagged=frozenset(names[one.row] for one in ranking if one.flagged),
        )
    return told
