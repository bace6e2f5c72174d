"""Questions with answers over HTTP."""

from __future__ import annotations

from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office


async def test_a_professional_sees_their_own_questions_and_nobody_else_s(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        await tx.faqs.add(samples.faq(RITA, 5))
    async with office.caller(RITA) as rita, office.caller(TOM) as tom:
        (shown,) = (await rita.get("/api/v1/faqs")).json()["items"]
        assert shown["id"] == str(samples.uid(5))
        assert (await tom.get("/api/v1/faqs")).json() == {"items": []}


async def test_nobody_gets_401_and_a_key_without_the_scope_403(office: Office) -> None:
    async with office.caller(None) as nobody, office.caller(RITA, Scope.CLIENTS_READ) as narrow:
        refused = await nobody.get("/api/v1/faqs")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert refused.headers["content-type"] == "application/problem+json"
        assert (await narrow.get("/api/v1/faqs")).status_code == 403
