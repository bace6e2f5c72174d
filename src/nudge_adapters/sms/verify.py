"""One-time codes by Twilio Verify: the carrier makes, sends and checks them; no code passes through our database.

A wrong code is answered with 200 and `pending`: nothing but the status `approved` proves possession of the phone.
Source: `messaging.md` section 10, `reliability.md` 9.3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from nudge_adapters.sms import codes
from nudge_adapters.sms.answers import described, error_code, retry_after_s
from nudge_adapters.sms.twilio_http import Answer, TwilioWire
from nudge_core.errors import Refused, Unavailable
from nudge_core.model.fields import E164
from nudge_core.model.one_time_code import CodeCheck, CodeStart
from nudge_core.ports.services import Clock

CHANNEL = "sms"
_CODE = re.compile(r"[0-9]{4,10}")
_STARTS = MappingProxyType(
    {
        codes.TOO_MANY_SENDS: CodeStart.TOO_MANY_SENDS,
        codes.STARTED_TWICE: CodeStart.STARTED_TWICE,
        codes.REGION_BLOCKED: CodeStart.REGION_BLOCKED,
        codes.BAD_PARAMETER: CodeStart.PHONE_UNUSABLE,
        codes.INVALID_TO: CodeStart.PHONE_UNUSABLE,
        codes.NOT_MOBILE: CodeStart.PHONE_UNUSABLE,
    }
)


class TwilioCodes:
    """`OneTimeCodes` over a Verify service."""

    def __init__(self, wire: TwilioWire, service_sid: str, clock: Clock) -> None:
        self._wire, self._clock = wire, clock
        self._root = f"/v2/Services/{service_sid}"

    async def start(self, phone: str) -> CodeStart:
        """Let a code be sent; see `OneTimeCodes.start`."""
        if not E164.fullmatch(phone):
            return CodeStart.PHONE_UNUSABLE
        answer = await self._wire.post(f"{self._root}/Verifications", {"To": phone, "Channel": CHANNEL})
        fields = answer.fields()
        if answer.status == 201 and _is_about(fields, phone):
            return CodeStart.SENT
        refused = _STARTS.get(error_code(fields) or "")
        if refused is not None and 400 <= answer.status < 500:
            return refused
        raise self._failure(answer)

    async def check(self, phone: str, code: str) -> CodeCheck:
        """Compare a code with the one that was sent; see `OneTimeCodes.check`."""
        if not _CODE.fullmatch(code) or not E164.fullmatch(phone):
            return CodeCheck.WRONG
        answer = await self._wire.post(f"{self._root}/VerificationCheck", {"To": phone, "Code": code})
        fields = answer.fields()
        if answer.status in (200, 201) and fields is not None and _is_about(fields, phone):
            return _found(fields.get("status"))
        if error_code(fields) == codes.TOO_MANY_CHECKS:
            return CodeCheck.TOO_MANY_CHECKS
        if answer.status == 404 and error_code(fields) == codes.MISSING:
            return CodeCheck.EXPIRED
        raise self._failure(answer)

    async def aclose(self) -> None:
        """Give back the connections."""
        await self._wire.aclose()

    def _failure(self, answer: Answer) -> Refused | Unavailable:
        seen = described(answer.status, answer.body)
        if answer.status in (400, 401, 403, 404):
            return Refused(self._wire.service, "unauthorised" if answer.status in (401, 403) else "bad_request", seen)
        return Unavailable(self._wire.service, seen, retry_after_s(answer.headers, self._clock.now()))


def _is_about(fields: Mapping[str, Any] | None, phone: str) -> bool:
    """Say whether an answer speaks of this phone, and not of somebody else's."""
    return fields is not None and fields.get("to") == phone


def _found(status: object) -> CodeCheck:
    if status == "approved":
        return CodeCheck.APPROVED
    if status == "max_attempts_reached":
        return CodeCheck.TOO_MANY_CHECKS
    return CodeCheck.EXPIRED if status in ("expired", "canceled", "deleted", "failed") else CodeCheck.WRONG
