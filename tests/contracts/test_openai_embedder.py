"""The OpenAI embedder keeps the promises of an embedder, against a server that speaks the protocol over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from nudge_adapters.embeddings.hashing import HashingEmbedder
from nudge_adapters.embeddings.openai import (
    INPUT_BYTES,
    REQUEST_BYTES,
    REQUEST_INPUTS,
    OpenAiEmbedder,
    OpenAiEmbedderSettings,
    _batches,
    _pieces,
    build_openai_embedder,
)
from nudge_core.errors import Misconfigured, Refused, Unavailable
from nudge_core.model.secret import Secret
from tests.contracts.embedder_contract import EmbedderContract
from tests.peers.embeddings_api import KEY, EmbeddingsPeer, embeddings_api, vector_of, whole

DIM = 64


@pytest.fixture
def peer() -> Iterator[EmbeddingsPeer]:
    with embeddings_api() as running:
        yield running


@pytest.fixture
async def embedder(peer: EmbeddingsPeer) -> AsyncIterator[OpenAiEmbedder]:
    settings = OpenAiEmbedderSettings(
        api_key=Secret(KEY), model="stand-in", dim=DIM, base_url=peer.base_url, timeout_s=10
    )
    built = build_openai_embedder(settings)
    yield built
    await built.aclose()


@pytest.mark.enable_socket
class TestOpenAiEmbedder(EmbedderContract):
    async def test_the_number_of_values_is_part_of_the_model(self, embedder: OpenAiEmbedder) -> None:
        assert embedder.model_id == f"openai:stand-in:{DIM}"

    async def test_many_texts_are_few_requests_within_the_limits(
        self, embedder: OpenAiEmbedder, peer: EmbeddingsPeer
    ) -> None:
        texts = [f"note {number} " + "garden " * 20 for number in range(3_000)]
        vectors = await embedder.embed(texts)
        assert len(vectors) == len(texts)
        assert sum(peer.sizes) == len(texts)
        assert len(peer.sizes) == 2, "bytes bound the first request, the rest is the second"

    async def test_the_order_of_an_answer_does_not_matter(self, embedder: OpenAiEmbedder, peer: EmbeddingsPeer) -> None:
        straight = await embedder.embed(["a garden", "a garage", "a view"])
        peer.shuffled = True
        assert await embedder.embed(["a garden", "a garage", "a view"]) == straight

    async def test_a_long_text_is_the_mean_of_its_pieces(self, embedder: OpenAiEmbedder, peer: EmbeddingsPeer) -> None:
        long = "寝室が三つ。 garden " * 1_000
        (vector,) = await embedder.embed([long])
        assert len(peer.texts) > 1
        assert "".join(peer.texts) == " ".join(long.split())
        assert vector is not None
        mean = np.zeros(DIM)
        for piece in peer.texts:
            mean += HashingEmbedder(DIM)._vector(piece).values * len(piece.encode())  # type: ignore[union-attr]  # words
        assert vector.values == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)

    @pytest.mark.parametrize(
        ("status", "code", "error"),
        [
            (401, "invalid_api_key", Refused),
            (429, "insufficient_quota", Refused),
            (429, "slow_down", Unavailable),
            (500, None, Unavailable),
            (400, "too_large", Refused),
        ],
    )
    async def test_a_no_is_told_from_a_not_now(
        self, embedder: OpenAiEmbedder, peer: EmbeddingsPeer, status: int, code: str | None, error: type[Exception]
    ) -> None:
        peer.instead = lambda _: (status, {"error": {"message": "You said: her notes", "type": "x", "code": code}})
        with pytest.raises(error) as raised:
            await embedder.embed(["her notes"])
        assert "notes" not in str(raised.value)
        assert len(peer.sizes) == 1, "nothing is asked twice"
        if code == "slow_down":
            assert isinstance(raised.value, Unavailable)
            assert raised.value.retry_after_s == 7

    async def test_an_answer_that_is_not_complete_is_no_answer(
        self, embedder: OpenAiEmbedder, peer: EmbeddingsPeer
    ) -> None:
        one, short = vector_of(0, "a", DIM), vector_of(1, "b", DIM - 1)
        for data in ([one], [one, one], [one, short], []):
            peer.instead = lambda _, data=data: (200, whole(data))
            with pytest.raises(Unavailable):
                await embedder.embed(["a", "b"])

    async def test_nobody_is_asked_about_nothing(self, embedder: OpenAiEmbedder, peer: EmbeddingsPeer) -> None:
        assert await embedder.embed(["", "  "]) == [None, None]
        assert peer.sizes == []


@given(st.lists(st.text(max_size=400).map(lambda text: text * 60), max_size=30))
def test_pieces_and_batches_keep_to_the_limits_and_lose_nothing(texts: list[str]) -> None:
    batches = list(_batches(_pieces(texts)))
    for batch in batches:
        assert 1 <= len(batch) <= REQUEST_INPUTS
        assert sum(len(piece.text.encode()) for piece in batch) <= REQUEST_BYTES
        assert all(1 <= len(piece.text.encode()) <= INPUT_BYTES for piece in batch)
    for number, text in enumerate(texts):
        told = "".join(piece.text for batch in batches for piece in batch if piece.number == number)
        assert told == " ".join(text.split())


def test_every_unusable_setting_is_named() -> None:
    settings = OpenAiEmbedderSettings(api_key=Secret(KEY), model="", dim=0, base_url="ftp://x", timeout_s=0)
    with pytest.raises(Misconfigured) as refused:
        build_openai_embedder(settings)
    assert len(refused.value.problems) == 4
    assert KEY not in repr(evolve(settings, model="x"))
