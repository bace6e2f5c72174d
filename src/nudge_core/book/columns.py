"""What the columns of a table mean: guessed from the words above them and from what stands in them, with a reason.

An explicit mapping wins; a guess is shown before anything is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from attrs import field, frozen

from nudge_core.book.birthday import birthday_of
from nudge_core.book.person import folded
from nudge_core.errors import Invalid
from nudge_core.model import fields
from nudge_core.model.written import ContactField, Written

F = ContactField

_WORDS: Mapping[ContactField, str] = MappingProxyType(
    {
        F.FULL_NAME: "name|full name|display name|contact name|contact|client|client name|customer|customer name|"
        "nombre completo|nom complet|vollstandiger name|file as",
        F.GIVEN_NAME: "first name|first|given name|forename|fname|vorname|prenom|nombre",
        F.FAMILY_NAME: "last name|last|family name|surname|lname|nachname|nom|nom de famille|apellido|apellidos",
        F.EMAIL: "email|e mail|email address|e mail address|mail|correo|correo electronico|courriel|email 1|e mail 1|"
        "e mail 1 value|e mail 2 value|primary email|secondary email|work email|home email|email 2",
        F.PHONE: "phone|phone number|telephone|tel|mobile|mobile phone|cell|cell phone|cellphone|telefon|telefono|"
        "movil|celular|handy|primary phone|home phone|work phone|business phone|other phone|phone 1|phone 2|"
        "phone 1 value|phone 2 value|telephone number|mobile number|contact number",
        F.BIRTHDAY: "birthday|birth date|date of birth|birthdate|dob|geburtstag|geburtsdatum|cumpleanos|"
        "fecha de nacimiento|date de naissance|anniversaire|bday",
        F.STREET: "street|address|street address|address 1|address line 1|home street|address 1 street|mailing address|"
        "home address|strasse|direccion|adresse|calle",
        F.LOCALITY: "city|town|suburb|locality|home city|address 1 city|ort|stadt|ciudad|ville",
        F.REGION: "state|province|region|home state|address 1 region|bundesland|estado|provincia|county",
        F.POSTAL_CODE: "zip|zip code|zipcode|postal code|postcode|post code|home postal code|address 1 postal code|plz|"
        "codigo postal|code postal",
        F.ORGANISATION: "company|organization|organisation|business|employer|firma|empresa|entreprise|"
        "organization name|organization 1 name|company name",
        F.NOTES: "notes|note|comments|comment|remarks|description|details|notizen|bemerkung|notas|memo|about",
        F.TAGS: "tags|tag|labels|label|groups|group|group membership|categories|category|list|segment|type",
        F.TIMEZONE: "timezone|time zone|tz|zeitzone|zona horaria",
    }
)
_EXACT = MappingProxyType({word: name for name, words in _WORDS.items() for word in words.split("|")})

BY_WORDS = 0.9
BY_PART = 0.6  # a known word among others: "Buyer Phone"
BY_CONTENT = 0.9  # times the share of cells that look so
CONFIRMED = 0.99
CONTRADICTED = 0.3
ENOUGH = 0.5
"""From this score a guess is used; below, a column is shown and left out. Ours."""

SAMPLE_ROWS = 200
_LOOKS_SO = 0.6  # share of cells from which content tells the meaning
_CONTRADICTS = 0.2
_TELLING = 5  # cells: fewer do not speak against a name

_EMAIL = fields.EMAIL
_PHONE = re.compile(r"[+(]?\d[\d\s().+/-]{5,22}(?:(?:x|ext\.?)\s?\d{1,6})?")
_NAME = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:[ ,'’.-]+[^\W\d_'’.-]+){1,3}\.?")
_POSTAL = re.compile(r"\d{5}(?:-\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}", re.IGNORECASE)
_STREET = re.compile(r"\d+[a-z]?\s+[^\W\d_].{2,}", re.IGNORECASE)


def _is_date(cell: str) -> bool:
    return bool(birthday_of(cell, month_first=True))


def _is_phone(cell: str) -> bool:
    return bool(_PHONE.fullmatch(cell)) and not _is_date(cell)


_LOOKS: Mapping[ContactField, Callable[[str], object]] = MappingProxyType(
    {F.EMAIL: _EMAIL.fullmatch, F.BIRTHDAY: _is_date, F.PHONE: _is_phone, F.POSTAL_CODE: _POSTAL.fullmatch,
     F.TIMEZONE: lambda cell: "/" in cell and fields.is_zone(cell), F.STREET: _STREET.fullmatch,
     F.FULL_NAME: _NAME.fullmatch}
)  # fmt: skip
"""How cells of a meaning look, the surest first."""


@frozen(kw_only=True)
class Guess:
    """What a column means. `meaning` None: nothing, it is left out. `score`: 0 to 1; 1 is what somebody said."""

    column: int
    header: str = field(repr=False)
    meaning: ContactField | None
    score: float
    reason: str


@frozen(kw_only=True)
class TableReading:
    """How a table is read. `has_header`: whether its first row names the columns."""

    has_header: bool
    guesses: tuple[Guess, ...]

    def meanings(self) -> tuple[ContactField | None, ...]:
        """Return what each column means, as far as it is used."""
        return tuple(guess.meaning if guess.score >= ENOUGH else None for guess in self.guesses)

    def written(self, line: int, cells: Sequence[str]) -> Written:
        """Return a row as a contact as it is written."""
        if any(cell.strip() for cell in cells[len(self.guesses) :]):
            return Written(line=line, broken="no more cells than there are columns")
        values: dict[ContactField, tuple[str, ...]] = {}
        for meaning, cell in zip(self.meanings(), cells, strict=False):
            if meaning is not None and cell.strip():
                values[meaning] = (*values.get(meaning, ()), cell)
        return Written(line=line, values=values)


def read_table(rows: Sequence[Sequence[str]], explicit: Mapping[str, str] | None = None) -> TableReading:
    """Guess what the columns of a table mean.

    Args:
        rows: its first rows, the header (if there is one) included.
        explicit: meaning by column name, or by number from 1 as text; "" leaves a column out. It wins.

    Raises:
        Invalid: `explicit` names a column that is not there, or a meaning that there is not.
    """
    if not rows:
        return TableReading(has_header=False, guesses=())
    first = [cell.strip() for cell in rows[0]]
    has_header = _is_header(first, rows[1:])
    width = max(len(row) for row in rows) if not has_header else len(first)
    names = [(first[at] if has_header and at < len(first) else "") or f"column {at + 1}" for at in range(width)]
    body = rows[1 if has_header else 0 :][:SAMPLE_ROWS]
    guesses = [
        _guess(at, names[at], [row[at].strip() for row in body if at < len(row) and row[at].strip()])
        for at in range(width)
    ]
    return TableReading(has_header=has_header, guesses=tuple(_explicit(_settled(guesses), explicit or {})))


def _is_header(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Say whether a row names columns: a word that is known, or no value where the rows after it hold values."""
    if any(folded(cell) in _EXACT for cell in first):
        return True
    values = sum(bool(_EMAIL.fullmatch(cell) or _is_phone(cell) or _is_date(cell)) for cell in first)
    return bool(others) and values == 0 and any(_EMAIL.fullmatch(c.strip()) for row in others[:20] for c in row)


