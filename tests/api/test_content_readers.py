"""Whom a link is for, over HTTP: with evidence, without those of whom nothing is known, and nobody else's clients."""

from __future__ import annotations

from attrs import evolve

from nudge_adapters.embeddings.hashing import HashingEmbedder
from nudge_core.errors import Unavailable
from nudge_core.model.client import Client
from nudge_core.model.resource import ResourceStatus
from nudge_core.walk.readership import readers_of, topic
from tests import samples
from tests.api.asking import assert_foreign_is_random
from tests.api.office import RITA, TOM, Office
from tests.samples import uid

READERS = f"/api/v1/content-resources/{uid(1)}/readers"
MONEY = "A budget shows where the wages go and which debt to pay first"
SLEEP = "A dark room and an early night help tired people sleep through"


class NoEmbedder(HashingEmbedder):
    """An embedder that is out of order."""

    async def embed(self, texts: object) -> list[None]:
        """Fail."""
        raise Unavailable("embedder", "out of order")


def _client(number: int, **changes: object) -> Client:
    return samples.client(RITA, number, full_name=f"Client {number}", phone=None, **changes)


async def _fill(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        for n in range(1, 13):
            await tx.contents.add(
                samples.content(RITA, n, title=f"Money {n}", description=MONEY, categories=("Money",))
            )
        for n in range(13, 25):
            await tx.contents.add(samples.content(RITA, n, title=f"Rest {n}", description=SLEEP, categories=("Sleep",)))
        await tx.clients.add(
            [
                _client(31, notes="Likes dogs."),
                _client(
                    32,
                    notes="Met. A budget shows where the wages go and which debt to pay first.",
                ),
                _client(33, notes="", user_tags=("MONEY",)),
                _client(34, notes=" "),
                _client(35, notes="tired, sleeps badly", user_tags=("sleep",)),
            ]
        )


async def test_readers_come_with_their_evidence(office: Office) -> None:
    await _fill(office)
    async with office.caller() as rita:
        items = (await rita.get(READERS)).json()["items"]
        assert {item["client_id"] for item in items} == {str(uid(n)) for n in (31, 32, 33, 35)}
        by_name = {item["full_name"]: item for item in items}
        assert [item["full_name"] for item in items][:2] in (["Client 32", "Client 33"], ["Client 33", "Client 32"])
        guessed, stated = by_name["Client 32"], by_name["Client 33"]
        assert guessed["phrase"] == f"{MONEY}."
        assert "budget" in guessed["words"]
        assert guessed["proposed"]
        assert [(one["topic"], one["stated"]) for one in guessed["meant"]] == [("money", False)]
        assert (stated["meant"][0]["topic"], stated["meant"][0]["chance"], stated["meant"][0]["stated"]) == (
            "money",
            1.0,
            True,
        )
        assert not by_name["Client 31"]["proposed"]
        assert not by_name["Client 35"]["proposed"]
        assert len((await rita.get(READERS, params={"limit": 1})).json()["items"]) == 1
        assert (await rita.get(READERS, params={"limit": 101})).status_code == 400


async def test_meaning_joins_in_where_the_book_has_it_and_is_missed_where_it_fails(office: Office) -> None:
    await _fill(office)
    embedder = HashingEmbedder()
    vector = (await embedder.embed(["wages and debt"]))[0]
    async with office.store.tenant(RITA) as tx:
        assert await tx.clients.describe(uid(31), "Likes dogs.", vector)
    plain = await readers_of(office.parts, RITA, uid(1), 10)
    with_meaning = await readers_of(evolve(office.parts, embedder=embedder), RITA, uid(1), 10)
    failing = await readers_of(evolve(office.parts, embedder=NoEmbedder()), RITA, uid(1), 10)
    near = {reader.client.id: reader.near for reader in with_meaning}
    assert near[uid(31)] > {reader.client.id: reader.near for reader in plain}[uid(31)]
    assert failing == plain


async def test_an_archived_link_teaches_nothing(office: Office) -> None:
    await _fill(office)
    before = await readers_of(office.parts, RITA, uid(1), 10)
    assert before[0].meant
    async with office.store.tenant(RITA) as tx:
        for n in range(2, 25):
            content = await tx.contents.get(uid(n))
            await tx.contents.save(evolve(content, status=ResourceStatus.ARCHIVED))
    after = await readers_of(office.parts, RITA, uid(1), 10)
    assert [reason.stated for reader in after for reason in reader.meant] == [True], "one link proves nothing"


async def test_somebody_else_s_link_has_no_readers(office: Office) -> None:
    await _fill(office)
    await assert_foreign_is_random(office, "GET", "/content-resources/{id}/readers", uid(1))
    async with office.store.tenant(TOM) as tx:
        await tx.contents.add(samples.content(TOM, 90, title="Money", description=MONEY, categories=("money",)))
    async with office.caller(TOM) as tom:
        assert (await tom.get(f"/api/v1/content-resources/{uid(90)}/readers")).json() == {"items": []}


def test_tags_that_differ_in_writing_are_one_topic() -> None:
    assert topic("Self-Esteem") == topic("self_esteem ") == topic("SELF  ESTEEM")
