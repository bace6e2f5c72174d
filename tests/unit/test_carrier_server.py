"""The carrier as a server: what it does to requests, what it tells, and that it keeps its books through a kill."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
import pytest
from attrs import evolve

from nudge_adapters.sms import twilio_http
from nudge_adapters.sms.callbacks import RETRIES, Callbacks
from nudge_adapters.sms.carrier import CarrierSettings
from nudge_adapters.sms.codes import TEST_RECIPIENTS, TEST_SENDERS, verdict
from nudge_adapters.sms.fate import Weather
from nudge_adapters.sms.faults import Fault, FaultPlan
from nudge_adapters.sms.journal import FileJournal, MemoryJournal
from nudge_adapters.sms.server.webhooks import DEFAULT_POLICY, Overrides, overrides_of
from nudge_adapters.sms.signature import HEADER, is_form_signed
from nudge_core.errors import Unavailable
from nudge_core.model.carrier import Accepted, Doubtful, NotSent, TryLater
from nudge_core.model.message import Receipt
from nudge_core.model.secret import Secret
from tests.carrier_peer import ACCOUNT, QUIET, START, TOKEN, Peer, peer
from tests.contracts.gateway_contract import PERSON, SENDER, SOMEBODY_ELSE, text
from tests.peers.webhook_receiver import Posted, Receiver, receiving

pytestmark = pytest.mark.enable_socket
TALKING = evolve(QUIET, carrier=CarrierSettings(seed=1))
ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"


def only(fault: Fault, **plan: Any) -> FaultPlan:
    return FaultPlan(shares=MappingProxyType({fault: 1.0}), **plan)


def accepted(here: Peer) -> list[UUID]:
    return [entry.message_id for entry in here.server.carrier.ledger(here.clock.now())]


def asking(here: Peer) -> httpx.AsyncClient:
    """Return a client with the account's credentials, for what the adapter does not ask."""
    return httpx.AsyncClient(base_url=here.server.origin, auth=(ACCOUNT, TOKEN.reveal()), trust_env=False)


async def told(here: Peer, seconds: float = 3_600) -> None:
    """Let time pass and everything be told that comes in it."""
    here.clock.move(seconds)
    await asyncio.wait_for(here.server.webhooks.settled(), 30)


FAULTS = {
    Fault.CONNECT_FAILED: (Doubtful, 0),  # a request that has arrived cannot fail to connect: it breaks
    Fault.RATE_LIMITED: (TryLater, 0),
    Fault.DROP_BEFORE: (Doubtful, 0),
    Fault.DROP_AFTER: (Doubtful, 1),
    Fault.ERROR_BEFORE: (Doubtful, 0),
    Fault.ERROR_AFTER: (Doubtful, 1),
    Fault.GARBAGE: (Doubtful, 1),
    Fault.SLOW: (Accepted, 1),
    Fault.ARRIVES_LATE: (Doubtful, 1),
    Fault.CUT_SHORT: (Doubtful, 1),
    Fault.HANG: (Doubtful, 0),
}


@pytest.mark.parametrize("fault", Fault)
async def test_every_fault_shows_on_the_wire_and_accepts_only_where_it_says_so(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio_http, "EXCHANGE_S", 0.5 if fault is Fault.HANG else 10)
    outcome, times = FAULTS[fault]
    async with peer(evolve(QUIET, faults=only(fault, slow_s=0.01))) as here:
        assert isinstance(await here.gateway.send(text(1)), outcome)
        here.clock.move(60)
        assert len(accepted(here)) == times
        assert here.server.requests[fault.value] == 1
        here.server.faults = FaultPlan()
        assert isinstance(await here.gateway.send(text(2)), Accepted)


async def test_a_client_that_hangs_does_not_hold_up_the_end_of_the_server() -> None:
    async with peer(evolve(QUIET, faults=only(Fault.HANG))) as here:
        waiting = asyncio.create_task(here.gateway.send(text(1)))
        while not here.server.requests["hang"]:  # noqa: ASYNC110  the server has no event for it
            await asyncio.sleep(0.005)
    assert isinstance(await asyncio.wait_for(waiting, 10), Doubtful)


async def test_what_arrives_late_is_taken_late_and_shows_in_the_list() -> None:
    async with peer(evolve(QUIET, faults=only(Fault.ARRIVES_LATE, late_s=30.0))) as here:
        await here.gateway.send(text(1))
        assert accepted(here) == []
        here.clock.move(60)
        assert accepted(here) == [UUID(int=1)]
        assert len(await here.gateway.find(SENDER, PERSON, START)) == 1


