"""Numbers bought and given back at Twilio.

Buying one named number is idempotent by nature, buying "one of this area code" is not. So: search, choose, buy that
number; and on doubt look whether it is ours. Source: `messaging.md` 9.3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nudge_adapters.sms.answers import described, error_code, retry_after_s, rows_of
from nudge_adapters.sms.callbacks import FALLBACK_PATH, INBOUND_PATH, RETRIES
from nudge_adapters.sms.codes import NUMBER_NOT_AVAILABLE
from nudge_adapters.sms.twilio import API_VERSION, MOST_PAGES
from nudge_adapters.sms.twilio_http import Answer, NoAnswer, TwilioWire
from nudge_core.errors import Invalid, Refused, Unavailable
from nudge_core.model.fields import E164
from nudge_core.model.phone_number import FreeNumber, OwnedNumber
from nudge_core.ports.services import Clock

MOST_FOUND = 50
PAGE = 1_000
_SID = re.compile(r"PN[0-9a-fA-F]{32}")
_AREA_CODE = re.compile(r"[2-9][0-9]{2}")
_REGION = re.compile(r"[A-Z]{2}")


class TwilioNumbers:
    """`PhoneNumbers` over Twilio: US numbers that can send and receive texts.

    Args:
        account_sid: whose numbers.
        public_base: where Twilio reaches our webhooks; texts to a bought number are told there.
    """

    def __init__(self, wire: TwilioWire, account_sid: str, public_base: str, clock: Clock) -> None:
        self._wire, self._base, self._clock = wire, public_base, clock
        root = f"/{API_VERSION}/Accounts/{account_sid}"
        self._free = f"{root}/AvailablePhoneNumbers/US/Local.json"
        self._owned_root = f"{root}/IncomingPhoneNumbers"
        self._owned = f"{self._owned_root}.json"

    async def search(
        self, *, area_code: str | None = None, near: str | None = None, region: str | None = None, most: int = 10
    ) -> Sequence[FreeNumber]:
        """Return numbers on offer; see `PhoneNumbers.search`."""
        query = {"SmsEnabled": "true", "PageSize": str(min(max(most, 1), MOST_FOUND))}
        for name, value, form in (
            ("AreaCode", area_code, _AREA_CODE),
            ("NearNumber", near, E164),
            ("InRegion", region, _REGION),
        ):
            if value is not None and not form.fullmatch(value):
                raise Invalid(f"search.{name}", f"a text of the form {form.pattern}", value)
            if value is not None:
                query[name] = value
        rows = rows_of(self._good(await self._wire.get(self._free, query)), "available_phone_numbers")
        if rows is None:
            raise Unavailable(self._wire.service, "no list of numbers")
        found = [_free(row) for row in rows]
        return [number for number in found if number is not None][:most]

    async def buy(self, number: str) -> OwnedNumber:
        """Buy this very number, once; see `PhoneNumbers.buy`."""
        if not E164.fullmatch(number):
            raise Invalid("buy.number", "E.164: + and 7 to 15 digits", number)
        form = {
            "PhoneNumber": number,
            "SmsUrl": f"{self._base}{INBOUND_PATH}{RETRIES}",
            "SmsMethod": "POST",
            "SmsFallbackUrl": f"{self._base}{FALLBACK_PATH}{RETRIES}",
            "SmsFallbackMethod": "POST",
        }
        try:
            answer = await self._wire.post(self._owned, form)
        except NoAnswer as error:
            return await self._ours(number, error)
        fields = answer.fields()
        bought = _bought(fields) if answer.status == 201 and fields is not None else None
        if bought is not None and bought.number == number:
            return bought
        if error_code(fields) == NUMBER_NOT_AVAILABLE:
            return await self._ours(number, Refused(self._wire.service, "number_not_available"))
        if answer.status == 201 or answer.status >= 500:
            return await self._ours(number, Unavailable(self._wire.service, described(answer.status, answer.body)))
        raise self._failure(answer)

    async def owned(self) -> Sequence[OwnedNumber]:
        """Return every number of the account."""
        return await self._list({"PageSize": str(PAGE)})

    async def release(self, number: str) -> None:
        """Give a number back, for good; nothing happens when it is not ours."""
        for one in await self._list({"PhoneNumber": number}):
            if one.number == number:
                answer = await self._wire.delete(f"{self._owned_root}/{one.provider_sid}.json")
                if answer.status not in (204, 404):
                    raise self._failure(answer)

    async def aclose(self) -> None:
        """Give back the connections."""
        await self._wire.aclose()

    async def _ours(self, number: str, otherwise: Refused | Unavailable) -> OwnedNumber:
        """Return the number if it is ours by now, else raise what was seen."""
        for one in await self._list({"PhoneNumber": number}):
            if one.number == number:
                return one
        raise otherwise

    async def _list(self, query: Mapping[str, str]) -> Sequence[OwnedNumber]:
        page = self._good(await self._wire.get(self._owned, query))
        found: list[OwnedNumber] = []
        for _ in range(MOST_PAGES):
            rows = rows_of(page, "incoming_phone_numbers")
            numbers = [_bought(row) for row in rows] if rows is not None else [None]
            if None in numbers:
                raise Unavailable(self._wire.service, "a list of numbers that cannot be read")
            found += [number for number in numbers if number is not None]
            following = page.get("next_page_uri")
            if not following:
                return found
            if not isinstance(following, str) or not following.startswith(f"{self._owned}?"):
                raise Unavailable(self._wire.service, "a next page that is not of this list")
            page = self._good(await self._wire.get(following))
        raise Unavailable(self._wire.service, f"a list of more than {MOST_PAGES} pages")

    def _good(self, answer: Answer) -> Mapping[str, Any]:
        fields = answer.fields()
        if answer.status != 200 or fields is None:
            raise self._failure(answer)
        return fields

    def _failure(self, answer: Answer) -> Refused | Unavailable:
        seen = described(answer.status, answer.body)
        if answer.status in (400, 401, 403, 404):
            reason = "unauthorised" if answer.status in (401, 403) else error_code(answer.fields()) or "bad_request"
            return Refused(self._wire.service, reason, seen)
        return Unavailable(self._wire.service, seen, retry_after_s(answer.headers, self._clock.now()))


def _free(row: Mapping[str, Any]) -> FreeNumber | None:
    number, locality, region = row.get("phone_number"), row.get("locality"), row.get("region")
    if not isinstance(number, str) or not E164.fullmatch(number):
        return None
    return FreeNumber(
        number=number,
        locality=locality if isinstance(locality, str) else None,
        region=region if isinstance(region, str) else None,
    )


def _bought(row: Mapping[str, Any]) -> OwnedNumber | None:
    sid, number = row.get("sid"), row.get("phone_number")
    if not isinstance(sid, str) or not _SID.fullmatch(sid) or not isinstance(number, str) or not E164.fullmatch(number):
        return None
    return OwnedNumber(provider_sid=sid, number=number)
