"""What every embedder promises. An author of a new one inherits `EmbedderContract` and gives it an `embedder` fixture.

The promises are those of `nudge_core.ports.services.Embedder`; they say nothing of how good the vectors are.
"""

from __future__ import annotations

import numpy as np
import pytest

from nudge_core.ports import Embedder

TEXTS = (
    "Three bedrooms near the park, garage for two cars.",
    "She would like a garden and a quiet street.",
    "The office is on the fourth floor.",
    "Três quartos e uma varanda, por favor. 寝室が三つ。",
    "a",
)


class EmbedderContract:
    """EMB-01 to EMB-08."""

    async def test_emb_01_one_vector_per_text(self, embedder: Embedder) -> None:
        assert len(await embedder.embed(TEXTS)) == len(TEXTS)
        assert list(await embedder.embed([])) == []

    async def test_emb_02_in_order(self, embedder: Embedder) -> None:
        forwards, backwards = await embedder.embed(TEXTS), await embedder.embed(TEXTS[::-1])
        assert list(forwards) == list(backwards)[::-1]
        assert len({vector.values.tobytes() for vector in forwards[:3] if vector}) == 3

    async def test_emb_03_a_text_does_not_depend_on_its_company(self, embedder: Embedder) -> None:
        together = await embedder.embed(TEXTS)
        alone = [(await embedder.embed([text]))[0] for text in TEXTS]
        for one, other in zip(together, alone, strict=True):
            assert one is not None
            assert other is not None
            assert one.values == pytest.approx(other.values, abs=1e-5)

    @pytest.mark.parametrize("nothing", ["", "   \n\t "])
    async def test_emb_04_none_for_a_text_that_says_nothing(self, embedder: Embedder, nothing: str) -> None:
        first, second, third = await embedder.embed([TEXTS[0], nothing, TEXTS[1]])
        assert second is None
        assert first is not None
        assert third is not None

    async def test_emb_05_the_same_text_gives_the_same_vector(self, embedder: Embedder) -> None:
        assert list(await embedder.embed(TEXTS)) == list(await embedder.embed(TEXTS))

    async def test_emb_06_of_length_one(self, embedder: Embedder) -> None:
        for vector in await embedder.embed(TEXTS):
            assert vector is not None
            assert float(np.linalg.norm(vector.values.astype(np.float64))) == pytest.approx(1.0, abs=1e-6)

    async def test_emb_07_model_and_dimension_stand_beside_every_vector(self, embedder: Embedder) -> None:
        assert embedder.model_id
        assert embedder.dim > 0
        for vector in await embedder.embed(TEXTS):
            assert vector is not None
            assert (vector.model_id, vector.dim) == (embedder.model_id, embedder.dim)

    async def test_emb_08_it_answers(self, embedder: Embedder) -> None:
        assert "\n" not in await embedder.ping()