@pytest.mark.parametrize("recipient", sorted(TEST_RECIPIENTS))
async def test_twilio_s_test_recipients_answer_with_their_codes(recipient: str) -> None:
    async with peer() as here:
        assert await here.gateway.send(text(1, recipient)) == verdict(TEST_RECIPIENTS[recipient])


@pytest.mark.parametrize("sender", sorted(TEST_SENDERS))
async def test_twilio_s_test_senders_answer_with_their_codes(sender: str) -> None:
    async with peer() as here:
        assert await here.gateway.send(evolve(text(1), sender=sender)) == verdict(TEST_SENDERS[sender])
        assert isinstance(await here.gateway.send(evolve(text(2), sender="+15005550006")), Accepted)


async def test_wrong_credentials_stop_the_lane() -> None:
    async with peer(auth_token=Secret("another token")) as here:
        outcome = await here.gateway.send(text(1))
        assert isinstance(outcome, TryLater)
        assert outcome.lane_stop
        assert accepted(here) == []
        with pytest.raises(Unavailable):
            await here.gateway.ping()


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, 21604),
        ({"To": "abc", "From": SENDER, "Body": "x"}, 21211),
        ({"To": PERSON, "Body": "x"}, 21603),
        ({"To": PERSON, "From": "abc", "Body": "x"}, 21212),
        ({"To": PERSON, "From": SENDER}, 21602),
        ({"To": PERSON, "From": SENDER, "Body": "x" * 1_601}, 21617),
        ({"To": PERSON, "From": SENDER, "Body": "x", "ValidityPeriod": "soon"}, 90007),
        ({"To": PERSON, "From": SENDER, "Body": "x", "ValidityPeriod": "36001"}, 90007),
        ({"To": PERSON, "From": SENDER, "Body": "x", "StatusCallback": "https://our_host/x"}, 21609),
        ({"To": PERSON, "From": SENDER, "Body": "x", "StatusCallback": "nowhere"}, 21609),
        ({"To": PERSON, "From": SENDER, "Body": "x", "MessagingServiceSid": "MG1"}, 21701),
        ({"To": PERSON, "Body": "x", "MessagingServiceSid": "MG" + "0" * 32}, 21704),
    ],
)
async def test_a_malformed_request_gets_its_code(form: dict[str, str], code: int) -> None:
    async with peer() as here, asking(here) as client:
        answer = await client.post(f"{ROOT}/Messages.json", data=form)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert accepted(here) == []


async def test_a_number_that_was_not_bought_may_be_refused() -> None:
    async with peer(evolve(QUIET, owned_only=True)) as here:
        assert await here.gateway.send(text(1)) == NotSent(code="21606", lane_stop=True)


async def test_a_carrier_can_be_told_to_take_what_should_never_have_been_offered() -> None:
    lax = evolve(QUIET, carrier=CarrierSettings(seed=1, reports=False, refuse_after_stop=False))
    async with peer(lax) as here:
        here.server.carrier.person_writes(PERSON, SENDER, "STOP", here.clock.now())
        assert isinstance(await here.gateway.send(text(1)), Accepted)
        assert accepted(here) == [UUID(int=1)]


async def test_a_long_list_is_read_to_its_end_and_the_list_lags() -> None:
    async with peer() as here:
        for number in range(1, 231):
            await here.gateway.send(text(number, body=str(number)))
        assert await here.gateway.find(SENDER, PERSON, START) == []
        here.clock.move(1)
        found = await here.gateway.find(SENDER, PERSON, START)
        assert [record.body for record in found] == [str(number) for number in range(1, 231)]


async def test_a_text_can_be_redacted_and_not_be_canceled() -> None:
    async with peer() as here, asking(here) as client:
        sent = await here.gateway.send(text(1, body="words"))
        assert isinstance(sent, Accepted)
        one = f"{ROOT}/Messages/{sent.provider_sid}.json"
        assert (await client.post(one, data={"Status": "canceled"})).json()["code"] == 30409
        assert (await client.post(one, data={"Body": ""})).json()["body"] == ""
        record = await here.gateway.fetch(sent.provider_sid)
        assert record is not None
        assert record.body == ""
        assert here.server.carrier.ledger(here.clock.now())[0].body == "words"


