"""What the professional said no to, when they said no to a home for its price, its area or the time."""

from __future__ import annotations

from nudge_core.matching.avoided import Avoidance
from nudge_core.model.event import MarketEvent
from nudge_core.model.feedback import DismissReason
from nudge_core.verticals.real_estate.events import RULES
from nudge_core.verticals.real_estate.subject import subject

_TIMES = frozenset({DismissReason.TIMING, DismissReason.NOT_NOW})
_NARROWEST = ("subdivision", "postcode", "city_state", "city")


def said_no_to(event: MarketEvent, reason: DismissReason) -> Avoidance | None:
    """Return what the reason speaks of: this price or more, the narrowest area that is stated, texts of this topic.

    A subdivision counts within its city only, where that is stated: many towns have a Downtown. Raises Invalid: a
    payload without a listing.
    """
    rule = RULES.get(event.event_type)
    if reason in _TIMES:
        return None if rule is None or rule.topic is None else Avoidance(topic=rule.topic)
    if rule is None or reason not in (DismissReason.PRICE, DismissReason.AREA):
        return None
    offered = subject(event, frozenset())
    if offered is None:
        return None
    if reason is DismissReason.PRICE:
        price = offered.numbers.get("price")
        return None if price is None else Avoidance(field="price", at_least=price)
    by_kind = {term.partition(":")[0]: term for term in offered.terms["area"]}
    narrowest = next((by_kind[kind] for kind in _NARROWEST if kind in by_kind), None)
    if narrowest is None:
        return None
    within = {by_kind["city"]} if narrowest.startswith("subdivision:") and "city" in by_kind else set[str]()
    return Avoidance(field="area", all_of=frozenset({narrowest} | within))
