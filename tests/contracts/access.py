"""UOW-500 to UOW-549: attempts to sign in, sessions, API keys, super-users, counts of an account."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from nudge_core.errors import Conflict, Invalid, NotFound
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.message import Delivery
from nudge_core.model.sign_in import (
    ApiKey,
    Attempt,
    AttemptFate,
    AttemptKind,
    EndReason,
    LockReason,
    Origin,
    RefreshToken,
    Session,
    SignInLock,
    Standing,
)
from nudge_core.ports import Store
from tests import samples
from tests.contracts.storage import BEN, OTHER, OWNER, SteppingClock, StorageContract, add_practice, add_user, queue
from tests.samples import NOON, later, uid

ORIGIN = Origin(phone="phone a", source="source a", device="device a")
HASH = b"h" * 32


def attempt(number: int, origin: Origin = ORIGIN, at_s: float = 0, **changes: Any) -> Attempt:
    values: dict[str, Any] = {"kind": AttemptKind.SEND, "fate": AttemptFate.ADMITTED}
    return Attempt(id=uid(number), origin=origin, at=later(at_s), **values | changes)


def session(number: int, owner: UUID = OWNER, **changes: Any) -> Session:
    values: dict[str, Any] = {
        "created_at": NOON,
        "refreshed_at": NOON,
        "expires_at": later(3_600),
        "device_name": "Rita's phone",
    }
    return Session(id=uid(number), user_id=owner, **values | changes)


def token(number: int, session_id: UUID, owner: UUID = OWNER, **changes: Any) -> RefreshToken:
    values: dict[str, Any] = {"secret_hash": HASH, "issued_at": NOON, "expires_at": later(1_800)}
    return RefreshToken(id=uid(number), user_id=owner, session_id=session_id, **values | changes)


def key(number: int, owner: UUID = OWNER, **changes: Any) -> ApiKey:
    values: dict[str, Any] = {
        "name": "import script",
        "prefix": "nudge_key_abcdefgh",
        "secret_hash": HASH,
        "scopes": ("clients:read", "clients:write"),
        "created_at": NOON,
    }
    return ApiKey(id=uid(number), user_id=owner, **values | changes)


async def recent(store: Store, origin: Origin = ORIGIN, phone_since_s: float = -900, since_s: float = -90) -> list[int]:
    async with store.system() as tx:
        found = await tx.attempts.recent(origin, later(phone_since_s), later(since_s))
        return [one.id.int for one in found]


class AccessContract(StorageContract):
    """Who may come in."""

    async def test_uow_500_attempts_that_share_phone_source_or_device_come_back_by_time(self, store: Store) -> None:
        stored = [
            attempt(5, evolve(ORIGIN, source="source b", device=None), 3, kind=AttemptKind.CHECK),
            attempt(4, evolve(ORIGIN, phone="phone b", device=None), 2, fate=AttemptFate.REFUSED),
            attempt(3, Origin(phone="phone b", source="source b", device="device a"), 1),
            attempt(2, Origin(phone="phone b", source="source b"), 1),
            attempt(1),
        ]
        async with store.system() as tx:
            for one in stored:
                await tx.attempts.add(one)
            found = await tx.attempts.recent(ORIGIN, later(-900), later(-90))
        assert found == [stored[4], stored[2], stored[1], stored[0]]
        assert await recent(store, evolve(ORIGIN, device=None)) == [1, 4, 5]

    async def test_uow_501_a_phone_is_remembered_longer_than_a_source(self, store: Store) -> None:
        async with store.system() as tx:
            for number, origin in enumerate((ORIGIN, evolve(ORIGIN, phone="phone b")), 1):
                await tx.attempts.add(attempt(number, origin, at_s=-100))
            await tx.attempts.add(attempt(3, at_s=-900))
        assert await recent(store) == [1]

    async def test_uow_502_what_became_of_an_attempt_is_settled_or_not_found(self, store: Store) -> None:
        async with store.system() as tx:
            await tx.attempts.add(attempt(1))
            await tx.attempts.settle(uid(1), AttemptFate.RIGHT)
            assert await tx.attempts.recent(ORIGIN, later(-1), later(-1)) == [attempt(1, fate=AttemptFate.RIGHT)]
        with pytest.raises(NotFound):
            async with store.system() as tx:
                await tx.attempts.settle(uid(2), AttemptFate.RIGHT)

    async def test_uow_503_two_attempts_at_once_cannot_both_be_the_last_one(self, store: Store) -> None:
        async def one(number: int, origin: Origin) -> int:
            async with store.system() as tx:
                seen = len(await tx.attempts.recent(origin, later(-90), later(-90)))
                await asyncio.sleep(0)
                await tx.attempts.add(attempt(number, origin))
                return seen

        origins = [ORIGIN, evolve(ORIGIN, phone="phone b"), evolve(ORIGIN, source="source b"), ORIGIN]
        seen = await asyncio.gather(*(one(number, origin) for number, origin in enumerate(origins, 1)))
        assert sorted(seen) == [0, 1, 2, 3], "the device is the same in all, so each saw all before it"

    async def test_uow_504_a_lock_holds_until_its_end_and_the_newest_counts(
        self, store: Store, clock: SteppingClock
    ) -> None:
        first = SignInLock(subject="source a", reason=LockReason.MANY_PHONES, until=later(10))
        async with store.system() as tx:
            await tx.attempts.lock(first)
            await tx.attempts.lock(SignInLock(subject="other", reason=LockReason.MANY_PHONES, until=later(10)))
            assert await tx.attempts.locks(ORIGIN) == [first]
            longer = evolve(first, until=later(20), reason=LockReason.MANY_WRONG)
            await tx.attempts.lock(longer)
            on_phone = SignInLock(subject="phone a", reason=LockReason.MANY_SOURCES, until=later(30))
            await tx.attempts.lock(on_phone)
            assert await tx.attempts.locks(ORIGIN) == [on_phone, longer]
        clock.forward(20)
        async with store.system() as tx:
            assert await tx.attempts.locks(ORIGIN) == [on_phone]

    async def test_uow_505_old_attempts_and_locks_are_forgotten(self, store: Store) -> None:
        async with store.system() as tx:
            for number, at_s in enumerate((-30, -20, -10), 1):
                await tx.attempts.add(attempt(number, at_s=at_s))
            await tx.attempts.lock(SignInLock(subject="phone a", reason=LockReason.MANY_WRONG, until=later(5)))
            assert await tx.attempts.forget_before(later(-20)) == 1
            assert len(await tx.attempts.locks(ORIGIN)) == 1
        assert await recent(store) == [2, 3]

    async def test_uow_510_a_session_stands_until_it_ends_or_expires(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.sessions.add(session(1))
            await tx.sessions.add(session(2, expires_at=later(10)))
            assert await tx.sessions.get(uid(1)) == session(1)
            assert await tx.sessions.standing(uid(1)) == Standing(session_id=uid(1))
            assert await tx.sessions.standing(uid(3)) is None
            assert await tx.sessions.end([uid(1), uid(1), uid(9)], EndReason.SIGNED_OUT) == [uid(1)]
            assert await tx.sessions.end([uid(1)], EndReason.TOKEN_REUSED) == []
            assert await tx.sessions.standing(uid(1)) is None
            ended = await tx.sessions.get(uid(1))
            assert (ended.ended_at, ended.end_reason) == (NOON, EndReason.SIGNED_OUT)
            assert await tx.sessions.standing(uid(2)) is not None
        clock.forward(10)
        async with store.tenant(OWNER) as tx:
            assert await tx.sessions.standing(uid(2)) is None

    async def test_uow_511_sessions_that_are_alive_newest_first(self, store: Store) -> None:
        await add_user(store)
        async with store.tenant(OWNER) as tx:
            for number, created_s in ((1, -30), (3, -20), (2, -20)):
                await tx.sessions.add(session(number, created_at=later(created_s)))
            await tx.sessions.add(session(4, expires_at=NOON))
            await tx.sessions.refreshed(uid(1))
            assert [one.id.int for one in await tx.sessions.alive()] == [3, 2, 1]
            assert (await tx.sessions.get(uid(1))).refreshed_at == NOON
            with pytest.raises(NotFound):
                await tx.sessions.get(uid(9))

    async def test_uow_512_a_refresh_token_is_used_once(self, store: Store, clock: SteppingClock) -> None:
        await add_user(store)
        async with store.tenant(OWNER) as tx:
            await tx.sessions.add(session(1))
            await tx.sessions.issue(token(5, uid(1)))
            assert await tx.sessions.token(uid(5)) == token(5, uid(1))
            assert await tx.sessions.token(uid(6)) is None
        clock.forward(7)
        async with store.tenant(OWNER) as tx:
            assert await tx.sessions.use(uid(5))
            assert not await tx.sessions.use(uid(5))
            assert not await tx.sessions.use(uid(6))
            assert await tx.sessions.token(uid(5)) == token(5, uid(1), used_at=later(7))

    async def test_uow_513_a_refresh_token_is_of_a_session_that_is_stored(self, store: Store) -> None:
        await add_user(store)
        with pytest.raises(NotFound):
            async with store.tenant(OWNER) as tx:
                await tx.sessions.issue(token(5, uid(1)))

    async def test_uow_514_sessions_of_one_professional_are_nothing_to_another(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.sessions.add(session(1))
            await tx.sessions.issue(token(5, uid(1)))
        async with store.tenant(OTHER) as tx:
            assert await tx.sessions.standing(uid(1)) is None
            assert await tx.sessions.token(uid(5)) is None
            assert not await tx.sessions.use(uid(5))
            assert await tx.sessions.end([uid(1)], EndReason.SIGNED_OUT) == []
            assert await tx.sessions.alive() == []
        with pytest.raises(Invalid):
            async with store.tenant(OTHER) as tx:
                await tx.sessions.add(session(2, OWNER))

    async def test_uow_515_old_sessions_go_with_their_tokens(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            for number, expires_s in ((1, 100), (2, 5), (3, 100)):
                await tx.sessions.add(session(number, expires_at=later(expires_s)))
                await tx.sessions.issue(token(number + 10, uid(number)))
            await tx.sessions.end([uid(3)], EndReason.SIGNED_OUT)
        async with store.tenant(OTHER) as tx:
            await tx.sessions.add(session(2, OTHER, expires_at=later(5)))
        clock.forward(50)
        async with store.tenant(OWNER) as tx:
            assert await tx.sessions.forget_before(later(5)) == 1, "the one that ended at once; one ends at 5 s"
            assert await tx.sessions.forget_before(later(6)) == 1
            assert await tx.sessions.token(uid(12)) is None
            assert await tx.sessions.token(uid(11)) is not None
        async with store.tenant(OTHER) as tx:
            assert (await tx.sessions.get(uid(2))).user_id == OTHER

    async def test_uow_520_an_api_key_comes_back_as_it_went_in(self, store: Store) -> None:
        await add_practice(store)
        kept = key(1, expires_at=later(60))
        async with store.tenant(OWNER) as tx:
            await tx.api_keys.add(kept)
            await tx.api_keys.add(key(2, created_at=later(1)))
        async with store.tenant(OWNER) as tx:
            assert await tx.api_keys.find(uid(1)) == kept
            assert [one.id.int for one in await tx.api_keys.all()] == [2, 1]
        async with store.tenant(OTHER) as tx:
            assert await tx.api_keys.find(uid(1)) is None
            assert await tx.api_keys.all() == []
        with pytest.raises(Conflict):
            async with store.tenant(OWNER) as tx:
                await tx.api_keys.add(kept)

    async def test_uow_521_a_key_is_revoked_once_and_by_its_owner(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.api_keys.add(key(1))
        for stranger, number in ((OTHER, 1), (OWNER, 2)):
            with pytest.raises(NotFound):
                async with store.tenant(stranger) as tx:
                    await tx.api_keys.revoke(uid(number))
        async with store.tenant(OWNER) as tx:
            await tx.api_keys.revoke(uid(1))
            assert await tx.api_keys.find(uid(1)) == key(1, revoked_at=NOON)
            assert await tx.api_keys.all() == []
        with pytest.raises(NotFound):
            async with store.tenant(OWNER) as tx:
                await tx.api_keys.revoke(uid(1))

    async def test_uow_522_the_use_of_a_key_is_noted_no_oftener_than_asked(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_user(store)
        async with store.tenant(OWNER) as tx:
            await tx.api_keys.add(key(1))
        for at_s, noted_s in ((0, 0), (59, 0), (60, 0), (61, 61)):
            clock.forward(at_s - (clock.now() - NOON).total_seconds())
            async with store.tenant(OWNER) as tx:
                await tx.api_keys.used(uid(1), tx.now - timedelta(seconds=60))
                found = await tx.api_keys.find(uid(1))
                assert found is not None
                assert found.last_used_at == later(noted_s)

    async def test_uow_530_a_phone_leads_to_its_professional(self, store: Store) -> None:
        await add_user(store, twilio_phone_number=samples.OUR_NUMBER)
        async with store.system() as tx:
            assert await tx.users.id_by_phone(samples.user(1).phone_number) == OWNER
            assert await tx.users.id_by_phone(samples.OUR_NUMBER) is None
            assert await tx.users.id_by_phone("+15125559999") is None
        with pytest.raises(Invalid):
            async with store.tenant(OWNER) as tx:
                await tx.users.id_by_phone(samples.user(1).phone_number)

    async def test_uow_531_a_super_user_is_made_by_no_save_and_by_no_tenant(self, store: Store) -> None:
        await add_practice(store)
        async with store.system() as tx:
            await tx.users.set_super(OWNER, True)
            await tx.users.set_super(OWNER, True)
            assert await tx.users.super_users() == {OWNER}
        async with store.tenant(OWNER) as tx:
            await tx.users.save(samples.user(1, business_name="Vega Homes"))
            await tx.sessions.add(session(1))
            assert await tx.sessions.standing(uid(1)) == Standing(session_id=uid(1), may_read_all=True)
        for wrong in (OTHER, OWNER):
            with pytest.raises(Invalid):
                async with store.tenant(OTHER) as tx:
                    await tx.users.set_super(wrong, True)
        async with store.system() as tx:
            await tx.users.set_super(OWNER, False)
            await tx.users.set_super(OTHER, False)
            assert await tx.users.super_users() == frozenset()
        with pytest.raises(NotFound):
            async with store.system() as tx:
                await tx.users.set_super(uid(9), True)

    async def test_uow_532_an_account_is_counted_by_state(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 20, 21)
        async with store.tenant(OWNER) as tx:
            await tx.briefings.add(samples.briefing(OWNER, 30))
            await tx.sessions.add(session(1))
            await tx.sessions.add(session(2, expires_at=NOON))
            await tx.api_keys.add(key(1))
            await tx.api_keys.add(key(2, expires_at=NOON))
        async with store.tenant(OWNER) as tx:
            counted = await tx.overviews.counts()
        assert (counted.clients, counted.sessions, counted.api_keys) == (1, 1, 1)
        assert dict(counted.briefings) == {BriefingStatus.DRAFT: 1}
        assert dict(counted.messages) == {Delivery.QUEUED: 2}
        assert dict(counted.scheduled) == {}
        async with store.tenant(OTHER) as tx:
            foreign = await tx.overviews.counts()
        assert (foreign.clients, dict(foreign.messages), foreign.sessions) == (0, {}, 0)
        assert BEN not in (OWNER, OTHER)
