"""Where a recipient may be: the zones whose clocks count and the jurisdictions whose hours count.

Order of evidence (`verticals.md` 1.2): a zone that is known of the client, else every zone of the number's area code,
else every zone of the United States. Several candidates mean that an hour must be lawful in all of them. The
jurisdictions are those of the area code whatever is known of the zone: some states take the area code as evidence of
place. An unknown area code counts as every state.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from nudge_core.errors import Invalid
from nudge_core.model.fields import E164
from nudge_core.timing.area_codes import AREAS, OTHER_COUNTRIES, US_STATES, US_ZONES

NANP_PREFIX = "+1"
NANP_LENGTH = len("+12125550100")


class Evidence(StrEnum):
    """What the zones rest on."""

    KNOWN = "known"
    AREA_CODE = "area_code"
    NOTHING = "nothing"
    ABROAD = "abroad"


@frozen(kw_only=True)
class Whereabouts:
    """Candidate zones and jurisdictions of one recipient. No zones (`ABROAD`): a country without a pack of rules."""

    zones: frozenset[str]
    jurisdictions: frozenset[str]
    evidence: Evidence


def area_code(phone: str) -> str | None:
    """Return the three digits after +1, or None for a number outside the North American plan.

    Raises:
        Invalid: not E.164.
    """
    if not E164.fullmatch(phone):
        raise Invalid("phone", "E.164: + and 7 to 15 digits", phone)
    inside = phone.startswith(NANP_PREFIX) and len(phone) == NANP_LENGTH
    return phone[2:5] if inside else None


def whereabouts(phone: str, known_zone: str | None = None) -> Whereabouts:
    """Return where the holder of `phone` may be.

    Args:
        phone: E.164.
        known_zone: the zone of the client's address, or one that the client or the professional stated.

    Raises:
        Invalid: `phone` is not E.164.
    """
    code = area_code(phone)
    if code is None or code in OTHER_COUNTRIES:
        return Whereabouts(zones=frozenset(), jurisdictions=frozenset(), evidence=Evidence.ABROAD)
    area = AREAS.get(code)
    jurisdictions = US_STATES if area is None else area.jurisdictions
    if known_zone is not None:
        return Whereabouts(zones=frozenset({known_zone}), jurisdictions=jurisdictions, evidence=Evidence.KNOWN)
    if area is None:
        return Whereabouts(zones=US_ZONES, jurisdictions=jurisdictions, evidence=Evidence.NOTHING)
    return Whereabouts(zones=area.zones, jurisdictions=jurisdictions, evidence=Evidence.AREA_CODE)
