"""From an event and its audience to what may be told: the brief of the drafter, and the personal part.

Everything is chosen by allow-list from the payload of the market event; there is no way from another field of it into
a brief. Source: `verticals.md` 3.5, `features.md` part 2 line 26.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from nudge_core.errors import Invalid
from nudge_core.matching.ranking import Ranking
from nudge_core.model.brief import Brief
from nudge_core.model.briefing import AudienceMember, Decision
from nudge_core.model.client import Client, Role
from nudge_core.model.event import ListingEvent, MarketEvent, stable_id
from nudge_core.model.json import JsonObject
from nudge_core.model.user import User
from nudge_core.policy.segments import fold
from nudge_core.policy.wording import signed_business
from nudge_core.verticals.real_estate.facts import facts_of
from nudge_core.verticals.real_estate.names import greeting_name
from nudge_core.verticals.real_estate.questions import soft_question
from nudge_core.verticals.real_estate.reasons import common_reasons, reason_sentence
from nudge_core.verticals.real_estate.switches import STRICT, Switches

NAME = "real_estate"
REMARKS_CHARACTERS = 4_000  # RESO Data Dictionary 2.0: the size of PublicRemarks
GONE = frozenset({ListingEvent.EXPIRED_LISTING, ListingEvent.WITHDRAWN_LISTING})
"""Kinds that are the professional's own information: another agent's client is not solicited while listed."""

_VARIATIONS = 2**31


def kind_of_event(event_type: str) -> ListingEvent:
    """Return the kind, or raise Invalid: an unknown kind is an error, not a nudge."""
    try:
        return ListingEvent(event_type)
    except ValueError as error:
        raise Invalid("event.event_type", f"one of {', '.join(ListingEvent)}", event_type) from error


def brief(user: User, event: MarketEvent, ranking: Ranking, switches: Switches = STRICT) -> Brief:
    """Choose what the drafter is told: facts by allow-list, the reasons that are true, the professional's style.

    Raises:
        Invalid: the event's kind is unknown.
    """
    kind = kind_of_event(event.event_type)
    audience = told(ranking)
    return Brief(
        vertical=NAME,
        kind=kind.value,
        facts=facts_of(kind, event.payload, switches),
        roles=_roles(audience),
        reasons=common_reasons(audience),
        sender_first_name=greeting_name(user.full_name) or fold(user.first_name),
        sender_business=signed_business(user.business_name),
        variation=variation_of(str(user.id), str(event.id)),
        public_remarks=_remarks(event.payload),
        style=user.ai_style_guide,
    )


def personal(
    event: MarketEvent, member: AudienceMember, client: Client, switches: Switches = STRICT
) -> Mapping[str, str]:
    """Return `first_name`, `reason` and `question` for one client, none longer than `placeholders.LONGEST`.

    The reason rests on this member's met reasons only; it is empty where none is met and where the home is gone. Of
    an event that is the professional's own information, all but the name is empty unless the operator allows it.
    """
    kind = kind_of_event(event.event_type)
    variation = variation_of(str(client.id), str(event.id))
    silent = kind in GONE and not switches.tell_of_gone_listings
    gone = kind in GONE or (kind is ListingEvent.SOLD_LISTING and member.role in {Role.BUYER, Role.INVESTOR})
    return {
        "first_name": greeting_name(client.full_name),
        "reason": "" if gone else reason_sentence(member, variation),
        "question": "" if silent else soft_question(kind, member.role, variation // 2),
    }


def variation_of(*parts: str) -> int:
    """Return a stable number for these texts, from 0 to 2**31 - 1: it picks among equal wordings, never by chance."""
    return stable_id("variation", *parts).int % _VARIATIONS


def told(ranking: Ranking) -> Sequence[AudienceMember]:
    """Those the text is for: the included offers, or everybody when there are none."""
    offers = [m for m in ranking.members if m.included and m.decision is Decision.OFFER]
    return offers or ranking.members


def _roles(members: Sequence[AudienceMember]) -> tuple[Role, ...]:
    counts = Counter(member.role for member in members)
    return tuple(sorted(counts, key=lambda role: (-counts[role], list(Role).index(role))))


def _remarks(payload: JsonObject) -> str:
    listing = payload.get("listing")
    remarks = listing.get("remarks") if isinstance(listing, Mapping) else None
    return remarks[:REMARKS_CHARACTERS] if isinstance(remarks, str) else ""
