"""A simulated carrier without any transport: it accepts or refuses, reports, keeps a list, and hears STOP.

Its semantics are those of `messaging.md` sections 2, 3, 6, 7.1 and 16. Everything it has accepted stands in an
append-only journal before it answers, so that the journal is the judge of what was sent. It knows no clock: every call
says what time it is. `nudge_adapters.sms.simulator` puts it behind the `SmsGateway` port; another face can speak HTTP.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from attrs import field, frozen

from nudge_adapters.sms import codes
from nudge_adapters.sms.fate import Answer, Fate, People, Weather, chance, fate_of
from nudge_adapters.sms.journal import Entry, Journal
from nudge_adapters.sms.ledger import AcceptedText, accepted_of, inbound_of, request_entry, request_of
from nudge_core.model.carrier import CarrierNews, InboundText, OutgoingText, ProviderRecord, ReceiptNews
from nudge_core.model.message import MAX_SMS_CHARACTERS, Receipt
from nudge_core.policy.opt_out import is_carrier_start, is_carrier_stop
from nudge_core.policy.segments import segments

MOST_VALIDITY_S = 36_000  # ValidityPeriod, messaging.md section 2
SID_PREFIX = "SM"
SID_DIGITS = 32
PRICE_MICROS = 8_300  # millionths of a dollar a part: the order of Twilio's US list price, for want of a bill


@frozen(kw_only=True)
class CarrierSettings:
    """How this carrier behaves. `refuse_after_stop` False lets a text through that should never have been offered.

    `landlines`: share of phones that cannot receive. `list_lag_s`: until a text shows in the list.
    """

    seed: int = 0
    refuse_after_stop: bool = True
    landlines: float = 0.0
    list_lag_s: float = 0.5
    weather: Weather = field(factory=Weather)
    people: People = field(factory=People)


@frozen(kw_only=True)
class Taken:
    """Accepted and written down."""

    sid: str
    receipt: Receipt


@frozen(kw_only=True)
class Rejected:
    """Not accepted, with Twilio's code."""

    code: str


@frozen(kw_only=True)
class Envelope:
    """News to be told, until `handled` is called with it."""

    key: str
    news: CarrierNews


