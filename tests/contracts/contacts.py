"""UOW-690 to UOW-699: imports of contacts in parts, and address books elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from nudge_core.errors import Conflict, NotFound
from nudge_core.model.contact_account import ContactAccount, ContactGrant
from nudge_core.model.contact_import import ContactImport, ImportState
from nudge_core.model.page import PageRequest
from nudge_core.model.secret import Secret
from nudge_core.ports import Store
from tests.contracts.storage import OTHER, OWNER, StorageContract, add_practice, numbers
from tests.samples import NOON, later, uid

MARK, OTHER_MARK = "a" * 64, "b" * 64
SESSION, OTHER_SESSION = uid(900), uid(901)


def an_import(number: int, **changes: Any) -> ContactImport:
    """An import that has begun."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": OWNER,
        "created_by": "rita",
        "created_at": later(number),
        "source": "table",
        "mark": MARK,
        "rows": 600,
        "parts": 3,
        "progressed_at": NOON,
    }
    return ContactImport(**values | changes)


def a_grant(number: int, **changes: Any) -> ContactGrant:
    """A permission that is being asked for."""
    values: dict[str, Any] = {
        "id": uid(number),
        "user_id": OWNER,
        "provider": "google",
        "state_mark": MARK,
        "verifier": Secret("verifier"),
        "session_id": SESSION,
        "expires_at": later(600),
    }
    return ContactGrant(**values | changes)


ACCOUNT = ContactAccount(
    user_id=OWNER, provider="google", refresh_token=Secret("refresh"), connected_at=NOON, sync_token="next"
)


class ContactsContract(StorageContract):
    """How far imports are, and what may be read elsewhere."""

    async def test_uow_690_an_import_is_stored_as_far_as_it_is_and_never_told_to_others(self, store: Store) -> None:
        await add_practice(store)
        begun = [an_import(number) for number in (300, 301, 302)]
        async with store.tenant(OWNER) as tx:
            for one in begun:
                await tx.contact_imports.add(one)
            further = evolve(begun[0], parts_done=2, counts={"added": 7}, progressed_at=later(5))
            await tx.contact_imports.save(evolve(further, mark=OTHER_MARK, rows=1))
            assert await tx.contact_imports.get(uid(300)) == further
            page = await tx.contact_imports.page(PageRequest(limit=2))
            assert numbers(*page.items) == [302, 301]
            rest = await tx.contact_imports.page(PageRequest(limit=2, after=page.last))
            assert (numbers(*rest.items), rest.last) == ([300], None)
        for number, owner in ((300, OTHER), (999, OWNER)):
            for act in ("get", "save"):
                with pytest.raises(NotFound):
                    async with store.tenant(owner) as tx:
                        await getattr(tx.contact_imports, act)(uid(number) if act == "get" else an_import(number))
        with pytest.raises(Conflict):
            async with store.tenant(OWNER) as tx:
                await tx.contact_imports.add(begun[0])

    async def test_uow_691_what_was_not_ended_is_found_by_its_mark(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            for number, state in ((300, ImportState.RUNNING), (301, ImportState.RUNNING), (302, ImportState.DONE)):
                await tx.contact_imports.add(an_import(number, state=state))
            found = await tx.contact_imports.unfinished(MARK)
            assert found is not None
            assert found.id == uid(301)
            assert await tx.contact_imports.unfinished(OTHER_MARK) is None
        async with store.tenant(OTHER) as tx:
            assert await tx.contact_imports.unfinished(MARK) is None

    async def test_uow_692_a_permission_is_good_once_in_its_session_and_in_time(self, keyed_store: Store) -> None:
        store = keyed_store
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.contact_accounts.ask(a_grant(400, state_mark=OTHER_MARK))
            await tx.contact_accounts.ask(a_grant(401))
        for mark, session, owner in (
            (MARK, OTHER_SESSION, OWNER),
            (OTHER_MARK, SESSION, OWNER),
            (MARK, SESSION, OTHER),
        ):
            with pytest.raises(NotFound):
                async with store.tenant(owner) as tx:
                    await tx.contact_accounts.redeem("google", mark, session)
        async with store.tenant(OWNER) as tx:
            redeemed = await tx.contact_accounts.redeem("google", MARK, SESSION)
            assert redeemed == a_grant(401)
            assert redeemed.verifier.reveal() == "verifier"
        with pytest.raises(NotFound):
            async with store.tenant(OWNER) as tx:
                await tx.contact_accounts.redeem("google", MARK, SESSION)
        async with store.tenant(OWNER) as tx:
            await tx.contact_accounts.ask(a_grant(402, expires_at=NOON))
        with pytest.raises(NotFound):
            async with store.tenant(OWNER) as tx:
                await tx.contact_accounts.redeem("google", MARK, SESSION)

    async def test_uow_693_an_account_is_replaced_noted_and_forgotten(self, keyed_store: Store) -> None:
        store = keyed_store
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.contact_accounts.connect(evolve(ACCOUNT, refresh_token=Secret("older")))
            await tx.contact_accounts.connect(ACCOUNT)
            assert await tx.contact_accounts.get("google") == ACCOUNT
            await tx.contact_accounts.synced("google", "later")
            stored = await tx.contact_accounts.get("google")
            assert (stored.sync_token, stored.synced_at) == ("later", tx.now)
        for owner, provider in ((OTHER, "google"), (OWNER, "outlook")):
            with pytest.raises(NotFound):
                async with store.tenant(owner) as tx:
                    await tx.contact_accounts.get(provider)
            with pytest.raises(NotFound):
                async with store.tenant(owner) as tx:
                    await tx.contact_accounts.synced(provider, None)
        async with store.tenant(OWNER) as tx:
            for _ in range(2):
                await tx.contact_accounts.disconnect("google")
        with pytest.raises(NotFound):
            async with store.tenant(OWNER) as tx:
                await tx.contact_accounts.get("google")
