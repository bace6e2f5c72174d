"""`nudge up`: everything on one machine, from one command: database, Redis, HTTP, worker, and a carrier to try with."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping

from nudge_entrypoints import servers
from nudge_entrypoints.http.process import bound
from nudge_entrypoints.settings import Settings
from nudge_entrypoints.supervisor import Part, ProcessPart, ServerPart, Supervisor
from nudge_entrypoints.telling import Teller

CARRIER = "nudge_adapters.sms.server"  # the simulated carrier as a process


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

    def parts(self) -> list[Part]:
        """Return what is to run, in the order of starting."""
        parts: list[Part] = []
        if self._settings.database_url is None:
            parts.append(self._postgres)
        if self._settings.redis_url is None:
            parts.append(self._valkey)
        parts += self._carrier()
        parts.append(self._process("worker", "nudge_entrypoints.cli", "worker"))
        parts.append(self._process("http", "nudge_entrypoints.http.process"))
        return parts

    def _carrier(self) -> list[Part]:
        """The seam for the simulated carrier: a process of its own once its module is there."""
        if self._settings.carrier != "simulator" or importlib.util.find_spec(CARRIER) is None:
            return []
        return [self._process("carrier", CARRIER)]

    def _process(self, name: str, module: str, *arguments: str) -> ProcessPart:
        return ProcessPart(name, [sys.executable, "-m", module, *arguments, *self._json], self._environment)

    def _environment(self) -> Mapping[str, str]:
        own = {"NUDGE_HOME": str(self._settings.home.absolute())}
        if self._settings.database_url is None:
            own["DATABASE_URL"] = self._postgres.address
        if self._settings.redis_url is None:
            own["NUDGE_REDIS_URL"] = self._valkey.address
        return {**os.environ, **own}


def up(settings: Settings, *, as_json: bool = False) -> None:
    """Run everything until Ctrl-C or SIGTERM.

    Raises:
        Misconfigured: the port is taken, or a server cannot be run on this machine.
    """
    bound(settings.http_port).close()  # said before anything is started
    teller = Teller("nudge", as_json=as_json)
    Supervisor(Installation(settings, teller, as_json=as_json).parts(), teller).run()
