"""The record of every decision, and its chain."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.model.audit import AuditEntry
from nudge_core.model.audit_trail import AuditFilter, ChainedEntry, ChainHead, linked
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.sort_key import read, written


class MemoryAudit:
    """Who decided what, when, on which facts."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._book = world.book(work.user_id)
        self._entries = self._book.audit

    @writing
    async def add(self, entries: Sequence[AuditEntry]) -> None:
        """Store entries and link them: transactions take turns here, so the chain can grow at once."""
        for entry in entries:
            self._work.own(entry.user_id, "auditentry.user_id")
        for entry in entries:
            self._entries.add(entry.id, entry, "audit entry")
            self._users.need(entry.user_id, "user")
        for link in linked(self._head(), entries):
            self._book.audit_links.put(link.position, link)
            self._book.audit_head.put(None, ChainHead(position=link.position, hash=link.hash))

    @reading
    async def of_subject(self, subject_id: UUID) -> Sequence[AuditEntry]:
        """Return the entries about one thing, oldest first; those of one instant in the order they were written."""
        return sorted((row for row in self._entries.rows() if row.subject_id == subject_id), key=lambda row: row.at)

    @reading
    async def page(self, which: AuditFilter, request: PageRequest) -> Page[AuditEntry]:
        """Return a page of the entries that a filter lets through, newest first."""
        before = None if request.after is None else read(request.after, type(self._work.now), int)
        numbered = [(row.at, number, row) for number, row in enumerate(self._entries.rows()) if _lets(which, row)]
        newest = sorted(numbered, key=lambda one: one[:2], reverse=True)
        rest = [one for one in newest if before is None or one[:2] < before]
        shown = rest[: request.limit]
        last = written(*shown[-1][:2]) if len(rest) > len(shown) else None
        return Page(items=tuple(row for *_, row in shown), last=last)

    @reading
    async def chain(self, after: int, limit: int) -> Sequence[ChainedEntry]:
        """Return entries whose place is greater than `after`, in the order of the chain."""
        links = sorted(self._book.audit_links.rows(), key=lambda link: link.position)
        stored = [link for link in links if link.position > after and link.entry.id in self._entries][:limit]
        return [
            ChainedEntry(position=link.position, hash=link.hash, entry=self._entries.need(link.entry.id, "audit entry"))
            for link in stored
        ]

    @reading
    async def link(self, position: int) -> ChainHead | None:
        """Return the link at a place, or None."""
        found = self._book.audit_links.get(position)
        return None if found is None else ChainHead(position=position, hash=found.hash)

    @reading
    async def head(self) -> ChainHead:
        """Return the last link as the store remembers it."""
        return self._head()

    def _head(self) -> ChainHead:
        return self._book.audit_head.get(None) or ChainHead()

    @reading
    async def unchained(self) -> int:
        """Return how many committed entries have no link."""
        known = {link.entry.id for link in self._book.audit_links.rows()}
        return sum(entry.id not in known for entry in self._entries.rows())


def _lets(which: AuditFilter, row: AuditEntry) -> bool:
    return (
        which.subject_id in (None, row.subject_id)
        and which.subject_type in (None, row.subject_type)
        and which.action in (None, row.action)
        and which.actor in (None, row.actor)
        and (which.since is None or row.at >= which.since)
        and (which.until is None or row.at < which.until)
    )
