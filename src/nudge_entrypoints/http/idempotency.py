"""`Idempotency-Key`: a request told twice is done once, and answered twice with the same bytes.

    begun in a transaction of its own -> the route does its work -> the answer is stored -> the answer is sent

A process that dies in between leaves a lease; who repeats the request after it ran out does the work again under the
same id (`idempotency_id_of`), which a route gives to what it creates: the store then says that it is there. So a crash
between the effect and the answer costs a lease's wait, never a second effect.

When a client is erased, what was answered is forgotten, whoever it spoke of: nobody can tell from the bytes. That the
request was done is still known.

What is not stored: an answer of 5xx (nothing came of it, or nobody knows; the id still keeps it from happening twice).
Source of the header's meaning: draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from http import HTTPStatus
from typing import cast
from uuid import UUID

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from nudge_core.errors import NudgeError
from nudge_core.model.idempotency import FORGOTTEN, KeyClaim, KeyVerdict, StoredAnswer, key_id
from nudge_core.ports import Store
from nudge_entrypoints.http.bodies import StrictRequest
from nudge_entrypoints.http.identity import AnyRequest, Principal
from nudge_entrypoints.http.problems import Answer, FieldError, problem

IDEMPOTENT = "idempotent"
"""`opt` of a route that sends, spends or schedules: it needs the header."""

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 200  # characters; Stripe takes 255, a UUID has 36
LEASE_S = 60.0  # far above what a request takes; a repeated one after a crash waits so long at most
RULE = f"1 to {LONGEST_KEY} printable ASCII characters, other ones for every other request"
_STATE = "idempotency_id"
_KEPT = (b"content-type", b"location", b"etag")
_log = logging.getLogger(__name__)


def idempotency_id_of(request: AnyRequest) -> UUID:
    """Return the id for what this request creates: the same when the request is repeated. On idempotent routes only.

    A route that finds something stored under it has been here before, and returns that.
    """
    return cast("UUID", request.scope["state"][_STATE])


class Idempotency:
    """Middleware, behind identity: does a request with a key once."""

    def __init__(self, app: ASGIApp, store: Store, lease_s: float = LEASE_S) -> None:
        self._app = app
        self._store = store
        self._lease_s = lease_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == ScopeType.WEBSOCKET or not scope["route_handler"].opt.get(IDEMPOTENT):
            await self._app(scope, receive, send)
            return
        request: AnyRequest = StrictRequest(scope, receive, send)
        key = request.headers.get(HEADER, "")
        if not is_key(key):
            answer = problem(HTTPStatus.BAD_REQUEST, errors=[FieldError(HEADER, RULE if key else f"is needed: {RULE}")])
            await answer.to_asgi_response(app=None, request=request)(scope, receive, send)
            return
        user_id = cast("Principal", scope["user"]).user_id
        this = key_id(user_id, f"{scope['method']} {scope['path_template']}", key)
        body = await request.body()  # the route reads the same: it is kept
        fingerprint = fingerprint_of(scope["path"], scope["query_string"], body)
        async with self._store.tenant(user_id) as tx:
            claim = await tx.idempotency.begin(this, fingerprint, self._lease_s)
            now = tx.now
        if claim.verdict is KeyVerdict.BEGIN:
            scope["state"][_STATE] = this
            await self._do(user_id, this, claim, scope, receive, send)
        elif claim.answer is not None and claim.answer != FORGOTTEN:
            await _replay(claim.answer, send)
        else:
            await _refused(claim, now).to_asgi_response(app=None, request=request)(scope, receive, send)

    async def _do(self, user_id: UUID, this: UUID, claim: KeyClaim, scope: Scope, receive: Receive, send: Send) -> None:
        said = _Said()
        try:
            await self._app(scope, receive, said.send)
        finally:  # whatever ended it, the key does not stay taken
            await self._settle(user_id, this, claim, said.answer())
        for message in said.messages:
            await send(message)

    async def _settle(self, user_id: UUID, this: UUID, claim: KeyClaim, answer: StoredAnswer | None) -> None:
        try:
            async with self._store.tenant(user_id) as tx:
                if answer is None:
                    await tx.idempotency.give_up(this, claim.attempt)
                else:
                    await tx.idempotency.answer(this, claim.attempt, answer)
        except NudgeError as error:  # the work is done or not, whatever is known of it: the lease runs out
            _log.warning("an answer was not kept for repetition: %s", type(error).__name__)


class _Said:
    """What a route answered, held back until it is stored."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        self.messages.append(message)

    def answer(self) -> StoredAnswer | None:
        """Return what is to be stored; None when there is nothing, or a failure of ours."""
        status, headers, body = 0, dict[str, str](), b""
        whole = False
        for message in self.messages:
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {name.decode("latin-1").lower(): value.decode("latin-1")
                           for name, value in message["headers"] if name.lower() in _KEPT}  # fmt: skip
            elif message["type"] == "http.response.body":
                body += message.get("body", b"")
                whole = not message.get("more_body", False)
        if not whole or not status or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        return StoredAnswer(status=status, headers=headers, body=body)


def _refused(claim: KeyClaim, now: datetime) -> Answer:
    if claim.verdict is KeyVerdict.MISMATCH:
        return problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "this key belongs to another request", code="idempotency_mismatch"
        )
    if claim.answer is not None:
        return problem(
            HTTPStatus.CONFLICT, "this was done; what was answered is not kept any more", code="idempotency_forgotten"
        )
    wait_s = 1 if claim.lease_until is None else max(1, round((claim.lease_until - now).total_seconds()))
    return problem(
        HTTPStatus.CONFLICT,
        "the same request is being done",
        code="idempotency_running",
        headers={"Retry-After": str(wait_s)},
    )


async def _replay(answer: StoredAnswer, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    headers += [(REPLAYED.lower().encode(), b"true"), (b"content-length", str(len(answer.body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


def is_key(key: str) -> bool:
    """Say whether a text can be a key."""
    return 1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable() and bool(key.strip())


def fingerprint_of(path: str, query: bytes, body: bytes) -> str:
    """Return what tells this request from another one: its address with its ids, its query, its body."""
    digest = hashlib.sha256()
    for part in (path.encode(), query, body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
