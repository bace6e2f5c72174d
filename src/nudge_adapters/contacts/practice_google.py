"""A Google that is not there: consent, tokens and contacts at the wire, with memory, for trying out and for tests.

An ASGI application that keeps what the real one keeps: codes good once and bound to their challenge, tokens that end
and are taken back, pages that belong to one request, sync tokens that tell what changed and grow too old.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit

from attrs import define, field

from nudge_adapters.contacts.google import SCOPE

Message: TypeAlias = MutableMapping[str, Any]  # as ASGI defines it
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

MOST_BODY = 64_000  # bytes of a form


@define
class _Asked:
    """A code: for which challenge and address, and whether the owner let contacts be read."""

    challenge: str
    redirect: str
    scope: str


@define
class PracticeGoogle:
    """One account with its contacts. `people`: by resource name, as the People API shows them.

    `faults`: answers that are given instead, one each: (status, headers). `most_of_a_page`: contacts.
    """

    client_id: str = "client"
    client_secret: str = field(default="practice-client-secret", repr=False)
    redirect_url: str = "http://localhost/contacts/google"
    people: dict[str, dict[str, Any]] = field(factory=dict[str, dict[str, Any]])
    most_of_a_page: int = 1_000
    faults: list[tuple[int, dict[str, str]]] = field(factory=list[tuple[int, dict[str, str]]])
    requests: list[str] = field(factory=list[str])
    _codes: dict[str, _Asked] = field(factory=dict[str, _Asked], repr=False)
    _refresh: set[str] = field(factory=set[str], repr=False)
    _access: set[str] = field(factory=set[str], repr=False)
    _log: list[str] = field(factory=list[str], repr=False)
    _oldest_sync: int = 0

    def put(self, name: str, person: Mapping[str, Any]) -> None:
        """Let a contact be there, or be another one."""
        self.people[name] = {"resourceName": f"people/{name}", **person}
        self._log.append(name)

    def remove(self, name: str) -> None:
        """Let a contact be removed."""
        self.people[name] = {"resourceName": f"people/{name}", "metadata": {"deleted": True}}
        self._log.append(name)

    def consent(self, address: str, *, contacts: bool = True) -> str:
        """Say yes as the owner would at a consent address; return the address that the browser is sent to.

        Args:
            address: of `consent_url`.
            contacts: whether the owner lets contacts be read.
        """
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        if asked["client_id"] != self.client_id or asked["redirect_uri"] != self.redirect_url:
            raise ValueError("another client")
        code = secrets.token_urlsafe(16)
        scope = asked["scope"] if contacts else "openid"
        self._codes[code] = _Asked(asked["code_challenge"], asked["redirect_uri"], scope)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def end_access(self) -> None:
        """Let every access token end, as each does after an hour."""
        self._access.clear()

    def take_back(self) -> None:
        """Let the owner take every permission back."""
        self._refresh.clear()
        self._access.clear()

    def age_sync_tokens(self) -> None:
        """Let every sync token be too old, as each is after seven days."""
        self._oldest_sync = len(self._log) + 1
        self._log.append("")

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request (ASGI)."""
        if scope["type"] != "http":
            return
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > MOST_BODY or not message.get("more_body"):
                break
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.requests.append(f"{scope['method']} {scope['path']}")
        if self.faults:
            status, extra = self.faults.pop(0)
            await _answer(send, status, {"error": {"code": status}}, extra)
            return
        status, told = self._told(scope["method"], scope["path"], query, form, headers)
        await _answer(send, status, told, {})

    def _told(
        self, method: str, path: str, query: Mapping[str, str], form: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, Any]]:
        if (method, path) == ("POST", "/token"):
            return self._token(form)
        if (method, path) == ("POST", "/revoke"):
            known = form.get("token", "") in self._refresh
            self._refresh.discard(form.get("token", ""))
            return (200, {}) if known else (400, {"error": "invalid_token"})
        if (method, path) == ("GET", "/v1/people/me/connections"):
            token = headers.get("authorization", "").removeprefix("Bearer ")
            if token not in self._access:
                return 401, {"error": {"code": 401, "status": "UNAUTHENTICATED"}}
            return self._connections(query)
        return 404, {"error": {"code": 404, "status": "NOT_FOUND"}}

    def _token(self, form: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        own = (form.get("client_id"), form.get("client_secret"))
        if own != (self.client_id, self.client_secret):
            return 401, {"error": "invalid_client"}
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") not in self._refresh:
                return 400, {"error": "invalid_grant"}
            return 200, {"access_token": self._new_access(), "expires_in": 3599, "token_type": "Bearer", "scope": SCOPE}
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked.challenge != challenge or asked.redirect != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        refresh = secrets.token_urlsafe(24)
        self._refresh.add(refresh)
        return 200, {
            "access_token": self._new_access(),
            "refresh_token": refresh,
            "expires_in": 3599,
            "token_type": "Bearer",
            "scope": asked.scope,
        }

    def _new_access(self) -> str:
        token = secrets.token_urlsafe(24)
        self._access.add(token)
        return token

    def _connections(self, query: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        if not query.get("personFields"):
            return 400, {"error": {"code": 400, "status": "INVALID_ARGUMENT"}}
        since = 0
        if sync := query.get("syncToken"):
            since = int(sync.removeprefix("sync-"))
            if since < self._oldest_sync:
                detail = {"reason": "EXPIRED_SYNC_TOKEN", "domain": "googleapis.com"}
                return 400, {"error": {"code": 400, "status": "FAILED_PRECONDITION", "details": [detail]}}
        start, until, of = 0, len(self._log), _parameters(query)
        if token := query.get("pageToken"):
            start, until, asked = json.loads(base64.urlsafe_b64decode(token))
            if asked != of:  # every parameter must be the same for each page
                return 400, {"error": {"code": 400, "status": "INVALID_ARGUMENT"}}
        changed = list(dict.fromkeys(name for name in self._log[since:until] if name))
        there = [name for name in changed if sync or not self.people[name].get("metadata", {}).get("deleted")]
        size = min(int(query.get("pageSize", "100")), self.most_of_a_page)
        told: dict[str, Any] = {"connections": [self.people[name] for name in there[start : start + size]]}
        if start + size < len(there):
            position = json.dumps([start + size, until, of]).encode()
            told["nextPageToken"] = base64.urlsafe_b64encode(position).decode()
        elif query.get("requestSyncToken") == "true":
            told["nextSyncToken"] = f"sync-{until}"
        return 200, told


def _parameters(query: Mapping[str, str]) -> str:
    return json.dumps(sorted((name, value) for name, value in query.items() if name != "pageToken"))


async def _answer(send: Send, status: int, told: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    raw = [(name.encode(), value.encode()) for name, value in {"content-type": "application/json", **headers}.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})
