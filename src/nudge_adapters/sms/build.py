"""Settings of the Twilio adapters, and the builders that make them. httpx is imported when one is built, not before."""

from __future__ import annotations

import logging
import re
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import field, frozen

from nudge_adapters.sms.callbacks import Callbacks
from nudge_core.errors import Misconfigured
from nudge_core.model.secret import Secret
from nudge_core.ports.services import Clock, OneTimeCodes, PhoneNumbers, SmsGateway

if TYPE_CHECKING:
    from nudge_adapters.sms.twilio_http import TwilioWire

TWILIO_API = "https://api.twilio.com"
TWILIO_VERIFY = "https://verify.twilio.com"
CONCURRENCY = 32
"""Requests under way at once. At 20 ms each this is 1,600 a second, more than one worker makes."""

_TALKATIVE = ("httpx", "httpcore")
"""They log every address at INFO, and the addresses of lists hold phones. Source: `reliability.md` 9.5."""


@frozen(kw_only=True)
class TwilioAccount:
    """One account, and how to reach it.

    `api_key` and `api_secret` None: the account's own token signs requests. `messaging_service_sid`: the service that
    owns the numbers. `verify_service_sid`: the service of one-time codes; None where there are none.
    `discard_content`: Twilio is not to keep words and phones (health information). `concurrency`: requests at once.
    """

    account_sid: str = field(repr=False)
    auth_token: Secret
    api_key: str | None = field(default=None, repr=False)
    api_secret: Secret | None = None
    api_base_url: str = TWILIO_API
    verify_base_url: str = TWILIO_VERIFY
    messaging_service_sid: str | None = field(default=None, repr=False)
    verify_service_sid: str | None = field(default=None, repr=False)
    discard_content: bool = False
    concurrency: int = field(default=CONCURRENCY)


def build_twilio_gateway(account: TwilioAccount, callbacks: Callbacks, clock: Clock) -> SmsGateway:
    """Return a carrier that sends through Twilio.

    Args:
        account: whose texts these are.
        callbacks: where Twilio reaches our webhooks.
        clock: the time, for dates in headers.

    Raises:
        Misconfigured: lists every setting that is unusable.
    """
    from nudge_adapters.sms.twilio import Account, TwilioGateway

    _check(_problems(account, account.api_base_url) + _callback_problems(callbacks))
    return TwilioGateway(
        _wire("sms:twilio", account, account.api_base_url),
        Account(
            sid=account.account_sid,
            messaging_service_sid=account.messaging_service_sid,
            discard_content=account.discard_content,
            callbacks=callbacks,
        ),
        clock,
    )


def build_twilio_numbers(account: TwilioAccount, callbacks: Callbacks, clock: Clock) -> PhoneNumbers:
    """Return the seller of numbers; arguments and errors as for `build_twilio_gateway`."""
    from nudge_adapters.sms.numbers import TwilioNumbers

    _check(_problems(account, account.api_base_url) + _callback_problems(callbacks))
    wire = _wire("numbers:twilio", account, account.api_base_url)
    return TwilioNumbers(wire, account.account_sid, callbacks.base, clock)


def build_twilio_codes(account: TwilioAccount, clock: Clock) -> OneTimeCodes:
    """Return one-time codes by Twilio Verify.

    Raises:
        Misconfigured: lists every setting that is missing or unusable.
    """
    from nudge_adapters.sms.verify import TwilioCodes

    problems = _problems(account, account.verify_base_url)
    service = account.verify_service_sid
    if service is None or not re.fullmatch(r"VA[0-9a-fA-F]{32}", service):
        problems.append("verify_service_sid: VA and 32 hexadecimal digits")
        service = ""
    _check(problems)
    return TwilioCodes(_wire("codes:twilio", account, account.verify_base_url), service, clock)


def quieten_clients() -> None:
    """Keep addresses out of the logs of the HTTP client, whatever the root logger is set to."""
    for name in _TALKATIVE:
        if logging.getLogger(name).level < logging.WARNING:
            logging.getLogger(name).setLevel(logging.WARNING)


def _check(problems: list[str]) -> None:
    if problems:
        raise Misconfigured(problems)


def _wire(service: str, account: TwilioAccount, base: str) -> TwilioWire:
    from nudge_adapters.sms.twilio_http import TwilioWire, new_clients

    quieten_clients()
    user, password = account.account_sid, account.auth_token
    if account.api_key is not None and account.api_secret is not None:
        user, password = account.api_key, account.api_secret
    return TwilioWire(service, new_clients(base, user, password, account.concurrency))


def _problems(account: TwilioAccount, base: str) -> list[str]:
    problems = []
    if not re.fullmatch(r"AC[0-9a-fA-F]{32}", account.account_sid):
        problems.append("account_sid: AC and 32 hexadecimal digits")
    if (account.api_key is None) != (account.api_secret is None):
        problems.append("api_key, api_secret: both or neither")
    service = account.messaging_service_sid
    if service is not None and not re.fullmatch(r"MG[0-9a-fA-F]{32}", service):
        problems.append("messaging_service_sid: MG and 32 hexadecimal digits")
    if account.concurrency < 1:
        problems.append("concurrency: at least 1")
    if not _is_safe(base):
        problems.append("base url: https, or http on this machine; a token travels there")
    return problems


def _callback_problems(callbacks: Callbacks) -> list[str]:
    if _can_be_called_back(callbacks.base):
        return []
    return ["public_base_url: http or https, a host without underscore, no user, query or fragment"]


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _can_be_called_back(base: str) -> bool:
    """Say whether Twilio takes callbacks under this address (21609), and signs them as we check (4.2)."""
    parts = urlsplit(base)
    host = parts.hostname or ""
    plain = not (parts.username or parts.query or parts.fragment)
    return parts.scheme in ("http", "https") and bool(host) and "_" not in host and plain
