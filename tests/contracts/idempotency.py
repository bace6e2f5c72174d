"""UOW-550 to UOW-559: keys that make a repeated request harmless."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from nudge_core.model.idempotency import KeyClaim, KeyVerdict, StoredAnswer, key_id
from nudge_core.ports import Store
from tests.contracts.storage import OTHER, OWNER, SteppingClock, StorageContract, add_practice
from tests.samples import later, uid

ONE, ANOTHER = "a" * 64, "b" * 64
ANSWER = StoredAnswer(status=201, headers={"content-type": "application/json"}, body=b'{"id": 1}')


async def begin(store: Store, fingerprint: str = ONE, lease_s: float = 60) -> KeyClaim:
    """Claim the key 900."""
    async with store.tenant(OWNER) as tx:
        return await tx.idempotency.begin(uid(900), fingerprint, lease_s)


class IdempotencyContract(StorageContract):
    """Keys of requests."""

    async def test_uow_550_a_key_seen_first_is_ours_and_the_next_one_hears_that_it_runs(self, store: Store) -> None:
        await add_practice(store)
        assert await begin(store) == KeyClaim(verdict=KeyVerdict.BEGIN, attempt=1, lease_until=later(60))
        assert await begin(store) == KeyClaim(verdict=KeyVerdict.RUNNING, attempt=1, lease_until=later(60))

    async def test_uow_551_an_answer_is_given_again_as_it_was(self, store: Store) -> None:
        await add_practice(store)
        await begin(store)
        async with store.tenant(OWNER) as tx:
            assert await tx.idempotency.answer(uid(900), 1, ANSWER)
        assert await begin(store) == KeyClaim(verdict=KeyVerdict.ANSWERED, attempt=1, answer=ANSWER)

    async def test_uow_552_a_key_belongs_to_one_request_whatever_became_of_it(self, store: Store) -> None:
        await add_practice(store)
        await begin(store)
        assert (await begin(store, ANOTHER)).verdict is KeyVerdict.MISMATCH
        async with store.tenant(OWNER) as tx:
            await tx.idempotency.give_up(uid(900), 1)
        assert (await begin(store, ANOTHER)).verdict is KeyVerdict.MISMATCH

    async def test_uow_553_a_lease_that_ran_out_is_taken_over_and_the_first_can_not_answer_any_more(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        await begin(store)
        clock.forward(61)
        assert await begin(store) == KeyClaim(verdict=KeyVerdict.BEGIN, attempt=2, lease_until=later(121))
        async with store.tenant(OWNER) as tx:
            assert not await tx.idempotency.answer(uid(900), 1, ANSWER)
            assert not await tx.idempotency.give_up(uid(900), 1)
            assert await tx.idempotency.answer(uid(900), 2, ANSWER)
            assert not await tx.idempotency.answer(uid(900), 2, ANSWER), "an answer is given once"

    async def test_uow_554_what_is_given_up_can_be_begun_again_at_once(self, store: Store) -> None:
        await add_practice(store)
        await begin(store)
        async with store.tenant(OWNER) as tx:
            assert await tx.idempotency.give_up(uid(900), 1)
            assert not await tx.idempotency.answer(uid(900), 1, ANSWER)
        assert (await begin(store)).attempt == 2

    async def test_uow_555_of_twenty_at_once_one_begins(self, store: Store) -> None:
        await add_practice(store)
        verdicts = [claim.verdict for claim in await asyncio.gather(*(begin(store) for _ in range(20)))]
        assert sorted(verdicts) == [KeyVerdict.BEGIN, *[KeyVerdict.RUNNING] * 19]

    async def test_uow_556_a_key_of_somebody_else_is_another_key(self, store: Store) -> None:
        await add_practice(store)
        await begin(store)
        async with store.tenant(OTHER) as tx:
            assert not await tx.idempotency.answer(uid(900), 1, ANSWER)
            assert (await tx.idempotency.begin(uid(900), ANOTHER, 60)).verdict is KeyVerdict.BEGIN

    async def test_uow_557_old_keys_are_forgotten_but_never_one_whose_lease_holds(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        await begin(store, lease_s=200)
        async with store.tenant(OWNER) as tx:
            await tx.idempotency.begin(uid(901), ONE, 10)
            await tx.idempotency.answer(uid(901), 1, ANSWER)
        clock.forward(100)
        async with store.tenant(OWNER) as tx:
            await tx.idempotency.begin(uid(902), ONE, 10)
            assert await tx.idempotency.forget_before(tx.now) == 1
            assert await tx.idempotency.forget_before(tx.now + timedelta(days=1)) == 0, "both are leased"

    def test_the_id_of_a_key_tells_professional_route_and_words_apart(self) -> None:
        ids = {key_id(user, route, key) for user in (OWNER, OTHER) for route in ("/a", "/b") for key in ("k", "l")}
        assert len(ids) == 8
        assert key_id(OWNER, "/a", "k") == key_id(OWNER, "/a", "k")
