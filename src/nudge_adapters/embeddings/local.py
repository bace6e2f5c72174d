"""Vectors of meaning without a network: a table of word vectors, read from the installed package `wordllama`.

The vector of a text is the mean of the rows of its tokens, lower-cased, less the mean of texts in general, normalised.
Without the last step all texts point the same way and every cosine is high: what is common to texts tells nothing of
one. The mean is taken, when the table is loaded, over `neutral_sentences.txt`, which are our own words.

The package itself is never imported: it configures logging on import, and its own loader asks a hub for a file that is
already here. Its files are read where they lie, and only if they are the ones this was measured with.
Source: `packages.md` 8.3 point 1.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from nudge_core.errors import Misconfigured
from nudge_core.model.vector import Vector

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PACKAGE = "wordllama"
WEIGHTS = "weights/l2_supercat_256.safetensors"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
SHA256 = {
    WEIGHTS: "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
    TOKENIZER: "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
}
"""Of the files in wordllama 0.4.0.post1."""

TABLE = "embedding.weight"
DIM = 256
UNKNOWN_TOKEN = 0
BATCH = 1_000  # texts turned into tokens at once: bounds the memory
SENTENCES = "neutral_sentences.txt"


@frozen
class LocalEmbedder:
    """A table of shape (tokens, 256), float16, and the tokenizer that goes with it. `centre`: shape (256,) float32."""

    model_id: str
    _tokenizer: Tokenizer = field(repr=False)
    _table: NDArray[np.float16] = field(repr=False)
    _centre: NDArray[np.float32] = field(repr=False)

    @property
    def dim(self) -> int:
        """Number of values of every vector."""
        return DIM

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector | None]:
        """Return one vector per text, in order; None for a text without a known token."""
        vectors: list[Vector | None] = []
        for start in range(0, len(texts), BATCH):
            vectors += await asyncio.to_thread(self._vectors, texts[start : start + BATCH])
        return vectors

    async def ping(self) -> str:
        """Return one line that says what is loaded."""
        return f"{len(self._table):,} tokens of {self.model_id}"

    async def aclose(self) -> None:
        """Nothing to give back."""

    def _vectors(self, texts: Sequence[str]) -> list[Vector | None]:
        return [self._vector(mean) for mean in _means(self._tokenizer, self._table, texts)]

    def _vector(self, mean: NDArray[np.float32] | None) -> Vector | None:
        if mean is None:
            return None
        values = mean - self._centre
        return Vector(values, self.model_id) if values.any() else None


def build_local_embedder() -> LocalEmbedder:
    """Load the table: 0.2 s and 20 MB.

    Raises:
        Misconfigured: the extra `local-embedder` is not installed, or its files are not those this was measured with.
    """
    folder = _folder()
    problems = [problem for name, digest in SHA256.items() if (problem := _problem(folder / name, digest))]
    if problems:
        raise Misconfigured(problems)
    try:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer
    except ImportError as error:
        raise Misconfigured(["NUDGE_EMBEDDER=local needs the extra: pip install 'nudge[local-embedder]'"]) from error
    tokenizer: Any = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    table = load_file(folder / WEIGHTS)[TABLE]
    sentences = neutral_sentences()
    digest = hashlib.sha256("\n".join(sentences).encode()).hexdigest()[:8]
    means = [mean for mean in _means(tokenizer, table, sentences) if mean is not None]
    centre: NDArray[np.float32] = np.mean(means, axis=0, dtype=np.float32)
    return LocalEmbedder(f"wordllama-l2-supercat-{DIM}-lower-centred-{digest}", tokenizer, table, centre)


def neutral_sentences() -> list[str]:
    """Return the sentences whose mean is taken off: short, plain, about homes, people, work and days."""
    text = resources.files("nudge_adapters.embeddings").joinpath(SENTENCES).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _means(tokenizer: Tokenizer, table: NDArray[np.float16], texts: Sequence[str]) -> list[NDArray[np.float32] | None]:
    """Return the mean row of each text's tokens, of length 1; None for a text without a known token."""
    plain = [" ".join(text.lower().split()) for text in texts]  # blanks are tokens too, and mean nothing
    encoded = tokenizer.encode_batch(plain, add_special_tokens=False)
    return [_mean(table, [number for number in text.ids if number != UNKNOWN_TOKEN]) for text in encoded]


def _mean(table: NDArray[np.float16], tokens: Sequence[int]) -> NDArray[np.float32] | None:
    if not tokens:
        return None
    mean: NDArray[np.float32] = table[list(tokens)].astype(np.float32).mean(axis=0)
    length = float(np.linalg.norm(mean))
    return (mean / np.float32(length)).astype(np.float32) if length > 0 else None


def _folder() -> Path:
    found = importlib.util.find_spec(PACKAGE)  # a top-level name: found without importing it
    if found is None or not found.submodule_search_locations:
        raise Misconfigured(["NUDGE_EMBEDDER=local needs the extra: pip install 'nudge[local-embedder]'"])
    return Path(found.submodule_search_locations[0])


def _problem(path: Path, digest: str) -> str | None:
    if not path.is_file():
        return f"{PACKAGE} has no {path.name}: another version than 0.4.0.post1 is installed"
    if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        return f"{PACKAGE}'s {path.name} is not the file this was measured with (sha256): install 0.4.0.post1"
    return None
