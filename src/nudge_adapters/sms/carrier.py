"""A simulated carrier without any transport: it accepts or refuses, reports, keeps a list, and hears STOP.

Its semantics are those of `messaging.md` sections 2, 3, 6, 7.1 and 16. Everything it has accepted stands in an
append-only journal before it answers, so that the journal is the judge of what was sent. It knows no clock: every call
says what time it is. `nudge_adapters.sms.simulator` puts it behind the `SmsGateway` port; another face can speak HTTP.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from attrs import field, frozen

from nudge_adapters.sms import codes
from nudge_adapters.sms.books import Books
from nudge_adapters.sms.fate import Answer, Fate, People, Weather, chance, fate_of, inbound_arrivals
from nudge_adapters.sms.journal import Entry, Journal
from nudge_adapters.sms.ledger import UNNAMED, AcceptedText, accepted_of, inbound_of, request_entry, request_of
from nudge_adapters.sms.news import Envelope, News
from nudge_core.model.carrier import InboundText, OutgoingText, ProviderRecord, ReceiptNews
from nudge_core.model.message import MAX_SMS_CHARACTERS, Receipt

MOST_VALIDITY_S = 36_000  # ValidityPeriod, messaging.md section 2
SID_PREFIX = "SM"
SID_DIGITS = 32


@frozen(kw_only=True)
class CarrierSettings:
    """How this carrier behaves. `refuse_after_stop` False lets a text through that should never have been offered.

    `landlines`: share of phones that cannot receive. `list_lag_s`: until a text shows in the list. `reports` False
    tells nobody how texts fare.
    """

    seed: int = 0
    refuse_after_stop: bool = True
    landlines: float = 0.0
    list_lag_s: float = 0.5
    reports: bool = True
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


class SimulatedCarrier:
    """State rebuilt from a journal; several may share one. `listen` is told of entries that are not about texts."""

    def __init__(
        self, journal: Journal, settings: CarrierSettings, listen: Callable[[Entry], None] | None = None
    ) -> None:
        self._journal, self._listen = journal, listen
        self._settings = settings
        self._books = Books(self._fate, settings.list_lag_s)
        self._news = News()
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
            return self._books.received[-1]

    def listing(self, sender: str, recipient: str, since: datetime, now: datetime) -> Sequence[ProviderRecord]:
        """Return what the carrier's list shows of this pair, oldest first; times in whole seconds, as Twilio's."""
        with self._turn(now):
            return self._books.listing(sender, recipient, since, now)

    def fetch(self, sid: str, now: datetime) -> ProviderRecord | None:
        """Return an accepted text as it stands; the list's lag does not hold for one that is asked for by its name."""
        with self._turn(now):
            text = self._books.lookup(sid, now)
            return self._books.record(text, now) if isinstance(text, AcceptedText) else None

    def received(self, recipient: str, since: datetime, now: datetime) -> Sequence[InboundText]:
        """Return what the list shows of what people have written to a number, oldest first."""
        first = since.replace(microsecond=0)
        with self._turn(now):
            return [text for text in self._books.written(None, recipient, now) if first <= text.at]

    def matching(
        self, sender: str | None, recipient: str | None, now: datetime
    ) -> Sequence[AcceptedText | InboundText]:
        """Return the texts of both directions that the list shows of this pair (None: any), newest first."""
        with self._turn(now):
            ours, theirs = self._books.matching(sender, recipient, now), self._books.written(sender, recipient, now)
        texts: list[AcceptedText | InboundText] = [*ours, *theirs]
        return sorted(texts, key=lambda text: text.at)[::-1]

    def lookup(self, sid: str, now: datetime) -> AcceptedText | InboundText | None:
        """Return a text by its name, whichever way it went."""
        with self._turn(now):
            return self._books.lookup(sid, now)

    def redact(self, sid: str, now: datetime) -> None:
        """Show no words of this text any more. The ledger keeps them."""
        with self._turn(now):
            self._write({"kind": "redacted", "sid": sid}, durable=False)

    def due(self, now: datetime) -> Sequence[Envelope]:
        """Return the news that has arrived by `now` and was not handled yet, in order of arrival."""
        with self._turn(now):
            self._news.arrive(now)
            return self._news.waiting()

    def arriving(self, now: datetime) -> Sequence[Envelope]:
        """Return the news that has arrived since this or `due` was last asked. This way each is given once only."""
        with self._turn(now):
            return self._news.arrive(now)

    def next_news(self, now: datetime) -> datetime | None:
        """Return when news arrives next, or a request that is stuck on its way; `now` when some is waiting.

        None: nothing will happen by itself.
        """
        with self._turn(now):
            if self._news.waiting():
                return now
        return self.next_arrival(now)

    def next_arrival(self, now: datetime) -> datetime | None:
        """Return when news arrives next, or a request that is stuck; what waits to be handled does not count."""
        with self._turn(now):
            moments = [datetime.fromisoformat(entry["arrives"]) for entry in self._waiting.values()]
            following = self._news.following()
            return min(moments if following is None else [*moments, following], default=None)

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
            return tuple(self._books.accepted)

    def counts(self, now: datetime) -> tuple[int, int, int]:
        """Return how many texts were accepted, how many were received, and how much news is still to be told."""
        with self._turn(now):
            return len(self._books.accepted), len(self._books.received), len(self._news)

    def is_blocked(self, sender: str, recipient: str, now: datetime) -> bool:
        """Say whether `recipient` has told `sender` to stop, by the carrier's own words, and not to start again."""
        with self._turn(now):
            return self._books.is_blocked(sender, recipient, now)

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
        if self._settings.refuse_after_stop and self._books.is_blocked(text.sender, text.recipient, now):
            return codes.OPTED_OUT
        return None

    def _accept(self, request: Entry, at: datetime) -> AcceptedText:
        sid = self._new_sid("accepted", len(self._books.accepted))
        self._write({**request, "kind": "accepted", "sid": sid, "at": at.isoformat()}, durable=True)
        return self._books.accepted[-1]

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
            self._news.tell(entry["key"])
        elif entry["kind"] == "redacted":
            self._books.redact(entry["sid"])
        elif entry["kind"] == "inbound":
            self._inbound += 1
            self._hear(inbound_of(entry))
        elif self._listen is not None:
            self._listen(entry)

    def _remember(self, text: AcceptedText) -> None:
        nth = self._books.accept(text)
        if not self._settings.reports and not self._settings.people.says_anything:
            return
        fate = self._fate(text)
        if self._settings.reports:
            self._report(text, fate)
        answer = self._settings.people.answer(self._settings.seed, text.sid, text.recipient, nth)
        if fate.delivered_at is not None and answer is not None:
            sid = self._new_sid("answer", len(self._books.accepted))
            self._hear(_answer(answer, text, fate.delivered_at, sid))

    def _report(self, text: AcceptedText, fate: Fate) -> None:
        """Let the changes of a text's status be told."""
        unnamed = text.message_id == UNNAMED
        for told in fate.callbacks:
            news = ReceiptNews(
                provider_sid=text.sid,
                receipt=told.receipt,
                at=told.at,
                sender=text.sender,
                message_id=None if unnamed else text.message_id,
                attempt=None if unnamed else text.attempt,
                error_code=told.error_code,
            )
            self._news.add(told.arrives, told.key, news)

    def _hear(self, inbound: InboundText) -> None:
        """Take in what a person wrote, and let it be told."""
        self._books.hear(inbound)
        sid = inbound.provider_sid
        arrivals = inbound_arrivals(self._settings.seed, sid, inbound.at, self._settings.weather)
        for copy, arrives in enumerate(arrivals):
            self._news.add(arrives, f"{sid}:inbound" + (f":{copy}" if copy else ""), inbound)

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
