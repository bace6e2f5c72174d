"""Figures for the owner: one query over a professional's rows of a stretch of time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from nudge_adapters.sql.work import Work, reading
from nudge_core.model.briefing import CO_PILOT
from nudge_core.model.statistics import OwnerCounts
from nudge_core.policy.consent import OPT_OUTS

_OPT_OUTS = ", ".join(f"'{reason.value}'" for reason in sorted(OPT_OUTS))


def _then(column: str) -> str:
    return f"{column} >= :since AND {column} < :until"


def _by(key: str, source: str) -> str:
    """Return the SQL of a JSON object that counts the rows of a source per key."""
    return (
        f"(SELECT coalesce(jsonb_object_agg(k, n), '{{}}') "  # noqa: S608 - only names of ours are put in
        f"FROM (SELECT {key} AS k, count(*) AS n FROM {source} GROUP BY 1) c)"
    )


_COUNTS = text(
    f"""
    WITH nudge AS (
        SELECT id, created_at FROM campaignbriefing
        WHERE user_id = :user_id AND NOT is_plan AND campaign_type <> '{CO_PILOT}'),
    decided AS (
        SELECT a.action, a.subject_id, a.facts FROM auditentry a JOIN nudge ON nudge.id = a.subject_id
        WHERE a.user_id = :user_id AND {_then("a.at")}
        AND a.action IN ('briefing.approved', 'briefing.edited', 'briefing.dismissed')),
    sent AS (
        SELECT client_id, recipient, sent_at, receipt FROM message
        WHERE user_id = :user_id AND direction = 'OUTBOUND' AND delivery = 'sent' AND {_then("sent_at")}),
    ended AS (
        SELECT delivery, coalesce(reason, '') AS reason FROM message
        WHERE user_id = :user_id AND direction = 'OUTBOUND' AND delivery IN ('failed', 'withheld')
        AND {_then("created_at")}),
    heard AS (
        SELECT client_id, created_at FROM message
        WHERE user_id = :user_id AND direction = 'INBOUND' AND {_then("created_at")}),
    silenced AS (
        SELECT phone, created_at FROM suppression
        WHERE user_id = :user_id AND active AND reason IN ({_OPT_OUTS}) AND {_then("created_at")}),
    told AS (SELECT client_id, min(sent_at) AS first FROM sent GROUP BY 1),
    phone AS (SELECT recipient, min(sent_at) AS first FROM sent WHERE recipient IS NOT NULL GROUP BY 1)
    SELECT
        (SELECT count(*) FROM nudge WHERE {_then("created_at")}) AS proposed,
        (SELECT count(DISTINCT subject_id) FROM decided WHERE action = 'briefing.approved') AS approved,
        (SELECT count(DISTINCT subject_id) FROM decided WHERE action = 'briefing.edited') AS edited,
        {_by("coalesce(facts->>'reason', '')", "decided WHERE action = 'briefing.dismissed'")} AS dismissed,
        (SELECT count(*) FROM sent) AS sent,
        (SELECT count(*) FROM sent WHERE receipt IN ('delivered', 'read')) AS delivered,
        (SELECT count(*) FROM ended WHERE delivery = 'failed') AS failed,
        {_by("reason", "ended WHERE delivery = 'withheld'")} AS withheld,
        (SELECT count(*) FROM heard) AS received,
        (SELECT count(*) FROM told) AS clients_texted,
        (SELECT count(DISTINCT h.client_id) FROM heard h JOIN told t ON t.client_id = h.client_id
            AND h.created_at >= t.first) AS clients_replied,
        (SELECT count(DISTINCT phone) FROM silenced) AS opt_outs,
        (SELECT count(*) FROM phone) AS phones_texted,
        (SELECT count(DISTINCT s.phone) FROM silenced s JOIN phone p ON p.recipient = s.phone
            AND s.created_at >= p.first) AS phones_opted_out,
        {_by("kind", f"interaction WHERE user_id = :user_id AND {_then('at')}")} AS interactions
    """  # noqa: S608 - our own names
)


class SqlStatistics:
    """Counts of one professional."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @reading
    async def counts(self, since: datetime, until: datetime) -> OwnerCounts:
        """Return what happened from `since` to `until`."""
        stretch = {"user_id": self._work.owner, "since": since, "until": until}
        (row,) = await self._work.rows(_COUNTS, stretch)
        return OwnerCounts(**dict(row))
