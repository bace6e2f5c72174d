"""What a client wishes, as facts: stated, proposed, accepted, taken back. Nothing is overwritten; the latest counts.

The facts are the source of truth: `Client.preferences` is the projection of those that count now. A preference that
stood there before there were facts becomes a fact the moment another one takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve

from nudge_core.errors import Conflict, Invalid, NotFound
from nudge_core.model.audit import about_client
from nudge_core.model.client import Client
from nudge_core.model.client_fact import BEFORE, PROFESSIONAL, ClientFact, FactState, Span, projected
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json, JsonObject
from nudge_core.ports import TenantTransaction
from nudge_core.verticals.base import Vertical

MOST_PREFERENCES = 100  # of one client; more than any vertical reads


async def state(
    tx: TenantTransaction,
    fact_id: UUID,
    client_id: UUID,
    kind: str,
    value: Json,
    actor: str,
    vertical: Vertical,
    *,
    version: int,
    at: datetime | None = None,
    source: str = PROFESSIONAL,
) -> ClientFact:
    """Store what a client wishes; it counts at once, unless a fact of the same kind is dated later.

    Args:
        tx: the owner's transaction.
        fact_id: of the new fact.
        client_id: whose wish.
        kind: name of the preference, such as `max_price`.
        value: what is wished; not null: what does not hold any more is taken back.
        actor: who says so.
        vertical: reads the preferences that come of it.
        version: of the client when it was read.
        at: since when it holds; None: now.
        source: where it comes from.

    Raises:
        Conflict: somebody changed the client since.
        Invalid: it lies in the future, or the vertical cannot read what comes of it.
        NotFound: no such client.
    """
    if value is None:
        raise Invalid("clientfact.value", "a value; take back what does not hold any more", None)
    if at is not None and at > tx.now:
        raise Invalid("clientfact.at", "an instant that has passed", at)
    client = await tx.clients.for_change(client_id)
    known = list(await tx.client_facts.of_client(client_id))
    fact = ClientFact(
        id=fact_id,
        user_id=tx.user_id,
        client_id=client_id,
        kind=kind,
        value=value,
        source=source,
        recorded_by=actor,
        at=tx.now if at is None else at,
        recorded_at=tx.now,
    )
    return await _take(tx, client, known, fact, is_new=True, actor=actor, vertical=vertical, version=version)


async def propose(
    tx: TenantTransaction,
    client_id: UUID,
    kind: str,
    value: Json,
    *,
    source: str,
    recorded_by: str,
    confidence: float,
    span: Span | None,
    at: datetime,
) -> ClientFact:
    """Store what was read out of a text, for the professional to accept or refuse; it counts for nothing yet.

    The same proposal is stored once: who refused it is not asked again. Raises NotFound, Invalid.
    """
    known = await tx.client_facts.of_client(client_id)
    place = "" if span is None else f"{span.text_id}:{span.start}:{span.end}"
    fact_id = stable_id("proposed fact", str(client_id), kind, place, repr(value))
    for fact in known:
        if fact.id == fact_id:
            return fact
    fact = ClientFact(
        id=fact_id,
        user_id=tx.user_id,
        client_id=client_id,
        kind=kind,
        value=value,
        source=source,
        recorded_by=recorded_by,
        at=at,
        recorded_at=tx.now,
        confidence=confidence,
        span=span,
        state=FactState.PROPOSED,
    )
    await tx.client_facts.add([fact])
    return fact


async def accept(
    tx: TenantTransaction, client_id: UUID, fact_id: UUID, actor: str, vertical: Vertical, *, version: int
) -> ClientFact:
    """Let a proposed fact count; an accepted one stays as it is. Raises Conflict: it was taken back or refused."""
    client, known, fact = await _read(tx, client_id, fact_id)
    if fact.state is FactState.RETRACTED:
        raise Conflict("fact", "it was taken back")
    if fact.state is FactState.ACCEPTED:
        return fact
    accepted = evolve(fact, state=FactState.ACCEPTED)
    others = [one for one in known if one.id != fact.id]
    return await _take(tx, client, others, accepted, is_new=False, actor=actor, vertical=vertical, version=version)


async def retract(
    tx: TenantTransaction, client_id: UUID, fact_id: UUID, actor: str, vertical: Vertical, *, version: int
) -> ClientFact:
    """Take a fact back, or refuse a proposed one; what it had taken the place of counts again."""
    client, known, fact = await _read(tx, client_id, fact_id)
    if fact.state is FactState.RETRACTED:
        return fact
    gone = evolve(fact, state=FactState.RETRACTED)
    after = [gone if one.id == fact_id else one for one in known]
    freed = [one for one in after if one.superseded_by == fact_id]
    standing = [one for one in freed if one.state is FactState.ACCEPTED]
    heir = max(standing, key=lambda one: (one.at, one.recorded_at), default=None)
    for one in freed:
        place = fact.superseded_by if heir is None else heir.id
        taken = fact.superseded_by if one is heir else place
        after = [evolve(each, superseded_by=taken) if each.id == one.id else each for each in after]
    changed = [new for new in after if new not in known]
    saved = await _save(tx, client, known, after, vertical, version)
    for one in changed:
        await tx.client_facts.save(one)
    await _audit(tx, saved, actor, "fact.retracted", gone)
    return gone


async def withdraw_preference(
    tx: TenantTransaction, client_id: UUID, kind: str, actor: str, vertical: Vertical, *, version: int
) -> ClientFact:
    """Take back whatever a preference rests on now; a preference without a fact becomes one that is taken back.

    Raises NotFound: there is no such preference.
    """
    client = await tx.clients.for_change(client_id)
    known = await tx.client_facts.of_client(client_id)
    for fact in known:
        if fact.kind == kind and fact.is_current:
            return await retract(tx, client_id, fact.id, actor, vertical, version=version)
    if kind not in client.preferences:
        raise NotFound("preference", kind)
    gone = evolve(_adopted(client, kind, actor), state=FactState.RETRACTED)
    saved = await _save(tx, client, known, [*known, gone], vertical, version)
    await tx.client_facts.add([gone])
    await _audit(tx, saved, actor, "fact.retracted", gone)
    return gone


async def follow_preferences(
    tx: TenantTransaction, before: Client | None, after: Client, by: str, source: str = PROFESSIONAL
) -> None:
    """Write down as facts what was written straight into a client's `preferences`; they were stored already.

    Args:
        tx: the owner's transaction.
        before: the client as they were; None: they are new.
        after: as they are stored now.
        by: who wrote it.
        source: where it comes from.
    """
    then: JsonObject = {} if before is None else before.preferences
    changed = sorted(kind for kind in {*then, *after.preferences} if then.get(kind) != after.preferences.get(kind))
    if not changed:
        return
    known = () if before is None else await tx.client_facts.of_client(after.id)
    current = {fact.kind: fact for fact in known if fact.is_current}
    told = {fact.kind for fact in known if fact.state is not FactState.PROPOSED}
    for kind in changed:
        adopted = None
        if before is not None and kind in then and kind not in told:
            adopted = _adopted(before, kind, by)
        new = _direct(tx, after, kind, by, source) if after.preferences.get(kind) is not None else None
        old = current.get(kind, adopted)
        ended = None
        if old is not None:
            ended = evolve(old, state=FactState.RETRACTED) if new is None else evolve(old, superseded_by=new.id)
        await tx.client_facts.add([fact for fact in (new, ended if old is adopted else None) if fact is not None])
        if ended is not None and old is not adopted:
            await tx.client_facts.save(ended)


def adopted_facts(client: Client, known: Sequence[ClientFact], by: str) -> list[ClientFact]:
    """Return facts for the preferences that stood there before there were facts, and have none yet."""
    told = {fact.kind for fact in known if fact.state is not FactState.PROPOSED}
    stated = sorted(kind for kind, value in client.preferences.items() if value is not None)
    return [_adopted(client, kind, by) for kind in stated if kind not in told]


def first_facts(tx: TenantTransaction, client: Client, by: str, source: str) -> list[ClientFact]:
    """Return the facts that somebody who is added comes with."""
    stated = sorted(kind for kind, value in client.preferences.items() if value is not None)
    return [_direct(tx, client, kind, by, source) for kind in stated]


def _direct(tx: TenantTransaction, client: Client, kind: str, by: str, source: str) -> ClientFact:
    return ClientFact(
        id=stable_id("fact", str(client.id), kind, str(client.version)),
        user_id=client.user_id,
        client_id=client.id,
        kind=kind,
        value=client.preferences[kind],
        source=source,
        recorded_by=by,
        at=tx.now,
        recorded_at=tx.now,
    )


async def _read(tx: TenantTransaction, client_id: UUID, fact_id: UUID) -> tuple[Client, list[ClientFact], ClientFact]:
    client = await tx.clients.for_change(client_id)
    known = list(await tx.client_facts.of_client(client_id))
    for fact in known:
        if fact.id == fact_id:
            return client, known, fact
    raise NotFound("fact", fact_id)


async def _take(
    tx: TenantTransaction,
    client: Client,
    others: Sequence[ClientFact],
    fact: ClientFact,
    *,
    is_new: bool,
    actor: str,
    vertical: Vertical,
    version: int,
) -> ClientFact:
    """Let a fact take the place of the one that counts, or stand behind it when that is dated later."""
    current = next((one for one in others if one.kind == fact.kind and one.is_current), None)
    adopted = None
    if current is None and fact.kind in client.preferences and not any(one.kind == fact.kind for one in others):
        adopted = evolve(_adopted(client, fact.kind, actor), superseded_by=fact.id)
    if current is not None and current.at > fact.at:
        fact, overtaken = evolve(fact, superseded_by=current.id), None
    else:
        overtaken = None if current is None else evolve(current, superseded_by=fact.id)
    after = [overtaken if overtaken is not None and one.id == overtaken.id else one for one in others]
    saved = await _save(tx, client, others, [*after, fact], vertical, version)
    if is_new:
        await tx.client_facts.add([fact])
    else:
        await tx.client_facts.save(fact)
    if adopted is not None:
        await tx.client_facts.add([adopted])
    if overtaken is not None:
        await tx.client_facts.save(overtaken)
    await _audit(tx, saved, actor, "fact.stated" if is_new else "fact.accepted", fact)
    return fact


def _adopted(client: Client, kind: str, actor: str) -> ClientFact:
    """Return the fact of a preference that stood there before there were facts."""
    return ClientFact(
        id=stable_id("adopted fact", str(client.id), kind),
        user_id=client.user_id,
        client_id=client.id,
        kind=kind,
        value=client.preferences[kind],
        source=BEFORE,
        recorded_by=actor,
        at=client.created_at,
        recorded_at=client.created_at,
    )


async def _save(
    tx: TenantTransaction,
    client: Client,
    known: Sequence[ClientFact],
    after: Sequence[ClientFact],
    vertical: Vertical,
    version: int,
) -> Client:
    """Store the projection, if the vertical can read it."""
    told = {fact.kind for fact in (*known, *after) if fact.state is not FactState.PROPOSED}
    kept: JsonObject = {kind: value for kind, value in client.preferences.items() if kind not in told}
    preferences = {**kept, **projected(after)}
    if len(preferences) > MOST_PREFERENCES:
        raise Invalid("client.preferences", f"at most {MOST_PREFERENCES}", preferences)
    changed = evolve(client, preferences=preferences, version=version)
    vertical.seekers(changed, ())  # raises Invalid
    return await tx.clients.save(changed)


async def _audit(tx: TenantTransaction, client: Client, actor: str, action: str, fact: ClientFact) -> None:
    entry = about_client(
        tx.user_id, client.id, tx.now, actor, action, str(client.version), fact_id=str(fact.id), kind=fact.kind
    )
    await tx.audit.add([entry])
