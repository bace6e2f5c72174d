"""What a running process says: one line for each thing that happened, the same shape from every process."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO


def brief(why: str) -> str:
    """Return the beginning of a reason, for a line that is read in passing."""
    return why.partition(":")[0][:80]


class Teller:
    """Says what happened: time, part, what, and what follows from it. Never anything of anybody's data.

    Args:
        part: who speaks, such as `worker`.
        as_json: one JSON object a line, with the time in UTC, instead of a line for people in local time.
        out: where to; default: standard error, or standard output for JSON.
    """

    def __init__(self, part: str, *, as_json: bool = False, out: TextIO | None = None) -> None:
        self.part = part
        self._as_json = as_json
        self._out = out if out is not None else sys.stdout if as_json else sys.stderr

    def of(self, part: str) -> Teller:
        """Return who speaks for another part, to the same ear."""
        return Teller(part, as_json=self._as_json, out=self._out)

    @property
    def speaks_json(self) -> bool:
        """Whether programs listen, who take every line; a person is told what matters."""
        return self._as_json

    def say(self, what: str, follows: str = "") -> None:
        """Say one thing. Whoever stopped listening is no reason to stop working."""
        self._tell(what, {"follows": follows}, follows)

    def record(self, what: str, **facts: str | int | float) -> None:
        """Say one thing with what is known of it: members of a JSON line, or words such as `status=500`."""
        self._tell(what, facts, " ".join(f"{name}={value}" for name, value in facts.items()))

    def _tell(self, what: str, facts: Mapping[str, str | int | float], words: str) -> None:
        now = datetime.now(UTC)
        if self._as_json:
            line = json.dumps({"at": now.isoformat(), "part": self.part, "what": what, **facts})
        else:
            line = f"{now.astimezone():%H:%M:%S}  {self.part:<10} {what}{f'; {words}' if words else ''}"
        try:
            self._out.write(line + "\n")
            self._out.flush()
        except (OSError, ValueError):
            return


class Outage:
    """Something that may be gone: says so once, gives growing pauses, and says once that it is back.

    Args:
        teller: is told.
        what: its name.
        gone, back: what is said of it.
        first_s, longest_s: the pauses between tries, doubled each time.
    """

    def __init__(
        self,
        teller: Teller,
        what: str,
        *,
        gone: str = "is gone",
        back: str = "is back",
        first_s: float = 0.5,
        longest_s: float = 15.0,
    ) -> None:
        self._teller = teller
        self._gone = f"{what} {gone}"
        self._back = f"{what} {back}"
        self._first_s = first_s
        self._longest_s = longest_s
        self._failures = 0

    @property
    def lasts(self) -> bool:
        """Whether it is gone now."""
        return self._failures > 0

    def lost(self, why: str, follows: str) -> float:
        """Note that it did not answer; return how many seconds to wait before the next try."""
        if not self.lasts:
            self._teller.say(f"{self._gone} ({why})", follows)
        self._failures += 1
        return min(self._first_s * 2.0 ** min(self._failures - 1, 20), self._longest_s)

    def back(self, follows: str = "going on") -> bool:
        """Note that it answered; return whether it had been gone."""
        was_gone, self._failures = self.lasts, 0
        if was_gone:
            self._teller.say(self._back, follows)
        return was_gone
