"""Two professionals who call the API in this process, on a store of either kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
from attrs import evolve, frozen

from nudge_core.errors import Misconfigured
from nudge_core.model.user import User
from nudge_core.ports import Store
from nudge_core.walk import Parts
from nudge_entrypoints.http.api.context import Api
from nudge_entrypoints.http.app import build_app
from nudge_entrypoints.http.buckets import Rate
from nudge_entrypoints.http.idempotency import HEADER
from nudge_entrypoints.http.identity import EVERY_SCOPE, AnyConnection, Principal, Scope
from nudge_entrypoints.http.rates import Limits
from nudge_entrypoints.http.streams import StreamLimits
from nudge_entrypoints.settings import load
from tests import samples
from tests.parts import quiet_parts
from tests.samples import SteppingClock, uid

RITA, TOM = uid(1), uid(2)
SESSION = uid(9_000)
_ANY = Rate(per_minute=1e9, burst=1_000_000_000)
BRIEF = StreamLimits(longest_s=0)
"""Streams that end when everything is told: `httpx.ASGITransport` shows an answer when it is whole."""
PLENTY = Limits(address=_ANY, authentication=_ANY, tenant=_ANY, credential=_ANY)


class NamedCallers:
    """Takes a caller's word for who they are: `Authorization: Bearer <user id> [<scope> ...]`. For route tests only."""

    async def principal(self, connection: AnyConnection) -> Principal | None:
        """Return the caller that the header names."""
        kind, _, rest = connection.headers.get("authorization", "").partition(" ")
        if kind != "Bearer":
            return None
        try:
            named, *scopes = rest.split()
            chosen = frozenset(map(Scope, scopes)) or EVERY_SCOPE
            return Principal(user_id=UUID(named), credential_id=SESSION, scopes=chosen)
        except ValueError:
            return None


@frozen
class Office:
    """The application, and clients of it. `store` is for arranging and for looking behind the API."""

    app: Any
    store: Store
    parts: Parts
    clock: SteppingClock
    api: Api

    @asynccontextmanager
    async def caller(
        self, user_id: UUID | None = RITA, *scopes: Scope, keys: bool = True
    ) -> AsyncIterator[httpx.AsyncClient]:
        """Yield an HTTP client that calls as this professional; None: as nobody. `keys`: a key for each POST."""
        headers = {} if user_id is None else {"Authorization": " ".join(["Bearer", str(user_id), *scopes])}
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://nudge.test", headers=headers) as client:
            if keys:
                client.event_hooks["request"].append(_with_key)
            yield client


async def _with_key(request: httpx.Request) -> None:
    if request.method != "GET":
        request.headers.setdefault(HEADER, uuid4().hex)


def _none_here(*_given: object) -> Any:
    raise Misconfigured(["this installation has none"])


async def open_office(store: Store, clock: SteppingClock, **changes: Any) -> Office:
    """Build the application on a store, with Rita and Tom in it.

    Args:
        store: empty.
        clock: the one the store was made with.
        changes: of the `Api`: `numbers`, `codes`, `feed`, `parts`; `limits`: how often who may call, else anyhow;
            `settings`; of the application: `buckets`, `edge`, `controllers`, `heard`, `streams`.
    """
    async with store.system() as tx:
        for user in (_rita(), _tom()):
            await tx.users.add(user)
    return office_on(store, clock, **changes)


def office_on(store: Store, clock: SteppingClock, **changes: Any) -> Office:
    """Build the application on a store in which Rita and Tom are already; the arguments are those of `open_office`."""
    parts = changes.pop("parts", None) or quiet_parts(store, clock)
    known = ("buckets", "edge", "controllers", "heard", "settings", "streams")
    of_the_app = {name: changes.pop(name) for name in known if name in changes}
    of_the_app.setdefault("streams", BRIEF)
    limits = changes.pop("limits", PLENTY)
    settings = of_the_app.pop("settings", load({}))
    api = Api(
        parts=parts, settings=settings, now=clock.now, feed=_none_here, numbers=_none_here, codes=_none_here
    )  # fmt: skip
    api = evolve(api, **changes)
    app = build_app(
        parts,
        settings,
        clock=clock,
        api=api,
        authenticator=NamedCallers(),
        limits=limits,
        **of_the_app,
    )
    return Office(app, store, parts, clock, api)


def _rita() -> User:
    return samples.user(1, twilio_phone_number=samples.OUR_NUMBER)


def _tom() -> User:
    return samples.user(2, twilio_phone_number="+15125550101")
