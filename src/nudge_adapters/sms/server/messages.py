"""The Messages resource: create, list, fetch, redact. Shapes as Twilio's OpenAPI file has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from nudge_adapters.sms import codes
from nudge_adapters.sms.carrier import MOST_VALIDITY_S, Rejected, SimulatedCarrier
from nudge_adapters.sms.ledger import UNNAMED, AcceptedText
from nudge_adapters.sms.server.settings import (
    API,
    API_VERSION,
    NOT_FOUND,
    Fields,
    Reply,
    Request,
    named_by,
    page,
    paging,
    refusal,
    reply,
)
from nudge_core.model.carrier import InboundText, OutgoingText, ProviderRecord
from nudge_core.model.fields import E164
from nudge_core.model.message import Receipt
from nudge_core.policy.segments import segments

CANNOT_CANCEL = "30409"
NO_SENDER_IN_SERVICE = "21704"
MOST_CALLBACK = 4_000  # characters, messaging.md section 2
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")


@frozen(kw_only=True)
class Creation:
    """A request that is well formed: the text, and what came with it."""

    text: OutgoingText
    callback: str | None
    service: str | None


class Messages:
    """The resource of one account over a carrier's books."""

    def __init__(self, account: str, carrier: SimulatedCarrier) -> None:
        self._account, self._carrier = account, carrier
        self._root = f"{API}/{account}/Messages"

    def read(self, form: Fields, attempt: int, senders: Callable[[], tuple[str, ...]]) -> Creation | Reply:
        """Return what a form asks for, or the refusal.

        Args:
            form: fields of the request.
            attempt: what names the attempt where the callback's address does not.
            senders: gives the numbers of the account, to choose from where only a service is named.
        """
        service, sender, recipient = form.get("MessagingServiceSid"), form.get("From"), form.get("To")
        if not recipient:
            return refusal(400, codes.NO_TO)
        if service is not None and not _SERVICE.fullmatch(service):
            return refusal(400, "21701")
        if not sender and service is not None:
            pool = senders()
            if not pool:
                return refusal(400, NO_SENDER_IN_SERVICE)
            sender = pool[0]
        if not sender:
            return refusal(400, codes.NO_FROM)
        if not E164.fullmatch(recipient):
            return refusal(400, codes.INVALID_TO)
        if not E164.fullmatch(sender):
            return refusal(400, codes.INVALID_FROM)
        callback = form.get("StatusCallback") or None
        if callback is not None and not _is_callback(callback):
            return refusal(400, codes.BAD_CALLBACK)
        validity = form.get("ValidityPeriod", str(MOST_VALIDITY_S))
        if not validity.isdigit():
            return refusal(400, codes.BAD_VALIDITY)
        message_id, nth = named_by(callback) or (UNNAMED, attempt)
        text = OutgoingText(
            user_id=UNNAMED,
            message_id=message_id,
            attempt=nth,
            sender=sender,
            recipient=recipient,
            body=form.get("Body", ""),
            valid_for_s=int(validity),
        )
        return Creation(text=text, callback=callback, service=service)

    def accept(self, creation: Creation, now: datetime) -> Reply:
        """Hand the text to the carrier and answer as it says."""
        text = creation.text
        answer = self._carrier.submit(text, now, callback=creation.callback, service=creation.service)
        if isinstance(answer, Rejected):
            status = 429 if answer.code == codes.TOO_MANY_REQUESTS else 400
            return refusal(status, answer.code)
        fields = self._fields(answer.sid, text.sender, text.recipient, text.body, now, "outbound-api", creation.service)
        fields["status"] = "queued" if creation.service is None else "accepted"
        if creation.service is not None:
            fields["num_segments"] = "0"
        return reply(fields, 201)

    def arrive_late(self, creation: Creation, now: datetime, arrives: datetime) -> None:
        """Let the carrier get the text only later."""
        self._carrier.submit_late(creation.text, now, arrives, callback=creation.callback, service=creation.service)

    def answer(self, request: Request, now: datetime) -> Reply:
        """Answer a request for the list or for one message."""
        if request.path == f"{self._root}.json":
            return self._list(request, now)
        sid, _, rest = request.path.removeprefix(f"{self._root}/").partition("/")
        found = self._carrier.lookup(sid.removesuffix(".json"), now)
        if found is None:
            return NOT_FOUND
        if rest == "Media.json":
            return self._media(found)
        if request.method == "POST":
            return self._update(found, request.form, now)
        return reply(self._shown(found, now))

    def _list(self, request: Request, now: datetime) -> Reply:
        sender, recipient = request.query.get("From"), request.query.get("To")
        texts = self._carrier.matching(sender, recipient, now)
        number, size = paging(request.query)
        start = number * size
        rows = [self._shown(text, now) for text in texts[start : start + size]]
        return page("messages", rows, f"{self._root}.json", request.query, number, len(texts) > start + size)

    def _update(self, found: AcceptedText | InboundText, form: Fields, now: datetime) -> Reply:
        if form.get("Status"):
            return refusal(409, CANNOT_CANCEL)
        if form.get("Body") == "" and isinstance(found, AcceptedText):
            self._carrier.redact(found.sid, now)
        return reply(self._shown(found, now))

    def _media(self, found: AcceptedText | InboundText) -> Reply:
        media = found.media if isinstance(found, InboundText) else ()
        sid = found.provider_sid if isinstance(found, InboundText) else found.sid
        rows: list[Mapping[str, Any]] = [
            {
                "sid": f"ME{index:032x}",
                "account_sid": self._account,
                "parent_sid": sid,
                "content_type": one.content_type,
                "uri": f"{self._root}/{sid}/Media/ME{index:032x}.json",
            }
            for index, one in enumerate(media)
        ]
        return page("media_list", rows, f"{self._root}/{sid}/Media.json", {}, 0, False)

    def _shown(self, found: AcceptedText | InboundText, now: datetime) -> Mapping[str, Any]:
        if isinstance(found, InboundText):
            fields = self._fields(
                found.provider_sid, found.sender, found.recipient, found.body, found.at, "inbound", None
            )
            return fields | {"status": "received", "num_media": str(len(found.media))}
        record = self._carrier.fetch(found.sid, now)
        assert record is not None
        fields = self._fields(
            record.provider_sid, record.sender, record.recipient, record.body, found.at, "outbound-api", found.service
        )
        return fields | _outcome(record)

    def _fields(
        self, sid: str, sender: str, recipient: str, body: str, at: datetime, direction: str, service: str | None
    ) -> dict[str, Any]:
        date = format_datetime(at.replace(microsecond=0))
        return {
            "account_sid": self._account,
            "api_version": API_VERSION,
            "body": body,
            "date_created": date,
            "date_sent": None,
            "date_updated": date,
            "direction": direction,
            "error_code": None,
            "error_message": None,
            "from": sender,
            "messaging_service_sid": service,
            "num_media": "0",
            "num_segments": str(segments(body).parts),
            "price": None,
            "price_unit": "USD",
            "sid": sid,
            "status": "queued",
            "subresource_uris": {"media": f"{self._root}/{sid}/Media.json"},
            "tags": None,
            "to": recipient,
            "uri": f"{self._root}/{sid}.json",
        }


def _outcome(record: ProviderRecord) -> dict[str, Any]:
    """Return the fields that change while a text is on its way."""
    price = None if record.price_micros is None else f"-{record.price_micros / 1_000_000:.5f}"
    sent = record.receipt.rank >= Receipt.SENT.rank
    return {
        "status": record.receipt.value,
        "error_code": None if record.error_code is None else int(record.error_code),
        "price": price,
        "date_sent": format_datetime(record.created_at) if sent else None,
    }


def _is_callback(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https") and bool(host) and "_" not in (host or "") and len(address) <= MOST_CALLBACK
    )
