"""UOW-95 to UOW-104: the sending machine across all professionals."""

from __future__ import annotations

from attrs import evolve

from nudge_core.model.consent import SuppressionScope
from nudge_core.model.message import Delivery, MessageClass
from nudge_core.ports import Store
from tests import samples
from tests.contracts.storage import (
    BEN,
    OTHER,
    OWNER,
    SteppingClock,
    StorageContract,
    add_client,
    add_practice,
    add_user,
    claim,
    numbers,
    queue,
    stored,
)
from tests.samples import NOON, OUR_NUMBER, THEIR_NUMBER, later, uid


def phone(number: int) -> str:
    """Return a phone of its own."""
    return f"+1512555{number:04}"


class SendsContract(StorageContract):
    """Due texts are taken oldest first, by one, and never past a suppression."""

    async def test_uow_95_a_claim_takes_due_texts_oldest_first_across_all(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        await add_client(store, OTHER, 10)
        await queue(store, 72, recipient=phone(1), not_before=later(-5))
        await queue(store, 70, recipient=phone(3))
        await queue(store, 69, recipient=phone(4), not_before=later(30))
        assert numbers(*await claim(store, 1)) == [72]
        await queue(store, 71, owner=OTHER, recipient=phone(2))
        assert numbers(*await claim(store)) == [70, 71]
        assert await claim(store) == []
        clock.forward(30)
        assert numbers(*await claim(store)) == [69]

    async def test_uow_96_a_claim_raises_the_attempt_and_sets_a_lease(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 70)
        (taken,) = await claim(store, lease_s=90)
        expected = evolve(
            samples.approved(OWNER, 70, BEN).queued(NOON),
            delivery=Delivery.SENDING,
            attempt=1,
            claimed_at=NOON,
            lease_until=later(90),
        )
        assert taken == expected == await stored(store, 70)

    async def test_uow_97_one_text_in_flight_for_a_pair_of_phones(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 71, 70, 72)
        assert numbers(*await claim(store)) == [70]
        assert await claim(store) == []
        async with store.tenant(OWNER) as tx:
            await tx.messages.move(uid(70), attempt=1, expected=[Delivery.SENDING], to=Delivery.IN_DOUBT)
        await queue(store, 90, recipient=phone(1))
        assert numbers(*await claim(store)) == [90]
        async with store.tenant(OWNER) as tx:
            await tx.messages.move(uid(70), attempt=1, expected=[Delivery.IN_DOUBT], to=Delivery.UNCONFIRMED)
        assert numbers(*await claim(store)) == [71]

    async def test_uow_98_a_text_without_a_phone_is_left_to_the_gate(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 70, recipient=None)
        await queue(store, 71, sender=None)
        assert await claim(store) == []
        async with store.system() as tx:
            assert numbers(*await tx.sends.blocked(10)) == [70, 71]

    async def test_uow_99_no_text_to_a_suppressed_phone(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        await queue(store, 70)
        await queue(store, 71, recipient=phone(1))
        async with store.tenant(OWNER) as tx:
            await tx.suppressions.add(samples.suppression(OWNER, 1))
        async with store.system() as tx:
            assert numbers(*await tx.sends.blocked(10)) == [70]
        assert numbers(*await claim(store)) == [71]
        async with store.tenant(OWNER) as tx:
            another_kind = samples.suppression(OWNER, 3, active=False, created_at=later(4), topic="listings")
            await tx.suppressions.add(another_kind)
        assert await claim(store) == []
        async with store.tenant(OWNER) as tx:
            await tx.suppressions.add(samples.suppression(OWNER, 2, active=False, created_at=later(5)))
        async with store.system() as tx:
            assert await tx.sends.blocked(10) == []
        assert numbers(*await claim(store)) == [70]

    async def test_uow_100_a_topic_and_another_professionals_silence_do_not_block(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 70)
        async with store.tenant(OTHER) as tx:
            await tx.suppressions.add(samples.suppression(OTHER, 1))
        async with store.tenant(OWNER) as tx:
            topic = {"scope": SuppressionScope.TOPIC, "topic": "listings"}
            await tx.suppressions.add(samples.suppression(OWNER, 1, **topic))
        assert numbers(*await claim(store)) == [70]

    async def test_uow_101_the_confirmation_of_a_stop_reaches_the_suppressed_phone(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 70)
        await queue(store, 71, message_class=MessageClass.SERVICE)
        async with store.tenant(OWNER) as tx:
            await tx.suppressions.add(samples.suppression(OWNER, 1))
        async with store.system() as tx:
            assert numbers(*await tx.sends.blocked(10)) == [70]
        assert numbers(*await claim(store)) == [71]

    async def test_uow_102_leases_that_ran_out_and_doubts(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        await queue(store, 70, recipient=phone(1))
        await claim(store, lease_s=60)
        clock.forward(1)
        await queue(store, 71, recipient=phone(2))
        await claim(store, lease_s=10)
        async with store.system() as tx:
            assert await tx.sends.expired_leases(10) == []
        clock.forward(60)
        async with store.system() as tx:
            assert numbers(*await tx.sends.expired_leases(10)) == [71, 70]
            assert numbers(*await tx.sends.expired_leases(1)) == [71]
        async with store.tenant(OWNER) as tx:
            for number in (71, 70):
                await tx.messages.move(uid(number), attempt=1, expected=[Delivery.SENDING], to=Delivery.IN_DOUBT)
        async with store.system() as tx:
            assert await tx.sends.expired_leases(10) == []
            assert numbers(*await tx.sends.doubtful(10)) == [70, 71]
            assert numbers(*await tx.sends.doubtful(1)) == [70]

    async def test_uow_103_when_the_next_text_is_due(self, store: Store) -> None:
        await add_practice(store)
        async with store.system() as tx:
            assert await tx.sends.next_due() is None
        await queue(store, 70, not_before=later(500))
        await queue(store, 71, not_before=later(90))
        async with store.system() as tx:
            assert await tx.sends.next_due() == later(90)

    async def test_uow_104_who_owns_a_number_and_a_provider_id(self, store: Store) -> None:
        await add_user(store, 1, twilio_phone_number=OUR_NUMBER)
        await add_client(store)
        async with store.tenant(OWNER) as tx:
            await tx.messages.receive(samples.inbound(OWNER, 70, BEN, provider_sid="SM1"))
        async with store.system() as tx:
            assert await tx.sends.owner_of_number(OUR_NUMBER) == OWNER
            assert await tx.sends.owner_of_number(THEIR_NUMBER) is None
            assert await tx.sends.owner_of_sid("SM1") == OWNER
            assert await tx.sends.owner_of_sid("SM2") is None
