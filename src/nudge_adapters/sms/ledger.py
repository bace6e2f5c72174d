"""What the simulated carrier has accepted, as journal entries and as values."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen

from nudge_adapters.sms.journal import Entry
from nudge_core.model.carrier import InboundText, OutgoingText
from nudge_core.model.message import Media

UNNAMED = UUID(int=0)


@frozen(kw_only=True)
class AcceptedText:
    """One line of the ledger. `callback`: where its status is to be told; `service`: the Messaging Service it names.

    A text that came over the wire names its message by the address of its callback alone: without one, `message_id`
    is `UNNAMED`.
    """

    sid: str
    at: datetime
    user_id: UUID
    message_id: UUID
    attempt: int
    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    body: str = field(repr=False)
    valid_for_s: int
    callback: str | None = field(default=None, repr=False)
    service: str | None = field(default=None, repr=False)


def request_entry(text: OutgoingText, callback: str | None = None, service: str | None = None) -> Entry:
    given = {"callback": callback, "service": service}
    return {name: value for name, value in given.items() if value is not None} | {
        "user_id": str(text.user_id),
        "message_id": str(text.message_id),
        "attempt": text.attempt,
        "sender": text.sender,
        "recipient": text.recipient,
        "body": text.body,
        "valid_for_s": text.valid_for_s,
    }


def request_of(request: Entry) -> OutgoingText:
    return OutgoingText(
        user_id=UUID(request["user_id"]),
        message_id=UUID(request["message_id"]),
        attempt=request["attempt"],
        sender=request["sender"],
        recipient=request["recipient"],
        body=request["body"],
        valid_for_s=request["valid_for_s"],
    )


def accepted_of(entry: Entry) -> AcceptedText:
    text = request_of(entry)
    return AcceptedText(
        sid=entry["sid"],
        at=datetime.fromisoformat(entry["at"]),
        user_id=text.user_id,
        message_id=text.message_id,
        attempt=text.attempt,
        sender=text.sender,
        recipient=text.recipient,
        body=text.body,
        valid_for_s=text.valid_for_s,
        callback=entry.get("callback"),
        service=entry.get("service"),
    )


def inbound_of(entry: Entry) -> InboundText:
    return InboundText(
        provider_sid=entry["sid"],
        sender=entry["sender"],
        recipient=entry["recipient"],
        body=entry["body"],
        at=datetime.fromisoformat(entry["at"]),
        media=tuple(Media(url=url, content_type=kind) for url, kind in entry.get("media", ())),
    )
