"""A person as an address book knows them, and the forms in which two of them can be compared.

Names keep their case in the book; for comparing they are folded: no accents, no titles, no punctuation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Iterable
from types import MappingProxyType

from attrs import field, frozen

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir"})
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "junior", "senior"})
_AFTER_NAME = frozenset({"md", "phd", "esq", "cpa", "dds", "rn"})

_SHORT_FORMS = (
    "abigail abby|albert al bert|alexander alex|alexandra alex sandra|andrew andy drew|anthony tony|barbara barb|"
    "benjamin ben|catherine katherine kathryn cathy kathy kate katie|charles charlie chuck|christine christina chris|"
    "christopher chris|cynthia cindy|daniel dan danny|david dave|deborah debra deb debbie|dennis denny|donald don|"
    "dorothy dot|douglas doug|edward ed eddie ted|elizabeth liz beth betty lisa eliza|emily em|eugene gene|"
    "frances fran|francis frank|frederick fred|gabriel gabe|gerald gerry jerry|gregory greg|henry hank harry|"
    "isabella bella|jacob jake|jacqueline jackie|james jim jimmy jamie|janet jan|jeffrey jeff|jennifer jen jenny|"
    "jessica jess|jonathan jon|john jon johnny jack|joseph joe joey|joshua josh|judith judy|kenneth ken|kimberly kim|"
    "lawrence larry|leonard leo|leslie les|louis lou|louise lou|margaret maggie meg peggy|matthew matt|"
    "megan meg|michael mike mick|michelle shelly|nancy nan|natalie nat|nathan nate|nathaniel nate|nicholas nick|"
    "nicole nicky|pamela pam|patricia pat patty trish|patrick pat|peter pete|philip phil|raymond ray|rebecca becky|"
    "richard rick dick rich|robert bob rob bobby|ronald ron|russell russ|samantha sam|samuel sam|sandra sandy|"
    "stephanie steph|stephen steven steve|susan sue suzie|theodore ted theo|theresa teresa terri|thomas tom|"
    "timothy tim|valerie val|victoria vicky|vincent vince|walter walt|william will bill billy liam|zachary zach"
)


def _short_forms() -> MappingProxyType[str, frozenset[int]]:
    groups: dict[str, set[int]] = {}
    for number, group in enumerate(_SHORT_FORMS.split("|")):
        for name in group.split():
            groups.setdefault(name, set()).add(number)
    return MappingProxyType({name: frozenset(numbers) for name, numbers in groups.items()})


_GROUPS = _short_forms()

_STREET_WORDS = MappingProxyType(
    {
        "st": "street", "str": "street", "rd": "road", "ave": "avenue", "av": "avenue", "dr": "drive", "ln": "lane",
        "ct": "court", "crt": "court", "pl": "place", "blvd": "boulevard", "cres": "crescent", "cct": "circuit",
        "cir": "circle", "pkwy": "parkway", "hwy": "highway", "ter": "terrace", "tce": "terrace", "sq": "square",
        "apt": "unit", "n": "north", "s": "south", "e": "east", "w": "west",
    }
)  # fmt: skip


def folded(text: str) -> str:
    """Return a text in lower case, without accents, with single blanks between its words and no other marks."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"['’-]", "", word) for word in _WORD.findall(bare))


def plain_street(text: str) -> str:
    """Return a street for comparing: folded, with its usual abbreviations written out."""
    return " ".join(_STREET_WORDS.get(word, word) for word in folded(text).split())


def _joined(text: str) -> str:
    return folded(text).replace(" ", "")


@frozen(kw_only=True)
class Name:
    """A name for comparing: folded. A name of one word is `given`, and `family` is then empty."""

    given: str = field(default="", repr=False)
    family: str = field(default="", repr=False)
    suffix: str = field(default="", repr=False)


@frozen(kw_only=True)
class Person:
    """What is compared of somebody.

    `id`: anything that tells them apart; ids of one kind can be ordered. `phones`: E.164. `emails`: as
    `plain_email` returns them. `birthday`: YYYY-MM-DD, or --MM-DD without the year; another text is no birthday.
    `street`: number and street; `locality`: suburb or town; `postal_code`.
    """

    id: Hashable
    name: Name = field(factory=Name, repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    emails: tuple[str, ...] = field(default=(), repr=False)
    birthday: str = field(default="", repr=False)
    street: str = field(default="", converter=plain_street, repr=False)
    locality: str = field(default="", converter=folded, repr=False)
    postal_code: str = field(default="", converter=_joined, repr=False)


def plain_email(text: str) -> str:
    """Return an e-mail address without blanks around it and with its domain in lower case.

    The part before the @ keeps its case: the book compares without regard to it. Dots and `+tags` stay: what they mean
    is the provider's affair, and two people may differ by them.
    """
    local, at, domain = text.strip().rpartition("@")
    return f"{local}{at}{domain.lower()}"


def name_of(full_name: str) -> Name:
    """Split a name as people write it: "Dr. Ann Lee", "Lee, Ann", "John Smith Jr."."""
    before, comma, after = full_name.partition(",")
    if comma and not set(folded(after).split()) <= _SUFFIXES | _AFTER_NAME:
        full_name = f"{after} {before}"
    words = [word for word in folded(full_name).split() if word not in _TITLES | _AFTER_NAME]
    suffix = next((word for word in words[1:] if word in _SUFFIXES), "")
    words = [word for place, word in enumerate(words) if place == 0 or word not in _SUFFIXES]
    if not words:
        return Name()
    return Name(given=words[0], family=words[-1] if len(words) > 1 else "", suffix=suffix[:2])


def name_of_parts(given: str, family: str) -> Name:
    """Return the name of somebody whose given and family name are known apart; either may be empty."""
    return Name(given=" ".join(folded(given).split()[:1]), family=folded(family).replace(" ", ""))


def same_by_short_form(one: str, other: str) -> bool:
    """Say whether two given names are usual forms of one: William and Bill."""
    return bool(_GROUPS.get(one, frozenset()) & _GROUPS.get(other, frozenset()))


def edits(one: str, other: str, at_most: int) -> int:
    """Return how many letters differ: put in, left out, changed, or two neighbours swapped; `at_most` + 1 if more."""
    if one == other:
        return 0
    if abs(len(one) - len(other)) > at_most:
        return at_most + 1
    while one and other and one[-1] == other[-1]:  # what both end with costs nothing
        one, other = one[:-1], other[:-1]
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        current = [i]
        for j, fellow in enumerate(other, 1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (letter != fellow))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == fellow:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > at_most:
            return at_most + 1
        before, row = row, current
    return min(row[-1], at_most + 1)


def sound(name: str) -> str:
    """Return the first letter and the consonants after it by how they sound (American Soundex, four places)."""
    letters = name.replace(" ", "")
    if not letters:
        return ""
    codes = [_SOUNDS.get(letter, "") for letter in letters]
    kept, last = letters[0], codes[0]
    for letter, code in zip(letters[1:], codes[1:], strict=True):
        if code and code != last:
            kept += code
        if letter not in "hw":
            last = code
    return kept[:4].ljust(4, "0")


def _sounds(groups: Iterable[str]) -> dict[str, str]:
    return {letter: str(number) for number, group in enumerate(groups, 1) for letter in group}


_SOUNDS = MappingProxyType(_sounds(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r")))
