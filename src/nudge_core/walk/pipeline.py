"""Claimed texts on their way: prepared by professional, posted many at a time, recorded as the answers come.

No transaction is open while the carrier is called. Of one professional the texts of a claim are prepared in one
transaction, and answers are recorded together when several have come while the last ones were being stored: nobody
waits for a batch to fill. What cannot be recorded is left to its lease, and then to the carrier's own evidence.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from uuid import UUID

from nudge_core.errors import Conflict, NudgeError, Unavailable
from nudge_core.model.carrier import Accepted, Doubtful, NotSent, SendOutcome, TryLater
from nudge_core.model.message import DELIVERY, Message
from nudge_core.policy.pacing import BURST_S
from nudge_core.ports import TenantTransaction
from nudge_core.sending.circuit import LANE_TRIPPED, OURS, PACE_MISSED, STOPPING, refused_sender
from nudge_core.sending.completion import complete_if_done
from nudge_core.sending.moves import Moved
from nudge_core.steps import deliver
from nudge_core.verticals.base import Vertical
from nudge_core.walk.parts import Parts

PREPARING_AT_ONCE = 2
RECORDING_AT_ONCE = 3
"""Transactions of one process at a time; beside the claim they leave room in a pool of ten connections."""
RECORDED_AT_ONCE = 50  # answers in one transaction: some 0.1 s, so that none waits long for those before it
RECORD_TRIES = 20
RECORD_PAUSE_S = 0.5  # an answer is kept for ten seconds while the database is away: a restart takes less
STARTS_REMEMBERED = 200
LEAD_KEPT = 0.9  # of the longest time from a claim to a text that is ready, at each lot that took less
SHRINK, GROW_S = 0.9, 0.05
"""What a text that leaves late, or in time, makes of the seconds that are reserved ahead: less quickly, more slowly."""
SHORTEST_SPAN_S = 0.05  # a burst of starts says nothing of a rate
PACED_SPAN_S = 1.0  # nor does a shorter one, of how many texts can start that each have an instant of their own
SHARE_OF_DEADLINE = 0.5  # claimed texts must be expected to start within this share of the send deadline
SHARE_OF_BURST = 0.5  # and those with a pace, once their instant has come, within this share of what they may be late
PREPARED_AHEAD_S = 1.0
"""How long before its instant a paced text is prepared, together with those of its professional within as long again.