async def test_how_a_text_fares_is_told_where_it_asked_and_signed() -> None:
    async with receiving() as receiver:
        callbacks = Callbacks(base=receiver.address, key=b"k" * 32)
        async with peer(TALKING, callbacks=callbacks) as here:
            sent = await here.gateway.send(text(1))
            assert isinstance(sent, Accepted)
            await told(here)
    assert [posted["MessageStatus"] for posted in receiver.posted] == ["sending", "sent", "delivered"]
    for posted in receiver.posted:
        assert posted.target == callbacks.status_path(UUID(int=1), 1)
        assert posted["MessageSid"] == sent.provider_sid
        assert (posted["AccountSid"], posted["From"], posted["To"]) == (ACCOUNT, SENDER, PERSON)
        assert signed(receiver, posted)


@pytest.mark.parametrize("with_fragment", [False, True])
async def test_whether_the_fragment_is_signed_can_be_chosen(with_fragment: bool) -> None:
    async with receiving() as receiver:
        settings = evolve(TALKING, signs_fragment=with_fragment)
        async with peer(settings, callbacks=Callbacks(base=receiver.address, key=b"k" * 32)) as here:
            await here.gateway.send(text(1))
            await told(here)
    assert {signed(receiver, posted) for posted in receiver.posted} == {not with_fragment}
    assert {signed(receiver, posted, RETRIES) for posted in receiver.posted} == {with_fragment}


def signed(receiver: Receiver, posted: Posted, fragment: str = "") -> bool:
    url = receiver.address + posted.target + fragment
    return is_form_signed(TOKEN.reveal(), url, posted.form, posted.headers[HEADER.lower()])


async def test_a_webhook_that_fails_is_tried_again_as_its_address_asks_under_one_token() -> None:
    async with receiving() as receiver:
        settings = evolve(TALKING, inbound_url=f"{receiver.address}/in#rc=5&rp=5xx,ct,rt")
        async with peer(settings) as here:
            receiver.answers = [503, 0, 500, 502, 204]
            here.server.carrier.person_writes(PERSON, SENDER, "STOP", here.clock.now())
            await told(here)
            assert here.server.webhooks.counts == {"told": 1, "retried": 4}
    assert len(receiver.posted) == 5
    assert {posted.target for posted in receiver.posted} == {"/in"}
    assert len({posted.headers["i-twilio-idempotency-token"] for posted in receiver.posted}) == 1
    assert len({posted["MessageSid"] for posted in receiver.posted}) == 1


async def test_without_being_asked_a_5xx_is_not_tried_again_but_the_fallback_is() -> None:
    async with receiving() as receiver:
        settings = evolve(TALKING, inbound_url=f"{receiver.address}/in", fallback_url=f"{receiver.address}/fallback")
        async with peer(settings) as here:
            receiver.answers = [503, 204, 503, 503]
            here.server.carrier.person_writes(PERSON, SENDER, "hello", here.clock.now())
            await told(here)
            here.server.carrier.person_writes(PERSON, SENDER, "hello?", here.clock.now())
            await told(here)
            assert here.server.webhooks.counts == {"told": 1, "failed": 1}
    assert [posted.target for posted in receiver.posted] == ["/in", "/fallback", "/in", "/fallback"]


async def test_a_text_from_a_person_is_told_with_its_blank_fields_and_its_pictures() -> None:
    async with receiving() as receiver:
        settings = evolve(TALKING, inbound_url=f"{receiver.address}/in", advanced_opt_out=True)
        async with peer(settings) as here:
            media = [("https://example.com/a.png", "image/png")]
            here.server.carrier.person_writes(PERSON, SENDER, "stop", here.clock.now(), media)
            await told(here)
    (posted,) = receiver.posted
    assert (posted["From"], posted["To"], posted["Body"]) == (PERSON, SENDER, "stop")
    assert (posted["FromCity"], posted["NumMedia"], posted["OptOutType"]) == ("", "1", "STOP")
    assert posted["MediaContentType0"] == "image/png"
    assert signed(receiver, posted)


