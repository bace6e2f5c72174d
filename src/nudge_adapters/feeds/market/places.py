"""Where the invented homes stand: the Austin area, with its real cities, postcodes and neighbourhoods.

Positions and price levels are rough on purpose; no street address in this market is meant to exist.
"""

from __future__ import annotations

from attrs import frozen

STATE = "TX"
UTC_OFFSET_HOURS = -6
"""Central standard time all year: working hours here must not depend on the installed zone data."""


@frozen
class Neighbourhood:
    """A subdivision. `usd_per_sqft`: asking price of a middling home. `built`: first and last year of its homes.

    `spread_km`: homes stand within so much of the centre. `dense`: condominiums and townhouses are usual.
    """

    city: str
    county: str
    postal_code: str
    subdivision: str
    latitude: float
    longitude: float
    usd_per_sqft: int
    built: tuple[int, int]
    spread_km: float = 1.2
    dense: bool = False


NEIGHBOURHOODS = (
    Neighbourhood("Austin", "Travis", "78704", "Zilker", 30.2570, -97.7720, 560, (1938, 2019), 0.9, True),
    Neighbourhood("Austin", "Travis", "78704", "Bouldin Creek", 30.2520, -97.7560, 570, (1930, 2021), 0.8, True),
    Neighbourhood("Austin", "Travis", "78704", "South Lamar", 30.2370, -97.7830, 480, (1955, 2020), 0.9, True),
    Neighbourhood("Austin", "Travis", "78702", "East Cesar Chavez", 30.2560, -97.7300, 510, (1928, 2022), 0.8, True),
    Neighbourhood("Austin", "Travis", "78723", "Mueller", 30.2990, -97.7060, 450, (2008, 2023), 0.8, True),
    Neighbourhood("Austin", "Travis", "78723", "Windsor Park", 30.3130, -97.6900, 350, (1954, 1985)),
    Neighbourhood("Austin", "Travis", "78757", "Crestview", 30.3450, -97.7300, 430, (1948, 2018)),
    Neighbourhood("Austin", "Travis", "78757", "Allandale", 30.3390, -97.7460, 440, (1950, 2016)),
    Neighbourhood("Austin", "Travis", "78745", "Garrison Park", 30.2090, -97.7950, 330, (1960, 2005)),
    Neighbourhood("Austin", "Travis", "78745", "Cherry Creek", 30.2040, -97.8090, 310, (1972, 1998)),
    Neighbourhood("Austin", "Travis", "78748", "Tanglewood Forest", 30.1770, -97.8260, 270, (1978, 2004), 1.4),
    Neighbourhood("Austin", "Travis", "78749", "Legend Oaks", 30.2110, -97.8620, 300, (1993, 2006), 1.3),
    Neighbourhood("Austin", "Travis", "78731", "Northwest Hills", 30.3560, -97.7580, 410, (1964, 2012), 1.4),
    Neighbourhood("Round Rock", "Williamson", "78665", "Teravista", 30.5680, -97.6560, 230, (2001, 2016), 1.5),
    Neighbourhood("Round Rock", "Williamson", "78665", "Paloma Lake", 30.5450, -97.6150, 240, (2007, 2019), 1.2),
    Neighbourhood("Round Rock", "Williamson", "78681", "Brushy Creek", 30.5140, -97.7270, 250, (1984, 2008), 1.5),
    Neighbourhood("Round Rock", "Williamson", "78664", "South Creek", 30.4930, -97.6640, 220, (1982, 2001)),
    Neighbourhood("Cedar Park", "Williamson", "78613", "Buttercup Creek", 30.4980, -97.8380, 245, (1990, 2010)),
    Neighbourhood("Cedar Park", "Williamson", "78613", "Ranch at Brushy Creek", 30.5100, -97.7900, 265, (2005, 2017)),
    Neighbourhood("Georgetown", "Williamson", "78628", "River Ridge", 30.6210, -97.7060, 225, (1979, 2005)),
    Neighbourhood("Georgetown", "Williamson", "78628", "Wolf Ranch", 30.6380, -97.7260, 235, (2017, 2025)),
    Neighbourhood("Georgetown", "Williamson", "78626", "Katy Crossing", 30.6480, -97.6500, 215, (1996, 2012)),
    Neighbourhood("Pflugerville", "Travis", "78660", "Falcon Pointe", 30.4530, -97.5790, 215, (2004, 2016), 1.4),
    Neighbourhood("Pflugerville", "Travis", "78660", "Blackhawk", 30.4680, -97.5770, 220, (2000, 2020), 1.5),
    Neighbourhood("Leander", "Williamson", "78641", "Crystal Falls", 30.5530, -97.8790, 240, (2001, 2022), 1.8),
    Neighbourhood("Leander", "Williamson", "78641", "Mason Hills", 30.5840, -97.8330, 220, (2009, 2019)),
    Neighbourhood("Kyle", "Hays", "78640", "Plum Creek", 30.0130, -97.8640, 205, (1999, 2021), 1.5),
    Neighbourhood("Buda", "Hays", "78610", "Garlic Creek", 30.0760, -97.8650, 215, (2003, 2018)),
    Neighbourhood("Buda", "Hays", "78610", "Sunfield", 30.0830, -97.8030, 210, (2011, 2025), 1.5),
    Neighbourhood("Lakeway", "Travis", "78734", "Lakeway Hills", 30.3640, -97.9790, 310, (1974, 2014), 1.6),
    Neighbourhood("Manor", "Travis", "78653", "ShadowGlen", 30.3560, -97.5480, 190, (2004, 2023), 1.4),
)

SHARE_OF_CITY = {
    "Austin": 1.6,
    "Round Rock": 1.1,
    "Cedar Park": 1.1,
    "Georgetown": 1.0,
    "Pflugerville": 1.1,
    "Leander": 1.0,
    "Kyle": 1.1,
    "Buda": 0.9,
    "Lakeway": 0.8,
    "Manor": 0.9,
}
"""Weight of each neighbourhood of a city among new listings."""

STREETS = (
    "Bluebonnet", "Live Oak", "Pecan Grove", "Mesquite", "Cedar Elm", "Juniper Ridge", "Redbud", "Sage Hollow",
    "Limestone", "Barton Skyway", "Cypress Bend", "Agarita", "Prairie Clover", "Yaupon", "Wildflower", "Quail Run",
    "Heron Cove", "Stone Canyon", "Rio Vista", "Meadow Lark", "Sycamore", "Whitetail", "Armadillo", "Lantana",
    "Post Oak", "Hill Country", "San Gabriel", "Onion Creek", "Windmill", "Sundance", "Copper Lake", "Star Grass",
    "Bell Tower", "Carriage House", "Mockingbird", "Chisholm", "Lone Tree", "Caddo", "O'Connor", "Travis Oaks",
)  # fmt: skip
SUFFIXES = ("St", "Dr", "Ln", "Ct", "Way", "Trl", "Cv", "Pass", "Loop", "Bnd")
