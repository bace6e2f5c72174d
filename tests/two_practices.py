"""Two practices in one store, alike in everything, and every method of a tenant's ports called as one of them.

Each call is made with the other's ids, phones and rows as well as with the caller's own. What comes of it must be what
comes of it in a store where the other practice does not exist: a foreign id is a random id.
"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from attrs import evolve, fields, frozen
from psycopg.rows import dict_row
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from nudge_adapters.sql.store import SqlStore, SqlTenantTransaction
from nudge_adapters.sql.tables import METADATA
from nudge_core.errors import NudgeError
from nudge_core.model.audit_trail import AuditFilter
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.briefing_list import BriefingFilter, BriefingOrder
from nudge_core.model.carrier_event import Arrival, EventKind
from nudge_core.model.change import Place
from nudge_core.model.client import ClientFilter, ClientOrder
from nudge_core.model.client_fact import FactState
from nudge_core.model.conversation import MessageFilter
from nudge_core.model.event import EventStatus
from nudge_core.model.idempotency import StoredAnswer
from nudge_core.model.message import Delivery, Receipt
from nudge_core.model.outbox import Topic
from nudge_core.model.page import PageRequest
from nudge_core.model.phone_number import HeldNumber, NumberStatus
from nudge_core.model.resource import ContentOrder
from nudge_core.model.sign_in import EndReason
from tests import client_samples, samples
from tests.contracts import access, contacts
from tests.databases import for_psycopg
from tests.samples import NOON, OUR_NUMBER, SOURCE, THEIR_NUMBER, uid

ONE, OTHER = uid(1), uid(2)
FAR = timedelta(days=400)


@frozen
class Practice:
    """Where the rows of one practice stand: every id lies in a hundred of its own; the phones of clients are shared."""

    user_id: UUID
    hundred: int

    def id(self, number: int) -> UUID:
        """Return one of its ids."""
        return uid(self.hundred + number)

    @property
    def sender(self) -> str:
        """Its sending number."""
        return OUR_NUMBER[:-2] + f"{self.hundred // 100:02}"


MINE, THEIRS = Practice(ONE, 100), Practice(OTHER, 200)
CLIENT, RESOURCE, EVENT, BRIEFING, QUEUED, SENT, HEARD, PLANNED, NOTE = 1, 2, 3, 4, 11, 12, 13, 14, 15
CONTENT, FAQ, INTERACTION, CONSENT, STOP, TAUGHT, AUDIT, LOST = 21, 22, 23, 24, 25, 26, 27, 28
NUMBER, SESSION, TOKEN, KEY, IDEMPOTENT, HABIT, EXPOSURE = 31, 32, 33, 34, 35, 36, 37
WRITTEN, KNOWN, IMPORT, MERGE, NOBODY, CAME, ASKED = 41, 42, 43, 44, 45, 46, 47
SECOND = 199  # a second client of the caller's, who is added on the way

RANDOM = {
    "optoutkey": {"secret"},
    "keptoptout": {"mark", "id"},
    "contactaccount": {"refresh_token"},
    "contactgrant": {"verifier"},
    "change": {"xact", "id"},
}
"""Columns that are other ones each time."""


async def settle(store: SqlStore, practice: Practice) -> None:
    """Store a practice with a row in every table that a professional has rows in."""
    me, at = practice.user_id, practice.id
    async with store.system() as system:
        await system.users.add(samples.user(me.int))
        await system.global_events.add([samples.global_event(900)])
    async with store.tenant(me) as tx:
        await tx.clients.add([samples.client(me, at(CLIENT).int, email="ben@example.com")])
        await tx.client_notes.add([client_samples.note(me, at(WRITTEN).int, at(CLIENT))])
        await tx.client_facts.add([client_samples.fact(me, at(KNOWN).int, at(CLIENT))])
        await tx.client_imports.add(client_samples.imported(me, at(IMPORT).int, at(CLIENT)))
        await tx.client_merges.add(client_samples.merge(me, at(MERGE).int, at(CLIENT).int, at(NOBODY).int))
        await tx.contact_imports.add(contacts.an_import(at(CAME).int, user_id=me))
        await tx.contact_accounts.connect(evolve(contacts.ACCOUNT, user_id=me))
        await tx.contact_accounts.ask(contacts.a_grant(at(ASKED).int, user_id=me))
        await tx.resources.store([samples.resource(me, at(RESOURCE).int)])
        await tx.market_events.add(
            [samples.market_event(me, at(EVENT).int, global_event_id=uid(900), resource_id=at(RESOURCE))]
        )
        about = {"triggering_resource_id": at(RESOURCE), "triggering_event_id": at(EVENT), "client_id": at(CLIENT)}
        await tx.briefings.add(samples.briefing(me, at(BRIEFING).int, **about))
        await tx.consents.add([samples.consent(me, at(CONSENT).int, at(CLIENT))])
        await tx.messages.queue(
            [
                samples.approved(
                    me, at(number).int, at(CLIENT), briefing_id=at(BRIEFING), sender=practice.sender, dedupe_key=str(n)
                )
                for n, number in enumerate((SENT, LOST))
            ]
        )
        await tx.messages.receive(samples.inbound(me, at(HEARD).int, at(CLIENT), recipient=practice.sender))
        await tx.scheduled.add([samples.scheduled(me, at(PLANNED).int, at(CLIENT), parent_plan_id=at(BRIEFING))])
        await tx.interactions.add([samples.interaction(me, at(INTERACTION).int, at(CLIENT))])
        await tx.contents.add(samples.content(me, at(CONTENT).int))
        await tx.faqs.add(samples.faq(me, at(FAQ).int))
        await tx.negative_preferences.add([samples.negative_preference(me, at(TAUGHT).int, at(CLIENT), at(BRIEFING))])
        await tx.style.remove(at(HABIT), "rita")
        await tx.exposures.add([samples.exposure(me, at(EXPOSURE).int, at(CLIENT), at(EVENT))])
        await tx.audit.add([samples.audit_entry(me, at(AUDIT).int, at(BRIEFING))])
        await tx.notes.add([samples.note(at(NOTE).int, me, dedupe_key="shared")])
        await tx.held_numbers.add(_number(practice, f"+1512555{practice.hundred:04}"))
        await tx.sessions.add(access.session(at(SESSION).int, me))
        await tx.sessions.issue(access.token(at(TOKEN).int, at(SESSION), me))
        await tx.api_keys.add(access.key(at(KEY).int, me))
        await tx.idempotency.begin(at(IDEMPOTENT), "0" * 64, 60.0)
        await tx.carrier_events.add(_event(practice))
        await tx.lanes.set_rate(practice.sender, 1.0)
    for number, ends in ((SENT, Delivery.SENT), (LOST, Delivery.UNCONFIRMED)):
        await _claimed_until(store, practice, number, ends)
    async with store.tenant(me) as tx:
        text = samples.approved(me, at(QUEUED).int, at(CLIENT), briefing_id=at(BRIEFING), sender=practice.sender)
        await tx.messages.queue([text])
        await tx.suppressions.add(samples.suppression(me, at(STOP).int, source_sid=f"SM{at(STOP).int}"))


async def _claimed_until(store: SqlStore, practice: Practice, number: int, end: Delivery) -> None:
    async with store.system() as system:
        (claimed,) = await system.sends.claim(1, 60)
    async with store.tenant(practice.user_id) as tx:
        path = [end] if end is Delivery.SENT else [Delivery.IN_DOUBT, end]
        for before, after in itertools.pairwise([Delivery.SENDING, *path]):
            sid = f"SM{claimed.id.int}" if after is Delivery.SENT else None
            assert await tx.messages.move(claimed.id, attempt=1, expected=[before], to=after, provider_sid=sid)


def _event(practice: Practice) -> Any:
    arrival = Arrival(kind=EventKind.STATUS, provider_sid=f"SM{practice.id(SENT).int}", status="delivered")
    return arrival.at(NOON, practice.user_id)


def _number(practice: Practice, phone: str) -> HeldNumber:
    return HeldNumber(id=practice.id(NUMBER), user_id=practice.user_id, number=phone, created_at=NOON, changed_at=NOON)


def _both(number: int) -> list[UUID]:
    return [THEIRS.id(number), MINE.id(number)]


def _one_and_all(values: Sequence[Any]) -> list[Any]:
    return [[values[0]], list(values)]


_SIDS = [f"SM{THEIRS.id(SENT).int}", f"SM{MINE.id(SENT).int}"]
_PHONES = [THEIR_NUMBER]
_SENDERS = [THEIRS.sender, MINE.sender]

# By the name of a parameter what it is called with, one call for each; "port.parameter" where names mean several.
ARGUMENTS: dict[str, Sequence[Any]] = {
    "user_id": [OTHER, ONE],
    "contact_imports.import_id": _both(CAME),
    "mark": [contacts.MARK],
    "provider": ["google"],
    "state_mark": [contacts.MARK, contacts.OTHER_MARK],
    "contact_accounts.session_id": [contacts.SESSION],
    "sync_token": ["later"],
    "client_id": _both(CLIENT),
    "client_ids": _one_and_all(_both(CLIENT)),
    "resource_id": _both(RESOURCE),
    "resource_ids": _one_and_all(_both(RESOURCE)),
    "briefing_id": _both(BRIEFING),
    "plan_id": _both(BRIEFING),
    "subject_id": _both(BRIEFING),
    "message_id": [*_both(QUEUED), *_both(SENT)],
    "scheduled.message_id": _both(PLANNED),
    "event_id": [_event(THEIRS).id, _event(MINE).id],
    "ids": _one_and_all(_both(EVENT)),
    "phone": _PHONES,
    "phones": [_PHONES],
    "recipient": _PHONES,
    "recipients": [_PHONES],
    "sender": _SENDERS,
    "senders": _one_and_all(_SENDERS),
    "provider_sid": _SIDS,
    "provider_sids": _one_and_all(_SIDS),
    "attempts": [{THEIRS.id(SENT): 1, MINE.id(SENT): 1}],
    "proofs": [{THEIRS.id(QUEUED): ("SM1", Receipt.SENT)}, {MINE.id(QUEUED): ("SM2", Receipt.SENT)}],
    "attempt": [0],
    "source_id": [SOURCE],
    "entity_ids": [["L1", "L2", *(str(n) for n in (102, 202))]],
    "keys": [["L1"]],
    "addresses": [["1506 timber st"]],
    "statuses": [list(BriefingStatus)],
    "status": [EventStatus.PROCESSED],
    "expected": [[Delivery.QUEUED]],
    "to": [Delivery.WITHHELD],
    "receipt": [Receipt.DELIVERED],
    "reason": ["said so"],
    "error": ["a reason"],
    "handled": [True],
    "segments": [2],
    "price_micros": [7_900],
    "price_currency": ["USD"],
    "not_before": [NOON + timedelta(hours=1)],
    "window_end": [None],
    "since": [NOON - FAR],
    "at": [NOON + FAR],
    "until": [NOON + FAR],
    "read_until": [NOON + FAR],
    "instant": [NOON - FAR],
    "after": [None],
    "limit": [50],
    "count": [1],
    "lease_s": [60.0],
    "rate_per_s": [2.0],
    "in_flight": [None],
    "topics": [list(Topic)],
    "request": [PageRequest()],
    "on": [True],
    "notes": [""],
    "vector": [None],
    "fact_id": _both(KNOWN),
    "note_id": _both(WRITTEN),
    "import_id": _both(IMPORT),
    "merge_id": _both(MERGE),
    "model_id": ["m"],
    "words": [["client", "ben"]],
    "emails": [["ben@example.com"]],
    "clients.order": [ClientOrder.NAME],
    "clients.which": [ClientFilter()],
    "briefings.order": [BriefingOrder.NEWEST],
    "briefings.which": [BriefingFilter(), BriefingFilter(client_id=THEIRS.id(CLIENT))],
    "messages.which": [MessageFilter(), MessageFilter(client_id=THEIRS.id(CLIENT))],
    "audit.which": [AuditFilter(), AuditFilter(subject_id=THEIRS.id(BRIEFING))],
    "contents.order": [ContentOrder.NEWEST],
    "unread_only": [False],
    "plan_ids": [_both(BRIEFING)],
    "preference_id": _both(TAUGHT),
    "retracted": [None],
    "by": ["rita"],
    "position": [1],
    "audit.after": [0],
    "content_id": _both(CONTENT),
    "style.fact_id": _both(HABIT),
    "faq_id": _both(FAQ),
    "number_id": _both(NUMBER),
    "changes.place": [None, Place(transaction=0, id=0, at=NOON)],
    "held_numbers.to": [NumberStatus.LEAVING],
    "session_id": _both(SESSION),
    "session_ids": _one_and_all(_both(SESSION)),
    "sessions.reason": [EndReason.SIGNED_OUT],
    "token_id": _both(TOKEN),
    "key_id": _both(KEY),
    "not_since": [NOON + FAR],
    "key": _both(IDEMPOTENT),
    "fingerprint": ["0" * 64],
    "answer": [StoredAnswer(status=201)],
}

# By "port.method" what takes rows: the other's own row, and one of the caller's that names the other's.
ROWS: dict[str, Sequence[Sequence[Any]]] = {
    "users.add": [[samples.user(2)], [samples.user(1)]],
    "users.save": [[samples.user(2, full_name="X")], [samples.user(1, full_name="X")]],
    "clients.add": [
        [[samples.client(OTHER, 299)]],
        [[samples.client(ONE, 201)]],
        [[samples.client(ONE, 199, email="new@example.com")]],
    ],
    "clients.save": [
        [samples.client(OTHER, 201, full_name="X")],
        [samples.client(ONE, 201, full_name="X")],
        [samples.client(ONE, 101, full_name="X")],
    ],
    "client_notes.add": [
        [[client_samples.note(ONE, 241, MINE.id(CLIENT))]],
        [[client_samples.note(ONE, 140, THEIRS.id(CLIENT))]],
    ],
    "client_facts.add": [
        [[client_samples.fact(ONE, 242, MINE.id(CLIENT))]],
        [[client_samples.fact(ONE, 139, THEIRS.id(CLIENT))]],
        [[client_samples.fact(ONE, 138, MINE.id(CLIENT), superseded_by=THEIRS.id(KNOWN))]],
    ],
    "client_facts.save": [
        [client_samples.fact(ONE, 242, THEIRS.id(CLIENT), state=FactState.RETRACTED)],
        [client_samples.fact(ONE, 142, MINE.id(CLIENT), state=FactState.RETRACTED)],
    ],
    "client_imports.add": [
        [client_samples.imported(ONE, 243, MINE.id(CLIENT))],
        [client_samples.imported(OTHER, 137, THEIRS.id(CLIENT))],
    ],
    "client_merges.add": [
        [client_samples.merge(ONE, 244, 101, 145)],
        [client_samples.merge(OTHER, 136, 201, 245)],
    ],
    "contact_imports.add": [
        [contacts.an_import(246, user_id=ONE)],
        [contacts.an_import(135, user_id=OTHER)],
    ],
    "contact_imports.save": [
        [contacts.an_import(246, user_id=ONE, parts_done=1)],
        [contacts.an_import(146, user_id=ONE, parts_done=1)],
    ],
    "contact_accounts.ask": [[contacts.a_grant(247, user_id=ONE)], [contacts.a_grant(134, user_id=OTHER)]],
    "contact_accounts.connect": [
        [evolve(contacts.ACCOUNT, user_id=OTHER)],
        [evolve(contacts.ACCOUNT, user_id=ONE, sync_token="mine")],
    ],
    "dossiers.put_back": [
        [samples.client(OTHER, 201, full_name="X")],
        [samples.client(ONE, 201, full_name="X", email=None)],
        [samples.client(ONE, 101, full_name="Ben", email="ben@example.com")],
    ],
    "dossiers.reassign": [
        [THEIRS.id(CLIENT), uid(SECOND), None],
        [MINE.id(CLIENT), THEIRS.id(CLIENT), None],
        [MINE.id(CLIENT), uid(SECOND), None],
        [uid(SECOND), MINE.id(CLIENT), None],
    ],
    "resources.store": [[[samples.resource(OTHER, 202)]], [[samples.resource(ONE, 202)]]],
    "market_events.add": [[[samples.market_event(ONE, 203, resource_id=THEIRS.id(RESOURCE))]]],
    "briefings.add": [
        [samples.briefing(OTHER, 204)],
        [samples.briefing(ONE, 205, client_id=THEIRS.id(CLIENT))],
        [samples.briefing(ONE, 206, triggering_event_id=THEIRS.id(EVENT))],
    ],
    "briefings.save": [[samples.briefing(ONE, 204)], [samples.briefing(ONE, 104, version=1)]],
    "messages.queue": [
        [[samples.approved(ONE, 280, THEIRS.id(CLIENT))]],
        [[samples.approved(ONE, 211, MINE.id(CLIENT), dedupe_key="text:211", sender=MINE.sender)]],
    ],
    "messages.receive": [[samples.inbound(ONE, 213, THEIRS.id(CLIENT))], [samples.inbound(ONE, 213, MINE.id(CLIENT))]],
    "scheduled.add": [
        [[samples.scheduled(ONE, 281, THEIRS.id(CLIENT))]],
        [[samples.scheduled(ONE, 214, MINE.id(CLIENT))]],
    ],
    "scheduled.save": [[samples.scheduled(ONE, 215, MINE.id(CLIENT))], [samples.scheduled(ONE, 114, MINE.id(CLIENT))]],
    "interactions.add": [[[samples.interaction(ONE, 282, THEIRS.id(CLIENT))]]],
    "consents.add": [[[samples.consent(ONE, 283, THEIRS.id(CLIENT))]], [[samples.consent(ONE, 224, MINE.id(CLIENT))]]],
    "suppressions.add": [[samples.suppression(ONE, 225, source_sid="SM225")]],
    "negative_preferences.add": [
        [[samples.negative_preference(ONE, 284, THEIRS.id(CLIENT), MINE.id(BRIEFING))]],
        [[samples.negative_preference(ONE, 285, MINE.id(CLIENT), THEIRS.id(BRIEFING))]],
    ],
    "exposures.add": [
        [[samples.exposure(ONE, 288, THEIRS.id(CLIENT), MINE.id(EVENT))]],
        [[samples.exposure(ONE, 289, MINE.id(CLIENT), THEIRS.id(EVENT))]],
    ],
    "audit.add": [[[samples.audit_entry(ONE, 286, THEIRS.id(BRIEFING))]]],
    "contents.add": [[samples.content(ONE, 221)]],
    "faqs.add": [[samples.faq(ONE, 222)]],
    "notes.add": [[[samples.note(287, ONE, dedupe_key="shared")]]],
    "notes.finish": [[samples.note(215, OTHER, attempt=1)], [samples.note(215, ONE, attempt=1)]],
    "notes.put_back": [[samples.note(215, ONE, attempt=1), "late", NOON]],
    # An event with the other's own carrier id is told apart by design: `catalogue.UNIQUE_FOR_ALL`.
    "carrier_events.add": [[_event(THEIRS)], [_event(MINE)]],
    "resources.add": [[samples.resource(OTHER, 290)], [samples.resource(ONE, 291)]],
    "resources.save": [[samples.resource(ONE, 202)], [samples.resource(ONE, 102)]],
    "contents.save": [[samples.content(ONE, 221)], [samples.content(ONE, 121)]],
    "faqs.save": [[samples.faq(ONE, 222)], [samples.faq(ONE, 122)]],
    "held_numbers.add": [[_number(THEIRS, "+15125550777")], [_number(MINE, "+15125550778")]],
    "sessions.add": [[access.session(SESSION + 200, ONE)], [access.session(292, OTHER)]],
    "sessions.issue": [
        [access.token(293, THEIRS.id(SESSION), ONE)],
        [access.token(194, MINE.id(SESSION), ONE)],
    ],
    "api_keys.add": [[access.key(KEY + 200, ONE)], [access.key(295, OTHER)]],
    "listings.store": [[[samples.listing()]]],
    "global_events.add": [[[samples.global_event(901)]]],
}


def ports() -> dict[str, type]:
    """Return the ports of a tenant's transaction by their names in it."""
    types = inspect.get_annotations(SqlTenantTransaction, eval_str=True)
    return {one.name: types[one.name] for one in fields(SqlTenantTransaction) if one.name not in ("now", "user_id")}


