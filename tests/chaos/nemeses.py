"""What is done to a run: each takes a run in progress and returns when it has done enough.

Ids are those of `reliability.md` 10.
"""

from __future__ import annotations

import asyncio
import math
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from nudge_adapters.sms.fate import chance
from tests.chaos.arena import Arena, faults
from tests.chaos.failpoints import K2_PLACES, STOP_PLACES, Ambush, read_hits
from tests.chaos.proxy import Proxy
from tests.chaos.transcript import set_ahead

PATIENCE_S = 600.0
"""The longest a nemesis waits for what it needs before it gives up and lets the judge speak."""

LAID_ANEW_S = 3.0  # K2: after so long a worker is given another place to die at
AWAKE_S = 2.0  # for which the sleeper works on while the other one still stands
LEAD = 0.05  # share of the texts that is released ahead of the kills
WAITING = 12  # texts that K2 keeps in the queue, so that there is something to die over
KILL_EVERY_S = (0.02, 0.4)
LOOK_EVERY, BACKLOG, RESPITE_S = 10, 200, 20.0
"""K1: every so many kills it is looked whether more texts wait than can be drained in time; then there is a respite."""

PROBES = 8  # looks at idle connections that M6 waits for when the work is done

OPEN = "SELECT count(*) FROM message WHERE delivery IN ('queued', 'sending', 'in_doubt')"


def calm(arena: Arena) -> None:
    """Nothing: workers work."""
    arena.allow(1.0)
    arena.keep()


def probed(arena: Arena) -> None:
    """Nothing, until the workers have looked at their connections so often after having worked (M6)."""
    calm(arena)
    arena.drain()
    enough = _probes(arena) + PROBES
    _until(arena, lambda: _probes(arena) >= enough, arena.scene.drained_within_s)


def _probes(arena: Arena) -> int:
    transcript = arena.folder / "probes"
    return len(transcript.read_text().splitlines()) if transcript.exists() else 0


def kills(count: int) -> Callable[[Arena], None]:
    """K1: SIGKILL any worker at any time, and start another."""

    def go(arena: Arena) -> None:
        arena.keep()
        while arena.fleet.kills < count:
            arena.allow(LEAD + (1 - LEAD) * arena.fleet.kills / count)
            arena.wait(arena.chance.uniform(*KILL_EVERY_S))
            arena.keep()  # one that ended by itself has told why; the judge hears of it
            arena.fleet.kill(arena.fleet.any(arena.chance))
            arena.keep()
            if arena.fleet.kills % LOOK_EVERY == 0:
                _until(arena, lambda: arena.count(OPEN) < BACKLOG, RESPITE_S)

    return go


def failpoints(each: int) -> Callable[[Arena], None]:
    """K2: workers that die at a named place, until every place was hit so often; one that lives on is replaced."""

    def go(arena: Arena) -> None:
        give_up = time.monotonic() + PATIENCE_S
        born: dict[int, float] = {}
        while time.monotonic() < give_up:
            hits = read_hits(arena.folder / "hits")
            missing = {place: each - hits[place] for place in K2_PLACES if hits[place] < each}
            if not missing:
                return
            arena.allow_more(WAITING)
            for _ in arena.fleet.ended():
                pass
            for pid in [pid for pid in arena.fleet.pids if time.monotonic() - born[pid] > LAID_ANEW_S]:
                arena.fleet.kill(pid)  # its place does not come up
            while len(arena.fleet.pids) < arena.scene.workers:
                wanted = sorted(missing, key=lambda place: (-missing[place], arena.chance.random()))
                place = wanted[arena.chance.randrange(min(3, len(wanted)))]
                born[arena.fleet.start(Ambush(place=place))] = time.monotonic()
            arena.wait(0.05)

    return go


