"""W1 and W2 of `reliability.md` 10, at any size: what carriers do to webhooks, judged on rows alone.

Each takes an installation that is already up and a way to post to it, so that the same storm runs through the test
client on the memory store and over a socket on PostgreSQL.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from uuid import UUID

from attrs import evolve, frozen

from nudge_core.model.message import Delivery, Direction, Message, MessageClass, Receipt
from nudge_core.ports import Store
from nudge_core.sending.evidence import adopt
from tests.send_walk import RITA, Town, Watch
from tests.twilio_calls import Call, inbound_call, status_call

Post = Callable[[Call], Awaitable[int]]

LIVES: tuple[tuple[tuple[str, ...], str | None], ...] = (
    (("queued", "sending", "sent", "delivered"), None),
    (("sending", "sent", "delivered"), None),
    (("sent", "undelivered"), "30007"),
    (("sent", "failed"), "30450"),
    (("sent", "delivered", "read"), None),
)
LOST = 0.2
TIMES = 3
LOOKS = 20  # at all rows during a storm


@frozen(kw_only=True)
class Storm:
    """What a storm did and what was wrong afterwards: no line is a pass."""

    calls: int
    statuses: Mapping[int, int]
    violations: tuple[str, ...]
    seed: int = 0

    def line(self, name: str) -> str:
        """Return one line of report."""
        told = " ".join(f"{status}:{count}" for status, count in sorted(self.statuses.items()))
        return f"{name} seed {self.seed} calls {self.calls} answers {told} violations {len(self.violations)}"


@frozen(kw_only=True)
class _Sent:
    """One text and how it will fare. `recorded`: after which share of its callbacks the 201 is stored; None: never."""

    message: Message
    sid: str
    statuses: tuple[str, ...]
    code: str | None
    recorded: float | None


async def receipts_storm(town: Town, post: Post, *, texts: int, seed: int) -> Storm:
    """W1: every callback three times, shuffled over all texts, a fifth lost, before and after the 201 is recorded.

    Args:
        town: with as many clients as texts wait for at once; its store is the application's.
        post: posts a call and returns the status.
        texts: so many are sent; about eleven calls each.
        seed: of everything drawn.
    """
    draw, watch = Random(seed), Watch()
    sent = await _sent(town, texts, draw)
    calls = [(text, call) for text in sent for call in _callbacks(text, draw)]
    draw.shuffle(calls)
    left = Counter(text.message.id for text, _ in calls)
    whole = Counter(left)
    recorded: set[UUID] = set()
    statuses: Counter[int] = Counter()
    violations: list[str] = []
    told: set[tuple[str, str]] = set()
    step = max(50, len(calls) // LOOKS)
    for number, (text, call) in enumerate(calls):
        if text.recorded is not None and text.message.id not in recorded:
            done = 1 - left[text.message.id] / whole[text.message.id]
            if done >= text.recorded:
                await _record(town.store, text)
                recorded.add(text.message.id)
        left[text.message.id] -= 1
        statuses[await post(call)] += 1
        told.add((text.sid, dict(call.fields)["MessageStatus"]))
        if number % step == 0:
            violations += watch.look(await town.rows())
    for text in sent:
        if text.recorded is not None and text.message.id not in recorded:
            await _record(town.store, text)
    violations += watch.look(await town.rows())
    violations += _judged(sent, {row.id: row for row in await town.rows()}, told)
    violations += [f"answered {status}" for status in statuses if status != 204]
    return Storm(calls=len(calls), statuses=statuses, violations=tuple(violations), seed=seed)


def _judged(sent: Sequence[_Sent], rows: Mapping[UUID, Message], told: set[tuple[str, str]]) -> list[str]:
    """Return what is wrong at the end: an id that is not the carrier's, a receipt below the highest that was told."""
    found = []
    for text in sent:
        row = rows[text.message.id]
        ranks = [Receipt(status).rank for sid, status in told if sid == text.sid]
        heard = bool(ranks) or text.recorded is not None
        if heard and (row.provider_sid, row.delivery) != (text.sid, Delivery.SENT):
            found.append(f"I5 a text that was accepted is {row.delivery}")
        if ranks and (row.receipt is None or row.receipt.rank < max(ranks)):
            found.append("I5 a receipt that was told does not count")
    second = Counter(row.provider_sid for row in rows.values() if row.provider_sid is not None)
    return found + [f"I5 one id on {n} texts" for n in second.values() if n > 1]


