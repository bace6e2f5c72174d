"""A simulated carrier without any transport: it accepts or refuses, reports, keeps a list, and hears STOP.

Its semantics are those of `messaging.md` sections 2, 3, 6, 7.1 and 16. Everything it has accepted stands in an
append-only journal before it answers, so that the journal is the judge of what was sent. It knows no clock: every call
says what time it is. `nudge_adapters.sms.simulator` puts it behind the `SmsGateway` port; another face can speak HTTP.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from attrs import field, frozen

from nudge_adapters.sms import codes
from nudge_adapters.sms.codes import VALIDITY_EXPIRED
from nudge_adapters.sms.fate import Answer, Fate, People, Weather, chance, fate_of, inbound_arrivals
from nudge_adapters.sms.journal import Entry, Journal
from nudge_adapters.sms.ledger import UNNAMED, AcceptedText, accepted_of, inbound_of, request_entry, request_of
from nudge_core.model.carrier import CarrierNews, InboundText, OutgoingText, ProviderRecord, ReceiptNews
from nudge_core.model.message import MAX_SMS_CHARACTERS, Receipt
from nudge_core.policy.opt_out import is_carrier_start, is_carrier_stop
from nudge_core.policy.segments import segments

MOST_VALIDITY_S = 36_000  # ValidityPeriod, messaging.md section 2
SID_PREFIX = "SM"
SID_DIGITS = 32
SEGMENT_MICROS = 7_900
"""Price of one part in millionths of a dollar, about what a US long code costs. Invented, but of the right size."""


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
    """State rebuilt from a journal; several may share one journal. `listen` is told entries that are not about texts."""

    def __init__(
        self, journal: Journal, settings: CarrierSettings, listen: Callable[[Entry], None] = lambda entry: None
    ) -> None:
        self._journal, self._listen = journal, listen
        self._settings = settings
        self._accepted: list[AcceptedText] = []
        self._by_pair: dict[tuple[str, str], list[AcceptedText]] = defaultdict(list)
        self._texts_to: dict[str, int] = defaultdict(int)
        self._words: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
        self._coming: list[tuple[datetime, str, CarrierNews]] = []  # a heap
        self._open: dict[str, CarrierNews] = {}
        self._told: set[str] = set()  # and still to come: read from a journal before its time
        self._by_sid: dict[str, AcceptedText] = {}
        self._received: list[InboundText] = []
        self._redacted: set[str] = set()
        self._waiting: dict[str, Entry] = {}
        self._inbound = 0

    def submit(
        self, text: OutgoingText, now: datetime, *, callback: str | None = None, service: str | None = None
    ) -> Taken | Rejected:
        """Accept a text, or refuse it with a code. An accepted one is on the disk when this returns."""
        with self._turn(now):
            code = self._objection(text, now)
            if code is not None:
                return Rejected(code=code)
            sid = self._accept(request_entry(text, callback, service), now).sid
            return Taken(sid=sid, receipt=Receipt.QUEUED)

    def submit_late(
        self,
        text: OutgoingText,
        now: datetime,
        arrives: datetime,
        *,
        callback: str | None = None,
        service: str | None = None,
    ) -> None:
        """Let a request arrive only later, as from a stuck proxy: it is judged then."""
        with self._turn(now):
            key = f"late:{text.message_id}:{text.attempt}:{now.isoformat()}"
            late = {"kind": "late", "key": key, "arrives": arrives.isoformat()}
            self._write(late | dict(request_entry(text, callback, service)), durable=True)

    def person_writes(
        self, sender: str, recipient: str, body: str, now: datetime, media: Sequence[tuple[str, str]] = ()
    ) -> InboundText:
        """Let somebody text one of our numbers, outside of any script. `media`: address and type of each file."""
        with self._turn(now):
            sid = self._new_sid("inbound", self._inbound)
            inbound = {"kind": "inbound", "sid": sid, "at": now.isoformat(), "media": [list(one) for one in media]}
            self._write({**inbound, "sender": sender, "recipient": recipient, "body": body}, durable=True)
            return self._received[-1]

    def listing(self, sender: str, recipient: str, since: datetime, now: datetime) -> Sequence[ProviderRecord]:
        """Return what the carrier's list shows of this pair, oldest first; times in whole seconds, as Twilio's."""
        with self._turn(now):
            return [
                self._record(text, now)
                for text in self._by_pair.get((sender, recipient), ())
                if since.replace(microsecond=0) <= text.at <= self._seen_by(now)
            ]

    def fetch(self, sid: str, now: datetime) -> ProviderRecord | None:
        """Return one text as it stands; the list's lag does not hold for a text that is asked for by its name."""
        with self._turn(now):
            text = self._by_sid.get(sid)
            return None if text is None else self._record(text, now)

    def received(self, recipient: str, since: datetime, now: datetime) -> Sequence[InboundText]:
        """Return what people have written to a number, oldest first, as the list shows it."""
        with self._turn(now):
            first = since.replace(microsecond=0)
            shown = [text for text in self._received if text.recipient == recipient]
            return sorted(
                (text for text in shown if first <= text.at <= self._seen_by(now)), key=lambda text: text.at
            )

    def matching(self, sender: str | None, recipient: str | None, now: datetime) -> Sequence[AcceptedText]:
        """Return the accepted texts that the list shows of this sender and recipient (None: any), oldest first."""
        with self._turn(now):
            if sender is not None and recipient is not None:
                chosen: Iterable[AcceptedText] = self._by_pair.get((sender, recipient), ())
            else:
                chosen = (t for t in self._accepted if sender in (None, t.sender) and recipient in (None, t.recipient))
            return [text for text in chosen if text.at <= self._seen_by(now)]

    def written(self, sender: str | None, recipient: str | None, now: datetime) -> Sequence[InboundText]:
        """Return what people wrote, as `matching` does for what we wrote."""
        with self._turn(now):
            chosen = (t for t in self._received if sender in (None, t.sender) and recipient in (None, t.recipient))
            return sorted((text for text in chosen if text.at <= self._seen_by(now)), key=lambda text: text.at)

    def lookup(self, sid: str, now: datetime) -> AcceptedText | InboundText | None:
        """Return a text by its name, whichever way it went."""
        with self._turn(now):
            found = self._by_sid.get(sid)
            return found or next((t for t in self._received if t.provider_sid == sid and t.at <= now), None)

    def redact(self, sid: str, now: datetime) -> None:
        """Show no words of this text any more. The ledger keeps them."""
        with self._turn(now):
            self._write({"kind": "redacted", "sid": sid}, durable=False)

    def due(self, now: datetime) -> Sequence[Envelope]:
        """Return the news that has arrived by `now` and was not handled yet, in order of arrival."""
        with self._turn(now):
            self._arrived(now)
            return [Envelope(key=key, news=news) for key, news in self._open.items()]

    def arriving(self, now: datetime) -> Sequence[Envelope]:
        """Return the news that has arrived since this or `due` was last called. Each is told once only so."""
        with self._turn(now):
            return self._arrived(now)

    def next_news(self, now: datetime) -> datetime | None:
        """Return when news arrives next, or a request that is stuck on its way; `now` when some is waiting.

        None: nothing will happen by itself.
        """
        with self._turn(now):
            if self._open:
                return now
        return self.next_arrival(now)

    def next_arrival(self, now: datetime) -> datetime | None:
        """Return when news arrives next, or a request that is stuck; what waits to be handled does not count."""
        with self._turn(now):
            self._forget_told()
            moments = [datetime.fromisoformat(entry["arrives"]) for entry in self._waiting.values()]
            return min(moments + [entry[0] for entry in self._coming[:1]], default=None)

    def note(self, entry: Entry, now: datetime) -> None:
        """Write something down that is no text; whoever listens learns it, also after a restart."""
        with self._turn(now):
            self._write(entry, durable=True)

    def handled(self, envelope: Envelope, now: datetime) -> None:
        """Never tell this again. Lost in a crash, it is told twice: as any carrier does."""
        with self._turn(now):
            self._write({"kind": "told", "key": envelope.key}, durable=False)

    def ledger(self, now: datetime) -> Sequence[AcceptedText]:
        """Return everything ever accepted, in order."""
        with self._turn(now):
            return tuple(self._accepted)

    def counts(self, now: datetime) -> tuple[int, int, int]:
        """Return how many texts were accepted, how many were received, and how much news is still to be told."""
        with self._turn(now):
            return len(self._accepted), len(self._received), len(self._open) + len(self._coming)

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
        words = [entry for entry in self._words.get((recipient, sender), ()) if entry[0] <= now]
        return bool(words) and max(words)[1] == "stop"

    def _record(self, text: AcceptedText, now: datetime) -> ProviderRecord:
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

    def _seen_by(self, now: datetime) -> datetime:
        return now - timedelta(seconds=self._settings.list_lag_s)

    def _arrived(self, now: datetime) -> Sequence[Envelope]:
        """Move the news whose time has come to what is open; returns what was moved."""
        moved = []
        while self._coming and self._coming[0][0] <= now:
            self._forget_told()
            if self._coming and self._coming[0][0] <= now:
                _, key, news = heapq.heappop(self._coming)
                self._open[key] = news
                moved.append(Envelope(key=key, news=news))
        return moved

    def _forget_told(self) -> None:
        while self._coming and self._coming[0][1] in self._told:
            self._told.discard(heapq.heappop(self._coming)[1])

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
            if self._waiting:
                self._let_arrive(now)
            yield

    def _let_arrive(self, now: datetime) -> None:
        for entry in sorted(self._waiting.values(), key=lambda waiting: str(waiting["arrives"])):
            arrives = datetime.fromisoformat(entry["arrives"])
            if arrives <= now:
                self._arrive(entry, arrives)

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
            if self._open.pop(entry["key"], None) is None:
                self._told.add(entry["key"])
        elif entry["kind"] == "redacted":
            self._redacted.add(entry["sid"])
        elif entry["kind"] == "inbound":
            self._inbound += 1
            self._hear(inbound_of(entry))
        else:
            self._listen(entry)

    def _remember(self, text: AcceptedText) -> None:
        self._accepted.append(text)
        self._by_sid[text.sid] = text
        self._by_pair[(text.sender, text.recipient)].append(text)
        self._texts_to[text.recipient] += 1
        fate = self._fate(text)
        for told in fate.callbacks:
            news = ReceiptNews(
                provider_sid=text.sid,
                receipt=told.receipt,
                at=told.at,
                sender=text.sender,
                message_id=None if text.message_id == UNNAMED else text.message_id,
                attempt=None if text.message_id == UNNAMED else text.attempt,
                error_code=told.error_code,
            )
            heapq.heappush(self._coming, (told.arrives, told.key, news))
        seed, nth = self._settings.seed, self._texts_to[text.recipient]
        answer = self._settings.people.answer(seed, text.sid, text.recipient, nth)
        if fate.delivered_at is not None and answer is not None:
            self._hear(_answer(answer, text, fate.delivered_at, self._new_sid("answer", len(self._accepted))))

    def _hear(self, inbound: InboundText) -> None:
        """Take in what a person wrote: it is news, and the carrier minds its own words."""
        self._received.append(inbound)
        arrivals = inbound_arrivals(
            self._settings.seed, inbound.provider_sid, inbound.at, self._settings.weather
        )
        for copy, arrives in enumerate(arrivals):
            key = f"{inbound.provider_sid}:inbound" + (f":{copy}" if copy else "")
            heapq.heappush(self._coming, (arrives, key, inbound))
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
