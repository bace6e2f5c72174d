"""The record of every decision, and its chain.

An entry is written where it is added; the links of a transaction are written just before it commits. The lock on the
head of the chain is so the last one that a transaction takes and is held for one statement and the commit: writers of
the same professional queue there for a moment and cannot deadlock over it, those of others never meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, insert, select, text

from nudge_adapters.sql import tables
from nudge_adapters.sql.ports.keyset import Sorted, beyond
from nudge_adapters.sql.rows.nudges import audit_from_row, audit_to_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.model.audit import AuditEntry
from nudge_core.model.audit_trail import GENESIS, AuditFilter, ChainedEntry, ChainHead, linked
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.sort_key import read, written

_audit, _link, _head = tables.auditentry, tables.auditlink, tables.audithead

_LOCK = text("SELECT position, hash FROM audithead WHERE user_id = :user_id FOR UPDATE")
_BEGIN = text(
    "INSERT INTO audithead (user_id, position, hash) VALUES (:user_id, 0, :genesis) "
    "ON CONFLICT (user_id) DO UPDATE SET position = audithead.position RETURNING position, hash"
)
_GROW = text(
    """
    WITH grown AS (UPDATE audithead SET position = :position, hash = :hash WHERE user_id = :user_id)
    INSERT INTO auditlink (user_id, id, position, hash) SELECT :user_id, link.id, link.position, link.hash
    FROM unnest(CAST(:ids AS uuid[]), CAST(:positions AS bigint[]), CAST(:hashes AS bytea[]))
        AS link(id, position, hash)
    """
)
_NEWEST = (Sorted(_audit.c.at, descending=True), Sorted(_audit.c.seq, descending=True))


async def grow_chain(work: Work) -> None:
    """Link what a transaction added. To be called as the last thing before it commits; nothing added costs nothing."""
    if not work.decisions:
        return
    owner = {"user_id": work.owner}
    row = (await work.run(_LOCK, owner)).first() or (await work.run(_BEGIN, {**owner, "genesis": GENESIS})).one()
    links = list(linked(ChainHead(position=row.position, hash=bytes(row.hash)), work.decisions))
    await work.run(
        _GROW,
        {
            **owner,
            "position": links[-1].position,
            "hash": links[-1].hash,
            "ids": [link.entry.id for link in links],
            "positions": [link.position for link in links],
            "hashes": [link.hash for link in links],
        },
    )
    work.decisions.clear()


class SqlAudit:
    """Who decided what, when, on which facts."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _audit.c.user_id == work.owner

    @writing
    async def add(self, entries: Sequence[AuditEntry]) -> None:
        """Store entries; they are linked when the transaction commits."""
        for entry in entries:
            self._work.own(entry.user_id, "auditentry.user_id")
        if entries:
            await self._work.run(insert(_audit), [audit_to_row(entry) for entry in entries])
            self._work.decisions.extend(entries)

    @reading
    async def of_subject(self, subject_id: UUID) -> Sequence[AuditEntry]:
        """Return the entries about one thing, oldest first; those of one instant in the order they were written."""
        query = select(_audit).where(self._mine, _audit.c.subject_id == subject_id)
        rows = await self._work.rows(query.order_by(_audit.c.at, _audit.c.seq))
        return [audit_from_row(row) for row in rows]

    @reading
    async def page(self, which: AuditFilter, request: PageRequest) -> Page[AuditEntry]:
        """Return a page of the entries that a filter lets through, newest first."""
        conditions = [self._mine, *_conditions(which)]
        if request.after is not None:
            conditions.append(beyond(_NEWEST, read(request.after, datetime, int)))
        query = select(_audit).where(*conditions).order_by(*(one.order for one in _NEWEST)).limit(request.limit + 1)
        rows = await self._work.rows(query)
        shown = rows[: request.limit]
        last = written(shown[-1]["at"], shown[-1]["seq"]) if len(rows) > len(shown) else None
        return Page(items=tuple(audit_from_row(row) for row in shown), last=last)

    @reading
    async def chain(self, after: int, limit: int) -> Sequence[ChainedEntry]:
        """Return entries whose place is greater than `after`, in the order of the chain."""
        both = _link.join(_audit, (_link.c.user_id == _audit.c.user_id) & (_link.c.id == _audit.c.id))
        query = select(_audit, _link.c.position, _link.c.hash).select_from(both)
        mine = query.where(_link.c.user_id == self._work.owner, self._mine, _link.c.position > after)
        rows = await self._work.rows(mine.order_by(_link.c.position).limit(limit))
        return [
            ChainedEntry(position=row["position"], hash=bytes(row["hash"]), entry=audit_from_row(row)) for row in rows
        ]

    @reading
    async def link(self, position: int) -> ChainHead | None:
        """Return the link at a place, or None."""
        this = (_link.c.user_id == self._work.owner, _link.c.position == position)
        row = await self._work.row(select(_link.c.hash).where(*this))
        return None if row is None else ChainHead(position=position, hash=bytes(row["hash"]))

    @reading
    async def head(self) -> ChainHead:
        """Return the last link as the store remembers it."""
        row = await self._work.row(select(_head).where(_head.c.user_id == self._work.owner))
        return ChainHead() if row is None else ChainHead(position=row["position"], hash=bytes(row["hash"]))

    @reading
    async def unchained(self) -> int:
        """Return how many committed entries have no link."""
        linked_too = exists().where(_link.c.user_id == self._work.owner, _link.c.id == _audit.c.id)
        row = await self._work.row(select(func.count().label("entries")).where(self._mine, ~linked_too))
        return 0 if row is None else int(row["entries"]) - len(self._work.decisions)


def _conditions(which: AuditFilter) -> list[ColumnElement[bool]]:
    columns = _audit.c
    same = {
        columns.subject_id: which.subject_id,
        columns.subject_type: which.subject_type,
        columns.action: which.action,
        columns.actor: which.actor,
    }
    found: list[ColumnElement[bool]] = [column == value for column, value in same.items() if value is not None]
    if which.since is not None:
        found.append(columns.at >= which.since)
    if which.until is not None:
        found.append(columns.at < which.until)
    return found
