"""Features of homes: what they are called, and the words that tell of them.

A feature is named by its plain name ("fenced yard"). `feature_named` brings what people write to that name;
`phrases` gives the pattern of the words in a description. A feature that is not listed is its own name and phrase.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

_SIDE = r"(?:(?:back|front|side|rear|private|large|huge|big|spacious|lush|green|level)\s+){0,4}(?:back|front)?\s?yards?"
_SCENE = (
    r"(?:lake|city|mountain|water|ocean|bay|sound|skyline|panoramic|stunning|beautiful|gorgeous|amazing|sweeping|"
    r"breathtaking|spectacular|canyon|golf\s+course|territorial|valley|hill\s+country|downtown|river|park|greenbelt|"
    r"sunset|sunrise|scenic|pond|creek|treetop|lovely|great|incredible|unobstructed|expansive|peaceful)"
)
_DONE = r"(?:updated|remodell?ed|renovated|redone|refreshed)"

PHRASES: Mapping[str, str] = MappingProxyType(
    {
        "adu": (
            r"adu|accessory\s+dwelling(?:\s+unit)?|guest\s?house|(?:mother[- ])?in[- ]law\s+suite|mother[- ]in[- ]law"
            r"|casita|granny\s+flat|garage\s+apartment|carriage\s+house"
        ),
        "air conditioning": r"central\s+(?:air|a/?c)|air[- ]condition(?:ing|ed|er)|a/c|mini[- ]splits?",
        "balcony": r"balcon(?:y|ies)",
        "basement": r"(?:finished\s+|full\s+|walk-?out\s+|partial\s+){0,4}basement",
        "boat dock": r"(?:private\s+|boat\s+)dock|boat\s?lift",
        "carport": r"car\s?ports?",
        "community pool": (
            r"(?:community|neighbou?rhood|shared|hoa|association|complex|resort|subdivision)(?:'s|-style)?"
            r"\s+(?:swimming\s+)?pools?"
        ),
        "corner lot": r"corner[- ]lot|corner\s+homesite",
        "deck": r"decks?",
        "elevator": r"elevator",
        "ev charger": r"ev[- ]?charg(?:er|ing)|electric\s+vehicle\s+charg(?:er|ing)|(?:tesla|car)\s+charger",
        "fenced yard": (
            r"(?:privacy[- ]|fully[- ]|completely\s+|all\s+)?fenced(?:[- ]in)?(?:\s+and\s+\w+)?\s+"
            rf"{_SIDE}|yard\s+is\s+(?:fully\s+)?fenced|fully\s+fenced"
        ),
        "fireplace": r"fire\s?places?",
        "furnished": r"(?:fully\s+|partially\s+)?furnished",
        "garage": r"garages?(?!\s+(?:sales?|apartment|conversion|converted))",
        "garden": r"gardens?(?!\s+(?:tub|home|level|district|city|apartment|hills|grove|ridge|oaks|center))",
        "greenbelt": r"green\s?belt",
        "hardwood floors": (
            r"hard\s?woods?(?:\s+\w+)?\s+floor(?:s|ing)|hardwoods|hard\s?wood\s+throughout"
            r"|(?:real\s+|oak\s+|solid\s+){0,4}wood\s+floor(?:s|ing)|(?:oak|maple|pine|walnut)\s+floor(?:s|ing)"
        ),
        "hoa": r"hoa|home\s?owners?'?\s+association",
        "home office": (
            r"home\s+office|(?:dedicated|private|separate|main[- ]floor)\s+office|(?:study|den)\s?/\s?office"
            r"|office\s?/\s?(?:study|den)|works?\s+as\s+an?\s+(?:study|office)|study(?!\s+(?:area|hall))"
            r"|office\s+(?:nook|space|area)"
        ),
        "hot tub": r"hot\s?tub|jacuzzi",
        "laundry": (
            r"(?:in[- ]unit\s+|inside\s+|indoor\s+|main[- ]floor\s+|separate\s+)?laundry(?:\s+(?:room|closet|area))?"
            r"|washer\s?(?:and|&|/)\s?dryer"
        ),
        "new roof": (
            r"new(?:er)?\s+roof|roof\s+(?:and\s+gutters\s+)?(?:was\s+|were\s+)?(?:recently\s+)?replaced|re-?roofed"
        ),
        "open floor plan": r"open[- ](?:concept|layout)|open[- ]floor[- ]?plan",
        "parking": r"(?:off[- ]street\s+|covered\s+|assigned\s+|reserved\s+|gated\s+)?parking",
        "patio": r"patios?|covered\s+(?:back\s+)?porch",
        "pets allowed": (
            r"pets?\s+(?:are\s+)?(?:allowed|ok|okay|welcome|considered)|pet[- ]friendly|dogs?\s+(?:allowed|welcome)"
        ),
        "pool": r"(?:swimming\s+|plunge\s+|in-?ground\s+|heated\s+){0,4}pools?(?!\s+(?:tables?|room|hall|rules))",
        "porch": r"porch(?:es)?",
        "primary on main": (
            r"(?:primary|master|owner'?s?)\s+(?:suite\s+|bedroom\s+|bed\s+)?(?:is\s+)?"
            r"(?:on\s+(?:the\s+)?(?:main|first|ground)|down)|(?:main|first)[- ](?:floor|level)\s+(?:primary|master)"
        ),
        "rv parking": r"rv\s+(?:parking|pad|garage|hook-?ups?|access)",
        "single story": r"(?:single|one|1)[- ](?:story|storey|level)|rambler|no\s+stairs|all\s+on\s+one\s+level",
        "solar": r"solar(?:\s+(?:panels?|system|power))?",
        "updated kitchen": (
            rf"{_DONE}(?:\s+\w+)?\s+kitchen|(?:brand\s+)?new(?:er)?\s+kitchen|kitchen\s+(?:(?:was|is|has|been|fully"
            rf"|completely|recently|newly|tastefully|beautifully)\s+){{0,4}}{_DONE}"
        ),
        "view": rf"{_SCENE}(?:\s+\w+)?\s+views?|views?(?=\s+(?:of|over|from)\b)",
        "walk-in closet": r"walk[- ]in\s+closets?",
        "waterfront": r"(?:water|lake|ocean|beach|river|canal|bay|gulf)[- ]?front",
        "workshop": r"work\s?shop",
        "yard": _SIDE,
    }
)
"""Feature to the pattern that tells of it, in any case, as whole words."""

ABSENT: Mapping[str, str] = MappingProxyType(
    {
        "furnished": r"un-?furnished",
        "pets allowed": r"no\s+(?:pets|dogs|animals)|pets?\s+(?:are\s+)?not\s+(?:allowed|permitted)",
        "single story": (
            r"(?:two|2|three|3|multi|split)[- ](?:story|storey|level)"
            r"(?!\s+(?:foyer|family\s+room|great|living|entry|ceiling|window|deck|garage|fireplace|barn|shed))"
        ),
    }
)
"""Words that tell that a feature is not there."""

IMPLIES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "fenced yard": frozenset({"yard"}),
        "garage": frozenset({"parking"}),
        "carport": frozenset({"parking"}),
    }
)
"""What is there when a feature is there. Garage and carport are kept apart: neither implies the other."""

SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        "ac": "air conditioning",
        "a/c": "air conditioning",
        "accessory dwelling unit": "adu",
        "backyard": "yard",
        "car port": "carport",
        "casita": "adu",
        "central air": "air conditioning",
        "covered patio": "patio",
        "den": "home office",
        "fence": "fenced yard",
        "fenced": "fenced yard",
        "fenced backyard": "fenced yard",
        "garages": "garage",
        "guest house": "adu",
        "guesthouse": "adu",
        "hardwood": "hardwood floors",
        "hardwoods": "hardwood floors",
        "in law suite": "adu",
        "jacuzzi": "hot tub",
        "lakefront": "waterfront",
        "mother in law suite": "adu",
        "neighborhood pool": "community pool",
        "office": "home office",
        "on the water": "waterfront",
        "one level": "single story",
        "one story": "single story",
        "pets": "pets allowed",
        "remodeled kitchen": "updated kitchen",
        "renovated kitchen": "updated kitchen",
        "single level": "single story",
        "solar panels": "solar",
        "study": "home office",
        "swimming pool": "pool",
        "views": "view",
        "walk in closet": "walk-in closet",
        "washer dryer": "laundry",
        "washer/dryer": "laundry",
        "wood floors": "hardwood floors",
    }
)
"""What people write, to the name of the feature."""


def feature_named(text: str) -> str:
    """Return the name of the feature a wish means: "Swimming  Pool" is "pool", "fenced_yard" is "fenced yard".

    What is no known feature is folded and kept: it is looked for word by word.
    """
    folded = " ".join(re.sub(r"[\s_-]+", " ", text.casefold()).split())
    known = folded if folded in PHRASES else SYNONYMS.get(folded, folded)
    hyphened = {name.replace("-", " "): name for name in PHRASES}
    return hyphened.get(known, known)


@lru_cache(maxsize=1_024)
def phrases(feature: str) -> re.Pattern[str]:
    """Return the pattern of the words that tell of a feature."""
    words = PHRASES.get(feature) or r"\s+".join(re.escape(word) for word in feature.split()) + "s?"
    return re.compile(rf"(?<![\w-])(?:{words})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=64)
def absences(feature: str) -> re.Pattern[str] | None:
    """Return the pattern of the words that tell that a feature is not there, if there are any."""
    words = ABSENT.get(feature)
    return None if words is None else re.compile(rf"(?<![\w-])(?:{words})(?!\w)", re.IGNORECASE)
