"""UOW-80 to UOW-94: texts of one professional."""

from __future__ import annotations

from typing import Any, cast

import pytest

from nudge_core.errors import Conflict, IllegalTransition, Invalid, NotFound
from nudge_core.model.approval import ApprovedText
from nudge_core.model.briefing import Draft
from nudge_core.model.message import Delivery, MessageClass, Receipt
from nudge_core.ports import Store
from tests import samples
from tests.contracts.storage import (
    BEN,
    OTHER,
    OWNER,
    SteppingClock,
    StorageContract,
    add_practice,
    claim,
    numbers,
    queue,
    stored,
)
from tests.samples import NOON, THEIR_NUMBER, later, uid


async def move(store: Store, number: int, to: Delivery, *expected: Delivery, attempt: int | None, **what: Any) -> bool:
    """Move a text of the first professional."""
    async with store.tenant(OWNER) as tx:
        return await tx.messages.move(uid(number), attempt=attempt, expected=expected, to=to, **what)


class MessagesContract(StorageContract):
    """A text is queued by an approval, once, and moves only as its machine and its attempt allow."""

    async def test_uow_80_an_approved_text_becomes_a_queued_message(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.briefings.add(samples.briefing(OWNER, 60))
            text = samples.approved(
                OWNER,
                70,
                BEN,
                briefing_id=uid(60),
                not_before=later(5),
                not_after=later(500),
                originally_scheduled_at=later(2),
                message_class=MessageClass.INFORMATIONAL,
            )
            assert await tx.messages.queue([text]) == [uid(70)]
        assert await stored(store, 70) == text.queued(NOON)

    async def test_uow_81_a_dedupe_key_queues_once(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            first = samples.approved(OWNER, 70, BEN, dedupe_key="briefing:60:ben")
            twin = samples.approved(OWNER, 71, BEN, dedupe_key="briefing:60:ben", content="Other words")
            assert await tx.messages.queue([samples.approved(OWNER, 69, BEN), first, twin]) == [uid(69), uid(70)]
            assert await tx.messages.queue([twin]) == []
            fresh = samples.approved(OWNER, 72, BEN)
            assert await tx.messages.queue([fresh, fresh]) == [uid(72)]
        async with store.tenant(OWNER) as tx:
            assert await tx.messages.counts() == {Delivery.QUEUED: 3}
            with pytest.raises(NotFound):
                await tx.messages.get(uid(71))

    async def test_uow_82_a_draft_cannot_be_queued_whatever_the_types_were_told(self, store: Store) -> None:
        await add_practice(store)
        draft = cast("ApprovedText", Draft(text="Hi", drafted_by="offline"))
        with pytest.raises(Invalid, match="approved"):
            async with store.tenant(OWNER) as tx:
                await tx.messages.queue([draft])

    async def test_uow_83_an_inbound_text_is_stored_once_per_provider_id(self, store: Store) -> None:
        await add_practice(store)
        hello = samples.inbound(OWNER, 70, BEN, provider_sid="SM1")
        async with store.tenant(OWNER) as tx:
            assert await tx.messages.receive(hello)
            assert not await tx.messages.receive(samples.inbound(OWNER, 71, BEN, provider_sid="SM1"))
            assert await tx.messages.by_sid("SM1") == hello
            assert await tx.messages.by_sid("SM2") is None
            assert await tx.messages.counts() == {}
        with pytest.raises(Invalid, match="inbound"):
            async with store.tenant(OWNER) as tx:
                await tx.messages.receive(samples.approved(OWNER, 72, BEN).queued(NOON))
        with pytest.raises(Invalid, match="provider"):
            async with store.tenant(OWNER) as tx:
                await tx.messages.receive(samples.inbound(OWNER, 73, BEN, provider_sid=None))

    async def test_uow_84_of_a_briefing_oldest_first_of_a_client_newest_first(
        self, store: Store, clock: SteppingClock
    ) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.briefings.add(samples.briefing(OWNER, 60))
        await queue(store, 72, 71, briefing_id=uid(60))
        clock.forward(1)
        await queue(store, 70, briefing_id=uid(60))
        async with store.tenant(OWNER) as tx:
            await tx.messages.receive(samples.inbound(OWNER, 69, BEN, created_at=later(9)))
            assert numbers(*await tx.messages.of_briefing(uid(60))) == [71, 72, 70]
            assert numbers(*await tx.messages.of_client(BEN, 10)) == [69, 70, 72, 71]
            assert numbers(*await tx.messages.of_client(BEN, 2)) == [69, 70]

    async def test_uow_85_sent_carries_the_evidence_and_is_final(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        await queue(store, 70)
        await claim(store)
        clock.forward(3)
        evidence = {"provider_sid": "SM1", "receipt": Receipt.ACCEPTED}
        assert await move(store, 70, Delivery.SENT, Delivery.SENDING, attempt=1, **evidence)
        sent = await stored(store, 70)
        assert (sent.delivery, sent.sent_at, sent.lease_until) == (Delivery.SENT, later(3), None)
        assert (sent.provider_sid, sent.receipt, sent.claimed_at) == ("SM1", Receipt.ACCEPTED, NOON)
        assert not await move(store, 70, Delivery.SENT, Delivery.SENDING, attempt=1, provider_sid="SM2")
        assert await stored(store, 70) == sent
        with pytest.raises(IllegalTransition):
            await move(store, 70, Delivery.QUEUED, Delivery.SENT, attempt=None)

    async def test_uow_86_a_move_names_the_attempt_it_speaks_of(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        await queue(store, 70)
        await claim(store)
        assert await move(store, 70, Delivery.QUEUED, Delivery.SENDING, attempt=1, not_before=later(10), reason="429")
        back = await stored(store, 70)
        assert (back.delivery, back.not_before, back.reason, back.resends) == (Delivery.QUEUED, later(10), "429", 0)
        assert await claim(store) == []
        clock.forward(10)
        await claim(store)
        for to in (Delivery.QUEUED, Delivery.FAILED, Delivery.IN_DOUBT, Delivery.WITHHELD):
            assert not await move(store, 70, to, Delivery.SENDING, attempt=1)
        assert (await stored(store, 70)).delivery is Delivery.SENDING
        assert await move(store, 70, Delivery.FAILED, Delivery.SENDING, attempt=2, reason="21211")
        failed = await stored(store, 70)
        assert (failed.delivery, failed.reason, failed.lease_until) == (Delivery.FAILED, "21211", None)

    async def test_uow_87_a_doubtful_text_is_sent_again_once_at_most(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 70)
        for resends in (0, 1):
            await claim(store)
            assert await move(store, 70, Delivery.IN_DOUBT, Delivery.SENDING, attempt=None, reason="timeout")
            again = await move(store, 70, Delivery.QUEUED, Delivery.IN_DOUBT, attempt=resends + 1)
            assert again is (resends == 0)
        doubtful = await stored(store, 70)
        assert (doubtful.delivery, doubtful.resends, doubtful.attempt) == (Delivery.IN_DOUBT, 1, 2)
        assert await move(store, 70, Delivery.UNCONFIRMED, Delivery.IN_DOUBT, attempt=2)
        assert await move(store, 70, Delivery.SENT, Delivery.UNCONFIRMED, attempt=None, provider_sid="SM1")

    async def test_uow_88_a_provider_id_is_set_once_and_belongs_to_one_text(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 70)
        await claim(store)
        assert await move(store, 70, Delivery.IN_DOUBT, Delivery.SENDING, attempt=1, provider_sid="SM1")
        assert not await move(store, 70, Delivery.SENT, Delivery.IN_DOUBT, attempt=1, provider_sid="SM2")
        assert (await stored(store, 70)).delivery is Delivery.IN_DOUBT
        await queue(store, 71, recipient="+15125550001")
        await claim(store)
        with pytest.raises(Conflict, match="provider id"):
            await move(store, 71, Delivery.SENT, Delivery.SENDING, attempt=1, provider_sid="SM1")
        assert await move(store, 70, Delivery.SENT, Delivery.IN_DOUBT, attempt=1, provider_sid="SM1")

    async def test_uow_89_only_a_claim_starts_a_sending(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 70)
        with pytest.raises(IllegalTransition):
            await move(store, 70, Delivery.SENDING, Delivery.QUEUED, attempt=0)
        assert not await move(store, 99, Delivery.CANCELLED, Delivery.QUEUED, attempt=0)
        assert not await move(store, 70, Delivery.CANCELLED, attempt=0)

    async def test_uow_90_a_receipt_never_goes_back(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 70)
        await claim(store)
        evidence = {"provider_sid": "SM1", "receipt": Receipt.SENT}
        await move(store, 70, Delivery.SENT, Delivery.SENDING, attempt=1, **evidence)
        async with store.tenant(OWNER) as tx:
            assert not await tx.messages.note_receipt("SM1", Receipt.QUEUED)
            assert await tx.messages.note_receipt("SM1", Receipt.DELIVERED)
            assert await tx.messages.note_receipt("SM1", Receipt.FAILED)
            assert not await tx.messages.note_receipt("SM1", Receipt.SENDING)
            assert not await tx.messages.note_receipt("SM9", Receipt.READ)
        assert (await stored(store, 70)).receipt is Receipt.FAILED
        async with store.tenant(OTHER) as tx:
            assert not await tx.messages.note_receipt("SM1", Receipt.READ)

    async def test_uow_91_a_move_with_an_older_receipt_keeps_the_newer(self, store: Store) -> None:
        await add_practice(store)
        await queue(store, 70)
        await claim(store)
        await move(store, 70, Delivery.IN_DOUBT, Delivery.SENDING, attempt=1, receipt=Receipt.SENT)
        await move(store, 70, Delivery.SENT, Delivery.IN_DOUBT, attempt=1, receipt=Receipt.QUEUED)
        assert (await stored(store, 70)).receipt is Receipt.SENT

    async def test_uow_92_queued_texts_are_withdrawn_and_no_others(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.briefings.add(samples.briefing(OWNER, 60))
        await queue(store, 70)
        await claim(store)
        await queue(store, 71, 72)
        await queue(store, 73, briefing_id=uid(60))
        await queue(store, 74, recipient="+15125550001", briefing_id=uid(60))
        async with store.tenant(OWNER) as tx:
            both: dict[str, Any] = {"recipient": THEIR_NUMBER, "briefing_id": uid(60)}
            assert await tx.messages.withdraw(**both, to=Delivery.CANCELLED, reason="moved") == 1
            stop: dict[str, Any] = {"recipient": THEIR_NUMBER, "briefing_id": None}
            assert await tx.messages.withdraw(**stop, to=Delivery.WITHHELD, reason="stop") == 2
            assert await tx.messages.withdraw(**stop, to=Delivery.WITHHELD, reason="stop") == 0
            assert await tx.messages.withheld() == {"stop": 2}
            counts = {Delivery.SENDING: 1, Delivery.WITHHELD: 2, Delivery.CANCELLED: 1, Delivery.QUEUED: 1}
            assert await tx.messages.counts() == counts
        for to, which, error in (
            (Delivery.SENT, THEIR_NUMBER, IllegalTransition),
            (Delivery.CANCELLED, None, Invalid),
        ):
            with pytest.raises(error):
                async with store.tenant(OWNER) as tx:
                    await tx.messages.withdraw(recipient=which, briefing_id=None, to=to, reason="x")

    async def test_uow_93_what_a_phone_was_or_may_have_been_sent(self, store: Store, clock: SteppingClock) -> None:
        await add_practice(store)
        await queue(store, 70)
        await claim(store)
        await move(store, 70, Delivery.SENT, Delivery.SENDING, attempt=1)
        clock.forward(10)
        await queue(store, 71)
        await claim(store)
        await queue(store, 72)
        async with store.tenant(OWNER) as tx:
            await tx.messages.receive(samples.inbound(OWNER, 69, BEN, recipient=THEIR_NUMBER))
            assert numbers(*await tx.messages.sent_to(THEIR_NUMBER, NOON)) == [70, 71]
            assert numbers(*await tx.messages.sent_to(THEIR_NUMBER, later(1))) == [71]
            assert await tx.messages.sent_to("+15125550001", NOON) == []
        await move(store, 71, Delivery.FAILED, Delivery.SENDING, attempt=1)
        async with store.tenant(OWNER) as tx:
            assert numbers(*await tx.messages.sent_to(THEIR_NUMBER, NOON)) == [70]
