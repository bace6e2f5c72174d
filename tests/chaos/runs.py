"""The table of runs: a name, its full and its quick size, and what it is made of.

A run of another shape (`others`: webhooks, Redis, hours, wording) joins by an entry in `RUNS`: a function from a
server, a seed and a size to reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from attrs import evolve, frozen

from nudge_adapters.sms.faults import Fault
from nudge_core.model.lane import UNPACED
from nudge_core.policy.delivery import DeliverySettings
from tests.chaos import nemeses
from tests.chaos.arena import (
    ARRIVING,
    AT_ANY_HOUR,
    DEAF,
    DELIVERY,
    DRAINED_WITHIN_S,
    MONDAY_MORNING,
    STORMY,
    Report,
    Scene,
    faults,
    run,
    stoppers,
)
from tests.chaos.failpoints import K2_PLACES
from tests.chaos.others import Task, Told, elsewhere
from tests.chaos.server import Server
from tests.chaos.town import Town

EVERYDAY = 0.03  # share of requests that fail in some way: the prototype's carrier
OTHERS_QUICK_S, OTHERS_FULL_S = 300.0, 3_600.0  # after which a run of another shape is ended
OFTEN = 0.3
SLOW_DRAIN_PER_S = 5.0  # texts: two workers with six at once, lanes that fail a while, and a machine full of tests
PATIENT_S = 8.0  # added to the bound after a STOP where the machine may be busy with other tests


@frozen(kw_only=True)
class Size:
    """How much of a run. `hits`: what its nemesis counts: kills, stops, jumps, STOPs, cut commits.

    `slack_s`, `over_http`: see `arena.Scene`. `quick`: the size that `make test` runs.
    """

    messages: int
    hits: int
    quick: bool = False
    over_http: bool = False

    @property
    def slack_s(self) -> float:
        """Nothing in the quick size may depend on speed."""
        return PATIENT_S if self.quick else 0.0

    @property
    def drained_within_s(self) -> float:
        """For all but K1, whose bound is part of what is asked: what is left may be most of the campaign."""
        return DRAINED_WITHIN_S + self.messages / SLOW_DRAIN_PER_S


Run = Callable[[Server, int, Size], Iterator[Report | Told]]


def _k1(server: Server, seed: int, size: Size) -> Iterator[Report]:
    town = Town(seed=seed, messages=size.messages)
    trouble = faults(EVERYDAY, seed)
    scene = Scene(name="K1", town=town, trouble=trouble, slack_s=size.slack_s, over_http=size.over_http)
    yield run(server, scene, nemeses.kills(size.hits))


def _k2(server: Server, seed: int, size: Size) -> Iterator[Report]:
    """Each failpoint so often, with the reply lost, the callback lost, and both; quick: both."""
    reply_lost = faults(0.3, seed, Fault.DROP_AFTER)
    ways = (("both", DEAF, reply_lost), ("reply", STORMY, reply_lost), ("callback", DEAF, faults(0.0, seed)))
    for lost, weather, trouble in ways[:1] if size.quick else ways:
        town = Town(seed=seed, messages=size.messages)
        scene = Scene(
            drained_within_s=size.drained_within_s,
            name=f"K2 {lost} lost",
            town=town,
            weather=weather,
            trouble=trouble,
            slack_s=size.slack_s,
            all_released=False,
        )
        report = run(server, scene, nemeses.failpoints(size.hits))
        yield _with_hits(report, size.hits)


def _with_hits(report: Report, each: int) -> Report:
    """Add a violation for every failpoint that was not hit often enough: the run then proves nothing."""
    missed = [
        f"K2 {place} hit {report.hits.get(place, 0)} of {each} times"
        for place in K2_PLACES
        if report.hits.get(place, 0) < each
    ]
    verdict = evolve(report.verdict, violations=(*report.verdict.violations, *missed))
    return evolve(report, verdict=verdict)


def _k3(server: Server, seed: int, size: Size) -> Iterator[Report]:
    """Stopped for shorter than the grace, mostly past the lease; and once scripted, for longer than the grace."""
    town = Town(seed=seed, messages=size.messages)
    scene = Scene(
        drained_within_s=size.drained_within_s,
        name="K3",
        town=town,
        trouble=faults(EVERYDAY, seed),
        workers=3,
        slack_s=None,
    )
    yield run(server, scene, nemeses.stops(size.hits, 1.5 * DELIVERY.lease_s))
    if not size.quick:  # there the honest twin of M1 is the same
        yield run(server, sleeping(seed), nemeses.sleeper)


def sleeping(seed: int, mutant: str | None = None) -> Scene:
    """Return the scene of a worker that sleeps past its grace: one text, sent by hand, so that it may go out again."""
    town = Town(seed=seed, messages=1, plain=True, by_hand=1.0)
    return Scene(name=_named("K3 sleeper", mutant), town=town, weather=DEAF, slack_s=None, mutant=mutant, warm=False)


def _p1(server: Server, seed: int, size: Size) -> Iterator[Report]:
    """So many crashes of PostgreSQL, and two and a half times as many cuts of every connection."""
    town = Town(seed=seed, messages=size.messages)
    scene = Scene(
        drained_within_s=size.drained_within_s, name="P1", town=town, trouble=faults(EVERYDAY, seed), slack_s=PATIENT_S
    )
    yield run(server, scene, nemeses.crashes(size.hits, size.hits * 5 // 2))


def _p2(server: Server, seed: int, size: Size) -> Iterator[Report]:
    town = Town(seed=seed, messages=size.messages)
    scene = Scene(
        drained_within_s=size.drained_within_s,
        name="P2",
        town=town,
        trouble=faults(EVERYDAY, seed),
        through=nemeses.cutting_proxy(0.08, seed),
        slack_s=size.slack_s,
    )
    yield run(server, scene, nemeses.cut_commits(size.hits))


def _g1(server: Server, seed: int, size: Size) -> Iterator[Report]:
    """3 %, 20 %, and 20 % with an outage of so many seconds; quick: only that."""
    weathers = (("100% a while", 0.2, float(size.hits)), ("3%", 0.03, 0.0), ("20%", 0.2, 0.0))
    for name, share, dark_s in weathers[:1] if size.quick else weathers:
        town = Town(seed=seed, messages=size.messages)
        scene = Scene(
            drained_within_s=size.drained_within_s,
            name=f"G1 {name}",
            town=town,
            slack_s=size.slack_s,
            over_http=size.over_http,
        )
        yield run(server, scene, nemeses.outage(share, dark_s))


def _s1(server: Server, seed: int, size: Size) -> Iterator[Report]:
    town = Town(seed=seed, messages=size.messages)
    trouble = faults(EVERYDAY, seed)
    scene = Scene(
        drained_within_s=size.drained_within_s,
        name="S1",
        town=town,
        trouble=trouble,
        slack_s=size.slack_s,
        over_http=size.over_http,
    )
    yield run(server, scene, nemeses.opt_outs(size.hits))


def _t2(server: Server, seed: int, size: Size) -> Iterator[Report]:
    """On a Wednesday, so that a day more or less is a working day too. Quick: both clocks at once.

    Many requests are stuck for a while, and half of the texts were sent by hand: a doubt that a jump makes look old
    would be sent again while its first request is on its way.
    """
    clocks = (("database", True), ("workers", False))
    for name, database in clocks[:1] if size.quick else clocks:
        town = Town(seed=seed, messages=size.messages, plain=True, by_hand=0.5)
        scene = Scene(
            drained_within_s=size.drained_within_s,
            name=f"T2 {name}",
            town=town,
            start=MONDAY_MORNING + timedelta(days=2),
            weather=ARRIVING,
            people=stoppers(),
            trouble=evolve(faults(OFTEN, seed, Fault.ARRIVES_LATE), late_s=DELIVERY.provider_late_s),
            slack_s=None if database else size.slack_s,
        )
        yield run(server, scene, nemeses.jumps(size.hits, database=database))


def _other(name: str) -> Run:
    """Return what does a run of `others`, with an end in time."""

    def go(server: Server, seed: int, size: Size) -> Iterator[Report | Told]:
        task = Task(server=server.url, seed=seed, messages=size.messages, hits=size.hits)
        yield elsewhere(name, task, OTHERS_QUICK_S if size.quick else OTHERS_FULL_S)

    return go


@frozen(kw_only=True)
class Entry:
    """A run in both sizes."""

    go: Run
    full: Size
    quick: Size


RUNS: Mapping[str, Entry] = MappingProxyType(
    {
        "K1": Entry(
            go=_k1,
            full=Size(messages=6_000, hits=1_000, over_http=True),
            quick=Size(messages=80, hits=12, quick=True),
        ),
        "K2": Entry(go=_k2, full=Size(messages=20_000, hits=50), quick=Size(messages=400, hits=1, quick=True)),
        "K3": Entry(go=_k3, full=Size(messages=1_500, hits=100), quick=Size(messages=40, hits=4, quick=True)),
        "P1": Entry(go=_p1, full=Size(messages=5_000, hits=20), quick=Size(messages=40, hits=1, quick=True)),
        "P2": Entry(go=_p2, full=Size(messages=2_000, hits=200), quick=Size(messages=40, hits=5, quick=True)),
        "G1": Entry(go=_g1, full=Size(messages=10_000, hits=60), quick=Size(messages=40, hits=1, quick=True)),
        "S1": Entry(go=_s1, full=Size(messages=5_000, hits=500), quick=Size(messages=60, hits=10, quick=True)),
        "T2": Entry(go=_t2, full=Size(messages=1_500, hits=50), quick=Size(messages=40, hits=4, quick=True)),
    }
    | {
        name: Entry(go=_other(name), full=full, quick=evolve(small, quick=True))
        for name, full, small in (
            ("W1", Size(messages=10_000, hits=0), Size(messages=200, hits=0)),
            ("W2", Size(messages=1_000, hits=0), Size(messages=15, hits=0)),
            ("W3", Size(messages=10_000, hits=0), Size(messages=200, hits=0)),
            ("K4", Size(messages=4_000, hits=500), Size(messages=24, hits=3)),
            ("R1", Size(messages=5_000, hits=20), Size(messages=40, hits=3)),
            ("P1-worker", Size(messages=5_000, hits=20), Size(messages=40, hits=2)),
            ("T1", Size(messages=1, hits=1), Size(messages=1, hits=0)),
            ("S2", Size(messages=1, hits=0), Size(messages=1, hits=0)),
        )
    }
)
"""Every run of `reliability.md` 10 that concerns delivery."""


LATE = datetime.fromisoformat("2026-06-01T21:30:00-05:00")
BEFORE_MIDNIGHT_UTC = datetime.fromisoformat("2026-06-01T18:40:00-05:00")
_UNHURRIED = DeliverySettings(gate=DELIVERY.gate, paces=UNPACED)
"""Production's own times: nothing recovers while the run lasts."""