def methods() -> Iterator[tuple[str, str]]:
    """Return every public method of every port, those that read first, so that they read what is there."""
    found = [
        (port, name)
        for port, kind in ports().items()
        for name, member in inspect.getmembers(kind, inspect.iscoroutinefunction)
        if not name.startswith("_")
    ]
    writes = ("add", "save", "store", "queue", "receive", "move", "claim", "mark", "withdraw", "finish", "put", "park",
              "undone", "ask", "connect", "redeem", "synced")  # fmt: skip
    ends = (
        "reassign",
        "take_back",
        "drop_note",
        "drop",
        "erase",
        "disconnect",
    )  # what the others need is gone after these
    order = {name: place for place, name in enumerate(ends, 1)}
    return iter(sorted(found, key=lambda pair: (order.get(pair[1], 0), pair[1].startswith(writes), *pair)))


def calls(port: str, name: str) -> Sequence[tuple[Sequence[Any], dict[str, Any]]]:
    """Return the arguments of every call of a method. Raises KeyError for a parameter that nobody has told what is."""
    if (key := f"{port}.{name}") in ROWS:
        return [(arguments, {}) for arguments in ROWS[key]]
    parameters = list(inspect.signature(getattr(ports()[port], name)).parameters.values())[1:]
    wanted = [one.name for one in parameters if one.default is inspect.Parameter.empty]
    given = [ARGUMENTS.get(f"{port}.{one}", ARGUMENTS.get(one)) for one in wanted]
    for one, values in zip(wanted, given, strict=True):
        if values is None:
            raise KeyError(f"tests/two_practices.py: what is {key}({one})? Add it to ARGUMENTS, or the method to ROWS")
    return [((), dict(zip(wanted, values, strict=True))) for values in itertools.product(*(v or () for v in given))]