def stops(count: int, longest_s: float) -> Callable[[Arena], None]:
    """K3: SIGSTOP a worker, anywhere or where no transaction is open, for up to so long; then SIGCONT."""

    def go(arena: Arena) -> None:
        until: dict[int, float] = {}
        done = 0
        arena.keep()
        while done < count or until:
            arena.allow(LEAD + (1 - LEAD) * done / count)
            arena.wait(arena.chance.uniform(0.05, 0.2))
            now = time.monotonic()
            for pid in arena.fleet.stopped - set(until):
                until[pid] = now + arena.chance.uniform(0.2, longest_s)  # it has stopped itself
                done += 1
            for pid in [pid for pid, end in until.items() if end <= now]:
                arena.fleet.go_on(pid)
                until.pop(pid)
            running = [pid for pid in arena.fleet.pids if pid not in arena.fleet.stopped]
            if done >= count:
                continue
            if len(running) < arena.scene.workers:
                place = arena.chance.choice(STOP_PLACES)
                arena.fleet.start(Ambush(place=place, chance=0.2, signal=signal.SIGSTOP))
            elif arena.chance.random() < 0.3:
                pid = arena.fleet.any(arena.chance)
                arena.fleet.stop(pid)
                until[pid] = now + arena.chance.uniform(0.2, longest_s)
                done += 1
        for pid in list(arena.fleet.stopped):
            arena.fleet.go_on(pid)

    return go


def crashes(restarts: int, cuts: int) -> Callable[[Arena], None]:
    """P1: PostgreSQL crashes and recovers, and now and then every connection is cut."""

    def go(arena: Arena) -> None:
        acts = ["crash"] * restarts + ["cut"] * cuts
        arena.chance.shuffle(acts)
        arena.keep()
        for number, act in enumerate(acts):
            arena.allow(LEAD + (1 - LEAD) * number / len(acts))
            arena.wait(arena.chance.uniform(0.3, 1.2))
            arena.server.crash() if act == "crash" else arena.server.cut_everybody()
            arena.keep()

    return go


def cutting_proxy(share: float, seed: int) -> Callable[[Path, str], None]:
    """Return what starts the proxy of P2."""

    def serve(folder: Path, upstream: str) -> None:
        asyncio.run(Proxy(folder, upstream, share, seed).serve())

    return serve


def cut_commits(count: int) -> Callable[[Arena], None]:
    """P2: until so many COMMITs had a result that nobody learned; `cutting_proxy` stands in between."""

    def go(arena: Arena) -> None:
        give_up = time.monotonic() + PATIENCE_S
        arena.keep()
        while (cut := _commits(arena)) < count and time.monotonic() < give_up:
            arena.allow(LEAD + cut / count)
            arena.keep()
            arena.wait(0.1)

    return go


def _commits(arena: Arena) -> int:
    hits: Counter[str] = read_hits(arena.folder / "hits")
    return hits["commit_unseen"] + hits["commit_done"]


def outage(share: float, dark_s: float) -> Callable[[Arena], None]:
    """G1: so many requests fail, in every way there is; in the middle all of them do, for a while."""

    def go(arena: Arena) -> None:
        seed = arena.scene.town.seed
        arena.carrier.behave(faults(share, seed))
        arena.keep()
        arena.allow(0.5)
        _until_accepted(arena, 0.3)
        if dark_s:
            arena.carrier.behave(faults(1.0, seed))
            arena.allow(0.7)
            arena.wait(dark_s)
            arena.carrier.behave(faults(share, seed))
        arena.allow(1.0)

    return go


def _until_accepted(arena: Arena, share: float) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while arena.accepted() < share * arena.scene.town.messages and time.monotonic() < give_up:
        arena.keep()
        arena.wait(0.2)