_MUTANT_DRAIN_S = 3.0


def _named(name: str, mutant: str | None) -> str:
    return name if mutant is None else f"{name}/{mutant}"


def scene_for(mutant: str, seed: int, *, planted: bool) -> tuple[Scene, Callable[..., None]]:
    """Return the scene in which a mutant shows, with the mutant or without, and what happens in it."""
    name = f"{mutant} {'planted' if planted else 'honest'}"
    wrong = mutant if planted else None
    town = Town(seed=seed, messages=24, plain=True)
    scene = Scene(name=name, town=town, mutant=wrong, weather=ARRIVING, people=stoppers(), slack_s=PATIENT_S)
    if mutant == "M1":
        return evolve(sleeping(seed, wrong), name=name), nemeses.sleeper
    if mutant == "M2":
        stopping = Town(seed=seed, messages=24, plain=True, texts_each=2)
        return evolve(scene, town=stopping, people=stoppers(0.6)), nemeses.two_waves(timedelta(0))
    if mutant == "M3":
        late = Town(seed=seed, messages=20, by_hand=0.0)
        return evolve(scene, town=late, start=LATE, delivery=evolve(DELIVERY, gate=AT_ANY_HOUR)), nemeses.calm
    if mutant == "M4":
        drain_s = _MUTANT_DRAIN_S if planted else scene.drained_within_s
        deaf = evolve(scene, weather=DEAF, delivery=_UNHURRIED, drained_within_s=drain_s)
        return deaf, nemeses.calm
    if mutant == "M5":
        talkative = evolve(scene, people=stoppers(0.6))
        return talkative, nemeses.deaths_while_hearing(2)
    if mutant == "M7":
        trouble = faults(0.5, seed, Fault.ERROR_AFTER, Fault.ERROR_BEFORE)
        return evolve(scene, trouble=trouble), nemeses.calm
    if mutant == "M8":
        often = Town(seed=seed, messages=24, by_hand=0.0, texts_each=4)
        evening = evolve(scene, town=often, start=BEFORE_MIDNIGHT_UTC, people=stoppers(0.0))
        return evolve(evening, delivery=evolve(DELIVERY, gate=AT_ANY_HOUR)), nemeses.two_waves(timedelta(minutes=30))
    return scene, nemeses.probed  # M6


def mutant_reports(server: Server, mutants: Sequence[str], seed: int) -> Iterator[tuple[str, Report, Report]]:
    """Yield each mutant's name, the run of the honest product and the run of the mutant, with the same seed."""
    for mutant in mutants:
        honest, planted = (run(server, *scene_for(mutant, seed, planted=planted)) for planted in (False, True))
        yield mutant, honest, planted
