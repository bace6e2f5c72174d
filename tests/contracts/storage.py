"""Steps that the storage contracts share: a store with a professional, a client, a queued text in it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from nudge_core.model.message import Message
from nudge_core.ports import Store
from tests import samples
from tests.samples import SteppingClock

OWNER = samples.uid(1)
OTHER = samples.uid(2)
BEN = samples.uid(10)


class StorageContract:
    """What every suite needs: a fixture `store`, empty and on the fixture `clock`, from the inheriting class."""


async def add_user(store: Store, number: int = 1, **changes: Any) -> UUID:
    """Store a professional."""
    user = samples.user(number, **changes)
    async with store.system() as tx:
        await tx.users.add(user)
    return user.id


async def add_client(store: Store, owner: UUID = OWNER, number: int = 10, **changes: Any) -> UUID:
    """Store a client."""
    client = samples.client(owner, number, **changes)
    async with store.tenant(owner) as tx:
        await tx.clients.add([client])
    return client.id


async def add_practice(store: Store) -> None:
    """Store two professionals, and a client of the first."""
    await add_user(store, 1)
    await add_user(store, 2)
    await add_client(store)


async def agree(store: Store, phone: str, owner: UUID = OWNER, client_id: UUID = BEN, **changes: Any) -> None:
    """Store the consent of a phone; twice is once."""
    consent_id = uuid5(owner, f"consent {phone} {changes}")
    async with store.tenant(owner) as tx:
        given = await tx.consents.latest([phone])
        if phone not in given or changes:
            await tx.consents.add([samples.consent(owner, 1, client_id, id=consent_id, phone=phone, **changes)])


async def queue(store: Store, *numbers: int, owner: UUID = OWNER, client_id: UUID = BEN, **changes: Any) -> None:
    """Queue approved texts; their phone has agreed to any kind."""
    phone = changes.get("recipient", samples.THEIR_NUMBER)
    if phone is not None:
        await agree(store, phone, owner, client_id)
    async with store.tenant(owner) as tx:
        await tx.messages.queue([samples.approved(owner, number, client_id, **changes) for number in numbers])


async def claim(store: Store, limit: int = 10, lease_s: float = 60) -> list[Message]:
    """Claim due texts."""
    async with store.system() as tx:
        return list(await tx.sends.claim(limit, lease_s))


async def stored(store: Store, number: int, owner: UUID = OWNER) -> Message:
    """Read a text."""
    async with store.tenant(owner) as tx:
        return await tx.messages.get(samples.uid(number))


def numbers(*entities: Any) -> list[int]:
    """Return the numbers that entities were made with."""
    return [entity.id.int for entity in entities]


__all__ = [
    "BEN",
    "OTHER",
    "OWNER",
    "SteppingClock",
    "StorageContract",
    "add_client",
    "add_practice",
    "add_user",
    "agree",
    "claim",
    "numbers",
    "queue",
    "stored",
]
