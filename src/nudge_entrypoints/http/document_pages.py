"""The API's description as it is read: JSON for programs, a page for browsers, Markdown for the repository.

The page is plain HTML that loads nothing from anywhere, so it works without a network and without a script.
"""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from litestar import Controller, MediaType, Response, get
from litestar.types import ControllerRouterHandler

from nudge_entrypoints.http.api.context import Api
from nudge_entrypoints.http.api.routes import CONTROLLERS, PREFIX
from nudge_entrypoints.http.document import Document, build_document, operations

DOCUMENT_PATH = f"{PREFIX}/openapi.json"
PAGE_PATH = f"{PREFIX}/docs"
KEPT_S = 300  # how long a browser may keep it; it changes with a release

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}"
    "code{font-family:ui-monospace,monospace;font-size:.9em}table{border-collapse:collapse;margin:.5rem 0}"
    "td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:left;vertical-align:top}h3{margin-top:2rem}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "frame-ancestors 'none'"
)


def document_handlers(
    api: Api, controllers: Sequence[type[Controller]] = CONTROLLERS
) -> Sequence[ControllerRouterHandler]:
    """Return the routes of the document, for everybody: it holds nothing of anybody's. Made when it is first asked."""

    @cache
    def document() -> Document:
        return build_document(api, controllers)

    kept = {"Cache-Control": f"public, max-age={KEPT_S}"}

    @get(DOCUMENT_PATH, include_in_schema=False, sync_to_thread=True)
    def openapi() -> Response[bytes]:
        return Response(as_json(document()).encode(), media_type=MediaType.JSON, headers=kept)

    @get(PAGE_PATH, include_in_schema=False, sync_to_thread=True)
    def page() -> Response[str]:
        headers = {**kept, "Content-Security-Policy": POLICY}
        return Response(as_page(document()), media_type=MediaType.HTML, headers=headers)

    return (openapi, page)


def as_json(document: Document) -> str:
    """Return the document as text, the same for the same routes."""
    return json.dumps(document, indent=1, sort_keys=False) + "\n"


def as_page(document: Document) -> str:
    """Return the document as a page."""
    info = document["info"]
    parts = [
        f"<h1>{_text(info['title'])} API {_text(info['version'])}</h1><p>{_text(info['description'])}</p>",
        '<p><a href="openapi.json">openapi.json</a></p>',
    ]
    for tag, several in by_tag(document).items():
        parts.append(f"<h2>{_text(tag)}</h2>")
        for path, method, operation in several:
            parts.append(f"<h3><code>{method.upper()} {_text(path)}</code></h3><p>{_text(_said(operation))}</p>")
            if rows := fields_of(document, operation):
                cells = "".join(
                    f"<tr><td><code>{_text(name)}</code></td><td>{_text(where)}</td><td>{_text(kind)}</td></tr>"
                    for name, where, kind in rows
                )
                parts.append(f"<table><tr><th>name</th><th>where</th><th>what</th></tr>{cells}</table>")
            parts.append(f"<p>Answers: {_text(', '.join(operation['responses']))}</p>")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{_text(info["title"])} API</title>'
        f"<style>{_STYLE}</style>{''.join(parts)}</html>"
    )


def as_markdown(document: Document) -> str:
    """Return the document as a page of the reference."""
    parts = [
        f"# HTTP API\n\n{document['info']['description']}\n\n`nudge openapi` prints the whole document; a running "
        f"server gives it at `{DOCUMENT_PATH}`, and as a page at `{PAGE_PATH}`.\n"
    ]
    for tag, several in by_tag(document).items():
        parts.append(f"\n## {tag}\n")
        for path, method, operation in several:
            parts.append(f"\n### `{method.upper()} {path}`\n\n{_said(operation)} (`{operation['operationId']}`)\n")
            if rows := fields_of(document, operation):
                parts.append("\n| name | where | what |\n|---|---|---|\n")
                parts += [
                    f"| `{name}` | {where} | {kind.replace('|', chr(92) + '|')} |\n" for name, where, kind in rows
                ]
            parts.append(f"\nAnswers: {', '.join(operation['responses'])}\n")
    return "".join(parts)


def by_tag(document: Document) -> dict[str, list[tuple[str, str, Document]]]:
    """Return the operations under the first tag of each, in the order of the tags."""
    found: dict[str, list[tuple[str, str, Document]]] = {}
    for path, method, operation in operations(document):
        found.setdefault(next(iter(operation.get("tags", ())), "other"), []).append((path, method, operation))
    return dict(sorted(found.items()))


def fields_of(document: Document, operation: Document) -> list[tuple[str, str, str]]:
    """Return what an operation takes: name, where it stands, what it is."""
    rows = [
        (one["name"], f"{one['in']}{', needed' if one.get('required') else ''}", _kind(one.get("schema", {})))
        for one in operation.get("parameters", ())
    ]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = _resolved(document, content.get("schema", {}))
        needed = schema.get("required", ())
        rows += [
            (name, f"body{', needed' if name in needed else ''}", _kind(kind))
            for name, kind in schema.get("properties", {}).items()
        ]
    return rows


def _resolved(document: Document, schema: Document) -> Document:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"].get(name, schema) if name else schema


def _kind(schema: Any) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return " | ".join(_kind(one) for one in schema[several])
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    named = schema.get("type", "any")
    named = " | ".join(named) if isinstance(named, list) else str(named)
    return f"{named} ({schema['format']})" if "format" in schema else named


def _said(operation: Document) -> str:
    return " ".join(str(operation.get("description") or operation.get("summary") or "").split())


def _text(text: str) -> str:
    return html.escape(text)