def _guess(column: int, header: str, cells: Sequence[str]) -> Guess:
    by_header, header_score = _by_header(header)
    looks, share = _by_content(cells)
    meaning, score, reason = by_header, header_score, "by its name"
    if by_header is not None and by_header in _LOOKS and cells:
        own = sum(bool(_LOOKS[by_header](cell)) for cell in cells) / len(cells)
        if own >= _LOOKS_SO:
            score, reason = CONFIRMED, f"by its name, and {own:.0%} of its cells look so"
        elif len(cells) < _TELLING:
            pass
        elif own < _CONTRADICTS and looks is not None and by_header in (F.EMAIL, F.PHONE, F.BIRTHDAY):
            meaning, score, reason = looks, BY_CONTENT * share, f"{share:.0%} of its cells look so, against its name"
        elif own < _CONTRADICTS and by_header in (F.EMAIL, F.BIRTHDAY):
            score, reason = CONTRADICTED, f"its name says so, but only {own:.0%} of its cells look so"
    elif by_header is None and looks is not None:
        meaning, score, reason = looks, BY_CONTENT * share, f"{share:.0%} of its cells look so"
    if meaning is None:
        reason = "neither its name nor its cells tell"
    return Guess(column=column, header=header, meaning=meaning, score=round(score, 3), reason=reason)


