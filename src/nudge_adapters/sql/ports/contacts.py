"""Imports of contacts in parts, and address books elsewhere."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from nudge_adapters.sql import tables
from nudge_adapters.sql.encryption import Place, needed
from nudge_adapters.sql.rows.contacts import contact_import_from_row, contact_import_to_row
from nudge_adapters.sql.work import Work, reading, writing
from nudge_core.errors import NotFound
from nudge_core.model.contact_account import ContactAccount, ContactGrant, account_id
from nudge_core.model.contact_import import ContactImport, ImportState
from nudge_core.model.page import Page, PageRequest, id_after

_import, _account, _grant = tables.contactimport, tables.contactaccount, tables.contactgrant
_STAYS = frozenset({"id", "user_id", "created_by", "created_at", "source", "mark", "rows", "parts"})


class SqlContactImports:
    """Imports in parts: where each of them stands."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._mine = _import.c.user_id == work.owner

    @writing
    async def add(self, imported: ContactImport) -> None:
        """Store one. Raises Conflict when its id is taken."""
        self._work.own(imported.user_id, "contactimport.user_id")
        await self._work.run(insert(_import), contact_import_to_row(imported))

    @reading
    async def get(self, import_id: UUID) -> ContactImport:
        """Return one, or raise NotFound."""
        row = await self._work.row(select(_import).where(self._mine, _import.c.id == import_id))
        if row is None:
            raise NotFound("import", import_id)
        return contact_import_from_row(row)

    @writing
    async def save(self, imported: ContactImport) -> None:
        """Replace how far one is: parts done, state, counts, instants. Raises NotFound."""
        values = {name: value for name, value in contact_import_to_row(imported).items() if name not in _STAYS}
        change = update(_import).where(self._mine, _import.c.id == imported.id).values(values)
        if await self._work.changed(change) == 0:
            raise NotFound("import", imported.id)

    @reading
    async def unfinished(self, mark: str) -> ContactImport | None:
        """Return the newest one with this mark that is `RUNNING`, or None."""
        those = (self._mine, _import.c.mark == mark, _import.c.state == ImportState.RUNNING.value)
        query = select(_import).where(*those).order_by(_import.c.created_at.desc(), _import.c.id.desc()).limit(1)
        row = await self._work.row(query)
        return None if row is None else contact_import_from_row(row)

    @reading
    async def page(self, request: PageRequest) -> Page[ContactImport]:
        """Return a page of imports, newest first."""
        query = select(_import).where(self._mine)
        after = id_after(request)
        if after is not None:
            last = select(_import.c.created_at, _import.c.id).where(self._mine, _import.c.id == after)
            query = query.where(tuple_(_import.c.created_at, _import.c.id) < last.scalar_subquery())
        newest = query.order_by(_import.c.created_at.desc(), _import.c.id.desc())
        rows = await self._work.rows(newest.limit(request.limit + 1))
        items = tuple(contact_import_from_row(row) for row in rows[: request.limit])
        return Page(items=items, last=(str(items[-1].id),) if len(rows) > len(items) else None)


class SqlContactAccounts:
    """Address books elsewhere that may be read."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def _place(self, table: str, column: str, row_id: UUID) -> Place:
        return Place(table=table, column=column, user_id=self._work.owner, row_id=row_id)

    @writing
    async def ask(self, grant: ContactGrant) -> None:
        """Store a permission that is being asked for, in the place of one of the same provider."""
        self._work.own(grant.user_id, "contactgrant.user_id")
        await self._work.run(
            delete(_grant).where(_grant.c.user_id == self._work.owner, _grant.c.provider == grant.provider)
        )
        sealed = needed(self._work.keyring).encrypt(grant.verifier, self._place("contactgrant", "verifier", grant.id))
        row = {
            "user_id": grant.user_id,
            "id": grant.id,
            "provider": grant.provider,
            "state_mark": grant.state_mark,
            "verifier": sealed,
            "session_id": grant.session_id,
            "expires_at": grant.expires_at,
        }
        await self._work.run(insert(_grant), row)

    @writing
    async def redeem(self, provider: str, state_mark: str, session_id: UUID) -> ContactGrant:
        """Return a permission that was asked for in this session, and forget it: it is good once. Raises NotFound."""
        this = (
            _grant.c.user_id == self._work.owner,
            _grant.c.provider == provider,
            _grant.c.state_mark == state_mark,
            _grant.c.session_id == session_id,
        )
        row = (await self._work.run(delete(_grant).where(*this).returning(_grant))).mappings().one_or_none()
        if row is None or row["expires_at"] <= self._work.now:
            raise NotFound("permission", provider)
        opened = needed(self._work.keyring).decrypt(row["verifier"], self._place("contactgrant", "verifier", row["id"]))
        return ContactGrant(
            id=row["id"],
            user_id=row["user_id"],
            provider=row["provider"],
            state_mark=row["state_mark"],
            verifier=opened,
            session_id=row["session_id"],
            expires_at=row["expires_at"],
        )

    @writing
    async def connect(self, account: ContactAccount) -> None:
        """Store an account, in the place of one with the same provider."""
        self._work.own(account.user_id, "contactaccount.user_id")
        place = self._place("contactaccount", "refresh_token", account.id)
        row = {
            "user_id": account.user_id,
            "id": account.id,
            "provider": account.provider,
            "refresh_token": needed(self._work.keyring).encrypt(account.refresh_token, place),
            "connected_at": account.connected_at,
            "sync_token": account.sync_token,
            "synced_at": account.synced_at,
        }
        over = {name: value for name, value in row.items() if name not in ("user_id", "id")}
        await self._work.run(
            upsert(_account).values(row).on_conflict_do_update(constraint="pk_contactaccount", set_=over)
        )

    @reading
    async def get(self, provider: str) -> ContactAccount:
        """Return the account, or raise NotFound."""
        row_id = account_id(self._work.owner, provider)
        row = await self._work.row(
            select(_account).where(_account.c.user_id == self._work.owner, _account.c.id == row_id)
        )
        if row is None:
            raise NotFound("contact account", provider)
        place = self._place("contactaccount", "refresh_token", row_id)
        return ContactAccount(
            user_id=row["user_id"],
            provider=row["provider"],
            refresh_token=needed(self._work.keyring).decrypt(row["refresh_token"], place),
            connected_at=row["connected_at"],
            sync_token=row["sync_token"],
            synced_at=row["synced_at"],
        )

    @writing
    async def synced(self, provider: str, sync_token: str | None) -> None:
        """Note from where the next reading goes on. Raises NotFound."""
        this = (_account.c.user_id == self._work.owner, _account.c.id == account_id(self._work.owner, provider))
        change = update(_account).where(*this).values(sync_token=sync_token, synced_at=self._work.now)
        if await self._work.changed(change) == 0:
            raise NotFound("contact account", provider)

    @writing
    async def disconnect(self, provider: str) -> None:
        """Forget the account and what was asked for. A missing one is fine."""
        for table in (_account, _grant):
            await self._work.run(delete(table).where(table.c.user_id == self._work.owner, table.c.provider == provider))
