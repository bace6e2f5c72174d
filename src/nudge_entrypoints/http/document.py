"""The API's own description, OpenAPI 3.1: made from the routes, with what all of them share added in one place.

A route documents what it does and what it answers when all is well. What may be answered otherwise follows from what
it is: who may call it, whether it takes a body, names a thing, creates one. Nothing is answered that is not here.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, TypeAlias

import attrs
from litestar import Controller, Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Server
from litestar.routes import HTTPRoute
from msgspec import inspect

from nudge_core.model import fields
from nudge_entrypoints.http.api.context import Api
from nudge_entrypoints.http.api.routes import CONTROLLERS, api_router
from nudge_entrypoints.http.building import NobodyKnown
from nudge_entrypoints.http.idempotency import HEADER, IDEMPOTENT, LONGEST_KEY, REPLAYED
from nudge_entrypoints.http.identity import PUBLIC, SCOPE
from nudge_entrypoints.http.problems import MEDIA_TYPE

Document: TypeAlias = dict[str, Any]  # JSON
TITLE = "Nudge"
ABOUT = (
    "Everything a professional does: the book of clients, nudges to approve, conversations, planned texts. "
    "Errors are problem+json (RFC 9457). Lists go on with `cursor`. What sends, spends or schedules wants an "
    f"`{HEADER}`."
)
METHODS = ("get", "put", "post", "delete", "patch")
SAID: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read: which field, which rule.",
    HTTPStatus.UNAUTHORIZED: "Nothing proves who calls.",
    HTTPStatus.FORBIDDEN: "The caller may not do this.",
    HTTPStatus.NOT_FOUND: "There is no such thing for this caller.",
    HTTPStatus.CONFLICT: "Somebody was first, the thing changed since it was read, or its state does not allow it.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is no JSON.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A value breaks a rule: which field, which rule.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests; `Retry-After` says when the next may come.",
    HTTPStatus.NOT_IMPLEMENTED: "This installation lacks a setting that the request needs.",
    HTTPStatus.BAD_GATEWAY: "A service understood and said no.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Something does not answer now; `Retry-After` says when to try again.",
}
_RATES = {
    "RateLimit-Limit": "Requests that the tightest limit of this caller lets through at once.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "Seconds until all of them are back.",
}


def build_document(api: Api, controllers: Sequence[type[Controller]] = CONTROLLERS) -> Document:
    """Return the description of the API as JSON. Nothing of `api` is used but its settings' public address."""
    app = Litestar(
        route_handlers=[api_router(api, NobodyKnown(), controllers=controllers)],
        openapi_config=OpenAPIConfig(
            title=TITLE,
            version=version("nudge"),
            description=ABOUT,
            servers=[Server(url=api.settings.public_base_url or "/")],
            operation_id_creator=lambda handler, _method, _path: handler.handler_name,
            use_handler_docstrings=True,
            path="/document",
            render_plugins=[JsonRenderPlugin()],
        ),
        logging_config=None,
    )
    # to_schema() returns one document for all who ask; ours is changed
    made: Document = copy.deepcopy(app.openapi_schema.to_schema())
    handlers = _handlers(app)
    for path, method, operation in operations(made):
        _complete(operation, handlers[(path, method)], is_read=method == "get")
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _reachable([body for _, _, one in operations(made) if (body := one.get("requestBody"))], schemas):
        if schemas[name].get("type") == "object" and "additionalProperties" not in schemas[name]:
            schemas[name]["additionalProperties"] = False
    for handler in handlers.values():
        if (declared := handler.parsed_data_field) is not None:
            _bound(schemas, inspect.type_info(declared.annotation), set())
    for schema in schemas.values():
        _times(schema)
    schemas |= {"FieldError": _FIELD_ERROR, "Problem": _PROBLEM}
    components["headers"] = dict(_DESCRIBED)
    components["responses"] = {_name(status): _answer(status, said) for status, said in SAID.items()}
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "An access token of a session, or an API key."}
    }
    made["security"] = [{"bearer": []}]
    tags = sorted({tag for _, _, operation in operations(made) for tag in operation.get("tags", ())})
    made["tags"] = [{"name": tag} for tag in tags]
    return made


def _times(schema: Any) -> None:
    """Say of times of the day that they are: Litestar takes them for durations, of which the API has none."""
    if isinstance(schema, dict):
        if schema.get("format") == "duration":
            schema["format"] = "time"
        for inner in schema.values():
            _times(inner)
    elif isinstance(schema, list):
        for inner in schema:
            _times(inner)


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Yield path, method and operation, in order."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _handlers(app: Litestar) -> dict[tuple[str, str], HTTPRouteHandler]:
    return {
        (route.path_format, method.lower()): handler
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
    }


