"""Caps and locks of signing in: whatever comes in whatever order, the limits of `reliability.md` 9.3 hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from nudge_core.model.sign_in import Attempt, AttemptFate, AttemptKind, LockReason, Origin, SignInLock
from nudge_core.policy.sign_in import DAY, LIMITS, Obstacle, rule, verification, wrong_checks
from tests.samples import NOON, later, uid

SEND, CHECK = AttemptKind.SEND, AttemptKind.CHECK
HOUR, TEN_MINUTES = timedelta(hours=1), timedelta(minutes=10)


def origin(phone: int = 0, source: int = 0, device: int | None = None) -> Origin:
    named = None if device is None else f"device {device}"
    return Origin(phone=f"phone {phone}", source=f"source {source}", device=named)


class Gate:
    """The policy with a memory, as the store gives it one; remembers everything for the judges below."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.passed: list[Attempt] = []
        self.locks: dict[str, SignInLock] = {}
        self.alarms: list[SignInLock] = []

    def attempt(self, kind: AttemptKind, who: Origin, at: datetime, *, right: bool = False) -> Obstacle | None:
        recent = [
            one
            for one in self.attempts
            if (one.origin.phone == who.phone and at - one.at < DAY)
            or (one.origin.source == who.source and at - one.at < HOUR)
            or (who.device is not None and one.origin.device == who.device and at - one.at < HOUR)
        ]
        ruling = rule(kind, who, recent, list(self.locks.values()), at)
        fate = AttemptFate.REFUSED
        if ruling.obstacle is None:
            fate = AttemptFate.RIGHT if right else AttemptFate.ADMITTED
        elif ruling.obstacle is Obstacle.IDLE:
            fate = AttemptFate.IDLE
        made = Attempt(id=uid(len(self.attempts) + 1), kind=kind, origin=who, at=at, fate=fate)
        self.attempts.append(made)
        if ruling.obstacle is None:
            self.passed.append(made)
        for lock in ruling.locks:
            self.locks[lock.subject] = lock
            self.alarms.append(lock)
        assert (ruling.obstacle is None) or ruling.obstacle is Obstacle.IDLE or ruling.retry_after_s >= 1
        return ruling.obstacle


def most_within(times: Iterable[datetime], window: timedelta) -> int:
    """Return the greatest number of instants in any window: counted without the policy's help."""
    ordered = sorted(times)
    return max((sum(begin <= at < begin + window for at in ordered) for begin in ordered), default=0)


def assert_limits_hold(passed: Sequence[Attempt]) -> None:
    """Judge what was let through by the words of the source."""
    for phone in {one.origin.phone for one in passed}:
        mine = [one for one in passed if one.origin.phone == phone]
        sends = [one.at for one in mine if one.kind is SEND]
        assert most_within(sends, TEN_MINUTES) <= 5
        checks_since, begun = 0, None
        for one in mine:
            if one.kind is SEND:
                if begun is None or one.at - begun >= TEN_MINUTES:
                    begun, checks_since = one.at, 0
            else:
                assert begun is not None
                assert one.at - begun < TEN_MINUTES, "no check without a code that is out"
                checks_since += 1
                assert checks_since <= 5
                if one.fate is AttemptFate.RIGHT:
                    begun = None
    for kind in AttemptKind:
        for source in {one.origin.source for one in passed}:
            assert most_within((p.at for p in passed if p.kind is kind and p.origin.source == source), HOUR) <= 20
        for device in {one.origin.device for one in passed} - {None}:
            assert most_within((p.at for p in passed if p.kind is kind and p.origin.device == device), HOUR) <= 20


STEPS = st.lists(
    st.tuples(
        st.sampled_from([SEND, CHECK, CHECK, CHECK]),
        st.builds(origin, st.integers(0, 3), st.integers(0, 4), st.none() | st.integers(0, 1)),
        st.sampled_from([0.0, 0.5, 7.0, 61.0, 400.0, 599.0, 601.0, 3_599.0, 3_601.0]),
        st.booleans(),
    ),
    max_size=150,
)


@settings(max_examples=150)
@given(STEPS)
def test_no_order_of_attempts_gets_past_the_limits(steps: list[tuple[AttemptKind, Origin, float, bool]]) -> None:
    gate, at = Gate(), NOON
    for kind, who, wait_s, right in steps:
        at += timedelta(seconds=wait_s) + timedelta(microseconds=1)
        gate.attempt(kind, who, at, right=right)
    assert_limits_hold(gate.passed)


