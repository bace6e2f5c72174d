"""Twilio Verify under the contract of all one-time codes, over a real connection to the simulated carrier."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from attrs import evolve

from nudge_adapters.sms.build import TwilioAccount, build_twilio_codes
from nudge_adapters.sms.journal import FileJournal
from nudge_adapters.sms.server.settings import Request
from nudge_adapters.sms.server.verify import LIFE, MOST_CHECKS, MOST_SENDS, Verify
from nudge_core.errors import Misconfigured, Refused
from nudge_core.model.secret import Secret
from nudge_entrypoints.practice_phone import texts_to
from nudge_entrypoints.settings import load
from tests.carrier_peer import ACCOUNT, SERVICE, START, TOKEN, peer
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


@pytest.mark.enable_socket
async def test_whoever_tries_things_out_reads_the_code_in_the_journal(tmp_path: Path) -> None:
    """As after `nudge up`: the code is no text of the account's, nobody answers it, and `nudge texts` shows it."""
    async with peer(journal=FileJournal(tmp_path / "carrier.jsonl")) as here:
        adapter = build_twilio_codes(here.account, here.clock)
        await adapter.start(PHONE)
        code = here.server.verify.codes()[PHONE]
        (text,) = texts_to(load({"NUDGE_HOME": str(tmp_path)}), PHONE)
        assert code in text["body"]
        assert here.server.carrier.counts(here.clock.now()) == (0, 0, 0)
        await adapter.aclose()


def test_codes_cannot_be_told_without_the_token() -> None:
    drawn = []
    for token in ("one", "another"):
        verify = Verify(ACCOUNT, 0, Secret(token), lambda *_told: None)
        form = {"To": PHONE, "Channel": "sms"}
        path = f"/v2/Services/{SERVICE}/Verifications"
        verify.answer(Request(method="POST", path=path, query={}, form=form), START)
        drawn.append(verify.codes()[PHONE])
    assert drawn[0] != drawn[1]
