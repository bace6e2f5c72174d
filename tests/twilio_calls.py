"""Webhook requests as Twilio makes them, signed; and an installation that takes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

from attrs import evolve, field, frozen
from litestar import Litestar

from nudge_adapters.sms.callbacks import FALLBACK_PATH, INBOUND_PATH
from nudge_adapters.sms.carrier import CarrierSettings, SimulatedCarrier
from nudge_adapters.sms.journal import MemoryJournal
from nudge_adapters.sms.signature import HEADER, sign
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.model.secret import Secret
from nudge_core.ports import Clock, Ids, Store
from nudge_core.steps.converse import ReceiveSettings
from nudge_core.verticals import VERTICALS
from nudge_core.walk import Parts
from nudge_entrypoints.callbacks import callbacks_of
from nudge_entrypoints.http.app import build_app
from nudge_entrypoints.metrics import Metrics
from nudge_entrypoints.settings import Settings, TwilioSettings
from tests.send_walk import OUR_NUMBER

BASE = "https://nudge.example"
TOKEN = "12345"
ACCOUNT = "AC" + "0" * 32
FORM = "application/x-www-form-urlencoded"
SETTINGS = Settings(
    home=Path("unused"),
    public_base_url=BASE,
    twilio=TwilioSettings(account_sid=ACCOUNT, auth_token=Secret(TOKEN)),
)


@frozen(kw_only=True)
class Call:
    """One request: path and query as they go over the wire, the form in order, and what it is signed with."""

    target: str
    fields: tuple[tuple[str, str], ...]
    token: str = TOKEN
    base: str = BASE
    fragment: str = ""
    headers: Mapping[str, str] = field(factory=dict)

    @property
    def body(self) -> bytes:
        return urlencode(self.fields).encode()

    @property
    def signature(self) -> str:
        return sign(self.token, f"{self.base}{self.target}{self.fragment}", self.fields)

    @property
    def all_headers(self) -> dict[str, str]:
        return {"Content-Type": FORM, HEADER: self.signature, **self.headers}


def status_call(message_id: UUID, sid: str, status: str, *, attempt: int = 1, **more: str) -> Call:
    """A status callback for one of our texts."""
    callbacks = callbacks_of(SETTINGS)
    assert callbacks is not None
    told = {
        "MessageSid": sid,
        "MessageStatus": status,
        "SmsStatus": status,
        "AccountSid": ACCOUNT,
        "From": OUR_NUMBER,
        "To": "+15125550199",
        "MessagingServiceSid": "",
    }
    return Call(target=callbacks.status_path(message_id, attempt), fields=tuple((told | more).items()))


def inbound_call(sid: str, sender: str, body: str, **more: str) -> Call:
    """A text that somebody sent us; blank fields are there, as Twilio sends them."""
    told = {
        "ToCountry": "US",
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": ACCOUNT,
        "FromZip": "",
        "FromCity": "",
        "NumMedia": "0",
        "NumSegments": "1",
        "Body": body,
        "From": sender,
        "To": OUR_NUMBER,
    }
    return Call(target=INBOUND_PATH, fields=tuple((told | more).items()))


def fallback_call(sid: str, sender: str, body: str) -> Call:
    """The same text at the address that is tried when the first one failed."""
    return evolve(
        inbound_call(sid, sender, body, ErrorCode="11200", ErrorUrl=BASE + INBOUND_PATH), target=FALLBACK_PATH
    )


def parts_on(store: Store, clock: Clock, ids: Ids, gateway: SimulatedGateway | None = None) -> Parts:
    """The parts of a walk whose carrier answers nobody by itself, so that confirmations are ours to send."""
    carrier = gateway or SimulatedGateway(SimulatedCarrier(MemoryJournal(), CarrierSettings(seed=3)), clock)
    return Parts(
        store=store,
        verticals=VERTICALS,
        drafters=(),
        gateway=carrier,
        ids=ids,
        receive=ReceiveSettings(carrier_answers=False),
    )


def app_on(parts: Parts, clock: Clock, metrics: Metrics | None = None) -> Litestar:
    """The application on these parts, at the test's address."""
    return build_app(parts, SETTINGS, clock=clock, metrics=metrics)
