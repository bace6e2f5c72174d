"""One run: a database, a carrier, texts to be released and workers; and, at the end, the judge."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import re
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import psycopg
from attrs import evolve, field, frozen, mutable

from nudge_adapters.sms.carrier import CarrierSettings
from nudge_adapters.sms.fate import Answer, People, Weather
from nudge_adapters.sms.faults import Fault, FaultPlan
from nudge_adapters.sql.store import SqlStore
from nudge_adapters.system import RandomIds
from nudge_core.model.lane import UNPACED
from nudge_core.policy.cool_down import CoolDowns
from nudge_core.policy.delivery import DeliverySettings
from nudge_core.policy.facts import GateRules
from nudge_core.policy.hours_table import ALL_DAY
from nudge_core.steps.converse import ReceiveSettings
from nudge_core.verticals.real_estate.vertical import RealEstate
from nudge_core.walk import Parts
from tests.chaos import checker
from tests.chaos.carrier import CarrierProcess, SocketCarrier, wait_until_up
from tests.chaos.carrier_http import HttpCarrier
from tests.chaos.checker import Bounds, Verdict
from tests.chaos.failpoints import read_hits
from tests.chaos.mutants import plant_in
from tests.chaos.server import Server
from tests.chaos.town import CAPS, Release, Town, feed
from tests.chaos.transcript import address, copied, set_ahead
from tests.chaos.workers import Fleet, Post, WallClock, one_round, run_forked

MONDAY_MORNING = datetime.fromisoformat("2026-06-01T10:05:00-05:00")  # Texas
DRAINED_WITHIN_S = 120.0  # reliability.md 10, K1
POLL_S = 0.1
LOOK_S = 0.3  # between two looks whether all is at rest
WARM_TEXTS = 5
SLOW_S, LATE_S, LIST_LAG_S = 0.4, 0.6, 0.3
STOP_ALLOWANCE_S = 1.0  # reliability.md 6, I3: send deadline + 1 s

RULES = GateRules(caps=CAPS, cool_downs=CoolDowns(human_contact=timedelta(0)))
DELIVERY = DeliverySettings(
    batch=6,
    concurrency=6,
    lease_s=3.0,
    send_deadline_s=1.5,
    http_timeout_s=1.0,
    provider_late_s=1.0,
    list_lag_s=0.6,
    grace_s=4.5,
    first_backoff_s=0.2,
    longest_backoff_s=2.0,
    paces=UNPACED,
    first_pause_s=0.2,
    longest_pause_s=2.0,
    gate=RULES,
)
"""The product's settings, shortened in proportion: what takes minutes in production takes seconds here."""

AT_ANY_HOUR = evolve(RULES, owner_hours=ALL_DAY)
STORMY = Weather(
    undelivered=0.03, filtered=0.02, lost=0.2, doubled=0.1, late=0.2,
    handover_s=(0.05, 0.3), delivery_s=(0.1, 0.8), late_by_s=1.2,
)  # fmt: skip
"""Callbacks 20 % lost, 10 % doubled, 20 % out of order: the prototype's carrier, faster."""

ARRIVING = evolve(STORMY, undelivered=0.0, filtered=0.0)
"""The same, but whatever was accepted arrives: no text is followed by another try hours later."""

DEAF = Weather(lost=1.0, handover_s=(0.05, 0.3), delivery_s=(0.1, 0.8))
"""No callback ever comes; what people answer does."""


def crowd(stops: float = 0.06) -> People:
    """Return people of whom a share says STOP after each text."""
    return People(
        habits=(
            (stops, Answer(body="STOP", after_s=0.3)),
            (0.02, Answer(body="please stop texting me", after_s=0.5)),
            (0.01, Answer(body="wrong number", after_s=0.4)),
            (0.02, Answer(body="HELP", after_s=0.2)),
            (0.05, Answer(body="Yes, tell me more", after_s=0.6)),
        )
    )


def stoppers(share: float = 0.06) -> People:
    """Return people who say STOP or nothing: what anybody else says makes automation wait for a person."""
    return People(habits=((share, Answer(body="STOP", after_s=0.3)),))


