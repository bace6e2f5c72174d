"""The carrier as a server on loopback, and Twilio's adapter in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from attrs import evolve, frozen

from nudge_adapters.sms.build import TwilioAccount, build_twilio_gateway
from nudge_adapters.sms.callbacks import Callbacks
from nudge_adapters.sms.carrier import CarrierSettings
from nudge_adapters.sms.journal import Journal, MemoryJournal
from nudge_adapters.sms.server import CarrierServer, ServerSettings, carrier_server
from nudge_core.model.secret import Secret
from nudge_core.ports.services import SmsGateway
from tests.clocks import MovedClock, utc

START = utc("2026-06-01 15:00")
ACCOUNT = "AC" + "0" * 32
SERVICE = "VA" + "0" * 32
TOKEN = Secret("a token for tests")
CALLBACKS = Callbacks(base="https://nudge.example", key=b"k" * 32)
QUIET = ServerSettings(account=ACCOUNT, token=TOKEN, carrier=CarrierSettings(seed=1, reports=False), retry_pause_s=0.0)
"""A server that tells nobody anything: for tests of requests."""


@frozen(kw_only=True)
class Peer:
    """A server that runs, an adapter that talks to it, and the clock of both."""

    server: CarrierServer
    gateway: SmsGateway
    account: TwilioAccount
    clock: MovedClock


@asynccontextmanager
async def peer(
    settings: ServerSettings = QUIET,
    journal: Journal | None = None,
    callbacks: Callbacks = CALLBACKS,
    **account: Any,
) -> AsyncIterator[Peer]:
    """Serve a carrier and give an adapter of it while the block runs. `account`: settings of the adapter to change."""
    clock = MovedClock(START)
    async with carrier_server(settings, journal or MemoryJournal(), clock) as server:
        base = TwilioAccount(
            account_sid=settings.account,
            auth_token=settings.token,
            api_base_url=server.origin,
            verify_base_url=server.origin,
            verify_service_sid=SERVICE,
        )
        given = evolve(base, **account)
        gateway = build_twilio_gateway(given, callbacks, clock)
        try:
            yield Peer(server=server, gateway=gateway, account=given, clock=clock)
        finally:
            await gateway.aclose()