async def _sent(town: Town, texts: int, draw: Random) -> list[_Sent]:
    """Queue and claim texts, one per client at a time; a carrier accepts them all."""
    queued = await town.queue(*(town.text(n, client=n % len(town.clients)) for n in range(texts)))
    sent: list[_Sent] = []
    while len(sent) < len(queued):
        async with town.store.system() as tx:
            claimed = await tx.sends.claim(texts, 3_600.0)
        assert claimed, "fewer clients than texts: one is in flight per phone"
        for message in claimed:
            statuses, code = draw.choice(LIVES)
            when = draw.choice([0.0, 0.0, 0.5, 1.0, None])
            sid = f"SM{seed_of(draw)}"
            sent.append(_Sent(message=message, sid=sid, statuses=statuses, code=code, recorded=when))
    return sent


def seed_of(draw: Random) -> str:
    """Return 32 hexadecimal digits."""
    return f"{draw.getrandbits(128):032x}"


def _callbacks(text: _Sent, draw: Random) -> list[Call]:
    calls = []
    for status in text.statuses:
        failed = status in ("undelivered", "failed")
        more = {"ErrorCode": text.code} if failed and text.code else {}
        call = status_call(text.message.id, text.sid, status, attempt=text.message.attempt, **more)
        calls += [call for _ in range(TIMES) if draw.random() >= LOST]
    return calls


async def _record(store: Store, text: _Sent) -> None:
    """Store the answer of the carrier, as the sender does."""
    async with store.tenant(RITA) as tx:
        moved = await adopt(tx, text.message, text.sid, Receipt.QUEUED, "test")
        assert not moved.alarm


async def unknown_storm(town: Town, post: Post, *, events: int, seed: int) -> Storm:
    """W1: receipts without our message's name, for ids that are learned only afterwards, count when they are."""
    draw = Random(seed)
    sent = await _sent(town, events, draw)
    statuses: Counter[int] = Counter()
    for text in sent:
        stranger = status_call(UUID(int=draw.getrandbits(120)), text.sid, "delivered")
        statuses[await post(stranger)] += 1
    for text in sent:
        await _record(town.store, text)
    rows = {row.id: row for row in await town.rows()}
    lost = [text for text in sent if rows[text.message.id].receipt is not Receipt.DELIVERED]
    found = [f"a receipt before its text was known is lost ({len(lost)})"] if lost else []
    return Storm(calls=len(sent), statuses=statuses, violations=tuple(found), seed=seed)


async def inbound_storm(town: Town, post: Post, *, texts: int, at_once: int, seed: int) -> Storm:
    """W2: each inbound text `at_once` times at the same moment; one row, and one automatic reply where one is due.

    Every text is from a phone of its own and asks for silence in words that no carrier answers.
    """
    draw = Random(seed)
    statuses: Counter[int] = Counter()
    sids = [f"SM{seed_of(draw)}" for _ in range(texts)]
    for number, sid in enumerate(sids):
        call = inbound_call(sid, f"+1512{5600000 + number}", "please stop texting me")
        again = [evolve(call, headers={"I-Twilio-Idempotency-Token": f"t{n}"}) for n in range(at_once)]
        statuses.update(await asyncio.gather(*(post(one) for one in again)))
    rows = await town.rows()
    inbound = Counter(row.provider_sid for row in rows if row.direction is Direction.INBOUND)
    replies = Counter(row.recipient for row in rows if row.message_class is MessageClass.SERVICE)
    found = [f"I8 {inbound[sid]} rows of one text" for sid in sids if inbound[sid] != 1]
    found += [f"{n} automatic replies to one STOP" for n in replies.values() if n != 1]
    found += [] if len(replies) == texts else [f"{len(replies)} automatic replies to {texts} STOPs"]
    found += [f"answered {status}" for status in statuses if status != 200]
    silences = {held.phone for held in await town.silences()}
    found += [] if len(silences) == texts else [f"{len(silences)} of {texts} STOPs hold"]
    return Storm(calls=texts * at_once, statuses=statuses, violations=tuple(found), seed=seed)
