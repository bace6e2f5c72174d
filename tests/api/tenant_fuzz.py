"""F1 of `reliability.md` 10: every operation of our own document, with every foreign id, in every place for one.

An answer to a foreign id must be the answer to an id that never was, byte for byte, and no answer may hold a canary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx
from attrs import field, frozen, mutable

METHODS = ("get", "post", "put", "patch", "delete")
ROUNDS = ("foreign", "random")
_CHANGING = frozenset({"x-request-id", "date", "content-length", "etag"})
_PER_CALL = ("ratelimit", "retry-after", "traceparent")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
EXAMPLES: Mapping[str, object] = {
    "phone": "+15125550177",
    "email": "someone@example.com",
    "timezone": "America/Chicago",
    "date": "2026-07-20",
    "date-time": "2026-07-20T15:00:00Z",
    "time": "10:00:00",
    "uri": "https://example.com/x",
}
"""Values for texts, by format or by name."""


@frozen(kw_only=True)
class Operation:
    """One operation of the document. `holes`: names of path and query parameters that take an id."""

    id: str
    method: str
    path: str
    parameters: Sequence[Mapping[str, Any]]
    body: Mapping[str, Any] | None
    is_public: bool

    @property
    def holes(self) -> tuple[str, ...]:
        """Parameters that take an id."""
        return tuple(p["name"] for p in self.parameters if _takes_id(p["schema"]))


def _takes_id(schema: Mapping[str, Any]) -> bool:
    if schema.get("format") == "uuid":
        return True
    inner = [*schema.get("oneOf", ()), *schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]
    return any(_takes_id(one) for one in inner)


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Yield every operation of an OpenAPI document."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            told = item[method]
            content = told.get("requestBody", {}).get("content", {})
            yield Operation(
                id=told["operationId"],
                method=method,
                path=path,
                parameters=[*item.get("parameters", ()), *told.get("parameters", ())],
                body=content.get("application/json", {}).get("schema"),
                is_public=told.get("security") == [] or told.get("security") == [{}],
            )


def example(schema: Mapping[str, Any], document: Mapping[str, Any], given: UUID, name: str = "", depth: int = 0) -> Any:
    """Return a small value of a schema; wherever an id can stand, `given` stands."""
    if "$ref" in schema:
        return example(
            document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]], document, given, name, depth
        )
    for several in ("oneOf", "anyOf", "allOf"):
        if several in schema:
            real = [one for one in schema[several] if one.get("type") != "null"]
            return example(real[0], document, given, name, depth) if real else None
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return next(value for value in schema["enum"] if value is not None)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next(one for one in kind if one != "null")
    if kind == "object" or "properties" in schema:
        wanted = set(schema.get("required", ()))
        return {
            key: example(value, document, given, key, depth + 1)
            for key, value in schema.get("properties", {}).items()
            if key in wanted or (depth < 4 and holds_id(value, document))
        }
    if kind == "array":
        return [example(schema.get("items", {}), document, given, name, depth + 1)]
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", schema.get("exclusiveMinimum", 0)))
    if kind == "boolean":
        return False
    if schema.get("format") == "uuid":
        return str(given)
    for key in (schema.get("format", ""), *EXAMPLES):
        if key in EXAMPLES and (key == schema.get("format") or key in name):
            return EXAMPLES[key]
    return ("a" * max(schema.get("minLength", 1), 5))[: schema.get("maxLength", 100)]


def holds_id(schema: Mapping[str, Any], document: Mapping[str, Any], depth: int = 0) -> bool:
    """Say whether an id can stand anywhere in a value of this schema."""
    if depth > 6:
        return False
    if "$ref" in schema:
        return holds_id(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]], document, depth + 1)
    if schema.get("format") == "uuid":
        return True
    inner = [
        *schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ()),
        *schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else ()),
    ]  # fmt: skip
    return any(holds_id(one, document, depth + 1) for one in inner)


@mutable
class Findings:
    """What the fuzz saw. `reached`: operations that found an id of the caller's own: 2xx, or 409 for its state."""

    leaks: list[str] = field(factory=list)
    calls: int = 0
    reached: set[str] = field(factory=set)