async def test_webhooks_are_lost_doubled_and_overtaken_and_the_list_knows_all_the_same() -> None:
    weather = Weather(lost=0.3, doubled=0.3, late=0.3, inbound_lost=0.4, inbound_doubled=0.4)
    settings = evolve(TALKING, carrier=CarrierSettings(seed=3, weather=weather))
    async with receiving() as receiver:
        settings = evolve(settings, inbound_url=f"{receiver.address}/in")
        async with peer(settings, callbacks=Callbacks(base=receiver.address, key=b"k" * 32)) as here:
            sids = []
            for number in range(1, 21):
                here.server.carrier.person_writes(PERSON, SENDER, f"text {number}", here.clock.now())
                sent = await here.gateway.send(text(number, SOMEBODY_ELSE))
                assert isinstance(sent, Accepted)
                sids.append(sent.provider_sid)
            await told(here)
            records = [await here.gateway.fetch(sid) for sid in sids]
            written = await here.gateway.received(SENDER, START)
    assert {record.receipt for record in records if record} == {Receipt.DELIVERED}
    assert [one.body for one in written] == [f"text {number}" for number in range(1, 21)]
    heard = [posted["Body"] for posted in receiver.posted if posted.target == "/in"]
    assert len(set(heard)) < 20
    assert len(heard) > len(set(heard))
    reports = [(posted["MessageSid"], posted["MessageStatus"]) for posted in receiver.posted if posted.target != "/in"]
    assert len(set(reports)) < 60
    assert len(reports) > len(set(reports))


async def test_what_was_not_told_before_the_end_is_told_after_the_next_start() -> None:
    journal = MemoryJournal()
    async with receiving() as receiver:
        callbacks = Callbacks(base=receiver.address, key=b"k" * 32)
        async with peer(TALKING, journal, callbacks) as here:
            here.server.webhooks.mute = True
            await here.gateway.send(text(1))
            here.clock.move(3_600)
        assert receiver.posted == []
        async with peer(TALKING, journal.reader(), callbacks) as here:
            await told(here)
            assert len(receiver.posted) == 3
        async with peer(TALKING, journal.reader(), callbacks) as here:
            await told(here)
    assert len(receiver.posted) == 3


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("", Overrides()),
        ("#", Overrides()),
        ("#rc=5&rp=5xx,ct,rt", Overrides(retries=5, policy=frozenset({"5xx", "ct", "rt"}))),
        ("#rc=6", Overrides()),
        ("#rc=-1&ct=0", Overrides()),
        ("#rc=0&rp=all&ct=100&rt=200", Overrides(retries=0, policy=frozenset({"all"}), connect_s=0.1, read_s=0.2)),
    ],
)
def test_an_address_s_fragment_says_how_often_it_is_tried(fragment: str, expected: Overrides) -> None:
    assert overrides_of(f"https://nudge.example/in?x=1{fragment}") == expected
    assert expected.repeats("ct") is bool(expected.policy & {"ct", "all"})
    assert "ct" in DEFAULT_POLICY


class TestControl:
    """What the chaos harness and the benchmarks use."""

    async def test_the_ledger_shows_what_was_accepted_from_any_line_on(self) -> None:
        async with peer() as here, asking(here) as client:
            for number in (1, 2, 3):
                await here.gateway.send(text(number))
            lines = (await client.get("/_carrier/ledger", params={"after": 1})).json()["accepted"]
            assert [line["message_id"] for line in lines] == [str(UUID(int=2)), str(UUID(int=3))]
            assert lines[0]["to"] == PERSON
            await client.post(f"{ROOT}/Messages.json", data={"To": PERSON, "From": SENDER, "Body": "x"})
            lines = (await client.get("/_carrier/ledger", params={"after": 3})).json()["accepted"]
            assert lines[0]["message_id"] is None

    async def test_faults_can_be_set_and_ended_at_any_time(self) -> None:
        async with peer() as here, asking(here) as client:
            await client.post("/_carrier/faults", json={"shares": {"error_before": 1.0}, "list_fails": True})
            assert isinstance(await here.gateway.send(text(1)), Doubtful)
            with pytest.raises(Unavailable):
                await here.gateway.find(SENDER, PERSON, START)
            await client.post("/_carrier/faults", json={"list_fails": False})
            assert isinstance(await here.gateway.send(text(1)), Accepted)
            counters = (await client.get("/_carrier/counters")).json()
            assert counters["accepted"] == 1
            assert counters["requests"] == {"creates": 2, "error_before": 1}

    async def test_a_person_can_be_made_to_write(self) -> None:
        async with peer() as here, asking(here) as client:
            words: Mapping[str, Any] = {"from": PERSON, "to": SENDER, "body": "STOP"}
            sid = (await client.post("/_carrier/person", json=words)).json()["sid"]
            here.clock.move(1)
            assert [one.provider_sid for one in await here.gateway.received(SENDER, START)] == [sid]
            assert [one["body"] for one in (await client.get("/_carrier/received")).json()["received"]] == ["STOP"]

    @pytest.mark.parametrize(
        ("path", "body"),
        [("faults", {"shares": {"rain": 1.0}}), ("faults", {"shares": {"slow": 2.0}}), ("person", {}), ("faults", [])],
    )
    async def test_nonsense_is_refused(self, path: str, body: Any) -> None:
        async with peer() as here, asking(here) as client:
            assert (await client.post(f"/_carrier/{path}", json=body)).status_code == 400

    async def test_the_books_are_closed_to_strangers(self) -> None:
        async with peer() as here, httpx.AsyncClient(base_url=here.server.origin, trust_env=False) as client:
            for path in ("/_carrier/ledger", "/_carrier/counters", f"{ROOT}/Messages.json", "/"):
                assert (await client.get(path)).status_code == 401


