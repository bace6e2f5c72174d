"""The gateways that need no network, under the contract of all gateways."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

import pytest
from attrs import evolve

from nudge_adapters.sms.carrier import CarrierSettings, SimulatedCarrier
from nudge_adapters.sms.codes import TEST_RECIPIENTS, TEST_SENDERS, verdict
from nudge_adapters.sms.console import ConsoleGateway
from nudge_adapters.sms.faults import Fault, FaultPlan
from nudge_adapters.sms.journal import FileJournal, Journal, MemoryJournal
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.model.carrier import Accepted, NotSent, TryLater
from tests.clocks import MovedClock, utc
from tests.contracts.gateway_contract import PERSON, SENDER, CarrierUnderTest, GatewayContract, text

START = utc("2026-06-01 15:00")
WORST = {"try_later": Fault.RATE_LIMITED, "doubt_before": Fault.ERROR_BEFORE, "doubt_after": Fault.DROP_AFTER}


def under_test(journal: Journal) -> CarrierUnderTest:
    clock = MovedClock(START)
    carrier = SimulatedCarrier(journal, CarrierSettings(seed=1))
    gateway = SimulatedGateway(carrier, clock, pause=clock.pause)

    def misbehave(how: str) -> None:
        gateway.faults = FaultPlan(shares=MappingProxyType({WORST[how]: 1.0}))

    def hear_stop(person: str) -> None:
        carrier.person_writes(person, SENDER, "Stop", clock.now())

    def hear(person: str, words: str, media: Sequence[tuple[str, str]]) -> None:
        carrier.person_writes(person, SENDER, words, clock.now(), media)

    def break_list() -> None:
        gateway.list_fails = True

    return CarrierUnderTest(
        gateway=gateway,
        accepted=lambda: [entry.message_id for entry in carrier.ledger(clock.now())],
        now=clock.now,
        settle=lambda: clock.move(60),
        misbehave=misbehave,
        hear_stop=hear_stop,
        hear=hear,
        bills=True,
        break_list=break_list,
        refused_recipient="+15005550009",
    )


class TestSimulatorInMemory(GatewayContract):
    @pytest.fixture
    def carrier(self) -> CarrierUnderTest:
        return under_test(MemoryJournal())


class TestSimulatorInAFile(GatewayContract):
    @pytest.fixture
    def carrier(self, tmp_path: Path) -> CarrierUnderTest:
        return under_test(FileJournal(tmp_path / "ledger.jsonl"))


class TestConsole(GatewayContract):
    @pytest.fixture
    def carrier(self) -> CarrierUnderTest:
        clock = MovedClock(START)
        lines: list[str] = []
        return CarrierUnderTest(
            gateway=ConsoleGateway(clock, write=lines.append),
            accepted=lambda: [UUID(line.split()[0]) for line in lines],
            now=clock.now,
            settle=lambda: clock.move(60),
        )


async def test_the_console_masks_the_phone_and_shows_the_words() -> None:
    lines: list[str] = []
    await ConsoleGateway(MovedClock(START), write=lines.append).send(text(1, body="Hello"))
    assert "Hello" in lines[0]
    assert "*99" in lines[0]
    assert PERSON[:-2] not in lines[0]


@pytest.mark.parametrize("recipient", sorted(TEST_RECIPIENTS))
async def test_twilio_s_test_recipients_answer_with_their_codes(recipient: str) -> None:
    outcome = await under_test(MemoryJournal()).gateway.send(text(1, recipient))
    assert isinstance(outcome, NotSent)
    assert outcome.code == TEST_RECIPIENTS[recipient]
    assert outcome.opted_out is (recipient == "+15005550004")
    assert outcome.phone_unusable is (recipient in ("+15005550001", "+15005550009"))


@pytest.mark.parametrize("sender", [*sorted(TEST_SENDERS), "+15005550006"])
async def test_twilio_s_test_senders_answer_with_their_codes(sender: str) -> None:
    outcome = await under_test(MemoryJournal()).gateway.send(evolve(text(1), sender=sender))
    code = TEST_SENDERS.get(sender)
    assert isinstance(outcome, Accepted) if code is None else outcome == verdict(code)


def test_a_full_queue_and_a_limit_are_worth_another_try_and_an_unknown_code_is_final() -> None:
    assert isinstance(verdict("21611"), TryLater)
    assert isinstance(verdict("20429"), TryLater)
    assert verdict("99999") == NotSent(code="99999")
