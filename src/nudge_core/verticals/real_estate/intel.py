"""What the professional sees before saying yes: the line in the queue, and what is behind it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from nudge_core.matching.ranking import Ranking
from nudge_core.model.briefing import Decision
from nudge_core.model.event import ListingEvent, MarketEvent
from nudge_core.model.json import Json, JsonObject, frozen_object
from nudge_core.model.listing import ListingStatus
from nudge_core.verticals.real_estate.brief import GONE, kind_of_event, told
from nudge_core.verticals.real_estate.facts import facts_of
from nudge_core.verticals.real_estate.reasons import common_reasons
from nudge_core.verticals.real_estate.switches import STRICT, Switches

_CODE = re.compile(r"[a-z][a-z_]{0,59}")

TITLES: Mapping[ListingEvent, str] = {
    ListingEvent.NEW_LISTING: "New listing",
    ListingEvent.PRICE_DROP: "Price drop",
    ListingEvent.SOLD_LISTING: "Sold",
    ListingEvent.BACK_ON_MARKET: "Back on the market",
    ListingEvent.EXPIRED_LISTING: "Listing expired",
    ListingEvent.COMING_SOON: "Coming soon",
    ListingEvent.WITHDRAWN_LISTING: "Listing withdrawn",
}


def headline(event: MarketEvent, ranking: Ranking, switches: Switches = STRICT) -> str:
    """Return one line for the queue: what happened, where, at what price, and how many would care."""
    kind = kind_of_event(event.event_type)
    facts = facts_of(kind, event.payload, switches)
    where = ", ".join(filter(None, (facts.get("address"), facts.get("city") or facts.get("postal_code"))))
    parts = [f"{TITLES[kind]}: {where or 'a home'}", _price_line(kind, facts), _interest(kind, ranking)]
    return ". ".join(filter(None, parts))


def key_intel(event: MarketEvent, ranking: Ranking, switches: Switches = STRICT) -> JsonObject:
    """Return what a professional should know before saying yes.

    `facts`: as they may be printed. `change`: what was compared. `audience`: how many were considered, offered,
    to be asked, excluded per constraint and left out per reason. `reasons`: what the audience wished and the offer
    meets. `check`: codes of what was odd: `needs_check` and the change's own, `no_address`, `no_price`.
    """
    kind = kind_of_event(event.event_type)
    facts = facts_of(kind, event.payload, switches)
    decisions = Counter(member.decision for member in ranking.members)
    return frozen_object(
        {
            "facts": dict(facts),
            "change": _change(event.payload),
            "audience": {
                "considered": ranking.considered,
                "offers": decisions[Decision.OFFER],
                "ask": decisions[Decision.ASK],
                "excluded": dict(ranking.excluded),
                "not_offered": dict(ranking.not_offered),
            },
            "reasons": list(common_reasons(told(ranking))),
            "check": _odd(event.payload, facts),
        }
    )


def _change(payload: JsonObject) -> dict[str, Json]:
    """The compared prices and statuses: the names there are, and nothing else a payload may hold."""
    change = payload.get("change")
    if not isinstance(change, Mapping):
        return {}
    prices = {name: change.get(name) for name in ("previous_price_cents", "new_price_cents")}
    statuses = {name: change.get(name) for name in ("previous_status", "new_status")}
    return {name: value for name, value in prices.items() if isinstance(value, int) and not isinstance(value, bool)} | {
        name: value for name, value in statuses.items() if isinstance(value, str) and value in set(ListingStatus)
    }


def _odd(payload: JsonObject, facts: Mapping[str, str]) -> list[Json]:
    change = payload.get("change")
    odd: list[Json] = []
    if isinstance(change, Mapping):
        checks = change.get("checks")
        codes = checks if isinstance(checks, (list, tuple)) else ()
        odd += [code for code in codes if isinstance(code, str) and _CODE.fullmatch(code)]
        if change.get("needs_check") is True and not odd:
            odd.append("needs_check")
    return odd + [f"no_{name}" for name in ("address", "price") if name not in facts]


def _price_line(kind: ListingEvent, facts: Mapping[str, str]) -> str:
    if "drop" in facts:
        return f"{facts['previous_price']} to {facts['price']}, down {facts['drop']}"
    if kind is ListingEvent.SOLD_LISTING:
        return f"Sold for {facts['close_price']}" if "close_price" in facts else _listed_at(facts)
    return facts.get("price", "")


def _listed_at(facts: Mapping[str, str]) -> str:
    return f"Was listed at {facts['price']}" if "price" in facts else ""


def _interest(kind: ListingEvent, ranking: Ranking) -> str:
    offers = sum(member.decision is Decision.OFFER for member in ranking.members)
    ask = len(ranking.members) - offers
    if kind in GONE:
        return f"For you: {_clients(len(ranking.members))} heard of it" if ranking.members else "For you"
    care = f"{_clients(offers)} would care" if offers else "Nobody to offer it to"
    return f"{care}, {ask} to ask first" if ask else care


def _clients(count: int) -> str:
    return f"{count} client{'' if count == 1 else 's'}"
