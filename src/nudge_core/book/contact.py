"""One contact of a file or an address book elsewhere: as it is written there, and in the forms of our book.

Nothing is lost on the way: what the book has no field for, or cannot read, stands in the notes as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable

from attrs import field, frozen

from nudge_core.book.birthday import birthday_of, worded
from nudge_core.book.person import Person, folded, name_of, plain_email
from nudge_core.model import fields
from nudge_core.model.written import ContactField, Written
from nudge_core.ports.contacts import PhoneReader


@frozen(kw_only=True)
class Trouble:
    """Something that could not be read: the field, and why. Never the value."""

    field: str
    rule: str


@frozen(kw_only=True)
class Contact:
    """A contact in the forms of the book. `phones`: E.164; `unread_phones`: as written. `troubles`: what to look at."""

    line: int
    full_name: str = field(repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    unread_phones: tuple[str, ...] = field(default=(), repr=False)
    emails: tuple[str, ...] = field(default=(), repr=False)
    birthday: str = field(default="", repr=False)
    street: str = field(default="", repr=False)
    locality: str = field(default="", repr=False)
    region: str = field(default="", repr=False)
    postal_code: str = field(default="", repr=False)
    organisation: str = field(default="", repr=False)
    notes: str = field(default="", repr=False)
    tags: tuple[str, ...] = field(default=(), repr=False)
    timezone: str | None = None
    troubles: tuple[Trouble, ...] = ()

    @property
    def address(self) -> str:
        """The address in one line, or nothing."""
        town = " ".join(part for part in (self.region, self.postal_code) if part)
        return ", ".join(part for part in (self.street, self.locality, town) if part)

    @property
    def told(self) -> tuple[str, ...]:
        """What the book has no field for, as lines of a note: where dates and addresses are read from."""
        day = worded(self.birthday) if self.birthday else ""
        lines = ((BIRTHDAY, day), (ADDRESS, self.address), (ORGANISATION, self.organisation))
        return tuple(f"{name}: {value}" for name, value in lines if value)

    def person(self, person_id: Hashable) -> Person:
        """Return what is compared of them."""
        return Person(
            id=person_id,
            name=name_of(self.full_name),
            phones=self.phones,
            emails=self.emails,
            birthday=self.birthday,
            street=self.street,
            locality=self.locality,
            postal_code=self.postal_code,
        )


BIRTHDAY, ADDRESS, ORGANISATION = "Birthday", "Address", "Organisation"
"""How lines of a note begin that an import wrote."""

NAME_CHARACTERS = 200  # as of a client
NOTE_CHARACTERS = 20_000  # of one contact; a vCard can carry a picture as text
MOST_OF_A_KIND = 20  # telephones or addresses of one contact
MOST_TAGS = 100
TAG_CHARACTERS = 100

_TAG_ENDS = re.compile(r"[;,|]|:::")  # ":::" is Google's own between groups


def read_contact(written: Written, phones: PhoneReader, region: str, *, month_first: bool) -> Contact | Trouble:
    """Bring a contact into the forms of the book.

    Args:
        written: as it stands in the file.
        phones: reads numbers.
        region: two letters (ISO 3166-1) of the country whose numbers are written without its code.
        month_first: whether 3/5 is the fifth of March.

    Returns:
        The contact, with what could not be read as troubles; or the one trouble for which it can be no contact.
    """
    if written.broken is not None:
        return Trouble(field="row", rule=written.broken)
    values = [value for several in written.values.values() for value in several]
    if any("\x00" in value for value in values):
        return Trouble(field="row", rule="no NUL character")
    name = _name(written)
    if not name:
        return Trouble(field="full_name", rule="a name or an organisation")
    if len(name) > NAME_CHARACTERS:
        return Trouble(field="full_name", rule=f"at most {NAME_CHARACTERS} characters")
    if max((len(several) for several in written.values.values()), default=0) > MOST_OF_A_KIND:
        return Trouble(field="row", rule=f"at most {MOST_OF_A_KIND} values of one kind")
    troubles: list[Trouble] = []
    read: list[str] = []
    unread: list[str] = []
    extensions: list[str] = []
    for value in written.all(ContactField.PHONE):
        number = phones.read(value, region)
        if number.e164 is None:
            unread.append(value[:100])
            troubles.append(Trouble(field="phone", rule=number.problem or "a telephone number"))
        else:
            read.append(number.e164)
            if number.extension:
                extensions.append(f"Phone {number.e164} extension {number.extension}")
    emails = [plain_email(value) for value in written.all(ContactField.EMAIL)]
    bad_emails = [value for value in emails if not fields.EMAIL.fullmatch(value)]
    troubles += [Trouble(field="email", rule="an address such as name@example.com") for _ in bad_emails]
    day = written.first(ContactField.BIRTHDAY)
    birthday = birthday_of(day, month_first=month_first) if day else ""
    if day and not birthday:
        troubles.append(Trouble(field="birthday", rule="a date such as 1980-03-05"))
    zone = written.first(ContactField.TIMEZONE)
    if zone and not fields.is_zone(zone):
        troubles.append(Trouble(field="timezone", rule="an IANA time zone such as America/Denver"))
    kept = [
        *written.all(ContactField.NOTES),
        *extensions,
        *(f"E-mail as written: {value[:200]}" for value in bad_emails),
        *([f"Birthday as written: {day[:100]}"] if day and not birthday else []),
    ]
    notes = "\n".join(kept)
    if len(notes) > NOTE_CHARACTERS:
        return Trouble(field="notes", rule=f"at most {NOTE_CHARACTERS} characters")
    tags = _tags(written)
    if len(tags) > MOST_TAGS or any(len(tag) > TAG_CHARACTERS for tag in tags):
        return Trouble(field="tags", rule=f"at most {MOST_TAGS} tags of 1 to {TAG_CHARACTERS} characters")
    organisation = written.first(ContactField.ORGANISATION)
    return Contact(
        line=written.line,
        full_name=name,
        phones=tuple(dict.fromkeys(read)),
        unread_phones=tuple(unread),
        emails=_each_once(value for value in emails if value not in bad_emails),
        birthday=birthday,
        street=written.first(ContactField.STREET)[:200],
        locality=written.first(ContactField.LOCALITY)[:100],
        region=written.first(ContactField.REGION)[:100],
        postal_code=written.first(ContactField.POSTAL_CODE)[:20],
        organisation="" if organisation == name else organisation[:200],
        notes=notes,
        tags=tags,
        timezone=zone if zone and fields.is_zone(zone) else None,
        troubles=tuple(troubles),
    )


def together(first: Contact, second: Contact) -> Contact:
    """Return two contacts of one file that are one person: the first one's values count, and none is lost."""
    lost = [
        f"Also known: {called} {theirs}"
        for called, mine, theirs in (
            ("name", first.full_name, second.full_name),
            ("birthday", first.birthday, second.birthday),
            ("address", first.address, second.address),
            ("organisation", first.organisation, second.organisation),
            ("time zone", first.timezone, second.timezone),
        )
        if mine and theirs and mine != theirs
    ]
    notes = [first.notes, *([second.notes] if second.notes not in first.notes else []), *lost]
    address = first if first.address else second
    return Contact(
        line=first.line,
        full_name=first.full_name,
        phones=tuple(dict.fromkeys((*first.phones, *second.phones))),
        unread_phones=tuple(dict.fromkeys((*first.unread_phones, *second.unread_phones))),
        emails=_each_once((*first.emails, *second.emails)),
        birthday=first.birthday or second.birthday,
        street=address.street,
        locality=address.locality,
        region=address.region,
        postal_code=address.postal_code,
        organisation=first.organisation or second.organisation,
        notes="\n".join(note for note in notes if note.strip()),
        tags=tuple(dict.fromkeys((*first.tags, *second.tags)))[:MOST_TAGS],
        timezone=first.timezone or second.timezone,
        troubles=first.troubles,
    )


def _name(written: Written) -> str:
    parts = (written.first(ContactField.GIVEN_NAME), written.first(ContactField.FAMILY_NAME))
    name = written.first(ContactField.FULL_NAME) or " ".join(part for part in parts if part)
    name = " ".join(name.split()) or " ".join(written.first(ContactField.ORGANISATION).split())
    return name if folded(name) else ""


def _each_once(emails: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for email in emails:
        seen.setdefault(email.lower(), email)
    return tuple(seen.values())


def _tags(written: Written) -> tuple[str, ...]:
    parts = [part.strip(" *") for value in written.all(ContactField.TAGS) for part in _TAG_ENDS.split(value)]
    return tuple(dict.fromkeys(part for part in parts if part))
