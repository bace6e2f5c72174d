"""Timeline, export and erasure of a client over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import psycopg
import pytest
from attrs import evolve
from psycopg import sql

from nudge_adapters.memory import MemoryStore
from nudge_adapters.sql.encryption import Keyring
from nudge_adapters.sql.store import SqlStore
from nudge_adapters.sql.tables import METADATA
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.carrier import InboundText
from nudge_core.ports import Store
from nudge_core.walk import hear
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office, open_office
from tests.databases import for_psycopg
from tests.samples import NOON, THEIR_NUMBER, CountingIds, SteppingClock, uid

BEN = uid(10)
ADDRESS = f"/api/v1/clients/{BEN}"
CANARY = "Quetzalbird"
TWINS_NUMBER = "+15125550144"
CANARIES = (CANARY, THEIR_NUMBER, THEIR_NUMBER[2:], "quetz@example.com")
TWINS_CANARIES = (TWINS_NUMBER[2:], "twin@example.com")
SAID = {"client_id": str(BEN), "text": f"Rita Vega here. {CANARY}, shall I call you at noon?", "message_class": "reply"}
KEY = {"Idempotency-Key": "said once"}

NOT_OF_CLIENTS = frozenset(
    {
        "apikey", "contactaccount", "contactgrant", "contactimport",
        "contentresource", "faq", "marketevent", "phonenumber", "refreshtoken", "resource",
        "senderlane", "signinsession", "styleremoval",
    }
)  # fmt: skip
"""Tables of a professional that hold nothing about clients."""


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest, clock: SteppingClock) -> Store:
    """A store of either kind that can keep secrets."""
    if request.param == "memory":
        return MemoryStore(clock, CountingIds(1))
    keyring = Keyring({"test": bytes(32)}, "test")
    return SqlStore(request.getfixturevalue("database"), clock, CountingIds(1), keyring)


@pytest.fixture
async def office(store: Store, clock: SteppingClock) -> Any:
    """The application with two professionals."""
    yield await open_office(store, clock)
    await store.aclose()


async def arrange(office: Office) -> None:
    """Give Ben a life: texts in and out, plans, nudges, notes, facts, calls, work that waits."""
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add(
            [
                samples.client(RITA, 10, full_name=f"Ben {CANARY}", email="quetz@example.com", notes=f"{CANARY} likes"),
                samples.client(RITA, 11, full_name="Ana Ruiz", phone="+15125550111"),
            ]
        )
        await tx.consents.add([samples.consent(RITA, 20, BEN, wording=f"{CANARY} said yes")])
        await tx.interactions.add([samples.interaction(RITA, 21, BEN, note=f"{CANARY} called")])
        plan = samples.briefing(RITA, 60, client_id=BEN, is_plan=True, headline=f"Plan for {CANARY}")
        await tx.briefings.add(plan)
        told = samples.member(BEN)
        about = evolve(told, reasons=(evolve(told.reasons[0], wanted=f"{CANARY} wants"),))
        nudge = samples.briefing(
            RITA,
            61,
            matched_audience=(about, samples.member(uid(11))),
            key_intel={"odd": [{"client_id": str(BEN), "text": f"{CANARY} is odd"}]},
            edited_draft=f"Hi Ben {CANARY}, have a look",
        )
        await tx.briefings.add(nudge)
        await tx.briefings.save(nudge.moved(BriefingStatus.ACTIVE, NOON))
        await tx.briefings.add(samples.briefing(RITA, 62, matched_audience=(about,)))
        await tx.messages.queue([samples.approved(RITA, 71, BEN, content=f"Hi {CANARY}", briefing_id=uid(61))])
        await tx.scheduled.add([samples.scheduled(RITA, 80, BEN, content=f"{CANARY}!", parent_plan_id=uid(60))])
        await tx.negative_preferences.add([samples.negative_preference(RITA, 90, BEN, uid(61))])
        await tx.market_events.add([samples.market_event(RITA, 45)])
        await tx.exposures.add([samples.exposure(RITA, 91, BEN, uid(45))])
        work = {"ranking": {"members": [about.as_json()]}, "event_id": str(uid(5))}
        await tx.notes.add([samples.note(96, RITA, payload=work)])
    async with office.caller(RITA) as rita:
        await rita.post(f"{ADDRESS}/notes", json={"text": f"{CANARY} has a boat"})
        version = (await rita.get(ADDRESS)).json()["version"]
        await rita.put(f"{ADDRESS}/preferences/notes", json={"version": version, "value": f"{CANARY} wish"})
        await rita.post(f"{ADDRESS}/tags", json={"tags": [CANARY]})
    words = InboundText(
        provider_sid="SM900", sender=THEIR_NUMBER, recipient=samples.OUR_NUMBER, body=f"{CANARY} again", at=NOON
    )
    await hear(office.parts, words)


async def arrange_what_came_later(office: Office) -> None:
    """Let Ben's twin be imported and become part of him, and keep the answer to a text that went to him."""
    async with office.caller(RITA) as rita:
        rows = [
            {"full_name": f"{CANARY} Twin", "phone": TWINS_NUMBER, "email": "twin@example.com", "notes": CANARY},
            {"full_name": f"{CANARY} Again", "phone": THEIR_NUMBER},
        ]
        imported = (await rita.post("/api/v1/client-imports", json={"rows": rows})).json()
        assert [one["client_id"] for one in imported["problems"]] == [str(BEN)]
        merged = await rita.post(f"{ADDRESS}/merge", json={"other_id": imported["client_ids"][0]})
        assert merged.status_code == 201, merged.text
        sent = await rita.post("/api/v1/messages", json=SAID, headers=KEY)
        assert sent.status_code == 201, sent.text
        assert (await rita.post("/api/v1/messages", json=SAID, headers=KEY)).content == sent.content


