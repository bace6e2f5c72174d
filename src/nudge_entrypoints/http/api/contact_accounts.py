"""Google contacts: the professional is asked at Google, comes back with a code, and their contacts come in."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from attrs import field, frozen
from litestar import Controller, delete, get, post
from litestar.exceptions import PermissionDeniedException
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from nudge_adapters.contacts.phones import LibPhoneNumbers
from nudge_core.book.incoming import incoming
from nudge_core.errors import NotFound
from nudge_core.model import fields
from nudge_core.model.secret import Secret
from nudge_core.ports import ContactProvider
from nudge_core.steps.connect_contacts import ask, connect, disconnect
from nudge_core.walk import import_contacts, problems_of_import, read_address_book, rehearse_contacts
from nudge_entrypoints.http.api.contact_imports import ContactImportView, region_of, view_of
from nudge_entrypoints.http.api.context import Api, Caller, TheApi
from nudge_entrypoints.http.identity import SCOPE, Principal, Scope

GOOGLE = "google"
STATE_BYTES = 32  # of chance: nobody guesses a state
VERIFIER_BYTES = 48  # 64 characters; RFC 7636 wants 43 to 128
LONGEST_CODE = 2_000  # characters


@frozen(kw_only=True)
class GoogleAccountView:
    """Whether contacts at Google may be read, since when, and when they were read last."""

    is_connected: bool
    connected_at: datetime | None
    synced_at: datetime | None


@frozen(kw_only=True)
class ConsentView:
    """Where to send the professional's browser. It comes back with `code` and `state`: both belong to `connect`."""

    url: str = field(repr=False)


@frozen(kw_only=True)
class Answered:
    """What came back from Google, in the session in which it was asked for, within ten minutes, once."""

    code: str = field(validator=fields.text(LONGEST_CODE, at_least=1), repr=False)
    state: str = field(validator=fields.text(LONGEST_CODE, at_least=1), repr=False)


@frozen(kw_only=True)
class Reading:
    """`all_again`: all contacts, not only those that changed. `dry_run`: only say what would happen."""

    all_again: bool = False
    dry_run: bool = False


class ContactAccounts(Controller):
    """Routes of address books elsewhere."""

    path = "/contact-accounts/google"
    tags = ["clients"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.CLIENTS_READ})
    async def read_google_account(self, api: TheApi, principal: Caller) -> GoogleAccountView:
        """Say whether contacts at Google may be read."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            try:
                account = await tx.contact_accounts.get(GOOGLE)
            except NotFound:
                return GoogleAccountView(is_connected=False, connected_at=None, synced_at=None)
        return GoogleAccountView(is_connected=True, connected_at=account.connected_at, synced_at=account.synced_at)

    @post("/ask", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_WRITE})
    async def ask_google(self, api: TheApi, principal: Caller) -> ConsentView:
        """Return the address at which the professional is asked. An API key cannot ask: it has no browser."""
        _in_a_session(principal)
        state, verifier = secrets.token_urlsafe(STATE_BYTES), secrets.token_urlsafe(VERIFIER_BYTES)
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        async with _google(api) as google:
            url = google.consent_url(state, challenge)
        async with api.parts.store.tenant(principal.user_id) as tx:
            await ask(tx, api.parts.ids.new(), GOOGLE, _mark(state), Secret(verifier), principal.credential_id)
        return ConsentView(url=url)

    @post("/connect", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_WRITE})
    async def connect_google(self, api: TheApi, principal: Caller, data: JSONBody[Answered]) -> GoogleAccountView:
        """Redeem what came back from Google. The state is good once, in the session that asked."""
        _in_a_session(principal)
        async with api.parts.store.tenant(principal.user_id) as tx:
            grant = await tx.contact_accounts.redeem(GOOGLE, _mark(data.state), principal.credential_id)
        async with _google(api) as google:
            refresh_token = await google.redeem(data.code, grant.verifier)
        async with api.parts.store.tenant(principal.user_id) as tx:
            account = await connect(tx, GOOGLE, refresh_token, principal.actor)
        return GoogleAccountView(is_connected=True, connected_at=account.connected_at, synced_at=None)

    @post("/import", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_WRITE, "idempotent": True})
    async def import_google(self, api: TheApi, principal: Caller, data: JSONBody[Reading]) -> ContactImportView:
        """Bring in the contacts at Google: all of them the first time, then what changed. Nobody is removed for it."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            account = await tx.contact_accounts.get(GOOGLE)
        region = await region_of(api, principal)
        async with _google(api) as google:
            since = None if data.all_again else account.sync_token
            found = await read_address_book(google.book(account.refresh_token), since)
        came = await asyncio.to_thread(incoming, found.contacts, LibPhoneNumbers(), region, month_first=True)
        if data.dry_run:
            rehearsal = await rehearse_contacts(api.parts, principal.user_id, came)
            return ContactImportView(
                id=None, state=None, source=GOOGLE, created_at=None, finished_at=None, rows=len(came.items),
                parts=came.parts, parts_done=0, counts=dict(rehearsal.counts), problems=(),
            )  # fmt: skip
        mark = hashlib.sha256(repr([GOOGLE, found.contacts]).encode()).hexdigest()
        done = await import_contacts(api.parts, principal.user_id, came, by=principal.actor, source=GOOGLE, mark=mark)
        async with api.parts.store.tenant(principal.user_id) as tx:
            await tx.contact_accounts.synced(GOOGLE, found.sync_token)  # only now: what failed comes again
        return view_of(done, await problems_of_import(api.parts, principal.user_id, done.id))

    @delete(opt={SCOPE: Scope.CLIENTS_WRITE})
    async def disconnect_google(self, api: TheApi, principal: Caller) -> None:
        """Give the permission back at Google, and forget it here. The clients stay."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            account = await tx.contact_accounts.get(GOOGLE)
        async with _google(api) as google:
            await google.revoke(account.refresh_token)
        async with api.parts.store.tenant(principal.user_id) as tx:
            await disconnect(tx, GOOGLE, principal.actor)


@asynccontextmanager
async def _google(api: Api) -> AsyncIterator[ContactProvider]:
    google = api.google_contacts()
    try:
        yield google
    finally:
        await google.aclose()


def _in_a_session(principal: Principal) -> None:
    if principal.is_api_key:
        raise PermissionDeniedException("a session of the professional's own is needed")


def _mark(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
