"""What carriers told us."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec

from nudge_adapters.sql.rows.values import NewRow, Row, json_from, to_object
from nudge_core.model.carrier import CarrierKeyword, CarrierNews, InboundText, ReceiptNews
from nudge_core.model.carrier_event import Arrival, CarrierEvent, EventKind
from nudge_core.model.message import Media, Receipt


def event_to_row(event: CarrierEvent) -> NewRow:
    """Return the row of an event."""
    told = event.arrival
    return {
        "id": event.id,
        "user_id": event.user_id,
        "kind": told.kind.value,
        "provider_sid": told.provider_sid,
        "status": told.status,
        "account": told.account,
        "token": told.token,
        "raw": to_object(told.raw),
        "news": None if told.news is None else msgspec.to_builtins(told.news),
        "unread": told.unread,
        "received_at": event.received_at,
        "handled_at": event.handled_at,
        "error": event.error,
    }


def event_from_row(row: Row) -> CarrierEvent:
    """Return an event."""
    kind = EventKind(row["kind"])
    arrival = Arrival(
        kind=kind,
        provider_sid=row["provider_sid"],
        status=row["status"],
        news=None if row["news"] is None else _news(kind, row["news"]),
        unread=row["unread"],
        account=row["account"],
        token=row["token"],
        raw=json_from(row["raw"]),
    )
    return CarrierEvent(
        id=row["id"],
        arrival=arrival,
        received_at=row["received_at"],
        user_id=row["user_id"],
        handled_at=row["handled_at"],
        error=row["error"],
    )


def _news(kind: EventKind, stored: object) -> CarrierNews:
    values = dict(cast("dict[str, Any]", stored))  # Any: the entity's own validators judge
    values["at"] = datetime.fromisoformat(values["at"])
    if kind is EventKind.STATUS:
        values["receipt"] = Receipt(values["receipt"])
        values["message_id"] = None if values["message_id"] is None else UUID(values["message_id"])
        return ReceiptNews(**values)
    values["media"] = tuple(Media(**one) for one in values["media"])
    values["keyword"] = None if values["keyword"] is None else CarrierKeyword(values["keyword"])
    return InboundText(**values)
