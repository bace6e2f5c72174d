"""What the simulated carrier has accepted, as journal entries and as values."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen

from nudge_adapters.sms.journal import Entry
from nudge_core.model.carrier import InboundText, OutgoingText


@frozen(kw_only=True)
class AcceptedText:
    """One line of the ledger."""

    sid: str
    at: datetime
    user_id: UUID
    message_id: UUID
    attempt: int
    sender: str
    recipient: str
    body: str = field(repr=False)
    valid_for_s: int


def request_entry(text: OutgoingText) -> Entry:
    return {
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
    )


def inbound_of(entry: Entry) -> InboundText:
    return InboundText(
        provider_sid=entry["sid"],
        sender=entry["sender"],
        recipient=entry["recipient"],
        body=entry["body"],
        at=datetime.fromisoformat(entry["at"]),
    )
