"""One invented home: what is fixed about it for as long as it stands in the market."""

from __future__ import annotations

from attrs import field, frozen

from nudge_adapters.feeds.market.dice import Dice, Quantiles
from nudge_adapters.feeds.market.places import (
    NEIGHBOURHOODS,
    SHARE_OF_CITY,
    STREETS,
    SUFFIXES,
    Neighbourhood,
)

KM_PER_DEGREE = 111.2  # of latitude
DEGREES_LONGITUDE_PER_LATITUDE = 1.155  # 1 / cos(30 degrees), the latitude of this market

LEASE_SHARE = 0.10
HOUSE, CONDO, TOWNHOUSE = "Single Family Residence", "Condominium", "Townhouse"

AREA_SQFT: dict[str, Quantiles] = {
    HOUSE: ((0, 950), (0.25, 1_550), (0.5, 2_050), (0.75, 2_700), (1, 4_300)),
    CONDO: ((0, 520), (0.5, 960), (1, 1_700)),
    TOWNHOUSE: ((0, 1_050), (0.5, 1_500), (1, 2_200)),
}
PRICE_SPREAD: Quantiles = ((0, 0.78), (0.25, 0.92), (0.5, 1.0), (0.75, 1.09), (1, 1.38))
RENT_SHARE: Quantiles = ((0, 0.0044), (0.5, 0.0052), (1, 0.0063))  # monthly rent as a share of the price

SALE_STEP_USD = 5_000
RENT_STEP_USD = 25
SQFT_PER_ACRE = 43_560


@frozen(kw_only=True)
class Home:
    """A home and what its agent says of it. Money in whole US dollars, areas in square feet.

    `features` are the words of `remarks.FEATURES` that are true of it. `price_usd`: the first asking price, a month's
    rent for a lease. `hoa_usd`: monthly dues, 0 for none, None when the agent left the field empty.
    """

    place: Neighbourhood
    street_number: int
    street: str
    suffix: str
    unit: str | None
    subtype: str
    lease: bool
    beds: int
    full_baths: int
    half_baths: int
    area_sqft: int
    lot_sqft: int | None
    year_built: int
    stories: int
    garage_spaces: int
    hoa_usd: int | None
    price_usd: int
    latitude: float
    longitude: float
    features: frozenset[str] = field(repr=False)

    @property
    def address(self) -> str:
        """The street line, without the unit."""
        return f"{self.street_number} {self.street} {self.suffix}"


def home(dice: Dice) -> Home:
    """Return a home."""
    place = dice.weighted([(one, SHARE_OF_CITY[one.city]) for one in NEIGHBOURHOODS])
    subtypes = [(HOUSE, 0.52), (CONDO, 0.28), (TOWNHOUSE, 0.20)] if place.dense else [(HOUSE, 0.88), (TOWNHOUSE, 0.12)]
    subtype = dice.weighted(subtypes)
    area = int(dice.along(AREA_SQFT[subtype]))
    beds = _beds(dice, subtype, area)
    full_baths = max(1, min(beds, 1 + area // 1_100 + dice.below(2)))
    lease = dice.chance(LEASE_SHARE)
    year = dice.between(*place.built)
    features = _features(dice, subtype, area, year)
    garage = 0 if "garage" not in features else (1 if subtype != HOUSE else dice.weighted([(1, 1), (2, 6), (3, 2)]))
    value = area * place.usd_per_sqft * dice.along(PRICE_SPREAD) + (40_000 if "pool" in features else 0)
    price = value * dice.along(RENT_SHARE) if lease else value
    north, east = (dice.unit() * 2 - 1) * place.spread_km, (dice.unit() * 2 - 1) * place.spread_km
    return Home(
        place=place,
        street_number=dice.between(100, 9_899),
        street=dice.pick(STREETS),
        suffix=dice.pick(SUFFIXES),
        unit=str(dice.between(101, 420)) if subtype == CONDO else None,
        subtype=subtype,
        lease=lease,
        beds=beds,
        full_baths=full_baths,
        half_baths=1 if subtype != CONDO and dice.chance(0.4) else 0,
        area_sqft=area,
        lot_sqft=dice.between(5_200, 14_500) if subtype == HOUSE else None,
        year_built=year,
        stories=1 if subtype == CONDO or (area < 1_900 and dice.chance(0.8)) else 2,
        garage_spaces=garage,
        hoa_usd=_dues(dice, subtype, place, features),
        price_usd=rounded(price, RENT_STEP_USD if lease else SALE_STEP_USD),
        latitude=round(place.latitude + north / KM_PER_DEGREE, 6),
        longitude=round(place.longitude + east / KM_PER_DEGREE * DEGREES_LONGITUDE_PER_LATITUDE, 6),
        features=features,
    )


def rounded(price_usd: float, step_usd: int) -> int:
    """Return a price as agents write it: a multiple of `step_usd`, never less than one step."""
    return max(step_usd, int(price_usd / step_usd + 0.5) * step_usd)


def _beds(dice: Dice, subtype: str, area: int) -> int:
    if subtype == CONDO:
        return 1 if area < 800 else (2 if area < 1_300 else 3)
    return max(2, min(6, 1 + area // 750 + dice.below(2)))


def _features(dice: Dice, subtype: str, area: int, year: int) -> frozenset[str]:
    """Return which features it has; a house has more of what needs land."""
    land = subtype == HOUSE
    shares = {
        "garage": 0.86 if land else 0.45,
        "pool": 0.16 if land and area > 1_700 else 0.0,
        "fenced_yard": 0.74 if land else 0.1,
        "no_hoa": 0.7 if land and year < 1985 else (0.12 if land else 0.0),
        "adu": 0.08 if land else 0.0,
        "home_office": 0.35 if area > 1_400 else 0.1,
        "single_story": 0.0,
        "updated_kitchen": 0.4,
        "new_roof": 0.22 if land else 0.0,
        "solar": 0.09 if land else 0.0,
        "fireplace": 0.32,
        "covered_patio": 0.4 if land else 0.15,
        "greenbelt": 0.12,
        "wood_floors": 0.38,
        "primary_down": 0.3 if area > 1_900 else 0.0,
        "ev_charger": 0.08,
        "community_pool": 0.4 if year > 1995 else 0.1,
        "waterfront": 0.02,
        "corner_lot": 0.1 if land else 0.0,
        "large_lot": 0.12 if land else 0.0,
    }
    return frozenset(name for name, share in shares.items() if dice.chance(share))


def _dues(dice: Dice, subtype: str, place: Neighbourhood, features: frozenset[str]) -> int | None:
    if "no_hoa" in features:
        return 0
    if dice.chance(0.12):
        return None
    if subtype == HOUSE:
        return dice.between(20, 95) if place.built[1] > 1995 else None
    return dice.between(140, 520)