@frozen(kw_only=True)
class Fuzz:
    """One pass. `bodies`: for an operation whose schema does not say enough, a body; `{id}` in it is the id."""

    document: Mapping[str, Any]
    canary: str
    bodies: Mapping[str, Any] = field(factory=dict)
    skipped: frozenset[str] = frozenset()
    varying: frozenset[str] = frozenset()
    """Operations without an id whose answer is another one each time."""
    texts: Mapping[str, str] = field(factory=dict)
    """Values of path parameters that take no id, by name."""
    last: Sequence[str] = ()
    """Operations that end what the others need, in the order in which they may come."""

    async def run(
        self, caller: httpx.AsyncClient, nobody: httpx.AsyncClient, foreign: Sequence[UUID], own: Sequence[UUID]
    ) -> Findings:
        """Call every operation with every foreign id in every hole, and with ids that never were."""
        findings = Findings()
        order = {name: place for place, name in enumerate(self.last, 1)}
        for operation in sorted(operations(self.document), key=lambda one: order.get(one.id, 0)):
            if operation.id in self.skipped:
                continue
            if not operation.is_public:
                refused = await self._call(nobody, operation, own[0])
                findings.calls += 1
                if refused.status_code != 401:
                    findings.leaks.append(f"{operation.id}: {refused.status_code} to nobody")
            for given in foreign if self.has_hole(operation) else foreign[:1]:
                await self._compare(caller, operation, given, findings)
            for given in own if self.has_hole(operation) else own[:1]:
                if operation.id in findings.reached or operation.method == "delete":
                    break
                answer = await self._call(caller, operation, given)
                findings.calls += 1
                if answer.is_success or answer.status_code == httpx.codes.CONFLICT:
                    findings.reached.add(operation.id)
        return findings

    def has_hole(self, operation: Operation) -> bool:
        """Say whether an operation takes an id anywhere."""
        in_body = operation.body is not None and holds_id(operation.body, self.document)
        return bool(operation.holes) or in_body or operation.id in self.bodies

    async def _compare(self, caller: httpx.AsyncClient, operation: Operation, given: UUID, findings: Findings) -> None:
        never = uuid4()
        answer, blank = await self._call(caller, operation, given), await self._call(caller, operation, never)
        findings.calls += 2
        if self.canary in answer.text or self.canary in str(answer.headers):
            findings.leaks.append(f"{operation.id}: a canary")
        in_path = any(p["in"] == "path" and _takes_id(p["schema"]) for p in operation.parameters)
        if in_path and answer.is_success:
            findings.leaks.append(f"{operation.id}: {answer.status_code} to a foreign id")
        if operation.id not in self.varying and _seen(answer, given) != _seen(blank, never):
            findings.leaks.append(
                f"{operation.id}: {answer.status_code} to a foreign id, {blank.status_code} to one that never was"
            )

    async def _call(self, caller: httpx.AsyncClient, operation: Operation, given: UUID) -> httpx.Response:
        path, query = operation.path, {}
        for parameter in operation.parameters:
            name, schema = parameter["name"], parameter["schema"]
            value = self.texts.get(name) or example(schema, self.document, given, name)
            if _takes_id(schema):
                value = given
            if parameter["in"] == "path":
                path = re.sub(r"\{" + re.escape(name) + r"(:[a-z]+)?\}", str(value), path)
            elif parameter["in"] == "query" and (_takes_id(schema) or parameter.get("required")):
                query[name] = value
        body = self._body(operation, given)
        headers = {"Idempotency-Key": uuid4().hex}
        return await caller.request(operation.method.upper(), path, params=query, json=body, headers=headers)

    def _body(self, operation: Operation, given: UUID) -> Any:
        if operation.id in self.bodies:
            return json.loads(json.dumps(self.bodies[operation.id]).replace("{id}", str(given)))
        return None if operation.body is None else example(operation.body, self.document, given)


def _seen(answer: httpx.Response, given: UUID) -> tuple[object, ...]:
    """Return what a caller can tell apart: status, headers and body, with the id and what is new each time blanked."""
    headers = sorted(
        (name, value)
        for name, value in answer.headers.items()
        if name not in _CHANGING and not name.startswith(_PER_CALL)
    )
    text = answer.text.replace(str(given), "{id}")
    return answer.status_code, tuple(headers), _UUID.sub("{other}", text)
