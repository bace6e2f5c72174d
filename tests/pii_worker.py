"""A worker whose parts raise errors that quote people, in a process of its own; for the scan of `pii_scan.py`.

    python -m tests.pii_worker JSON

JSON: `url` of the database, `redis`, `ahead_s` of the clock. Logs from INFO on (ours from DEBUG) to standard error.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from nudge_adapters.sql.store import SqlStore
from nudge_adapters.system import AheadClock, RandomIds
from nudge_core.errors import Unavailable
from nudge_core.model.carrier import Accepted, InboundText, OutgoingText, ProviderRecord, SendOutcome
from nudge_core.model.lane import UNPACED
from nudge_core.model.message import Receipt
from nudge_core.policy.delivery import DeliverySettings
from nudge_core.verticals import VERTICALS, Vertical
from nudge_core.walk import Parts
from nudge_core.walk.jobs import JOBS
from nudge_core.walk.timetable import Job
from nudge_entrypoints.drains import Shift
from nudge_entrypoints.telling import Teller
from nudge_entrypoints.worker import WakeUps
from tests.pii_canaries import body, explode, phone

EXPLODING = "exploding"
"""A vertical whose very lookup raises."""


class Verticals(Mapping[str, Vertical]):
    """The verticals, and one that raises."""

    def __getitem__(self, name: str) -> Vertical:
        if name == EXPLODING:
            explode(1)
        return VERTICALS[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*VERTICALS, EXPLODING])

    def __len__(self) -> int:
        return len(VERTICALS) + 1


class CarelessGateway:
    """A carrier adapter that breaks its promises with every second text, and quotes people when it does."""

    def __init__(self) -> None:
        self._asked = 0

    async def send(self, text: OutgoingText) -> SendOutcome:
        self._asked += 1
        if self._asked % 2:
            raise RuntimeError(f"cannot send {text.body} to {text.recipient}")
        return Accepted(provider_sid=f"SM{text.message_id.hex}", receipt=Receipt.QUEUED)

    async def find(self, sender: str, recipient: str, since: datetime) -> Sequence[ProviderRecord]:
        raise Unavailable("sms:careless", "the list is out of order")

    async def fetch(self, provider_sid: str) -> ProviderRecord | None:
        raise RuntimeError(f"no bill of {body(2)}")

    async def received(self, recipient: str, since: datetime) -> Sequence[InboundText]:
        raise RuntimeError(f"no texts to {recipient}")

    async def ping(self) -> str:
        return "careless"

    async def aclose(self) -> None:
        return


async def _raising(_parts: Parts) -> None:
    explode(3)


async def _invalid(_parts: Parts) -> None:
    raise ValueError(phone(4))


def parts_of(url: str, ahead_s: float) -> Parts:
    """Return parts that raise."""
    return Parts(
        store=SqlStore(url, AheadClock(ahead_s), RandomIds()),
        verticals=Verticals(),
        drafters=(),
        gateway=CarelessGateway(),
        ids=RandomIds(),
        delivery=DeliverySettings(paces=UNPACED, first_backoff_s=1),
    )


async def main(told: dict[str, object]) -> None:
    """Work until SIGTERM."""
    ahead_s = told["ahead_s"]
    assert isinstance(ahead_s, float)
    parts = parts_of(str(told["url"]), ahead_s)
    quick = [Job(name=job.name, interval_s=1.0, limit_s=job.limit_s, run=job.run) for job in JOBS]
    raising = [
        Job(name="raising", interval_s=1.0, limit_s=5.0, run=_raising),
        Job(name="invalid", interval_s=1.0, limit_s=5.0, run=_invalid),
    ]
    teller = Teller("worker", as_json=True)
    shift = Shift(parts, [*quick, *raising], teller, parts.ids.new())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, shift.stop)
    listening = asyncio.create_task(WakeUps(shift, teller, lambda: str(told["redis"])).listen())
    teller.say("at work")
    await shift.run()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await parts.store.aclose()
    teller.say("left")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    for ours in ("nudge_core", "nudge_adapters", "nudge_entrypoints"):
        logging.getLogger(ours).setLevel(logging.DEBUG)
    asyncio.run(main(json.loads(sys.argv[1])))
