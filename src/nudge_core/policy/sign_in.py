"""May this attempt to sign in be passed on? Caps per phone, source and device; locks against spread guessing. Pure.

Known and unknown phones are judged alike: nothing here knows which is which. Source: `reliability.md` 9.3 unless said
otherwise; our own numbers are marked [I].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.sign_in import Attempt, AttemptFate, AttemptKind, LockReason, Origin, SignInLock

DAY = timedelta(days=1)
_COUNTED = frozenset({AttemptFate.ADMITTED, AttemptFate.RIGHT, AttemptFate.IDLE})
_PASSED_ON = frozenset({AttemptFate.ADMITTED, AttemptFate.RIGHT})


class Obstacle(StrEnum):
    """What stands in the way of an attempt."""

    LOCKED = "locked"
    PHONE_SENDS = "phone_sends"
    PHONE_SENDS_A_DAY = "phone_sends_a_day"
    SOURCE = "source"
    DEVICE = "device"
    CHECKS = "checks"
    IDLE = "idle"


@frozen(kw_only=True)
class SignInLimits:
    """How often. Windows roll.

    `sends_per_phone` in `send_window`; `sends_a_day` per phone, against running up a bill [I]; `per_hour` of each kind
    for one source and one device; `checks` of one verification, which lives `code_life` from its first sending.
    `spread_phones` from one source or `spread_sources` at one phone within an hour, or `wrong_a_day` wrong codes for
    one phone in a day, lock it for `lock` [I].
    """

    sends_per_phone: int = field(default=5, validator=fields.between(1, 100))
    send_window: timedelta = timedelta(minutes=10)
    sends_a_day: int = field(default=30, validator=fields.between(1, 1_000))
    per_hour: int = field(default=20, validator=fields.between(1, 10_000))
    hour: timedelta = timedelta(hours=1)
    checks: int = field(default=5, validator=fields.between(1, 100))
    code_life: timedelta = timedelta(seconds=600)
    spread_phones: int = field(default=10, validator=fields.between(2, 1_000))
    spread_sources: int = field(default=10, validator=fields.between(2, 1_000))
    wrong_a_day: int = field(default=30, validator=fields.between(1, 1_000))
    lock: timedelta = timedelta(hours=1)


LIMITS = SignInLimits()


@frozen(kw_only=True)
class Ruling:
    """What is to be done about an attempt. `obstacle` None: pass it on.

    `retry_after_s`: seconds after which the same may be let through. `locks`: to be set now, each a cause for alarm.
    """

    obstacle: Obstacle | None = None
    retry_after_s: float = 0.0
    locks: tuple[SignInLock, ...] = ()


def rule(
    kind: AttemptKind,
    origin: Origin,
    recent: Sequence[Attempt],
    locks: Sequence[SignInLock],
    now: datetime,
    limits: SignInLimits = LIMITS,
) -> Ruling:
    """Judge an attempt by what came before it.

    Args:
        kind: what is asked for.
        origin: by whom and for which phone.
        recent: attempts of the last day that share the phone, the source or the device; others do no harm.
        locks: those of the phone and of the source.
        now: the instant of the attempt.
        limits: how often.
    """
    held = [lock for lock in locks if lock.until > now and lock.subject in (origin.phone, origin.source)]
    if held:
        return Ruling(obstacle=Obstacle.LOCKED, retry_after_s=_until(max(lock.until for lock in held), now))
    fresh = _marks_of_guessing(origin, recent, now, limits)
    if fresh:
        wait_s = _until(max(lock.until for lock in fresh), now)
        return Ruling(obstacle=Obstacle.LOCKED, retry_after_s=wait_s, locks=fresh)
    for obstacle, times, most, window in _caps(kind, origin, recent, now, limits):
        inside = sorted(at for at in times if now - at < window)
        if len(inside) >= most:
            return Ruling(obstacle=obstacle, retry_after_s=_until(inside[-most] + window, now))
    if kind is AttemptKind.SEND:
        return Ruling()
    return _of_check(origin, recent, now, limits)


def _until(instant: datetime, now: datetime) -> float:
    return max(1.0, (instant - now).total_seconds())


def _times(attempts: Iterable[Attempt], fates: frozenset[AttemptFate]) -> list[datetime]:
    return [one.at for one in attempts if one.fate in fates]


def _caps(
    kind: AttemptKind, origin: Origin, recent: Sequence[Attempt], now: datetime, limits: SignInLimits
) -> Iterable[tuple[Obstacle, list[datetime], int, timedelta]]:
    """Yield each cap as obstacle, the instants that count, how many are too many, and their window."""

    def of(belongs: Callable[[Attempt], bool]) -> list[datetime]:
        return _times((one for one in recent if one.kind is kind and one.at <= now and belongs(one)), _COUNTED)

    if kind is AttemptKind.SEND:
        sends = of(lambda one: one.origin.phone == origin.phone)
        yield Obstacle.PHONE_SENDS, sends, limits.sends_per_phone, limits.send_window
        yield Obstacle.PHONE_SENDS_A_DAY, sends, limits.sends_a_day, DAY
    yield Obstacle.SOURCE, of(lambda one: one.origin.source == origin.source), limits.per_hour, limits.hour
    if origin.device is not None:
        yield Obstacle.DEVICE, of(lambda one: one.origin.device == origin.device), limits.per_hour, limits.hour


def _of_check(origin: Origin, recent: Sequence[Attempt], now: datetime, limits: SignInLimits) -> Ruling:
    """Judge a check by the verification it is for: the code that is out, and how often it was tried."""
    begun, checks = verification(origin.phone, recent, limits)
    if begun is None or now - begun >= limits.code_life:
        return Ruling(obstacle=Obstacle.IDLE)
    if checks >= limits.checks:
        return Ruling(obstacle=Obstacle.CHECKS, retry_after_s=_until(begun + limits.code_life, now))
    return Ruling()


def verification(phone: str, recent: Sequence[Attempt], limits: SignInLimits = LIMITS) -> tuple[datetime | None, int]:
    """Return when the last verification of a phone began, and how often it was checked; None when it was used up.

    A code that is sent again within its life is the same one, so sending does not give new tries.
    """
    begun: datetime | None = None
    checks = 0
    mine = (one for one in recent if one.origin.phone == phone and one.fate in _PASSED_ON)
    for one in sorted(mine, key=lambda attempt: (attempt.at, attempt.kind is AttemptKind.CHECK)):
        if one.kind is AttemptKind.SEND:
            if begun is None or one.at - begun >= limits.code_life:
                begun, checks = one.at, 0
        elif one.fate is AttemptFate.RIGHT:
            begun, checks = None, 0
        else:
            checks += 1
    return begun, checks


def _marks_of_guessing(
    origin: Origin, recent: Sequence[Attempt], now: datetime, limits: SignInLimits
) -> tuple[SignInLock, ...]:
    """Return the locks that this attempt brings about, itself counted."""
    lately = [one.origin for one in recent if now - one.at < limits.hour] + [origin]
    until = now + limits.lock
    locks = []
    if len({one.phone for one in lately if one.source == origin.source}) >= limits.spread_phones:
        locks.append(SignInLock(subject=origin.source, reason=LockReason.MANY_PHONES, until=until))
    if len({one.source for one in lately if one.phone == origin.phone}) >= limits.spread_sources:
        locks.append(SignInLock(subject=origin.phone, reason=LockReason.MANY_SOURCES, until=until))
    wrong = wrong_checks(origin.phone, recent, now)
    if len(wrong) >= limits.wrong_a_day and now - wrong[-1] < limits.lock:
        ends = wrong[-1] + limits.lock
        locks.append(SignInLock(subject=origin.phone, reason=LockReason.MANY_WRONG, until=ends))
    return tuple(locks)


def wrong_checks(phone: str, recent: Sequence[Attempt], now: datetime) -> list[datetime]:
    """Return when wrong codes were tried for a phone in the last day, since the last right one; the oldest first."""
    checks = sorted(
        (one for one in recent if one.kind is AttemptKind.CHECK and one.origin.phone == phone and now - one.at < DAY),
        key=lambda one: one.at,
    )
    wrong: list[datetime] = []
    for one in checks:
        if one.fate is AttemptFate.RIGHT:
            wrong = []
        elif one.fate is AttemptFate.ADMITTED:
            wrong.append(one.at)
    return wrong
