"""The judge: what the carrier accepted, what the database holds and wrote down, and transcripts; never a report.

Invariants I1 to I8 of `reliability.md` 6, and of I9 what can be seen without row-level security. A violation names the
invariant and the ids concerned, nothing else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from types import MappingProxyType
from zoneinfo import ZoneInfo

import psycopg
from attrs import evolve, frozen
from psycopg.rows import dict_row

from tests.chaos.ledger import Accept, Ledger
from tests.chaos.town import CAPS, ZONES

ENDS = frozenset({"sent", "failed", "cancelled", "withheld", "unconfirmed"})
MAY_BE_ACCEPTED = frozenset({"sent", "in_doubt", "unconfirmed"})
RANK: Mapping[str | None, int] = MappingProxyType(
    {
        None: -1, "accepted": 0, "scheduled": 0, "queued": 1, "sending": 2, "sent": 3, "delivered": 4,
        "undelivered": 4, "failed": 4, "canceled": 4, "read": 5,
    }
)  # fmt: skip
"""`messaging.md` 3, written down once more: the judge does not ask the product."""

FIRST_HOUR, LAST_HOUR = 8, 21  # 47 CFR 64.1200(c)(1), recipient-local
SERVICE = "service"
PROACTIVE = frozenset({"marketing", "informational"})
SHOWN = 5  # violations of one kind that are told in full


@frozen(kw_only=True)
class Row:
    """An outbound text as the database holds it at the end."""

    id: str
    user_id: str
    recipient: str
    message_class: str
    delivery: str
    provider_sid: str | None
    resends: int


@frozen(kw_only=True)
class Move:
    """One committed state of a text. `at_s`: the machine's clock at COMMIT. `wait_s`: from creation until due."""

    message_id: str
    user_id: str
    recipient: str
    message_class: str
    delivery: str
    attempt: int
    provider_sid: str | None
    receipt: str | None
    at_s: float
    wait_s: float


@frozen(kw_only=True)
class Silence:
    """One committed suppression record of everything, or its lifting."""

    user_id: str
    phone: str
    active: bool
    at_s: float


@frozen(kw_only=True)
class Evidence:
    """All that is judged.

    `released`: ids of the texts that were to be sent. `inbound`: provider ids of stored inbound texts, with repeats.
    `numbers`: sending number to its owner. `still_planned`: (user, phone) with texts planned for later. `probes`: what
    the next users of pooled connections saw. `deaths`: workers that ended by an error.
    """

    ledger: Ledger
    released: Sequence[str]
    rows: Sequence[Row]
    moves: Sequence[Move]
    silences: Sequence[Silence]
    inbound: Sequence[str]
    numbers: Mapping[str, str]
    still_planned: frozenset[tuple[str, str]]
    probes: Sequence[str] = ()
    deaths: Sequence[str] = ()


@frozen(kw_only=True)
class Bounds:
    """What a run promises beside the invariants, in seconds.

    `grace_s`: a second accept of a text that is resent by hand is excused when the first came later than this after
    its claim. `accept_after_stop_s`: how long after the commit of a STOP an accept may still come; None: a process was
    stopped for longer than that, and only the order of commits is judged.
    """

    grace_s: float
    accept_after_stop_s: float | None


@frozen(kw_only=True)
class Verdict:
    """`violations` by invariant and ids; the counts of the line of report."""

    violations: tuple[str, ...]
    messages: int
    accepted: int
    duplicates: int
    lost: int
    in_doubt: int
    unconfirmed: int
    withheld: int
    sent: int
    p50_s: float
    p99_s: float

    def broken(self) -> frozenset[str]:
        """Return the invariants that were violated."""
        return frozenset(one.split()[0] for one in self.violations)


