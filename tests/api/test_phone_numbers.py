"""Telephone numbers over HTTP, at the simulated carrier as a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from attrs import frozen

from nudge_adapters.sms.build import build_twilio_numbers
from nudge_adapters.sms.faults import Fault
from nudge_core.model.phone_number import NumberStatus
from nudge_core.ports import Store
from nudge_core.steps.hold_numbers import MOST_HELD
from nudge_core.walk.numbers import buy_number
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.asking import assert_foreign_is_random
from tests.api.office import RITA, TOM, Office, open_office
from tests.carrier_peer import CALLBACKS, Peer, peer
from tests.samples import SteppingClock, uid

PATH = "/api/v1/phone-numbers"
WANTED = "+15125550110"


@frozen
class Shop:
    """The application, and the carrier that sells to it."""

    office: Office
    carrier: Peer

    @property
    def sold(self) -> list[str]:
        """What the carrier's own books say."""
        return [one.number for one in self.carrier.server.numbers.all()]


@pytest.fixture
async def shop(store: Store, clock: SteppingClock) -> AsyncIterator[Shop]:
    """Both, over a real connection."""
    async with peer() as carrier:
        numbers = lambda: build_twilio_numbers(carrier.account, CALLBACKS, carrier.clock)  # noqa: E731 - made anew for each test
        yield Shop(await open_office(store, clock, numbers=numbers), carrier)


pytestmark = pytest.mark.enable_socket


async def bought(shop: Shop, number: str = WANTED, user: UUID = RITA) -> str:
    """Buy a number; return its id."""
    async with shop.office.caller(user) as caller:
        made = await caller.post(PATH, json={"number": number})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])


async def test_a_number_is_found_bought_once_and_listed(shop: Shop) -> None:
    async with shop.office.caller() as rita, shop.office.caller(TOM) as tom:
        found = (await rita.get(f"{PATH}/available", params={"area_code": "737", "limit": 3})).json()["items"]
        assert [one["region"] for one in found] == ["TX"] * 3
        wanted = found[0]["number"]
        made = await rita.post(PATH, json={"number": wanted})
        assert (made.status_code, made.json()["status"], made.json()["is_sending"]) == (201, "owned", False)
        again = await rita.post(PATH, json={"number": wanted})
        assert again.json() == made.json()
        assert shop.sold == [wanted]
        assert (await rita.get(PATH)).json()["items"] == [made.json()]
        assert (await tom.get(PATH)).json()["items"] == []


async def test_a_number_of_another_professional_is_not_had_and_nothing_is_bought_for_it(shop: Shop) -> None:
    await bought(shop)
    async with shop.office.caller(TOM) as tom:
        for number in (WANTED, samples.OUR_NUMBER):
            refused = await tom.post(PATH, json={"number": number})
            assert refused.status_code == 409
        assert (await tom.get(PATH)).json()["items"] == []
    assert shop.sold == [WANTED]


async def test_a_purchase_in_doubt_is_told_and_the_same_call_finishes_it(shop: Shop) -> None:
    async with shop.office.caller() as rita:
        shop.carrier.server.purchase_fault = Fault.ERROR_BEFORE
        doubt = await rita.post(PATH, json={"number": WANTED})
        assert (doubt.status_code, doubt.json()["code"]) == (503, "unavailable")
        (wanted,) = (await rita.get(PATH)).json()["items"]
        assert wanted["status"] == "wanted"
        shop.carrier.server.purchase_fault = Fault.DROP_AFTER
        assert (await rita.post(PATH, json={"number": WANTED})).json()["id"] == wanted["id"]
        assert shop.sold == [WANTED]
    async with shop.office.store.tenant(RITA) as tx:
        (held,) = await tx.held_numbers.held()
        assert (held.status, (held.provider_sid or "")[:2]) == (NumberStatus.OWNED, "PN")
        assert [entry.action for entry in await tx.audit.of_subject(held.id)] == ["phone_number_owned"]


async def test_a_purchase_that_was_made_when_we_died_is_finished_and_not_made_twice(shop: Shop) -> None:
    seller = build_twilio_numbers(shop.carrier.account, CALLBACKS, shop.carrier.clock)
    await seller.buy(WANTED)
    await seller.aclose()
    await bought(shop)
    assert shop.sold == [WANTED]


async def test_a_number_that_is_not_sold_is_refused_and_may_be_asked_for_again(shop: Shop) -> None:
    async with shop.office.caller() as rita:
        for _ in range(2):
            refused = await rita.post(PATH, json={"number": "+15125550999"})
            assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
            assert refused.json()["errors"][0]["field"] == "number"
        assert (await rita.get(PATH)).json()["items"] == []
        assert (await rita.post(PATH, json={"number": "0512"})).status_code == 400
    assert shop.sold == []