def faults(total: float, seed: int, *only: Fault) -> FaultPlan:
    """Return a plan in which each of these faults, by default every one, has the same share of `total`."""
    kinds = only or tuple(Fault)
    shares = {kind: total / len(kinds) for kind in kinds}  # a plain dict: it travels between processes
    return FaultPlan(seed=seed, shares=shares, slow_s=SLOW_S, late_s=LATE_S)


_UNDER_WAY = (
    "SELECT (SELECT count(*) FROM message WHERE delivery IN ('queued', 'sending', 'in_doubt')) "
    "+ (SELECT count(*) FROM outbox WHERE topic = 'hear' AND parked_at IS NULL)"
)
"""Texts, and notes about news whose effect failed at first."""


@frozen(kw_only=True)
class Scene:
    """What a run is made of. `slack_s`: added to the time after a STOP in which an accept may come; None: unbounded."""

    name: str
    town: Town
    start: datetime = MONDAY_MORNING
    delivery: DeliverySettings = DELIVERY
    weather: Weather = STORMY
    people: People = field(factory=crowd)
    trouble: FaultPlan | None = None
    workers: int = 2
    mutant: str | None = None
    slack_s: float | None = 0.0
    drained_within_s: float = DRAINED_WITHIN_S
    through: Callable[[Path, str], None] | None = None
    """Start a proxy that listens in this folder, for the server's socket at this path."""

    over_http: bool = False
    """The carrier as an HTTP server, Twilio's adapter, and a web process that hears; else a Unix socket."""

    warm: bool = True
    """Let the parent of the workers send the first texts, so that they are forked with everything compiled."""

    all_released: bool = True
    """Release what is left when the nemesis has done enough; else only what it allowed is judged."""


@frozen(kw_only=True)
class Report:
    """One line: what was done, and the judge's verdict."""

    name: str
    seed: int
    kills: int
    verdict: Verdict
    seconds: float
    hits: MappingProxyType[str, int]
    not_drained: bool = False
    stuck: tuple[str, ...] = ()
    """When it was not at rest in time: texts by state, reason, and the seconds until they are due."""

    def line(self) -> str:
        """Return the line of `reliability.md` 10."""
        v = self.verdict
        outcome = "ok" if not v.violations else "VIOLATED " + ",".join(sorted(v.broken()))
        return (
            f"{self.name:18} seed {self.seed} kills {self.kills} N {v.messages} accepted {v.accepted} "
            f"dup {v.duplicates} lost {v.lost} in_doubt {v.in_doubt} unconfirmed {v.unconfirmed} "
            f"p50 {v.p50_s:.2f} p99 {v.p99_s:.2f} (due->accept, s)  sent {v.sent} withheld {v.withheld} "
            f"in {self.seconds:.0f} s  {outcome}"
        )


