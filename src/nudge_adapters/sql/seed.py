"""A town of texts for benchmarks, made by the server itself: professionals, clients, consent, history, what waits."""

from __future__ import annotations

import psycopg
from attrs import frozen
from psycopg import sql

from nudge_adapters.sql.benchmark import libpq

TEXTS_PER_CLIENT = 10

_USERS = """
INSERT INTO "user" (id, user_type, full_name, email, phone_number, vertical, tool_provider, timezone, business_name,
    onboarding_complete, onboarding_state, market_focus, ai_style_guide, strategy, specialties,
    faq_auto_responder_enabled, twilio_phone_number)
SELECT ('10000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'REALTOR', 'Bench ' || n,
    'bench' || n || '@example.com', '+1512' || 2000000 + n, 'real_estate', 'market', 'America/Chicago', 'Bench', true,
    '{}', '[]', '{}', '{}', '[]', false, '+1512' || 3000000 + n
FROM generate_series(0, %(users)s - 1) AS n
"""
_LANES = 'INSERT INTO senderlane (user_id, sender) SELECT id, twilio_phone_number FROM "user"'
_CLIENTS = """
INSERT INTO client (id, user_id, full_name, phone, notes, ai_tags, user_tags, preferences, created_at, version)
SELECT ('20000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid,
    ('10000000-0000-0000-0000-' || lpad((n %% %(users)s)::text, 12, '0'))::uuid, 'Client ' || n,
    '+1512' || 4000000 + n, '', '[]', '[]', '{}', now() - interval '400 days', 1
FROM generate_series(0, %(clients)s - 1) AS n
"""
_CONSENTS = """
INSERT INTO consent (id, user_id, client_id, phone, kind, source, recorded_by, recorded_at, wording)
SELECT id, user_id, id, phone, 'express_written', 'form', 'bench', created_at, '' FROM client
"""
# The first `due` texts are due, one for each client; of the others every second one has been sent in the past two
# years, and the rest waits for a day to come.
_TEXTS = """
INSERT INTO message (id, user_id, client_id, content, direction, delivery, source, sender_type, message_class,
    created_at, approval_id, sender, recipient, attempt, resends, claimed_at, not_before, sent_at, provider_sid,
    receipt, dedupe_key, posting_attempt, match_score)
SELECT ('30000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, c.user_id, c.id,
    'Hi, the home on ' || n || ' Timber St dropped to $450,000. Want to see it? Reply STOP to opt out.', 'OUTBOUND',
    (CASE WHEN n < %(due)s THEN 'queued' WHEN sent THEN 'sent' ELSE 'queued' END)::delivery, 'INSTANT_NUDGE', 'AI',
    'marketing', now() - interval '3 years', c.id, '+1512' || 3000000 + (n %% %(clients)s) %% %(users)s, c.phone,
    sent::int, 0, CASE WHEN sent THEN past END,
    CASE WHEN n < %(due)s THEN now() - n * interval '1 ms'
        WHEN NOT sent THEN now() + (1 + n %% 60) * interval '1 day' END,
    CASE WHEN sent THEN past END, CASE WHEN sent THEN 'SM' || md5(n::text) END, CASE WHEN sent THEN 'delivered' END,
    'bench ' || n, sent::int, n %% 100
FROM (
    SELECT n, n >= %(due)s AND n %% 2 = 0 AS sent, now() - (40 + n %% 700) * interval '1 day' AS past
    FROM generate_series(0, %(texts)s - 1) AS n
) AS numbered
JOIN client c ON c.id = ('20000000-0000-0000-0000-' || lpad((n %% %(clients)s)::text, 12, '0'))::uuid
"""


@frozen(kw_only=True)
class Town:
    """How much there is. `due` texts are due, each to a client of its own."""

    users: int
    texts: int
    due: int

    @property
    def clients(self) -> int:
        """Clients of all professionals."""
        return max(self.texts // TEXTS_PER_CLIENT, self.due, 1)


def settle(url: str, town: Town) -> None:
    """Fill an empty migrated database."""
    values = {"users": town.users, "clients": town.clients, "texts": town.texts, "due": town.due}
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        for statement in (_USERS, _CLIENTS, _CONSENTS, _TEXTS):
            connection.execute(statement, values)
        connection.execute(_LANES)
        connection.execute("VACUUM (ANALYZE)")


def requeue(url: str, town: Town) -> None:
    """Bring the due texts back to where they were, and the table to a like state."""
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        connection.execute(
            "UPDATE message SET delivery = 'queued', attempt = 0, posting_attempt = 0, claimed_at = NULL, "
            "lease_until = NULL, provider_sid = NULL, sent_at = NULL, receipt = NULL, reason = NULL, window_end = NULL "
            "WHERE id < %s::uuid AND delivery <> 'queued'",
            [f"30000000-0000-0000-0000-{town.due:012}"],
        )
        connection.execute("UPDATE senderlane SET free_at = NULL")
        connection.execute("VACUUM (ANALYZE) message")


def deliveries(url: str, town: Town) -> dict[str, str]:
    """Return the state of each of the texts that were due, by its id."""
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        rows = connection.execute(
            "SELECT id::text, delivery::text FROM message WHERE id < %s::uuid",
            [f"30000000-0000-0000-0000-{town.due:012}"],
        )
        return dict(rows.fetchall())


def run(url: str, statement: str, values: list[object] | None = None) -> int:
    """Run one statement in a transaction of its own; return how many rows it touched."""
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        return connection.execute(sql.SQL(statement), values).rowcount
