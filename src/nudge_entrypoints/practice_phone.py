"""A phone that does not exist: what the simulated carrier has delivered to it on this machine, and what it answers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from nudge_adapters.sms.local_codes import CODE
from nudge_core.errors import Misconfigured, NotFound
from nudge_entrypoints.bootstrap import codes_of, ledger_of
from nudge_entrypoints.practice_carrier import somebody_writes
from nudge_entrypoints.settings import Settings

SHOWN_KINDS = frozenset({"accepted", CODE})  # of the journals' entries


def reply(settings: Settings, phone: str, body: str) -> str:
    """Let the holder of a phone answer the last text that it got; return the number that they write to.

    Raises:
        NotFound: the phone has got no text to answer.
        Misconfigured: texts of this installation go to real phones, or no simulated carrier runs.
    """
    numbers = [entry["sender"] for entry in _delivered(settings, phone) if entry.get("sender")]
    if not numbers:
        raise NotFound("text", "to this phone")
    somebody_writes(settings.home, phone, numbers[-1], body)
    return str(numbers[-1])


def texts_to(settings: Settings, phone: str) -> list[dict[str, str]]:
    """Return what this machine's simulated carrier would have shown on a phone, the oldest first.

    Raises:
        Misconfigured: texts of this installation go to real phones.
    """
    found = [{"at": str(entry["at"]), "body": str(entry["body"])} for entry in _delivered(settings, phone)]
    return sorted(found, key=lambda text: text["at"])


def _delivered(settings: Settings, phone: str) -> list[Mapping[str, Any]]:
    """Return the journals' entries of what reached a phone, those of each journal in their order."""
    if settings.carrier != "simulator":
        raise Misconfigured(["NUDGE_CARRIER: only what the simulator delivered can be read here"])
    found = []
    for path in (ledger_of(settings), codes_of(settings)):
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for line in lines:
            with contextlib.suppress(json.JSONDecodeError):  # one that is being written
                entry = json.loads(line)
                if entry.get("kind") in SHOWN_KINDS and entry.get("recipient") == phone:
                    found.append(entry)
    return found