def gather(url: str, ledger: Ledger, released: Sequence[str], folder: Path) -> Evidence:
    """Read database and transcripts."""
    with psycopg.connect(url, row_factory=dict_row) as connection:

        def all_of(query: str) -> list[dict[str, object]]:
            return connection.execute(query).fetchall()

        rows = all_of(
            "SELECT id::text, user_id::text, recipient, message_class, delivery::text, provider_sid, resends "
            "FROM message WHERE direction = 'OUTBOUND'"
        )
        moves = all_of(
            "SELECT message_id::text, user_id::text, recipient, message_class, delivery, attempt, provider_sid, "
            "receipt, extract(epoch FROM at)::float AS at_s, wait_s FROM town.moves ORDER BY seq"
        )
        silences = all_of(
            "SELECT user_id::text, phone, active, extract(epoch FROM at)::float AS at_s FROM town.silences "
            "WHERE scope = 'all' ORDER BY seq"
        )
        inbound = all_of("SELECT provider_sid FROM message WHERE direction = 'INBOUND'")
        numbers = all_of('SELECT twilio_phone_number AS number, id::text FROM public."user"')
        planned = all_of(
            "SELECT s.user_id::text AS owner, c.phone FROM scheduledmessage s JOIN client c "
            "ON (c.user_id, c.id) = (s.user_id, s.client_id) WHERE s.status = 'PENDING'"
        )
    owners = {str(row["number"]): str(row["id"]) for row in numbers}
    accepts = [evolve(one, user_id=owners.get(one.sender, one.user_id)) for one in ledger.accepts]
    return Evidence(
        ledger=evolve(ledger, accepts=accepts),  # a carrier over HTTP knows accounts and numbers, not professionals
        released=released,
        rows=[Row(**row) for row in rows],  # type: ignore[arg-type]
        moves=[Move(**row) for row in moves],  # type: ignore[arg-type]
        silences=[Silence(**row) for row in silences],  # type: ignore[arg-type]
        inbound=[str(row["provider_sid"]) for row in inbound],
        numbers=owners,
        still_planned=frozenset((str(row["owner"]), str(row["phone"])) for row in planned),
        probes=_lines(folder / "probes"),
        deaths=_lines(folder / "deaths"),
    )


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def judge(evidence: Evidence, bounds: Bounds) -> Verdict:
    """Judge a finished run."""
    rows = {row.id: row for row in evidence.rows}
    first = {accept.message_id: accept for accept in reversed(evidence.ledger.accepts)}
    lost = [i for i in evidence.released if i not in rows or rows[i].delivery not in ENDS]
    found = [f"I1 {i} {rows[i].delivery if i in rows else 'not there'}" for i in lost]
    for invariant in (_twice, _after_stop, _hours, _fickle, _capped, _sums, _inbound, _foreign):
        found += invariant(evidence, bounds)
    waits = sorted(first[i].real_s - due for i, due in _dues(evidence.moves).items() if i in first)
    cuts = quantiles(waits, n=100) if len(waits) > 1 else [0.0] * 99
    states = Counter(row.delivery for row in evidence.rows)
    return Verdict(
        violations=tuple(found),
        messages=len(evidence.released),
        accepted=len(evidence.ledger.accepts),
        duplicates=len(evidence.ledger.accepts) - len(first),
        lost=len(lost),
        in_doubt=states["in_doubt"],
        unconfirmed=states["unconfirmed"],
        withheld=states["withheld"],
        sent=states["sent"],
        p50_s=cuts[49],
        p99_s=cuts[98],
    )


def _dues(moves: Sequence[Move]) -> dict[str, float]:
    """Return when each text first became due, by the machine's clock."""
    dues: dict[str, float] = {}
    for move in moves:
        if move.message_class != SERVICE:
            dues.setdefault(move.message_id, move.at_s + max(move.wait_s, 0.0))
    return dues


def _claims(moves: Sequence[Move]) -> Sequence[Move]:
    """Return the move of every claim: the first that shows an attempt as being sent."""
    first: dict[tuple[str, int], Move] = {}
    for move in moves:
        if move.delivery == "sending":
            first.setdefault((move.message_id, move.attempt), move)
    return tuple(first.values())


def _twice(evidence: Evidence, bounds: Bounds) -> Iterator[str]:
    """I2: at most one accept a text, and for texts that are resent by hand none before the grace was over."""
    claims = {(move.message_id, move.attempt): move.at_s for move in _claims(evidence.moves)}
    resent = {row.id for row in evidence.rows if row.resends > 0}
    by_text: dict[str, list[Accept]] = defaultdict(list)
    for accept in evidence.ledger.accepts:
        by_text[accept.message_id].append(accept)
    for text, accepts in by_text.items():
        kept = accepts
        if text in resent:  # an accept that came later than the grace could not be waited for: residue (i) to (iii)
            late = [a for a in accepts if a.real_s > claims.get((text, a.attempt), a.real_s) + bounds.grace_s]
            kept = [accept for accept in accepts if accept not in late]
        if len(kept) > 1:
            yield f"I2 {text} accepted {len(accepts)} times: {' '.join(accept.sid for accept in accepts)}"


def _after_stop(evidence: Evidence, bounds: Bounds) -> Iterator[str]:
    """I3: no claim commits after a STOP, no accept comes much later, no STOP stays without effect."""
    since: dict[tuple[str, str], float] = {}
    lifted: dict[tuple[str, str], float] = {}
    for silence in evidence.silences:
        whom = (silence.user_id, silence.phone)
        if silence.active:
            since.setdefault(whom, silence.at_s)
        else:
            lifted.setdefault(whom, silence.at_s)
    classes = {row.id: row.message_class for row in evidence.rows}

    def is_silent(whom: tuple[str, str], at_s: float, allowance_s: float = 0.0) -> bool:
        return whom in since and since[whom] + allowance_s < at_s < lifted.get(whom, float("inf"))

    for move in _claims(evidence.moves):
        if move.message_class != SERVICE and is_silent((move.user_id, move.recipient), move.at_s):
            yield f"I3 {move.message_id} claimed after a STOP"
    for accept in evidence.ledger.accepts:
        whom = (accept.user_id, accept.recipient)
        if bounds.accept_after_stop_s is None or accept.was_late or classes.get(accept.message_id) == SERVICE:
            continue
        if is_silent(whom, accept.real_s, bounds.accept_after_stop_s):
            yield f"I3 {accept.message_id} accepted {accept.real_s - since[whom]:.1f} s after a STOP"
    for wrote in evidence.ledger.wrote:
        whom = (evidence.numbers.get(wrote.recipient, ""), wrote.sender)
        if wrote.is_stop and whom not in since:
            yield f"I3 {wrote.sid} a STOP without effect"
        if wrote.is_stop and whom in evidence.still_planned:
            yield f"I3 {wrote.sid} a STOP that left a planned text"


