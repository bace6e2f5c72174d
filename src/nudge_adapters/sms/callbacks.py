"""The addresses that a carrier calls back: where they are, and the mark by which we know our own.

A status callback's address is the only thing we give a carrier that comes back to us, so it names the message and the
attempt, under a keyed hash: an address that was made up is told apart without asking the database.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

from attrs import field, frozen

STATUS_PATH = "/webhooks/twilio/status"
INBOUND_PATH = "/webhooks/twilio/inbound"
FALLBACK_PATH = "/webhooks/twilio/fallback"
ATTEMPT, MARK = "a", "k"
"""Names in the query of a status callback."""

RETRIES = "#rc=5&rp=5xx,ct,rt"
"""Connection overrides in the address's fragment: five tries, also on 5xx and time-outs. Source: `messaging.md` 4.3."""

_MARK_DIGITS = 32  # 128 bits


@frozen(kw_only=True)
class Callbacks:
    """Addresses of one installation. `base`: scheme and host the carrier sees, without a slash at the end."""

    base: str
    key: bytes = field(repr=False)

    def status_path(self, message_id: UUID, attempt: int) -> str:
        """Return path and query of the status callback of one attempt."""
        return f"{STATUS_PATH}/{message_id}?{ATTEMPT}={attempt}&{MARK}={self.mark(message_id, attempt)}"

    def status(self, message_id: UUID, attempt: int) -> str:
        """Return the address to give the carrier with a text."""
        return f"{self.base}{self.status_path(message_id, attempt)}{RETRIES}"

    def mark(self, message_id: UUID, attempt: int) -> str:
        """Return the keyed hash that an address of ours carries."""
        return hmac.new(self.key, f"{message_id}:{attempt}".encode(), hashlib.sha256).hexdigest()[:_MARK_DIGITS]

    def is_ours(self, message_id: UUID, attempt: int, mark: str) -> bool:
        """Say whether an address with this mark was made by us."""
        return hmac.compare_digest(self.mark(message_id, attempt).encode(), mark.encode("utf-8", "surrogatepass"))
