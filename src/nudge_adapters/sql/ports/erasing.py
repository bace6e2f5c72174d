"""Everything personal of one client leaves every table. The order is that of the references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from attrs import evolve
from sqlalchemy import ColumnElement, Table, Text, Uuid, any_, cast, delete, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports.consent import SqlSuppressions
from nudge_adapters.sql.ports.opt_outs import keep_opt_outs
from nudge_adapters.sql.rows.merges import merge_from_row
from nudge_adapters.sql.rows.nudges import briefing_from_row, briefing_to_row
from nudge_adapters.sql.rows.people import client_from_row
from nudge_adapters.sql.rows.values import to_object
from nudge_adapters.sql.rows.work import note_from_row
from nudge_adapters.sql.work import Work
from nudge_core.errors import NotFound
from nudge_core.model.client import Client
from nudge_core.model.client_merge import ClientMerge, as_they_were
from nudge_core.model.dossier import scrubbed_object, without_client
from nudge_core.model.idempotency import FORGOTTEN
from nudge_core.model.message import Direction

_client, _message, _briefing = tables.client, tables.message, tables.campaignbriefing
_planned, _dismissed, _outbox, _event = (
    tables.scheduledmessage,
    tables.negativepreference,
    tables.outbox,
    tables.carrierevent,
)
_answered, _merge = tables.idempotency, tables.clientmerge

REMOVED: Mapping[str, Table] = {
    "scheduled": _planned,
    "messages": _message,
    "interactions": tables.interaction,
    "notes": tables.clientnote,
    "facts": tables.clientfact,
    "consents": tables.consent,
    "negative_preferences": _dismissed,
}
"""Tables whose rows of a client go whole, in an order that the references allow."""


def concerning(client_id: UUID) -> ColumnElement[bool]:
    """Return the condition that a briefing is about this client, or has them in its audience."""
    member = [{"client_id": str(client_id)}]
    return or_(_briefing.c.client_id == client_id, _briefing.c.matched_audience.contains(member))


async def merges_that_made(work: Work, client_id: UUID) -> Sequence[ClientMerge]:
    """Return the merges that hold, through which others became part of this client, at first or second hand."""
    start = select(literal(client_id, Uuid).label("id")).cte("selves", recursive=True)
    held = (_merge.c.user_id == work.owner, _merge.c.undone_at.is_(None))
    selves = start.union(select(_merge.c.gone_id).where(*held, _merge.c.kept_id == start.c.id))
    query = select(_merge).where(*held, _merge.c.kept_id.in_(select(selves.c.id)))
    return [merge_from_row(row) for row in await work.rows(query)]


async def their_phones(work: Work, client_id: UUID, merges: Iterable[ClientMerge]) -> set[str]:
    """Return the phones that were this client's and are nobody else's in the book.

    `merges`: those that made them.
    """
    consent = tables.consent
    inbound = _message.c.direction == Direction.INBOUND
    found = (
        select(_client.c.phone).where(_client.c.user_id == work.owner, _client.c.id == client_id),
        select(consent.c.phone).where(consent.c.user_id == work.owner, consent.c.client_id == client_id),
        select(_message.c.sender).where(_message.c.user_id == work.owner, _message.c.client_id == client_id, inbound),
        select(_message.c.recipient).where(
            _message.c.user_id == work.owner, _message.c.client_id == client_id, ~inbound
        ),
    )
    every = [phone for (phone,) in await work.run(found[0].union(*found[1:]))]
    theirs = {phone for phone in (*every, *(one.phone for one in as_they_were(merges))) if phone is not None}
    others = select(_client.c.phone).where(
        _client.c.user_id == work.owner, _client.c.id != client_id, _client.c.phone.in_(sorted(theirs))
    )
    return theirs - set((await work.run(others)).scalars())


async def erase(work: Work, client_id: UUID) -> Mapping[str, int]:
    """Do what `nudge_core.ports.Dossiers.erase` promises."""
    this = select(_client).where(_client.c.user_id == work.owner, _client.c.id == client_id)
    row = await work.row(this.with_for_update())
    if row is None:
        raise NotFound("client", client_id)
    client = client_from_row(row)
    done: Counter[str] = Counter()
    merges = await merges_that_made(work, client_id)
    selves = (client, *as_they_were(merges))
    phones = await their_phones(work, client_id, merges)
    held = await SqlSuppressions(work).active_for(phones)
    every = [one for records in held.values() for one in records]
    done["opt_outs kept"] = await keep_opt_outs(work, every, phones)
    texts = await work.rows(
        select(_message.c.id, _message.c.provider_sid)
        .where(_message.c.user_id == work.owner, _message.c.client_id == client_id)
        .with_for_update()
    )
    sids = {text["provider_sid"] for text in texts if text["provider_sid"] is not None}
    done["carrier_events blanked"] = await _blank(work, sids, phones)
    done["notes_of_work changed"] = await _forget_work(work, selves, {str(text["id"]) for text in texts})
    done["answers forgotten"] = await _forget_answers(work)
    await _let_go(work, client_id)
    done["briefings left"] = await _leave_audiences(work, selves)
    for name, table in REMOVED.items():
        gone = delete(table).where(table.c.user_id == work.owner, table.c.client_id == client_id)
        done[f"{name} removed"] = await work.changed(gone)
    plans = delete(_briefing).where(_briefing.c.user_id == work.owner, _briefing.c.client_id == client_id)
    done["briefings removed"] = await work.changed(plans)
    ids = sorted({client_id, *(merge.gone.id for merge in merges)})
    theirs = or_(_merge.c.kept_id.in_(ids), _merge.c.gone_id.in_(ids))
    done["merges removed"] = await work.changed(delete(_merge).where(_merge.c.user_id == work.owner, theirs))
    await work.run(delete(_client).where(_client.c.user_id == work.owner, _client.c.id == client_id))
    done["clients removed"] = 1
    return {deed: number for deed, number in sorted(done.items()) if number}


async def _let_go(work: Work, client_id: UUID) -> None:
    """End references of other people's rows, and of plans that go, to rows that go."""
    texts = select(_message.c.id).where(_message.c.user_id == work.owner, _message.c.client_id == client_id)
    plans = select(_briefing.c.id).where(_briefing.c.user_id == work.owner, _briefing.c.client_id == client_id)
    for table, column, gone in (
        (_briefing, "parent_message_id", texts),
        (_message, "briefing_id", plans),
        (_planned, "parent_plan_id", plans),
    ):
        named = (table.c.user_id == work.owner, table.c[column].in_(gone))
        await work.run(update(table).where(*named).values({column: None}))
    taught = (_dismissed.c.user_id == work.owner, _dismissed.c.source_campaign_id.in_(plans))
    await work.run(delete(_dismissed).where(*taught))


