"""`nudge up`: everything on one machine, from one command: database, Redis, HTTP, worker, and a carrier to try with."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from datetime import time
from zoneinfo import ZoneInfo

from attrs import evolve

from nudge_core.errors import Misconfigured, Unavailable
from nudge_entrypoints import practice_carrier, servers
from nudge_entrypoints.http.serving import HOST, bound
from nudge_entrypoints.practice_carrier import PracticeCarrier
from nudge_entrypoints.practice_clock import FILE, move_to, practice_clock
from nudge_entrypoints.settings import Settings
from nudge_entrypoints.supervisor import Part, ProcessPart, ServerPart, Supervisor
from nudge_entrypoints.telling import Teller

HTTP_MODULE = "nudge_entrypoints.http.process"


class Installation:
    """The parts of one machine, and the environment that tells them of each other.

    Args:
        settings: an address that is set is used, and nothing is started for it.
        teller: is told what happens.
        as_json: the parts speak JSON too.
    """

    def __init__(self, settings: Settings, teller: Teller, *, as_json: bool = False) -> None:
        self._settings = settings
        self._json = ["--json"] if as_json else []
        self._postgres = ServerPart("postgresql", lambda: servers.postgres(settings, teller.of("postgresql").say))
        self._valkey = ServerPart("valkey", lambda: servers.valkey(settings, teller.of("valkey").say))
        self._carrier: PracticeCarrier | None = None
        if practice_carrier.is_wanted(settings):
            self._carrier = PracticeCarrier(settings.home.absolute(), f"http://{HOST}:{settings.http_port}")

    def parts(self) -> list[Part]:
        """Return what is to run, in the order of starting."""
        parts: list[Part] = []
        if self._settings.database_url is None:
            parts.append(self._postgres)
        if self._settings.redis_url is None:
            parts.append(self._valkey)
        if self._carrier is not None:
            parts.append(ProcessPart("carrier", self._carrier.command(), self._environment, quiet=True))
        parts.append(self._process("http", HTTP_MODULE))
        parts.append(self._process("worker", "nudge_entrypoints.cli", "worker"))
        return parts

    def _process(self, name: str, module: str, *arguments: str) -> ProcessPart:
        return ProcessPart(name, [sys.executable, "-m", module, *arguments, *self._json], self._environment)

    def _environment(self) -> Mapping[str, str]:
        settings, own = self._settings, dict[str, str]()
        own["NUDGE_HOME"] = str(settings.home.absolute())
        own["NUDGE_HTTP_PORT"] = str(settings.http_port)
        own["DATABASE_URL"] = settings.database_url or self._postgres.address
        own["NUDGE_REDIS_URL"] = settings.redis_url or self._valkey.address
        return {**os.environ, **own, **(self._carrier.environment() if self._carrier is not None else {})}


def _bound(port: int) -> socket.socket:
    try:
        return bound(port)
    except Unavailable as error:
        raise Misconfigured([f"NUDGE_HTTP_PORT: {error.why}"]) from error


def up(settings: Settings, *, as_json: bool = False, at: str | None = None) -> None:
    """Run everything until Ctrl-C or SIGTERM.

    Args:
        settings: of the installation.
        as_json: say what happens as JSON lines.
        at: time of the day, "HH:MM", that the clock of a practice is moved ahead to; it stays ahead from then on.

    Raises:
        Misconfigured: the port is taken, a server cannot be run on this machine, or texts would reach phones while
            the clock is ahead.
    """
    probe = _bound(settings.http_port)  # said before anything is started; and one port for every start of the server
    settings = evolve(settings, http_port=probe.getsockname()[1])
    probe.close()
    teller = Teller("nudge", as_json=as_json)
    _tell_the_time(settings, teller, at)
    Supervisor(Installation(settings, teller, as_json=as_json).parts(), teller).run()


def _tell_the_time(settings: Settings, teller: Teller, at: str | None) -> None:
    """Move the practice's clock where that is asked for; say when it is not the machine's."""
    if at is not None:
        try:
            wanted = time.fromisoformat(at)
        except ValueError as error:
            raise Misconfigured(["--at: a time of the day such as 13:00"]) from error
        move_to(settings, wanted.replace(tzinfo=None))
    clock = practice_clock(settings)
    if clock is not None:
        local = clock.now().astimezone(ZoneInfo(settings.timezone))
        teller.say(f"the clock of this practice says {local:%A, %d %B, %H:%M}", f"it is ahead, and goes on in {FILE}")
