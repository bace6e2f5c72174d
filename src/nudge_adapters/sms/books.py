"""What a carrier remembers of texts, and how it shows them: the list, single texts, and who has said stop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from nudge_adapters.sms.codes import VALIDITY_EXPIRED
from nudge_adapters.sms.fate import Fate
from nudge_adapters.sms.ledger import AcceptedText
from nudge_core.model.carrier import InboundText, ProviderRecord
from nudge_core.model.message import Receipt
from nudge_core.policy.opt_out import is_carrier_start, is_carrier_stop
from nudge_core.policy.segments import segments

SEGMENT_MICROS = 7_900
"""Price of one part in millionths of a dollar, about what a US long code costs. Invented, but of the right size."""


class Books:
    """Texts of both directions.

    Args:
        fate: what becomes of an accepted text.
        list_lag_s: seconds until a text shows in the list; a single text is shown at once.
    """

    def __init__(self, fate: Callable[[AcceptedText], Fate], list_lag_s: float) -> None:
        self.accepted: list[AcceptedText] = []
        self._received: list[InboundText] = []
        self._by_sid: dict[str, AcceptedText] = {}
        self._by_pair: dict[tuple[str, str], list[AcceptedText]] = defaultdict(list)
        self._texts_to: dict[str, int] = defaultdict(int)
        self._words: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
        self._redacted: set[str] = set()
        self._fate, self._lag = fate, timedelta(seconds=list_lag_s)

    def accept(self, text: AcceptedText) -> int:
        """Take in an accepted text; returns the how many-th to this phone it is."""
        self.accepted.append(text)
        self._by_sid[text.sid] = text
        self._by_pair[(text.sender, text.recipient)].append(text)
        self._texts_to[text.recipient] += 1
        return self._texts_to[text.recipient]

    def hear(self, inbound: InboundText) -> None:
        """Take in what a person wrote; a carrier minds its own words."""
        self._received.append(inbound)
        for word, is_said in (("stop", is_carrier_stop), ("start", is_carrier_start)):
            if is_said(inbound.body):
                self._words[(inbound.sender, inbound.recipient)].append((inbound.at, word))

    def redact(self, sid: str) -> None:
        """Show no words of this text any more."""
        self._redacted.add(sid)

    def is_blocked(self, sender: str, recipient: str, now: datetime) -> bool:
        """Say whether `recipient` has told `sender` to stop, and not to start again."""
        words = [entry for entry in self._words.get((recipient, sender), ()) if entry[0] <= now]
        return bool(words) and max(words)[1] == "stop"

    def listing(self, sender: str, recipient: str, since: datetime, now: datetime) -> Sequence[ProviderRecord]:
        """Return what the list shows of this pair, oldest first."""
        first = since.replace(microsecond=0)
        return [self.record(text, now) for text in self.matching(sender, recipient, now) if first <= text.at]

    def matching(self, sender: str | None, recipient: str | None, now: datetime) -> Sequence[AcceptedText]:
        """Return the accepted texts that the list shows of this sender and recipient (None: any), oldest first."""
        if sender is not None and recipient is not None:
            chosen: Iterable[AcceptedText] = self._by_pair.get((sender, recipient), ())
        else:
            chosen = (t for t in self.accepted if sender in (None, t.sender) and recipient in (None, t.recipient))
        return [text for text in chosen if text.at <= now - self._lag]

    def written(self, sender: str | None, recipient: str | None, now: datetime) -> Sequence[InboundText]:
        """Return what people wrote, as `matching` does for what we wrote."""
        chosen = (t for t in self._received if sender in (None, t.sender) and recipient in (None, t.recipient))
        return sorted((text for text in chosen if text.at <= now - self._lag), key=lambda text: text.at)

    def lookup(self, sid: str, now: datetime) -> AcceptedText | InboundText | None:
        """Return a text by its name, whichever way it went."""
        found = self._by_sid.get(sid)
        return found or next((t for t in self._received if t.provider_sid == sid and t.at <= now), None)

    def record(self, text: AcceptedText, now: datetime) -> ProviderRecord:
        """Return a text as it stands; times in whole seconds, as Twilio's. It is billed once it was handed over."""
        happened = [change for change in self._fate(text).changes if change.at <= now]
        last = max(happened, key=lambda change: change.receipt.rank, default=None)
        billed = last is not None and last.receipt.rank >= Receipt.SENT.rank and last.error_code != VALIDITY_EXPIRED
        parts = segments(text.body).parts
        return ProviderRecord(
            provider_sid=text.sid,
            sender=text.sender,
            recipient=text.recipient,
            body="" if text.sid in self._redacted else text.body,
            receipt=Receipt.QUEUED if last is None else last.receipt,
            created_at=text.at.replace(microsecond=0),
            segments=parts,
            price_micros=parts * SEGMENT_MICROS if billed else None,
            price_currency="USD" if billed else None,
            error_code=None if last is None else last.error_code,
        )

    @property
    def received(self) -> Sequence[InboundText]:
        """Everything people wrote, in the order it became known."""
        return self._received