async def everything(office: Office) -> str:
    """Return all that the store holds, as text."""
    if isinstance(office.store, SqlStore):
        url = office.store._engine.url.render_as_string(hide_password=False)
        with psycopg.connect(for_psycopg(url), autocommit=True) as connection:
            rows: list[Any] = []
            for name in METADATA.tables:
                query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))
                rows += connection.execute(query).fetchall()  # bytes show as letters, which a cast to text hides
        return "\n".join(map(str, rows))
    assert isinstance(office.store, MemoryStore)
    world = office.store._world
    tables = [*vars(world).values(), *(table for _, book in world.books() for table in vars(book).values())]
    return "\n".join(_told(row) for table in tables if hasattr(table, "items") for row in _rows(table))


def _rows(table: Any) -> Sequence[Any]:
    return [part for item in table.items() for part in item]


def _told(row: Any) -> str:
    return str(attrs.asdict(row, value_serializer=None)) if attrs.has(type(row)) else str(row)


async def test_an_erased_client_leaves_no_canary_in_any_table(office: Office) -> None:
    await arrange(office)
    await arrange_what_came_later(office)
    before = await everything(office)
    assert all(canary in before for canary in (*CANARIES, *TWINS_CANARIES))
    async with office.caller(RITA) as rita:
        answer = await rita.post(f"{ADDRESS}/erase", json={"reason": "they_asked"})
        assert answer.status_code == 200, answer.text
        proof = answer.json()
        assert (proof["client_id"], proof["reason"], proof["erased_by"]) == (str(BEN), "they_asked", f"user:{RITA}")
        assert proof["done"]["clients removed"] == 1
        assert proof["done"]["messages removed"] == 3
        assert proof["done"]["merges removed"] == 1
        assert proof["done"]["answers forgotten"] == 2
        assert not [canary for canary in CANARIES if canary in answer.text]
        after = await everything(office)
        assert not [canary for canary in (*CANARIES, *TWINS_CANARIES) if canary in after]
        assert (await rita.get(ADDRESS)).status_code == 404
        told_again = await rita.post("/api/v1/messages", json=SAID, headers=KEY)
        assert (told_again.status_code, told_again.json()["code"]) == (409, "idempotency_forgotten")
        assert (await rita.post(f"{ADDRESS}/erase", json={"reason": "they_asked"})).status_code == 404
        listed = (await rita.get("/api/v1/clients")).json()["items"]
        assert [one["full_name"] for one in listed] == ["Ana Ruiz"]
    async with office.store.tenant(RITA) as tx:
        actions = [entry.action for entry in await tx.audit.of_subject(BEN)]
        assert actions[-1] == "client.erased"
        assert (await tx.briefings.get(uid(61))).status is BriefingStatus.COMPLETED
        assert (await tx.briefings.get(uid(62))).status is BriefingStatus.CANCELLED