def _proactive(evidence: Evidence) -> Iterator[Accept]:
    classes = {row.id: row.message_class for row in evidence.rows}
    return (accept for accept in evidence.ledger.accepts if classes.get(accept.message_id) in PROACTIVE)


def _clocks(accept: Accept) -> list[datetime]:
    return [accept.at.astimezone(ZoneInfo(zone)) for zone in ZONES[accept.recipient[2:5]]]


def _hours(evidence: Evidence, _bounds: Bounds) -> Iterator[str]:
    """I4: a lawful hour in every zone where the phone may be."""
    for accept in _proactive(evidence):
        if not all(FIRST_HOUR <= clock.hour < LAST_HOUR for clock in _clocks(accept)):
            yield f"I4 {accept.message_id} at {accept.at:%H:%M} UTC"


def _fickle(evidence: Evidence, _bounds: Bounds) -> Iterator[str]:
    """I5: a provider id never changes, a receipt's rank never falls."""
    seen: dict[str, tuple[str | None, int]] = {}
    for move in evidence.moves:
        sid, rank = seen.get(move.message_id, (None, -1))
        if sid is not None and move.provider_sid != sid:
            yield f"I5 {move.message_id} changed its provider id"
        if RANK[move.receipt] < rank:
            yield f"I5 {move.message_id} fell back to {move.receipt}"
        seen[move.message_id] = (move.provider_sid, RANK[move.receipt])


def _capped(evidence: Evidence, _bounds: Bounds) -> Iterator[str]:
    """I6: caps hold on the ledger: by the recipient's local day in every zone, and in 7 and 30 days."""
    by_phone: dict[tuple[str, str], list[Accept]] = defaultdict(list)
    for accept in _proactive(evidence):
        by_phone[accept.user_id, accept.recipient].append(accept)
    for accepts in by_phone.values():
        ids = " ".join(accept.message_id for accept in accepts)
        days = Counter((clock.tzinfo, clock.date()) for accept in accepts for clock in _clocks(accept))
        if max(days.values()) > CAPS.per_day:
            yield f"I6 more than {CAPS.per_day} on one day: {ids}"
        for length, most in ((7, CAPS.per_7_days), (30, CAPS.per_30_days)):
            span = timedelta(days=length)
            if any(sum(timedelta(0) <= a.at - b.at < span for b in accepts) > most for a in accepts):
                yield f"I6 more than {most} in {length} days: {ids}"


def _sums(evidence: Evidence, _bounds: Bounds) -> Iterator[str]:
    """I7: what was accepted is sent, in doubt or unconfirmed; what is sent was accepted under that very id."""
    rows = {row.id: row for row in evidence.rows}
    named = {accept.sid: accept.message_id for accept in evidence.ledger.accepts}
    released = Counter(evidence.released)
    stored = sum(row.message_class != SERVICE for row in evidence.rows)
    if stored != released.total():
        yield f"I7 {released.total()} released, {stored} stored"
    for accept in evidence.ledger.accepts:
        row = rows.get(accept.message_id)
        if row is None or row.delivery not in MAY_BE_ACCEPTED:
            yield f"I7 {accept.message_id} accepted, but {'not there' if row is None else row.delivery}"
    for row in evidence.rows:
        if row.delivery == "sent" and named.get(row.provider_sid or "") != row.id:
            yield f"I7 {row.id} sent without its acceptance"


def _inbound(evidence: Evidence, _bounds: Bounds) -> Iterator[str]:
    """I8: one stored row for every text that somebody wrote."""
    stored = Counter(evidence.inbound)
    for sid, count in stored.items():
        if count > 1:
            yield f"I8 {sid} stored {count} times"
    for wrote in evidence.ledger.wrote:
        if wrote.sid not in stored:
            yield f"I8 {wrote.sid} never stored"


def _foreign(evidence: Evidence, _bounds: Bounds) -> Iterator[str]:
    """I9, as far as it shows today: nobody's tenant is left on a pooled connection. And no worker died of an error."""
    foreign = sum(seen != "-" for seen in evidence.probes)
    if foreign:
        yield f"I9 {foreign} of {len(evidence.probes)} next users of a connection found a tenant set"
    if evidence.deaths:
        yield f"crash {evidence.deaths[0]}"


def told(violations: Sequence[str]) -> Iterator[str]:
    """Yield violations for people: the first few of each invariant, and how many more there are."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for one in violations:
        by_kind[one.split()[0]].append(one)
    for kind, those in sorted(by_kind.items()):
        yield from those[:SHOWN]
        if len(those) > SHOWN:
            yield f"{kind} ... and {len(those) - SHOWN} more"
