"""Imports of contacts in parts, and address books elsewhere."""

from __future__ import annotations

from uuid import UUID

from attrs import evolve

from nudge_adapters.memory.journal import Work, reading, writing
from nudge_adapters.memory.world import World
from nudge_core.errors import NotFound
from nudge_core.model.contact_account import ContactAccount, ContactGrant, account_id
from nudge_core.model.contact_import import ContactImport, ImportState
from nudge_core.model.page import Page, PageRequest, id_after


class MemoryContactImports:
    """Imports in parts: where each of them stands."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work = work
        self._users = world.users
        self._imports = world.book(work.user_id).contact_imports

    @writing
    async def add(self, imported: ContactImport) -> None:
        """Store one. Raises Conflict when its id is taken."""
        self._work.own(imported.user_id, "contactimport.user_id")
        self._imports.add(imported.id, imported, "import")
        self._users.need(imported.user_id, "user")

    @reading
    async def get(self, import_id: UUID) -> ContactImport:
        """Return one, or raise NotFound."""
        return self._imports.need(import_id, "import")

    @writing
    async def save(self, imported: ContactImport) -> None:
        """Replace how far one is: parts done, state, counts, instants. Raises NotFound."""
        stored = self._imports.need(imported.id, "import")
        changed = evolve(
            stored,
            parts_done=imported.parts_done,
            state=imported.state,
            counts=imported.counts,
            progressed_at=imported.progressed_at,
            finished_at=imported.finished_at,
        )
        self._imports.put(imported.id, changed)

    @reading
    async def unfinished(self, mark: str) -> ContactImport | None:
        """Return the newest one with this mark that is `RUNNING`, or None."""
        those = [one for one in self._imports.rows() if one.mark == mark and one.state is ImportState.RUNNING]
        return max(those, key=lambda one: (one.created_at, one.id), default=None)

    @reading
    async def page(self, request: PageRequest) -> Page[ContactImport]:
        """Return a page of imports, newest first."""
        after = id_after(request)
        rows = sorted(self._imports.rows(), key=lambda one: (one.created_at, one.id), reverse=True)
        if after is not None:
            last = self._imports.get(after)
            rows = [] if last is None else [o for o in rows if (o.created_at, o.id) < (last.created_at, last.id)]
        items = tuple(rows[: request.limit])
        return Page(items=items, last=(str(items[-1].id),) if len(rows) > len(items) else None)


class MemoryContactAccounts:
    """Address books elsewhere that may be read."""

    def __init__(self, work: Work, world: World) -> None:
        assert work.user_id is not None
        self._work, self._owner = work, work.user_id
        book = world.book(work.user_id)
        self._accounts, self._grants = book.contact_accounts, book.contact_grants

    @writing
    async def ask(self, grant: ContactGrant) -> None:
        """Store a permission that is being asked for, in the place of one of the same provider."""
        self._work.own(grant.user_id, "contactgrant.user_id")
        self._drop_grants(grant.provider)
        self._grants.add(grant.id, grant, "contact grant")

    @writing
    async def redeem(self, provider: str, state_mark: str, session_id: UUID) -> ContactGrant:
        """Return a permission that was asked for in this session, and forget it: it is good once. Raises NotFound."""
        for grant in self._grants.rows():
            if (grant.provider, grant.state_mark, grant.session_id) == (provider, state_mark, session_id):
                self._grants.drop(grant.id)
                if grant.expires_at > self._work.now:
                    return grant
        raise NotFound("permission", provider)

    @writing
    async def connect(self, account: ContactAccount) -> None:
        """Store an account, in the place of one with the same provider."""
        self._work.own(account.user_id, "contactaccount.user_id")
        self._accounts.put(account.id, account)

    @reading
    async def get(self, provider: str) -> ContactAccount:
        """Return the account, or raise NotFound."""
        found = self._accounts.get(account_id(self._owner, provider))
        if found is None:
            raise NotFound("contact account", provider)
        return found

    @writing
    async def synced(self, provider: str, sync_token: str | None) -> None:
        """Note from where the next reading goes on. Raises NotFound."""
        stored = await self.get(provider)
        self._accounts.put(stored.id, evolve(stored, sync_token=sync_token, synced_at=self._work.now))

    @writing
    async def disconnect(self, provider: str) -> None:
        """Forget the account and what was asked for. A missing one is fine."""
        this = account_id(self._owner, provider)
        if this in self._accounts:
            self._accounts.drop(this)
        self._drop_grants(provider)

    def _drop_grants(self, provider: str) -> None:
        for grant in [grant for grant in self._grants.rows() if grant.provider == provider]:
            self._grants.drop(grant.id)