class TestProcess:
    """`python -m nudge_adapters.sms.server`."""

    def test_it_says_where_it_is_and_ends_on_sigterm(self, tmp_path: Path) -> None:
        with carrier_process(tmp_path / "ledger.jsonl") as (run, address):
            assert sent_to(address)["status"] == "queued"
            run.send_signal(signal.SIGTERM)
            assert run.wait(timeout=30) == 0

    def test_what_it_accepted_outlives_its_kill_and_is_known_again(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.jsonl"
        with carrier_process(path) as (run, address):
            sids = [sent_to(address)["sid"] for _ in range(3)]
            run.kill()
            run.wait(timeout=30)
        with carrier_process(path) as (_, address):
            lines = asked_of(address, "/_carrier/ledger")["accepted"]
            assert [line["sid"] for line in lines] == sids
            assert sent_to(address)["sid"] not in sids

    def test_two_do_not_keep_the_same_books(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.jsonl"
        first = FileJournal(path, exclusive=True)
        with pytest.raises(Unavailable):
            FileJournal(path, exclusive=True)
        done = subprocess.run(command(path), capture_output=True, env=environment(), timeout=60, check=False)
        first.close()
        assert done.returncode == 2
        assert b"another process has it" in done.stderr

    def test_a_token_on_the_command_line_is_refused(self) -> None:
        given = [*command(None), "--token", "secret"]
        done = subprocess.run(given, capture_output=True, env=environment(), timeout=60, check=False)
        assert done.returncode == 2
        assert b"secret" not in done.stderr + done.stdout

    def test_a_token_may_come_by_standard_input(self, tmp_path: Path) -> None:
        with carrier_process(tmp_path / "ledger.jsonl", from_stdin=True) as (_, address):
            assert asked_of(address, "/_carrier/counters")["accepted"] == 0


def command(ledger: Path | None) -> list[str]:
    words = [sys.executable, "-m", "nudge_adapters.sms.server", "--account", ACCOUNT, "--no-reports"]
    return words if ledger is None else [*words, "--ledger", str(ledger)]


def environment(token: str | None = TOKEN.reveal()) -> dict[str, str]:
    own = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]}
    return own if token is None else own | {"TWILIO_AUTH_TOKEN": token}


@contextmanager
def carrier_process(ledger: Path, *, from_stdin: bool = False) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    words = [*command(ledger), "--token", "-"] if from_stdin else command(ledger)
    run = subprocess.Popen(
        words,
        env=environment(None if from_stdin else TOKEN.reveal()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert run.stdin is not None
    assert run.stdout is not None
    try:
        if from_stdin:
            run.stdin.write(TOKEN.reveal().encode() + b"\n")
            run.stdin.flush()
        yield run, json.loads(run.stdout.readline())["address"]
    finally:
        run.kill()
        run.wait(timeout=30)
        run.stdin.close()
        run.stdout.close()


def sent_to(address: str) -> dict[str, Any]:
    form = {"To": PERSON, "From": SENDER, "Body": "x"}
    answer = httpx.post(f"{address}{ROOT}/Messages.json", data=form, auth=(ACCOUNT, TOKEN.reveal()), trust_env=False)
    assert answer.status_code == 201
    decoded: dict[str, Any] = answer.json()
    return decoded


def asked_of(address: str, path: str) -> dict[str, Any]:
    answer = httpx.get(address + path, auth=(ACCOUNT, TOKEN.reveal()), trust_env=False)
    decoded: dict[str, Any] = answer.json()
    return decoded