async def test_texts_go_out_from_one_number_that_is_owned(shop: Shop) -> None:
    first, second = await bought(shop), await bought(shop, "+15125550111")
    async with shop.office.caller() as rita:
        listed = (await rita.post(f"{PATH}/{first}/assign", json={"version": 1})).json()
        assert [(one["id"], one["is_sending"]) for one in listed["items"]] == [(first, True), (second, False)]
        assert listed["version"] == 2
        assert (await rita.get("/api/v1/users/me")).json()["sending_number"] == WANTED
        assert (await rita.post(f"{PATH}/{second}/assign", json={"version": 1})).status_code == 409
        listed = (await rita.post(f"{PATH}/{second}/assign", json={"version": 2})).json()
        assert [one["is_sending"] for one in listed["items"]] == [False, True]
        same = (await rita.post(f"{PATH}/{first}/unassign", json={"version": 3})).json()
        assert same["version"] == 3
        none = (await rita.post(f"{PATH}/{second}/unassign", json={"version": 3})).json()
        assert [one["is_sending"] for one in none["items"]] == [False, False]
    async with shop.office.store.system() as tx:
        assert await tx.sends.owner_of_number(WANTED) == RITA


async def test_a_number_is_given_back_once_and_not_while_texts_go_out_from_it(shop: Shop) -> None:
    mine = await bought(shop)
    async with shop.office.caller() as rita:
        await rita.post(f"{PATH}/{mine}/assign", json={"version": 1})
        refused = await rita.post(f"{PATH}/{mine}/release")
        assert (refused.status_code, shop.sold) == (409, [WANTED])
        await rita.post(f"{PATH}/{mine}/unassign", json={"version": 2})
        shop.carrier.server.is_down = True
        assert (await rita.post(f"{PATH}/{mine}/release")).status_code == 503
        assert [one["status"] for one in (await rita.get(PATH)).json()["items"]] == ["leaving"]
        assert (await rita.post(f"{PATH}/{mine}/assign", json={"version": 3})).status_code == 409
        assert (await rita.post(PATH, json={"number": WANTED})).status_code == 409
        shop.carrier.server.is_down = False
        for _ in range(2):
            gone = await rita.post(f"{PATH}/{mine}/release")
            assert (gone.status_code, gone.json()["status"]) == (200, "released")
        assert (await rita.get(PATH)).json()["items"] == []
    assert shop.sold == []
    other = await bought(shop, user=TOM)
    async with shop.office.caller() as rita:
        assert (await rita.post(f"{PATH}/{mine}/release")).json()["status"] == "released"
    assert shop.sold == [WANTED]
    assert other


async def test_only_so_many_numbers_are_held_at_once(shop: Shop) -> None:
    for n in range(MOST_HELD):
        await bought(shop, f"+1737555010{n}")
    async with shop.office.caller() as rita:
        assert (await rita.post(PATH, json={"number": "+17375550115"})).status_code == 409
    assert len(shop.sold) == MOST_HELD


async def test_somebody_else_s_number_is_one_that_never_was(shop: Shop) -> None:
    mine = UUID(await bought(shop))
    await assert_foreign_is_random(shop.office, "POST", "/phone-numbers/{id}/release", mine)
    for action in ("assign", "unassign"):
        await assert_foreign_is_random(shop.office, "POST", f"/phone-numbers/{{id}}/{action}", mine, {"version": 1})
    assert shop.sold == [WANTED]


@pytest.mark.parametrize("query", [{"area_code": "1"}, {"near": "512"}, {"region": "Texas"}, {"limit": "31"}])
async def test_a_search_for_nonsense_is_refused(shop: Shop, query: dict[str, str]) -> None:
    async with shop.office.caller() as rita:
        assert (await rita.get(f"{PATH}/available", params=query)).status_code == 422


async def test_without_a_seller_501_and_without_the_scope_403(office: Office) -> None:
    async with office.caller() as rita:
        assert (await rita.get(f"{PATH}/available")).status_code == 501
        assert (await rita.post(PATH, json={"number": WANTED})).status_code == 501
        assert (await rita.get(PATH)).json()["items"] == []
    async with office.caller(RITA, Scope.ACCOUNT_READ) as reader:
        assert (await reader.post(PATH, json={"number": WANTED})).status_code == 403


async def test_no_transaction_is_open_while_the_carrier_is_asked(shop: Shop) -> None:
    real = build_twilio_numbers(shop.carrier.account, CALLBACKS, shop.carrier.clock)

    class Asking:
        async def buy(self, number: str) -> object:
            async with shop.office.store.system() as tx:
                assert await tx.users.all()
            return await real.buy(number)

    seller: Any = Asking()
    held = await buy_number(shop.office.store, seller, RITA, WANTED, uid(70), "test")
    assert held.status is NumberStatus.OWNED
    await real.aclose()
