"""Memory and PostgreSQL side by side over who may come in: the same calls give the same answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nudge_adapters.memory import MemoryStore
from nudge_adapters.sql.store import SqlStore
from nudge_core.errors import NudgeError
from nudge_core.model.sign_in import AttemptFate, AttemptKind, EndReason, LockReason, Origin, SignInLock
from nudge_core.ports import Store
from tests import samples
from tests.contracts.access import attempt, key, session, token
from tests.databases import empty
from tests.samples import NOON, CountingIds, SteppingClock, uid

Work: TypeAlias = Callable[[Any], Awaitable[object]]
Step: TypeAlias = tuple[int | None, Work]
"""Whose transaction (None: nobody's) and what is done in it."""

FEW = st.integers(100, 103)
SECONDS = st.integers(-60, 60)
WORDS = st.sampled_from(["one", "two"])
ORIGINS = st.builds(Origin, phone=WORDS, source=WORDS, device=st.none() | WORDS)


def at(seconds: int) -> Any:
    return NOON + timedelta(seconds=seconds)


def globally(work: Work) -> Step:
    return (None, work)


STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(
        lambda n, origin, s, kind, fate: globally(
            lambda tx: tx.attempts.add(attempt(n, origin, s, kind=kind, fate=fate))
        ),
        FEW, ORIGINS, SECONDS, st.sampled_from(AttemptKind), st.sampled_from(AttemptFate),
    ),
    st.builds(lambda n, fate: globally(lambda tx: tx.attempts.settle(uid(n), fate)), FEW, st.sampled_from(AttemptFate)),
    st.builds(lambda o, a, b: globally(lambda tx: tx.attempts.recent(o, at(a), at(b))), ORIGINS, SECONDS, SECONDS),
    st.builds(
        lambda subject, reason, s: globally(
            lambda tx: tx.attempts.lock(SignInLock(subject=subject, reason=reason, until=at(s)))
        ),
        WORDS, st.sampled_from(LockReason), SECONDS,
    ),
    st.builds(lambda o: globally(lambda tx: tx.attempts.locks(o)), ORIGINS),
    st.builds(lambda s: globally(lambda tx: tx.attempts.forget_before(at(s))), SECONDS),
    st.builds(lambda n, on: globally(lambda tx: tx.users.set_super(uid(n), on)), st.integers(1, 3), st.booleans()),
    st.builds(
        lambda who, n, a, b: (
            who, lambda tx: tx.sessions.add(session(n, uid(who), created_at=at(a), expires_at=at(b)))
        ),
        st.integers(1, 2), FEW, SECONDS, SECONDS,
    ),
    st.builds(
        lambda who, n, of: (who, lambda tx: tx.sessions.issue(token(n, uid(of), uid(who)))),
        st.integers(1, 2), FEW, FEW,
    ),
    st.builds(lambda who, n: (who, lambda tx: tx.sessions.use(uid(n))), st.integers(1, 2), FEW),
    st.builds(lambda who, n: (who, lambda tx: tx.sessions.refreshed(uid(n))), st.integers(1, 2), FEW),
    st.builds(
        lambda who, several, why: (who, lambda tx: tx.sessions.end([uid(n) for n in several], why)),
        st.integers(1, 2), st.lists(FEW, max_size=3), st.sampled_from(EndReason),
    ),
    st.builds(lambda who, s: (who, lambda tx: tx.sessions.forget_before(at(s))), st.integers(1, 2), SECONDS),
    st.builds(
        lambda who, n, s: (who, lambda tx: tx.api_keys.add(key(n, uid(who), expires_at=at(s)))),
        st.integers(1, 2), FEW, SECONDS,
    ),
    st.builds(lambda who, n: (who, lambda tx: tx.api_keys.revoke(uid(n))), st.integers(1, 2), FEW),
    st.builds(lambda who, n, s: (who, lambda tx: tx.api_keys.used(uid(n), at(s))), st.integers(1, 2), FEW, SECONDS),
)  # fmt: skip


async def answer(store: Store, step: Step) -> object:
    who, work = step
    try:
        if who is None:
            async with store.system() as system:
                return await work(system)
        async with store.tenant(uid(who)) as tenant:
            return await work(tenant)
    except NudgeError as error:
        return type(error)


async def world(store: Store) -> list[object]:
    """Return everything of it that can be read."""
    found: list[object] = []
    async with store.system() as tx:
        found.append(await tx.users.super_users())
    for who in (1, 2):
        async with store.tenant(uid(who)) as mine:
            found += [await mine.sessions.alive(), await mine.api_keys.all(), await mine.overviews.counts()]
            for number in range(100, 104):
                found += [await mine.sessions.standing(uid(number)), await mine.sessions.token(uid(number))]
                found.append(await mine.api_keys.find(uid(number)))
    return found


async def run(url: str, steps: list[Step]) -> None:
    clock = SteppingClock()
    stores = (MemoryStore(clock, CountingIds(1)), SqlStore(url, clock, CountingIds(1)))
    try:
        for store in stores:
            async with store.system() as tx:
                for number in (1, 2):
                    await tx.users.add(samples.user(number))
        for step in steps:
            memory, sql = [await answer(store, step) for store in stores]
            assert memory == sql
        memory_world, sql_world = [await world(store) for store in stores]
        assert memory_world == sql_world
    finally:
        await stores[1].aclose()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=25))
def test_both_stores_agree_on_who_may_come_in(database: str, steps: list[Step]) -> None:
    empty(database)
    asyncio.run(run(database, steps))
