"""Telephone numbers for sale and bought: AvailablePhoneNumbers and IncomingPhoneNumbers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from attrs import evolve, field, frozen

from nudge_adapters.sms.carrier import SimulatedCarrier
from nudge_adapters.sms.codes import NUMBER_NOT_AVAILABLE
from nudge_adapters.sms.journal import Entry
from nudge_adapters.sms.server.settings import (
    API,
    API_VERSION,
    BAD_METHOD,
    NOT_FOUND,
    Fields,
    Reply,
    Request,
    page,
    paging,
    refusal,
    reply,
)

NONE_IN_AREA_CODE = "21452"
FOR_SALE = range(100, 120)
"""Subscriber numbers 0100 to 0119 of exchange 555 are for sale in every area code: reserved for fiction."""

AREA_CODES: Mapping[str, tuple[str, str]] = {
    "512": ("Austin", "TX"),
    "737": ("Austin", "TX"),
    "214": ("Dallas", "TX"),
    "713": ("Houston", "TX"),
    "303": ("Denver", "CO"),
    "415": ("San Francisco", "CA"),
    "212": ("New York", "NY"),
    "305": ("Miami", "FL"),
}
"""Where numbers can be had; `AvailablePhoneNumbers` of any other area code is an empty list."""


@frozen(kw_only=True)
class Owned:
    """A number of the account and the addresses that texts to it are told to."""

    sid: str
    number: str = field(repr=False)
    at: datetime
    sms_url: str = ""
    fallback_url: str = ""
    name: str = field(default="", repr=False)


class NumberBook:
    """What is owned, rebuilt from the carrier's journal."""

    def __init__(self) -> None:
        self._owned: dict[str, Owned] = {}

    def learn(self, entry: Entry) -> None:
        """Take in one entry of the journal."""
        if entry["kind"] == "number":
            self._owned[entry["sid"]] = Owned(
                sid=entry["sid"],
                number=entry["number"],
                at=datetime.fromisoformat(entry["at"]),
                sms_url=entry["sms_url"],
                fallback_url=entry["fallback_url"],
                name=entry["name"],
            )
        elif entry["kind"] == "released":
            self._owned.pop(entry["sid"], None)

    def all(self) -> tuple[Owned, ...]:
        """Return every number of the account, in order of purchase."""
        return tuple(sorted(self._owned.values(), key=lambda owned: (owned.at, owned.sid)))

    def by_sid(self, sid: str) -> Owned | None:
        """Return a number by its name."""
        return self._owned.get(sid)

    def by_number(self, number: str) -> Owned | None:
        """Return a number by itself."""
        return next((owned for owned in self._owned.values() if owned.number == number), None)


