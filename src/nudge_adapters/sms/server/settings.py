"""How the server behaves, and the requests and replies that its parts pass to each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias
from uuid import UUID

from attrs import field, frozen

from nudge_adapters.sms.carrier import CarrierSettings
from nudge_adapters.sms.faults import FaultPlan
from nudge_core.model.secret import Secret

Fields: TypeAlias = Mapping[str, str]
API = "/2010-04-01/Accounts"
API_VERSION = "2010-04-01"


@frozen(kw_only=True)
class ServerSettings:
    """One account at the carrier.

    `token` opens the account and signs webhooks; `api_key` and `api_secret` open it as well. `inbound_url` and
    `fallback_url`: where texts to our numbers are told, unless a number has an address of its own. `latency_s`: what
    an ordinary answer takes. `signs_fragment`: whether the
    `#rc=...` of an address is part of what is signed: not known of Twilio (`messaging.md` 17). `advanced_opt_out`:
    webhooks carry OptOutType. `webhook_slots`: webhooks under way at once. `retry_pause_s`: between their tries.
    `owned_only`: refuse to send from a number that was not bought (21606).
    """

    account: str = field(repr=False)
    token: Secret
    api_key: str | None = field(default=None, repr=False)
    api_secret: Secret | None = None
    inbound_url: str | None = None
    fallback_url: str | None = None
    carrier: CarrierSettings = field(factory=CarrierSettings)
    faults: FaultPlan = field(factory=FaultPlan)
    latency_s: float = 0.0
    signs_fragment: bool = False
    advanced_opt_out: bool = False
    webhook_slots: int = 16
    retry_pause_s: float = 0.2
    owned_only: bool = False


@frozen(kw_only=True)
class Request:
    """What a client asked: `path` without the query, values decoded, the last one of each name."""

    method: str
    path: str = field(repr=False)
    query: Fields = field(repr=False)
    form: Fields = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@frozen(kw_only=True)
class Reply:
    """What goes back."""

    status: int
    body: bytes = field(repr=False)
    headers: Fields = field(factory=dict)


def reply(fields: Mapping[str, Any], status: int = 200, headers: Fields | None = None) -> Reply:
    """Return a JSON answer."""
    return Reply(status=status, body=json.dumps(fields, separators=(",", ":")).encode(), headers=dict(headers or {}))


def refusal(status: int, code: str, headers: Fields | None = None) -> Reply:
    """Return an error in Twilio's shape."""
    fields = {
        "code": int(code),
        "message": f"Refused with code {code}",
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return reply(fields, status, headers)


NOT_FOUND = refusal(404, "20404")
BAD_METHOD = refusal(405, "20004")


def page(name: str, rows: list[Mapping[str, Any]], path: str, query: Fields, number: int, more: bool) -> Reply:
    """Return one page of a list, with the address of the next one in `next_page_uri`."""
    from urllib.parse import urlencode

    def link(to: int) -> str:
        return f"{path}?{urlencode({**query, 'Page': str(to)})}"

    fields = {
        name: rows,
        "page": number,
        "page_size": len(rows),
        "uri": link(number),
        "first_page_uri": link(0),
        "next_page_uri": link(number + 1) if more else None,
        "previous_page_uri": link(number - 1) if number else None,
        "start": 0,
        "end": max(len(rows) - 1, 0),
    }
    return reply(fields)


def paging(query: Fields, most: int = 1_000) -> tuple[int, int]:
    """Return number (from 0) and size of the page that is asked for."""
    size, number = query.get("PageSize", "50"), query.get("Page", "0")
    return (
        int(number) if number.isdigit() else 0,
        min(max(int(size) if size.isdigit() else 50, 1), most),
    )


def named_by(callback: str | None) -> tuple[UUID, int] | None:
    """Return message and attempt that a status callback's address names, as `callbacks.Callbacks` writes it."""
    from urllib.parse import parse_qs, urlsplit

    from nudge_adapters.sms.callbacks import ATTEMPT

    if callback is None:
        return None
    parts = urlsplit(callback)
    try:
        return UUID(parts.path.rpartition("/")[2]), int(parse_qs(parts.query).get(ATTEMPT, ["1"])[0])
    except ValueError:
        return None
