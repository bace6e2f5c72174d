"""Many practices for the benchmark of screens: one with a large book, the others small. Copied in, in seconds.

The large one's ids are known: `OWNER` and `SESSION`, a session of theirs that stands. Its clients wrote and were
written to in turn, so that the newest texts are those of different clients; of a hundred clients one has unread texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from attrs import frozen
from psycopg import sql

from nudge_adapters.sql.benchmark import libpq
from nudge_core.model.event import EventStatus
from nudge_core.model.resource import ResourceStatus, ResourceType

OWNER = UUID(int=1 << 96)
SESSION = UUID(int=(9 << 96) + 1)
WAITING = 50  # nudges of the large practice: as many as its queue shows
DECIDED = 450
AUDIENCE = 5
SMALL_CLIENTS, SMALL_TEXTS, SMALL_NUDGES = 10, 20, 2  # of each other practice
STEP = 7_919  # a prime: neighbours in time are far apart in the book
UNREAD_OF = 100
_START = datetime(2026, 1, 5, tzinfo=UTC)
_NOTES = "Wants a garden and a short way to school. Called about the home on Timber St; asked to hear of price changes."
_WORDS = "Hi {{first_name}}, the home at {} Timber St is $20,000 less. Rita"
_TEXT = "Hi, the home on Timber St dropped to $450,000. Want to see it? Reply STOP to opt out."
_PREFERENCES = '{"roles": ["buyer"], "price_max": 500000, "areas": ["Georgetown"], "beds_min": 3}'


@frozen(kw_only=True)
class Practices:
    """How much there is. `clients` and `texts` are the large practice's; `tenants` counts it too."""

    tenants: int
    clients: int
    texts: int


Row = Sequence[object]


def settle_practices(url: str, size: Practices) -> None:
    """Fill an empty migrated database."""
    owners = range(1, size.tenants + 1)
    with psycopg.connect(libpq(url)) as connection:
        _copy(connection, "user", _USER, (_user(n) for n in owners))
        _copy(connection, "signinsession", _SESSION, [_session()])
        _copy(connection, "client", _CLIENT, (row for n in owners for row in _clients(n, _book(size, n))))
        _copy(connection, "resource", _RESOURCE, (_resource(n) for n in owners))
        _copy(connection, "marketevent", _EVENT, (_event(n) for n in owners))
        _copy(connection, "campaignbriefing", _BRIEFING, (row for n in owners for row in _briefings(size, n)))
        _copy(connection, "message", _MESSAGE, (row for n in owners for row in _texts(size, n)))
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


def _copy(connection: psycopg.Connection[Row], table: str, columns: str, rows: Iterable[Row]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns.split()))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _book(size: Practices, owner: int) -> int:
    return size.clients if owner == 1 else SMALL_CLIENTS


def _id(kind: int, owner: int, number: int = 0) -> UUID:
    return UUID(int=(owner << 96) + (kind << 64) + number)


_USER = """id user_type full_name email phone_number vertical tool_provider timezone business_name onboarding_complete
    onboarding_state market_focus ai_style_guide strategy specialties faq_auto_responder_enabled twilio_phone_number"""


def _user(owner: int) -> Row:
    return (
        _id(0, owner), "REALTOR", f"Rita Vega {owner}", f"rita{owner}@example.com", f"+1512{2_000_000 + owner}",
        "real_estate", "market", "America/Chicago", "Vega Homes", True, "{}", "[]", "{}", "{}", "[]", False,
        f"+1512{3_000_000 + owner}",
    )  # fmt: skip


_SESSION = "id user_id created_at refreshed_at expires_at device_name"


def _session() -> Row:
    now = datetime.now(UTC)
    return SESSION, OWNER, now, now, now + timedelta(days=1), "bench"


_CLIENT = """id user_id full_name email phone notes ai_tags user_tags preferences last_interaction timezone created_at
    version"""
_FIRST = ("Ana", "Ben", "Carla", "Dev", "Eva", "Finn", "Gia", "Hugo", "Ida", "Jon")
_LAST = ("Lima", "Ortiz", "Novak", "Patel", "Reyes", "Stone", "Tran", "Usman", "Vance", "Weiss")


