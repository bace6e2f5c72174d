"""Bearer tokens: one that was handed to us, or one that is fetched with client credentials and renewed in time."""

from __future__ import annotations

import json
from typing import Protocol

import httpx
from attrs import frozen

from nudge_adapters.feeds.failures import http_failure
from nudge_adapters.feeds.limits import Timing
from nudge_core.errors import NudgeError, Refused, Unavailable
from nudge_core.model.secret import Secret

EARLY_S = 60.0
"""A token is renewed so many seconds before it ends: a request under way must not outlive it."""

DEFAULT_LIFE_S = 3_600.0  # when the endpoint does not say; a 401 renews it anyway
MAX_TOKEN_ANSWER = 100_000  # bytes
_BAD_CREDENTIALS = (400, 401, 403)


class Tokens(Protocol):
    """Where a bearer token comes from."""

    async def current(self) -> Secret:
        """Return a token, fetching one when there is none. Raises Unavailable or Refused."""
        ...

    async def renewed(self, refused: Secret) -> Secret | None:
        """Return another token after `refused` was answered with 401, or None when there is no other."""
        ...


@frozen
class GivenToken:
    """A token that lives as long as its owner lets it: MLS Grid, Bridge, Spark, WFRMLS."""

    token: Secret

    async def current(self) -> Secret:
        """Return the token."""
        return self.token

    async def renewed(self, refused: Secret) -> Secret | None:  # noqa: ARG002 - the protocol's argument
        """Return None: there is no other."""
        return None


class ClientCredentials:
    """Tokens by the OAuth 2 client-credentials grant (Trestle and others).

    Args:
        service: whom an error names.
        client: asks the token endpoint; redirects are not followed.
        address: of the token endpoint.
        scope: asked for, empty for none.
    """

    def __init__(
        self,
        service: str,
        client: httpx.AsyncClient,
        address: str,
        client_id: str,
        client_secret: Secret,
        scope: str,
        timing: Timing,
    ) -> None:
        self._service, self._client, self._address, self._timing = service, client, address, timing
        self._client_id, self._client_secret, self._scope = client_id, client_secret, scope
        self._token: Secret | None = None
        self._ends_at = 0.0

    async def current(self) -> Secret:
        """Return a token that is good for another minute."""
        if self._token is None or self._timing.monotonic() >= self._ends_at - EARLY_S:
            return await self._fetch()
        return self._token

    async def renewed(self, refused: Secret) -> Secret | None:
        """Fetch another token, unless somebody already did."""
        if self._token is not None and self._token != refused:
            return self._token
        return await self._fetch()

    async def _fetch(self) -> Secret:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret.reveal(),
        }
        if self._scope:
            form["scope"] = self._scope
        try:
            answer = await self._client.post(self._address, data=form, headers={"Accept": "application/json"})
        except httpx.HTTPError as error:
            raise Unavailable(self._service, f"the token endpoint: {type(error).__name__}") from error
        if answer.status_code != 200 or len(answer.content) > MAX_TOKEN_ANSWER:
            raise self._failure(answer)
        try:
            body = json.loads(answer.content)
            token, life_s = body["access_token"], float(body.get("expires_in") or DEFAULT_LIFE_S)
            self._token = Secret(token)
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # what json or a foreign shape may raise
            raise Unavailable(self._service, "the token endpoint answered without a token") from error
        self._ends_at = self._timing.monotonic() + life_s
        return self._token

    def _failure(self, answer: httpx.Response) -> NudgeError:
        """Return the error of a failed request. Its body may be HTML (Trestle) and is never quoted."""
        if answer.status_code in _BAD_CREDENTIALS:
            return Refused(self._service, "bad_credentials", f"the token endpoint answered {answer.status_code}")
        return http_failure(self._service, answer.status_code, dict(answer.headers), None, self._timing.now())
