"""A professional's telephone numbers: what is meant is written down before the carrier is asked, and settled after.

Money is spent at the carrier, so a crash in between must neither lose a number nor buy a second one: the same call,
made again, goes on where the first one stopped.
"""

from __future__ import annotations

from uuid import UUID

from attrs import evolve

from nudge_core.errors import Conflict
from nudge_core.model.audit import AuditEntry
from nudge_core.model.event import stable_id
from nudge_core.model.phone_number import HeldNumber, NumberStatus
from nudge_core.model.user import User
from nudge_core.ports import TenantTransaction

MOST_HELD = 5
"""Numbers of one professional at once: one is used, each costs money every month. Ours."""


async def want(tx: TenantTransaction, number: str, number_id: UUID) -> HeldNumber:
    """Write down that this number is to be bought; one that is held already is returned as it stands.

    Raises:
        Invalid: no telephone number.
        Conflict: somebody else has it, too many are held, or it is being given back.
    """
    held = await tx.held_numbers.held()
    for one in held:
        if one.number == number:
            if one.status is NumberStatus.LEAVING:
                raise Conflict("phone number", "it is being given back")
            return one
    if len(held) >= MOST_HELD:
        raise Conflict("phone number", f"at most {MOST_HELD} are held at once")
    wanted = HeldNumber(id=number_id, user_id=tx.user_id, number=number, created_at=tx.now, changed_at=tx.now)
    await tx.held_numbers.add(wanted)
    return wanted


async def settle(
    tx: TenantTransaction, number_id: UUID, status: NumberStatus, actor: str, provider_sid: str | None = None
) -> HeldNumber:
    """Store what the carrier said, and who had asked for it. Doing it twice changes nothing the second time."""
    before = await tx.held_numbers.get(number_id)
    settled = await tx.held_numbers.move(number_id, status, provider_sid)
    if settled != before:
        await _audit(tx, settled.id, f"phone_number_{status.value}", actor, str(settled.changed_at))
    return settled


async def leave(tx: TenantTransaction, number_id: UUID) -> HeldNumber:
    """Write down that a number is to be given back; one that has left is returned as it stands.

    Raises:
        NotFound: it is none of theirs.
        Conflict: texts go out from it.
        IllegalTransition: it was never had.
    """
    number = await tx.held_numbers.get(number_id)
    if number.status is NumberStatus.RELEASED:
        return number
    if (await tx.users.get(tx.user_id)).twilio_phone_number == number.number:
        raise Conflict("phone number", "texts go out from it: send from another one first")
    return await tx.held_numbers.move(number_id, NumberStatus.LEAVING)


async def assign(tx: TenantTransaction, number_id: UUID, version: int, actor: str, *, sends: bool) -> User:
    """Let texts go out from a number of theirs, or from it no more; return the professional as they are then.

    Raises:
        NotFound: it is none of theirs.
        Conflict: it is not theirs yet or no longer, or somebody changed the professional since.
    """
    number = await tx.held_numbers.get(number_id)
    user = await tx.users.get(tx.user_id)
    if user.version != version:
        raise Conflict("user", "somebody changed it since it was read")
    if sends and number.status is not NumberStatus.OWNED:
        raise Conflict("phone number", f"it is {number.status.value}, not owned")
    is_sending = user.twilio_phone_number == number.number
    if is_sending == sends:
        return user
    saved = await tx.users.save(evolve(user, twilio_phone_number=number.number if sends else None))
    action = "phone_number_assigned" if sends else "phone_number_unassigned"
    await _audit(tx, number.id, action, actor, str(saved.version))
    return saved


async def _audit(tx: TenantTransaction, number_id: UUID, action: str, actor: str, once: str) -> None:
    entry = AuditEntry(
        id=stable_id("phone number", action, str(number_id), once),
        user_id=tx.user_id,
        at=tx.now,
        actor=actor,
        action=action,
        subject_type="phone_number",
        subject_id=number_id,
    )
    await tx.audit.add([entry])
