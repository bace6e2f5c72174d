"""What Twilio's forms say: fields of a webhook into an event. Source: `messaging.md` 3 and 4.1.

Pure. The form is a claim about everything but the message it names: whose it is follows from our own data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias
from urllib.parse import parse_qsl
from uuid import UUID

from nudge_core.errors import Invalid
from nudge_core.model.carrier import CarrierKeyword, InboundText, ReceiptNews
from nudge_core.model.carrier_event import RECEIVED, SID_CHARACTERS, STATUS_CHARACTERS, Arrival, EventKind
from nudge_core.model.fields import E164
from nudge_core.model.json import Json, storable
from nudge_core.model.message import Media, Receipt

Fields: TypeAlias = Sequence[tuple[str, str]]

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 1_000
MOST_MEDIA = 10  # Twilio's own limit of one text
TOKEN_CHARACTERS = 200
_CODE = re.compile(r"[1-9][0-9]{2,9}")


def form_fields(body: bytes) -> Fields:
    """Return the pairs of a form in their order, blank ones kept: they are signed.

    A byte that is no UTF-8 becomes half of a surrogate pair, so that no two bodies read alike. Raises Invalid.
    """
    try:
        return parse_qsl(
            body.decode("utf-8", "surrogateescape"),
            keep_blank_values=True,
            errors="surrogateescape",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise Invalid("form", f"at most {MOST_FIELDS} fields") from error


def json_fields(body: bytes) -> Fields:
    """Return the members of a JSON object of texts and numbers as a form's pairs. Raises Invalid."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Invalid("body", "JSON") from error
    if not isinstance(told, dict):
        raise Invalid("body", "a JSON object", told)
    return [(name, "" if value is None else str(value)) for name, value in told.items()]


def status_arrival(fields: Fields, message_id: UUID, token: str | None, now: datetime) -> Arrival:
    """Return the event of a status callback for this text of ours. Raises Invalid when it names no event."""
    given = _first(fields)
    status = given.get("MessageStatus") or given.get("SmsStatus", "")
    sid = _sid(given)
    news, unread = None, None
    try:
        code, sender = given.get("ErrorCode", ""), given.get("From", "")
        news = ReceiptNews(
            provider_sid=sid,
            receipt=Receipt(status),
            at=now,
            sender=sender if E164.fullmatch(sender) else None,
            message_id=message_id,
            error_code=code if _CODE.fullmatch(code) else None,
        )
    except ValueError:
        unread = "a status that is not known"
    return _arrival(EventKind.STATUS, sid, _bounded(status, STATUS_CHARACTERS), news, unread, given, fields, token)


def inbound_arrival(fields: Fields, token: str | None, now: datetime) -> Arrival:
    """Return the event of a text that somebody sent us. Raises Invalid when it names no event."""
    given = _first(fields)
    sid = _sid(given)
    news, unread = None, None
    keyword = given.get("OptOutType", "")
    try:
        news = InboundText(
            provider_sid=sid,
            sender=given.get("From", ""),
            recipient=given.get("To", ""),
            body=given.get("Body", ""),
            at=now,
            media=tuple(_media(given)),
            keyword=CarrierKeyword(keyword) if keyword in set(CarrierKeyword) else None,
        )
    except Invalid as error:  # a short code, or a channel that is no phone
        unread = f"{error.field}: {error.rule}"
    return _arrival(EventKind.INBOUND, sid, RECEIVED, news, unread, given, fields, token)


def _arrival(
    kind: EventKind,
    sid: str,
    status: str,
    news: ReceiptNews | InboundText | None,
    unread: str | None,
    given: Mapping[str, str],
    fields: Fields,
    token: str | None,
) -> Arrival:
    account = given.get("AccountSid")
    return Arrival(
        kind=kind,
        provider_sid=sid,
        status=status,
        news=news,
        unread=unread,
        account=None if account is None else storable(account)[:SID_CHARACTERS],
        token=None if token is None else storable(token)[:TOKEN_CHARACTERS],
        raw=_raw(fields),
    )


def _sid(given: Mapping[str, str]) -> str:
    return _bounded(given.get("MessageSid") or given.get("SmsSid", ""), SID_CHARACTERS)


def _bounded(text: str, at_most: int) -> str:
    if not text.isascii() or not text.isprintable() or not 0 < len(text.strip()) <= len(text) <= at_most:
        raise Invalid("webhook", f"1 to {at_most} plain characters", text)
    return text


def _first(fields: Fields) -> Mapping[str, str]:
    """Return the fields by name; of several of one name the first."""
    return dict(reversed(fields))


def _raw(fields: Fields) -> Mapping[str, Json]:
    """Return the form as a JSON object: a text per name, a list where a name comes twice."""
    several: dict[str, list[str]] = {}
    for name, value in fields:
        several.setdefault(storable(name), []).append(storable(value))
    return {name: values[0] if len(values) == 1 else values for name, values in several.items()}


def _media(given: Mapping[str, str]) -> Iterable[Media]:
    count = given.get("NumMedia", "")
    told = int(count) if count.isascii() and count.isdigit() and len(count) <= len(str(MOST_MEDIA)) else 0
    for number in range(min(told, MOST_MEDIA)):
        try:
            yield Media(
                url=storable(given.get(f"MediaUrl{number}", "")),
                content_type=storable(given.get(f"MediaContentType{number}", "")),
            )
        except Invalid:  # its words arrived; an address that cannot be one is in the raw form
            continue
