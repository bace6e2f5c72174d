"""What a claim asks of a text, as SQL: one condition for each promise of `nudge_core.ports.Sends.claim`.

`m` is the row of the text; `:now`, `:week`, `:month`, `:per_7_days` and `:per_30_days` are bound. Each looks a few rows
up by an index. The subqueries end in OFFSET 0: the planner then asks them row by row, as is right for the few rows
that a claim looks at, and does not turn them into a join over whole tables.
"""

from __future__ import annotations

from collections.abc import Iterable

from nudge_adapters.sql.ports.batches import MAYBE_SENT
from nudge_core.model.consent import LEAST_CONSENT, ConsentKind
from nudge_core.model.message import MessageClass
from nudge_core.policy.caps import COUNTED
from nudge_core.policy.slots import CAP_PREFIX, GATE_ALLOWS


def _list(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


_PROACTIVE = _list(sorted(COUNTED))
_ENOUGH = _list(
    f"{kind}:{given}"
    for kind, least in LEAST_CONSENT.items()
    if least is not ConsentKind.NONE
    for given in ConsentKind
    if given.rank >= least.rank
)
_NEEDS_NONE = _list(kind for kind, least in LEAST_CONSENT.items() if least is ConsentKind.NONE)

ADDRESSED = "m.sender IS NOT NULL AND m.recipient IS NOT NULL"

IN_TIME = "(m.not_after IS NULL OR m.not_after > :now) AND (m.window_end IS NULL OR m.window_end > :now)"


def silenced(message_class: str) -> str:
    """Return the condition that a suppression of scope ALL holds now: the newest of its kind is active.

    A service text is let through: the one confirmation of a STOP goes to a phone that has just been suppressed.
    """
    return f"""({message_class} <> '{MessageClass.SERVICE}' AND EXISTS (
    SELECT FROM suppression s WHERE s.user_id = m.user_id AND s.phone = m.recipient AND s.scope = 'all' AND s.active
    AND NOT EXISTS (
        SELECT FROM suppression n WHERE n.user_id = s.user_id AND n.phone = s.phone AND n.scope = s.scope
        AND n.topic = s.topic AND (n.created_at, n.seq) > (s.created_at, s.seq))
    OFFSET 0))"""  # noqa: S608 - only names of ours are put in


SILENCED = silenced("m.message_class")

CONSENTED = f"""(m.message_class IN ({_NEEDS_NONE}) OR m.message_class || ':' || (
    SELECT c.kind FROM consent c WHERE c.user_id = m.user_id AND c.phone = m.recipient
    ORDER BY c.recorded_at DESC, c.seq DESC LIMIT 1) IN ({_ENOUGH}))"""  # noqa: S608 - from our own tables

UNDER_CAPS = f"""(m.message_class NOT IN ({_PROACTIVE}) OR m.reason = '{GATE_ALLOWS}' OR (
    SELECT count(*) FILTER (WHERE p.claimed_at > :week) < :per_7_days AND count(*) < :per_30_days
    FROM message p WHERE p.user_id = m.user_id AND p.recipient = m.recipient AND p.claimed_at > :month
    AND p.delivery IN ({_list(MAYBE_SENT)}) AND p.message_class IN ({_PROACTIVE})))"""  # noqa: S608 - only names of ours are put in
ALONE = """NOT EXISTS (SELECT FROM message f WHERE f.sender = m.sender AND f.recipient = m.recipient
    AND f.delivery IN ('sending', 'in_doubt') OFFSET 0)"""


def _turn(row: str) -> str:
    """Return `nudge_core.policy.slots.turn` of a row."""
    proactive = f"{row}.message_class IN ({_PROACTIVE})"
    return f"({proactive}, NOT {row}.time_bound, -{row}.match_score, {row}.created_at, {row}.id)"


_HOLDS_SLOT = f"""(e.due_at > :now AND starts_with(e.reason, '{CAP_PREFIX}')
    AND e.message_class IN ({_PROACTIVE}) AND m.message_class IN ({_PROACTIVE}))"""


def _better(waits: str) -> str:
    return f"""EXISTS (SELECT FROM message e WHERE e.sender = m.sender AND e.recipient = m.recipient
    AND e.delivery = 'queued' AND e.user_id = m.user_id AND e.id <> m.id
    AND (e.not_after IS NULL OR e.not_after > :now) AND {waits} AND {_turn("e")} < {_turn("m")} OFFSET 0)"""


BEST = f"NOT {_better(f'(e.due_at <= :now OR {_HOLDS_SLOT})')}"
SLOT_IS_FREE = f"NOT {_better(_HOLDS_SLOT)}"

CLAIMABLE = " AND ".join((ADDRESSED, IN_TIME, ALONE, BEST, f"NOT {SILENCED}", CONSENTED, UNDER_CAPS))
"""All of them; the cheap and the selective first."""

STUCK = f"(({' AND '.join((ADDRESSED, IN_TIME, SLOT_IS_FREE, f'NOT {SILENCED}', CONSENTED, UNDER_CAPS))}) IS NOT TRUE)"
"""One of those that do not pass by themselves."""
