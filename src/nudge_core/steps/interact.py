"""The professional records what happened outside our texts: a call, a meeting, a note, "they told me to stop".

Source: `verticals.md` 1.3 (any reasonable means), 1.4 (cool-down after human contact) and 2.5 (bad news).
"""

from __future__ import annotations

from attrs import frozen

from nudge_core.errors import Invalid
from nudge_core.model.interaction import HUMAN_CONTACT, Interaction, InteractionKind
from nudge_core.policy.consent import SilenceReason
from nudge_core.ports import TenantTransaction
from nudge_core.reading.hardship import Hardship, hardship
from nudge_core.sending.plans import ask_copilot, pause
from nudge_core.sending.silence import silence

TOLD = "told_to_stop"


@frozen(kw_only=True)
class Recorded:
    """What a record did: texts that will not go out any more, plans that rest now, and what the note speaks of."""

    withdrawn: int = 0
    paused: int = 0
    hardship: Hardship | None = None


async def record(tx: TenantTransaction, interaction: Interaction) -> Recorded:
    """Store what happened. Doing it twice with the same id stores and changes nothing the second time.

    A client who has told the professional to stop is silenced at once, like one who texted STOP: the record is the
    proof. A note or a call that speaks of a death, an illness or the like pauses the client's plans and asks.

    Raises:
        Invalid: it lies in the future, or the client who told us to stop has no phone to be silenced.
        NotFound: no such client.
    """
    if interaction.at > tx.now:
        raise Invalid("interaction.at", "an instant that has passed", interaction.at)
    known = await tx.interactions.of_client(interaction.client_id, KNOWN)
    if any(one.id == interaction.id for one in known):
        return Recorded()
    client = await tx.clients.get(interaction.client_id)
    await tx.interactions.add([interaction])
    if interaction.kind in HUMAN_CONTACT:
        await tx.clients.touch([client.id], interaction.at)
    if interaction.kind is InteractionKind.TOLD_TO_STOP:
        if client.phone is None:
            raise Invalid("interaction.client_id", "a client with a phone", None)
        gone = await silence(
            tx,
            client.phone,
            SilenceReason.OPTED_OUT,
            cause=interaction.id,
            actor=interaction.recorded_by,
            detail=TOLD,
            subject="interaction",
        )
        return Recorded(withdrawn=gone.withdrawn + gone.unplanned)
    grief = hardship(interaction.note)
    if grief is None:
        return Recorded()
    paused = await pause(tx, [client.id], grief.value, interaction.id, interaction.recorded_by)
    await ask_copilot(tx, client.id, grief.value, interaction.id)
    return Recorded(paused=len(paused), hardship=grief)


KNOWN = 500
"""Newest records of a client among which a repeated one is looked for; an older one is refused by its id."""
