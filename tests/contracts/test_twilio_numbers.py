"""Twilio's numbers under the contract of all sellers, over a real connection to the simulated carrier."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from nudge_adapters.sms.build import build_twilio_numbers
from nudge_adapters.sms.callbacks import FALLBACK_PATH, INBOUND_PATH
from nudge_adapters.sms.faults import Fault
from nudge_adapters.sms.journal import MemoryJournal
from tests.carrier_peer import CALLBACKS, QUIET, peer
from tests.contracts.numbers_contract import NumbersContract, NumbersUnderTest

FAULTS = {
    "": None,
    "try_later": Fault.RATE_LIMITED,
    "doubt_before": Fault.ERROR_BEFORE,
    "doubt_after": Fault.DROP_AFTER,
}


@pytest.mark.enable_socket
class TestTwilioNumbers(NumbersContract):
    """All promises."""

    @pytest.fixture
    async def numbers(self) -> AsyncIterator[NumbersUnderTest]:
        async with peer() as here:
            adapter = build_twilio_numbers(here.account, CALLBACKS, here.clock)

            def misbehave(how: str) -> None:
                here.server.is_down = how == "down"
                here.server.purchase_fault = FAULTS.get(how)

            yield NumbersUnderTest(
                numbers=adapter,
                bought=lambda: [one.number for one in here.server.numbers.all()],
                misbehave=misbehave,
                area_code="512",
                region="TX",
                empty_area_code="907",
                taken="+15125550999",
            )
            await adapter.aclose()


@pytest.mark.enable_socket
async def test_texts_to_a_bought_number_are_told_at_our_addresses_also_after_a_restart() -> None:
    journal = MemoryJournal()
    async with peer(QUIET, journal) as here:
        adapter = build_twilio_numbers(here.account, CALLBACKS, here.clock)
        await adapter.buy("+15125550100")
        await adapter.aclose()
    async with peer(QUIET, journal.reader()) as here:
        owned = here.server.numbers.by_number("+15125550100")
    assert owned is not None
    assert owned.sms_url.startswith(CALLBACKS.base + INBOUND_PATH + "#rc=5")
    assert owned.fallback_url.startswith(CALLBACKS.base + FALLBACK_PATH + "#rc=5")
