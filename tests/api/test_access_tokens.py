"""J1 of `reliability.md`: every way an access token can lie, over HTTP, beside one that does not."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from nudge_core.errors import Misconfigured
from nudge_entrypoints.http.tokens import ACCESS_LIFE, AUDIENCE, ISSUER, LEEWAY_S, AccessTokens, Kind, Opaque
from tests.api.lobby import KEYS, RITA, TOM, TOMS_PHONE, Lobby
from tests.samples import NOON, uid

LIFE_S = int(ACCESS_LIFE.total_seconds())
Facts = dict[str, Any]


class Forger:
    """Somebody who can sign with any key, and knows a real session."""

    def __init__(self, now: int, session_id: str) -> None:
        self.now = now
        self.claims: Facts = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": str(RITA), "tenant": str(RITA), "sid": session_id,
            "jti": str(uuid4()), "iat": now, "exp": now + LIFE_S,
        }  # fmt: skip
        self.header: Facts = {"alg": "HS256", "kid": "b", "typ": "at+jwt"}

    def token(self, key: bytes = KEYS["b"], **changes: Any) -> str:
        """Sign the claims with changes; one of None is left out."""
        claims = {name: value for name, value in (self.claims | changes).items() if value is not None}
        return self.signed(claims, self.header, key)

    def under(self, key: bytes = KEYS["b"], **changes: Any) -> str:
        """Sign with a changed header; one of None is left out."""
        header = {name: value for name, value in (self.header | changes).items() if value is not None}
        return self.signed(self.claims, header, key)

    def signed(self, claims: object, header: object, key: bytes = KEYS["b"]) -> str:
        """Sign whatever it is, by hand: a library would refuse to."""
        parts = [_encoded(header), _encoded(claims)]
        signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
            ".".join(parts).encode(), key
        )
        return ".".join([*parts, _plain(signature)])


def _plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _encoded(value: object) -> str:
    return _plain(json.dumps(value).encode())


_RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
PUBLIC_PEM = _RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _by_rsa(forger: Forger) -> str:
    return jwt.encode(forger.claims, _RSA, algorithm="RS256", headers={"kid": "b", "typ": "at+jwt"})


def _changed_after_signing(forger: Forger) -> str:
    header, _, signature = forger.token().split(".")
    return ".".join([header, _encoded(forger.claims | {"sub": str(TOM), "tenant": str(TOM)}), signature])


def _without(name: str) -> Callable[[Forger], str]:
    left_out: dict[str, Any] = {name: None}
    return lambda forger: forger.token(**left_out)


LIES: dict[str, Callable[[Forger], str]] = {
    "alg none": lambda f: f"{_encoded(f.header | {'alg': 'none'})}.{_encoded(f.claims)}.",
    "alg None in capitals": lambda f: f"{_encoded(f.header | {'alg': 'NONE'})}.{_encoded(f.claims)}.",
    "no signature": lambda f: f.token().rpartition(".")[0] + ".",
    "alg HS384, rightly signed by its name": lambda f: jwt.encode(
        f.claims, KEYS["b"].ljust(48, b"\0"), algorithm="HS384", headers={"kid": "b", "typ": "at+jwt"}
    ),
    "alg RS256": _by_rsa,
    "HS256 with the text of a public RSA key": lambda f: f.token(PUBLIC_PEM),
    "alg left out": lambda f: f.under(alg=None),
    "kid unknown": lambda f: f.under(kid="c"),
    "kid left out": lambda f: f.under(kid=None),
    "kid a path": lambda f: f.under(b"", kid="../../../../dev/null"),
    "kid a query": lambda f: f.under(kid="b' UNION SELECT 'x"),
    "kid no text": lambda f: f.under(kid=["b"]),
    "kid of the other key": lambda f: f.under(kid="a"),
    "typ of another token": lambda f: f.under(typ="JWT"),
    "typ left out": lambda f: f.under(typ=None),
    "a key that comes with it": lambda f: f.under(jwk={"kty": "oct", "k": _plain(KEYS["b"])}),
    "an address of keys": lambda f: f.under(jku="https://attacker.example/keys"),
    "critical extensions": lambda f: f.under(crit=["exp"]),
    "another key": lambda f: f.token(b"x" * 32),
    "an empty key": lambda f: f.token(b""),
    "changed after signing": _changed_after_signing,
    **{f"{name} left out": _without(name) for name in ("exp", "aud", "iss", "jti", "tenant", "iat", "sub", "sid")},
    "expired, leeway over": lambda f: f.token(iat=f.now - LIFE_S - LEEWAY_S, exp=f.now - LEEWAY_S),
    "from the future": lambda f: f.token(iat=f.now + LEEWAY_S + 1, exp=f.now + LEEWAY_S + 2),
    "good for a day": lambda f: f.token(exp=f.now + 86_400),
    "exp a text": lambda f: f.token(exp=str(f.now + LIFE_S)),
    "exp true": lambda f: f.token(exp=True),
    "exp without end": lambda f: f.token(exp=1e308),
    "aud of another": lambda f: f.token(aud="another-api"),
    "aud of several": lambda f: f.token(aud=[AUDIENCE, "another-api"]),
    "iss of another": lambda f: f.token(iss="another"),
    "tenant B, everything else A": lambda f: f.token(tenant=str(TOM)),
    "subject and tenant B, session of A": lambda f: f.token(sub=str(TOM), tenant=str(TOM)),
    "tenant no id": lambda f: f.token(sub="1 OR 1=1", tenant="1 OR 1=1"),
    "tenant a list": lambda f: f.token(sub=[str(RITA)], tenant=[str(RITA)]),
    "session that never was": lambda f: f.token(sid=str(uid(77))),
    "session no id": lambda f: f.token(sid="../1"),
    "jti no id": lambda f: f.token(jti="x"),
    "one claim more": lambda f: f.token(scope="admin"),
    "claims no object": lambda f: f.signed([1], f.header),
    "header no object": lambda f: f.signed(f.claims, [1]),
    "deeply nested": lambda f: f.under(kid="b", typ="[" * 1_500),
    "very long": lambda f: f.token(jti="x" * 100_000),
    "no token at all": lambda f: "x",
    "two dots": lambda f: "..",
    "a refresh token": lambda f: Opaque.draw(Kind.REFRESH, RITA).text,
    "an API key that never was": lambda f: Opaque.draw(Kind.API_KEY, RITA).text,
}  # fmt: skip


async def _session_id(lobby: Lobby, token: str) -> str:
    async with lobby.caller(token) as one:
        items = (await one.get("/sessions")).json()["items"]
    return next(str(item["id"]) for item in items if item["is_this"])


async def test_every_lie_is_refused_alike_and_the_truth_is_not(lobby: Lobby) -> None:
    tokens = await lobby.sign_in()
    forger = Forger(int(lobby.clock.now().timestamp()), await _session_id(lobby, tokens["access_token"]))
    assert len(LIES) >= 30
    async with lobby.caller() as one:
        nobody = await one.get("/sessions")
        assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")
        believed = []
        for name, lie in LIES.items():
            answer = await one.get("/sessions", headers={"Authorization": f"Bearer {lie(forger)}"})
            if (answer.status_code, answer.content) != (401, nobody.content):
                believed.append(name)
        assert believed == []
        for truth in (forger.token(), forger.token(iat=forger.now + LEEWAY_S, exp=forger.now + LEEWAY_S + 60)):
            answer = await one.get("/sessions", headers={"Authorization": f"Bearer {truth}"})
            assert answer.status_code == 200, "or else the lies are refused for a reason of their own"


async def test_a_revoked_token_and_one_of_a_reused_family_are_refused_at_once(lobby: Lobby) -> None:
    tokens, others = await lobby.sign_in(), await lobby.sign_in()
    async with lobby.caller(tokens["access_token"]) as rita, lobby.caller(others["access_token"]) as other:
        assert (await rita.post("/sign-out", json={})).status_code == 204
        assert (await rita.get("/sessions")).status_code == 401
        for expected in (200, 401):
            answer = await other.post("/sign-in/refresh", json={"refresh_token": others["refresh_token"]})
            assert answer.status_code == expected
        assert (await other.get("/sessions")).status_code == 401


async def test_a_token_of_one_professional_opens_nothing_of_another(lobby: Lobby) -> None:
    ritas, toms = await lobby.sign_in(), await lobby.sign_in(TOMS_PHONE)
    toms_session = await _session_id(lobby, toms["access_token"])
    async with lobby.caller(ritas["access_token"]) as rita:
        foreign = await rita.delete(f"/sessions/{toms_session}")
        missing = await rita.delete(f"/sessions/{uid(77)}")
        assert (foreign.status_code, foreign.content) == (404, missing.content)
        assert (await rita.get(f"/admin/tenants/{TOM}/overview")).status_code == 403


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic {token}", "{token}", "Bearer{token}", "Bearer {token} {token}", "Token {token}"],
)
async def test_only_one_bearer_token_in_the_header_counts(lobby: Lobby, header: str) -> None:
    token = (await lobby.sign_in())["access_token"]
    async with lobby.caller() as one:
        sent = header.format(token=token).strip()
        assert (await one.get("/sessions", headers={"Authorization": sent})).status_code == 401
        assert (await one.get("/sessions", headers={"authorization": f"bearer {token}"})).status_code == 200
        twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
        assert (await one.get("/sessions", headers=twice)).status_code == 401
        assert (await one.get("/sessions", headers={"Cookie": f"access_token={token}"})).status_code == 401
        assert (await one.get("/sessions", params={"access_token": token})).status_code == 401


def test_keys_are_changed_on_line() -> None:
    def noon() -> Any:
        return NOON

    old = AccessTokens({"a": KEYS["a"]}, noon)
    both = AccessTokens(KEYS, noon)
    new = AccessTokens({"b": KEYS["b"]}, noon)
    before, after = old.issue(RITA, uid(5)), both.issue(RITA, uid(5))
    assert both.read(before) is not None
    assert both.read(after) is not None
    assert new.read(after) is not None
    assert new.read(before) is None
    assert old.read(after) is None
    assert before != old.issue(RITA, uid(5)), "each token has an id of its own"
    assert "AAAA" not in repr(old)


def test_without_a_key_nothing_is_signed() -> None:
    with pytest.raises(Misconfigured):
        AccessTokens({}, lambda: NOON)
