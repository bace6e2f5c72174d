"""One client's life with us, in any order: planned, changed, cancelled, released, answered, stopped, started, resumed.

Judged by what the carrier accepted and by what is stored, never by what the walk reports.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from nudge_core.errors import NudgeError
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.interaction import InteractionKind
from nudge_core.model.message import Direction, MessageClass, MessageSource, ScheduledMessage, ScheduledStatus
from nudge_core.sending import silence, wishes
from nudge_core.steps import converse, release, schedule
from nudge_core.steps import plan as plans
from nudge_core.steps.release import ReleaseSettings
from nudge_core.steps.schedule import Repetition
from nudge_core.walk import release_due
from tests.campaign import MortalStore
from tests.clocks import utc
from tests.planning import Practice, practice
from tests.send_walk import RITA, Killed

T = TypeVar("T")
EXAMPLES = int(os.environ.get("NUDGE_MACHINE_EXAMPLES", "12"))  # a long run, now and then: 500
STEPS = 35
STARTS = st.sampled_from([utc("2026-03-05 15:00"), utc("2026-06-01 14:00"), utc("2026-10-29 15:00")])
RULES = st.sampled_from(
    ["FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=WEEKLY;COUNT=2",
     "FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=BACKWARD"]
)  # fmt: skip
PLACES = st.sampled_from([f"{kind}:{when}_commit" for kind in ("system", "tenant") for when in ("before", "after")])
ENDED = (BriefingStatus.CANCELLED, BriefingStatus.COMPLETED)


class ClientLife(RuleBasedStateMachine):
    """Everything that may happen to one client."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.wishes = 0
        self.stopped_at: datetime | None = None
        self.silent = False
        self.resumed: set[UUID] = set()
        self.seen: dict[UUID, BriefingStatus] = {}

    def teardown(self) -> None:
        self.runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end."""
        return self.runner.run(work)

    @initialize(start=STARTS, unanswered=st.sampled_from([None, 3]))
    def begin(self, start: datetime, unanswered: int | None) -> None:
        self.at: Practice = self.run(practice(start, settings=ReleaseSettings(unanswered_at_most=unanswered)))
        self.plan_series("FREQ=WEEKLY", 5, with_anchor=True, business=True)
        self.plan_one(4, None, remind=False)

    def waiting(self) -> list[ScheduledMessage]:
        return self.run(self.at.open())

    @rule(days=st.integers(0, 9), hour=st.none() | st.integers(8, 19), remind=st.booleans())
    def plan_one(self, days: int, hour: int | None, remind: bool) -> None:
        self.wishes += 1
        kind = MessageClass.TRANSACTIONAL if remind else MessageClass.INFORMATIONAL
        day = (self.at.clock.now() + timedelta(days=days)).date()
        wish = self.at.wish(f"wish {self.wishes}", day, None if hour is None else time(hour, 30), message_class=kind)
        with suppress(NudgeError):
            self.run(self.at.plan(wish))

    @rule(text=RULES, days=st.integers(0, 9), with_anchor=st.booleans(), business=st.booleans())
    def plan_series(self, text: str, days: int, with_anchor: bool, business: bool) -> None:
        self.wishes += 1
        day = (self.at.clock.now() - timedelta(days=days)).date()
        repeat = Repetition(rule=text, with_anchor=with_anchor)
        with suppress(NudgeError):
            self.run(self.at.plan(self.at.wish(f"wish {self.wishes}", day, repeat=repeat, business_days=business)))

    @rule(data=st.data(), days=st.integers(0, 5), behind=st.sampled_from([0, 0, 1]))
    def change(self, data: st.DataObject, days: int, behind: int) -> None:
        if rows := self.waiting():
            row = data.draw(st.sampled_from(rows))
            self.run(self._change(row, days, behind))

    async def _change(self, row: ScheduledMessage, days: int, behind: int) -> None:
        day = (self.at.clock.now() + timedelta(days=days)).date()
        with suppress(NudgeError):
            async with self.at.store.tenant(RITA) as tx:
                await schedule.change(tx, row.id, "rita", self.at.rules, version=row.version - behind, day=day)

    @rule(data=st.data(), whole=st.booleans())
    def cancel(self, data: st.DataObject, whole: bool) -> None:
        if rows := self.run(self.at.planned()):
            row = data.draw(st.sampled_from(rows))
            self.run(self._cancel(row, whole))

    async def _cancel(self, row: ScheduledMessage, whole: bool) -> None:
        with suppress(NudgeError):
            async with self.at.store.tenant(RITA) as tx:
                await schedule.cancel(tx, row.id, "rita", version=row.version, whole_series=whole)

    @rule(hours=st.integers(1, 100))
    def time_goes_by(self, hours: int) -> None:
        self.run(self.at.until(self.at.clock.now() + timedelta(hours=hours), timedelta(hours=5)))

    @rule(hours=st.integers(1, 2_000))
    def nobody_runs_the_worker(self, hours: int) -> None:
        self.at.clock.move(hours * 3_600.0)

    @rule(place=PLACES, nth=st.integers(1, 6))
    def a_worker_dies(self, place: str, nth: int) -> None:
        hits: Counter[str] = Counter()

        async def die(here: str) -> None:
            hits[here] += 1
            if here == place and hits[here] == nth:
                raise Killed(here)

        with suppress(Killed):
            self.run(release_due(self.at.parts_on(MortalStore(self.at.store, die))))

    @rule(told=st.booleans())
    def stop(self, told: bool) -> None:
        self.run(self.at.record(InteractionKind.TOLD_TO_STOP) if told else self.at.hear("STOP"))
        if not self.silent:
            self.stopped_at, self.silent = self.at.clock.now(), True

    @rule(idle_hours=st.integers(0, 200))
    def a_worker_sleeps_past_its_lease(self, idle_hours: int) -> None:
        """It has claimed and read; others do its work meanwhile; then it wakes and goes on."""
        self.at.clock.move(idle_hours * 3_600.0)
        asleep = self.run(self._prepared())
        self.at.clock.move(self.at.settings.lease_s + 1.0)
        self.run(self.at.due())
        for prepared in asleep:
            self.run(self._go_on(prepared))

    async def _prepared(self) -> list[release.Prepared]:
        vertical = self.at.parts.verticals["real_estate"]
        async with self.at.store.system() as tx:
            claimed = await release.claim(tx, 9, self.at.settings)
        found = []
        for one in claimed:
            async with self.at.store.tenant(RITA) as tx:
                prepared = await release.prepare(tx, one, vertical, self.at.settings)
            found += [prepared] if isinstance(prepared, release.Prepared) else []
        return found

    async def _go_on(self, prepared: release.Prepared) -> None:
        with suppress(NudgeError):
            async with self.at.store.tenant(RITA) as tx:
                await release.release(tx, prepared)

    @rule()
    def start(self) -> None:
        self.run(self.at.hear("START"))
        self.silent = False

    @rule(body=st.sampled_from(["thanks", "can we talk?", "my dad passed away", "yes"]))
    def reply(self, body: str) -> None:
        self.run(self.at.hear(body))
        states = self.run(self._plans())
        assert BriefingStatus.ACTIVE not in states.values()

    @rule(kind=st.sampled_from([InteractionKind.CALL, InteractionKind.NOTE]))
    def talk(self, kind: InteractionKind) -> None:
        self.run(self.at.record(kind, "about the garden"))

    @rule(data=st.data(), action=st.sampled_from(["resume", "resume", "end", "update"]))
    def act(self, data: st.DataObject, action: str) -> None:
        states = self.run(self._plans())
        if states:
            plan_id = data.draw(st.sampled_from(sorted(states)))
            self.run(self._act(plan_id, action))

    async def _act(self, plan_id: UUID, action: str) -> None:
        with suppress(NudgeError):
            async with self.at.store.tenant(RITA) as tx:
                version = (await tx.briefings.get(plan_id)).version
                if action == "resume":
                    await plans.resume_plan(tx, plan_id, "rita", self.at.rules, version=version)
                    self.resumed.add(plan_id)
                elif action == "end":
                    await plans.end_plan(tx, plan_id, "rita", version=version)
                else:
                    await plans.update_plan(tx, plan_id, "rita", self.at.rules, version=version, shift_days=1)

    async def _plans(self) -> dict[UUID, BriefingStatus]:
        async with self.at.store.tenant(RITA) as tx:
            found = await tx.briefings.of_client(self.at.client.id, list(BriefingStatus))
        return {one.id: one.status for one in found if one.is_plan}

    @invariant()
    def no_series_has_two_open_occurrences(self) -> None:
        if hasattr(self, "at"):
            open_ = Counter(row.repeat.series_id for row in self.waiting() if row.repeat is not None)
            assert all(number == 1 for number in open_.values())

    @invariant()
    def no_plan_goes_on_by_itself(self) -> None:
        if not hasattr(self, "at"):
            return
        now = self.run(self._plans())
        for plan_id, before in self.seen.items():
            if before is BriefingStatus.PAUSED and now[plan_id] is BriefingStatus.ACTIVE:
                assert plan_id in self.resumed
            if before in ENDED:
                assert now[plan_id] is before
        self.seen, self.resumed = now, set()

    @invariant()
    def nothing_is_released_or_sent_twice(self) -> None:
        if not hasattr(self, "at"):
            return
        rows = self.run(self.at.planned())
        released = Counter(row.message_id for row in rows if row.message_id is not None)
        assert all(number == 1 for number in released.values())
        texts = self.run(self.at.texts())
        assert {text.id for text in texts if text.source is MessageSource.SCHEDULED} == set(released)
        places = Counter((row.repeat.series_id, row.repeat.occurrence) for row in rows if row.repeat is not None)
        assert all(number == 1 for number in places.values())
        accepted = Counter(entry.message_id for entry in self.at.ledger())
        assert all(number == 1 for number in accepted.values())

    @invariant()
    def nothing_after_a_stop(self) -> None:
        if not hasattr(self, "at") or self.stopped_at is None:
            return
        texts = {text.id: text for text in self.run(self.at.texts()) if text.direction is Direction.OUTBOUND}
        for entry in self.at.ledger():
            text = texts[entry.message_id]
            if text.message_class is MessageClass.SERVICE or entry.at <= self.stopped_at:
                continue
            assert not self.silent
            assert text.created_at > self.stopped_at  # nothing from before comes back with a START
        if self.silent:
            assert self.waiting() == []

    @invariant()
    def every_end_has_its_reason(self) -> None:
        if hasattr(self, "at"):
            for row in self.run(self.at.planned()):
                if row.status in (ScheduledStatus.CANCELLED, ScheduledStatus.FAILED):
                    assert row.error_message


def test_any_life_of_a_client() -> None:
    run_state_machine_as_test(
        ClientLife, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
    )


async def _nothing(*_given: object, **_named: object) -> tuple[()]:
    return ()


async def _zero(*_given: object, **_named: object) -> int:
    return 0


def _no_pause(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(converse, "pause", _nothing)


def _stop_keeps_what_is_planned(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(silence, "_cancel_planned", _zero)
    patch.setattr(silence, "exit_plans", _zero)


def _start_resumes(patch: pytest.MonkeyPatch) -> None:
    real = wishes.start

    async def start(tx: Any, inbound: Any, message: Any) -> None:
        await real(tx, inbound, message)
        for plan in await tx.briefings.of_client(message.client_id, [BriefingStatus.PAUSED]):
            await tx.briefings.save(plan.moved(BriefingStatus.ACTIVE, tx.now))

    patch.setattr(converse, "start", start)


def _release_without_a_guard(patch: pytest.MonkeyPatch) -> None:
    real, numbers = release._approved, itertools.count()

    async def approved(tx: Any, planned: Any, prepared: Any) -> Any:
        text, number = await real(tx, planned, prepared), next(numbers)
        return evolve(text, id=UUID(int=(7 << 100) + number), dedupe_key=f"mutant {number}")

    async def ours(tx: Any, claimed: Any) -> Any:
        return await tx.scheduled.get(claimed.id)

    patch.setattr(release, "_approved", approved)
    patch.setattr(release, "_still_ours", ours)


@pytest.mark.parametrize("mutate", [_no_pause, _stop_keeps_what_is_planned, _start_resumes, _release_without_a_guard])
def test_the_judge_is_judged(mutate: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule taken out must be missed."""
    mutate(monkeypatch)
    found = settings(
        max_examples=300, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate],
    )  # fmt: skip
    with pytest.raises(AssertionError):
        run_state_machine_as_test(ClientLife, settings=found)
