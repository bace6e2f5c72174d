"""The second half of the walk: approved texts go out once, and doubts are closed.

No transaction is open while the carrier is called. A process that dies between the claim and the record leaves a text
whose lease runs out; it is then in doubt, and only the carrier's own evidence decides (`steps.deliver`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from nudge_core.errors import Conflict, NudgeError
from nudge_core.model.message import DELIVERY, Message
from nudge_core.ports import TenantTransaction
from nudge_core.sending.completion import complete_if_done
from nudge_core.sending.moves import Moved
from nudge_core.steps import deliver
from nudge_core.verticals.base import Vertical
from nudge_core.walk.parts import Parts


async def send_due(parts: Parts, monotonic: Callable[[], float]) -> tuple[Moved, ...]:
    """Claim what is due and hand over what may go out; return where each claimed text went.

    Args:
        parts: the walk's parts.
        monotonic: seconds that never go back; bounds the time between a claim and its request.
    """
    async with parts.store.system() as tx:
        claimed = await deliver.claim(tx, parts.delivery, monotonic)
    moved: list[Moved | None] = []
    for message in claimed.messages:
        with suppress(NudgeError):  # its lease runs out and it is looked into; the others must not wait for that
            moved.append(await _send(parts, claimed, message, monotonic))
    return await _closed(parts, moved)


async def _send(
    parts: Parts, claimed: deliver.Claimed, message: Message, monotonic: Callable[[], float]
) -> Moved | None:
    async with parts.store.tenant(message.user_id) as tx:
        prepared = await deliver.prepare(tx, message, await _rules(parts, tx), parts.delivery)
        if not isinstance(prepared, deliver.Prepared):
            return prepared
    outcome = await deliver.post(parts.gateway, prepared, claimed, parts.delivery, monotonic)
    async with parts.store.tenant(message.user_id) as tx:
        return await deliver.record(tx, prepared.message, outcome, parts.delivery)


async def tidy(parts: Parts) -> tuple[Moved, ...]:
    """Do what no claim does: withhold texts to silenced phones, doubt dead senders, close doubts; return the moves."""
    moved = [await _withhold(parts, message) for message in await _listed(parts, "blocked")]
    moved += [await _expire(parts, message) for message in await _listed(parts, "expired_leases")]
    moved += [await _settle(parts, message) for message in await _listed(parts, "doubtful")]
    return await _closed(parts, moved)


async def _listed(parts: Parts, which: str) -> tuple[Message, ...]:
    async with parts.store.system() as tx:
        sends = {
            "blocked": tx.sends.blocked,
            "expired_leases": tx.sends.expired_leases,
            "doubtful": tx.sends.doubtful,
        }
        return tuple(await sends[which](parts.delivery.batch))


async def _withhold(parts: Parts, message: Message) -> Moved | None:
    async with parts.store.tenant(message.user_id) as tx:
        return await deliver.withhold(tx, message)


async def _expire(parts: Parts, message: Message) -> Moved | None:
    async with parts.store.tenant(message.user_id) as tx:
        return await deliver.expire(tx, message)


async def _settle(parts: Parts, message: Message) -> Moved | None:
    async with parts.store.tenant(message.user_id) as tx:
        asked_at = tx.now
    records = await deliver.look_up(parts.gateway, message, parts.delivery)
    async with parts.store.tenant(message.user_id) as tx:
        return await deliver.settle(tx, message, records, asked_at, parts.delivery)


async def _rules(parts: Parts, tx: TenantTransaction) -> Vertical:
    return parts.vertical((await tx.users.get(tx.user_id)).vertical)


async def _closed(parts: Parts, moves: Sequence[Moved | None]) -> tuple[Moved, ...]:
    """Return the moves that happened; a briefing whose last text has reached its end ends with it.

    In transactions of their own: what became of a text must be stored whatever becomes of its briefing.
    """
    moved = tuple(one for one in moves if one is not None)
    for one in moved:
        if DELIVERY.is_final(one.to) and one.message.briefing_id is not None:
            with suppress(Conflict):  # somebody else has just written it; they looked at the same texts
                async with parts.store.tenant(one.message.user_id) as tx:
                    await complete_if_done(tx, one.message.briefing_id)
    return moved
