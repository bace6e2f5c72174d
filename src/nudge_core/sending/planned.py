"""Planned texts and their series: the next occurrence, and the end of one that will not go out.

A series has exactly one open (PENDING) occurrence until it is over: whatever ends one creates the next in the same
transaction. Source: `verticals.md` 2.4.
"""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from nudge_core.model.audit import AuditEntry
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json, JsonObject
from nudge_core.model.message import Repeat, ScheduledMessage, ScheduledStatus, release_job
from nudge_core.ports import TenantTransaction
from nudge_core.timing.recurrence import parse
from nudge_core.timing.series import Occurrence, Series

ACTOR = "nudge:schedule"
EXPIRED = "expired"


def series_of(planned: ScheduledMessage) -> Series | None:
    """Return the series a planned text belongs to, on its recipient's clock; None for a single one."""
    repeat = planned.repeat
    if repeat is None or planned.local_at is None:
        return None
    return Series(
        rule=parse(repeat.rule),
        anchor=repeat.anchor,
        wall_time=planned.local_at.time(),
        zone=planned.timezone,
        exceptions=frozenset(repeat.exceptions),
        business_days=repeat.business_days,
        with_anchor=repeat.with_anchor,
    )


def useful_until(series: Series, occurrence: Occurrence) -> datetime:
    """Return when an occurrence is too late: delayed by half its interval it is skipped (`verticals.md` 2.4)."""
    return occurrence.at + series.length(occurrence) / 2


def occurrence_id(repeat: Repeat, number: int) -> str:
    """Return the key of an occurrence: the same one is never made twice."""
    return f"{repeat.series_id}:{number}"


def following(planned: ScheduledMessage, now: datetime) -> ScheduledMessage | None:
    """Return the next occurrence of a series that is not too late at `now`; None when the series is over.

    It rests on the same yes; nobody has seen this very text, so it is automatic.
    """
    series, repeat = series_of(planned), planned.repeat
    if series is None or repeat is None:
        return None
    for occurrence in series.occurrences():
        if occurrence.number > repeat.occurrence and useful_until(series, occurrence) > now:
            return _at(planned, series, repeat, occurrence, now)
    return None


def _at(
    planned: ScheduledMessage, series: Series, repeat: Repeat, occurrence: Occurrence, now: datetime
) -> ScheduledMessage:
    named = stable_id("occurrence", occurrence_id(repeat, occurrence.number))
    return evolve(
        planned,
        id=named,
        status=ScheduledStatus.PENDING,
        created_at=now,
        scheduled_at_utc=occurrence.at,
        local_at=occurrence.wall,
        not_after=useful_until(series, occurrence),
        repeat=evolve(repeat, occurrence=occurrence.number, occurs_on=occurrence.on),
        automatic=True,
        job_id=None if planned.approval_id is None else release_job(named, 1),
        version=1,
        lease_until=None,
        message_id=None,
        sent_at=None,
        error_message=None,
    )


async def end(
    tx: TenantTransaction,
    planned: ScheduledMessage,
    status: ScheduledStatus,
    reason: str,
    *,
    actor: str = ACTOR,
    go_on: bool,
) -> ScheduledMessage | None:
    """End a planned text that will not go out; return the next occurrence where the series goes on.

    Raises Conflict when it changed since it was read.
    """
    await tx.scheduled.save(evolve(planned, status=status, error_message=reason, lease_until=None))
    coming = following(planned, tx.now) if go_on else None
    if coming is not None:
        await tx.scheduled.add([coming])
    await tx.audit.add([audited(tx, planned, actor, f"scheduled.{status.value.lower()}", {"reason": reason})])
    return coming


def without_facts(drafted_from: JsonObject) -> JsonObject:
    """Return what words were drafted from, when a person has written others: nobody knows which facts those state."""
    return {name: value for name, value in drafted_from.items() if name != "facts"}


def audited(
    tx: TenantTransaction, planned: ScheduledMessage, actor: str, action: str, facts: dict[str, Json]
) -> AuditEntry:
    """Return the audit entry of something that happened to one version of a planned text."""
    return AuditEntry(
        id=stable_id("audit", action, str(planned.id), str(planned.version)),
        user_id=tx.user_id,
        at=tx.now,
        actor=actor,
        action=action,
        subject_type="scheduledmessage",
        subject_id=planned.id,
        facts={"version": planned.version, **facts},
    )