async def test_the_canaries_stand_in_every_table_that_knows_clients(office: Office) -> None:
    """What the test above searches is filled: a new table of a professional is either in it, or known to be none."""
    if not isinstance(office.store, SqlStore):
        pytest.skip("tables are looked at in the database")
    await arrange(office)
    await arrange_what_came_later(office)
    url = office.store._engine.url.render_as_string(hide_password=False)
    empty = set()
    with psycopg.connect(for_psycopg(url), autocommit=True) as connection:
        for name, table in METADATA.tables.items():
            counted = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
            (rows,) = connection.execute(counted).fetchone() or (0,)
            if rows == 0 and "user_id" in table.c:
                empty.add(name)
    assert empty <= NOT_OF_CLIENTS | {"optoutkey", "keptoptout", "suppression"}, "the rest is of opt-outs"


async def test_an_erased_opt_out_holds_when_the_number_comes_back(office: Office) -> None:
    await arrange(office)
    stop = InboundText(provider_sid="SM901", sender=THEIR_NUMBER, recipient=samples.OUR_NUMBER, body="STOP", at=NOON)
    await hear(office.parts, stop)
    async with office.caller(RITA) as rita:
        assert (await rita.delete(ADDRESS)).status_code == 204
        after = await everything(office)
        assert not [canary for canary in CANARIES if canary in after]
        body = {"full_name": "Ben again", "phone": THEIR_NUMBER}
        again = (await rita.post("/api/v1/clients", json=body)).json()
        standing = (await rita.get(f"/api/v1/clients/{again['id']}/standing")).json()
        assert [one["reason"] for one in standing["silences"]] == ["opted_out"]
        assert {one["verdict"] for one in standing["verdicts"]} == {"refuse"}


async def test_an_export_holds_everything_and_nothing_of_others(office: Office) -> None:
    await arrange(office)
    async with office.caller(RITA) as rita:
        answer = await rita.get(f"{ADDRESS}/export")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    counts = {name: len(rows) for name, rows in told.items() if isinstance(rows, list)}
    assert counts == {
        "notes": 2, "facts": 1, "messages": 2, "scheduled": 1, "interactions": 1, "consents": 1, "suppressions": 0,
        "negative_preferences": 1, "briefings": 3, "audit": 3,
    }  # fmt: skip
    assert told["client"]["full_name"] == f"Ben {CANARY}"
    assert told["facts"][0]["value"] == f"{CANARY} wish"
    assert str(uid(11)) not in answer.text
    assert "notes_embedding" not in answer.text


async def test_a_timeline_is_paged_newest_first(office: Office) -> None:
    await arrange(office)
    async with office.caller(RITA) as rita:
        whole = (await rita.get(f"{ADDRESS}/timeline", params={"limit": 100})).json()["items"]
        assert {one["kind"] for one in whole} == {"message", "interaction", "note", "fact", "briefing", "decision"}
        seen: list[Any] = []
        cursor = None
        for _ in range(len(whole)):
            given = {"limit": 3} if cursor is None else {"limit": 3, "cursor": cursor}
            page = (await rita.get(f"{ADDRESS}/timeline", params=given)).json()
            seen += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == whole
        assert [one["at"] for one in whole] == sorted((one["at"] for one in whole), reverse=True)
        other = await rita.get("/api/v1/clients/" + str(uid(11)) + "/timeline", params={"cursor": "abc"})
        assert other.status_code == 422


