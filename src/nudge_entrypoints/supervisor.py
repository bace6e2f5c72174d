"""Keeps the parts of an installation running: starts them in order, starts again what dies, ends everything at the end.

Of one thread, which is the main one: the kernel ties the children to the thread that started them, so they end with
this process however it ends, SIGKILL included.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from types import FrameType
from typing import Protocol

from nudge_adapters.embedded.server import Running
from nudge_core.errors import Misconfigured, NudgeError
from nudge_entrypoints.servers import tied
from nudge_entrypoints.telling import Teller

LOOK_S = 0.2  # between two looks at the parts
ATTACHED_LOOK_S = 2.0  # a server that another process owns is asked, which costs a connection
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
LIVED_S = 30.0  # a part that lived so long is started again at once, as if it had never died
PATIENCE_S = 60.0  # for a process to end after SIGTERM: a worker finishes what is in flight


class Part(Protocol):
    """One thing that is to run."""

    @property
    def name(self) -> str:
        """Its name in what is said."""
        ...

    def start(self) -> str:
        """Start it, and return where it is; raises NudgeError when it does not come up."""
        ...

    def alive(self) -> bool:
        """Say whether it runs."""
        ...

    def ended(self) -> str:
        """Say how it ended, and give back what is left of it."""
        ...

    def ask_to_stop(self) -> None:
        """Ask it to end; does not wait."""
        ...

    def kill(self) -> None:
        """End a process of ours without patience; does not wait."""
        ...

    def stop(self) -> None:
        """End it; it is gone when this returns."""
        ...


def how_it_ended(status: int | None) -> str:
    """Say in words what an exit status means."""
    if status is None:
        return "no longer answers"
    if status < 0:
        with suppress(ValueError):
            return f"was killed ({signal.Signals(-status).name})"
    return f"ended with status {status}"


class ServerPart:
    """An embedded server. `opened`: runs it or attaches to it."""

    def __init__(self, name: str, opened: Callable[[], AbstractContextManager[Running]]) -> None:
        self.name = name
        self.address = ""
        self._opened = opened
        self._entered: AbstractContextManager[Running] | None = None
        self._running: Running | None = None
        self._asked_at = 0.0
        self._answered = True

    def start(self) -> str:
        """Start or attach; return where it is."""
        entered = self._opened()
        self._running = entered.__enter__()
        self._entered, self._answered, self._asked_at = entered, True, time.monotonic()
        self.address = self._running.address
        return self.where()

    def where(self) -> str:
        """Return whose process it is."""
        pid = None if self._running is None else self._running.pid
        return "of another process" if pid is None else f"process {pid}"

    def alive(self) -> bool:
        """Say whether it runs; one of another process is asked now and then."""
        if self._running is None:
            return False
        if self._running.pid is not None:
            return self._running.alive()
        if time.monotonic() - self._asked_at >= ATTACHED_LOOK_S:
            self._asked_at, self._answered = time.monotonic(), self._running.alive()
        return self._answered

    def ended(self) -> str:
        """Say how it ended; its lock and socket are given back."""
        said = how_it_ended(self._running.status() if self._running is not None else None)
        self.stop()
        return said

    def ask_to_stop(self) -> None:
        """Servers end after those that use them, so nothing yet."""

    def kill(self) -> None:
        """A server's fast end is quick enough, and whole."""

    def stop(self) -> None:
        """End it, or leave it running when it is another's."""
        entered, self._entered, self._running = self._entered, None, None
        if entered is not None:
            entered.__exit__(None, None, None)


