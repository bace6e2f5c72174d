"""Clients and texts for tests of the routes about texts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from nudge_core.model.message import Delivery
from nudge_core.ports import Store
from tests import samples
from tests.api.office import RITA, TOM, Office
from tests.contracts.storage import agree
from tests.samples import later, uid

BEN, ANA, MUTE, STRANGER = uid(10), uid(11), uid(12), uid(13)
RANDOM = UUID("7b1d3f8e-0000-4000-8000-00000000dead")
ANA_S_NUMBER = "+15125550188"
SIGNED = "Rita here from Vega Homes: the home you asked about is open on Sunday."


async def add_clients(office: Office) -> None:
    """Rita knows Ben, Ana and one without a phone; Tom knows somebody else."""
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add(
            [
                samples.client(RITA, 10),
                samples.client(RITA, 11, full_name="Ana Silva", phone=ANA_S_NUMBER),
                samples.client(RITA, 12, full_name="Mute Moss", phone=None),
            ]
        )
    async with office.store.tenant(TOM) as tx:
        await tx.clients.add([samples.client(TOM, 13, full_name="Tom's Own")])


async def hear(store: Store, number: int, client: int = 10, seconds: float = 0, owner: UUID = RITA) -> UUID:
    """Store a text that a client sent."""
    async with store.tenant(owner) as tx:
        await tx.messages.receive(samples.inbound(owner, number, uid(client), created_at=later(seconds)))
    return uid(number)


async def queue(store: Store, number: int, owner: UUID = RITA, client: int = 10, **changes: Any) -> UUID:
    """Queue an approved text to a phone that has agreed."""
    await agree(store, samples.THEIR_NUMBER, owner, uid(client))
    async with store.tenant(owner) as tx:
        await tx.messages.queue([samples.approved(owner, number, uid(client), **changes)])
    return uid(number)


async def lose(store: Store, number: int) -> UUID:
    """Queue a text of Rita's and let nobody know what became of it."""
    text = await queue(store, number)
    async with store.system() as tx:
        assert [one.id for one in await tx.sends.claim(10, 60.0)] == [text]
    steps = ((Delivery.SENDING, Delivery.IN_DOUBT, "reset"), (Delivery.IN_DOUBT, Delivery.UNCONFIRMED, "no_evidence"))
    async with store.tenant(RITA) as tx:
        for before, after, reason in steps:
            assert await tx.messages.move(text, attempt=1, expected=[before], to=after, reason=reason)
    return text
