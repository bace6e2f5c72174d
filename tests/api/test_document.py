"""The document of the API: whole, stable, and true of every route there is."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from nudge_entrypoints.http.api.routes import CONTROLLERS
from nudge_entrypoints.http.document import build_document, operations
from nudge_entrypoints.http.document_pages import as_json, as_markdown, as_page
from nudge_entrypoints.http.identity import PUBLIC, SCOPE
from nudge_entrypoints.openapi import document
from tests.api.office import Office
from tests.api.probes import Probes


@pytest.fixture
def store() -> Any:
    """A store in memory: the document does not depend on it."""
    from nudge_adapters.memory import MemoryStore
    from tests.samples import CountingIds, SteppingClock

    return MemoryStore(SteppingClock(), CountingIds(1))


@pytest.fixture
def described() -> dict[str, Any]:
    """The document of the product."""
    made: dict[str, Any] = json.loads(document())
    return made


def test_operation_ids_are_unique_names_of_python(described: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(described)]
    assert ids
    assert len(set(ids)) == len(ids)
    assert [one for one in ids if not re.fullmatch(r"[a-z][a-z0-9_]*", one)] == []


def test_every_operation_says_what_it_does_under_a_tag(described: dict[str, Any]) -> None:
    for path, method, operation in operations(described):
        assert operation.get("description", "").strip(), f"{method} {path}"
        assert operation.get("tags"), f"{method} {path}"
        assert path.startswith("/api/v1/")


def test_every_no_is_a_problem(described: dict[str, Any]) -> None:
    for path, method, operation in operations(described):
        for status, answer in operation["responses"].items():
            if status >= "4":
                assert answer["$ref"].startswith("#/components/responses/"), f"{method} {path} {status}"
        assert {"400", "429", "503"} <= set(operation["responses"])
        if "requestBody" in operation:
            assert {"413", "415", "422"} <= set(operation["responses"])
        if operation.get("security") != []:
            assert {"401", "403"} <= set(operation["responses"])
    for answer in described["components"]["responses"].values():
        assert list(answer["content"]) == ["application/problem+json"]


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(described))):
        here: Any = described
        for part in reference.split("/"):
            here = here[part]


async def test_the_document_tells_keys_and_strictness(office: Office) -> None:
    made = build_document(office.api, [Probes])
    paid = made["paths"]["/api/v1/probes/paid"]["post"]
    (key,) = [one for one in paid["parameters"] if one["name"] == "Idempotency-Key"]
    assert (key["in"], key["required"], key["schema"]["maxLength"]) == ("header", True, 200)
    assert made["components"]["schemas"]["Probe"]["additionalProperties"] is False
    assert made["components"]["schemas"]["Person"]["additionalProperties"] is False
    assert made["components"]["schemas"]["Probe"]["properties"]["name"] == {
        "type": "string", "minLength": 1, "maxLength": 20, "pattern": r"\S"
    }  # fmt: skip
    assert made["components"]["schemas"]["Person"]["properties"]["phone"]["pattern"] == r"^\+[1-9][0-9]{6,14}$"
    assert made["paths"]["/api/v1/probes/sign-in"]["post"]["security"] == []
    assert as_json(made) == as_json(build_document(office.api, [Probes])), "the same routes give the same bytes"
    assert "`Idempotency-Key` | header, needed" in as_markdown(made)
    assert "Idempotency-Key" in as_page(made)


def test_every_route_names_a_scope_or_is_public(office: Office) -> None:
    there = [
        handler
        for route in office.app.routes
        if isinstance(route, HTTPRoute) and route.path.startswith("/api/v1/")
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS"
    ]
    documented = [handler for handler in there if handler.resolve_include_in_schema()]
    assert len(documented) >= len(CONTROLLERS)
    assert [one.handler_name for one in documented if not (one.opt.get(SCOPE) or one.opt.get(PUBLIC))] == []
