"""What becomes of each contact that comes: somebody new, somebody known, or more about somebody who is there already.

Pure: decided in memory, before anything is stored. Two contacts of a file, or a contact and a client, become one only
above the bar of `duplicates`; else both stand in the book and the pair is shown to a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import evolve, field, frozen

from nudge_core.book.birthday import birthday_of
from nudge_core.book.contact import ADDRESS, BIRTHDAY, Contact, together
from nudge_core.book.duplicates import PROPOSE, DuplicateFinder, Reason
from nudge_core.book.person import Person, folded, name_of, plain_email
from nudge_core.model.client import Client

MOST_CONTACTS = 50_000
"""Of one import: they are compared with each other in memory, some 2 kB each; ours."""

LARGEST_GROUP = 20  # contacts that become one: more of them is a fault of the file


class Fate(StrEnum):
    """What becomes of a contact. `POSSIBLE`: they are added, and may be somebody who is there."""

    NEW = "new"
    POSSIBLE = "possible"
    MERGE = "merge"
    KNOWN = "known"


@frozen(kw_only=True)
class Decision:
    """What becomes of a contact, and why. `client_id`: of whom it is a matter."""

    contact: Contact = field(repr=False)
    fate: Fate
    client_id: UUID | None = None
    reasons: tuple[Reason, ...] = ()


@frozen(kw_only=True)
class Grouped:
    """The contacts of a file with those who stand there twice made one. `repeated`: line by line of the first one."""

    contacts: tuple[Contact, ...] = field(repr=False)
    repeated: dict[int, int]


def grouped(contacts: Sequence[Contact]) -> Grouped:
    """Make one of the contacts of a file that are surely one person, the first one leading.

    Pairs join in the order of their scores, and only as long as nobody in the group contradicts: two that do not look
    alike never become one through a third.
    """
    finder = DuplicateFinder()
    first_with: dict[Contact, int] = {}
    root: dict[int, int] = {}
    by_line = {contact.line: contact for contact in contacts}
    for contact in contacts:
        same = first_with.setdefault(evolve(contact, line=0), contact.line)
        root[contact.line] = same
        if same == contact.line:
            finder.add(contact.person(contact.line))
    members = {line: [line] for line in set(root.values())}
    people = {line: by_line[line].person(line) for line in members}
    sure = [(pair.score, _line(one), _line(other)) for one, other, pair in finder.pairs() if pair.is_sure]
    home = {line: line for line in members}
    for _score, one, other in sorted(sure, key=lambda pair: (-pair[0], pair[1], pair[2])):
        first, second = sorted((home[one], home[other]))
        if first == second or len(members[first]) + len(members[second]) > LARGEST_GROUP:
            continue
        if all(_alike(finder, people[a], people[b]) for a in members[first] for b in members[second]):
            members[first] += members.pop(second)
            home |= dict.fromkeys(members[first], first)
    whole: list[Contact] = []
    for line in sorted(members):
        contact = by_line[line]
        for other_line in sorted(members[line])[1:]:
            contact = together(contact, by_line[other_line])
        whole.append(contact)
    repeated = {line: home[root[line]] for line in root if home[root[line]] != line}
    return Grouped(contacts=tuple(whole), repeated=repeated)


class Intake:
    """A book in memory, asked about one contact after the other."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._clients: dict[UUID, Client] = {}
        self._finder = DuplicateFinder()
        self._by_key: dict[tuple[str, str], list[UUID]] = {}
        self._reserved: set[str] = set()
        for client in clients:
            self.take(client)

    def take(self, client: Client) -> None:
        """Know somebody from now on."""
        self._clients[client.id] = client
        self._finder.add(person_of(client))
        for key in _keys(client):
            self._by_key.setdefault(key, []).append(client.id)

    def replace(self, client: Client) -> None:
        """Know what somebody says by now: they took in another one."""
        self._clients[client.id] = client

    def reserve(self, email: str | None) -> None:
        """Know that an address is taken from now on, whoever has it."""
        if email:
            self._reserved.add(email.lower())

    def client(self, client_id: UUID) -> Client:
        """Return somebody who is known."""
        return self._clients[client_id]

    def has_email(self, email: str) -> bool:
        """Say whether somebody has this address."""
        plain = email.lower()
        holders = self._with("e", plain)
        return plain in self._reserved or any((self._clients[one].email or "").lower() == plain for one in holders)

    def decide(self, contact: Contact) -> Decision:
        """Say what becomes of a contact; nothing changes."""
        for client_id in self._named_like(contact):
            if says_all(self._clients[client_id], contact):
                return Decision(contact=contact, fate=Fate.KNOWN, client_id=client_id)
        like = self._finder.like(contact.person(None))
        if not like:
            return Decision(contact=contact, fate=Fate.NEW)
        for other, _pair in like:  # what became part of somebody stands in their notes, under another name maybe
            if says_all(self._clients[_client_id(other)], contact):
                return Decision(contact=contact, fate=Fate.KNOWN, client_id=_client_id(other))
        other, pair = like[0]
        fate = Fate.MERGE if pair.is_sure else Fate.POSSIBLE
        return Decision(contact=contact, fate=fate, client_id=_client_id(other), reasons=pair.reasons)

    def _named_like(self, contact: Contact) -> list[UUID]:
        found = self._with("n", folded(contact.full_name))
        for phone in contact.phones:
            found = [*found, *self._with("p", phone)]
        for email in contact.emails:
            found = [*found, *self._with("e", email.lower())]
        return list(dict.fromkeys(found))

    def _with(self, kind: str, value: str) -> Sequence[UUID]:
        return self._by_key.get((kind, value), ())


