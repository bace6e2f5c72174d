"""What agents write: remarks for the public that fit the home, and private ones that must never travel further."""

from __future__ import annotations

from nudge_adapters.feeds.market.dice import Dice
from nudge_adapters.feeds.market.homes import CONDO, HOUSE, Home

FEATURES: dict[str, tuple[str, ...]] = {
    "garage": ("Attached garage with room for storage.", "The garage has been insulated.", "Garage parking."),
    "pool": ("Sparkling in-ground pool with a shaded deck.", "Private pool, resurfaced last year."),
    "fenced_yard": ("Fully fenced backyard.", "Privacy-fenced yard with mature trees.", "Fenced yard."),
    "no_hoa": ("No HOA.", "No HOA and no deed restrictions that we know of."),
    "adu": ("Detached ADU with its own kitchen and bath.", "Permitted ADU behind the main house."),
    "home_office": ("Dedicated home office with a door.", "Flexible front room works as a study."),
    "updated_kitchen": ("Kitchen redone with quartz counters.", "Updated kitchen with gas range."),
    "new_roof": ("New roof in the past two years.", "Roof and gutters replaced recently."),
    "solar": ("Solar panels are owned and convey.",),
    "fireplace": ("Wood-burning fireplace in the living room.", "Gas fireplace."),
    "covered_patio": ("Covered patio off the kitchen.", "Large covered back porch."),
    "greenbelt": ("Backs to the greenbelt.", "Trail access at the end of the street."),
    "wood_floors": ("Hardwood floors throughout the main level.", "Original oak floors, refinished."),
    "primary_down": ("Primary suite on the main floor.",),
    "ev_charger": ("EV charger in place.",),
    "community_pool": ("Community pool and playground.", "Dues include the community pool."),
    "waterfront": ("Waterfront lot with a view of the lake.",),
    "corner_lot": ("Sits on a corner lot.",),
    "large_lot": ("Oversized lot with room for a garden.",),
}
"""Feature to the sentences that tell of it. A home's remarks name only features it has."""

NO_POOL = "No pool."
OPENINGS = {
    HOUSE: (
        "{beds}-bedroom home in {subdivision} with {area:,} square feet.",
        "Well-kept {stories}-story house on {street} in {city}.",
        "Bright {beds} bedroom, {baths} bath house built in {year}.",
        "Light-filled home minutes from the heart of {city}.",
    ),
    CONDO: (
        "{beds}-bedroom condo in {subdivision}.",
        "Lock-and-leave condo with {area:,} square feet in {subdivision}.",
        "Corner unit in a small building in {subdivision}.",
    ),
}
OPENINGS["Townhouse"] = (
    "{beds}-bedroom townhouse in {subdivision} with {area:,} square feet.",
    "End-unit townhome with {baths} baths in {city}.",
)
CLOSINGS = (
    "Showings begin Friday.",
    "Survey available.",
    "Ask for the list of upgrades.",
    "Easy access to MoPac and downtown.",
    "Buyer to verify all information.",
    "",
    "",
)
MOST_TOLD = 6  # features a remark names at most

PRIVATE = (
    "Lockbox code {code} on the gas meter. Call owner {phone} before showing.",
    "Vacant, go and show. Lockbox code {code}. Alarm off code is {alarm}.",
    "Occupied by tenant, 24 hours notice, text {phone}. Lockbox code {code} side gate.",
    "Sellers are motivated and would look at offers below list. Lockbox code {code}.",
)
"""Every private remark holds the words "Lockbox code": a test finds them wherever they should not be."""


def public_remarks(home: Home, dice: Dice) -> str:
    """Return an agent's description: an opening, some of the true features, a closing."""
    opening = dice.pick(OPENINGS[home.subtype]).format(
        beds=home.beds,
        baths=home.full_baths + home.half_baths,
        area=home.area_sqft,
        subdivision=home.place.subdivision,
        city=home.place.city,
        street=home.street,
        year=home.year_built,
        stories=("one", "two")[home.stories - 1],
    )
    told = dice.some(sorted(home.features & FEATURES.keys()), MOST_TOLD)
    sentences = [opening, *(dice.pick(FEATURES[name]) for name in told)]
    if "pool" not in home.features and dice.chance(0.04):
        sentences.append(NO_POOL)
    if home.lease:
        sentences.append(f"Available now, {dice.pick((6, 12, 12, 18))}-month lease.")
    sentences.append(dice.pick(CLOSINGS))
    return " ".join(sentence for sentence in sentences if sentence)


def private_remarks(dice: Dice) -> str:
    """Return what is meant for agents only. Telephone numbers are of the range kept for fiction (555-0100 to 0199)."""
    return dice.pick(PRIVATE).format(
        code=dice.between(1_000, 9_999), alarm=dice.between(1_000, 9_999), phone=f"512-555-01{dice.between(0, 99):02d}"
    )