async def test_a_foreign_client_and_none_answer_alike(office: Office) -> None:
    await arrange(office)
    async with office.caller(TOM) as tom, office.caller(RITA, Scope.CLIENTS_READ) as reader:
        for method, rest, body in (
            ("GET", "/timeline", None),
            ("GET", "/export", None),
            ("POST", "/erase", {"reason": "they_asked"}),
            ("DELETE", "", None),
            ("POST", "/tags", {"tags": ["x"]}),
            ("POST", "/tags/remove", {"tags": ["x"]}),
            ("POST", "/suppress", {}),
            ("POST", "/unsuppress", None),
        ):
            foreign = await tom.request(method, f"{ADDRESS}{rest}", json=body)
            never = await tom.request(method, f"/api/v1/clients/{uid(99)}{rest}", json=body)
            assert (foreign.status_code, foreign.content) == (404, never.content), rest
            narrow = await reader.request(method, f"{ADDRESS}{rest}", json=body)
            assert narrow.status_code == (200 if method == "GET" else 403), rest


async def test_a_silence_of_the_professional_s_is_lifted_by_them_and_a_stop_is_not(office: Office) -> None:
    await arrange(office)
    async with office.caller(RITA) as rita:
        for _ in range(2):
            held = await rita.post(f"{ADDRESS}/suppress", json={"reason": "they_told_me"})
            assert (held.status_code, held.json()["reason"]) == (200, "they_told_me")
        suppressed = (await rita.get("/api/v1/clients", params={"suppressed": True})).json()["items"]
        assert [one["id"] for one in suppressed] == [str(BEN)]
        async with office.store.tenant(RITA) as tx:
            assert (await tx.messages.get(uid(71))).delivery.value == "withheld"
        assert (await rita.post(f"{ADDRESS}/unsuppress")).status_code == 204
        assert (await rita.get(f"{ADDRESS}/standing")).json()["silences"] == []
        assert (await rita.post(f"{ADDRESS}/unsuppress")).status_code == 409
        assert (await rita.post(f"{ADDRESS}/suppress", json={"reason": "opted_out"})).status_code == 422
        async with office.store.tenant(RITA) as tx:
            await tx.suppressions.add(samples.suppression(RITA, 99, reason="opted_out"))
        assert (await rita.post(f"{ADDRESS}/unsuppress")).status_code == 409


async def test_the_standing_tells_the_verdict_for_each_class_of_text(office: Office) -> None:
    await arrange(office)
    async with office.caller(RITA) as rita:
        told = (await rita.get(f"{ADDRESS}/standing")).json()
        verdicts = {one["message_class"]: (one["verdict"], one["reason"]) for one in told["verdicts"]}
        assert set(verdicts) == {"reply", "transactional", "informational", "marketing"}
        assert all(verdict in {"send", "wait"} for verdict, _ in verdicts.values())
        await rita.post(f"{ADDRESS}/consents", json={"kind": "inquiry", "source": "text"})
        told = (await rita.get(f"{ADDRESS}/standing")).json()
        verdicts = {one["message_class"]: (one["verdict"], one["reason"]) for one in told["verdicts"]}
        assert verdicts["marketing"] == ("refuse", "no_consent")
        assert all(one["explanation"] for one in told["verdicts"] if one["verdict"] == "refuse")
        nobody = (await rita.post("/api/v1/clients", json={"full_name": "No Phone"})).json()["id"]
        told = (await rita.get(f"/api/v1/clients/{nobody}/standing")).json()
        assert {(one["verdict"], one["reason"]) for one in told["verdicts"]} == {("refuse", "no_phone")}