async def _leave_audiences(work: Work, selves: Sequence[Client]) -> int:
    client = selves[0]
    others = select(_briefing).where(
        _briefing.c.user_id == work.owner,
        concerning(client.id),
        _briefing.c.client_id.is_distinct_from(client.id),
    )
    rows = await work.rows(others.with_for_update())
    for briefing in map(briefing_from_row, rows):
        left = evolve(without_client(briefing, *selves), version=briefing.version + 1)
        this = (_briefing.c.user_id == work.owner, _briefing.c.id == briefing.id)
        await work.run(update(_briefing).where(*this).values(briefing_to_row(left)))
    return len(rows)


async def _blank(work: Work, sids: Collection[str], phones: Collection[str]) -> int:
    """Blank what carriers told of this client's texts; what has had no effect yet is left, or a STOP could be lost."""
    named = [_event.c.provider_sid.in_(sorted(sids)), _event.c.news["sender"].as_string().in_(sorted(phones))]
    raw = cast(_event.c.raw, Text)
    named += [raw.contains(phone, autoescape=True) for phone in sorted(phones)]
    those = (_event.c.user_id == work.owner, _event.c.handled_at.is_not(None), or_(*named))
    return await work.changed(update(_event).where(*those).values(raw={}, news=None))


async def _forget_work(work: Work, selves: Sequence[Client], texts: Collection[str]) -> int:
    """Remove work about this client, and the client from work about several; who works at it now must begin again."""
    mine, client = _outbox.c.user_id == work.owner, selves[0]
    about = or_(
        _outbox.c.payload["client_id"].as_string() == str(client.id),
        _outbox.c.payload["message_id"].as_string().in_(sorted(texts)),
    )
    changed = await work.changed(delete(_outbox).where(mine, about))
    named = select(_outbox).where(mine, cast(_outbox.c.payload, Text).contains(str(client.id)))
    for note in map(note_from_row, await work.rows(named.with_for_update())):
        payload = to_object(scrubbed_object(note.payload, *selves))
        left = update(_outbox).where(mine, _outbox.c.id == note.id).values(payload=payload, lease_until=None)
        changed += await work.changed(left)
    return changed


async def _forget_answers(work: Work) -> int:
    """Forget what was answered, whoever it spoke of. A request that runs loses its claim: its answer is not kept."""
    mine, was_answered = _answered.c.user_id == work.owner, _answered.c.status.is_not(None)
    runs = update(_answered).where(mine, ~was_answered, _answered.c.lease_until.is_not(None))
    await work.run(runs.values(attempt=_answered.c.attempt + 1))
    blank = {"status": FORGOTTEN.status, "headers": dict(FORGOTTEN.headers), "body": FORGOTTEN.body}
    told = update(_answered).where(mine, was_answered, _answered.c.body != FORGOTTEN.body)
    return await work.changed(told.values(blank))


async def take_back(work: Work, client_ids: Collection[UUID]) -> frozenset[UUID]:
    """Do what `nudge_core.ports.Dossiers.take_back` promises: four statements, however many clients."""
    mine = (_client.c.user_id == work.owner, _client.c.id == any_(literal(sorted(client_ids), ARRAY(Uuid))))
    held = [
        exists().where(table.c.user_id == _client.c.user_id, table.c.client_id == _client.c.id)
        for name, table in REMOVED.items()
        if name not in ("notes", "facts")
    ]
    member = func.jsonb_build_array(func.jsonb_build_object("client_id", cast(_client.c.id, Text)))
    held.append(
        exists().where(
            _briefing.c.user_id == _client.c.user_id,
            or_(_briefing.c.client_id == _client.c.id, _briefing.c.matched_audience.contains(member)),
        )
    )
    untouched = select(_client.c.id).where(*mine, _client.c.version == 1, *(~one for one in held)).with_for_update()
    gone = set((await work.run(untouched)).scalars())
    for table, column in ((tables.clientnote, "client_id"), (tables.clientfact, "client_id"), (_client, "id")):
        these = table.c[column] == any_(literal(sorted(gone), ARRAY(Uuid)))
        await work.run(delete(table).where(table.c.user_id == work.owner, these))
    return frozenset(gone)
