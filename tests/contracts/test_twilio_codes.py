"""Twilio Verify under the contract of all one-time codes, over a real connection to the simulated carrier."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from attrs import evolve

from nudge_adapters.sms.build import TwilioAccount, build_twilio_codes
from nudge_adapters.sms.server.verify import LIFE, MOST_CHECKS, MOST_SENDS
from nudge_core.errors import Misconfigured, Refused
from nudge_core.model.secret import Secret
from tests.carrier_peer import ACCOUNT, START, TOKEN, peer
from tests.clocks import MovedClock
from tests.contracts.codes_contract import PHONE, CodesContract, CodesUnderTest


@pytest.mark.enable_socket
class TestTwilioCodes(CodesContract):
    """All promises."""

    @pytest.fixture
    async def codes(self) -> AsyncIterator[CodesUnderTest]:
        async with peer() as here:
            adapter = build_twilio_codes(here.account, here.clock)

            def go_down() -> None:
                here.server.is_down = True

            yield CodesUnderTest(
                codes=adapter,
                held=lambda phone: here.server.verify.codes().get(phone),
                wait=here.clock.move,
                go_down=go_down,
                most_sends=MOST_SENDS,
                most_checks=MOST_CHECKS,
                life_s=LIFE.total_seconds(),
                blocked="+15005550199",
            )
            await adapter.aclose()


@pytest.mark.enable_socket
async def test_wrong_credentials_approve_nothing() -> None:
    async with peer() as here:
        adapter = build_twilio_codes(evolve(here.account, auth_token=Secret("another token")), here.clock)
        with pytest.raises(Refused):
            await adapter.start(PHONE)
        with pytest.raises(Refused):
            await adapter.check(PHONE, "123456")
        await adapter.aclose()


def test_without_a_service_there_are_no_codes() -> None:
    with pytest.raises(Misconfigured):
        build_twilio_codes(TwilioAccount(account_sid=ACCOUNT, auth_token=TOKEN), MovedClock(START))
