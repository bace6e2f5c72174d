"""The official SDK as a peer, in both directions: it talks to our carrier, and our requests are the ones it makes."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import httpx
import pytest
from attrs import evolve
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from nudge_adapters.sms.build import build_twilio_codes, build_twilio_numbers
from nudge_adapters.sms.numbers import TwilioNumbers
from nudge_adapters.sms.twilio import Account, TwilioGateway
from nudge_adapters.sms.twilio_http import TwilioWire
from nudge_adapters.sms.verify import TwilioCodes
from nudge_core.model.carrier import Accepted
from nudge_core.model.one_time_code import CodeStart
from tests.carrier_peer import ACCOUNT, CALLBACKS, SERVICE, START, TOKEN, Peer, peer
from tests.clocks import MovedClock
from tests.contracts.gateway_contract import PERSON, SENDER, text

T = TypeVar("T")
pytestmark = pytest.mark.enable_socket
MESSAGING_SERVICE = "MG" + "0" * 32


class LocalHttp(TwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    """Leads every request to our server: the SDK has no setting for that."""

    def __init__(self, origin: str) -> None:
        super().__init__(timeout=20)
        self._origin = urlsplit(origin)

    def request(self, method: str, url: str, *args: Any, **named: Any) -> Response:
        asked = urlsplit(url)
        here = urlunsplit((self._origin.scheme, self._origin.netloc, asked.path, asked.query, ""))
        return super().request(method, here, *args, **named)


class Recorder(TwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    """Sends nothing: keeps what would have been sent."""

    def __init__(self) -> None:
        super().__init__(timeout=20)
        self.made: list[tuple[str, str, dict[str, str]]] = []
        self.auth: tuple[str, str] | None = None

    def request(
        self,
        method: str,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        auth: Any = None,
        timeout: Any = None,
        allow_redirects: bool = False,
    ) -> Response:
        given = {name: str(value) for name, value in {**(params or {}), **(data or {})}.items()}
        self.made.append((method.upper(), urlsplit(url).path, given))
        self.auth = auth
        return Response(500, "{}")


def sdk(here: Peer) -> Client:
    return Client(ACCOUNT, TOKEN.reveal(), http_client=LocalHttp(here.server.origin))


async def done(call: Callable[[], T]) -> T:
    """Run a call of the SDK, which blocks, beside the server."""
    return await asyncio.wait_for(asyncio.to_thread(call), 60)


class TestTheSdkReadsWhatOurServerAnswers:
    """From the SDK to the server."""

    async def test_a_message_created_listed_and_fetched(self) -> None:
        async with peer() as here:
            messages = sdk(here).messages
            made = await done(lambda: messages.create(to=PERSON, from_=SENDER, body="Café", validity_period=3_600))
            assert (made.status, made.num_segments, made.direction) == ("queued", "1", "outbound-api")
            assert (made.to, made.from_, made.body) == (PERSON, SENDER, "Café")
            assert made.date_created == START
            assert made.date_sent is None
            here.clock.move(60)
            (listed,) = await done(lambda: messages.list(to=PERSON, from_=SENDER))
            fetched = await done(lambda: messages(made.sid or "").fetch())
        assert listed.sid == fetched.sid == made.sid
        assert (fetched.status, fetched.error_code) == ("delivered", None)
        assert (fetched.price, fetched.price_unit) == ("-0.00790", "USD")

    async def test_a_list_of_several_pages(self) -> None:
        async with peer() as here:
            for number in range(1, 8):
                await here.gateway.send(text(number, body=str(number)))
            here.clock.move(60)
            listed = await done(lambda: sdk(here).messages.list(to=PERSON, page_size=3))
        assert [one.body for one in listed] == [str(number) for number in range(7, 0, -1)]

    async def test_a_refusal_is_an_error_with_its_code(self) -> None:
        async with peer() as here:
            with pytest.raises(TwilioRestException) as raised:
                await done(lambda: sdk(here).messages.create(to="+15005550004", from_=SENDER, body="x"))
        assert (raised.value.code, raised.value.status) == (21610, 400)

    async def test_what_people_wrote_and_their_pictures(self) -> None:
        async with peer() as here:
            media = [("https://example.com/a.png", "image/png")]
            here.server.carrier.person_writes(PERSON, SENDER, "look", here.clock.now(), media)
            here.clock.move(60)
            (inbound,) = await done(lambda: sdk(here).messages.list(to=SENDER))
            (picture,) = await done(lambda: sdk(here).messages(inbound.sid or "").media.list())
        assert (inbound.direction, inbound.status, inbound.num_media) == ("inbound", "received", "1")
        assert picture.content_type == "image/png"

    async def test_a_message_redacted_and_one_that_cannot_be_canceled(self) -> None:
        async with peer() as here:
            messages = sdk(here).messages
            made = await done(lambda: messages.create(to=PERSON, from_=SENDER, body="words"))
            assert (await done(lambda: messages(made.sid or "").update(body=""))).body == ""
            with pytest.raises(TwilioRestException) as raised:
                await done(lambda: messages(made.sid or "").update(status="canceled"))
        assert raised.value.code == 30409

    async def test_numbers_searched_bought_listed_and_given_back(self) -> None:
        async with peer() as here:
            client = sdk(here)
            free = await done(lambda: client.available_phone_numbers("US").local.list(area_code=512, limit=3))
            assert len(free) == 3
            assert (free[0].region, free[0].capabilities["SMS"]) == ("TX", True)
            wanted = free[0].phone_number or ""
            url = "https://nudge.example/in"
            bought = await done(lambda: client.incoming_phone_numbers.create(phone_number=wanted, sms_url=url))
            assert (bought.phone_number, bought.sms_url) == (wanted, url)
            (listed,) = await done(lambda: client.incoming_phone_numbers.list(phone_number=wanted))
            assert listed.sid == bought.sid
            moved = await done(lambda: client.incoming_phone_numbers(bought.sid or "").update(sms_url=url + "2"))
            assert moved.sms_url == url + "2"
            with pytest.raises(TwilioRestException) as raised:
                await done(lambda: client.incoming_phone_numbers.create(phone_number=wanted))
            assert raised.value.code == 21422
            assert await done(lambda: client.incoming_phone_numbers(bought.sid or "").delete())
            assert await done(lambda: client.incoming_phone_numbers.list()) == []

    async def test_a_one_time_code_started_and_checked(self) -> None:
        async with peer() as here:
            service = sdk(here).verify.v2.services(SERVICE)
            started = await done(lambda: service.verifications.create(to=PERSON, channel="sms"))
            assert (started.status, started.valid, started.to) == ("pending", False, PERSON)
            wrong = await done(lambda: service.verification_checks.create(to=PERSON, code="0000"))
            assert wrong.status == "pending"
            code = here.server.verify.codes()[PERSON]
            right = await done(lambda: service.verification_checks.create(to=PERSON, code=code))
            assert (right.status, right.valid, right.sid) == ("approved", True, started.sid)
            with pytest.raises(TwilioRestException) as raised:
                await done(lambda: service.verification_checks.create(to=PERSON, code=code))
            assert raised.value.status == 404

    async def test_the_sdk_and_our_adapter_see_the_same(self) -> None:
        async with peer() as here:
            sent = await here.gateway.send(text(1, body="number 1"))
            assert isinstance(sent, Accepted)
            made = await done(lambda: sdk(here).messages.create(to=PERSON, from_=SENDER, body="number 2"))
            here.clock.move(60)
            assert (await done(lambda: sdk(here).messages(sent.provider_sid).fetch())).body == "number 1"
            found = await here.gateway.find(SENDER, PERSON, START)
        assert [record.provider_sid for record in found] == [sent.provider_sid, made.sid]


class TestOurRequestsAreTheSdkS:
    """What we send is what the SDK would have sent: method, path, fields and credentials."""

    @pytest.mark.parametrize("service", [None, MESSAGING_SERVICE])
    @pytest.mark.parametrize("discard", [False, True])
    async def test_creating_a_message(self, service: str | None, discard: bool) -> None:
        account = Account(sid=ACCOUNT, messaging_service_sid=service, discard_content=discard, callbacks=CALLBACKS)
        one = text(1, body="Café & more")
        more: dict[str, Any] = {} if service is None else {"messaging_service_sid": service}
        if discard:
            more |= {"content_retention": "discard", "address_retention": "obfuscate"}
        theirs = recorded(
            lambda client: client.messages.create(
                to=one.recipient,
                from_=one.sender,
                body=one.body,
                status_callback=CALLBACKS.status(one.message_id, one.attempt),
                validity_period=one.valid_for_s,
                **more,
            )
        )
        ours = Ours()
        await TwilioGateway(ours.wire, account, MovedClock(START)).send(one)
        assert ours.made == theirs.made
        assert ours.auth == theirs.auth

    async def test_listing_and_fetching_messages(self) -> None:
        sid = "SM" + "0" * 32
        ours = Ours()
        gateway = TwilioGateway(ours.wire, Account(sid=ACCOUNT, callbacks=CALLBACKS), MovedClock(START))
        for call in (gateway.find(SENDER, PERSON, START), gateway.received(SENDER, START), gateway.fetch(sid)):
            with pytest.raises(Exception, match="unavailable"):
                await call
        theirs = recorded(
            lambda client: client.messages.list(to=PERSON, from_=SENDER, page_size=100),
            lambda client: client.messages.list(to=SENDER, page_size=1_000),
            lambda client: client.messages(sid).fetch(),
        )
        assert ours.made == theirs.made

    async def test_searching_buying_and_listing_numbers(self) -> None:
        ours = Ours()
        numbers = TwilioNumbers(ours.wire, ACCOUNT, CALLBACKS.base, MovedClock(START))
        calls = (
            numbers.search(area_code="512", near=PERSON, region="TX", most=5),
            numbers.buy(SENDER),
            numbers.owned(),
        )
        for call in calls:
            with pytest.raises(Exception, match="unavailable"):
                await call
        buying = dict(ours.made[1][2])
        theirs = recorded(
            lambda client: client.available_phone_numbers("US").local.list(
                area_code=512, near_number=PERSON, in_region="TX", sms_enabled=True, page_size=5
            ),
            lambda client: client.incoming_phone_numbers.create(
                phone_number=SENDER,
                sms_url=buying["SmsUrl"],
                sms_method="POST",
                sms_fallback_url=buying["SmsFallbackUrl"],
                sms_fallback_method="POST",
            ),
            lambda client: client.incoming_phone_numbers.list(phone_number=SENDER),
            lambda client: client.incoming_phone_numbers.list(page_size=1_000),
        )
        assert ours.made == theirs.made

    async def test_starting_and_checking_a_one_time_code(self) -> None:
        ours = Ours()
        codes = TwilioCodes(ours.wire, SERVICE, MovedClock(START))
        for call in (codes.start(PERSON), codes.check(PERSON, "123456")):
            with pytest.raises(Exception, match="unavailable"):
                await call
        theirs = recorded(
            lambda client: client.verify.v2.services(SERVICE).verifications.create(to=PERSON, channel="sms"),
            lambda client: client.verify.v2.services(SERVICE).verification_checks.create(to=PERSON, code="123456"),
        )
        assert ours.made == theirs.made


class Ours:
    """A wire that leads nowhere, and what went into it, in the shape of `Recorder`."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str, dict[str, str]]] = []
        self.auth: tuple[str, str] | None = None
        client = httpx.AsyncClient(
            transport=httpx.MockTransport(self._keep),
            base_url="http://127.0.0.1",
            auth=httpx.BasicAuth(ACCOUNT, TOKEN.reveal()),
        )
        self.wire = TwilioWire("twilio", [client])

    def _keep(self, request: httpx.Request) -> httpx.Response:
        given = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
        given |= dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        self.made.append((request.method, request.url.path, given))
        user, _, password = base64.b64decode(request.headers["Authorization"].split()[1]).decode().partition(":")
        self.auth = (user, password)
        return httpx.Response(500)


def recorded(*calls: Callable[[Client], object]) -> Recorder:
    """Return what the SDK would have sent."""
    recorder = Recorder()
    for call in calls:
        with pytest.raises(TwilioException):  # of a list it is not even a TwilioRestException
            call(Client(ACCOUNT, TOKEN.reveal(), http_client=recorder))
    return recorder


async def test_the_adapters_are_built_for_this_server_too() -> None:
    """The same account opens all three resources at one address."""
    async with peer() as here:
        numbers = build_twilio_numbers(here.account, CALLBACKS, here.clock)
        codes = build_twilio_codes(evolve(here.account, concurrency=2), here.clock)
        assert await numbers.owned() == []
        assert await codes.start(PERSON) is CodeStart.SENT
        assert await here.gateway.ping() == "twilio, account active"
        await numbers.aclose()
        await codes.aclose()
