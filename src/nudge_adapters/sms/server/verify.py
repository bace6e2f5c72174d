"""One-time codes as Verify v2 gives and checks them. Kept in memory: after a restart no code is known any more.

No phone rings: `tell` writes down what a text would have said.

A wrong code is answered with 200 and `pending`; a used, expired or unknown verification with 404. Source:
`messaging.md` section 10.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, field, frozen

from nudge_adapters.sms import codes
from nudge_adapters.sms.server.settings import BAD_METHOD, NOT_FOUND, Fields, Reply, Request, refusal, reply
from nudge_core.model.fields import E164
from nudge_core.model.secret import Secret

LIFE = timedelta(seconds=600)
MOST_SENDS, MOST_CHECKS = 5, 5
CODE_DIGITS = 6
CHANNELS = frozenset({"sms", "call", "email", "whatsapp", "sna"})
BLOCKED_PREFIXES = ("+1500555",)
"""Verify knows no test numbers; ours of this prefix stand for a region that is blocked."""

_PATH = re.compile(r"/v2/Services/(VA[0-9a-fA-F]{32})/(Verifications|VerificationCheck)(?:/([^/]+))?")


@frozen(kw_only=True)
class Verification:
    """A code that was sent and may still be used."""

    sid: str
    to: str = field(repr=False)
    channel: str
    code: str = field(repr=False)
    sent: tuple[datetime, ...]
    checks: int = 0
    status: str = "pending"


class Verify:
    """Verifications of one account, by service and phone.

    Args:
        account: its SID.
        seed: of the codes, which nobody can tell beforehand without the token besides.
        token: the account's.
        tell: is given phone, code and instant of every sending.
    """

    def __init__(self, account: str, seed: int, token: Secret, tell: Callable[[str, str, datetime], object]) -> None:
        self._account, self._seed, self._token, self._tell = account, seed, token, tell
        self._pending: dict[tuple[str, str], Verification] = {}
        self._sent: dict[tuple[str, str], tuple[datetime, ...]] = {}
        self._count = 0

    def codes(self) -> Mapping[str, str]:
        """Return the codes that people hold, by phone: what a text message would have told them."""
        return {one.to: one.code for one in self._pending.values()}

    def answer(self, request: Request, now: datetime) -> Reply:
        """Answer a request for either resource."""
        found = _PATH.fullmatch(request.path)
        if found is None:
            return NOT_FOUND
        service, resource, _ = found.groups()
        if request.method != "POST":
            return BAD_METHOD
        self._forget(now)
        if resource == "Verifications":
            return self._start(service, request.form, now)
        return self._check(service, request.form)

    def _start(self, service: str, form: Fields, now: datetime) -> Reply:
        to, channel = form.get("To", ""), form.get("Channel", "")
        if not E164.fullmatch(to) or channel not in CHANNELS:
            return refusal(400, codes.BAD_PARAMETER)
        if to.startswith(BLOCKED_PREFIXES):
            return refusal(403, codes.REGION_BLOCKED)
        key = (service, to)
        sent = tuple(at for at in self._sent.get(key, ()) if now - at < LIFE)
        if len(sent) >= MOST_SENDS:
            return refusal(429, codes.TOO_MANY_SENDS)
        self._sent[key] = (*sent, now)
        self._count += 1
        drawn_of = f"{self._seed}:{self._count}:{to}:{now.isoformat()}"
        digest = hmac.new(self._token.reveal().encode(), drawn_of.encode(), hashlib.sha256).hexdigest()
        before = self._pending.get(key)
        self._pending[key] = Verification(
            sid="VE" + digest[:32] if before is None else before.sid,
            to=to,
            channel=channel,
            code=f"{int(digest[32:48], 16) % 10**CODE_DIGITS:0{CODE_DIGITS}d}" if before is None else before.code,
            sent=(now,) if before is None else (*before.sent, now),
            checks=0 if before is None else before.checks,
        )
        self._tell(to, self._pending[key].code, now)
        return reply(self._shown(service, self._pending[key]), 201)

    def _check(self, service: str, form: Fields) -> Reply:
        to, given = form.get("To"), form.get("Code", "")
        key = self._key(service, to, form.get("VerificationSid"))
        if key is None or not re.fullmatch(r"[0-9A-Za-z]{4,10}", given):
            return refusal(400, codes.BAD_PARAMETER)
        one = self._pending.get(key)
        if one is None:
            return NOT_FOUND
        if one.checks >= MOST_CHECKS:
            return refusal(429, codes.TOO_MANY_CHECKS)
        approved = hmac.compare_digest(given, one.code)
        checked = evolve(one, checks=one.checks + 1, status="approved" if approved else "pending")
        if approved:
            del self._pending[key]
        else:
            self._pending[key] = checked
        return reply(self._shown(service, checked))

    def _key(self, service: str, to: str | None, sid: str | None) -> tuple[str, str] | None:
        if to:
            return (service, to)
        if sid:
            return next((key for key, one in self._pending.items() if one.sid == sid), (service, ""))
        return None

    def _forget(self, now: datetime) -> None:
        """Drop what has expired: a verification lives so long from when it was first sent."""
        self._pending = {key: one for key, one in self._pending.items() if now - one.sent[0] < LIFE}
        self._sent = {key: sent for key, sent in self._sent.items() if now - sent[-1] < LIFE}

    def _shown(self, service: str, one: Verification) -> Mapping[str, Any]:
        first, last = one.sent[0].strftime("%Y-%m-%dT%H:%M:%SZ"), one.sent[-1].strftime("%Y-%m-%dT%H:%M:%SZ")
        attempts = [{"time": at.isoformat(), "channel": one.channel, "attempt_sid": None} for at in one.sent]
        return {
            "sid": one.sid,
            "service_sid": service,
            "account_sid": self._account,
            "to": one.to,
            "channel": one.channel,
            "status": one.status,
            "valid": one.status == "approved",
            "amount": None,
            "payee": None,
            "lookup": {},
            "send_code_attempts": attempts,
            "sna_attempts_error_codes": [],
            "sna": None,
            "date_created": first,
            "date_updated": last,
            "url": f"https://verify.twilio.com/v2/Services/{service}/Verifications/{one.sid}",
        }
