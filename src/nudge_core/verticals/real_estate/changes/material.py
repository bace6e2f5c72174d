"""Whether a new snapshot of a listing says anything that users are shown."""

from __future__ import annotations

from operator import attrgetter

from nudge_core.model.listing import PUBLIC_FACTS, ListingSnapshot

_SHOWN = attrgetter(
    *PUBLIC_FACTS,
    "status",
    "address",
    "unit",
    "display_allowed",
    "address_display_allowed",
    "can_view",
    "uses",
)


def is_material(previous: ListingSnapshot | None, new: ListingSnapshot) -> bool:
    """Return whether the resource rows of users should be refreshed: a public fact, the status or a consent changed.

    Compare the accepted snapshots (`Detection.accepted`), not the received ones: a price in quarantine is not shown.
    """
    return previous is None or bool(_SHOWN(previous) != _SHOWN(new))
