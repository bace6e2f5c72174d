"""What a phone would have shown: the texts and codes that the simulated carrier has delivered on this machine."""

from __future__ import annotations

import contextlib
import json

from nudge_adapters.sms.local_codes import CODE
from nudge_core.errors import Misconfigured
from nudge_entrypoints.bootstrap import codes_of, ledger_of
from nudge_entrypoints.settings import Settings

SHOWN_KINDS = frozenset({"accepted", CODE})  # of the journals' entries


def texts_to(settings: Settings, phone: str) -> list[dict[str, str]]:
    """Return what this machine's simulated carrier would have shown on a phone, the oldest first.

    Raises:
        Misconfigured: texts of this installation go to real phones.
    """
    if settings.carrier != "simulator":
        raise Misconfigured(["NUDGE_CARRIER: only what the simulator delivered can be read here"])
    found = []
    for path in (ledger_of(settings), codes_of(settings)):
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for line in lines:
            with contextlib.suppress(json.JSONDecodeError):  # one that is being written
                entry = json.loads(line)
                if entry.get("kind") in SHOWN_KINDS and entry.get("recipient") == phone:
                    found.append({"at": str(entry["at"]), "body": str(entry["body"])})
    return sorted(found, key=lambda text: text["at"])
