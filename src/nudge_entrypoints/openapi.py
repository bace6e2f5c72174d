"""The API's document without a server: for `nudge openapi`, and for the page of the reference."""

from __future__ import annotations

import asyncio

from nudge_entrypoints.bootstrap import opened
from nudge_entrypoints.http.building import plain_api
from nudge_entrypoints.http.document import Document, build_document
from nudge_entrypoints.http.document_pages import as_json, as_markdown
from nudge_entrypoints.settings import load

_PLAIN = {"NUDGE_EMBEDDER": "none"}  # nothing of the environment: the document is the same on every machine


def document() -> str:
    """Return the document as JSON."""
    return as_json(asyncio.run(_made()))


def markdown() -> str:
    """Return the document as a page of the reference."""
    return as_markdown(asyncio.run(_made()))


async def _made() -> Document:
    async with opened(load(_PLAIN), None) as app:
        return build_document(plain_api(app))
