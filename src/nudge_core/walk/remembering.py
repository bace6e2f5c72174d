"""An embedder that asks for each public text once: a listing concerns a thousand books, and its text is one."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from nudge_core.model.vector import Vector, digest_of
from nudge_core.ports import Embedder, Store


@frozen
class RememberingEmbedder:
    """Looks up before it asks, and keeps what it was told. For public texts only: they are kept for everybody.

    No transaction is open while the embedder is asked.
    """

    store: Store
    embedder: Embedder

    @property
    def model_id(self) -> str:
        """Model and version of the embedder behind it."""
        return self.embedder.model_id

    @property
    def dim(self) -> int:
        """Number of values of every vector."""
        return self.embedder.dim

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector | None]:
        """Return one vector per text, in order; None for a text that has none. Raises what the embedder raises."""
        digests = {digest_of(text): text for text in texts if text.strip()}
        async with self.store.system() as tx:
            known = dict(await tx.meanings.of(self.model_id, digests))
        unknown = {digest: text for digest, text in digests.items() if digest not in known}
        if unknown:
            made = await self.embedder.embed(list(unknown.values()))
            new = {digest: vector for digest, vector in zip(unknown, made, strict=True) if vector is not None}
            async with self.store.system() as tx:
                await tx.meanings.keep(new)
            known |= new
        return [known.get(digest_of(text)) for text in texts]

    async def ping(self) -> str:
        """Return one line that says what answered behind it, or raise."""
        return await self.embedder.ping()

    async def aclose(self) -> None:
        """Nothing of its own to give back."""
