"""A text that nobody knows about: a person closes it, and may send its words anew."""

from __future__ import annotations

import pytest

from nudge_core.errors import IllegalTransition
from nudge_core.model.message import Delivery, Message
from nudge_core.steps import resolve
from tests.clocks import MovedClock, utc
from tests.send_walk import RITA, Town, memory_store, town

MORNING = utc("2026-06-01 15:00")  # Monday, 10:00 in Texas


async def unconfirmed(place: Town) -> Message:
    (queued,) = await place.queue(place.text(1))
    async with place.store.system() as tx:
        await tx.sends.claim(10, 60.0)
    async with place.store.tenant(RITA) as tx:
        await tx.messages.move(queued, attempt=1, expected=[Delivery.SENDING], to=Delivery.IN_DOUBT, reason="reset")
        await tx.messages.move(
            queued, attempt=1, expected=[Delivery.IN_DOUBT], to=Delivery.UNCONFIRMED, reason="no_evidence"
        )
        (listed,) = await tx.messages.unconfirmed(9)
        assert listed.id == queued
    return await place.message(queued)


@pytest.fixture
async def place() -> Town:
    return await town(memory_store(MovedClock(MORNING)), MORNING, 1)


async def test_closing_ends_it_and_says_who_did(place: Town) -> None:
    text = await unconfirmed(place)
    async with place.store.tenant(RITA) as tx:
        assert await resolve.close(tx, text.id, "Rita") is None
        (entry,) = [one for one in await tx.audit.of_subject(text.id) if one.action == "message.closed"]
    closed = await place.message(text.id)
    assert (closed.delivery, closed.reason, entry.actor) == (Delivery.CANCELLED, resolve.CLOSED, "Rita")
    async with place.store.tenant(RITA) as tx:
        assert await tx.messages.unconfirmed(9) == []


async def test_sending_again_is_a_text_of_its_own_with_the_same_words(place: Town) -> None:
    text = await unconfirmed(place)
    async with place.store.tenant(RITA) as tx:
        again = await resolve.close(tx, text.id, "Rita", send_again=True)
    assert again is not None
    assert again.id != text.id
    assert (again.content, again.recipient, again.delivery, again.attempt) == (
        text.content, text.recipient, Delivery.QUEUED, 0,
    )  # fmt: skip
    assert again.dedupe_key != text.dedupe_key


async def test_what_is_not_unconfirmed_is_not_closed_nor_sent_again(place: Town) -> None:
    text = await unconfirmed(place)
    async with place.store.tenant(RITA) as tx:  # evidence comes at the last moment
        await tx.messages.move(
            text.id, attempt=None, expected=[Delivery.UNCONFIRMED], to=Delivery.SENT, provider_sid="SM1"
        )
    async with place.store.tenant(RITA) as tx:
        with pytest.raises(IllegalTransition):
            await resolve.close(tx, text.id, "Rita", send_again=True)
    assert len([row for row in await place.rows() if row.content == text.content]) == 1
