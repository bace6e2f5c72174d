"""The embedders keep their promises; the local one means something, and refuses files it does not know."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from nudge_adapters.embeddings import local
from nudge_adapters.embeddings.hashing import HashingEmbedder
from nudge_adapters.embeddings.local import LocalEmbedder, build_local_embedder, neutral_sentences
from nudge_core.errors import Misconfigured
from tests.contracts.embedder_contract import EmbedderContract

needs_wordllama = pytest.mark.skipif(
    importlib.util.find_spec("wordllama") is None, reason="the extra local-embedder (wordllama) is not installed"
)


class TestHashingEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> HashingEmbedder:
        return HashingEmbedder()

    def test_it_says_what_it_is_for(self, embedder: HashingEmbedder) -> None:
        assert embedder.model_id.endswith("for-tests")


@pytest.fixture(scope="module")
def loaded() -> LocalEmbedder:
    return build_local_embedder()


@needs_wordllama
class TestLocalEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, loaded: LocalEmbedder) -> LocalEmbedder:
        return loaded

    async def test_like_texts_lie_closer_than_unlike_ones(self, embedder: LocalEmbedder) -> None:
        texts = {
            "She would love a swimming pool for the hot months.": "Sparkling in-ground pool with a shaded deck.",
            "He works from home and needs a quiet room for his desk.": "Dedicated home office with built-in shelves.",
            "They want to be on the water with a boat.": "Lakefront lot with a private dock and a boat lift.",
        }
        notes = await embedder.embed(list(texts))
        remarks = await embedder.embed(list(texts.values()))
        for place, note in enumerate(notes):
            assert note is not None
            cosines = [note.cosine(remark) for remark in remarks if remark is not None]
            assert max(cosines) == cosines[place]

    async def test_capitals_make_no_difference(self, embedder: LocalEmbedder) -> None:
        small, large = await embedder.embed(["a quiet street", "A QUIET STREET"])
        assert small == large

    def test_the_name_of_the_model_follows_the_sentences(self, embedder: LocalEmbedder) -> None:
        assert len(neutral_sentences()) == 100
        assert embedder.model_id == "wordllama-l2-supercat-256-lower-centred-" + embedder.model_id[-8:]
        assert build_local_embedder().model_id == embedder.model_id

    def test_a_changed_file_is_refused(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "weights").mkdir()
        (tmp_path / local.WEIGHTS).write_bytes(b"something else")
        monkeypatch.setattr(local, "_folder", lambda: tmp_path)
        with pytest.raises(Misconfigured) as refused:
            build_local_embedder()
        assert len(refused.value.problems) == 2
        assert "sha256" in refused.value.problems[0]

    def test_neither_the_package_nor_a_network_is_touched(self) -> None:
        """In a fresh interpreter, with the package's own loader never imported."""
        code = (
            "import sys, asyncio\n"
            "from nudge_adapters.embeddings.local import build_local_embedder\n"
            "assert 'tokenizers' not in sys.modules and 'safetensors' not in sys.modules\n"
            "asyncio.run(build_local_embedder().embed(['a']))\n"
            "assert not {'wordllama', 'requests', 'huggingface_hub'} & set(sys.modules)\n"
        )
        subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "PACKAGE", "no_such_package_here")
    with pytest.raises(Misconfigured, match="local-embedder"):
        build_local_embedder()
