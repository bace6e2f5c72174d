"""Two tenants and every operation: nothing of one is told to the other, not even that it is there (F1)."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, get
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.params import FromPath

from nudge_core.model.change import Place
from nudge_entrypoints.http.document import build_document
from tests.api.office import RITA, TOM, Office
from tests.api.tenant_fuzz import Fuzz, operations
from tests.api.two_books import CANARY, Book, book_of, fill, held
from tests.samples import uid

RITAS, TOMS = book_of(RITA, 100_001), book_of(TOM, 200_001)
BODIES: dict[str, Any] = {
    "merge_clients": {"other_id": str(TOMS.other_client)},
    "set_preference": {"version": 1, "value": ["Mueller"]},
}
"""For operations whose schema alone does not make a body that is read as far as the id."""

TEXTS = {"kind": "areas"}  # of preferences
ENDING = ("suppress_client", "undo_import", "undo_contact_import", "undo_merge", "merge_clients", "erase_client")
"""Operations after which there is no plan or client left for the others."""

VARYING = frozenset({"check_mls_connection", "make_api_key", "follow_events"})
"""They say when they looked, show a new secret, and where the stream stands."""

NOT_REACHED = frozenset(
    {
        "assign_phone_number", "unassign_phone_number", "release_phone_number", "read_pipeline_run", "read_overview",
        "read_reasons", "take_action", "plan_one", "change_plan", "restore_habit", "accept_fact", "retract_fact",
        "draft_text", "explain",
    }
)  # fmt: skip
"""Operations that need what the books have not (numbers, a run, a super-user, two ids of different kinds, an action, a
habit): their own tests ask for foreign things."""


async def _furnished(office: Office) -> tuple[Book, Book]:
    await fill(office.store, RITAS, "+15125550111", CANARY)
    await fill(office.store, TOMS, "+15125550122", "tom")
    return RITAS, TOMS


def _document(office: Office) -> dict[str, Any]:
    return build_document(office.api)


@pytest.mark.parametrize("kind", ["every id"])
async def test_a_foreign_id_is_answered_as_one_that_never_was(office: Office, kind: str) -> None:
    ritas, toms = await _furnished(office)
    before = await held(office.store, ritas)
    fuzz = Fuzz(document=_document(office), canary=CANARY, bodies=BODIES, varying=VARYING, texts=TEXTS, last=ENDING)
    async with office.caller(TOM) as tom, office.caller(None) as nobody:
        found = await fuzz.run(tom, nobody, list(ritas.ids().values()), list(toms.ids().values()))
    assert found.leaks == []
    assert await held(office.store, ritas) == before
    every = {one.id for one in operations(fuzz.document) if one.method != "delete" and fuzz.has_hole(one)}
    assert every - found.reached == NOT_REACHED, "operations that the fuzz never got behind the door of"


async def test_a_stream_from_the_beginning_tells_of_one_s_own_and_of_nobody_else_s(office: Office) -> None:
    ritas, toms = await _furnished(office)
    beginning = Place(transaction=0, id=0, at=office.clock.now()).text
    told = {}
    for who in (RITA, TOM):
        async with office.caller(who) as caller:
            answer = await caller.get("/api/v1/events", headers={"Last-Event-ID": beginning})
        told[who] = {UUID(found) for found in re.findall(r'"(?:subject|client)_id": "([^"]+)"', answer.text)}
        assert CANARY not in answer.text
    assert told[RITA]
    assert told[TOM]
    assert told[RITA].isdisjoint(told[TOM])
    assert told[TOM].isdisjoint(ritas.ids().values())
    assert told[RITA].isdisjoint(toms.ids().values())


THING = uid(77)


@get("/leaks/{thing_id:uuid}", operation_id="leak")
async def _leak(thing_id: FromPath[UUID]) -> dict[str, str]:
    """Tell anybody."""
    if thing_id != THING:
        raise NotFoundException
    return {"text": CANARY}


@get("/oracles/{thing_id:uuid}", operation_id="oracle")
async def _oracle(thing_id: FromPath[UUID]) -> None:
    """Tell that it is there."""
    raise PermissionDeniedException if thing_id == THING else NotFoundException


@get("/lists", operation_id="listing")
async def _list() -> list[str]:
    """Tell everything to everybody."""
    return [CANARY]


async def test_the_fuzz_sees_a_planted_leak_an_oracle_and_a_door_without_a_lock() -> None:
    app = Litestar([_leak, _oracle, _list])
    fuzz = Fuzz(document=app.openapi_schema.to_schema(), canary=CANARY)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # its own idea of an ASGI application
    async with httpx.AsyncClient(transport=transport, base_url="http://nudge.test") as caller:
        found = await fuzz.run(caller, caller, [THING], [uid(78)])
    assert sorted({leak.partition(":")[0] for leak in found.leaks}) == ["leak", "listing", "oracle"]
    assert "leak: a canary" in found.leaks
    assert "leak: 200 to a foreign id" in found.leaks
    assert "listing: 200 to nobody" in found.leaks
    assert "oracle: 403 to a foreign id, 404 to one that never was" in found.leaks