class SimulatedCarrier:
    """State rebuilt from a journal; several may share one journal."""

    def __init__(self, journal: Journal, settings: CarrierSettings) -> None:
        self._journal = journal
        self._settings = settings
        self._accepted: list[AcceptedText] = []
        self._by_pair: dict[tuple[str, str], list[AcceptedText]] = defaultdict(list)
        self._texts_to: dict[str, int] = defaultdict(int)
        self._words: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
        self._coming: list[tuple[datetime, str, CarrierNews]] = []  # a heap
        self._open: dict[str, CarrierNews] = {}
        self._told: set[str] = set()
        self._waiting: dict[str, Entry] = {}
        self._inbound = 0
        self._written: list[InboundText] = []

    def submit(self, text: OutgoingText, now: datetime) -> Taken | Rejected:
        """Accept a text, or refuse it with a code. An accepted one is on the disk when this returns."""
        with self._turn(now):
            code = self._objection(text, now)
            if code is not None:
                return Rejected(code=code)
            return Taken(sid=self._accept(request_entry(text), now).sid, receipt=Receipt.QUEUED)

    def submit_late(self, text: OutgoingText, now: datetime, arrives: datetime) -> None:
        """Let a request arrive only later, as from a stuck proxy: it is judged then."""
        with self._turn(now):
            key = f"late:{text.message_id}:{text.attempt}:{now.isoformat()}"
            self._write(
                {"kind": "late", "key": key, "arrives": arrives.isoformat(), **request_entry(text)}, durable=True
            )

    def person_writes(self, sender: str, recipient: str, body: str, now: datetime) -> InboundText:
        """Let somebody text one of our numbers, outside of any script."""
        with self._turn(now):
            sid = self._new_sid("inbound", self._inbound)
            inbound = {"kind": "inbound", "sid": sid, "at": now.isoformat()}
            self._write({**inbound, "sender": sender, "recipient": recipient, "body": body}, durable=True)
            return InboundText(provider_sid=sid, sender=sender, recipient=recipient, body=body, at=now)

    def listing(self, sender: str, recipient: str, since: datetime, now: datetime) -> Sequence[ProviderRecord]:
        """Return what the carrier's list shows of this pair, oldest first; times in whole seconds, as Twilio's."""
        with self._turn(now):
            seen_by = now - timedelta(seconds=self._settings.list_lag_s)
            return [
                self._record(text, now)
                for text in self._by_pair[(sender, recipient)]
                if since.replace(microsecond=0) <= text.at <= seen_by
            ]

    def record(self, sid: str, now: datetime) -> ProviderRecord | None:
        """Return one accepted text as it is now; None when this carrier never accepted it."""
        with self._turn(now):
            return next((self._record(text, now) for text in self._accepted if text.sid == sid), None)

    def received(self, recipient: str, since: datetime, now: datetime) -> Sequence[InboundText]:
        """Return what people have sent to this number since then, oldest first."""
        with self._turn(now):
            there = [text for text in self._written if text.recipient == recipient and since <= text.at <= now]
            return sorted(there, key=lambda text: (text.at, text.provider_sid))

    def due(self, now: datetime) -> Sequence[Envelope]:
        """Return the news that has arrived by `now` and was not handled yet, in order of arrival."""
        with self._turn(now):
            while self._coming and self._coming[0][0] <= now:
                _, key, news = heapq.heappop(self._coming)
                if key not in self._told:
                    self._open[key] = news
            return [Envelope(key=key, news=news) for key, news in self._open.items()]

    def next_news(self, now: datetime) -> datetime | None:
        """Return when news arrives next, or a request that is stuck on its way; `now` when some is waiting.

        None: nothing will happen by itself.
        """
        with self._turn(now):
            if self._open:
                return now
            while self._coming and self._coming[0][1] in self._told:
                heapq.heappop(self._coming)
            moments = [datetime.fromisoformat(entry["arrives"]) for entry in self._waiting.values()]
            return min(moments + [entry[0] for entry in self._coming[:1]], default=None)

    def handled(self, envelope: Envelope, now: datetime) -> None:
        """Never tell this again. Lost in a crash, it is told twice: as any carrier does."""
        with self._turn(now):
            self._write({"kind": "told", "key": envelope.key}, durable=False)

    def ledger(self, now: datetime) -> Sequence[AcceptedText]:
        """Return everything ever accepted, in order."""
        with self._turn(now):
            return tuple(self._accepted)

    def is_blocked(self, sender: str, recipient: str, now: datetime) -> bool:
        """Say whether `recipient` has told `sender` to stop, by the carrier's own words, and not to start again."""
        with self._turn(now):
            return self._blocked(sender, recipient, now)

    def _objection(self, text: OutgoingText, now: datetime) -> str | None:
        """Return the code of the first rule that refuses a text."""
        if text.sender in codes.TEST_SENDERS:
            return codes.TEST_SENDERS[text.sender]
        if text.recipient in codes.TEST_RECIPIENTS:
            return codes.TEST_RECIPIENTS[text.recipient]
        if not text.body:
            return codes.NO_BODY
        if len(text.body) > MAX_SMS_CHARACTERS:
            return codes.BODY_TOO_LONG
        if not 1 <= text.valid_for_s <= MOST_VALIDITY_S:
            return codes.BAD_VALIDITY
        if chance(self._settings.seed, "landline", text.recipient) < self._settings.landlines:
            return codes.NOT_MOBILE
        if self._settings.refuse_after_stop and self._blocked(text.sender, text.recipient, now):
            return codes.OPTED_OUT
        return None

    def _accept(self, request: Entry, at: datetime) -> AcceptedText:
        sid = self._new_sid("accepted", len(self._accepted))
        self._write({**request, "kind": "accepted", "sid": sid, "at": at.isoformat()}, durable=True)
        return self._accepted[-1]

    def _blocked(self, sender: str, recipient: str, now: datetime) -> bool:
        words = [entry for entry in self._words[(recipient, sender)] if entry[0] <= now]
        return bool(words) and max(words)[1] == "stop"

    def _record(self, text: AcceptedText, now: datetime) -> ProviderRecord:
        parts = segments(text.body).parts
        told = [told for told in self._fate(text).callbacks if told.at <= now]
        happened = max(told, key=lambda one: one.receipt.rank, default=None)
        return ProviderRecord(
            provider_sid=text.sid,
            sender=text.sender,
            recipient=text.recipient,
            body=text.body,
            receipt=Receipt.QUEUED if happened is None else happened.receipt,
            created_at=text.at.replace(microsecond=0),
            segments=parts,
            price_micros=parts * PRICE_MICROS
            if happened is not None and happened.receipt.rank >= Receipt.SENT.rank
            else None,
            price_currency="USD",
            error_code=None if happened is None else happened.error_code,
        )

    def _new_sid(self, kind: str, number: int) -> str:
        digest = hashlib.sha256(f"{self._settings.seed}:{kind}:{number}".encode()).hexdigest()
        return SID_PREFIX + digest[:SID_DIGITS]

    def _write(self, entry: Entry, *, durable: bool) -> None:
        self._journal.append(entry, durable=durable)
        self._apply(entry)

    @contextmanager
    def _turn(self, now: datetime) -> Iterator[None]:
        """Take the journal, learn what others did, and let requests arrive whose time has come."""
        with self._journal.turn() as fresh:
            for entry in fresh:
                self._apply(entry)
            for entry in sorted(self._waiting.values(), key=lambda waiting: str(waiting["arrives"])):
                arrives = datetime.fromisoformat(entry["arrives"])
                if arrives <= now:
                    self._arrive(entry, arrives)
            yield

    def _arrive(self, entry: Entry, arrives: datetime) -> None:
        request = {name: value for name, value in entry.items() if name not in ("kind", "arrives")}
        if self._objection(request_of(request), arrives) is None:
            self._accept(request, arrives)
        else:
            self._write({"kind": "dropped", "key": entry["key"]}, durable=True)

    def _apply(self, entry: Entry) -> None:
        """Change the state by one journal entry; the only place where it changes."""
        if entry["kind"] == "accepted":
            self._waiting.pop(entry.get("key", ""), None)
            self._remember(accepted_of(entry))
        elif entry["kind"] == "late":
            self._waiting[entry["key"]] = entry
        elif entry["kind"] == "dropped":
            self._waiting.pop(entry["key"], None)
        elif entry["kind"] == "told":
            self._told.add(entry["key"])
            self._open.pop(entry["key"], None)
        elif entry["kind"] == "inbound":
            self._inbound += 1
            self._hear(inbound_of(entry))

    def _remember(self, text: AcceptedText) -> None:
        self._accepted.append(text)
        self._by_pair[(text.sender, text.recipient)].append(text)
        self._texts_to[text.recipient] += 1
        fate = self._fate(text)
        for told in fate.callbacks:
            news = ReceiptNews(
                provider_sid=text.sid,
                receipt=told.receipt,
                at=told.at,
                sender=text.sender,
                message_id=text.message_id,
                error_code=told.error_code,
            )
            heapq.heappush(self._coming, (told.arrives, told.key, news))
        seed, nth = self._settings.seed, self._texts_to[text.recipient]
        answer = self._settings.people.answer(seed, text.sid, text.recipient, nth)
        if fate.delivered_at is not None and answer is not None:
            self._hear(_answer(answer, text, fate.delivered_at, self._new_sid("answer", len(self._accepted))))

    def _hear(self, inbound: InboundText) -> None:
        """Take in what a person wrote: it is news, and the carrier minds its own words."""
        self._written.append(inbound)
        heapq.heappush(self._coming, (inbound.at, f"{inbound.provider_sid}:inbound", inbound))
        for word, is_said in (("stop", is_carrier_stop), ("start", is_carrier_start)):
            if is_said(inbound.body):
                self._words[(inbound.sender, inbound.recipient)].append((inbound.at, word))

    def _fate(self, text: AcceptedText) -> Fate:
        return fate_of(self._settings.seed, text.sid, text.at, text.valid_for_s, self._settings.weather)


def _answer(answer: Answer, text: AcceptedText, delivered_at: datetime, sid: str) -> InboundText:
    return InboundText(
        provider_sid=sid,
        sender=text.recipient,
        recipient=text.sender,
        body=answer.body,
        at=delivered_at + timedelta(seconds=answer.after_s),
    )
