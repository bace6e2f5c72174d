"""The simulated carrier: what it keeps through a kill, what it tells, and that the same seed tells the same."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

import pytest
from attrs import evolve

from nudge_adapters.sms.carrier import CarrierSettings, Rejected, SimulatedCarrier, Taken
from nudge_adapters.sms.fate import Answer, People, Weather, chance
from nudge_adapters.sms.faults import Fault, FaultPlan, evenly
from nudge_adapters.sms.journal import FileJournal, MemoryJournal
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.errors import Invalid
from nudge_core.model.carrier import Accepted, CarrierNews, Doubtful, InboundText, ReceiptNews
from nudge_core.model.message import Receipt
from tests.clocks import MovedClock, utc
from tests.contracts.gateway_contract import PERSON, SENDER, text

START = utc("2026-06-01 15:00")
HOUR = timedelta(hours=1)
STORMY = Weather(undelivered=0.1, filtered=0.1, lost=0.2, doubled=0.2, late=0.3)


def carrier(journal: MemoryJournal | FileJournal | None = None, **settings: object) -> SimulatedCarrier:
    return SimulatedCarrier(journal or MemoryJournal(), CarrierSettings(**settings))  # type: ignore[arg-type]


def everything_told(told_by: SimulatedCarrier) -> list[CarrierNews]:
    return [envelope.news for envelope in told_by.due(START + 24 * HOUR)]


def test_a_text_taken_is_reported_step_by_step() -> None:
    one = carrier()
    taken = one.submit(text(1), START)
    assert isinstance(taken, Taken)
    assert taken.receipt is Receipt.QUEUED
    news = everything_told(one)
    assert [item.receipt for item in news if isinstance(item, ReceiptNews)] == [
        Receipt.SENDING,
        Receipt.SENT,
        Receipt.DELIVERED,
    ]
    assert {item.message_id for item in news if isinstance(item, ReceiptNews)} == {UUID(int=1)}
    assert {item.sender for item in news if isinstance(item, ReceiptNews)} == {SENDER}


def test_nothing_is_told_before_it_happens() -> None:
    one = carrier()
    one.submit(text(1), START)
    first = one.next_news(START)
    assert first is not None
    assert first > START
    assert one.due(first - timedelta(milliseconds=1)) == []
    assert len(one.due(first)) == 1


def test_what_was_handled_is_not_told_again_and_what_was_not_is() -> None:
    journal = MemoryJournal()
    one = carrier(journal)
    one.submit(text(1), START)
    due = one.due(START + HOUR)
    one.handled(due[0], START + HOUR)
    assert one.due(START + HOUR) == due[1:]
    restarted = carrier(journal.reader())
    assert restarted.due(START + HOUR) == due[1:]
    assert restarted.next_news(START + HOUR) == START + HOUR


def test_a_text_that_waits_longer_than_it_is_valid_expires() -> None:
    slow = carrier(weather=Weather(handover_s=(120.0, 120.0)))
    slow.submit(evolve(text(1), valid_for_s=60), START)
    (news,) = everything_told(slow)
    assert isinstance(news, ReceiptNews)
    assert (news.receipt, news.error_code) == (Receipt.FAILED, "30036")


def test_callbacks_are_lost_doubled_and_overtaken() -> None:
    one = carrier(weather=STORMY)
    for number in range(1, 201):
        one.submit(evolve(text(number), recipient=f"+1512555{number:04d}"), START)
    news = [item for item in everything_told(one) if isinstance(item, ReceiptNews)]
    per_text: dict[str, list[ReceiptNews]] = {}
    for item in news:
        per_text.setdefault(item.provider_sid, []).append(item)
    assert any(len({item.receipt for item in told}) < 3 for told in per_text.values())
    assert any(len(told) > len({item.receipt for item in told}) for told in per_text.values())
    assert any([item.at for item in told] != sorted(item.at for item in told) for told in per_text.values())
    ends = {item.receipt for item in news} & {Receipt.DELIVERED, Receipt.UNDELIVERED, Receipt.FAILED}
    assert len(ends) == 3


def test_the_same_seed_gives_the_same_fate_and_another_seed_another() -> None:
    def told(seed: int) -> list[CarrierNews]:
        one = carrier(seed=seed, weather=STORMY)
        for number in range(1, 30):
            one.submit(text(number), START)
        return everything_told(one)

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_people_answer_by_script_and_a_stop_blocks_from_the_moment_it_was_written() -> None:
    people = People(scripted=MappingProxyType({PERSON: (None, Answer(body="STOP", after_s=30))}))
    one = carrier(people=people)
    one.submit(text(1), START)
    one.submit(text(2), START)
    inbound = next(item for item in everything_told(one) if isinstance(item, InboundText))
    assert (inbound.sender, inbound.recipient, inbound.body) == (PERSON, SENDER, "STOP")
    assert isinstance(one.submit(text(3), inbound.at - timedelta(seconds=1)), Taken)
    assert one.submit(text(4), inbound.at) == Rejected(code="21610")
    assert one.is_blocked(SENDER, PERSON, inbound.at)


def test_words_around_a_stop_do_not_block_and_a_yes_unblocks() -> None:
    one = carrier()
    one.person_writes(PERSON, SENDER, "stop please", START)
    assert not one.is_blocked(SENDER, PERSON, START)
    one.person_writes(PERSON, SENDER, "STOP", START)
    assert one.is_blocked(SENDER, PERSON, START)
    one.person_writes(PERSON, SENDER, "yes", START + HOUR)
    assert not one.is_blocked(SENDER, PERSON, START + HOUR)


def test_a_carrier_can_be_told_to_take_what_should_never_have_been_offered() -> None:
    lax = carrier(refuse_after_stop=False)
    lax.person_writes(PERSON, SENDER, "STOP", START)
    assert isinstance(lax.submit(text(1), START + HOUR), Taken)


def test_a_habit_is_kept_by_about_its_share() -> None:
    people = People(habits=((0.25, Answer(body="no thanks")),))
    answers = [people.answer(7, f"SM{number}", PERSON, 1) for number in range(2_000)]
    assert 400 < sum(answer is not None for answer in answers) < 600


def test_landlines_are_refused_and_always_the_same_ones() -> None:
    one = carrier(landlines=0.3)
    answers = [one.submit(evolve(text(n), recipient=f"+1512555{n:04d}"), START) for n in range(100)]
    refused = [n for n, answer in enumerate(answers) if answer == Rejected(code="21614")]
    assert 10 < len(refused) < 55
    again = [one.submit(evolve(text(n), recipient=f"+1512555{n:04d}"), START) for n in refused]
    assert set(again) == {Rejected(code="21614")}


@pytest.mark.parametrize(
    ("broken", "code"),
    [({"body": "x" * 1_601}, "21617"), ({"valid_for_s": 0}, "90007"), ({"valid_for_s": 36_001}, "90007")],
)
def test_malformed_requests_get_their_codes(broken: dict[str, object], code: str) -> None:
    assert carrier().submit(evolve(text(1), **broken), START) == Rejected(code=code)  # type: ignore[arg-type]


def test_a_request_stuck_on_the_way_is_judged_when_it_arrives() -> None:
    one = carrier()
    one.submit_late(text(1), START, START + timedelta(seconds=90))
    one.submit_late(evolve(text(2), recipient="+15005550001"), START, START + timedelta(seconds=90))
    assert one.ledger(START + timedelta(seconds=89)) == ()
    (late,) = one.ledger(START + timedelta(minutes=10))
    assert (late.message_id, late.at) == (UUID(int=1), START + timedelta(seconds=90))
    assert len(one.ledger(START + timedelta(minutes=20))) == 1


def test_the_list_lags() -> None:
    one = carrier(list_lag_s=5.0)
    one.submit(text(1), START)
    assert one.listing(SENDER, PERSON, START, START + timedelta(seconds=4)) == []
    assert len(one.listing(SENDER, PERSON, START, START + timedelta(seconds=5))) == 1


def test_two_processes_share_one_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    one, other = carrier(FileJournal(path)), carrier(FileJournal(path))
    first, second = one.submit(text(1), START), other.submit(text(2), START)
    assert isinstance(first, Taken)
    assert isinstance(second, Taken)
    assert first.sid != second.sid
    assert one.ledger(START) == other.ledger(START)
    assert [entry.message_id for entry in one.ledger(START)] == [UUID(int=1), UUID(int=2)]


def test_a_line_left_unfinished_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    carrier(FileJournal(path)).submit(text(1), START)
    with path.open("ab") as file:
        file.write(b'{"kind":"accepted","sid":"SM00')
    one = carrier(FileJournal(path))
    assert isinstance(one.submit(text(2), START), Taken)
    assert len(carrier(FileJournal(path)).ledger(START)) == 2


def test_the_ledger_is_for_its_owner_only(tmp_path: Path) -> None:
    FileJournal(tmp_path / "deep" / "ledger.jsonl")
    assert (tmp_path / "deep" / "ledger.jsonl").stat().st_mode & 0o077 == 0


def test_what_was_accepted_outlives_a_kill(tmp_path: Path) -> None:
    """A child accepts texts and is killed without warning; each one it had announced stands in the ledger."""
    child = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from nudge_adapters.sms.carrier import CarrierSettings, SimulatedCarrier\n"
        "from nudge_adapters.sms.journal import FileJournal\n"
        "from tests.contracts.gateway_contract import text\n"
        "from tests.unit.test_simulated_carrier import START\n"
        "one = SimulatedCarrier(FileJournal(Path(sys.argv[1])), CarrierSettings())\n"
        "for number in range(1, 6):\n"
        "    print(one.submit(text(number), START).sid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = tmp_path / "ledger.jsonl"
    run = subprocess.run(
        [sys.executable, "-c", child, str(path)], capture_output=True, text=True, check=False,
        env={"PYTHONPATH": ":".join(sys.path)}, timeout=60,
    )  # fmt: skip
    assert run.returncode == -9, run.stderr
    assert [entry.sid for entry in carrier(FileJournal(path)).ledger(START)] == run.stdout.split()


async def test_every_fault_shows_what_it_should_and_accepts_only_where_it_says_so() -> None:
    taken_after = {
        Fault.DROP_AFTER: Doubtful,
        Fault.ERROR_AFTER: Doubtful,
        Fault.GARBAGE: Doubtful,
        Fault.ARRIVES_LATE: Doubtful,
        Fault.CUT_SHORT: Doubtful,
        Fault.SLOW: Accepted,
    }
    for fault in Fault:
        clock = MovedClock(START)
        one = carrier()
        plan = FaultPlan(shares=MappingProxyType({fault: 1.0}))
        outcome = await SimulatedGateway(one, clock, faults=plan, pause=clock.pause).send(text(1))
        clock.move(60)
        assert len(one.ledger(clock.now())) == (fault in taken_after), fault
        if fault in taken_after:
            assert isinstance(outcome, taken_after[fault]), fault


def test_faults_are_drawn_per_text_and_attempt_by_their_shares() -> None:
    plan = evenly(0.5, seed=3)
    drawn = [plan.draw(text(number)) for number in range(1_000)]
    assert 400 < sum(fault is not None for fault in drawn) < 600
    assert set(drawn) == {None, *Fault}
    assert drawn == [plan.draw(text(number)) for number in range(1_000)]
    assert any(plan.draw(evolve(text(n), attempt=2)) != plan.draw(text(n)) for n in range(20))
    with pytest.raises(Invalid):
        FaultPlan(shares=MappingProxyType({Fault.SLOW: 0.7, Fault.GARBAGE: 0.7}))


async def test_news_whose_handling_failed_is_told_again() -> None:
    clock = MovedClock(START)
    gateway = SimulatedGateway(carrier(), clock)
    await gateway.send(text(1))
    clock.move(3_600)
    for _ in gateway.news(clock.now()):
        break  # the handler raised, or the process died
    assert len(list(gateway.news(clock.now()))) == 3
    assert list(gateway.news(clock.now())) == []
    assert gateway.next_news(clock.now()) is None


def test_a_chance_is_a_share_and_the_same_everywhere() -> None:
    assert chance(1, "a", 2) == chance(1, "a", 2)
    assert 0 <= chance(1, "a", 2) < 1
    assert chance(1, "a", "b") != chance(1, "ab")
    assert chance(0, "pinned") == pytest.approx(0.28, abs=1)
