"""The carrier tells: signed status callbacks and texts people wrote, posted to our webhooks.

Which are lost, doubled or late is drawn in `nudge_adapters.sms.fate`. A webhook that fails is tried again as the
address's own fragment asks (`#rc=5&rp=5xx,ct,rt`), by default once and only when no connection stood; then, for a text,
the fallback address is tried. Source: `messaging.md` 4.1 to 4.3.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from urllib.parse import parse_qs, urldefrag, urlencode

import httpx
from attrs import frozen

from nudge_adapters.sms.carrier import SimulatedCarrier
from nudge_adapters.sms.ledger import AcceptedText
from nudge_adapters.sms.news import Envelope
from nudge_adapters.sms.server.settings import API, API_VERSION, ServerSettings
from nudge_adapters.sms.signature import HEADER, sign
from nudge_core.model.carrier import InboundText, ReceiptNews
from nudge_core.policy.opt_out import is_carrier_help, is_carrier_start, is_carrier_stop
from nudge_core.policy.segments import segments
from nudge_core.ports.services import Clock

TOKEN_HEADER = "I-Twilio-Idempotency-Token"  # noqa: S105 - the name of a header
LONGEST_SLEEP_S = 0.25
"""The carrier's clock may be moved from outside; so long at most until that is noticed."""

MOST_RETRIES = 5
KEEPALIVE_S = 4.0
DEFAULT_POLICY = frozenset({"ct"})
Form = Sequence[tuple[str, str]]


@frozen(kw_only=True)
class Overrides:
    """What an address's fragment asks of whoever calls it. `policy`: `ct`, `rt`, `4xx`, `5xx` or `all`."""

    retries: int = 1
    policy: frozenset[str] = DEFAULT_POLICY
    connect_s: float = 5.0
    read_s: float = 15.0

    def repeats(self, failure: str) -> bool:
        """Say whether a failure of this kind is worth another try."""
        return failure in self.policy or "all" in self.policy


def overrides_of(address: str) -> Overrides:
    """Return what the fragment asks for; what is missing or out of range is as if it were not there."""
    asked = {name: values[-1] for name, values in parse_qs(urldefrag(address).fragment).items()}

    def number(name: str, low: int, high: int, default: int) -> int:
        given = asked.get(name, "")
        return int(given) if given.isdigit() and low <= int(given) <= high else default

    return Overrides(
        retries=number("rc", 0, MOST_RETRIES, 1),
        policy=frozenset(asked["rp"].split(",")) if "rp" in asked else DEFAULT_POLICY,
        connect_s=number("ct", 100, 10_000, 5_000) / 1_000,
        read_s=number("rt", 100, 15_000, 15_000) / 1_000,
    )


