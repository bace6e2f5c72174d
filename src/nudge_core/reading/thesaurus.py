"""What people call things of a home: words that mean the same, words that usually do, words for the opposite.

Of English at large: the names of attributes that a feed or an owner uses are looked up here by their own words, so an
attribute nobody has named before is read as well. `nudge_core.reading.lexicon` holds the patterns of descriptions,
which are written by other people in other words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

_OTHER_GOODS = (
    r"(?:cars?|vehicles?|suvs?|trucks?|vans?|bikes?|bicycles?|scooters?|sedans?|hatchbacks?|tickets?|movies?|films?|songs?"
    r"|music|seats?|flights?|bus|buses|groceries|food|clothes|shoes|phones?|gifts?|equipment|insurance|rings?)"
)
_A = r"(?:\s+(?:an?|the|my|our|some|any|one|two|three|four|[0-9]+))?"
_NOT_OF_GOODS = rf"(?!{_A}(?:\s+[\w-]+){{0,2}}?\s+{_OTHER_GOODS}\b)"
_IN_HOME = (
    r"(?:in[\s-]?(?:unit|house|suite|home|apartment|door)|inside|indoor|on[\s-]?(?:site|premises?)|private|own|separate"
    r"|personal|shared|common|communal|full[\s-]?size|stacked|built[\s-]?in)"
)
_INSIDE = (
    r"(?:\s+(?:\w+\s+)?(?:in|inside|within)\s+(?:the\s+|my\s+|each\s+|your\s+|our\s+)?(?:unit|home"
    r"|house|apartment|suite|building|property|premises))?"
)


@frozen(kw_only=True)
class Thing:
    """Patterns without groups: `called`, what it is called; `near`, what usually means it; `opposite`."""

    called: str
    near: str = ""
    opposite: str = ""


THINGS: Mapping[str, Thing] = MappingProxyType(
    {
        "pets": Thing(
            called=(
                r"(?<!hot )(?:pets?|dogs?|cats?|pupp(?:y|ies)|kittens?|kitt(?:y|ies)|animals?"
                r"|pooch(?:es)?|doggos?|doggies|"
                r"canines?|felines?)(?!\s*(?:food|show|park|walker|person))|(?:furry|four[\s-]legged|fur)\s+"
                r"(?:friends?|bab(?:y|ies)|kids?|companions?|famil(?:y|ies)|members?)"
            ),
            near=(
                r"(?:golden\s+)?retrievers?|labradors?|terriers?|bulldogs?|poodles?|husk(?:y|ies)|dachshunds?|beagles?|"
                r"chihuahuas?|german\s+shepherds?|corgis?|hamsters?|rabbits?|bunn(?:y|ies)|parrots?|guinea\s+pigs?|ferrets?"
            ),
        ),
        "smoking": Thing(
            called=r"smok(?:e|es|ing|ers?)(?!\s*(?:detectors?|alarms?|house))|cigarettes?|cigars?",
            near=r"vap(?:e|es|ing)|tobacco",
            opposite=r"non[\s-]?smok(?:ing|ers?)|smoke[\s-]?free",
        ),
        "laundry": Thing(
            called=(
                rf"(?:{_IN_HOME}\s+)?(?:laundry|launder|laundromat|washers?(?:\s*(?:and|&|/|,|or|-)?\s*(?:an?\s+)?dryers?)?"
                r"|washing\s+machines?|clothes\s+(?:washers?|dryers?)|dryers?|w\s?/\s?d|washer[\s-]dryer)"
                rf"(?:\s+(?:rooms?|facilit(?:y|ies)|machines?|units?|hook[\s-]?ups?|area|closet|services?|equipment))?{_INSIDE}"
            ),
            near=r"(?:wash|do|washing|doing|clean|dry)\s+(?:my|our|the|some)?\s*(?:clothes|laundry|clothing)",
        ),
        "garage": Thing(
            called=(
                r"(?:(?:attached|detached|two|three|one|single|double|[1-4])[\s-]+)?(?:car[\s-]+)?garages?"
                r"(?!\s+(?:sales?|bands?))"
            ),
            near=(
                r"(?:covered|indoor|enclosed|underground|sheltered|secure)\s+(?:parking|car\s+park)(?:\s+(?:spaces?|spots?))?"
                r"|car\s?ports?|park\s+(?:my|our|the|a)\s+(?:\w+\s+)?(?:cars?|vehicles?|truck|suv|van)(?:\s+(?:in|inside))?"
                r"|(?:store|keep|house|put|leave)\s+(?:my|our|the|a)\s+(?:\w+\s+)?(?:cars?|vehicles?|truck|suv)"
            ),
        ),
        "parking": Thing(
            called=(
                r"(?:(?:off[\s-]?street|covered|assigned|reserved|dedicated|free|private|car|gated|street)\s+){0,2}parking"
                r"(?:\s+(?:spaces?|spots?|lots?|garages?|places?|slots?|bays?))?|car\s+park|driveways?"
            ),
            near=r"(?:place|space|spot|somewhere|room)\s+(?:to|for)\s+park(?:ing)?|park\s+(?:my|our|the|a|two|2)\s+(?:\w+\s+)?(?:cars?|vehicles?|truck)",
        ),
        "elevator": Thing(called=r"elevators?|lifts?(?!\s+(?:to|from|home|me))", near=r"no\s+stairs"),
        "stairs": Thing(called=r"stairs?|steps|staircases?|stairways?", near=r"walk[\s-]?ups?"),
        "fireplace": Thing(
            called=r"fire\s?places?|wood[\s-]?(?:burning\s+)?stoves?|wood[\s-]burners?|hearths?",
            near=r"(?:gas|open|log)\s+fires?",
        ),
        "balcony": Thing(called=r"balcon(?:y|ies)|juliet", near=r"terraces?|verandah?s?|lanais?|loggias?"),
        "patio": Thing(called=r"patios?|courtyards?", near=r"terraces?|porch(?:es)?|decks?"),
        "deck": Thing(called=r"decks?(?:ing)?", near=r"porch(?:es)?|patios?"),
        "porch": Thing(called=r"porch(?:es)?|verandah?s?", near=r"stoops?"),
        "terrace": Thing(called=r"terraces?", near=r"balcon(?:y|ies)|roof[\s-]?(?:top|decks?)|patios?"),
        "air conditioning": Thing(
            called=(
                r"(?:central\s+|window\s+)?(?:air[\s-]?con(?:d\w*|s)?\.?(?:\s+units?)?|a\s?/\s?c|a\.c\.|ac|acs)(?:\s+units?)?"
                r"|central\s+(?:air|cooling)|mini[\s-]?splits?|hvac|air[\s-]coolers?"
            ),
            near=r"cooling|air[\s-]cooled|climate[\s-]control(?:led)?",
        ),
        "heating": Thing(
            called=r"(?:central\s+|gas\s+|floor\s+|radiant\s+)?(?:heating|heaters?|furnaces?|radiators?|boilers?)|central\s+heat|heated|hvac",
            near=r"heat",
        ),
        "yard": Thing(
            called=r"(?:(?:big|large|small|nice|private|fenced(?:[\s-]in)?)\s+){0,2}(?:(?:back|front|side)\s?)?(?:yards?|gardens?|lawns?)",
            near=r"outdoor\s+(?:space|area)|outside\s+space|green\s+space|grassy\s+area",
        ),
        "fenced yard": Thing(called=r"fenced(?:[\s-]in)?(?:\s+(?:back|front)?\s?(?:yard|garden))?|fenc(?:e|es|ing)"),
        "garden": Thing(called=r"gardens?|gardening", near=r"(?:back|front)?\s?yards?|lawns?"),
        "pool": Thing(
            called=r"(?:swimming\s+|in-?ground\s+|heated\s+|outdoor\s+|indoor\s+|lap\s+)?pools?(?!\s+(?:tables?|halls?|rooms?))",
            near=r"(?:place|somewhere|area|room)\s+(?:to|for)\s+swim(?:ming)?|swimming",
        ),
        "hot tub": Thing(called=r"hot[\s-]?tubs?|jacuzzis?|whirlpools?", near=r"spas?"),
        "sauna": Thing(called=r"saunas?|steam\s+rooms?"),
        "gym": Thing(
            called=(
                r"gyms?|gymnasiums?|(?:fitness|exercise|workout|work[\s-]out|weight|health|training)\s+"
                r"(?:cent(?:er|re)s?|rooms?|clubs?|areas?|studios?|facilit(?:y|ies)|equipment)"
            ),
            near=r"(?:place|somewhere|room)\s+to\s+(?:work\s*out|exercise|train)|working\s+out|work\s+out",
        ),
        "wheelchair": Thing(
            called=(
                r"wheel[\s-]?chairs?(?:[\s-]+(?:access(?:ible|ibility)?|friendly|users?|ramps?))?"
                r"|(?:handicap(?:ped)?|disab(?:led|ility)|mobility|ada|barrier[\s-]free)[\s-]*(?:access(?:ible|ibility)?|compliant|friendly|features)?"
                r"|step[\s-]free(?:\s+access)?|accessib(?:le|ility)|accessible"
            ),
            near=r"ramps?|walkers?|roll[\s-]in\s+showers?|crutches|scooter\s+access",
        ),
        "furnished": Thing(
            called=r"(?:fully\s+|partly\s+|partially\s+|already\s+|pre-?)?furnish(?:ed|ings?)?",
            near=r"furniture|come\s+with\s+(?:a\s+)?(?:beds?|sofas?|couch)",
            opposite=r"(?:un|non)[\s-]?furnished|without\s+(?:any\s+)?furniture|(?:my|our)\s+own\s+furniture|empty",
        ),
        "dishwasher": Thing(called=r"dish[\s-]?washers?", near=r"(?:wash|washing)\s+(?:the\s+)?dishes"),
        "kitchen": Thing(called=r"(?:full\s+|modern\s+|eat-in\s+)?kitchens?|kitchenettes?", near=r"cook(?:ing)?"),
        "refrigerator": Thing(called=r"refrigerators?|fridges?|freezers?"),
        "microwave": Thing(called=r"microwaves?(?:\s+ovens?)?"),
        "appliances": Thing(called=r"appliances?"),
        "internet": Thing(called=r"internet|wi[\s-]?fi|broadband|fib(?:er|re)|wireless", near=r"online|web\s+access"),
        "cable": Thing(called=r"cable(?:\s+tv)?|satellite\s+tv"),
        "television": Thing(called=r"televisions?|tvs?"),
        "utilities": Thing(
            called=r"utilit(?:y|ies)(?:\s+included)?|bills?\s+(?:included|paid)",
            near=r"(?:water|electric(?:ity)?|gas)\s+(?:is\s+)?included",
        ),
        "doorman": Thing(called=r"door[\s-]?(?:man|men|person)|concierges?|porters?|front[\s-]desk"),
        "security": Thing(
            called=r"security(?:\s+(?:systems?|guards?|cameras?|gates?))?|gated(?:\s+communit(?:y|ies))?|alarms?(?:\s+systems?)?",
            near=r"secure|cctv",
        ),
        "gated": Thing(called=r"gated(?:\s+communit(?:y|ies))?|security\s+gates?"),
        "basement": Thing(called=r"(?:finished\s+)?(?:basements?|cellars?)"),
        "attic": Thing(called=r"attics?|lofts?"),
        "storage": Thing(
            called=r"(?:extra\s+|bike\s+)?storage(?:\s+(?:units?|rooms?|spaces?|areas?|lockers?))?|closet\s+space|store\s?rooms?|lockers?"
        ),
        "closet": Thing(called=r"(?:walk[\s-]in\s+)?closets?|wardrobes?"),
        "hardwood": Thing(called=r"hard[\s-]?wood(?:s)?(?:\s+floor(?:s|ing)?)?|wood(?:en)?\s+floor(?:s|ing)?|parquet"),
        "carpet": Thing(called=r"carpets?|carpeted|carpeting"),
        "view": Thing(called=r"(?:(?:ocean|sea|lake|mountain|city|water|river|skyline|bay|park|nice|great)\s+)?views?"),
        "waterfront": Thing(
            called=r"(?:water|lake|ocean|beach|river|sea)[\s-]?(?:front|side)|on\s+the\s+(?:water|lake|beach)"
        ),
        "rooftop": Thing(called=r"roof[\s-]?(?:tops?|decks?|terraces?|gardens?)"),
        "playground": Thing(called=r"play[\s-]?(?:grounds?|areas?)", near=r"swings?"),
        "tennis": Thing(called=r"tennis(?:\s+courts?)?"),
        "barbecue": Thing(called=r"barbec?qu?e(?:s|\s+area)?|bbqs?|grills?"),
        "clubhouse": Thing(called=r"club[\s-]?houses?|community\s+rooms?|party\s+rooms?|lounges?"),
        "ev charger": Thing(
            called=r"ev[\s-]?(?:charg\w+|stations?)|(?:electric\s+(?:car|vehicle)s?|car|tesla)\s+charg\w+",
            near=r"charg(?:e|ing)\s+(?:my|our|an?)\s+(?:\w+\s+)?(?:car|vehicle|ev|tesla)",
        ),
        "solar": Thing(called=r"solar(?:\s+(?:panels?|power|energy))?"),
        "office": Thing(
            called=r"(?:home\s+|private\s+)?(?:offices?|stud(?:y|ies)|dens?)(?!\s+(?:building|park|hours))",
            near=r"work(?:ing)?\s+from\s+home",
        ),
        "view deck": Thing(called=r"view(?:ing)?\s+decks?"),
        "single story": Thing(
            called=r"(?:single|one)[\s-](?:stor(?:y|ey)|level|floor)|ramblers?|bungalows?|ground\s+floor"
        ),
        "transit": Thing(
            called=r"(?:public\s+)?(?:transit|transport(?:ation)?)|(?:bus|train|metro|subway|bart)\s+(?:stops?|stations?|lines?)",
            near=r"subway|metro",
        ),
        "bathtub": Thing(called=r"bath[\s-]?tubs?|tubs?|soaking\s+tubs?"),
        "shower": Thing(called=r"showers?"),
        "children": Thing(called=r"child(?:ren)?|kids?|famil(?:y|ies)|toddlers?|bab(?:y|ies)"),
        "section 8": Thing(called=r"section\s*(?:8|eight)|housing\s+vouchers?|voucher"),
        "new": Thing(called=r"brand[\s-]new|newly\s+built|new[\s-](?:built|builds?|construction)"),
        "renovated": Thing(
            called=r"(?:newly\s+|recently\s+)?(?:renovat(?:ed|ion)|remodel+ed|refurbished|updated|redone)"
        ),
        "studio": Thing(called=r"studios?(?:\s+(?:apartments?|flats?))?|bachelor\s+apartments?"),
        "rent": Thing(
            called=(
                rf"(?<!car )(?<!vehicle )(?:rent(?:s|ed|ing|als?|ers?)?|leas(?:e|es|ed"
                rf"|ing)){_NOT_OF_GOODS}(?!\s+cars?\b)"
                r"|to\s+let|tenan(?:t|ts|cy)|month[\s-]to[\s-]month"
            ),
            near=r"landlords?|sub-?let(?:ting)?",
        ),
        "buy": Thing(
            called=(
                rf"(?:buy(?:s|ing|ers?)?|bought|purchas(?:e|es|ed|ing)){_NOT_OF_GOODS}(?!\s+(?:them|those|these)\b)|(?:for|on)\s+sale|to\s+own|homeowners?(?:hip)?"
            ),
            near=r"mortgages?|down\s?payments?|own(?:ing)?\s+(?:a\s+|our\s+|my\s+)?(?:own\s+)?(?:home|house|place|property)|invest(?:ing|ment)?|sales?",
        ),
        "short term": Thing(called=r"short[\s-]?(?:er\s+)?term|temporar(?:y|ily)|(?:few|couple\s+of)\s+months"),
        "long term": Thing(called=r"long[\s-]?(?:er\s+)?term|permanent(?:ly)?"),
        "apartment": Thing(called=r"apa?r?t?ments?|apts?\.?|flats?", near=r"high[\s-]?rises?"),
        "house": Thing(
            called=(
                r"(?:single[\s-]family\s+|detached\s+)?(?<!town )(?<!open )houses?(?:\s+(?!hunt"
                r"|search)(?=\w)|(?!\w))|single[\s-]family(?:\s+homes?)?|sfh"
            ),
            near=r"bungalows?|cottages?",
        ),
        "condo": Thing(called=r"cond[oa]s?|condo?miniums?"),
        "townhouse": Thing(called=r"town[\s-]?(?:house|home)s?|row[\s-]?(?:house|home)s?", near=r"duplex(?:es)?"),
        "duplex": Thing(called=r"duplex(?:es)?|triplex(?:es)?|fourplex(?:es)?|multi[\s-]?family"),
        "loft": Thing(called=r"lofts?"),
        "mobile home": Thing(called=r"(?:mobile|manufactured)\s+homes?|trailers?"),
        "land": Thing(
            called=r"land|lots?(?=\s+(?:to\s+build|for\s+sale))|acreage|vacant\s+lots?|building\s+(?:plots?|lots?)"
        ),
        "house share": Thing(
            called=r"room[\s-]?mates?|house[\s-]?shar(?:e|ing)|flat[\s-]?shar(?:e|ing)|shared\s+(?:apartment|house|flat)"
        ),
    }
)
"""Name to its words. Source: American and British usage."""

OPPOSITES: Mapping[str, str] = MappingProxyType(
    {"rent": "buy", "buy": "rent", "short term": "long term", "long term": "short term", "stairs": "elevator"}
)
"""Of two such things one is wanted: to ask for one is to refuse the other, where only one of them is an attribute."""

SINGULAR: Mapping[str, str] = MappingProxyType({"sale": "buy", "sales": "buy", "purchase": "buy", "lease": "rent"})
"""Words that as names of attributes or values mean one of the things, and in a text need more to mean it."""


def thing_named(phrase: str) -> str | None:
    """Return the thing that a phrase names: "washer dryer" is laundry, "swimming pool" is pool; None if none does."""
    plain = " ".join(phrase.casefold().split())
    if plain in THINGS:
        return plain
    if plain in SINGULAR:
        return SINGULAR[plain]
    for part in ("called", "near"):
        for name, thing in THINGS.items():
            pattern = getattr(thing, part)
            if pattern and re.fullmatch(pattern, plain, re.IGNORECASE):
                return name
    return None
