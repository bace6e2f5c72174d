"""The application with its real doors: codes in a file, tokens, sessions, API keys; and what an attacker can see."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from attrs import frozen

from nudge_adapters.sms.local_codes import LocalCodes
from nudge_core.ports import OneTimeCodes, Store
from nudge_entrypoints.http.api.context import Access, Api
from nudge_entrypoints.http.app import build_app
from nudge_entrypoints.http.authentication import StoredCredentials
from nudge_entrypoints.http.sign_in_desk import Prints, SignInDesk
from nudge_entrypoints.http.streams import StreamLimits
from nudge_entrypoints.http.tokens import AccessTokens
from nudge_entrypoints.metrics import Metrics
from nudge_entrypoints.settings import load
from tests import samples
from tests.api.office import BRIEF, PLENTY
from tests.parts import quiet_parts
from tests.samples import SteppingClock, uid

RITA, TOM = uid(1), uid(2)
RITAS_PHONE = samples.user(1).phone_number
TOMS_PHONE = samples.user(2).phone_number
NOBODYS_PHONE = "+15125559999"
KEYS = {"b": b"B" * 32, "a": b"A" * 32}
"""`b` signs, `a` is the one before it."""


@frozen
class Lobby:
    """The application and what stands behind it."""

    app: Any
    store: Store
    clock: SteppingClock
    desk: SignInDesk
    tokens: AccessTokens
    metrics: Metrics
    path: Path

    @asynccontextmanager
    async def caller(
        self, token: str | None = None, source: str = "203.0.113.1", **headers: str
    ) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a client that calls from an address, with a token or as nobody."""
        given = {} if token is None else {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(app=self.app, client=(source, 40_000))
        base = "http://nudge.test/api/v1"
        async with httpx.AsyncClient(transport=transport, base_url=base, headers=given | headers) as client:
            yield client

    async def code_of(self, phone: str) -> str | None:
        """Return the code that the holder of a phone was sent last."""
        await self.desk.settled()
        if not self.path.exists():
            return None
        entries = [json.loads(line) for line in self.path.read_text().splitlines()]
        codes = [one["code"] for one in entries if one["kind"] == "code" and one["recipient"] == phone]
        return codes[-1] if codes else None

    async def sign_in(self, phone: str = RITAS_PHONE, **more: str) -> dict[str, Any]:
        """Sign in as a person does, a second after whatever was before; return the tokens."""
        self.clock.forward(1)
        async with self.caller() as person:
            assert (await person.post("/sign-in/codes", json={"phone": phone})).status_code == 202
            code = await self.code_of(phone)
            answer = await person.post("/sign-in", json={"phone": phone, "code": code, **more})
            assert answer.status_code == 200, answer.text
            tokens: dict[str, Any] = answer.json()
            return tokens

    def counted(self, sample: str) -> float:
        """Return a line of the metrics page."""
        lines = [line for line in self.metrics.page().decode().splitlines() if line.startswith(sample + " ")]
        return float(lines[0].rpartition(" ")[2]) if lines else 0.0


async def open_lobby(
    store: Store,
    clock: SteppingClock,
    folder: Path,
    codes: OneTimeCodes | None = None,
    streams: StreamLimits = BRIEF,
) -> Lobby:
    """Build the application on an empty store, with Rita and Tom in it."""
    async with store.system() as tx:
        for number in (1, 2):
            await tx.users.add(samples.user(number))
    path, parts, metrics = folder / "codes.jsonl", quiet_parts(store, clock), Metrics()
    giver = LocalCodes(path, clock) if codes is None else codes
    tokens = AccessTokens(KEYS, clock.now)
    desk = SignInDesk(parts=parts, prints=Prints.under(KEYS), open_codes=lambda: giver, metrics=metrics)
    settings = load({})

    def none_here(*_given: object) -> Any:
        raise AssertionError("not asked for in these tests")

    api = Api(
        parts=parts, settings=settings, now=clock.now, feed=none_here, numbers=none_here, codes=none_here,
        access=Access(desk=desk, tokens=tokens),
    )  # fmt: skip
    doors = StoredCredentials(store=store, tokens=tokens)
    app = build_app(
        parts, settings, clock=clock, api=api, authenticator=doors, metrics=metrics, limits=PLENTY, streams=streams
    )
    return Lobby(app, store, clock, desk, tokens, metrics, path)
