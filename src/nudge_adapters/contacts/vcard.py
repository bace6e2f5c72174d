"""vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350): a file of cards, one broken card does not stop the others.

Read here and not with `vobject` 0.9: that is untyped, knows no 4.0, brings two packages, and gives up a file at its
first broken line, while a card is a list of lines `NAME;parameters:value`.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from attrs import field, frozen

from nudge_adapters.contacts.lines import Line, lines_of
from nudge_core.model.written import ContactField, Written

F = ContactField

LARGEST_CARD = 20_000
"""Lines of one card. A picture of 1 MB is folded into some 18,000."""

_PROPERTY = re.compile(
    r"(?:(?P<group>[A-Za-z0-9-]+)\.)?(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;[^:]*?)?):(?P<value>.*)", re.DOTALL
)
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)(?:=((?:"[^"]*"|[^;"])*))?')
_ESCAPED = re.compile(r"\\([\\,;:nN])")
_SKIPPED = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})


@frozen(kw_only=True)
class Property:
    """One line of a card. `name`, names of `parameters`: in capitals. `group`: what binds it to others."""

    group: str
    name: str
    parameters: dict[str, str]
    value: str = field(repr=False)


def cards_of(stream: BinaryIO) -> Iterator[Written]:
    """Yield the cards of a file, each by the line that it begins on."""
    begun: int | None = None
    lines: list[str] = []
    count, depth = 0, 0
    for line in _unfolded(lines_of(stream)):
        plain = line.text.strip().upper()
        if plain == "BEGIN:VCARD":
            if begun is not None and depth == 1:
                yield Written(line=begun, broken="a card that ends")
                depth = 0
            begun, lines, count, depth = line.number, [], 0, 1
        elif begun is None:
            if plain:
                yield Written(line=line.number, broken="a card that begins with BEGIN:VCARD")
                begun, depth = -1, 0
        elif plain == "END:VCARD":
            if depth:
                yield _card(begun, lines) if count <= LARGEST_CARD else Written(line=begun, broken="a smaller card")
            begun, depth = None, 0
        else:
            count += 1
            if count <= LARGEST_CARD:
                lines.append(line.text)
    if begun is not None and depth:
        yield Written(line=begun, broken="a card that ends")


def _unfolded(lines: Iterable[Line]) -> Iterator[Line]:
    """Join lines that begin with a blank to the one before (folding), and quoted-printable ones that end with `=`."""
    whole: list[str] = []
    first: Line | None = None
    is_soft = False
    for line in lines:
        if first is not None and (is_soft or line.text[:1] in (" ", "\t")):
            whole.append(line.text if is_soft else line.text[1:])
        else:
            if first is not None:
                yield Line(number=first.number, text="".join(whole), encoding=first.encoding)
            first, whole = line, [line.text]
        is_soft = whole[-1].endswith("=") and "QUOTED-PRINTABLE" in whole[0].partition(":")[0].upper()
        if is_soft:
            whole[-1] = whole[-1][:-1]
    if first is not None:
        yield Line(number=first.number, text="".join(whole), encoding=first.encoding)


def _card(begun: int, lines: Sequence[str]) -> Written:
    properties = [one for line in lines if line.strip() and (one := _property(line)) is not None]
    labels = {one.group: one.value for one in properties if one.name == "X-ABLABEL" and one.group}
    values: dict[ContactField, list[str]] = {}
    structured: dict[ContactField, str] = {}
    for one in properties:
        _take(one, values, structured, labels)
    if not values.get(F.FULL_NAME):
        for name in (F.GIVEN_NAME, F.FAMILY_NAME):
            if structured.get(name):
                values.setdefault(name, []).append(structured[name])
    return Written(line=begun, values={name: tuple(several) for name, several in values.items()})


def _take(
    one: Property, values: dict[ContactField, list[str]], structured: dict[ContactField, str], labels: dict[str, str]
) -> None:
    """Take what a property says into the card."""

    def keep(name: ContactField, value: str) -> None:
        if value.strip():
            values.setdefault(name, []).append(value.strip())

    if one.name == "FN":
        keep(F.FULL_NAME, _plain(one.value)) if not values.get(F.FULL_NAME) else None
    elif one.name == "N":
        family, given, *_ = [*(_plain(part) for part in _split(one.value, ";")), "", ""]
        structured[F.FAMILY_NAME], structured[F.GIVEN_NAME] = family, given
    elif one.name == "TEL":
        keep(F.PHONE, _telephone(_plain(one.value)))
    elif one.name == "EMAIL":
        keep(F.EMAIL, _plain(one.value).removeprefix("mailto:"))
    elif one.name == "BDAY":
        keep(F.BIRTHDAY, _birthday(one))
    elif one.name == "ADR" and not values.get(F.STREET) and not values.get(F.LOCALITY):
        parts = [*(_plain(part) for part in _split(one.value, ";")), *[""] * 7]
        keep(F.STREET, " ".join(part for part in (parts[2], parts[1]) if part))
        keep(F.LOCALITY, parts[3])
        keep(F.REGION, parts[4])
        keep(F.POSTAL_CODE, parts[5])
    elif one.name == "ORG":
        keep(F.ORGANISATION, ", ".join(_plain(part) for part in _split(one.value, ";") if part))
    elif one.name == "CATEGORIES":
        for part in _split(one.value, ","):
            keep(F.TAGS, _plain(part))
    elif one.name == "NOTE":
        keep(F.NOTES, _plain(one.value))
    elif one.name == "TZ":
        keep(F.TIMEZONE, _plain(one.value)) if "/" in one.value else None
    elif one.name in ("ANNIVERSARY", "X-ANNIVERSARY"):
        keep(F.NOTES, f"Anniversary: {_plain(one.value)}")
    elif one.name == "X-ABDATE":
        label = labels.get(one.group, "").strip("_$!<>") or "Date"
        keep(F.NOTES, f"{label}: {_plain(one.value)}")


def _property(line: str) -> Property | None:
    """Read a line, or return None: a line that cannot be read says nothing, and the card stands without it."""
    head, colon, value = _cut(line)
    found = _PROPERTY.fullmatch(f"{head}:") if colon else None
    if found is None:
        return None
    name = found["name"].upper()
    if name in _SKIPPED:
        return None
    parameters: dict[str, str] = {}
    for key, given in _PARAMETER.findall(found["parameters"]):
        if given:
            parameters[key.upper()] = given.strip('"')
        elif key.upper() in ("QUOTED-PRINTABLE", "BASE64", "B"):
            parameters["ENCODING"] = key  # vCard 2.1 leaves the name out
    return Property(group=found["group"] or "", name=name, parameters=parameters, value=_decoded(value, parameters))


def _cut(line: str) -> tuple[str, str, str]:
    """Cut a line at its first colon outside quotes."""
    is_quoted = False
    for at, letter in enumerate(line):
        if letter == '"':
            is_quoted = not is_quoted
        elif letter == ":" and not is_quoted:
            return line[:at], ":", line[at + 1 :]
    return line, "", ""


def _decoded(value: str, parameters: dict[str, str]) -> str:
    encoding = parameters.get("ENCODING", "").upper()
    charset = parameters.get("CHARSET", "utf-8")
    try:
        if encoding == "QUOTED-PRINTABLE":
            return quopri.decodestring(value.encode()).decode(charset, errors="replace")
        if encoding in ("B", "BASE64"):
            return base64.b64decode(value, validate=False).decode(charset, errors="replace")
    except (LookupError, binascii.Error, ValueError):  # a character set that there is not; no base64
        return value
    return value


def _birthday(one: Property) -> str:
    year = one.parameters.get("X-APPLE-OMIT-YEAR", "")
    day = _plain(one.value)
    return f"--{day[5:]}" if year and day.startswith(f"{year}-") else day


def _telephone(value: str) -> str:
    """Return a number out of a `tel:` address (RFC 3966), its extension behind it."""
    if not value.lower().startswith("tel:"):
        return value
    number, *rest = value[4:].split(";")
    extension = next((part[4:] for part in rest if part.lower().startswith("ext=")), "")
    return f"{number} ext. {extension}" if extension else number


def _split(value: str, separator: str) -> list[str]:
    """Split at a separator that no backslash escapes."""
    return re.split(rf"(?<!\\){re.escape(separator)}", value)


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)