class Webhooks:
    """Posts the carrier's news, several at once, for as long as `telling()` runs.

    Args:
        urls: gives the addresses of a number for texts to it: the first one, and the one to fall back on.

    `counts`: `told`, `failed`, and `retried`, since the start. `mute`: while True nothing is told, and nothing lost.
    """

    def __init__(
        self,
        settings: ServerSettings,
        carrier: SimulatedCarrier,
        clock: Clock,
        urls: Callable[[str], tuple[str | None, str | None]],
        origin: Callable[[], str],
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.mute = False
        self._settings, self._carrier, self._clock, self._urls, self._origin = settings, carrier, clock, urls, origin
        self._queue: asyncio.Queue[Envelope] = asyncio.Queue()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look at once whether something is to be told."""
        self._woken.set()

    async def telling(self) -> None:
        """Tell the news as it arrives, until cancelled."""
        trusted = httpx.create_ssl_context(trust_env=False)
        tellers = [asyncio.create_task(self._tell_all(trusted)) for _ in range(self._settings.webhook_slots)]
        try:
            await self._collect()
        finally:
            for teller in tellers:
                teller.cancel()
            await asyncio.gather(*tellers, return_exceptions=True)

    async def settled(self) -> None:
        """Return when everything that has arrived by now was told, or has failed for good."""
        if not self.mute:
            self._take()
        await self._queue.join()

    async def _collect(self) -> None:
        while True:
            self._woken.clear()
            sleep_s = LONGEST_SLEEP_S
            if not self.mute:
                self._take()
                now = self._clock.now()
                following = self._carrier.next_arrival(now)
                if following is not None:
                    sleep_s = min(max((following - now).total_seconds(), 0.001), LONGEST_SLEEP_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), sleep_s)

    def _take(self) -> None:
        for envelope in self._carrier.arriving(self._clock.now()):
            self._queue.put_nowait(envelope)

    async def _tell_all(self, trusted: ssl.SSLContext) -> None:
        """Tell one thing after the other, over connections of its own: a shared pool costs more with every slot."""
        limits = httpx.Limits(max_connections=2, max_keepalive_connections=2, keepalive_expiry=KEEPALIVE_S)
        async with httpx.AsyncClient(verify=trusted, trust_env=False, follow_redirects=False, limits=limits) as client:
            while True:
                envelope = await self._queue.get()
                try:
                    await self._tell(client, envelope)
                    self._carrier.handled(envelope, self._clock.now())
                finally:
                    self._queue.task_done()

    async def _tell(self, client: httpx.AsyncClient, envelope: Envelope) -> None:
        news = envelope.news
        if isinstance(news, InboundText):
            addresses: list[str | None] = list(self._urls(news.recipient))
            form = self._inbound_form(news)
        else:
            text = self._carrier.lookup(news.provider_sid, self._clock.now())
            if not isinstance(text, AcceptedText):
                return
            addresses, form = [text.callback], self._status_form(news, text)
        token = hashlib.sha256(envelope.key.encode()).hexdigest()[:32]
        given = [address for address in addresses if address]
        for address in given:
            if await self._posted(client, address, form, token):
                self.counts["told"] += 1
                return
        self.counts["failed"] += 1 if given else 0

    async def _posted(self, client: httpx.AsyncClient, address: str, form: Form, token: str) -> bool:
        """Post until it is taken or no try is left; the tries share one idempotency token."""
        overrides = overrides_of(address)
        for attempt in range(1 + overrides.retries):
            if attempt:
                self.counts["retried"] += 1
                await asyncio.sleep(self._settings.retry_pause_s)
            failure = await self._post(client, address, form, token, overrides)
            if failure is None:
                return True
            if not overrides.repeats(failure):
                return False
        return False

    async def _post(
        self, client: httpx.AsyncClient, address: str, form: Form, token: str, overrides: Overrides
    ) -> str | None:
        """Make one request; returns the kind of its failure, or None."""
        bare = urldefrag(address).url
        headers = {
            HEADER: sign(self._settings.token.reveal(), address if self._settings.signs_fragment else bare, form),
            TOKEN_HEADER: token,
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "TwilioProxy/1.1",
        }
        timeout = httpx.Timeout(overrides.read_s, connect=overrides.connect_s)
        try:
            answer = await client.post(bare, content=urlencode(form).encode(), headers=headers, timeout=timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return "ct"
        except (httpx.HTTPError, httpx.InvalidURL):
            return "rt"
        return None if answer.status_code < 400 else f"{answer.status_code // 100}xx"

    def _status_form(self, news: ReceiptNews, text: AcceptedText) -> Form:
        form = [
            ("MessageSid", news.provider_sid),
            ("SmsSid", news.provider_sid),
            ("MessageStatus", news.receipt.value),
            ("SmsStatus", news.receipt.value),
            ("AccountSid", self._settings.account),
            ("ApiVersion", API_VERSION),
            ("From", text.sender),
            ("To", text.recipient),
        ]
        if text.service is not None:
            form.append(("MessagingServiceSid", text.service))
        if news.error_code is not None:
            form.append(("ErrorCode", news.error_code))
        return form

    def _inbound_form(self, text: InboundText) -> Form:
        sid = text.provider_sid
        form = [
            ("MessageSid", sid),
            ("SmsSid", sid),
            ("SmsMessageSid", sid),
            ("AccountSid", self._settings.account),
            ("ApiVersion", API_VERSION),
            ("From", text.sender),
            ("To", text.recipient),
            ("Body", text.body),
            ("SmsStatus", "received"),
            ("NumMedia", str(len(text.media))),
            ("NumSegments", str(segments(text.body).parts)),
        ]
        places = ("FromCity", "FromState", "FromZip", "FromCountry", "ToCity", "ToState", "ToZip", "ToCountry")
        form += [(place, "US" if place.endswith("Country") else "") for place in places]  # blanks are sent and signed
        for index, one in enumerate(text.media):
            where = f"{self._origin()}{API}/{self._settings.account}/Messages/{sid}/Media/ME{index:032x}"
            form += [(f"MediaUrl{index}", where), (f"MediaContentType{index}", one.content_type)]
        kind = _opt_out_type(text.body)
        if self._settings.advanced_opt_out and kind is not None:
            form.append(("OptOutType", kind))
        return form


def _opt_out_type(body: str) -> str | None:
    for kind, is_said in (("STOP", is_carrier_stop), ("START", is_carrier_start), ("HELP", is_carrier_help)):
        if is_said(body):
            return kind
    return None
