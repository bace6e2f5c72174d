"""Which of known places a text names: by name, by alias, with a letter wrong; and which it refuses.

The names come from the caller (a feed's cities, an owner's areas). Aliases are derived from each name; a few that
people use and no rule gives are listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from attrs import field, frozen

from nudge_core.reading.stance import firmness, stance
from nudge_core.reading.statements import CERTAIN, LIKELY, Stance, Statement, longest

LEAST_MISSPELT = 6
"""Letters a name needs to be known with one letter wrong: shorter ones are too near to other words."""

NICKNAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "san francisco": ("sf", "s.f.", "sfo", "frisco", "san fran"),
        "los angeles": ("la", "l.a.", "lax"),
        "new york": ("nyc", "n.y.c.", "new york city", "big apple"),
        "manhattan": ("nyc",),
        "las vegas": ("vegas", "lv"),
        "washington": ("dc", "d.c.", "washington dc", "washington d.c."),
        "philadelphia": ("philly",),
        "new orleans": ("nola",),
        "salt lake city": ("slc", "salt lake"),
        "san diego": ("sd",),
        "san antonio": ("sa town",),
        "chicago": ("chi-town", "chitown"),
        "minneapolis": ("mpls",),
        "atlanta": ("atl",),
        "portland": ("pdx",),
        "fort worth": ("ft worth", "ft. worth"),
        "dallas": ("big d",),
        "indianapolis": ("indy",),
        "cincinnati": ("cincy",),
        "oklahoma city": ("okc",),
        "kansas city": ("kc",),
        "jacksonville": ("jax",),
        "albuquerque": ("abq",),
        "pittsburgh": ("the burgh",),
        "seattle": ("emerald city",),
        "boston": ("beantown",),
    }
)
"""What people call large cities of the United States. Source: general knowledge."""

_LOWER_CASE_WORDS = frozenset({"la", "sd", "sf", "kc", "dc", "lv", "indy"})
_SHORTENED = ("city", "town", "township", "village", "heights", "beach", "springs")
_EXPANDED: Mapping[str, str] = MappingProxyType(
    {
        "saint": r"(?:saint|st\.?)",
        "st": r"(?:saint|st\.?)",
        "st.": r"(?:saint|st\.?)",
        "fort": r"(?:fort|ft\.?)",
        "mount": r"(?:mount|mt\.?)",
        "mountain": r"(?:mountain|mtn\.?)",
        "north": r"(?:north|n\.?)",
        "south": r"(?:south|s\.?)",
        "east": r"(?:east|e\.?)",
        "west": r"(?:west|w\.?)",
        "heights": r"(?:heights|hts\.?)",
        "and": r"(?:and|&)",
        "&": r"(?:and|&)",
    }
)
_STATE = re.compile(r",\s*[A-Za-z]{2}(?:\s+[0-9]{5})?\.?$|,\s*[A-Z][a-z]+$")
_WORD = re.compile(r"[A-Za-z][\w'’.-]*")
_LEFT = re.compile(
    r"\b(?:mov(?:e|ing)\s+(?:away\s+)?from|moving\s+out\s+of|relocat(?:e|ing)\s+from|leaving|sold\s+(?:our|my)\s+\w+\s+in)\s+$",
    re.IGNORECASE,
)
_FROM = re.compile(r"\bfrom\s+$", re.IGNORECASE)
_ON_TO = re.compile(r"\s+(?:\w+\s+){0,2}?to\s+(?!be\b)[A-Za-z]", re.IGNORECASE)
"""A place one comes from: "from Napa to Dixon", "moving from Dublin"."""


def folded_place(name: str) -> str:
    """Return a name as places are compared: folded, without state and without a closing "City"."""
    plain = " ".join(_STATE.sub("", name.strip()).casefold().replace("’", "'").split())
    first, _, last = plain.rpartition(" ")
    return first if first and last == "city" else plain


@frozen
class Gazetteer:
    """Known places under one attribute: folded name to the pattern of what it is called."""

    attribute: str
    names: tuple[str, ...]
    spoken: re.Pattern[str] = field(repr=False)
    of_alias: Mapping[str, str] = field(repr=False)

    def name_of(self, said: str) -> str | None:
        """Return the place of a matched text."""
        plain = " ".join(re.sub(r"[.\s]+", " ", said.casefold().replace("’", "'")).split())
        return self.of_alias.get(plain) or self.of_alias.get(plain.replace(" ", ""))


def gazetteer(attribute: str, names: Iterable[str]) -> Gazetteer:
    """Return the places of these names. A name that two places have in common stays with the first."""
    folded = tuple(sorted({folded_place(name) for name in names} - {""}))
    whole = {name: name for name in folded}
    of_alias: dict[str, str] = {}
    patterns: list[str] = []
    for name in folded:
        for alias in _aliases(name, whole):
            plain = " ".join(re.sub(r"[.\s]+", " ", alias).split())
            if plain not in of_alias:
                of_alias[plain] = name
                patterns.append(_pattern(alias))
                of_alias.setdefault(plain.replace(" ", ""), name)
                for variant in _variants(alias):
                    of_alias.setdefault(variant, name)
    spoken = "|".join(sorted(patterns, key=len, reverse=True)) or r"(?!)"
    return Gazetteer(
        attribute, folded, re.compile(rf"(?<![\w-])(?:{spoken})(?!\w)", re.IGNORECASE), MappingProxyType(of_alias)
    )


def read_places(text: str, known: Gazetteer) -> list[Statement]:
    """Return the places a text names, by place in it; never raises.

    A place one comes from ("from Napa to Dixon", "moving from Dublin") is no wish.
    """
    found: list[Statement] = []
    for match in known.spoken.finditer(text):
        said = match.group()
        name = known.name_of(said)
        if name is None or (said.casefold() in _LOWER_CASE_WORDS and not _may_be_place(text, match.start(), said)):
            continue
        found.append(_said(text, known.attribute, name, match.start(), match.end(), CERTAIN))
    taken = [(one.start, one.end) for one in found]
    for name, start, end in _misspelt(text, known):
        if not any(low < end and start < high for low, high in taken):
            found.append(_said(text, known.attribute, name, start, end, LIKELY))
    return longest(found)


def _said(text: str, attribute: str, name: str, start: int, end: int, confidence: float) -> Statement:
    how = stance(text, start, end)
    ahead = text[max(0, start - 40) : start]
    if _LEFT.search(ahead) or (_FROM.search(ahead) and _ON_TO.match(text, end, min(len(text), end + 40))):
        how = Stance.OPEN
    elif how is Stance.OPEN:
        how = Stance.WANTED  # "is Concord possible?" is as good as a wish
    return Statement(
        attribute=attribute,
        value=name,
        start=start,
        end=end,
        stance=how,
        firmness=firmness(text, start, end),
        confidence=confidence,
    )


def _may_be_place(text: str, start: int, said: str) -> bool:
    """Say whether a short alias stands where a place would: in capitals, or after a word such as "in"."""
    return said.isupper() or bool(re.search(r"\b(?:in|near|around|to|at|of)\s+$", text[:start][-12:], re.IGNORECASE))


def _aliases(name: str, whole: Mapping[str, str]) -> list[str]:
    aliases = [name, *NICKNAMES.get(name, ())]
    words = name.split()
    if len(words) > 1:
        if words[-1] in _SHORTENED and len(words[0]) >= LEAST_MISSPELT and " ".join(words[:-1]) not in whole:
            aliases.append(" ".join(words[:-1]))
        if len(words) == 2 and len(words[1]) >= 8:  # a long second word is clipped: "San Fran"
            aliases.append(f"{words[0]} {words[1][:4]}")
    if f"{name} city" not in whole:
        aliases.append(f"{name} city")
    return aliases


def _pattern(alias: str) -> str:
    return r"[\s-]*".join(_EXPANDED.get(word, re.escape(word).replace("'", "['’]?")) for word in alias.split())


def _variants(alias: str) -> list[str]:
    """Return the folded forms that the pattern of an alias matches and that differ from it."""
    forms = [""]
    for word in alias.split():
        said = [
            w for w in re.sub(r"[(?:)\\]", "", _EXPANDED.get(word, re.escape(word))).replace(".", "").split("|") if w
        ]
        forms = [f"{form} {w}".strip() for form in forms for w in said][:32]
    return [*forms, *(form.replace(" ", "") for form in forms), *(form.replace("'", "") for form in forms)]


def _misspelt(text: str, known: Gazetteer) -> list[tuple[str, int, int]]:
    """Return places written with one letter wrong, missing, doubled or in the wrong order."""
    words = [(match.group().casefold().strip("."), match.start(), match.end()) for match in _WORD.finditer(text)]
    by_length: dict[int, list[tuple[str, str]]] = {}
    for name in known.names:
        by_length.setdefault(len(name.split()), []).append((name, name))
    found: list[tuple[str, int, int]] = []
    for count, names in by_length.items():
        for place in range(len(words) - count + 1):
            window = words[place : place + count]
            said = " ".join(word for word, _, _ in window)
            if len(said) < LEAST_MISSPELT:
                continue
            near = [name for name, plain in names if one_letter_off(said, plain)]
            if len(near) == 1:
                found.append((near[0], window[0][1], window[-1][2]))
    return found


def one_letter_off(said: str, name: str, least: int = LEAST_MISSPELT) -> bool:
    """Say whether two names differ by one letter changed, added, left out or swapped; the first one is right."""
    if said == name or len(name) < least or not said or said[0] != name[0] or abs(len(said) - len(name)) > 1:
        return False
    shorter, longer = sorted((said, name), key=len)
    same = 0
    while same < len(shorter) and shorter[same] == longer[same]:
        same += 1
    if len(shorter) < len(longer):
        return shorter[same:] == longer[same + 1 :]
    if shorter[same + 1 :] == longer[same + 1 :]:
        return True
    return shorter[same : same + 2] == longer[same : same + 2][::-1] and shorter[same + 2 :] == longer[same + 2 :]
