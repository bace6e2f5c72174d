"""Who calls: a professional by a session, or a program of theirs by an API key; and what they may do."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Protocol, TypeVar, cast, runtime_checkable
from uuid import UUID

from attrs import frozen
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp, Receive, Send
from litestar.types import Scope as AsgiScope

from nudge_core.ports import Reader

# Any: Litestar's own parameters of a connection.
AnyConnection = ASGIConnection[Any, Any, Any, Any]
AnyRequest = Request[Any, Any, Any]

SCOPE = "scope"
"""`opt` of a route: the scope that a caller needs. Every route of the API names one, or is `PUBLIC`."""

PUBLIC = "public"
"""`opt` of a route: answered without identity. The few that are stand in a list that a test holds."""


READS = "reads"
"""`opt` of a route that only reads by `Store.screens`, which proves the session in the same round trip. It takes
`reader: TheReader`, not `principal: Caller`, and hands what it read to `stood`."""

CHALLENGE = {"WWW-Authenticate": "Bearer"}
T = TypeVar("T")


class Scope(StrEnum):
    """What a caller may do. A session of the professional's own has every scope; an API key has those it was given."""

    ACCOUNT_READ = "account:read"
    ACCOUNT_WRITE = "account:write"
    CLIENTS_READ = "clients:read"
    CLIENTS_WRITE = "clients:write"
    NUDGES_READ = "nudges:read"
    NUDGES_WRITE = "nudges:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_SEND = "messages:send"
    CONTENT_READ = "content:read"
    CONTENT_WRITE = "content:write"
    OPERATIONS_READ = "operations:read"
    EVENTS_READ = "events:read"


EVERY_SCOPE = frozenset(Scope)


@frozen(kw_only=True)
class Principal:
    """A caller whose identity is proved. `credential_id`: of the session or the API key.

    `may_read_all`: a super-user, who may read across tenants where that is audited, and nowhere else. `is_proved`:
    False on a route that `READS` alone, where the token is good and the store has yet to say whether its session
    stands: it does so in the round trip that reads.
    """

    user_id: UUID
    credential_id: UUID
    scopes: frozenset[Scope] = EVERY_SCOPE
    is_api_key: bool = False
    may_read_all: bool = False
    is_proved: bool = True

    @property
    def actor(self) -> str:
        """The name under which decisions are audited."""
        return f"api_key:{self.credential_id}" if self.is_api_key else f"user:{self.user_id}"


@runtime_checkable  # Litestar looks at what it injects
class Authenticator(Protocol):
    """Proves an identity from what a connection carries."""

    async def principal(self, connection: AnyConnection) -> Principal | None:
        """Return who calls; None when nothing proves it. Raises Unavailable when it cannot be known now."""
        ...


class Identified(AbstractAuthenticationMiddleware):
    """Lets nobody through without identity, but to routes that are `PUBLIC`."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        super().__init__(app, exclude_from_auth_key=PUBLIC)
        self._authenticator = authenticator

    async def authenticate_request(self, connection: AnyConnection) -> AuthenticationResult:
        """Return the principal as the connection's user, or raise NotAuthorizedException: 401."""
        found = await self._authenticator.principal(connection)
        if found is None:
            raise NotAuthorizedException(headers=CHALLENGE)
        return AuthenticationResult(user=found, auth=None)


class Permitted:
    """Middleware, behind identity: raises PermissionDeniedException, 403, when the caller lacks the route's scope.

    No guard: Litestar copies the route for each call of one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        wanted = scope["route_handler"].opt.get(SCOPE)
        if wanted is not None and wanted not in cast("Principal", scope["user"]).scopes:
            raise PermissionDeniedException
        await self._app(scope, receive, send)


async def person_only(connection: AnyConnection, _handler: BaseRouteHandler) -> None:
    """Guard: raise PermissionDeniedException, 403, for an API key: it makes no keys and touches no session."""
    if cast("Principal", connection.user).is_api_key:
        raise PermissionDeniedException


async def overseer_only(connection: AnyConnection, _handler: BaseRouteHandler) -> None:
    """Guard: raise PermissionDeniedException, 403, for everybody but a super-user in person."""
    caller = cast("Principal", connection.user)
    if caller.is_api_key or not caller.may_read_all:
        raise PermissionDeniedException


async def principal_of(request: AnyRequest, api: NamedDependency[object]) -> Principal:  # noqa: ARG001 - orders them
    """Return who calls. Routes take it as `principal: Caller`.

    `api` is not used: Litestar starts a task group for dependencies that do not depend on each other.
    """
    found = cast("Principal", request.user)
    if not found.is_proved:
        raise NotAuthorizedException(headers=CHALLENGE)  # no route of ours takes it so; this is for one that would
    return found


async def reader_of(request: AnyRequest, api: NamedDependency[object]) -> Reader:  # noqa: ARG001  as above
    """Return who reads. Routes that `READS` take it as `reader: TheReader`."""
    found = cast("Principal", request.user)
    return Reader(found.user_id, None if found.is_proved else found.credential_id)


def stood(found: T | None) -> T:
    """Return what a screen read; raise NotAuthorizedException, 401, when the reader's session did not stand."""
    if found is None:
        raise NotAuthorizedException(headers=CHALLENGE)
    return found
