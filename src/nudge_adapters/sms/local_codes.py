"""One-time codes without an account: for trying out on one machine, beside the simulated carrier and only there.

No phone rings. The text that would have been sent stands in a file that only its owner can read (`nudge texts PHONE`
shows it), and the file is also the memory of what was sent and checked, so that several processes of one machine give
and take the same codes. Limits are those of Twilio Verify (`messaging.md` 10).
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from attrs import evolve, field, frozen

from nudge_adapters.sms.journal import Entry, FileJournal
from nudge_core.errors import Unavailable
from nudge_core.model.fields import E164
from nudge_core.model.one_time_code import CodeCheck, CodeStart
from nudge_core.ports.services import Clock

SERVICE = "codes:simulator"
LIFE = timedelta(seconds=600)
MOST_SENDS, MOST_CHECKS = 5, 5
CODE_DIGITS = 6
BLOCKED_PREFIX = "+1500555"
"""Test numbers stand for a region that is not served, as with the carrier's server."""

CODE, CHECK = "code", "code_check"
"""Kinds of entries: a code that was sent, a check that was made."""

_CODE = re.compile(r"[0-9]{4,10}")


def draw_code() -> str:
    """Return a code that nobody can guess better than by trying."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def words(code: str) -> str:
    """Return the text that carries a code."""
    return f"Your Nudge code is {code}. It is good for {LIFE.seconds // 60} minutes. Nobody from Nudge asks for it."


def sent_entry(phone: str, code: str, at: datetime) -> Entry:
    """Return the entry of a code that was sent."""
    return {"kind": CODE, "recipient": phone, "code": code, "body": words(code), "at": at.isoformat()}


@frozen(kw_only=True)
class Pending:
    """A code that is out: since when, and how often it was checked. `code` None: it was used up."""

    code: str | None = field(repr=False)
    since: datetime
    checks: int = 0


class LocalCodes:
    """`OneTimeCodes` in a file of this machine.

    Args:
        path: of the file; made when it is first needed.
        clock: what time it is.
        draw: makes a code.
    """

    def __init__(self, path: Path, clock: Clock, draw: Callable[[], str] = draw_code) -> None:
        self._path, self._clock, self._draw = path, clock, draw
        self._journal: FileJournal | None = None
        self._threads = threading.Lock()  # the file's lock keeps other processes off, not our own threads
        self._pending: dict[str, Pending] = {}
        self._sent: dict[str, tuple[datetime, ...]] = {}

    async def start(self, phone: str) -> CodeStart:
        """Let a code be sent; see `OneTimeCodes.start`."""
        if not E164.fullmatch(phone):
            return CodeStart.PHONE_UNUSABLE
        if phone.startswith(BLOCKED_PREFIX):
            return CodeStart.REGION_BLOCKED
        return await asyncio.to_thread(self._start, phone)

    async def check(self, phone: str, code: str) -> CodeCheck:
        """Compare a code with the one that was sent; see `OneTimeCodes.check`."""
        if not _CODE.fullmatch(code) or not E164.fullmatch(phone):
            return CodeCheck.WRONG
        return await asyncio.to_thread(self._check, phone, code)

    async def aclose(self) -> None:
        """Give back the file."""
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()

    def _start(self, phone: str) -> CodeStart:
        with self._turn() as (journal, now):
            if sum(now - at < LIFE for at in self._sent.get(phone, ())) >= MOST_SENDS:
                return CodeStart.TOO_MANY_SENDS
            pending = self._of(phone, now)
            code = pending.code if pending is not None and pending.code is not None else self._draw()
            self._write(journal, sent_entry(phone, code, now))
            return CodeStart.SENT

    def _check(self, phone: str, code: str) -> CodeCheck:
        with self._turn() as (journal, now):
            pending = self._of(phone, now)
            if pending is None or pending.code is None:
                return CodeCheck.EXPIRED
            if pending.checks >= MOST_CHECKS:
                return CodeCheck.TOO_MANY_CHECKS
            right = hmac.compare_digest(pending.code, code)
            self._write(journal, {"kind": CHECK, "recipient": phone, "right": right, "at": now.isoformat()})
            return CodeCheck.APPROVED if right else CodeCheck.WRONG

    def _of(self, phone: str, now: datetime) -> Pending | None:
        pending = self._pending.get(phone)
        return None if pending is None or now - pending.since >= LIFE else pending

    @contextmanager
    def _turn(self) -> Iterator[tuple[FileJournal, datetime]]:
        """Hold everybody else off, and learn what they did. Raises Unavailable when the file cannot be used."""
        try:
            with self._threads:
                if self._journal is None:
                    self._journal = FileJournal(self._path)
                with self._journal.turn() as fresh:
                    for entry in fresh:
                        self._apply(entry)
                    yield self._journal, self._clock.now()
        except OSError as error:
            raise Unavailable(SERVICE, f"its file cannot be used: {error.strerror or type(error).__name__}") from error

    def _write(self, journal: FileJournal, entry: Entry) -> None:
        journal.append(entry, durable=False)
        self._apply(entry)

    def _apply(self, entry: Entry) -> None:
        phone, at = entry["recipient"], datetime.fromisoformat(entry["at"])
        if entry["kind"] == CODE:
            self._sent[phone] = (*(one for one in self._sent.get(phone, ()) if at - one < LIFE), at)
            pending = self._of(phone, at)
            if pending is None or pending.code != entry["code"]:
                self._pending[phone] = Pending(code=entry["code"], since=at)
        elif entry["kind"] == CHECK and phone in self._pending:
            pending = self._pending[phone]
            code = None if entry["right"] else pending.code
            self._pending[phone] = evolve(pending, code=code, checks=pending.checks + 1)


def build_local_codes(path: Path, clock: Clock) -> LocalCodes:
    """Return codes that stand in a file of this machine."""
    return LocalCodes(path, clock)
