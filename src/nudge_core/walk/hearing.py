"""What comes back from the carrier: receipts, and texts that people write. Nothing of it is lost, nothing counts twice.

One transaction holds the raw event and its effect, so that whoever is told "heard" may forget it. An effect that fails
does not take the event with it: a second transaction keeps the event and a note, and the note is worked again. Only a
store that does not answer leaves nothing behind, and then the caller is told so. Source: `reliability.md` 1.5, 5.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.errors import Conflict, Invalid, NotFound, NudgeError, Unavailable
from nudge_core.model.carrier import CarrierNews, InboundText
from nudge_core.model.carrier_event import Arrival, CarrierEvent, arrival_of
from nudge_core.model.event import stable_id
from nudge_core.model.json import text_in
from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.ports import TenantTransaction
from nudge_core.sending.completion import complete_done_of
from nudge_core.steps import converse, receive
from nudge_core.steps.converse import Received
from nudge_core.steps.receive import ReceiptEffect
from nudge_core.walk.parts import Parts

NOTE_LEASE_S = 60.0  # an effect is one short transaction
NOTES_AT_ONCE = 20
TRIES_AT_ONCE = 3  # of one effect that meets another transaction: two of the same phone at the same moment
FIRST_PAUSE_S = 30.0  # before an effect that failed is tried again; doubled each time
EVENTS_AT_ONCE = 100
WAITS_FOR = timedelta(days=3)  # an id that nobody has learned by then is none of ours; the event stays stored
ERROR_CHARACTERS = 500


@frozen(kw_only=True)
class Heard:
    """What one piece of news did. `user_id` None: it belongs to nobody we know, and waits.

    `is_new` False: it had been told before, and nothing happened. `failed`: its effect could not be had; it is kept
    and will be tried again.
    """

    user_id: UUID | None
    effect: Received | ReceiptEffect | None
    is_new: bool = True
    failed: bool = False


@frozen(kw_only=True)
class Asked:
    """Texts to this number of ours were asked for, and those up to this instant are known with this one."""

    phone: str = field(repr=False)
    read_until: datetime


async def hear(parts: Parts, news: CarrierNews, arrival: Arrival | None = None, asked: Asked | None = None) -> Heard:
    """Take one piece of news from the carrier: a receipt, or a text that somebody sent. Twice is like once.

    Args:
        parts: the walk's parts.
        news: what was understood.
        arrival: the event as it came; None makes one of the news.
        asked: how far a poll has come with this event; stored with it.

    Returns:
        What it did. When this returns the event is stored, whatever became of its effect.

    Raises:
        Unavailable: the store did not answer, and nothing is stored: the carrier must tell it again.
    """
    told = arrival_of(news) if arrival is None else arrival
    async with parts.store.system() as system:
        user_id = await receive.owner(system, news)
        if user_id is None:
            is_new = await system.carrier_events.add(told.at(system.now, None))
            if asked is not None:
                await system.carrier_events.advance(asked.phone, asked.read_until)
            return Heard(user_id=None, effect=None, is_new=is_new)
    try:
        return await _heard(parts, user_id, told, news, asked)
    except Unavailable:
        raise
    except Exception as error:  # whatever it was: the event must not be lost with its effect
        await _keep(parts, user_id, told, error, asked)
        return Heard(user_id=user_id, effect=None, failed=True)


async def _heard(parts: Parts, user_id: UUID, told: Arrival, news: CarrierNews, asked: Asked | None) -> Heard:
    """Store the event with its effect; at once again when another transaction was in the way: a STOP cannot wait."""
    for tries_left in reversed(range(TRIES_AT_ONCE)):
        try:
            async with parts.store.tenant(user_id) as tx:
                if asked is not None:
                    await tx.carrier_events.advance(asked.phone, asked.read_until)
                return await _first(parts, tx, told, news)
        except (Conflict, Unavailable) as error:
            in_the_way = isinstance(error, Conflict) or error.retry_after_s == 0.0
            if not in_the_way or tries_left == 0:
                raise
    raise AssertionError("the last try returns or raises")


async def keep_unread(parts: Parts, arrival: Arrival) -> bool:
    """Store an event that could not be understood, for a person to look at; False when it is stored already."""
    async with parts.store.system() as tx:
        event = evolve(arrival.at(tx.now, None), error=arrival.unread or "not understood")
        return await tx.carrier_events.add(event)


async def hear_again(parts: Parts) -> int:
    """Work notes about events whose effect failed; return how many were due.

    A note is tried `MAX_ATTEMPTS` times in all, then parked with its reason.
    """
    async with parts.store.system() as tx:
        notes = await tx.notes.claim([Topic.HEAR], NOTES_AT_ONCE, NOTE_LEASE_S)
    for note in notes:
        try:
            await _work(parts, note)
        except Exception as error:  # one poisonous event must not stop the others
            await _put_back(parts, note, error)
    return len(notes)


async def hear_waiting(parts: Parts) -> int:
    """Give events their effect whose text or owner has become known since; return how many had it.

    Mostly nothing is left to do here: who learns an id applies what waits for it (`sending.evidence`). What remains is
    an event that was stored while its id was being learned, and a number that was given an owner later.
    """
    async with parts.store.system() as tx:
        since = tx.now - WAITS_FOR
    after, done = None, 0
    while True:
        async with parts.store.system() as tx:
            events = await tx.carrier_events.unhandled(since, after, EVENTS_AT_ONCE)
        for event in events:
            done += await _join(parts, event)
        if len(events) < EVENTS_AT_ONCE:
            return done
        after = (events[-1].received_at, events[-1].id)


async def _join(parts: Parts, event: CarrierEvent) -> bool:
    news = event.arrival.news
    if news is None:
        return False
    async with parts.store.system() as system:
        user_id = await receive.owner(system, news)
    if user_id is None:
        return False
    try:
        async with parts.store.tenant(user_id) as tx:
            heard = await _once_more(parts, tx, event, news)
    except Unavailable:
        raise
    except Exception as error:
        await _keep(parts, user_id, event.arrival, error, None)
        return False
    return heard.effect is not None and heard.effect is not ReceiptEffect.UNKNOWN


async def _first(parts: Parts, tx: TenantTransaction, told: Arrival, news: CarrierNews) -> Heard:
    """Store the event and give it its effect, unless it had it."""
    event = told.at(tx.now, tx.user_id)
    # Marked before its effect, so that whatever the effect joins to its text does not count this one again.
    if await tx.carrier_events.add(evolve(event, handled_at=tx.now)):
        heard = await _effect(parts, tx, news)
        if heard.effect is ReceiptEffect.UNKNOWN:
            await tx.carrier_events.mark(event.id, handled=False)
        return heard
    stored = await tx.carrier_events.find(event.id)
    if stored is None or stored.handled_at is not None:
        return Heard(user_id=tx.user_id, effect=None, is_new=False)
    return await _once_more(parts, tx, stored, news)


async def _once_more(parts: Parts, tx: TenantTransaction, event: CarrierEvent, news: CarrierNews) -> Heard:
    """Give a stored event its effect, unless it has had it meanwhile."""
    stored = await tx.carrier_events.find(event.id)
    if stored is None or stored.handled_at is not None:
        return Heard(user_id=tx.user_id, effect=None, is_new=False)
    await tx.carrier_events.mark(event.id, handled=True)
    heard = await _effect(parts, tx, news)
    if heard.effect is ReceiptEffect.UNKNOWN:
        await tx.carrier_events.mark(event.id, handled=False, error=stored.error)
    return heard


async def _effect(parts: Parts, tx: TenantTransaction, news: CarrierNews) -> Heard:
    if isinstance(news, InboundText):
        received = await converse.receive(tx, news, parts.receive)
        await complete_done_of(tx, received.client_id if received.withdrawn else None)
        return Heard(user_id=tx.user_id, effect=received)
    return Heard(user_id=tx.user_id, effect=await receive.receipt(tx, news))


async def _keep(parts: Parts, user_id: UUID, told: Arrival, error: Exception, asked: Asked | None) -> None:
    """Store an event whose effect failed, and a note to try it again."""
    why = _named(error)
    async with parts.store.tenant(user_id) as tx:
        if not await tx.carrier_events.add(evolve(told.at(tx.now, user_id), error=why)):
            stored = await tx.carrier_events.find(told.id)
            if stored is None or stored.handled_at is not None:
                return
            await tx.carrier_events.mark(told.id, handled=False, error=why)
        if asked is not None:
            await tx.carrier_events.advance(asked.phone, asked.read_until)
        note = OutboxNote(
            id=stable_id("hear", str(told.id)),
            topic=Topic.HEAR,
            dedupe_key=f"hear:{told.id}",
            created_at=tx.now,
            user_id=user_id,
            payload={"event_id": str(told.id)},
            not_before=tx.now + timedelta(seconds=FIRST_PAUSE_S),
        )
        await tx.notes.add([note])


async def _work(parts: Parts, note: OutboxNote) -> None:
    if note.user_id is None:
        raise Invalid("outboxnote.user_id", "an owner, for this topic", None)
    async with parts.store.tenant(note.user_id) as tx:
        event_id = UUID(text_in(note.payload, "event_id"))
        event = await tx.carrier_events.find(event_id)
        if event is None or event.arrival.news is None:
            raise NotFound("carrier event", event_id)
        await _once_more(parts, tx, event, event.arrival.news)
        await tx.notes.finish(note)


async def _put_back(parts: Parts, note: OutboxNote, error: Exception) -> None:
    pause = FIRST_PAUSE_S * 2 ** max(note.attempt - 1, 0)
    async with parts.store.system() as tx:
        await tx.notes.put_back(note, _named(error), tx.now + timedelta(seconds=pause))


def _named(error: Exception) -> str:
    """Return what went wrong without a word of the text: our own errors hold none, of others only the kind is kept."""
    return (str(error) if isinstance(error, NudgeError) else type(error).__name__)[:ERROR_CHARACTERS]
