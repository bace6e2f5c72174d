"""Secrets at rest: AES-256-GCM, bound to the row they stand in.

A stored secret is the text `key id : base64url(nonce, ciphertext, tag)`. The associated data name the table, the
column, the professional and the row, so a ciphertext moved to another row or professional does not decrypt
(`reliability.md` 9.1). Keys come from the settings, never from the database; several may be known, one is current:
add a key, make it current, run `nudge_adapters.sql.store.reencrypt`, then remove the old one.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from attrs import field, frozen

from nudge_core.errors import Misconfigured
from nudge_core.model.secret import Secret

KEY_BYTES = 32  # AES-256
_NONCE_BYTES = 12  # 96 bits, as NIST SP 800-38D recommends for GCM
_KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,40}")


@frozen(kw_only=True)
class Place:
    """Where a secret stands."""

    table: str
    column: str
    user_id: UUID
    row_id: UUID

    @property
    def associated_data(self) -> bytes:
        """What the ciphertext is bound to."""
        return f"{self.table}|{self.column}|{self.user_id}|{self.row_id}".encode()


def _keys(keys: Mapping[str, bytes]) -> Mapping[str, bytes]:
    problems = [f"encryption key id {key_id!r}: 1 to 40 of A-Z a-z 0-9 _ . -" for key_id in keys if not _named(key_id)]
    problems += [f"encryption key {key_id}: {KEY_BYTES} bytes" for key_id, key in keys.items() if len(key) != KEY_BYTES]
    if problems:
        raise Misconfigured(problems)
    return MappingProxyType(dict(keys))


def _named(key_id: str) -> bool:
    return _KEY_ID.fullmatch(key_id) is not None


@frozen
class Keyring:
    """The keys that can read, and the one that writes.

    Args:
        keys: key id to 32 bytes.
        current: id of the key that new secrets are written with.

    Raises:
        Misconfigured: a key has the wrong length or name, or `current` is not among them.
    """

    _keys: Mapping[str, bytes] = field(converter=_keys, repr=False)
    current: str

    def __attrs_post_init__(self) -> None:
        if self.current not in self._keys:
            raise Misconfigured([f"current encryption key {self.current!r}: not among the keys given"])

    def encrypt(self, secret: Secret, place: Place) -> str:
        """Return the text to store at `place`."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._keys[self.current]).encrypt(nonce, secret.reveal().encode(), place.associated_data)
        return f"{self.current}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def decrypt(self, stored: str, place: Place) -> Secret:
        """Return the secret that was stored at `place`.

        Raises:
            Misconfigured: its key is not in the ring, or it does not decrypt here: another key of the same id, or
                a ciphertext that was changed or moved.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        where = f"{place.table}.{place.column}"
        key_id, _, sealed = stored.partition(":")
        if key_id not in self._keys:
            raise Misconfigured([f"{where} is encrypted with key {key_id!r}, which is not among the keys given"])
        try:
            raw = base64.urlsafe_b64decode(sealed)
            opened = AESGCM(self._keys[key_id]).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.associated_data)
        except (InvalidTag, binascii.Error, ValueError) as error:
            problem = f"{where} does not decrypt with key {key_id!r}: the key differs, or the row was changed or moved"
            raise Misconfigured([problem]) from error
        return Secret(opened.decode())


def key_of(stored: str) -> str:
    """Return the id of the key that a stored secret was written with."""
    return stored.partition(":")[0]


def needed(keyring: Keyring | None) -> Keyring:
    """Return the keyring, or raise Misconfigured: a secret is to be written or read and there is no key."""
    if keyring is None:
        raise Misconfigured(["encryption keys: needed to store or read MLS credentials, and none are configured"])
    return keyring
