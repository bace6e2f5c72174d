"""API keys over HTTP: shown once, good for what they were given, refused when they are revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from nudge_core.steps.api_keys import MOST_KEYS
from nudge_entrypoints.http.tokens import Kind, Opaque
from tests.api.lobby import RITA, TOM, TOMS_PHONE, Lobby
from tests.samples import uid


async def make(lobby: Lobby, token: str, **wish: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"name": "import", "scopes": ["content:read"]} | wish
    async with lobby.caller(token) as one:
        answer = await one.post("/api-keys", json=asked)
        assert answer.status_code == 201, answer.text
        assert answer.headers["cache-control"] == "no-store"
        made: dict[str, Any] = answer.json()
        return made


async def test_a_key_is_shown_once_and_opens_what_it_was_given(lobby: Lobby) -> None:
    token = (await lobby.sign_in())["access_token"]
    made = await make(lobby, token)
    async with lobby.caller(made["key"]) as program:
        assert (await program.get("/faqs")).json()["items"] == []
    async with lobby.caller(token) as rita:
        listed = await rita.get("/api-keys")
        (shown,) = listed.json()["items"]
        assert (shown["id"], shown["scopes"], shown["name"]) == (made["details"]["id"], ["content:read"], "import")
        assert made["key"].startswith(shown["prefix"])
        assert made["key"] not in listed.text
    async with lobby.store.tenant(RITA) as tx:
        (stored,) = await tx.api_keys.all()
        (entry,) = await tx.audit.of_subject(stored.id)
    assert (entry.action, entry.facts) == ("api_key_made", {"scopes": ("content:read",)})
    secret = Opaque.read(Kind.API_KEY, made["key"])
    assert secret is not None
    assert stored.secret_hash == secret.secret_hash != secret.secret


async def test_a_key_does_nothing_beyond_its_scopes_and_nothing_to_keys_and_sessions(lobby: Lobby) -> None:
    token = (await lobby.sign_in())["access_token"]
    narrow = await make(lobby, token, scopes=["clients:read"])
    wide = await make(lobby, token, scopes=["account:read", "account:write", "content:read"])
    async with lobby.caller(narrow["key"]) as program:
        assert (await program.get("/faqs")).status_code == 403
    async with lobby.caller(wide["key"]) as program:
        assert (await program.get("/faqs")).status_code == 200
        wish = {"name": "more", "scopes": ["content:read"]}
        refused = [
            await program.get("/api-keys"),
            await program.post("/api-keys", json=wish),
            await program.delete(f"/api-keys/{wide['details']['id']}"),
            await program.get("/sessions"),
            await program.delete(f"/sessions/{uid(5)}"),
            await program.post("/sign-out", json={"everywhere": True}),
            await program.get(f"/admin/tenants/{RITA}/overview"),
            await program.post("/sign-in/refresh", json={"refresh_token": wide["key"]}),
        ]
    assert [answer.status_code for answer in refused] == [403] * 7 + [401]
    async with lobby.store.tenant(RITA) as tx:
        assert len(await tx.api_keys.all()) == 2
        assert len(await tx.sessions.alive()) == 1


async def test_a_revoked_or_expired_key_is_refused_at_once(lobby: Lobby) -> None:
    token = (await lobby.sign_in())["access_token"]
    ends = lobby.clock.now() + timedelta(seconds=60)
    revoked, ending = await make(lobby, token), await make(lobby, token, expires_at=ends.isoformat())
    async with lobby.caller(token) as rita, lobby.caller(revoked["key"]) as one, lobby.caller(ending["key"]) as two:
        assert [(await program.get("/faqs")).status_code for program in (one, two)] == [200, 200]
        address = f"/api-keys/{revoked['details']['id']}"
        assert (await rita.delete(address)).status_code == 204
        assert (await rita.delete(address)).status_code == 404
        assert [(await program.get("/faqs")).status_code for program in (one, two)] == [401, 200]
        lobby.clock.forward(60)
        assert (await two.get("/faqs")).status_code == 401
        left = (await rita.get("/api-keys")).json()["items"]
        assert [key["id"] for key in left] == [ending["details"]["id"]]


async def test_the_last_use_is_noted_by_the_minute(lobby: Lobby) -> None:
    token = (await lobby.sign_in())["access_token"]
    made = await make(lobby, token)
    begun = lobby.clock.now()
    noted = []
    async with lobby.caller(made["key"]) as program, lobby.caller(token) as rita:
        assert (await rita.get("/api-keys")).json()["items"][0]["last_used_at"] is None
        for _ in range(4):
            await program.get("/faqs")
            async with lobby.store.tenant(RITA) as tx:
                (key,) = await tx.api_keys.all()
                assert key.last_used_at is not None
                noted.append((key.last_used_at - begun).total_seconds())
            lobby.clock.forward(40)
    assert noted == [0, 0, 80, 80]


async def test_a_key_with_another_secret_or_owner_is_none(lobby: Lobby) -> None:
    made = await make(lobby, (await lobby.sign_in())["access_token"])
    real = Opaque.read(Kind.API_KEY, made["key"])
    assert real is not None
    forged = Opaque(kind=Kind.API_KEY, id=real.id, user_id=real.user_id, secret=b"x" * 32).text
    borrowed = Opaque(kind=Kind.API_KEY, id=real.id, user_id=TOM, secret=real.secret).text
    for text in (forged, borrowed, made["key"] + "A", made["key"][:-1], made["key"].upper(), made["key"] + "="):
        async with lobby.caller(text) as program:
            assert (await program.get("/faqs")).status_code == 401


async def test_foreign_keys_are_missing_keys(lobby: Lobby) -> None:
    ritas = await make(lobby, (await lobby.sign_in())["access_token"])
    async with lobby.caller((await lobby.sign_in(TOMS_PHONE))["access_token"]) as tom:
        foreign = await tom.delete(f"/api-keys/{ritas['details']['id']}")
        missing = await tom.delete(f"/api-keys/{uid(77)}")
        assert (foreign.status_code, foreign.content) == (404, missing.content)
        assert (await tom.get("/api-keys")).json() == {"items": []}


@pytest.mark.parametrize(
    "wish",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": "content:read"},
        {"name": ""},
        {"name": "x" * 101},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2030-01-01T00:00:00"},
        {"expires_at": "soon"},
        {"expires_at": "0001-01-01T00:00:00+14:00"},
        {"expires_at": "9999-12-31T23:59:59-14:00"},
    ],
)
async def test_a_wish_that_breaks_a_rule_is_refused(lobby: Lobby, wish: dict[str, Any]) -> None:
    token = (await lobby.sign_in())["access_token"]
    async with lobby.caller(token) as rita:
        answer = await rita.post("/api-keys", json={"name": "import", "scopes": ["content:read"]} | wish)
        assert answer.status_code in (400, 422), answer.text
        assert (await rita.get("/api-keys")).json() == {"items": []}


async def test_there_is_an_end_to_keys(lobby: Lobby) -> None:
    token = (await lobby.sign_in())["access_token"]
    for _ in range(MOST_KEYS):
        await make(lobby, token)
    async with lobby.caller(token) as rita:
        answer = await rita.post("/api-keys", json={"name": "import", "scopes": ["content:read"]})
        assert answer.status_code == 409
