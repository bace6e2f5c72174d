"""A gateway for developers: prints every text and accepts it. Nothing leaves the machine."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from datetime import datetime

from nudge_adapters.sms.codes import NO_BODY
from nudge_core.model.carrier import Accepted, InboundText, NotSent, OutgoingText, ProviderRecord, SendOutcome
from nudge_core.model.message import Receipt
from nudge_core.ports.services import Clock

SHOWN_DIGITS = 2
"""Of a phone only the last two digits are ever shown. Source: `reliability.md` 9.5."""


class ConsoleGateway:
    """Accepts everything that has words, and remembers it for as long as the process lives."""

    def __init__(self, clock: Clock, write: Callable[[str], object] = sys.stdout.write) -> None:
        self._clock = clock
        self._write = write
        self._accepted: list[ProviderRecord] = []

    async def send(self, text: OutgoingText) -> SendOutcome:
        """Print one text with its recipient masked."""
        if not text.body:
            return NotSent(code=NO_BODY)
        named = f"{text.message_id}:{text.attempt}:{len(self._accepted)}"
        record = ProviderRecord(
            provider_sid="SM" + hashlib.sha256(named.encode()).hexdigest()[:32],
            sender=text.sender,
            recipient=text.recipient,
            body=text.body,
            receipt=Receipt.SENT,
            created_at=self._clock.now(),
        )
        self._write(f"{text.message_id} to {masked(text.recipient)}: {text.body}\n")
        self._accepted.append(record)
        return Accepted(provider_sid=record.provider_sid, receipt=record.receipt)

    async def find(self, sender: str, recipient: str, since: datetime) -> Sequence[ProviderRecord]:
        """Return what this process has printed for this pair since then, oldest first."""
        return [
            record
            for record in self._accepted
            if (record.sender, record.recipient) == (sender, recipient) and record.created_at >= since
        ]

    async def fetch(self, provider_sid: str) -> ProviderRecord | None:
        """Return what this process has printed under that name."""
        return next((record for record in self._accepted if record.provider_sid == provider_sid), None)

    async def received(self, recipient: str, since: datetime) -> Sequence[InboundText]:  # noqa: ARG002  as the port
        """Return nothing: nobody can write to a console."""
        return []

    async def ping(self) -> str:
        """Return one line."""
        return f"console, {len(self._accepted)} texts printed"

    async def aclose(self) -> None:
        """Nothing is held."""


def masked(phone: str) -> str:
    """Return stars and the last two digits."""
    return "*" * (len(phone) - SHOWN_DIGITS) + phone[-SHOWN_DIGITS:]