def _by_header(header: str) -> tuple[ContactField | None, float]:
    plain = folded(re.sub(r"([a-z])([A-Z])", r"\1 \2", header).replace("_", " "))
    if plain in _EXACT:
        return _EXACT[plain], BY_WORDS
    bare = re.sub(r" ?\d+$", "", plain)
    if bare in _EXACT:
        return _EXACT[bare], BY_WORDS
    words = plain.split()
    for size in (3, 2, 1):
        for start in range(len(words) - size, -1, -1):  # what a thing is stands last: "buyer phone"
            part = " ".join(words[start : start + size])
            if part in _EXACT and part not in _VAGUE:
                return _EXACT[part], BY_PART
    return None, 0.0


_VAGUE = frozenset({"first", "last", "name", "type", "list", "nom", "nombre", "contact", "client", "about", "label",
                    "customer", "business", "details", "region", "mail", "ort"})  # fmt: skip
"""Words that alone name a column but among others may mean anything: "list price", "first seen"."""


def _by_content(cells: Sequence[str]) -> tuple[ContactField | None, float]:
    if not cells:
        return None, 0.0
    for name, looks in _LOOKS.items():
        share = sum(bool(looks(cell)) for cell in cells) / len(cells)
        if share >= _LOOKS_SO:
            return name, share
    return None, 0.0


_SEVERAL = frozenset({F.EMAIL, F.PHONE, F.NOTES, F.TAGS})


def _settled(guesses: Sequence[Guess]) -> list[Guess]:
    """Let each meaning that a contact has once go to one column: the surest, then the first."""
    best: dict[ContactField, Guess] = {}
    for guess in guesses:
        if guess.meaning is not None and (guess.meaning not in best or guess.score > best[guess.meaning].score):
            best[guess.meaning] = guess
    parts = {F.GIVEN_NAME, F.FAMILY_NAME} <= best.keys()
    settled: list[Guess] = []
    for guess in guesses:
        taken = guess.meaning is not None and guess.meaning not in _SEVERAL and best[guess.meaning] is not guess
        if taken and guess.meaning is not None:
            why = f"another column is surer to be {guess.meaning.value}"
            settled.append(Guess(column=guess.column, header=guess.header, meaning=None, score=0.0, reason=why))
        elif guess.meaning is F.FULL_NAME and parts and guess.score < BY_WORDS:
            why = "given and family name stand in columns of their own"
            settled.append(Guess(column=guess.column, header=guess.header, meaning=None, score=0.0, reason=why))
        else:
            settled.append(guess)
    return settled


def _explicit(guesses: Sequence[Guess], explicit: Mapping[str, str]) -> list[Guess]:
    known = {guess.header.casefold(): guess.column for guess in guesses}
    known |= {str(guess.column + 1): guess.column for guess in guesses}
    said: dict[int, ContactField | None] = {}
    for name, meaning in explicit.items():
        if name.strip().casefold() not in known:
            raise Invalid("mapping", "names of columns that are there, or their numbers from 1", name)
        if meaning and meaning not in {one.value for one in ContactField}:
            raise Invalid("mapping", f"one of {', '.join(one.value for one in ContactField)}, or nothing", meaning)
        said[known[name.strip().casefold()]] = ContactField(meaning) if meaning else None
    single = {meaning for meaning in said.values() if meaning is not None} - _SEVERAL
    return [
        Guess(column=one.column, header=one.header, meaning=said[one.column], score=1.0, reason="you said so")
        if one.column in said
        else Guess(column=one.column, header=one.header, meaning=None, score=0.0, reason="you named another column")
        if one.meaning in single
        else one
        for one in guesses
    ]