def test_five_sends_in_ten_minutes_and_the_sixth_when_the_first_is_ten_minutes_old() -> None:
    gate = Gate()
    assert [gate.attempt(SEND, origin(), later(s)) for s in range(5)] == [None] * 5
    assert gate.attempt(SEND, origin(), later(599)) is Obstacle.PHONE_SENDS
    assert gate.attempt(SEND, origin(), later(600)) is None


def test_thirty_sends_a_day() -> None:
    gate = Gate()
    got = [gate.attempt(SEND, origin(source=n % 5), later(n * 700)) for n in range(31)]
    assert got == [None] * 30 + [Obstacle.PHONE_SENDS_A_DAY]


def test_twenty_an_hour_from_one_source_and_one_device() -> None:
    gate = Gate()
    got = [gate.attempt(SEND, origin(phone=n % 9), later(n * 100)) for n in range(21)]
    assert got == [None] * 20 + [Obstacle.SOURCE]
    gate = Gate()
    got = [gate.attempt(SEND, origin(phone=n, source=n, device=1), later(n)) for n in range(21)]
    assert got == [None] * 20 + [Obstacle.DEVICE]


def test_a_check_without_a_code_that_is_out_compares_nothing() -> None:
    gate = Gate()
    assert gate.attempt(CHECK, origin(), NOON) is Obstacle.IDLE
    gate.attempt(SEND, origin(), later(1))
    assert gate.attempt(CHECK, origin(), later(2), right=True) is None
    assert gate.attempt(CHECK, origin(), later(3)) is Obstacle.IDLE
    gate.attempt(SEND, origin(), later(4))
    assert gate.attempt(CHECK, origin(), later(604)) is Obstacle.IDLE


def test_a_code_sent_again_is_the_same_verification() -> None:
    gate = Gate()
    for at_s in (0, 300):
        gate.attempt(SEND, origin(), later(at_s))
        for n in range(3):
            gate.attempt(CHECK, origin(), later(at_s + n + 1))
    assert len([one for one in gate.passed if one.kind is CHECK]) == 5
    assert verification("phone 0", gate.attempts) == (NOON, 5)
    gate.attempt(SEND, origin(), later(600))
    assert verification("phone 0", gate.attempts) == (later(600), 0)


def test_many_phones_from_one_source_lock_the_source_and_nobody_else() -> None:
    gate = Gate()
    got = [gate.attempt(CHECK, origin(phone=n), later(n)) for n in range(10)]
    assert got[-1] is Obstacle.LOCKED
    assert [(lock.subject, lock.reason) for lock in gate.alarms] == [("source 0", LockReason.MANY_PHONES)]
    assert gate.attempt(SEND, origin(phone=50), later(1_000)) is Obstacle.LOCKED
    assert gate.attempt(SEND, origin(phone=50, source=1), later(1_001)) is None
    assert len(gate.alarms) == 1, "one alarm for one lock"
    assert gate.attempt(SEND, origin(phone=50), later(9 + 3_600)) is None


def test_many_sources_at_one_phone_lock_the_phone_though_each_was_refused() -> None:
    gate = Gate()
    for n in range(9):
        gate.attempt(SEND, origin(source=n), later(n))
    assert gate.attempt(SEND, origin(source=9), later(9)) is Obstacle.LOCKED
    assert [(lock.subject, lock.reason) for lock in gate.alarms] == [("phone 0", LockReason.MANY_SOURCES)]
    assert gate.attempt(SEND, origin(phone=1, source=9), later(10)) is None


def test_patient_guessing_from_few_sources_meets_the_limit_of_the_day() -> None:
    """Below every other cap: nine addresses, five checks for each new code, day and night."""
    gate = Gate()
    for n in range(24 * 6):
        for _ in range(1):
            gate.attempt(SEND, origin(source=n % 9), later(n * 600))
        for check in range(5):
            gate.attempt(CHECK, origin(source=(n + check) % 9), later(n * 600 + 1 + check))
    tried = [one for one in gate.passed if one.kind is CHECK]
    assert len(tried) <= LIMITS.wrong_a_day + 24, "an hour's lock after each one beyond"
    assert any(lock.reason is LockReason.MANY_WRONG for lock in gate.alarms)
    assert len(tried) * 1e-6 < 1e-4, "the chance to guess a code in a day"


def test_a_right_code_begins_the_count_of_wrong_ones_anew() -> None:
    gate = Gate()
    gate.attempt(SEND, origin(), NOON)
    gate.attempt(CHECK, origin(), later(1))
    assert wrong_checks("phone 0", gate.attempts, later(2)) == [later(1)]
    gate.attempt(CHECK, origin(), later(2), right=True)
    assert wrong_checks("phone 0", gate.attempts, later(3)) == []