def opt_outs(count: int) -> Callable[[Arena], None]:
    """S1: clients say STOP while their texts are queued, claimed, on their way or planned."""

    def go(arena: Arena) -> None:
        town = arena.scene.town
        order = town.order()
        people = [pair for pair, nth in order if nth == 0]
        step = max(1, len(people) // count)
        arena.keep()
        for number in range(count):
            released = round(len(order) * (number + 1) / count)
            arena.allow(LEAD + released / len(order))
            pair = people[min(number * step + arena.chance.randrange(step), len(people) - 1)]
            arena.carrier.person_writes(town.phone(pair), town.number(pair % town.tenants), "STOP")
            arena.wait(arena.chance.uniform(0.01, 0.12))
            arena.keep()

    return go


JUMPS = (timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1))


def jumps(count: int, *, database: bool) -> Callable[[Arena], None]:
    """T2: the workers' wall clock jumps, or the database's too; each jump is taken back after a moment."""

    def go(arena: Arena) -> None:
        arena.keep()
        for number in range(count):
            arena.allow(LEAD + (1 - LEAD) * number / count)
            jump = JUMPS[math.floor(len(JUMPS) * chance(arena.scene.town.seed, "jump", number))]
            arena.wall.set_wrong(jump.total_seconds())
            if database:
                set_ahead(arena.url, arena.ahead + jump)
            arena.wait(arena.chance.uniform(0.1, 0.5))
            arena.wall.set_wrong(0.0)
            if database:
                set_ahead(arena.url, arena.ahead)
            arena.wait(arena.chance.uniform(0.1, 0.4))
            arena.keep()
        arena.allow(1.0)
        if database:  # what was queued while the clock was ahead is due when that hour really comes
            _until(arena, lambda: arena.release.done == arena.release.allowed, PATIENCE_S)
            arena.move_town(max(JUMPS) + min(jump for jump in JUMPS if jump > timedelta(0)))

    return go


def deaths_while_hearing(count: int) -> Callable[[Arena], None]:
    """Workers die when a person's text has come and before it is stored; then they live."""

    def go(arena: Arena) -> None:
        arena.allow(1.0)
        give_up = time.monotonic() + PATIENCE_S
        while arena.fleet.kills < count and time.monotonic() < give_up:
            while len(arena.fleet.pids) < arena.scene.workers:
                arena.fleet.start(Ambush(place="before_inbound", chance=1.0))
            arena.wait(0.05)
        arena.fleet.end()

    return go


def two_waves(forward: timedelta) -> Callable[[Arena], None]:
    """The first half is sent; hours pass; then comes the second half, some of it to people who said STOP."""

    def go(arena: Arena) -> None:
        arena.keep()
        arena.allow(0.5)
        arena.drain()
        if forward:
            arena.move_town(forward)
        arena.allow(1.0)

    return go


def sleeper(arena: Arena) -> None:
    """K3, scripted: a worker sleeps after its claim; the text is handed on; it wakes while the other is sending.

    Worker A stops just before it reads the clock of the send deadline. When grace and lease are over, worker B claims
    the same text anew, and stops after the carrier has accepted it. A goes on, sees that it is too late, and hands
    back what is no longer its own; then B goes on. Without `attempt` in that move the text is free to go out again.
    """
    arena.allow(1.0)
    sleeping = arena.fleet.start(_stop_at("before_deadline"))
    if not _until_stopped(arena, sleeping):
        return
    other = arena.fleet.start(_stop_at("after_201"))
    if not _until_stopped(arena, other):
        return
    arena.fleet.go_on(sleeping)
    _until(arena, lambda: arena.accepted() > 1, AWAKE_S)  # all that a right product lets happen here is nothing
    arena.fleet.go_on(other)


def _stop_at(place: str) -> Ambush:
    return Ambush(place=place, chance=1.0, signal=signal.SIGSTOP)


def _until_stopped(arena: Arena, pid: int) -> bool:
    _until(arena, lambda: pid in arena.fleet.stopped, 60.0)
    return pid in arena.fleet.stopped


def _until(arena: Arena, is_so: Callable[[], bool], patience_s: float) -> None:
    give_up = time.monotonic() + patience_s
    while not is_so() and time.monotonic() < give_up:
        arena.wait(0.05)
