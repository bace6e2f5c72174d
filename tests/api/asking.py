"""What every subject's tests ask alike."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx

from tests.api.office import TOM, Office
from tests.samples import uid

NOBODY_S = uid(987_654_321)


def lasting(answer: httpx.Response) -> dict[str, str]:
    """Return the headers that do not count or number calls."""
    return {n: v for n, v in answer.headers.items() if n != "x-request-id" and not n.startswith("ratelimit")}


async def assert_foreign_is_random(office: Office, method: str, path: str, theirs: UUID, body: Any = None) -> None:
    """Tom asks for a thing of somebody else's and for one that never was: 404, the same bytes, the same headers."""
    async with office.caller(TOM) as tom:
        answers = [
            await tom.request(method, f"/api/v1{path.format(id=one)}", **({} if body is None else {"json": body}))
            for one in (theirs, NOBODY_S)
        ]
    foreign, random = answers
    assert (foreign.status_code, foreign.content) == (404, random.content), path
    assert lasting(foreign) == lasting(random)


async def leafed(client: Any, path: str, limit: int = 2, **filters: Any) -> list[Any]:
    """Return all items of a list, read page by page."""
    items: list[Any] = []
    cursor = None
    for _ in range(20):
        query: dict[str, Any] = filters | {"limit": limit} | ({} if cursor is None else {"cursor": cursor})
        page = (await client.get(path, params=query)).json()
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items
    raise AssertionError("the list does not end")