What the gate decided and the posting mark are two seconds old at most because of the pace, unless getting ready takes
longer than one.
"""

Result = tuple[Message, SendOutcome]


class Pipeline:
    """Texts between their claim and their end, in one task group.

    Args:
        parts: the walk's parts.
        monotonic: seconds that never go back.
        stop: when set, requests that have begun are brought to their end and no other one begins.
        told: called with every move.
    """

    def __init__(
        self, parts: Parts, monotonic: Callable[[], float], stop: asyncio.Event, told: Callable[[Moved], None]
    ) -> None:
        self.under_way = 0
        self.failed: Counter[str] = Counter()
        self._parts, self._monotonic, self._stop, self._told = parts, monotonic, stop, told
        self._slots = asyncio.Semaphore(parts.delivery.concurrency)
        self._preparing = asyncio.Semaphore(PREPARING_AT_ONCE)
        self._recording = asyncio.Semaphore(RECORDING_AT_ONCE)
        self._results: dict[UUID, list[Result]] = {}
        self._recorders: set[UUID] = set()
        self._posting: set[UUID] = set()
        self._leaving: dict[UUID, float] = {}
        self._paced = False
        self.lead_s = 0.0
        """Seconds from a claim until its texts are ready to leave, as it took lately."""
        self._ahead_s = parts.delivery.claim_rules.ahead_s
        self._starts: deque[float] = deque(maxlen=STARTS_REMEMBERED)
        self._strikes: Counter[str] = Counter()
        self._tripped_s: dict[str, float] = {}
        self._briefings: set[tuple[UUID, UUID]] = set()
        self._moved_on = asyncio.Event()

    @property
    def room(self) -> int:
        """How many texts may be claimed now: those that can be expected to start well before the send deadline."""
        settings, posting = self._parts.delivery, len(self._posting)
        free, waiting = settings.concurrency - posting, self.under_way - posting
        in_time = int(self._starts_per_s(SHORTEST_SPAN_S) * SHARE_OF_DEADLINE * settings.send_deadline_s)
        room = min(settings.batch, free + in_time - waiting)
        return min(room, free + self._room_for_paced) if self._paced else room

    @property
    def _room_for_paced(self) -> int:
        """How many more may be claimed, beside the free slots, so that none of those with a pace misses its instant.

        Of the seconds to come no more is reserved than has been started in as many lately.
        """
        return int(self._starts_per_s(PACED_SPAN_S) * self._ahead_s) - len(self._leaving)

    def _leaves(self, message_id: UUID, ready_s: float) -> None:
        """Note that a text's turn has come. When they wait long for it more is asked than can be done: reserve less."""
        if self._leaving.pop(message_id, None) is None:
            return
        if self._monotonic() - ready_s > SHARE_OF_BURST * BURST_S:
            self._ahead_s *= SHRINK
        else:
            self._ahead_s = min(self._ahead_s + GROW_S, self._parts.delivery.claim_rules.ahead_s)

    def _starts_per_s(self, least_span_s: float) -> float:
        """Return how many requests a second have begun lately, in at least so many seconds; 0 before the first one."""
        if not self._starts:
            return 0.0
        return len(self._starts) / max(self._monotonic() - self._starts[0], least_span_s)

    async def progress(self, at_most_s: float) -> None:
        """Wait until a text starts or ends, or so many seconds."""
        self._moved_on.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._moved_on.wait(), at_most_s)

    def take(self, group: asyncio.TaskGroup, claimed: deliver.Claimed) -> None:
        """Bring claimed texts on their way."""
        self.under_way += len(claimed.messages)
        claim_s = self._monotonic() - claimed.at_s
        self._leaving |= claimed.leaves_s
        self._paced = self._paced or bool(claimed.leaves_s)
        for messages in _together(claimed):
            group.create_task(self._prepare(group, claimed, claim_s, messages))

    async def _prepare(
        self, group: asyncio.TaskGroup, claimed: deliver.Claimed, claim_s: float, messages: Sequence[Message]
    ) -> None:
        first_s = min(claimed.leaves_s.get(message.id, claimed.at_s) for message in messages)
        await self._until(first_s - max(PREPARED_AHEAD_S, self.lead_s))
        begun_s = self._monotonic()
        async with self._preparing:
            answers = await self._prepared(messages[0].user_id, messages)
        self.lead_s = max(claim_s + self._monotonic() - begun_s, LEAD_KEPT * self.lead_s)
        for message, answer in zip(messages, answers, strict=True):
            if not isinstance(answer, deliver.Prepared):
                self._leaving.pop(message.id, None)
        for answer in answers:
            if isinstance(answer, deliver.Prepared):
                group.create_task(self._post(group, claimed, answer))
            else:
                self._ended(answer)

    async def _prepared(self, owner: UUID, messages: Sequence[Message]) -> Sequence[deliver.Prepared | Moved | None]:
        """Prepare texts together; where that fails each by itself, so that one that cannot be stops no other."""
        parts = self._parts
        try:
            async with parts.store.tenant(owner) as tx:
                if self._stop.is_set():
                    moves = {one.message.id: one for one in await deliver.hand_back(tx, messages, STOPPING)}
                    return [moves.get(message.id) for message in messages]
                return await deliver.prepare_all(tx, messages, await rules_of(parts, tx), parts.delivery)
        except Exception as error:  # a vertical's rule may fail as it likes
            if len(messages) == 1:
                return [await self._stumbled(owner, messages[0], error)]
        answers: list[deliver.Prepared | Moved | None] = []
        for message in messages:
            answers += await self._prepared(owner, [message])
        return answers

    async def _stumbled(self, owner: UUID, message: Message, error: Exception) -> Moved | None:
        self.failed[type(error).__name__] += 1
        with suppress(NudgeError):  # its lease runs out
            async with self._parts.store.tenant(owner) as tx:
                return await deliver.stumble(tx, message, type(error).__name__, self._parts.delivery)
        return None

    async def _post(self, group: asyncio.TaskGroup, claimed: deliver.Claimed, prepared: deliver.Prepared) -> None:
        message, sender = prepared.message, prepared.text.sender
        await self._until(claimed.leaves_s.get(message.id, claimed.at_s))
        ready_s = self._monotonic()
        async with self._slots:
            self._leaves(message.id, ready_s)
            if self._stop.is_set():
                outcome: SendOutcome = TryLater(why=STOPPING, retry_after_s=0.0)
            elif claimed.at_s <= self._tripped_s.get(sender, float("-inf")):
                outcome = TryLater(why=LANE_TRIPPED, retry_after_s=0.0)
            elif claimed.is_missed(message.id, self._monotonic()):  # not counted as a start: it says nothing of a rate
                outcome = TryLater(why=PACE_MISSED, retry_after_s=0.0)
            else:
                self._posting.add(message.id)
                self._starts.append(self._monotonic())
                self._moved_on.set()
                outcome = await self._outcome(prepared, claimed)
                self._posting.discard(message.id)
                self._learn(sender, outcome)
        self._results.setdefault(message.user_id, []).append((message, outcome))
        if message.user_id not in self._recorders:
            self._recorders.add(message.user_id)
            group.create_task(self._record(message.user_id))

    async def _until(self, at_s: float) -> None:
        """Wait until an instant of the monotonic clock, or until the stop."""
        while not self._stop.is_set() and (left_s := at_s - self._monotonic()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), left_s)

    async def _outcome(self, prepared: deliver.Prepared, claimed: deliver.Claimed) -> SendOutcome:
        parts = self._parts
        try:
            return await deliver.post(parts.gateway, prepared, claimed, parts.delivery, self._monotonic)
        except Exception as error:  # it promised not to raise: nobody knows how far it came
            self.failed[type(error).__name__] += 1
            return Doubtful(why=f"the adapter raised {type(error).__name__}")

    def _learn(self, sender: str, outcome: SendOutcome) -> None:
        """Stop what is claimed already when the carrier keeps failing."""
        if refused_sender(outcome) is not None:
            self._tripped_s[sender] = self._monotonic()
            return
        if isinstance(outcome, (Accepted, NotSent)):
            self._strikes[sender] = 0
            return
        if isinstance(outcome, TryLater) and outcome.why in OURS:
            return  # we were too slow: that says nothing of the carrier
        self._strikes[sender] += 1
        if self._strikes[sender] >= self._parts.delivery.circuit_after:
            self._tripped_s[sender] = self._monotonic()

    async def _record(self, owner: UUID) -> None:
        while self._results.get(owner):
            async with self._recording:
                waiting = self._results.pop(owner)
                results, rest = waiting[:RECORDED_AT_ONCE], waiting[RECORDED_AT_ONCE:]
                if rest:
                    self._results[owner] = rest
                for moved in await self._recorded(owner, results):
                    self._ended(moved)
        self._results.pop(owner, None)
        self._recorders.discard(owner)

    async def _recorded(self, owner: UUID, results: Sequence[Result]) -> Sequence[Moved | None]:
        """Store answers together, and as often as it takes; where one of them fails each by itself."""
        for _ in range(RECORD_TRIES):
            try:
                async with self._parts.store.tenant(owner) as tx:
                    return await deliver.record_all(tx, results, self._parts.delivery)
            except Unavailable:
                await asyncio.sleep(RECORD_PAUSE_S)
            except Exception as error:  # its lease runs out and it is looked into
                if len(results) == 1:
                    self.failed[type(error).__name__] += 1
                    return [None]
                break
        else:
            self.failed[Unavailable.__name__] += len(results)
            return [None] * len(results)
        answers: list[Moved | None] = []
        for result in results:
            answers += await self._recorded(owner, [result])
        return answers

    def _ended(self, moved: Moved | None) -> None:
        self.under_way -= 1
        self._moved_on.set()
        if moved is not None:
            self.note(moved)

    def note(self, moved: Moved) -> None:
        """Tell of a move, and remember a briefing that may have ended with it."""
        if DELIVERY.is_final(moved.to) and moved.message.briefing_id is not None:
            self._briefings.add((moved.message.user_id, moved.message.briefing_id))
        self._told(moved)

    async def close_briefings(self) -> None:
        """End the briefings whose last text has reached its end.

        In transactions of their own: what became of a text must be stored whatever becomes of its briefing.
        """
        touched, self._briefings = sorted(self._briefings), set()
        for owner, briefing_id in touched:
            with suppress(Conflict):  # somebody else has just written it; they looked at the same texts
                async with self._parts.store.tenant(owner) as tx:
                    await complete_if_done(tx, briefing_id)


def _together(claimed: deliver.Claimed) -> Iterator[list[Message]]:
    """Yield claimed texts in lots that one transaction prepares: of one professional, soon after each other."""
    by_owner: dict[UUID, list[Message]] = {}
    for message in claimed.messages:
        by_owner.setdefault(message.user_id, []).append(message)
    for messages in by_owner.values():
        ordered = [(claimed.leaves_s.get(message.id, claimed.at_s), message) for message in messages]
        ordered.sort(key=lambda entry: entry[0])
        lot, since_s = [ordered[0][1]], ordered[0][0]
        for leaves_s, message in ordered[1:]:
            if leaves_s - since_s >= PREPARED_AHEAD_S:
                yield lot
                lot, since_s = [], leaves_s
            lot.append(message)
        yield lot


async def rules_of(parts: Parts, tx: TenantTransaction) -> Vertical:
    """Return the vertical of the professional whose transaction it is."""
    return parts.vertical((await tx.users.get(tx.user_id)).vertical)
