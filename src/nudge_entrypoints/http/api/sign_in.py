"""Signing in and out, and the professional's sessions."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, Request, Response, delete, get, post
from litestar.exceptions import NotAuthorizedException, TooManyRequestsException
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from nudge_core.errors import NotFound
from nudge_core.model import fields
from nudge_core.model.sign_in import MOST_NAME, Session
from nudge_core.steps import sign_in
from nudge_core.steps.sign_in import NewToken, RefreshOutcome
from nudge_entrypoints.http.api.context import Api, Caller, TheApi
from nudge_entrypoints.http.identity import PUBLIC, SCOPE, Scope, person_only
from nudge_entrypoints.http.sign_in_desk import HeldBackError
from nudge_entrypoints.http.tokens import ACCESS_LIFE, LONGEST_TOKEN, Kind, Opaque
from nudge_entrypoints.metrics import SignInEvent

AnyRequest = Request[Any, Any, Any]  # Any: Litestar's own parameters of a request
KEEP_NOTHING = {"Cache-Control": "no-store"}
LONGEST_CODE = 10  # digits; Verify gives 4 to 10


@frozen(kw_only=True)
class CodeWish:
    """Whose code. `phone`: E.164."""

    phone: str = field(validator=fields.phone, repr=False)


@frozen(kw_only=True)
class CodeOnItsWay:
    """The answer to every wish that is not held back, whoever has the phone."""

    code_expires_in_s: int


@frozen(kw_only=True)
class SignIn:
    """A code as it was typed. `device_name`: for the professional to tell their sessions apart."""

    phone: str = field(validator=fields.phone, repr=False)
    code: str = field(validator=fields.text(LONGEST_CODE, at_least=1), repr=False)
    device_name: str = field(default="", validator=fields.text(MOST_NAME), repr=False)


@frozen(kw_only=True)
class Refresh:
    """A refresh token, which is good once."""

    refresh_token: str = field(validator=fields.text(LONGEST_TOKEN, at_least=1), repr=False)


@frozen(kw_only=True)
class Tokens:
    """A pair: `access_token` goes into the `Authorization` header, `refresh_token` gets the next pair, once."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: int
    token_type: str = "Bearer"  # noqa: S105 - the scheme's name


@frozen(kw_only=True)
class SignOut:
    """Which sessions end: this one, or every one."""

    everywhere: bool = False


@frozen(kw_only=True)
class SessionView:
    """A session that is alive. `is_this`: the caller's own."""

    id: UUID
    device_name: str = field(repr=False)
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    is_this: bool


@frozen(kw_only=True)
class SessionList:
    """All of them; there are `MOST_SESSIONS` at most."""

    items: tuple[SessionView, ...]


class SigningIn(Controller):
    """Routes that need no identity, for they give one."""

    path = "/sign-in"
    tags = ["access"]  # noqa: RUF012  a Litestar controller's own attribute

    @post("/codes", status_code=HTTP_202_ACCEPTED, opt={PUBLIC: True})
    async def send_code(self, api: TheApi, request: AnyRequest, data: JSONBody[CodeWish]) -> CodeOnItsWay:
        """Send a one-time code by SMS if this is a professional's phone; the answer does not say whether it is."""
        desk = api.signing_in().desk
        try:
            await desk.send(request, data.phone)
        except HeldBackError as held:
            raise _too_many(held) from held
        return CodeOnItsWay(code_expires_in_s=int(desk.limits.code_life.total_seconds()))

    @post(status_code=HTTP_200_OK, opt={PUBLIC: True})
    async def sign_in(self, api: TheApi, request: AnyRequest, data: JSONBody[SignIn]) -> Response[Tokens]:
        """Trade a one-time code for a session: an access token and a refresh token."""
        access = api.signing_in()
        try:
            user_id = await access.desk.check(request, data.phone, data.code)
        except HeldBackError as held:
            raise _too_many(held) from held
        if user_id is None:
            raise _nobody()
        drawn, session_id = Opaque.draw(Kind.REFRESH, user_id), api.parts.ids.new()
        async with api.parts.store.tenant(user_id) as tx:
            token = NewToken(id=drawn.id, secret_hash=drawn.secret_hash)
            await sign_in.open_session(tx, session_id, token, data.device_name, api.parts.ids)
        access.desk.metrics.signed_in(SignInEvent.SIGNED_IN)
        return _pair(api, user_id, session_id, drawn)

    @post("/refresh", status_code=HTTP_200_OK, opt={PUBLIC: True})
    async def refresh(self, api: TheApi, data: JSONBody[Refresh]) -> Response[Tokens]:
        """Trade a refresh token for a new pair. A token that comes a second time ends its session."""
        metrics = api.signing_in().desk.metrics
        given = Opaque.read(Kind.REFRESH, data.refresh_token)
        if given is None:
            metrics.signed_in(SignInEvent.REFRESH_REFUSED)
            raise _nobody()
        drawn = Opaque.draw(Kind.REFRESH, given.user_id)
        async with api.parts.store.tenant(given.user_id) as tx:
            token = NewToken(id=drawn.id, secret_hash=drawn.secret_hash)
            done = await sign_in.refresh(tx, given.id, given.is_secret_of, token, api.parts.ids)
        metrics.signed_in(_COUNTED[done.outcome])
        if done.outcome is not RefreshOutcome.REFRESHED or done.session_id is None:
            raise _nobody()
        return _pair(api, given.user_id, done.session_id, drawn)


