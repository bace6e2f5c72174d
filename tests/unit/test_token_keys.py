"""The keys that sign tokens, and what opaque tokens are made of."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.errors import Misconfigured
from nudge_entrypoints.http.tokens import Kind, Opaque
from nudge_entrypoints.settings import load
from nudge_entrypoints.token_keys import KEY_FILE, token_keys
from tests.samples import uid

KEY = base64.b64encode(b"k" * 32).decode()
SHORT = base64.b64encode(b"k" * 31).decode()


def test_a_machine_makes_a_key_once_and_keeps_it_to_itself(tmp_path: Path) -> None:
    settings = load({"NUDGE_HOME": str(tmp_path / "home")})
    with ThreadPoolExecutor(8) as several:
        made = list(several.map(lambda _: dict(token_keys(settings)), range(8)))
    assert all(one == made[0] for one in made), "processes that start at once have the same key"
    path = tmp_path / "home" / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [KEY_FILE]
    assert dict(token_keys(settings)) == made[0]
    (key,) = made[0].values()
    assert len(key) == 32
    other = token_keys(load({"NUDGE_HOME": str(tmp_path / "other")}))
    assert key not in other.values()


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    settings = load({"NUDGE_HOME": str(tmp_path)})
    token_keys(settings)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(Misconfigured, match="600"):
        token_keys(settings)


def test_a_file_without_keys_is_refused_without_being_shown(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text("not a key at all")
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(Misconfigured) as caught:
        token_keys(load({"NUDGE_HOME": str(tmp_path)}))
    assert "not a key" not in str(caught.value).replace("not keys", "")


def test_keys_of_the_settings_come_first_and_in_order(tmp_path: Path) -> None:
    second = base64.b64encode(b"l" * 40).decode()
    settings = load({"NUDGE_HOME": str(tmp_path), "NUDGE_TOKEN_KEYS": f"2027:{second}, 2026:{KEY}"})
    assert list(token_keys(settings).items()) == [("2027", b"l" * 40), ("2026", b"k" * 32)]
    assert not (tmp_path / KEY_FILE).exists()
    assert "kkkk" not in repr(settings)


@pytest.mark.parametrize(
    "keys", ["a", f"a:{SHORT}", f":{KEY}", f"a:{KEY},a:{KEY}", f"../a:{KEY}", f"a b:{KEY}", "a:!!", f"a:{KEY},", "é:é"]
)
def test_keys_that_cannot_sign_are_named_without_being_shown(tmp_path: Path, keys: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load({"NUDGE_HOME": str(tmp_path), "NUDGE_TOKEN_KEYS": keys})
    assert caught.value.problems == ("NUDGE_TOKEN_KEYS: id:base64 of 32 bytes or more, comma separated",)


@given(st.sampled_from(Kind), st.text(max_size=120))
def test_what_is_no_opaque_token_is_read_as_none(kind: Kind, text: str) -> None:
    assert Opaque.read(kind, text) is None
    assert Opaque.read(kind, kind.value + text) is None


@given(st.sampled_from(Kind), st.data())
def test_an_opaque_token_is_read_back_and_a_changed_one_is_not_it(kind: Kind, data: st.DataObject) -> None:
    drawn = Opaque.draw(kind, uid(1))
    assert Opaque.read(kind, drawn.text) == drawn
    other = next(one for one in Kind if one is not kind)
    assert Opaque.read(other, drawn.text) is None
    at = data.draw(st.integers(len(kind.value), len(drawn.text) - 1))
    letter = data.draw(st.sampled_from("Aa0_-="))
    changed = drawn.text[:at] + letter + drawn.text[at + 1 :]
    read = Opaque.read(kind, changed)
    assert changed == drawn.text or read is None or read != drawn


def test_a_secret_is_in_no_repr_and_not_in_the_prefix() -> None:
    one, two = Opaque.draw(Kind.API_KEY, uid(1)), Opaque.draw(Kind.API_KEY, uid(1))
    assert one.secret != two.secret
    assert one.is_secret_of(one.secret_hash)
    assert not one.is_secret_of(two.secret_hash)
    assert str(one.secret) not in repr(one)
    assert one.text not in repr(one)
    same_id = Opaque(kind=Kind.API_KEY, id=one.id, user_id=uid(2), secret=two.secret)
    assert same_id.prefix == one.prefix, "it says nothing of the secret, nor of the owner"
    assert one.prefix != two.prefix
