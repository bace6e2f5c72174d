"""Signing in over HTTP: codes, sessions, refresh tokens that go round once, and answers that tell nothing."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from nudge_adapters.memory import MemoryStore
from nudge_core.errors import Unavailable
from nudge_core.model.audit import AuditEntry
from nudge_core.model.one_time_code import CodeCheck, CodeStart
from nudge_core.model.sign_in import EndReason
from nudge_core.steps.sign_in import MOST_SESSIONS, REFRESH_LIFE, SESSION_LIFE
from nudge_entrypoints.http.tokens import ACCESS_LIFE, LEEWAY_S, Kind, Opaque
from tests.api.asking import lasting
from tests.api.lobby import NOBODYS_PHONE, RITA, RITAS_PHONE, TOM, TOMS_PHONE, Lobby, open_lobby
from tests.contracts.codes_contract import another
from tests.samples import CountingIds, SteppingClock

LIFE_S = ACCESS_LIFE.total_seconds()


async def status(lobby: Lobby, token: str, path: str = "/sessions") -> int:
    async with lobby.caller(token) as one:
        return (await one.get(path)).status_code


async def audited(lobby: Lobby, subject: str) -> list[AuditEntry]:
    from uuid import UUID

    async with lobby.store.tenant(RITA) as tx:
        return list(await tx.audit.of_subject(UUID(subject)))


async def test_a_code_becomes_a_session_that_opens_the_professional_s_own_things(lobby: Lobby) -> None:
    tokens = await lobby.sign_in(device_name="Rita's laptop")
    assert (tokens["token_type"], tokens["expires_in_s"]) == ("Bearer", LIFE_S)
    async with lobby.caller(tokens["access_token"]) as rita:
        (shown,) = (await rita.get("/sessions")).json()["items"]
        assert (shown["device_name"], shown["is_this"]) == ("Rita's laptop", True)
        assert (await rita.get("/faqs")).json()["items"] == []
    (entry,) = await audited(lobby, shown["id"])
    assert (entry.action, entry.actor) == ("signed_in", f"user:{RITA}")


async def test_tokens_are_kept_by_nobody_on_the_way(lobby: Lobby) -> None:
    async with lobby.caller() as person:
        await person.post("/sign-in/codes", json={"phone": RITAS_PHONE})
        code = await lobby.code_of(RITAS_PHONE)
        answer = await person.post("/sign-in", json={"phone": RITAS_PHONE, "code": code})
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


async def test_an_unknown_phone_is_answered_in_the_same_bytes_and_sent_nothing(lobby: Lobby) -> None:
    seen = []
    for phone in (RITAS_PHONE, NOBODYS_PHONE):
        async with lobby.caller() as person:
            answers = [
                await person.post("/sign-in/codes", json={"phone": phone}),
                await person.post("/sign-in", json={"phone": phone, "code": "000000"}),
                await person.post("/sign-in", json={"phone": phone, "code": "12"}),
            ]
        seen.append([(one.status_code, one.content, lasting(one)) for one in answers])
    assert seen[0] == seen[1]
    assert [status for status, _, _ in seen[0]] == [202, 401, 401]
    assert await lobby.code_of(RITAS_PHONE) is not None
    assert await lobby.code_of(NOBODYS_PHONE) is None
    async with lobby.store.system() as tx:
        assert len(await tx.users.all()) == 2, "signing in makes no account"


async def test_limits_too_are_the_same_for_an_unknown_phone(lobby: Lobby) -> None:
    seen = []
    for phone, source in ((RITAS_PHONE, "203.0.113.1"), (NOBODYS_PHONE, "203.0.113.2")):
        async with lobby.caller(source=source) as person:
            answers = [await person.post("/sign-in/codes", json={"phone": phone}) for _ in range(6)]
            answers += [await person.post("/sign-in", json={"phone": phone, "code": "0000000000"}) for _ in range(6)]
        seen.append([(one.status_code, one.content, one.headers.get("retry-after")) for one in answers])
    assert seen[0] == seen[1]
    assert [status for status, _, _ in seen[0]] == [202] * 5 + [429] + [401] * 5 + [429]
    assert seen[0][5][2] == seen[0][11][2] == "600"


async def test_the_answer_does_not_wait_for_the_code_to_be_sent(clock: SteppingClock, tmp_path: Path) -> None:
    """A carrier takes its time for a known phone only: whoever waits for it tells which phones are known."""
    asked = asyncio.Event()

    class Slow:
        async def start(self, phone: str) -> CodeStart:
            assert phone == RITAS_PHONE
            await asked.wait()
            return CodeStart.SENT

        async def check(self, phone: str, code: str) -> CodeCheck:
            raise Unavailable("codes", "out of order")

        async def aclose(self) -> None: ...

    lobby = await open_lobby(MemoryStore(clock, CountingIds(1)), clock, tmp_path, Slow())
    async with lobby.caller() as person:
        assert (await person.post("/sign-in/codes", json={"phone": RITAS_PHONE})).status_code == 202
        for phone in (RITAS_PHONE, NOBODYS_PHONE):
            await person.post("/sign-in/codes", json={"phone": phone})
            answer = await person.post("/sign-in", json={"phone": phone, "code": "123456"})
            assert answer.status_code == 503, "the giver of codes is asked about both"
    asked.set()
    await lobby.desk.aclose()


async def test_a_code_is_good_once_and_for_its_own_phone(lobby: Lobby) -> None:
    async with lobby.caller() as person:
        for phone in (RITAS_PHONE, TOMS_PHONE):
            await person.post("/sign-in/codes", json={"phone": phone})
        code = await lobby.code_of(RITAS_PHONE)
        if code != await lobby.code_of(TOMS_PHONE):
            refused = await person.post("/sign-in", json={"phone": TOMS_PHONE, "code": code})
            assert refused.status_code == 401
        assert (await person.post("/sign-in", json={"phone": RITAS_PHONE, "code": code})).status_code == 200
        assert (await person.post("/sign-in", json={"phone": RITAS_PHONE, "code": code})).status_code == 401


async def test_after_five_wrong_codes_the_right_one_is_none(lobby: Lobby) -> None:
    async with lobby.caller() as person:
        await person.post("/sign-in/codes", json={"phone": RITAS_PHONE})
        code = await lobby.code_of(RITAS_PHONE)
        assert code is not None
        for _ in range(5):
            wrong = await person.post("/sign-in", json={"phone": RITAS_PHONE, "code": another(code)})
            assert wrong.status_code == 401
        held = await person.post("/sign-in", json={"phone": RITAS_PHONE, "code": code})
        assert (held.status_code, held.headers["retry-after"]) == (429, "600")
        assert (await person.post("/sign-in/codes", json={"phone": RITAS_PHONE})).status_code == 202
        again = await person.post("/sign-in", json={"phone": RITAS_PHONE, "code": code})
        assert again.status_code == 429, "sending the code again gives no new tries"


async def test_a_refresh_token_goes_round_once(lobby: Lobby) -> None:
    first = await lobby.sign_in()
    async with lobby.caller() as device:
        answer = await device.post("/sign-in/refresh", json={"refresh_token": first["refresh_token"]})
        assert answer.status_code == 200
        second = answer.json()
        assert second["refresh_token"] != first["refresh_token"]
        assert await status(lobby, second["access_token"]) == 200
        third = await device.post("/sign-in/refresh", json={"refresh_token": second["refresh_token"]})
        assert third.status_code == 200


async def test_a_refresh_token_that_comes_again_ends_the_whole_family_at_once(lobby: Lobby) -> None:
    first, other = await lobby.sign_in(), await lobby.sign_in()
    async with lobby.caller() as device:
        second = (await device.post("/sign-in/refresh", json={"refresh_token": first["refresh_token"]})).json()
        stolen = await device.post("/sign-in/refresh", json={"refresh_token": first["refresh_token"]})
        assert stolen.status_code == 401
        assert await status(lobby, second["access_token"]) == 401
        assert await status(lobby, first["access_token"]) == 401
        newest = await device.post("/sign-in/refresh", json={"refresh_token": second["refresh_token"]})
        assert newest.status_code == 401
        assert await status(lobby, other["access_token"]) == 200, "another sign-in is another family"
        unknown = await device.post("/sign-in/refresh", json={"refresh_token": Opaque.draw(Kind.REFRESH, RITA).text})
        assert stolen.content == unknown.content
    assert lobby.counted('nudge_sign_in_total{event="refresh_reused"}') == 1


async def test_two_refreshes_at_once_with_one_token_cannot_both_win(lobby: Lobby) -> None:
    tokens = await lobby.sign_in()
    async with lobby.caller() as device:
        answers = await asyncio.gather(
            *(device.post("/sign-in/refresh", json={"refresh_token": tokens["refresh_token"]}) for _ in range(4))
        )
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    assert await status(lobby, won["access_token"]) == 401, "three of them look like theft"


@pytest.mark.parametrize("wrong", ["", "nudge_refresh_", "nudge_refresh_AAAA", "x" * 60, "nudge_key_AAAA", "é"])
async def test_what_is_no_refresh_token_is_refused(lobby: Lobby, wrong: str) -> None:
    async with lobby.caller() as device:
        answer = await device.post("/sign-in/refresh", json={"refresh_token": wrong})
    assert answer.status_code in (400, 401, 422)


async def test_a_token_with_another_secret_harms_nobody(lobby: Lobby) -> None:
    tokens = await lobby.sign_in()
    real = Opaque.read(Kind.REFRESH, tokens["refresh_token"])
    assert real is not None
    forged = Opaque(kind=Kind.REFRESH, id=real.id, user_id=real.user_id, secret=b"x" * 32)
    borrowed = Opaque(kind=Kind.REFRESH, id=real.id, user_id=TOM, secret=real.secret)
    async with lobby.caller() as device:
        for token in (forged, borrowed):
            assert (await device.post("/sign-in/refresh", json={"refresh_token": token.text})).status_code == 401
        assert await status(lobby, tokens["access_token"]) == 200
        real_one = await device.post("/sign-in/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert real_one.status_code == 200


async def test_refresh_tokens_and_sessions_come_to_an_end(lobby: Lobby) -> None:
    tokens = await lobby.sign_in()
    lobby.clock.forward(REFRESH_LIFE.total_seconds())
    async with lobby.caller() as device:
        late = await device.post("/sign-in/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert late.status_code == 401
        tokens = await lobby.sign_in()
        for _ in range(3):
            lobby.clock.forward(SESSION_LIFE.total_seconds() / 3 - 1)
            answer = await device.post("/sign-in/refresh", json={"refresh_token": tokens["refresh_token"]})
            assert answer.status_code == 200
            tokens = answer.json()
        lobby.clock.forward(4)
        assert await status(lobby, tokens["access_token"]) == 401, "no refresh prolongs the session itself"


async def test_signing_out_ends_this_session_or_all(lobby: Lobby) -> None:
    one, two, three = [(await lobby.sign_in())["access_token"] for _ in range(3)]
    async with lobby.caller(one) as rita:
        assert (await rita.post("/sign-out", json={})).status_code == 204
    assert [await status(lobby, token) for token in (one, two, three)] == [401, 200, 200]
    async with lobby.caller(two) as rita:
        assert (await rita.post("/sign-out", json={"everywhere": True})).status_code == 204
    assert [await status(lobby, token) for token in (two, three)] == [401, 401]


async def test_a_session_can_be_ended_from_another_one_and_no_foreign_one_can(lobby: Lobby) -> None:
    lost, here = await lobby.sign_in(), await lobby.sign_in()
    toms = await lobby.sign_in(TOMS_PHONE)
    async with lobby.caller(here["access_token"]) as rita, lobby.caller(toms["access_token"]) as tom:
        listed = (await rita.get("/sessions")).json()["items"]
        assert [one["is_this"] for one in listed].count(True) == 1
        lost_id = next(one["id"] for one in listed if not one["is_this"])
        foreign = await tom.delete(f"/sessions/{lost_id}")
        missing = await tom.delete(f"/sessions/{RITA}")
        assert (foreign.status_code, foreign.content) == (404, missing.content)
        assert (await rita.delete(f"/sessions/{lost_id}")).status_code == 204
        assert (await rita.delete(f"/sessions/{lost_id}")).status_code == 404
    assert await status(lobby, lost["access_token"]) == 401
    assert [entry.action for entry in await audited(lobby, lost_id)] == ["signed_in", "session_ended"]


async def test_one_session_too_many_ends_the_oldest(lobby: Lobby) -> None:
    first = await lobby.sign_in()
    for _ in range(MOST_SESSIONS):
        lobby.clock.forward(3_600)
        newest = await lobby.sign_in()
    assert await status(lobby, newest["access_token"]) == 200
    async with lobby.store.tenant(RITA) as tx:
        assert len(await tx.sessions.alive()) == MOST_SESSIONS
    gone = Opaque.read(Kind.REFRESH, first["refresh_token"])
    assert gone is not None
    async with lobby.store.tenant(RITA) as tx:
        token = await tx.sessions.token(gone.id)
        assert token is not None
        assert (await tx.sessions.get(token.session_id)).end_reason is EndReason.TOO_MANY


async def test_an_access_token_is_good_for_a_quarter_of_an_hour(lobby: Lobby) -> None:
    tokens = await lobby.sign_in()
    lobby.clock.forward(LIFE_S + LEEWAY_S - 1)
    assert await status(lobby, tokens["access_token"]) == 200
    lobby.clock.forward(1)
    assert await status(lobby, tokens["access_token"]) == 401


async def test_without_a_store_nobody_is_let_in(clock: SteppingClock, tmp_path: Path) -> None:
    class Gone(MemoryStore):
        down = False

        def system(self):  # type: ignore[no-untyped-def]  # as the store's
            if self.down:
                raise Unavailable("postgresql", "gone")
            return super().system()

        def tenant(self, user_id):  # type: ignore[no-untyped-def]
            if self.down:
                raise Unavailable("postgresql", "gone")
            return super().tenant(user_id)

    store = Gone(clock, CountingIds(1))
    lobby = await open_lobby(store, clock, tmp_path)
    tokens = await lobby.sign_in()
    object.__setattr__(store, "down", True)
    async with lobby.caller(tokens["access_token"]) as rita:
        assert (await rita.post("/sign-in/codes", json={"phone": RITAS_PHONE})).status_code == 503
        assert (await rita.post("/sign-in", json={"phone": RITAS_PHONE, "code": "123456"})).status_code == 503
        body = {"refresh_token": tokens["refresh_token"]}
        assert (await rita.post("/sign-in/refresh", json=body)).status_code == 503
        assert (await rita.get("/sessions")).status_code == 503
    await lobby.desk.aclose()


@pytest.mark.parametrize("phone", ["", "512", "5125550001", "+1512555000١", "+15125550001 "])
async def test_what_is_no_phone_is_refused_before_any_work(lobby: Lobby, phone: str) -> None:
    async with lobby.caller() as person:
        assert (await person.post("/sign-in/codes", json={"phone": phone})).status_code in (400, 422)
        assert (await person.post("/sign-in", json={"phone": phone, "code": "123456"})).status_code in (400, 422)
    async with lobby.store.system() as tx:
        assert await tx.attempts.forget_before(lobby.clock.now().replace(year=2100)) == 0


async def test_nothing_of_it_stands_in_a_log_or_a_repr(lobby: Lobby, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    tokens = await lobby.sign_in(device_name="Rita's laptop")
    code = await lobby.code_of(RITAS_PHONE)
    async with lobby.caller() as person:
        for _ in range(7):
            await person.post("/sign-in/codes", json={"phone": TOMS_PHONE})
    read = Opaque.read(Kind.REFRESH, tokens["refresh_token"])
    printed = repr([lobby.desk, lobby.tokens, lobby.desk.prints, read, lobby.desk.parts])
    written = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    page = lobby.metrics.page().decode()
    assert read is not None
    for secret in (*tokens.values(), code, RITAS_PHONE, TOMS_PHONE, "laptop", str(read.secret), "BBBB"):
        if isinstance(secret, str) and secret != "Bearer":
            assert secret not in printed
            assert secret not in written
            assert secret not in page