def says_all(client: Client, contact: Contact) -> bool:
    """Say whether a client says already all that a contact does: in a field, or in the notes."""
    notes = client.notes
    own_email = (client.email or "").lower()
    known = [
        folded(contact.full_name) == folded(client.full_name) or contact.full_name in notes,
        all(phone == client.phone or phone in notes for phone in contact.phones),
        all(phone == client.phone_as_given or phone in notes for phone in contact.unread_phones),
        all(email.lower() == own_email or email.lower() in notes.lower() for email in contact.emails),
        all(line in notes for line in contact.told),
        not contact.notes or contact.notes in notes,
        set(contact.tags) <= set(client.tags),
        contact.timezone is None or contact.timezone == client.timezone or contact.timezone in notes,
    ]
    return all(known)


def client_of(decision: Decision, client_id: UUID, user_id: UUID, now: datetime, intake: Intake) -> Client:
    """Return the client that a contact becomes; what the client has no field for stands in the notes.

    Of somebody who becomes part of a client, what that one says already is left out: nobody needs it twice.

    Raises:
        Invalid: a value breaks a rule of clients.
    """
    contact = decision.contact
    into = intake.client(decision.client_id) if decision.fate is Fate.MERGE and decision.client_id else None
    said = "" if into is None else into.notes
    lines = [line for line in (contact.notes, *contact.told) if line and line not in said]
    taken = [email for email in contact.emails if intake.has_email(email)]
    free = [email for email in contact.emails if email not in taken]
    own = (into.email or "").lower() if into else ""
    lines += [f"Other phone: {phone}" for phone in contact.phones[1:]]
    spare = contact.unread_phones if contact.phones else contact.unread_phones[1:]
    lines += [f"Phone as written: {phone}" for phone in spare]
    lines += [f"Other e-mail: {email}" for email in free[1:]]
    lines += [f"E-mail that another client has too: {email}" for email in taken if email.lower() != own]
    return Client(
        id=client_id,
        user_id=user_id,
        full_name=contact.full_name,
        created_at=now,
        email=free[0] if free else None,
        phone=contact.phones[0] if contact.phones else None,
        phone_as_given=contact.unread_phones[0] if contact.unread_phones and not contact.phones else None,
        timezone=contact.timezone,
        user_tags=contact.tags,
        notes="\n".join(lines),
    )


def person_of(client: Client) -> Person:
    """Return what is compared of a client."""
    street, _, town = _line_of(client.notes, ADDRESS).partition(", ")
    locality, _, rest = town.partition(", ")
    return Person(
        id=client.id,
        name=name_of(client.full_name),
        phones=(client.phone,) if client.phone else (),
        emails=(plain_email(client.email),) if client.email else (),
        birthday=birthday_of(_line_of(client.notes, BIRTHDAY), month_first=True),
        street=street,
        locality=locality,
        postal_code=(rest.split() or [""])[-1],
    )


def _line_of(notes: str, name: str) -> str:
    """Return what the first line of that name says, or nothing."""
    found = (line for line in notes.splitlines() if line.startswith(f"{name}: "))
    return next(found, "").partition(": ")[2]


def _keys(client: Client) -> list[tuple[str, str]]:
    keys = [("n", folded(client.full_name))]
    if client.phone:
        keys.append(("p", client.phone))
    if client.email:
        keys.append(("e", client.email.lower()))
    return keys


def _alike(finder: DuplicateFinder, one: Person, other: Person) -> bool:
    return finder.compare(one, other).score >= PROPOSE


def _line(person: Person) -> int:
    assert isinstance(person.id, int)
    return person.id


def _client_id(person: Person) -> UUID:
    assert isinstance(person.id, UUID)
    return person.id
