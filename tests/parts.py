"""The walk's parts for tests that need all of them and no particular one."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from nudge_adapters.llm.offline import build_offline_drafter
from nudge_adapters.sms.carrier import CarrierSettings, SimulatedCarrier
from nudge_adapters.sms.journal import MemoryJournal
from nudge_adapters.sms.simulator import SimulatedGateway
from nudge_core.ports import Clock, Store
from nudge_core.verticals import VERTICALS
from nudge_core.walk import Parts
from tests.samples import CountingIds


def quiet_parts(store: Store, clock: Clock, **changes: Any) -> Parts:
    """Return real parts on this store: templates write, the simulated carrier takes everything."""
    parts = Parts(
        store=store,
        verticals=VERTICALS,
        drafters=(build_offline_drafter({name: vertical.voice for name, vertical in VERTICALS.items()}),),
        gateway=SimulatedGateway(SimulatedCarrier(MemoryJournal(), CarrierSettings()), clock),
        ids=CountingIds(7),
    )
    return evolve(parts, **changes)