def _clients(owner: int, count: int) -> Iterator[Row]:
    for n in range(count):
        made = _START + timedelta(minutes=n)
        name = f"{_FIRST[n % 10]} {_LAST[n // 10 % 10]} {n}"
        yield (
            _id(1, owner, n), _id(0, owner), name, f"client{n}@example.com", f"+1737{2_000_000 + n}", _NOTES,
            '["relocating"]', '["buyer", "garden"]', _PREFERENCES, made + timedelta(days=n % 90) if n % 3 else None,
            "America/Chicago", made, 1,
        )  # fmt: skip


_RESOURCE = "id user_id resource_type status entity_id source_id created_at updated_at attributes"


def _resource(owner: int) -> Row:
    return (
        _id(2, owner),
        _id(0, owner),
        ResourceType.PROPERTY,
        ResourceStatus.ACTIVE,
        "L1",
        "mls",
        _START,
        _START,
        '{"beds": 3, "baths": 2.5}',
    )


_EVENT = "id user_id event_type entity_id entity_type created_at source_id payload resource_id status"


def _event(owner: int) -> Row:
    payload = {"change": {"previous_price_cents": 47_000_000, "price_cents": 45_000_000}}
    return (
        _id(3, owner), _id(0, owner), "price_drop", "L1", "listing", _START, "mls", json.dumps(payload), _id(2, owner),
        EventStatus.PROCESSED,
    )  # fmt: skip


_BRIEFING = """id user_id triggering_event_id is_plan campaign_type headline key_intel matched_audience best_score
    original_draft drafted_by status version created_at updated_at"""


def _briefings(size: Practices, owner: int) -> Iterator[Row]:
    waiting, decided = (WAITING, DECIDED) if owner == 1 else (SMALL_NUDGES, 0)
    for n in range(waiting + decided):
        made, score = _START + timedelta(hours=n), float(100 - n % 60)
        people = [_id(1, owner, (n * AUDIENCE + one) % _book(size, owner)) for one in range(AUDIENCE)]
        yield (
            _id(4, owner, n), _id(0, owner), _id(3, owner), False, "price_drop", f"Price drop on Timber St {n}",
            '{"considered": 12}', json.dumps([_member(one, score) for one in people]),
            score, _WORDS.format(n), "offline",
            "DRAFT" if n < waiting else "COMPLETED", 1, made, made,
        )  # fmt: skip


def _member(client_id: UUID, score: float) -> dict[str, object]:
    reason = {
        "constraint": "price", "outcome": "met", "strength": "hard", "wanted": "at most $500,000",
        "actual": "$450,000", "text": "within the budget",
    }  # fmt: skip
    return {
        "client_id": str(client_id), "role": "buyer", "score": score, "coverage": 0.75, "decision": "offer",
        "reasons": [reason, {**reason, "constraint": "area", "text": "in Georgetown"}], "included": True,
    }  # fmt: skip


_MESSAGE = """id user_id client_id content direction delivery source sender_type message_class created_at approval_id
    sender recipient attempt resends claimed_at sent_at provider_sid receipt dedupe_key posting_attempt read_at"""


def _texts(size: Practices, owner: int) -> Iterator[Row]:
    count, book = (size.texts if owner == 1 else SMALL_TEXTS), _book(size, owner)
    for n in range(count):
        at, whose = _START + timedelta(days=30, seconds=60 * n), n * STEP % book
        mine, theirs = f"+1512{3_000_000 + owner}", f"+1737{2_000_000 + whose}"
        head = (_id(5, owner, n), _id(0, owner), _id(1, owner, whose))
        sid = f"SM{owner:08x}{n:024x}"
        if n % 2:
            yield (
                *head, "Yes please, tomorrow after five would be good.", "INBOUND", "received", "MANUAL", "USER",
                "reply", at, None, theirs, mine, 0, 0, None, None, sid, None, None, 0,
                None if whose % UNREAD_OF == 1 else at,
            )  # fmt: skip
        else:
            yield (
                *head, _TEXT, "OUTBOUND", "sent", "INSTANT_NUDGE", "AI", "marketing", at, head[0], mine, theirs, 1, 0,
                at, at, sid, "delivered", f"bench {n}", 1, None,
            )  # fmt: skip


PEOPLE = [_id(1, 1, n) for n in range(WAITING * AUDIENCE)]
"""The audiences of the nudges that wait."""
EVENT = _id(3, 1)
"""What those nudges tell of."""