class SigningOut(Controller):
    """Leaving."""

    path = "/sign-out"
    tags = ["access"]  # noqa: RUF012 - a Litestar controller's own attribute
    guards = [person_only]  # noqa: RUF012 - a Litestar controller's own attribute

    @post(status_code=HTTP_204_NO_CONTENT, opt={SCOPE: Scope.ACCOUNT_WRITE})
    async def sign_out(self, api: TheApi, principal: Caller, data: JSONBody[SignOut]) -> None:
        """End this session, or all of them; their tokens are refused at once."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await sign_in.sign_out(
                tx, principal.credential_id, principal.actor, api.parts.ids, everywhere=data.everywhere
            )


class Sessions(Controller):
    """Routes of sessions. An API key sees none."""

    path = "/sessions"
    tags = ["access"]  # noqa: RUF012 - a Litestar controller's own attribute
    guards = [person_only]  # noqa: RUF012 - a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.ACCOUNT_READ})
    async def list_sessions(self, api: TheApi, principal: Caller) -> SessionList:
        """List the sessions that are alive, the newest first."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            alive = await tx.sessions.alive()
        return SessionList(items=tuple(_view(one, principal.credential_id) for one in alive))

    @delete("/{session_id:uuid}", opt={SCOPE: Scope.ACCOUNT_WRITE})
    async def end_session(self, api: TheApi, principal: Caller, session_id: FromPath[UUID]) -> None:
        """End one session; its tokens are refused at once."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            if not await sign_in.end_session(tx, session_id, principal.actor, api.parts.ids):
                raise NotFound("session", session_id)


_COUNTED = {
    RefreshOutcome.REFRESHED: SignInEvent.REFRESHED,
    RefreshOutcome.REFUSED: SignInEvent.REFRESH_REFUSED,
    RefreshOutcome.REUSED: SignInEvent.REFRESH_REUSED,
}


def _pair(api: Api, user_id: UUID, session_id: UUID, drawn: Opaque) -> Response[Tokens]:
    pair = Tokens(
        access_token=api.signing_in().tokens.issue(user_id, session_id),
        refresh_token=drawn.text,
        expires_in_s=int(ACCESS_LIFE.total_seconds()),
    )
    return Response(pair, headers=KEEP_NOTHING)


def _view(session: Session, own_id: UUID) -> SessionView:
    return SessionView(
        id=session.id,
        device_name=session.device_name,
        created_at=session.created_at,
        refreshed_at=session.refreshed_at,
        expires_at=session.expires_at,
        is_this=session.id == own_id,
    )


def _nobody() -> NotAuthorizedException:
    return NotAuthorizedException(headers={"WWW-Authenticate": "Bearer"})


def _too_many(held: HeldBackError) -> TooManyRequestsException:
    return TooManyRequestsException(headers={"Retry-After": str(math.ceil(held.retry_after_s))})