async def outcomes(store: SqlStore) -> dict[str, str]:
    """Make every call as the first practice; return what came of each, in words."""
    found = {}
    for port, name in methods():
        for number, (given, named) in enumerate(calls(port, name)):
            try:
                async with store.tenant(ONE) as tx:
                    answer = await getattr(getattr(tx, port), name)(*given, **named)
            except NudgeError as error:
                answer = error
            found[f"{port}.{name} {number}"] = _in_words(answer)
    return found


def _in_words(answer: Any) -> str:
    if isinstance(answer, frozenset | set):
        answer = sorted(answer, key=str)
    if isinstance(answer, dict):
        answer = sorted(answer.items(), key=str)
    return f"{type(answer).__name__}: {answer!r}"


def rows_of(url: str, practice: Practice) -> dict[str, list[dict[str, Any]]]:
    """Return every row of a practice, past the walls; what is another each time, or counted over all, is left out."""
    found = {}
    with psycopg.connect(for_psycopg(url), row_factory=dict_row) as connection:
        for table in METADATA.tables.values():
            column = "id" if table.name == "user" else "user_id"
            if table.name == "user" or "user_id" in table.c:
                left_out = {"seq"} | RANDOM.get(table.name, set())
                query = f'SELECT * FROM "{table.name}" t WHERE {column} = %s ORDER BY t::text'
                rows = connection.execute(query.encode(), [practice.user_id]).fetchall()
                found[table.name] = [{k: v for k, v in row.items() if k not in left_out} for row in rows]
    return found


_FILTER = re.compile(r"(?:\w+\.)?user_id = %\(\w+\)s(?:::\w+)?")
_USER_FILTER = re.compile(r'"user"\.id = %\(\w+\)s(?:::\w+)?')  # the first one; a second asks for one user


def without_filters(engine: AsyncEngine) -> Callable[[], int]:
    """Take the explicit `user_id = ...` out of every statement of this engine; return how often that was done.

    In the text that goes to the driver, so that it cannot matter how a port has written it.
    """
    taken = [0]

    def before(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> tuple[str, Any]:
        bare, times = _FILTER.subn("true", statement)
        bare, more = _USER_FILTER.subn("true", bare, count=1)
        taken[0] += times + more
        return bare, parameters

    event.listen(engine.sync_engine, "before_cursor_execute", before, retval=True)
    return lambda: taken[0]
