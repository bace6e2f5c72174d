"""Buying a telephone number and giving it back: a transaction before the carrier is asked, and one after."""

from __future__ import annotations

from uuid import UUID

from nudge_core.errors import Conflict, Invalid, Refused
from nudge_core.model.phone_number import HeldNumber, NumberStatus
from nudge_core.ports import PhoneNumbers, Store
from nudge_core.steps import hold_numbers


async def buy_number(
    store: Store, seller: PhoneNumbers, user_id: UUID, number: str, number_id: UUID, actor: str
) -> HeldNumber:
    """Buy this very number for a professional; return it as theirs. Calling it again buys nothing more.

    Args:
        store: where it is written down.
        seller: who is paid.
        user_id: whose it becomes.
        number: E.164.
        number_id: of a number that is not held yet.
        actor: who asks.

    Raises:
        Invalid: no telephone number.
        Conflict: somebody else of this installation has it, or too many are held.
        Unavailable: it may or may not be bought; the same call may be made again without harm.
        Refused: it cannot be had.
    """
    await _nobody_else_s(store, user_id, number)
    async with store.tenant(user_id) as tx:
        held = await hold_numbers.want(tx, number, number_id)
    if held.status is NumberStatus.OWNED:
        return held
    try:
        bought = await seller.buy(number)
    except (Refused, Invalid):
        async with store.tenant(user_id) as tx:
            await hold_numbers.settle(tx, held.id, NumberStatus.REFUSED, actor)
        raise
    async with store.tenant(user_id) as tx:
        return await hold_numbers.settle(tx, held.id, NumberStatus.OWNED, actor, bought.provider_sid)


async def give_back_number(
    store: Store, seller: PhoneNumbers, user_id: UUID, number_id: UUID, actor: str
) -> HeldNumber:
    """Give a number back to the seller, for good; calling it again changes nothing more.

    Raises:
        NotFound: it is none of theirs.
        Conflict: texts go out from it.
        Unavailable, Refused: it is leaving still; the same call may be made again.
    """
    async with store.tenant(user_id) as tx:
        mine = await tx.held_numbers.get(number_id)
    if mine.status is NumberStatus.RELEASED:
        return mine
    await _nobody_else_s(store, user_id, mine.number)
    async with store.tenant(user_id) as tx:
        leaving = await hold_numbers.leave(tx, number_id)
    if leaving.status is NumberStatus.RELEASED:
        return leaving
    await seller.release(leaving.number)
    async with store.tenant(user_id) as tx:
        return await hold_numbers.settle(tx, number_id, NumberStatus.RELEASED, actor)


async def _nobody_else_s(store: Store, user_id: UUID, number: str) -> None:
    """Refuse a number that another professional sends from: one that was given to them without being written down."""
    async with store.system() as tx:
        owner = await tx.sends.owner_of_number(number)
    if owner not in (None, user_id):
        raise Conflict("phone number", "somebody has it")