_FITS = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
}
"""Which bounds belong to which type of JSON."""


def _bound(schemas: Document, info: inspect.Type, seen: set[type]) -> None:
    """Write the bounds that the validators of a body's fields set into its schema, and into those it leads to."""
    inner = [getattr(info, name) for name in ("type", "item_type", "value_type") if hasattr(info, name)]
    inner += getattr(info, "types", ())
    if isinstance(info, inspect.DataclassType) and info.cls not in seen:
        seen.add(info.cls)
        inner += [field.type for field in info.fields]
        properties = schemas.get(info.cls.__name__, {}).get("properties", {})
        for attribute in attrs.fields(info.cls) if attrs.has(info.cls) else ():
            schema, bounds = properties.get(attribute.name, {}), fields.documented(attribute.validator)
            for branch in (schema, *schema.get("oneOf", ()), *schema.get("anyOf", ())):
                if isinstance(kind := branch.get("type"), str) and "enum" not in branch and "format" not in branch:
                    branch.update({name: bounds[name] for name in _FITS.get(kind, ()) if name in bounds})
    for one in inner:
        if isinstance(one, inspect.Type):
            _bound(schemas, one, seen)


def _complete(operation: Document, handler: HTTPRouteHandler, is_read: bool) -> None:
    """Add what follows from what a route is."""
    is_public, has_body = bool(handler.opt.get(PUBLIC)), "requestBody" in operation
    answers = operation["responses"]
    operation["summary"] = handler.handler_name.replace("_", " ").capitalize()
    answers.pop("400", None)  # Litestar's own shape of it
    for answer in answers.values():
        answer["headers"] = {**answer.get("headers", {}), **_HEADERS}
    if is_public:
        operation["security"] = []
    elif (scope := handler.opt.get(SCOPE)) is not None:
        operation["description"] = f"{operation.get('description', '').strip()}\n\nScope: `{scope}`.".strip()
        operation["x-scope"] = str(scope)
    parameters = operation.setdefault("parameters", [])
    possible = {HTTPStatus.BAD_REQUEST, HTTPStatus.TOO_MANY_REQUESTS, *_OF_SERVICES}
    if parameters or has_body:
        possible |= {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
    if not (is_public and is_read):
        possible |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    if has_body:
        possible |= {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}
    if not is_read:
        possible |= {HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
    if handler.opt.get(IDEMPOTENT):
        parameters.append(_KEY)
        for answer in answers.values():
            answer["headers"][REPLAYED] = {"$ref": f"#/components/headers/{REPLAYED}"}
    for status in sorted(possible):
        answers.setdefault(str(status.value), {"$ref": f"#/components/responses/{_name(status)}"})


_OF_SERVICES = (HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE)
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "A word of the caller's own for this request: told twice, it is done once. Kept for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": r"^[!-~]([ -~]*[!-~])?$"},
}
_DESCRIBED: Mapping[str, Document] = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
    REPLAYED: {"description": "The answer was given before.", "schema": {"type": "string", "const": "true"}},
    "X-Request-Id": {
        "description": "Under which this exchange stands in the log.", "schema": {"type": "string", "format": "uuid"}
    },
    **{name: {"description": what, "schema": {"type": "integer", "minimum": 0}} for name, what in _RATES.items()},
}  # fmt: skip
_HEADERS = {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *_RATES)}
_FIELD_ERROR: Document = {
    "type": "object",
    "required": ["field", "rule"],
    "properties": {
        "field": {"type": "string", "description": "Its dotted name."},
        "rule": {"type": "string", "description": "What it must be."},
    },
}
_PROBLEM: Document = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "What it is, for a program."},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
        "instance": {"type": "string", "description": "The request, for whoever asks about a failure of ours."},
    },
}


def _name(status: HTTPStatus) -> str:
    return "".join(word.title() for word in re.split(r"\W+", status.phrase))


def _answer(status: HTTPStatus, said: str) -> Document:
    headers = dict(_HEADERS)
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.CONFLICT):
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": said, "headers": headers, "content": content}


def _reachable(beginnings: Sequence[Document], schemas: Document) -> set[str]:
    """Return the names of the schemas that these parts of the document lead to."""
    found, fresh = set[str](), list(beginnings)
    while fresh:
        for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(fresh.pop())):
            if name not in found and name in schemas:
                found.add(name)
                fresh.append(schemas[name])
    return found
