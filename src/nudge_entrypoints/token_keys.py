"""The keys that sign access tokens: from the settings, or one that this machine makes and keeps for itself."""

from __future__ import annotations

import base64
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from nudge_core.errors import Misconfigured
from nudge_entrypoints.settings import Settings, signing_keys

KEY_FILE = "token-keys"
KEY_BYTES = 32  # HS256: as long as its hash (RFC 7518, 3.2)
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def token_keys(settings: Settings) -> Mapping[str, bytes]:
    """Return key id to key; the first one signs, all of them verify.

    `NUDGE_TOKEN_KEYS` where it is set, as it must be on several machines. Else `token-keys` under `NUDGE_HOME`, made
    when it is first asked for: several processes of one machine that start at once all get the same one.

    Raises:
        Misconfigured: the file can be read by others, or does not hold keys.
    """
    return settings.token_keys or _kept(settings.home / KEY_FILE)


def _kept(path: Path) -> Mapping[str, bytes]:
    if not path.exists():
        _make(path)
    if path.stat().st_mode & OTHERS:
        raise Misconfigured([f"{KEY_FILE} under NUDGE_HOME: others may read it; delete it, or set its mode to 600"])
    try:
        return signing_keys(path.read_text().strip())
    except ValueError as error:
        raise Misconfigured([f"{KEY_FILE} under NUDGE_HOME: not keys; delete it to have one made"]) from error


def _make(path: Path) -> None:
    """Write a new key, unless somebody else was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{secrets.token_hex(4)}:{key}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)  # never over one that is there
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