@mutable
class Arena:
    """A run in progress, in the hands of a nemesis."""

    scene: Scene
    server: Server
    url: str
    folder: Path
    carrier: SocketCarrier | HttpCarrier
    fleet: Fleet
    release: Release
    ahead: timedelta
    wall: WallClock
    chance: random.Random
    _helpers: list[int] = field(factory=list)

    def keep(self, count: int | None = None) -> None:
        """Start workers until there are as many as there should be."""
        for _ in self.fleet.ended():
            pass
        while len(self.fleet.pids) < (self.scene.workers if count is None else count):
            self.fleet.start()

    def allow(self, share: float) -> None:
        """Let this share of all texts be released by now, and no less than before."""
        self.release.allowed = max(self.release.allowed, round(min(share, 1.0) * self.scene.town.messages))

    def allow_more(self, waiting: int) -> None:
        """Let texts be released until about so many wait."""
        queued = self.count("SELECT count(*) FROM message WHERE delivery = 'queued'")
        if 0 <= queued < waiting and self.release.done == self.release.allowed:
            self.allow((self.release.done + waiting - queued) / self.scene.town.messages)

    def wait(self, seconds: float) -> None:
        """Let time pass, and replace workers that end."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.02))
            for _ in self.fleet.ended():
                pass

    def count(self, query: str) -> int:
        """Ask the database for a number; -1 when it does not answer."""
        try:
            with psycopg.connect(self.url, connect_timeout=5) as connection:
                row: Any = connection.execute(query).fetchone()
                return int(row[0])
        except psycopg.OperationalError:
            return -1

    def open_texts(self) -> tuple[str, ...]:
        """Return what has not come to its end, for people."""
        with psycopg.connect(self.url) as connection:
            query = (
                "SELECT delivery::text, reason, source::text, count(*), "
                "min(round(extract(epoch FROM due_at - town.now()))) "
                "FROM message WHERE delivery IN ('queued', 'sending', 'in_doubt') GROUP BY 1, 2, 3"
            )
            return tuple(" ".join(map(str, row)) for row in connection.execute(query).fetchall())

    def is_drained(self) -> bool:
        """Say whether everything allowed is released, nothing is on its way, and nothing is left to be told."""
        if self.release.done < self.release.allowed or not self.carrier.is_idle():
            return False
        return self.count(_UNDER_WAY) == 0

    def drain(self) -> bool:
        """Wait until the run is at rest; False when it takes too long."""
        give_up = time.monotonic() + self.scene.drained_within_s
        while not self.is_drained():
            if time.monotonic() > give_up:
                return False
            self.keep()
            self.wait(LOOK_S)
        return True

    def accepted(self) -> int:
        """Return how many texts the carrier has accepted so far."""
        return len(self.carrier.ledger().accepts)

    def move_town(self, forward: timedelta) -> None:
        """Let hours pass for everybody."""
        self.ahead += forward
        set_ahead(self.url, self.ahead)
        self.carrier.move_clock(self.ahead)

    def end(self) -> None:
        """End every process of the run."""
        self.fleet.end()
        for pid in self._helpers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._helpers.clear()


@contextmanager
def opened(server: Server, scene: Scene) -> Iterator[Arena]:
    """Build a run up to the first texts, which this process sends itself: workers are forked from it, warm."""
    seed, name = scene.town.seed, "chaos_" + re.sub("[^a-z0-9]+", "_", f"{scene.name.lower()}_{scene.town.seed}")
    with tempfile.TemporaryDirectory(prefix="nudge-chaos-") as scratch:
        folder = Path(scratch)
        with copied(server.url, name, scene.start) as (url, ahead):
            plant_in(url, scene.mutant)
            release, wall = Release(), WallClock()
            carrier = HttpCarrier(folder, ahead) if scene.over_http else SocketCarrier(folder)
            helpers = [_start_carrier(folder, scene, ahead, carrier)]
            worked_through = url
            if scene.through is not None:
                worked_through, helper = _start_proxy(folder, scene.through, url, name)
                helpers.append(helper)
            store = SqlStore(worked_through, None, RandomIds())
            post = Post(
                store=store, parts=_parts(store, scene, carrier, wall), carrier=carrier, folder=folder, wall=wall,
                mutant=scene.mutant, polls=scene.over_http,
            )  # fmt: skip
            arena = Arena(
                scene, server, url, folder, carrier, Fleet(post, seed), release, ahead, wall, random.Random(seed),
                helpers,
            )  # fmt: skip
            try:
                if isinstance(carrier, HttpCarrier):
                    helpers.append(_start_web(folder, carrier, post.parts))
                asyncio.run(_warm(arena, post, url))
                gc.collect()
                gc.freeze()  # so that a fork copies little
                feeding = SqlStore(url, None, RandomIds())
                helpers.append(run_forked("feeder", folder, lambda: asyncio.run(feed(feeding, scene.town, release))))
                yield arena
            finally:
                arena.end()
                gc.unfreeze()


def _start_carrier(folder: Path, scene: Scene, ahead: timedelta, carrier: SocketCarrier | HttpCarrier) -> int:
    # It lets a text through that should never have been offered, so that a violation shows.
    settings = CarrierSettings(
        seed=scene.town.seed, refuse_after_stop=False, landlines=0.0 if scene.town.plain else 0.02,
        list_lag_s=LIST_LAG_S, weather=scene.weather, people=scene.people,
    )  # fmt: skip
    trouble = scene.trouble or faults(0.0, scene.town.seed)

    def serve() -> None:
        if isinstance(carrier, HttpCarrier):
            asyncio.run(carrier.serve(settings, trouble))
        else:
            asyncio.run(CarrierProcess(folder, settings, trouble, ahead).serve(folder / "carrier"))

    pid = run_forked("carrier", folder, serve)
    wait_until_up(folder / "carrier")
    return pid


def _start_web(folder: Path, carrier: HttpCarrier, parts: Parts) -> int:
    pid = run_forked("web", folder, lambda: asyncio.run(carrier.hear_all(parts)))
    wait_until_up(folder / "web")
    return pid


def _start_proxy(folder: Path, start: Callable[[Path, str], None], url: str, name: str) -> tuple[str, int]:
    host = str(psycopg.conninfo.conninfo_to_dict(url)["host"])
    upstream = f"{host}/.s.PGSQL.5432"
    pid = run_forked("proxy", folder, lambda: start(folder, upstream))
    wait_until_up(folder / ".s.PGSQL.5432")
    return address(f"postgresql://postgres@/{name}?host={quote(str(folder), safe='')}", name), pid


def _parts(store: SqlStore, scene: Scene, carrier: SocketCarrier | HttpCarrier, wall: WallClock) -> Parts:
    return Parts(
        store=store,
        verticals={"real_estate": RealEstate()},
        drafters=(),
        gateway=carrier.gateway(wall, lambda _place: None),
        ids=RandomIds(),
        delivery=scene.delivery,
        receive=ReceiveSettings(carrier_answers=False),
    )


async def _warm(arena: Arena, post: Post, url: str) -> None:
    """Settle the town, and send the first texts from here; leave no connection behind."""
    town, release = arena.scene.town, arena.release
    straight = SqlStore(url, None, RandomIds())
    await town.settle(straight)
    release.allowed = min(WARM_TEXTS, town.messages)
    feeding = asyncio.create_task(feed(straight, town, release))
    while release.done < release.allowed:  # noqa: ASYNC110  another process could release them too
        await asyncio.sleep(POLL_S)
    feeding.cancel()
    await asyncio.gather(feeding, return_exceptions=True)
    await straight.aclose()
    if arena.scene.warm and arena.scene.mutant is None and arena.scene.through is None:
        for _ in range(3):
            await one_round(post, post.parts)
            await asyncio.sleep(POLL_S)
    await post.parts.gateway.aclose()
    await post.store.aclose()


def run(server: Server, scene: Scene, nemesis: Callable[[Arena], None]) -> Report:
    """Let a nemesis loose on a scene, wait until all is at rest, and judge."""
    started = time.monotonic()
    with opened(server, scene) as arena:
        nemesis(arena)
        if scene.all_released:
            arena.allow(1.0)
        drained = arena.drain()
        kills = arena.fleet.kills
        arena.fleet.end()
        ledger = arena.carrier.ledger()
        arena.end()
        released = [str(text.id) for text in scene.town.texts()[: arena.release.allowed]]
        evidence = checker.gather(arena.url, ledger, released, arena.folder)
        slack = scene.slack_s
        bounds = Bounds(
            grace_s=scene.delivery.grace_s,
            accept_after_stop_s=None if slack is None else scene.delivery.send_deadline_s + STOP_ALLOWANCE_S + slack,
        )
        return Report(
            name=scene.name,
            seed=scene.town.seed,
            kills=kills,
            verdict=checker.judge(evidence, bounds),
            seconds=time.monotonic() - started,
            hits=MappingProxyType(dict(read_hits(arena.folder / "hits"))),
            not_drained=not drained,
            stuck=() if drained else arena.open_texts(),
        )
