"""What the carrier has accepted and what people have written, read from the carrier's journal alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from attrs import frozen


@frozen(kw_only=True)
class Accept:
    """One text that the carrier accepted. `at` by the town's clock, `real_s` by the machine's (epoch seconds).

    `was_late`: the request was stuck on its way and arrived later (residue ii of `reliability.md` 4).
    """

    sid: str
    message_id: str
    attempt: int
    user_id: str
    sender: str
    recipient: str
    at: datetime
    real_s: float
    was_late: bool


@frozen(kw_only=True)
class Wrote:
    """One text that somebody wrote to us."""

    sid: str
    sender: str
    recipient: str
    is_stop: bool
    told: bool


@frozen(kw_only=True)
class Ledger:
    """Everything, in order."""

    accepts: Sequence[Accept]
    wrote: Sequence[Wrote]


def read(path: Path) -> Ledger:
    """Read a journal. The instant of an accept on the machine's clock is the town's less what the carrier was ahead."""
    entries = [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    told = {entry["key"] for entry in entries if entry["kind"] == "told"}
    accepts = []
    for entry in entries:
        if entry["kind"] != "accepted":
            continue
        at = datetime.fromisoformat(entry["at"])
        accepts.append(
            Accept(
                sid=entry["sid"],
                message_id=entry["message_id"],
                attempt=entry["attempt"],
                user_id=entry["user_id"],
                sender=entry["sender"],
                recipient=entry["recipient"],
                at=at,
                real_s=at.timestamp() - entry["ahead_s"],
                was_late="key" in entry,
            )
        )
    wrote = [
        Wrote(
            sid=entry["sid"],
            sender=entry["sender"],
            recipient=entry["recipient"],
            is_stop=entry["body"].strip().lower() == "stop",
            told=f"{entry['sid']}:inbound" in told,
        )
        for entry in entries
        if entry["kind"] in ("inbound", "answered")
    ]
    return Ledger(accepts=accepts, wrote=wrote)
