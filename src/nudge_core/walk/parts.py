"""What the walk is made of."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from nudge_core.errors import Invalid
from nudge_core.policy.delivery import DeliverySettings
from nudge_core.ports import Drafter, Embedder, Ids, SmsGateway, Store
from nudge_core.sending.watch import DoubtWatch
from nudge_core.steps.converse import ReceiveSettings
from nudge_core.steps.ingest import IngestSettings
from nudge_core.steps.release import ReleaseSettings
from nudge_core.verticals.base import Vertical


@frozen(kw_only=True)
class Parts:
    """Ports and settings, and what this process has seen of doubts.

    `drafters` are asked in turn; `embedder` None: order without similarity of meaning; `doubts` None: no doubtful text
    is ever sent a second time.
    """

    store: Store
    verticals: Mapping[str, Vertical]
    drafters: tuple[Drafter, ...]
    gateway: SmsGateway
    ids: Ids
    embedder: Embedder | None = None
    doubts: DoubtWatch | None = None
    ingest: IngestSettings = field(factory=IngestSettings)
    delivery: DeliverySettings = field(factory=DeliverySettings)
    receive: ReceiveSettings = field(factory=ReceiveSettings)
    release: ReleaseSettings = field(factory=ReleaseSettings)

    def vertical(self, name: str) -> Vertical:
        """Return the vertical of this name, or raise Invalid with the names there are."""
        if name not in self.verticals:
            raise Invalid("user.vertical", f"one of {', '.join(sorted(self.verticals))}", name)
        return self.verticals[name]
