"""Links, documents and resources over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from nudge_core.model.resource import ResourceStatus
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.asking import assert_foreign_is_random, leafed
from tests.api.office import RITA, TOM, Office
from tests.samples import later, uid

CONTENT = "/api/v1/content-resources"
RESOURCES = "/api/v1/resources"
GUIDE = {"title": "Guide", "url": "https://example.com/guide", "categories": ["loans", "tax"]}


async def test_a_link_is_added_changed_used_archived_and_removed(office: Office) -> None:
    async with office.caller() as rita:
        made = (await rita.post(CONTENT, json=GUIDE)).json()
        here = f"{CONTENT}/{made['id']}"
        assert (made["content_type"], made["status"], made["usage_count"], made["version"]) == (
            "article",
            "ACTIVE",
            0,
            1,
        )
        assert (await rita.post(f"{here}/uses")).json()["usage_count"] == 1
        changed = await rita.patch(here, json={"version": 1, "categories": ["tax"], "status": "ARCHIVED"})
        assert changed.json() == made | {"categories": ["tax"], "status": "ARCHIVED", "usage_count": 1, "version": 2}
        assert (await rita.patch(here, json={"version": 1, "title": "Lost"})).status_code == 409
        assert (await rita.get(here)).json() == changed.json()
        assert (await rita.delete(here)).status_code == 204
        assert (await rita.get(here)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "javascript:alert(1)"},
        {"url": "https://[x"},
        {"url": "https://a.example/\n"},
        {"title": " "},
        {"categories": ["a" * 101]},
        {"categories": [str(n) for n in range(101)]},
        {"description": "d" * 5_001},
    ],
)
async def test_what_is_no_link_is_refused(office: Office, wrong: dict[str, object]) -> None:
    async with office.caller() as rita:
        assert (await rita.post(CONTENT, json=GUIDE | wrong)).status_code == 400
        assert (await rita.get(CONTENT)).json()["items"] == []


async def test_links_by_category_status_and_order_in_pages(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        await tx.contents.add(samples.content(RITA, 1, title="b", usage_count=3, categories=("loans",)))
        await tx.contents.add(samples.content(RITA, 2, title="a", created_at=later(1), categories=("loans", "tax")))
        await tx.contents.add(samples.content(RITA, 3, title="c", usage_count=9, status=ResourceStatus.ARCHIVED))
    async with office.caller() as rita:

        async def ids(**query: Any) -> list[int]:
            return [int(item["id"].replace("-", ""), 16) for item in await leafed(rita, CONTENT, **query)]

        assert await ids(sort="newest") == [2, 3, 1]
        assert await ids(sort="most_used") == [3, 1, 2]
        assert await ids(sort="title") == [2, 1, 3]
        assert await ids(category="loans") == [2, 1]
        assert await ids(status="ARCHIVED") == [3]
        counted = (await rita.get(f"{CONTENT}/categories")).json()["items"]
        assert counted == [{"name": "loans", "count": 2}, {"name": "tax", "count": 1}]
        first = (await rita.get(CONTENT, params={"limit": 1})).json()
        other = {"limit": 1, "cursor": first["next_cursor"], "sort": "title"}
        assert (await rita.get(CONTENT, params=other)).status_code == 422
        assert (await rita.get(CONTENT, params={"category": "a\x00"})).status_code == 422
    async with office.caller(TOM) as tom:
        assert (await tom.get(CONTENT)).json() == {"items": [], "next_cursor": None}
        assert (await tom.get(f"{CONTENT}/categories")).json() == {"items": []}


async def test_somebody_else_s_link_is_one_that_never_was(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        await tx.contents.add(samples.content(RITA, 5))
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/uses")):
        await assert_foreign_is_random(office, method, "/content-resources/{id}" + path, uid(5))
    await assert_foreign_is_random(office, "PATCH", "/content-resources/{id}", uid(5), {"version": 1, "title": "x"})


async def test_a_resource_by_hand_is_added_once_changed_and_archived(office: Office) -> None:
    new = {"resource_type": "WEB_CONTENT", "entity_id": "https://example.com", "attributes": {"title": "A", "n": [1]}}
    async with office.caller() as rita:
        made = await rita.post(RESOURCES, json=new)
        assert made.status_code == 201
        assert made.json()["attributes"] == new["attributes"]
        assert (await rita.post(RESOURCES, json=new)).status_code == 409
        here = f"{RESOURCES}/{made.json()['id']}"
        office.clock.forward(60)
        changed = (await rita.patch(here, json={"version": 1, "status": "ARCHIVED"})).json()
        assert (changed["status"], changed["version"], changed["attributes"]) == ("ARCHIVED", 2, new["attributes"])
        assert changed["updated_at"] > changed["created_at"]
        assert (await rita.patch(here, json={"version": 1, "status": "ACTIVE"})).status_code == 409
        assert (await rita.get(here)).json() == changed


async def test_a_feed_s_resource_is_read_and_not_changed_and_no_property_is_made_by_hand(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        await tx.resources.store([samples.resource(RITA, 40)])
    async with office.caller() as rita:
        shown = (await rita.get(f"{RESOURCES}/{uid(40)}")).json()
        assert shown["source_id"] == samples.SOURCE
        refused = await rita.patch(f"{RESOURCES}/{uid(40)}", json={"version": 1, "status": "ARCHIVED"})
        assert refused.status_code == 409
        made = await rita.post(RESOURCES, json={"resource_type": "PROPERTY", "entity_id": "L1"})
        assert (made.status_code, made.json()["errors"][0]["field"]) == (422, "resource_type")


async def test_resources_in_pages_and_by_what_fits(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        rows = [samples.resource(RITA, 40 + n, updated_at=later(n)) for n in range(3)]
        await tx.resources.store([*rows, samples.resource(RITA, 50, status=ResourceStatus.ARCHIVED)])
    async with office.caller() as rita, office.caller(TOM) as tom:
        everything = [item["entity_id"] for item in await leafed(rita, RESOURCES)]
        assert everything == ["L42", "L41", "L50", "L40"]
        archived = (await rita.get(RESOURCES, params={"status": "ARCHIVED"})).json()["items"]
        assert [item["entity_id"] for item in archived] == ["L50"]
        assert (await rita.get(RESOURCES, params={"resource_type": "WEB_CONTENT"})).json()["items"] == []
        assert len((await rita.get(RESOURCES, params={"source_id": samples.SOURCE})).json()["items"]) == 4
        assert (await rita.get(RESOURCES, params={"source_id": "x\x00"})).status_code == 422
        assert (await rita.get(RESOURCES, params={"status": "SOLD"})).status_code == 400
        assert (await tom.get(RESOURCES)).json()["items"] == []


async def test_somebody_else_s_resource_is_one_that_never_was(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        await tx.resources.store([samples.resource(RITA, 40)])
    await assert_foreign_is_random(office, "GET", "/resources/{id}", uid(40))
    await assert_foreign_is_random(office, "PATCH", "/resources/{id}", uid(40), {"version": 1, "status": "ACTIVE"})


async def test_a_key_that_may_only_read_content_changes_none(office: Office) -> None:
    async with office.caller(RITA, Scope.CONTENT_READ) as reader:
        for path in (CONTENT, RESOURCES):
            assert (await reader.get(path)).status_code == 200
            assert (await reader.post(path, json={})).status_code == 403


@pytest.mark.parametrize("attributes", [{"a": "x" * 20_001}, {"a": 2**70}, {"a\x00": 1}])
async def test_json_that_cannot_be_stored_is_refused(office: Office, attributes: dict[str, object]) -> None:
    async with office.caller() as rita:
        body = {"resource_type": "WEB_CONTENT", "entity_id": "x", "attributes": attributes}
        assert (await rita.post(RESOURCES, json=body)).status_code in (400, 422)
        deep: object = 1
        for _ in range(40):
            deep = {"a": deep}
        assert (await rita.post(RESOURCES, json=body | {"attributes": deep})).status_code == 400
