"""A messy table of contacts, the same for the same seed: what address books look like after ten years.

Rows carry duplicates (whole, by another spelling, by a short form), households, bad telephones, missing names, odd
encodings, quotes that do not close, cells too many. Names are invented from syllables and usual given names.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from attrs import evolve, frozen

HEADER = "First Name,Last Name,Mobile Phone,E-mail Address,Birthday,Street,City,Zip,Notes,Labels"
_GIVEN = """
    James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard
    Susan Joseph Jessica Thomas Sarah Charles Karen Daniel Lisa Matthew Nancy Anthony Betty Mark
    Sandra Donald Ashley Steven Kimberly Paul Emily Andrew Donna Joshua Michelle Kenneth Carol Kevin
    Amanda Brian Melissa George Deborah Timothy Stephanie Zoë José Renée Björn Chloé Søren Anaïs
    Łukasz
""".split()  # noqa: SIM905 - words read better so
_SHORT = {"James": "Jim", "Robert": "Bob", "William": "Bill", "Richard": "Rick", "Elizabeth": "Liz", "Michael": "Mike"}
_START = """
    Bar Cal Dun El Fitz Gar Hol Ing Jar Kel Lan Mor Nor Os Pen Quin Ros Sel Tor Um Van Wes Yar Zim
""".split()  # noqa: SIM905 - words read better so
_END = """
    ton ley man berg sen wood field er ski ard ell ings ford son well worth ham by
""".split()  # noqa: SIM905 - words read better so
_STREETS = """
    Oak Elm Maple Cedar Pine Lake Hill River Sunset Park Spring Church
""".split()  # noqa: SIM905 - words read better so
_KINDS = """
    St Ave Rd Ln Dr Ct
""".split()  # noqa: SIM905 - words read better so
_TOWNS = (("Austin", "78701"), ("Dallas", "75201"), ("Denver", "80202"), ("Seattle", "98115"), ("Boise", "83702"))


@frozen(kw_only=True)
class Entry:
    """A row before it is written. `who`: the person it is about."""

    who: int
    given: str
    family: str
    phone: str
    email: str
    birthday: str
    street: str
    town: str
    postal_code: str
    notes: str
    tags: str


def entries(rows: int, seed: int) -> list[Entry]:
    """Return the rows that can be read, in no order; some 12 of a hundred are about somebody who is there already."""
    dice = random.Random(seed)
    found: list[Entry] = []
    for who in range(rows):
        roll = dice.random()
        if found and roll < 0.04:
            found.append(dice.choice(found))
        elif found and roll < 0.12:
            found.append(_again(dice, dice.choice(found)))
        elif found and roll < 0.15:
            found.append(_housemate(dice, dice.choice(found), who))
        else:
            found.append(_somebody(dice, who))
    return found


def table(rows: int = 20_000, seed: int = 5) -> bytes:
    """Return a CSV file of so many rows, bad ones among them; UTF-8 but for some lines of Windows-1252."""
    dice = random.Random(seed + 1)
    return b"\r\n".join([HEADER.encode(), *_lines(dice, entries(rows, seed))]) + b"\r\n"


def _lines(dice: random.Random, found: list[Entry]) -> Iterator[bytes]:
    for one in found:
        cells = [one.given, one.family, one.phone, one.email, one.birthday, one.street, one.town, one.postal_code]
        cells += [one.notes, one.tags]
        roll = dice.random()
        if roll < 0.01:
            cells[0] = cells[1] = ""
        elif roll < 0.03:
            cells[2] = dice.choice(["555", "call me", "n/a", "(512) 555", "+1 000 000 0000", "512-555-01423-99"])
        elif roll < 0.035:
            cells[3] = dice.choice(["none", "ann@", "@example.com", "a b@example.com"])
        elif roll < 0.04:
            cells.append("one too many")
        elif roll < 0.045:
            cells[4] = dice.choice(["31/31/1980", "soon", "1980"])
        line = ",".join(_quoted(cell) for cell in cells)
        if 0.045 <= roll < 0.047:
            line = '"' + line
        yield line.encode("cp1252", errors="ignore") if 0.05 <= roll < 0.08 else line.encode()


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in ',"\n') else cell


def _somebody(dice: random.Random, who: int) -> Entry:
    given = dice.choice(_GIVEN)
    family = dice.choice(_START) + dice.choice(_END) + dice.choice(["", "", dice.choice(_END)])
    town, postal_code = dice.choice(_TOWNS)
    return Entry(
        who=who,
        given=given,
        family=family,
        phone=_phone(dice, who) if dice.random() < 0.85 else "",
        email=f"{given}.{family}{who}@Example.com".lower() if dice.random() < 0.7 else "",
        birthday=f"{dice.randint(1, 12)}/{dice.randint(1, 28)}/{dice.randint(1945, 2004)}"
        if dice.random() < 0.3
        else "",
        street=f"{dice.randint(1, 9_999)} {dice.choice(_STREETS)} {dice.choice(_KINDS)}" if dice.random() < 0.6 else "",
        town=town,
        postal_code=postal_code,
        notes=dice.choice(["", "", "Likes lofts, and dogs", 'Said "call in May"\nthen again', "3 bed under 500k"]),
        tags=dice.choice(["", "Buyer", "Buyer;VIP", "Past client"]),
    )


def _phone(dice: random.Random, who: int) -> str:
    number = f"{512 + who % 3 * 201}{200 + who // 7_000 % 700:03}{who % 7_000 + 2_000:04}"
    area, exchange, line = number[:3], number[3:6], number[6:]
    return dice.choice(
        [f"({area}) {exchange}-{line}", f"{area}.{exchange}.{line}", f"+1 {area} {exchange} {line}", number]
    )


def _again(dice: random.Random, one: Entry) -> Entry:
    """Return somebody once more, as another list had them."""
    given = _SHORT.get(one.given, one.given)
    family = one.family if dice.random() < 0.7 else one.family[:2] + one.family[3:]
    return evolve(
        one,
        given=dice.choice([given, one.given, one.given.upper()]),
        family=family,
        email=dice.choice([one.email, ""]),
        notes="From the open house",
        tags="Open house",
    )


def _housemate(dice: random.Random, one: Entry, who: int) -> Entry:
    """Return somebody who lives with one who is there: the same family name, address and telephone, another name."""
    others = [name for name in _GIVEN if name[:1].upper() != one.given[:1].upper()]
    return evolve(one, who=who, given=dice.choice(others), email="", birthday="", notes="", tags="")
