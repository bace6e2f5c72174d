"""Secrets at rest: bound to their place, readable by the keys of the ring, and by nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_adapters.sql.encryption import Keyring, Place, key_of, needed
from nudge_core.errors import Misconfigured
from nudge_core.model.secret import Secret
from tests.samples import uid

OLD, NEW = b"o" * 32, b"n" * 32
HERE = Place(table="user", column="mls_password", user_id=uid(1), row_id=uid(1))


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_what_is_encrypted_decrypts_in_its_place(text: str) -> None:
    ring = Keyring({"a": OLD}, "a")
    stored = ring.encrypt(Secret(text), HERE)
    assert ring.decrypt(stored, HERE).reveal() == text
    assert len(text) < 4 or text not in stored


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place(table="other", column="mls_password", user_id=uid(1), row_id=uid(1)),
        Place(table="user", column="mls_username", user_id=uid(1), row_id=uid(1)),
        Place(table="user", column="mls_password", user_id=uid(2), row_id=uid(1)),
        Place(table="user", column="mls_password", user_id=uid(1), row_id=uid(2)),
    ],
)
def test_moved_elsewhere_it_does_not_decrypt(elsewhere: Place) -> None:
    ring = Keyring({"a": OLD}, "a")
    with pytest.raises(Misconfigured, match="changed or moved"):
        ring.decrypt(ring.encrypt(Secret("hunter2"), HERE), elsewhere)


@pytest.mark.parametrize("spoil", [lambda s: s[:-6] + "AAAA==", lambda s: "a:", lambda s: "a:%%%", lambda s: s[:12]])
def test_changed_it_does_not_decrypt_and_the_error_tells_nothing(spoil: object) -> None:
    ring = Keyring({"a": OLD}, "a")
    stored = ring.encrypt(Secret("hunter2"), HERE)
    with pytest.raises(Misconfigured) as caught:
        ring.decrypt(spoil(stored), HERE)  # type: ignore[operator]
    assert "hunter2" not in str(caught.value)
    assert stored.partition(":")[2] not in str(caught.value)


def test_two_keys_read_and_the_current_one_writes() -> None:
    before = Keyring({"old": OLD}, "old").encrypt(Secret("hunter2"), HERE)
    ring = Keyring({"old": OLD, "new": NEW}, "new")
    assert ring.decrypt(before, HERE) == Secret("hunter2")
    assert (key_of(before), key_of(ring.encrypt(Secret("hunter2"), HERE))) == ("old", "new")
    with pytest.raises(Misconfigured, match="'old'"):
        Keyring({"new": NEW}, "new").decrypt(before, HERE)


def test_another_key_under_the_same_name_does_not_decrypt() -> None:
    stored = Keyring({"a": OLD}, "a").encrypt(Secret("hunter2"), HERE)
    with pytest.raises(Misconfigured, match="does not decrypt"):
        Keyring({"a": NEW}, "a").decrypt(stored, HERE)


def test_the_same_secret_is_never_stored_as_the_same_text() -> None:
    ring = Keyring({"a": OLD}, "a")
    assert len({ring.encrypt(Secret("hunter2"), HERE) for _ in range(50)}) == 50


def test_a_ring_that_cannot_work_lists_everything_that_is_wrong() -> None:
    with pytest.raises(Misconfigured) as caught:
        Keyring({"a:b": OLD, "short": b"x", "": NEW}, "a:b")
    assert len(caught.value.problems) == 3
    with pytest.raises(Misconfigured, match="not among"):
        Keyring({"a": OLD}, "b")
    with pytest.raises(Misconfigured, match="none are configured"):
        needed(None)


def test_a_keyring_does_not_print_its_keys() -> None:
    assert "oooo" not in repr(Keyring({"a": OLD}, "a"))
