"""Vectors of meaning from OpenAI's embeddings endpoint, or any server that speaks it.

Texts go in batches that keep to the service's limits whatever they say: a token is at least one byte of UTF-8, so a
bound on bytes is one on tokens. A text too long for one input is cut into pieces; its vector is the mean of theirs,
weighed by their length. Source: `messaging.md` 14.2 (2,048 inputs and 300,000 tokens a request, 8,192 an input).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from nudge_adapters.openai_service import BASE_URL, SERVICE, TIMEOUT_S, asking, build_client, setting_problems
from nudge_core.errors import Misconfigured, Unavailable
from nudge_core.model.secret import Secret
from nudge_core.model.vector import Vector

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

MODEL = "text-embedding-3-small"
DIM = 512
"""Of 1,536: this model is made to be cut, and a third of the values is 2.7 times faster (`performance.md` 3.5)."""

INPUT_BYTES = 8_000
REQUEST_BYTES = 280_000
REQUEST_INPUTS = 2_048

_INCOMPLETE = "what came back is not one vector of the asked size per text"


@frozen(kw_only=True)
class OpenAiEmbedderSettings:
    """How to reach the model. `dim`: how many values to ask for. `timeout_s`: for one request."""

    api_key: Secret
    model: str = MODEL
    dim: int = DIM
    base_url: str = BASE_URL
    timeout_s: float = TIMEOUT_S


@frozen
class _Piece:
    """A part of the text with this number, and its share of it in bytes."""

    text: str = field(repr=False)
    number: int
    size: int


@frozen
class OpenAiEmbedder:
    """Asks a service for vectors, many texts a request."""

    client: AsyncOpenAI = field(repr=False)
    settings: OpenAiEmbedderSettings

    @property
    def model_id(self) -> str:
        """Model and number of values: vectors of another number are never compared with these."""
        return f"{SERVICE}:{self.settings.model}:{self.settings.dim}"

    @property
    def dim(self) -> int:
        """Number of values of every vector."""
        return self.settings.dim

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector | None]:
        """Return one vector per text, in order; None for a text of blanks.

        Raises:
            Unavailable: no answer in time, a rate limit, an outage, or an answer that is not complete.
            Refused: the service says no (`unauthorised`, `quota`, `bad_request`).
        """
        sums: dict[int, NDArray[np.float64]] = {}
        for batch in _batches(_pieces(texts)):
            for piece, values in zip(batch, await self._ask([piece.text for piece in batch]), strict=True):
                weighed = values * piece.size
                sums[piece.number] = sums[piece.number] + weighed if piece.number in sums else weighed
        return [Vector(sums[n], self.model_id) if n in sums and sums[n].any() else None for n in range(len(texts))]

    async def _ask(self, texts: list[str]) -> list[NDArray[np.float64]]:
        try:
            async with asking(self.settings.timeout_s):
                answer = await self.client.embeddings.create(
                    model=self.settings.model, input=texts, dimensions=self.dim
                )
            found = {one.index: np.asarray(one.embedding, dtype=np.float64) for one in answer.data}
        except ValueError as error:  # the SDK's own word for an answer without vectors
            raise Unavailable(SERVICE, _INCOMPLETE) from error
        whole = sorted(found) == list(range(len(texts)))
        if not whole or any(one.shape != (self.dim,) or not np.isfinite(one).all() for one in found.values()):
            raise Unavailable(SERVICE, _INCOMPLETE)
        return [found[number] for number in range(len(texts))]

    async def ping(self) -> str:
        """Return one line that says what answered. Raises Unavailable or Refused; costs nothing."""
        async with asking(self.settings.timeout_s):
            await self.client.models.retrieve(self.settings.model)
        return f"{self.settings.model} ({self.dim} values) at {self.client.base_url.host}"

    async def aclose(self) -> None:
        """Give back connections."""
        await self.client.close()


def build_openai_embedder(
    settings: OpenAiEmbedderSettings, transport: httpx2.AsyncBaseTransport | None = None
) -> OpenAiEmbedder:
    """Return an embedder. `transport`: for tests without a network.

    Raises:
        Misconfigured: a setting is unusable; every such setting is named.
    """
    problems = setting_problems("openai_embedder", settings.model, settings.base_url, settings.timeout_s)
    if settings.dim < 1:
        problems.append("openai_embedder.dim: at least 1")
    if problems:
        raise Misconfigured(problems)
    return OpenAiEmbedder(build_client(settings.api_key, settings.base_url, settings.timeout_s, transport), settings)


def _pieces(texts: Sequence[str]) -> Iterator[_Piece]:
    """Cut the texts that say something into pieces of at most `INPUT_BYTES`, of about equal length."""
    for number, text in enumerate(texts):
        plain = " ".join(text.split())
        size = len(plain.encode())
        count = math.ceil(4 * size / INPUT_BYTES) if size > INPUT_BYTES else 1  # a character is at most 4 bytes
        step = math.ceil(len(plain) / count) if plain else 1
        for start in range(0, len(plain), step):
            piece = plain[start : start + step]
            yield _Piece(piece, number, len(piece.encode()))


def _batches(pieces: Iterator[_Piece]) -> Iterator[list[_Piece]]:
    batch: list[_Piece] = []
    size = 0
    for piece in pieces:
        if batch and (len(batch) == REQUEST_INPUTS or size + piece.size > REQUEST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(piece)
        size += piece.size
    if batch:
        yield batch