class Numbers:
    """Both resources of one account."""

    def __init__(self, account: str, book: NumberBook, carrier: SimulatedCarrier) -> None:
        self._book, self._carrier, self._account = book, carrier, account
        self._owned_root = f"{API}/{account}/IncomingPhoneNumbers"
        self._free_root = f"{API}/{account}/AvailablePhoneNumbers/US/Local.json"

    def answer(self, request: Request, now: datetime) -> Reply:
        """Answer a request for either resource."""
        if request.path == self._free_root:
            return self._search(request)
        if request.path == f"{self._owned_root}.json":
            return self._buy(request.form, now) if request.method == "POST" else self._list(request)
        sid = request.path.removeprefix(f"{self._owned_root}/").removesuffix(".json")
        owned = self._book.by_sid(sid)
        if owned is None:
            return NOT_FOUND
        if request.method == "DELETE":
            self._carrier.note({"kind": "released", "sid": sid}, now)
            return Reply(status=204, body=b"")
        if request.method == "POST":
            self._store(_with_urls(owned, request.form), now)
            owned = self._book.by_sid(sid) or owned
        return reply(self._shown(owned)) if request.method in ("GET", "POST") else BAD_METHOD

    def _search(self, request: Request) -> Reply:
        found = [number for number in _for_sale(request.query) if self._book.by_number(number) is None]
        _, size = paging(request.query)
        rows = [self._free(number) for number in found[:size]]
        return reply({"available_phone_numbers": rows, "uri": self._free_root})

    def _buy(self, form: Fields, now: datetime) -> Reply:
        number, area_code = form.get("PhoneNumber"), form.get("AreaCode")
        if number is None:
            free = [one for one in _for_sale({"AreaCode": area_code or ""}) if self._book.by_number(one) is None]
            if not free:
                return refusal(400, NONE_IN_AREA_CODE)
            number = free[0]
        if self._book.by_number(number) is not None or number not in _for_sale({"AreaCode": number[2:5]}):
            return refusal(400, NUMBER_NOT_AVAILABLE)
        digest = hashlib.sha256(f"{self._account}:{number}:{now.isoformat()}".encode()).hexdigest()
        self._store(_with_urls(Owned(sid="PN" + digest[:32], number=number, at=now), form), now)
        owned = self._book.by_number(number)
        assert owned is not None
        return reply(self._shown(owned), 201)

    def _store(self, owned: Owned, now: datetime) -> None:
        entry = {"kind": "number", "sid": owned.sid, "number": owned.number, "at": owned.at.isoformat()}
        urls = {"sms_url": owned.sms_url, "fallback_url": owned.fallback_url, "name": owned.name}
        self._carrier.note(entry | urls, now)

    def _list(self, request: Request) -> Reply:
        wanted = request.query.get("PhoneNumber")
        owned = [one for one in self._book.all() if wanted in (None, one.number)]
        number, size = paging(request.query)
        start = number * size
        rows: list[Mapping[str, Any]] = [self._shown(one) for one in owned[start : start + size]]
        path = f"{self._owned_root}.json"
        return page("incoming_phone_numbers", rows, path, request.query, number, len(owned) > start + size)

    def _free(self, number: str) -> Mapping[str, Any]:
        city, state = AREA_CODES[number[2:5]]
        return {
            "friendly_name": f"({number[2:5]}) {number[5:8]}-{number[8:]}",
            "phone_number": number,
            "lata": None,
            "locality": city,
            "rate_center": city.upper(),
            "latitude": None,
            "longitude": None,
            "region": state,
            "postal_code": None,
            "iso_country": "US",
            "address_requirements": "none",
            "beta": False,
            "capabilities": {"voice": True, "SMS": True, "MMS": True, "fax": False},
        }

    def _shown(self, owned: Owned) -> Mapping[str, Any]:
        date = format_datetime(owned.at.replace(microsecond=0))
        return {
            "sid": owned.sid,
            "account_sid": self._account,
            "api_version": API_VERSION,
            "phone_number": owned.number,
            "friendly_name": owned.name or owned.number,
            "sms_url": owned.sms_url,
            "sms_method": "POST",
            "sms_fallback_url": owned.fallback_url,
            "sms_fallback_method": "POST",
            "status_callback": "",
            "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
            "status": "in-use",
            "origin": "twilio",
            "beta": False,
            "date_created": date,
            "date_updated": date,
            "uri": f"{self._owned_root}/{owned.sid}.json",
        }


def _with_urls(owned: Owned, form: Fields) -> Owned:
    return evolve(
        owned,
        sms_url=form.get("SmsUrl", owned.sms_url),
        fallback_url=form.get("SmsFallbackUrl", owned.fallback_url),
        name=form.get("FriendlyName", owned.name),
    )


def _for_sale(query: Fields) -> list[str]:
    """Return the numbers on offer by area code, by state, or near another number (its area code)."""
    near = re.fullmatch(r"\+1(\d{3})\d{7}", query.get("NearNumber", ""))
    wanted = query.get("AreaCode") or (near.group(1) if near else None)
    state = query.get("InRegion")
    codes = [code for code, (_, its) in AREA_CODES.items() if wanted in (None, code) and state in (None, its)]
    return [f"+1{code}555{last:04d}" for code in codes for last in FOR_SALE]
