"""Twilio's answers into our values, without trusting them. Pure: no network and no clock.

Source: `messaging.md` sections 2, 3, 5 and 6.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

from nudge_adapters.sms.codes import RETRY_AFTER_S, TOO_MANY_REQUESTS, UNAUTHORISED, verdict
from nudge_core.model.carrier import Accepted, Doubtful, InboundText, NotSent, ProviderRecord, SendOutcome, TryLater
from nudge_core.model.fields import E164
from nudge_core.model.message import Receipt

MESSAGE_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
MOST_RETRY_AFTER_S = 3_600.0
"""No server's word keeps us still for longer; it will say so again."""

MICROS = 1_000_000
MOST_MICROS = 10**12  # a million of any currency: what is above is no price of a text
_CODE = re.compile(r"[0-9]{4,6}")
_SERVER_FAILURES = frozenset({500, 502, 503, 504})
_RECEIPTS = {receipt.value: receipt for receipt in Receipt} | {"partially_delivered": Receipt.SENT}


def outcome_of(status: int, headers: Mapping[str, str], fields: Mapping[str, Any] | None, now: datetime) -> SendOutcome:
    """Return what a whole answer to "create a message" means.

    Args:
        status: of the answer.
        headers: by lower-case name.
        fields: the body, if it was a JSON object.
        now: to turn a date in Retry-After into seconds.
    """
    if status == 201:
        sid = message_sid(fields)
        if fields is None or sid is None:
            return Doubtful(why="answer 201 that cannot be read")
        return Accepted(provider_sid=sid, receipt=receipt_of(fields.get("status")))
    code = error_code(fields)
    if status == 429:
        usual_s = RETRY_AFTER_S.get(code or TOO_MANY_REQUESTS, RETRY_AFTER_S[TOO_MANY_REQUESTS])
        asked_s = retry_after_s(headers, now)
        return TryLater(why=code or TOO_MANY_REQUESTS, retry_after_s=usual_s if asked_s is None else asked_s)
    if status in (401, 403):
        return TryLater(why=code or UNAUTHORISED, retry_after_s=RETRY_AFTER_S[UNAUTHORISED], lane_stop=True)
    if status in (400, 404) and code is not None:
        return _refused(code, headers, now)
    return Doubtful(why=f"answer {status}", alarm=status not in _SERVER_FAILURES)


def _refused(code: str, headers: Mapping[str, str], now: datetime) -> NotSent | TryLater | Doubtful:
    outcome = verdict(code)
    asked_s = retry_after_s(headers, now)
    if isinstance(outcome, TryLater) and asked_s is not None:
        return TryLater(why=outcome.why, retry_after_s=asked_s, lane_stop=outcome.lane_stop)
    return outcome


def message_sid(fields: Mapping[str, Any] | None) -> str | None:
    """Return the name Twilio gave a text, or None when there is none that looks like one."""
    sid = None if fields is None else fields.get("sid")
    return sid if isinstance(sid, str) and MESSAGE_SID.fullmatch(sid) else None


def error_code(fields: Mapping[str, Any] | None) -> str | None:
    """Return the code of an error in Twilio's shape, or None."""
    code = None if fields is None else fields.get("code")
    text = str(code) if isinstance(code, (int, str)) and not isinstance(code, bool) else ""
    return text if _CODE.fullmatch(text) else None


def receipt_of(status: object) -> Receipt:
    """Return the receipt of a status. A status nobody knows proves no more than that the text was accepted."""
    return _RECEIPTS.get(status, Receipt.ACCEPTED) if isinstance(status, str) else Receipt.ACCEPTED


def record_of(fields: Mapping[str, Any]) -> ProviderRecord | None:
    """Return one text of the list; None for a row that cannot be read."""
    sid, created = message_sid(fields), instant_of(fields.get("date_created"))
    sender, recipient, body = fields.get("from"), fields.get("to"), fields.get("body")
    if sid is None or created is None or not isinstance(sender, str) or not isinstance(recipient, str):
        return None
    price = price_micros(fields.get("price"))
    return ProviderRecord(
        provider_sid=sid,
        sender=sender,
        recipient=recipient,
        body=body if isinstance(body, str) else "",
        receipt=receipt_of(fields.get("status")),
        created_at=created,
        segments=segments_of(fields.get("num_segments")),
        price_micros=price,
        price_currency=None if price is None else _currency(fields.get("price_unit")),
        error_code=_failure_code(fields.get("error_code")),
    )


def inbound_of(fields: Mapping[str, Any]) -> InboundText | None:
    """Return a text of the list that a person sent; None for ours, and for senders that are no phone of a person.

    What came with it stands in a list of its own.
    """
    sid, created = message_sid(fields), instant_of(fields.get("date_created"))
    sender, recipient, body = _phone(fields.get("from")), _phone(fields.get("to")), fields.get("body")
    if sid is None or created is None or fields.get("direction") != "inbound":
        return None
    if sender is None or recipient is None:
        return None
    words = body if isinstance(body, str) else ""
    return InboundText(provider_sid=sid, sender=sender, recipient=recipient, body=words, at=created)


def instant_of(date: object) -> datetime | None:
    """Return the instant of an RFC 2822 date, such as `Fri, 24 May 2019 17:44:46 +0000`."""
    if not isinstance(date, str):
        return None
    try:
        instant = parsedate_to_datetime(date)
        return instant.astimezone(UTC) if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def segments_of(number: object) -> int | None:
    """Return how many parts were billed; None for the `"0"` that is said before a sender was chosen."""
    text = str(number) if isinstance(number, (int, str)) else ""
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) <= 100 else None


def price_micros(price: object) -> int | None:
    """Return what a text cost us, in millionths: Twilio writes `-0.00790` for 7900. None until it is known."""
    if not isinstance(price, (str, int, float)) or isinstance(price, bool):
        return None
    try:
        amount = Decimal(str(price)) * MICROS
    except InvalidOperation:
        return None
    return -round(amount) if amount.is_finite() and abs(amount) <= MOST_MICROS else None


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds to wait that a Retry-After header asks for, 0 to 3,600; None without one."""
    given = headers.get("retry-after", "").strip()
    try:
        seconds = float(given)
    except ValueError:
        instant = instant_of(given)
        if instant is None:
            return None
        seconds = (instant - now).total_seconds()
    return min(max(seconds, 0.0), MOST_RETRY_AFTER_S) if math.isfinite(seconds) else None


def rows_of(fields: Mapping[str, Any] | None, name: str) -> list[Mapping[str, Any]] | None:
    """Return the rows of a page of a list; None when this is no page of it."""
    rows = None if fields is None else fields.get(name)
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def described(status: int, body: bytes) -> str:
    """Return status and code of a failed answer, for an error: never the words, which may name people."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    code = error_code(fields if isinstance(fields, dict) else None)
    return f"answer {status}" + (f", code {code}" if code else "")


def _failure_code(code: object) -> str | None:
    return error_code({"code": code}) if code is not None else None


def _currency(text: object) -> str | None:
    return text.upper() if isinstance(text, str) and len(text) == 3 and text.isascii() and text.isalpha() else None


def _phone(text: object) -> str | None:
    return text if isinstance(text, str) and E164.fullmatch(text) else None
