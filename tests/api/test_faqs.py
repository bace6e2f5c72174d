"""Questions with answers over HTTP."""

from __future__ import annotations

import pytest

from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.asking import assert_foreign_is_random, leafed
from tests.api.office import RITA, TOM, Office
from tests.samples import uid

PATH = "/api/v1/faqs"
PARKING = {"question": "Where do I park?", "answer": "Behind the house."}


async def test_a_professional_sees_their_own_questions_and_nobody_else_s(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        await tx.faqs.add(samples.faq(RITA, 5))
    async with office.caller(RITA) as rita, office.caller(TOM) as tom:
        (shown,) = (await rita.get(PATH)).json()["items"]
        assert shown["id"] == str(uid(5))
        assert (await tom.get(PATH)).json() == {"items": [], "next_cursor": None}


async def test_nobody_gets_401_and_a_key_without_the_scope_403(office: Office) -> None:
    async with office.caller(None) as nobody, office.caller(RITA, Scope.CLIENTS_READ) as narrow:
        refused = await nobody.get(PATH)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert refused.headers["content-type"] == "application/problem+json"
        assert (await narrow.get(PATH)).status_code == 403
    async with office.caller(RITA, Scope.CONTENT_READ) as reader:
        assert (await reader.get(PATH)).status_code == 200
        assert (await reader.post(PATH, json=PARKING)).status_code == 403


async def test_a_question_is_added_read_changed_and_removed(office: Office) -> None:
    async with office.caller() as rita:
        made = await rita.post(PATH, json=PARKING)
        assert made.status_code == 201
        here = f"{PATH}/{made.json()['id']}"
        assert (await rita.get(here)).json() == made.json() | {"version": 1, "is_enabled": True}
        changed = await rita.patch(here, json={"version": 1, "answer": "In the street."})
        assert changed.json() == made.json() | {"version": 2, "answer": "In the street."}
        stale = await rita.patch(here, json={"version": 1, "is_enabled": False})
        assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
        assert (await rita.patch(here, json={"answer": "x"})).status_code == 400
        assert (await rita.delete(here)).status_code == 204
        assert (await rita.get(here)).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"question": "", "answer": "a"}, {"question": "q", "answer": "a" * 1_601}, {"question": "q"}]
)
async def test_what_no_text_could_carry_is_refused(office: Office, wrong: dict[str, str]) -> None:
    async with office.caller() as rita:
        assert (await rita.post(PATH, json=wrong)).status_code == 400


async def test_somebody_else_s_question_is_one_that_never_was(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        await tx.faqs.add(samples.faq(RITA, 5))
    await assert_foreign_is_random(office, "GET", "/faqs/{id}", uid(5))
    await assert_foreign_is_random(office, "DELETE", "/faqs/{id}", uid(5))
    await assert_foreign_is_random(office, "PATCH", "/faqs/{id}", uid(5), {"version": 1, "answer": "x"})
    async with office.store.tenant(RITA) as tx:
        assert await tx.faqs.all() == [samples.faq(RITA, 5)]


async def test_questions_in_pages(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        for number in (3, 1, 2):
            await tx.faqs.add(samples.faq(RITA, number))
    async with office.caller() as rita:
        assert [item["id"] for item in await leafed(rita, PATH)] == [str(uid(n)) for n in (1, 2, 3)]
        for wrong in ({"limit": 0}, {"limit": 201}, {"cursor": "x"}):
            assert (await rita.get(PATH, params=wrong)).status_code == 422
