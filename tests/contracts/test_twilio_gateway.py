"""Twilio's adapter under the contract of all carriers, over a real connection to the simulated carrier."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from types import MappingProxyType

import pytest

from nudge_adapters.sms.faults import Fault, FaultPlan
from tests.carrier_peer import peer
from tests.contracts.gateway_contract import SENDER, CarrierUnderTest, GatewayContract

WORST = {"try_later": Fault.RATE_LIMITED, "doubt_before": Fault.ERROR_BEFORE, "doubt_after": Fault.DROP_AFTER}


@pytest.mark.enable_socket
class TestTwilio(GatewayContract):
    """The same promises as without a wire."""

    @pytest.fixture
    async def carrier(self) -> AsyncIterator[CarrierUnderTest]:
        async with peer() as here:
            server, clock = here.server, here.clock

            def misbehave(how: str) -> None:
                server.faults = FaultPlan(shares=MappingProxyType({WORST[how]: 1.0}))

            def hear(person: str, words: str, media: Sequence[tuple[str, str]]) -> None:
                server.carrier.person_writes(person, SENDER, words, clock.now(), media)

            def break_list() -> None:
                server.list_fails = True

            yield CarrierUnderTest(
                gateway=here.gateway,
                accepted=lambda: [entry.message_id for entry in server.carrier.ledger(clock.now())],
                now=clock.now,
                settle=lambda: clock.move(60),
                misbehave=misbehave,
                hear_stop=lambda person: hear(person, "Stop", ()),
                hear=hear,
                break_list=break_list,
                refused_recipient="+15005550009",
                bills=True,
            )
