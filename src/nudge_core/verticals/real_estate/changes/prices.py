"""Whether a price is believed, and whether it is a drop. Source: `mls-feeds.md` section 6.3."""

from __future__ import annotations

from enum import Enum, auto

from attrs import frozen

from nudge_core.verticals.real_estate.changes.change import ChangeSettings


class PriceMove(Enum):
    """What became of the price between two snapshots."""

    SAME = auto()
    FIRST = auto()
    MISSING = auto()
    RISE = auto()
    SMALL_DROP = auto()
    DROP = auto()
    AGREED_DROP = auto()
    HELD = auto()
    OTHER_TYPE = auto()


@frozen
class Price:
    """`accepted_cents`: the price to go on comparing with. `held_cents`: a price in quarantine."""

    move: PriceMove
    accepted_cents: int | None
    held_cents: int | None = None


def weigh(
    accepted: int | None,
    held: int | None,
    new: int | None,
    *,
    other_type: bool,
    second_poll: bool,
    settings: ChangeSettings,
) -> Price:
    """Compare a new price with the last accepted one, both in US cents.

    Args:
        accepted: never OriginalListPrice (that would count old cuts again at each poll).
        held: a price in quarantine.
        other_type: the property type changed, from sale to lease perhaps: prices of the two do not compare.
        second_poll: the record was sent or read again since the price was held: an agreement counts.
    """
    if new == accepted:
        return Price(PriceMove.SAME, accepted)
    if new is None or new <= 0:
        return Price(PriceMove.MISSING, accepted, held)
    if other_type:
        return Price(PriceMove.OTHER_TYPE, new)
    if accepted is None or accepted <= 0:
        return Price(PriceMove.FIRST, new)
    if new > accepted:
        return Price(PriceMove.RISE, new)
    drop = accepted - new
    if drop * 100 > accepted * settings.quarantine_percent:
        if second_poll and new == held:
            return Price(PriceMove.AGREED_DROP, new)
        return Price(PriceMove.HELD, accepted, new)
    enough = drop * 10_000 >= accepted * settings.least_drop_basis_points or drop >= settings.least_drop_cents
    return Price(PriceMove.DROP if enough else PriceMove.SMALL_DROP, new)
