"""Where a recipient may be: the zones whose clocks count and the jurisdictions whose hours count.

Evidence is added up (`messaging.md` 11.1 and 11.3): every zone of the number's area code and its states, and besides
them the zone and the state that are known of the client. Numbers are ported and people move, so neither replaces the
other; an hour must be lawful in all candidates. A code of no place, or an unknown one, counts as every state and zone.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from nudge_core.errors import Invalid
from nudge_core.model.fields import E164
from nudge_core.timing.area_codes import AREAS, CANADIAN_PROVINCES, OTHER_COUNTRIES, US_STATES, US_ZONES

NANP_PREFIX = "+1"
NANP_LENGTH = len("+12125550100")


class Evidence(StrEnum):
    """The best that the zones rest on."""

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


def whereabouts(phone: str, known_zone: str | None = None, known_state: str | None = None) -> Whereabouts:
    """Return where the holder of `phone` may be.

    Args:
        phone: E.164.
        known_zone: the zone of the client's address, or one that the client or the professional stated.
        known_state: postal code of the state or province of the client's address.

    Raises:
        Invalid: `phone` is not E.164, or there is no such state or province.
    """
    if known_state is not None and known_state not in US_STATES | CANADIAN_PROVINCES:
        raise Invalid("client.state", "postal code of a state or province, such as TX", known_state)
    code = area_code(phone)
    if code is None or code in OTHER_COUNTRIES:
        return Whereabouts(zones=frozenset(), jurisdictions=frozenset(), evidence=Evidence.ABROAD)
    area = AREAS.get(code)
    evidence = Evidence.NOTHING if area is None else Evidence.AREA_CODE
    return Whereabouts(
        zones=(US_ZONES if area is None else area.zones) | _one(known_zone),
        jurisdictions=(US_STATES if area is None else area.jurisdictions) | _one(known_state),
        evidence=evidence if known_zone is None else Evidence.KNOWN,
    )


def _one(value: str | None) -> frozenset[str]:
    return frozenset() if value is None else frozenset({value})
