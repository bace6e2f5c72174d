"""A worker for tests, in a process of its own: the product's shift and wake-ups, with short times and a given noon.

    python -m tests.integration.working JSON

JSON: `url` of the database, `ledger` of the carrier, `redis` (address or null), `ahead_s` that the installation's
clock runs ahead of this machine's. Says what happens as JSON lines on standard output; leaves on SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import evolve, frozen

from nudge_adapters.sms.carrier import CarrierSettings, SimulatedCarrier
from nudge_adapters.sms.journal import FileJournal
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_adapters.sql.store import SqlStore
from nudge_adapters.system import RandomIds
from nudge_core.model.lane import UNPACED
from nudge_core.policy.delivery import DeliverySettings
from nudge_core.sending.watch import DoubtWatch
from nudge_core.verticals import VERTICALS
from nudge_core.walk import Parts, timetable
from nudge_core.walk.jobs import JOBS
from nudge_entrypoints import drains
from nudge_entrypoints.drains import Shift
from nudge_entrypoints.telling import Teller
from nudge_entrypoints.worker import WakeUps

QUICK = DeliverySettings(
    batch=5, lease_s=4, send_deadline_s=1, http_timeout_s=1, provider_late_s=1, list_lag_s=1, grace_s=4,
    first_backoff_s=1, paces=UNPACED,
)  # fmt: skip


@frozen
class AheadClock:
    """This machine's clock, so many seconds ahead: the installation's noon, whatever the hour of the test."""

    ahead_s: float

    def now(self) -> datetime:
        """Return the present instant."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)


def parts_on(url: str, ledger: Path, clock: AheadClock) -> Parts:
    """Return real parts: PostgreSQL, and the simulated carrier with its books in a file."""
    carrier = SimulatedCarrier(FileJournal(ledger), CarrierSettings())
    return Parts(
        store=SqlStore(url, clock, RandomIds()),
        verticals=VERTICALS,
        drafters=(),
        gateway=SimulatedGateway(carrier, clock),
        ids=RandomIds(),
        delivery=QUICK,
        doubts=DoubtWatch(time.monotonic),
    )


async def serve(told: dict[str, object]) -> None:
    """Work until SIGTERM."""
    ahead_s = told["ahead_s"]
    assert isinstance(ahead_s, float)
    parts = parts_on(str(told["url"]), Path(str(told["ledger"])), AheadClock(ahead_s))
    redis = None if told["redis"] is None else str(told["redis"])
    teller = Teller("worker", as_json=True)
    jobs = [evolve(job, interval_s=min(job.interval_s, 1.0)) for job in JOBS]  # tidy at once
    shift = Shift(parts, jobs, teller, parts.ids.new())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, shift.stop)
    listening = asyncio.create_task(WakeUps(shift, teller, lambda: redis).listen())
    teller.say("at work")
    await shift.run()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await parts.store.aclose()
    teller.say("left")


if __name__ == "__main__":
    timetable.LEASE_S, drains.BEAT_S = 5.0, 1.0  # so that what a killed worker held is free in seconds
    asyncio.run(serve(json.loads(sys.argv[1])))