class ProcessPart:
    """A process of ours, which gets SIGTERM when we end.

    Args:
        name: in what is said.
        command: absolute path of the program, and its arguments.
        environment: asked at every start.
        quiet: its standard output is for programs, not for people.
        files: descriptors of ours that it shares, under the same numbers.
        buried: told the number of a process that has ended, before another one takes its place.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Callable[[], Mapping[str, str]],
        *,
        quiet: bool = False,
        files: Sequence[int] = (),
        buried: Callable[[int], object] | None = None,
    ) -> None:
        self.name = name
        self._buried = buried
        self._command = command
        self._environment = environment
        self._out = subprocess.DEVNULL if quiet else None
        self._files = tuple(files)
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start it. A session of its own: Ctrl-C reaches it through us alone."""
        if self._child is not None and self._buried is not None:
            self._buried(self._child.pid)
        self._child = subprocess.Popen(  # noqa: S603 - our own program
            tied(self._command),
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            env=dict(self._environment()),
            start_new_session=True,
            pass_fds=self._files,
        )
        return f"process {self._child.pid}"

    def alive(self) -> bool:
        """Say whether it runs."""
        return self._child is not None and self._child.poll() is None

    def ended(self) -> str:
        """Say how it ended."""
        return how_it_ended(None if self._child is None else self._child.poll())

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()

    def kill(self) -> None:
        """Send SIGKILL."""
        if self._child is not None and self._child.poll() is None:
            self._child.kill()

    def stop(self) -> None:
        """End it: ask, wait, kill."""
        if self._child is None:
            return
        self.ask_to_stop()
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(PATIENCE_S)
            return
        self._child.kill()
        self._child.wait()


class _Kept:
    """A part, and what the supervisor knows of it."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.running = False
        self.ever = False
        self.failures = 0
        self.started_at = 0.0
        self.again_at = 0.0

    def fell(self, now: float) -> float:
        """Note that it is down; return the pause before the next start."""
        lived = self.running and now - self.started_at >= LIVED_S
        self.running, self.failures = False, 0 if lived else self.failures + 1
        pause_s = 0.0 if self.failures == 0 else min(FIRST_PAUSE_S * 2.0 ** (self.failures - 1), LONGEST_PAUSE_S)
        self.again_at = now + pause_s
        return pause_s


class Supervisor:
    """Runs parts until it is told to stop.

    Args:
        parts: in the order of starting; they are ended in the opposite one.
        teller: is told what happens.
    """

    def __init__(self, parts: Sequence[Part], teller: Teller) -> None:
        self._kept = [_Kept(part) for part in parts]
        self._teller = teller
        self._stopping = False
        self._signals = 0

    def run(self) -> None:
        """Run until Ctrl-C, SIGTERM or SIGHUP, then end every part. A second signal ends them without patience.

        Raises:
            Misconfigured: a part can never start; everything that ran is ended first.
        """
        before = {sign: signal.signal(sign, self._signalled) for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            self._start_all()
            while not self._stopping:
                self._look()
                time.sleep(LOOK_S)
        finally:
            self._end_all()
            for sign, handler in before.items():
                signal.signal(sign, handler)

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        self._signals += 1
        if self._signals > 1:
            for kept in self._kept:
                kept.part.kill()

    def _start_all(self) -> None:
        for kept in self._kept:
            while not self._stopping and not kept.running:  # the next one needs it
                self._start(kept)
                if not kept.running:
                    time.sleep(LOOK_S)
        if not self._stopping:
            self._teller.say("every part is started", "Ctrl-C ends them")

    def _start(self, kept: _Kept) -> None:
        now = time.monotonic()
        if now < kept.again_at:
            return
        try:
            where = kept.part.start()
        except Misconfigured:
            raise
        except NudgeError as error:
            pause_s = kept.fell(time.monotonic())
            if kept.failures == 1:
                self._teller_of(kept).say(f"did not start: {error}", f"again in {pause_s:g} s, then less often")
            return
        again = " again" if kept.ever else ""
        kept.running, kept.ever, kept.started_at = True, True, time.monotonic()
        self._teller_of(kept).say(f"started{again} ({where})")

    def _look(self) -> None:
        for kept in self._kept:
            if kept.running and not kept.part.alive():
                said = kept.part.ended()
                pause_s = kept.fell(time.monotonic())
                follows = "starting it again" + (f" in {pause_s:g} s" if pause_s else "")
                self._teller_of(kept).say(said, follows)
            if not kept.running and not self._stopping:
                self._start(kept)

    def _teller_of(self, kept: _Kept) -> Teller:
        return self._teller.of(kept.part.name)

    def _end_all(self) -> None:
        self._teller.say("ending", "texts in flight are brought to their end")
        for kept in self._kept:
            kept.part.ask_to_stop()
        for kept in reversed(self._kept):
            kept.part.stop()
        self._teller.say("everything has ended")
