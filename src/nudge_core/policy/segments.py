"""What a text costs: how many parts a carrier makes of it, and how to keep it in the cheap alphabet.

Exact for GSM-7 (3GPP TS 23.038: 160 units in one part, else 153 a part) and UCS-2 (70, else 67). One character
outside GSM-7 makes the whole text UCS-2. A character of two units is never cut. Source: `messaging.md` section 8,
`verticals.md` 1.7. Emoji joined by U+200D count by their units; some carriers keep a family together and then bill
one part more.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from types import MappingProxyType

from attrs import frozen

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The GSM-7 default alphabet: one unit each."""

GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
"""The GSM-7 extension table: an escape and a character, two units that are never parted."""

GSM_SINGLE, GSM_PART = 160, 153
UCS2_SINGLE, UCS2_PART = 70, 67


class Encoding(StrEnum):
    """The alphabet a carrier must use for a text."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


@frozen(kw_only=True)
class Segments:
    """`units`: septets (GSM-7) or UTF-16 code units (UCS-2) without padding. `parts`: what is billed, at least 1.

    `costly`: the characters that keep the text out of GSM-7, each once, in order of appearance; empty for GSM-7.
    """

    encoding: Encoding
    units: int
    parts: int
    costly: tuple[str, ...] = ()


def segments(text: str) -> Segments:
    """Count the parts of `text`. An empty text is one part: a carrier that takes it bills it."""
    costly = tuple(dict.fromkeys(c for c in text if c not in GSM_BASIC and c not in GSM_EXTENSION))
    if costly:
        units = [2 if ord(c) > 0xFFFF else 1 for c in text]
        return Segments(
            encoding=Encoding.UCS2, units=sum(units), parts=_parts(units, UCS2_SINGLE, UCS2_PART), costly=costly
        )
    units = [2 if c in GSM_EXTENSION else 1 for c in text]
    return Segments(encoding=Encoding.GSM7, units=sum(units), parts=_parts(units, GSM_SINGLE, GSM_PART))


def _parts(units: list[int], single: int, part: int) -> int:
    if sum(units) <= single:
        return 1
    parts, room = 1, part
    for cost in units:
        if cost > room:
            parts, room = parts + 1, part
        room -= cost
    return parts


_ALIKE = {
    "'": "\u2018\u2019\u201a\u201b\u2032\u2035\u00b4\u02bc\u0060\uff07",
    '"': "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u2022\u00b7",
    "...": "\u2026",
    " ": "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "\n": "\u2028\u2029\u0085",
    "": "\u200b\u2060\ufeff\u00ad\u200e\u200f",
}
PLAIN = MappingProxyType({ord(c): plain for plain, several in _ALIKE.items() for c in several})
"""Characters that word processors and telephones put in, and what a plain keyboard writes for them."""


def plain_characters(text: str) -> str:
    """Replace curly quotes, long dashes, the ellipsis, odd blanks and invisible marks by plain characters.

    Nothing a reader would miss is lost. Doing it twice changes nothing more.
    """
    return text.translate(PLAIN)


_NO_ACCENT_TO_DROP = MappingProxyType(
    {
        ord(a): b
        for a, b in zip(
            "łŁđĐħĦıðÐþÞœŒ", ("l", "L", "d", "D", "h", "H", "i", "d", "D", "th", "Th", "oe", "OE"), strict=True
        )
    }
)


def fold(text: str) -> str:
    """Make `text` plain and drop the accents that GSM-7 lacks: "Peña" stays, "María" becomes "Maria".

    One such accent would turn a text of two parts into one of five. Letters of other scripts are left alone: the
    result need not be GSM-7.
    """
    return "".join(_without_accent(c) for c in plain_characters(unicodedata.normalize("NFC", text)))


def _without_accent(character: str) -> str:
    if character in GSM_BASIC or character in GSM_EXTENSION:
        return character
    bare = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    bare = bare.translate(_NO_ACCENT_TO_DROP)
    return bare if bare and all(c in GSM_BASIC for c in bare) else character
