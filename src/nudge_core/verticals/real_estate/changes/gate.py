"""What must be true of a listing before anybody is nudged about it. Source: `mls-feeds.md` section 7.

Whether the address may stand in the text, and which fields may, is decided where facts are chosen
(`nudge_core.model.listing.public_facts`).
"""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen

from nudge_core.model.listing import ListingSnapshot, ListingStatus

IDX = "IDX"
"""The licence that covers public display and client tools; VOW, BO (back office) and PT alone do not."""


@frozen(kw_only=True)
class GateSettings:
    """An owner's switches for one source. `coming_soon`: whether its rules allow texts about Coming Soon listings.

    Off by default: each MLS's rules for Coming Soon were not established.
    """

    coming_soon: bool = False
    licences: frozenset[str] = field(default=frozenset({IDX}))


class GateReason(StrEnum):
    """Why nobody may be nudged about a listing."""

    GONE = "gone"
    DISPLAY_NOT_ALLOWED = "display_not_allowed"
    LICENCE = "licence"
    COMING_SOON_OFF = "coming_soon_off"


DEFAULT_GATE = GateSettings()


def may_nudge(snapshot: ListingSnapshot, settings: GateSettings = DEFAULT_GATE) -> GateReason | None:
    """Return None when a nudge about this listing is allowed, or the reason why not.

    A feed that has no licence field at all (`uses` None) is trusted to deliver only what may be shown; a record whose
    licence field names no allowed use is not.
    """
    if snapshot.gone:
        return GateReason.GONE
    if not snapshot.display_allowed:
        return GateReason.DISPLAY_NOT_ALLOWED
    if snapshot.uses is not None and not snapshot.uses & settings.licences:
        return GateReason.LICENCE
    if snapshot.status is ListingStatus.COMING_SOON and not settings.coming_soon:
        return GateReason.COMING_SOON_OFF
    return None
