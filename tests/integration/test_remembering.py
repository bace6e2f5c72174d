"""A public text is paid for once, whoever asks; what an embedder could not do is not remembered."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from attrs import define, field

from nudge_adapters.embeddings.hashing import HashingEmbedder
from nudge_adapters.memory import MemoryStore
from nudge_core.errors import Unavailable
from nudge_core.model.vector import Vector
from nudge_core.ports import Store
from nudge_core.walk.remembering import RememberingEmbedder
from tests.samples import CountingIds, SteppingClock, later


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest, clock: SteppingClock) -> Store:
    """A store of either kind, empty."""
    if request.param == "memory":
        return MemoryStore(clock, CountingIds(1))
    found: Store = request.getfixturevalue("sql_store")
    return found


@define
class Counting:
    """An embedder that remembers what it was asked, and is away when told to be."""

    dim: int = 32
    asked: list[str] = field(factory=list)
    away: bool = False

    @property
    def model_id(self) -> str:
        return f"counting-{self.dim}"

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector | None]:
        if self.away:
            raise Unavailable("embedder", "it is away")
        self.asked += texts
        made = await HashingEmbedder(self.dim).embed(texts)
        return [None if one is None else Vector(one.values, self.model_id) for one in made]

    async def ping(self) -> str:
        return "counting"

    async def aclose(self) -> None:
        """Nothing to give back."""


async def test_each_text_is_asked_for_once_for_everybody(store: Store) -> None:
    behind = Counting()
    first, second = RememberingEmbedder(store, behind), RememberingEmbedder(store, behind)
    texts = ["a garden", "", "a garage", "a  garden", "..."]
    told = await first.embed(texts)
    assert list(told) == list(await Counting().embed(texts))
    assert list(await second.embed([*texts, "a view"])) == list(await Counting().embed([*texts, "a view"]))
    asked = [" ".join(one.split()) for one in behind.asked if one != "..."]
    assert asked == ["a garden", "a garage", "a view"]


async def test_another_model_is_another_vector(store: Store) -> None:
    await RememberingEmbedder(store, Counting(32)).embed(["a garden"])
    other = Counting(16)
    (vector,) = await RememberingEmbedder(store, other).embed(["a garden"])
    assert vector is not None
    assert (vector.dim, other.asked) == (16, ["a garden"])


async def test_a_failure_is_told_and_not_kept(store: Store) -> None:
    behind = Counting()
    embedder = RememberingEmbedder(store, behind)
    behind.away = True
    with pytest.raises(Unavailable):
        await embedder.embed(["a garden"])
    behind.away = False
    assert (await embedder.embed(["a garden"]))[0] is not None


async def test_what_is_old_is_forgotten(store: Store, clock: SteppingClock) -> None:
    behind = Counting()
    embedder = RememberingEmbedder(store, behind)
    await embedder.embed(["a garden"])
    clock.forward(60)
    await embedder.embed(["a garage"])
    async with store.system() as tx:
        assert await tx.meanings.forget_before(later(30)) == 1
    await embedder.embed(["a garden", "a garage"])
    assert behind.asked == ["a garden", "a garage", "a garden"]
