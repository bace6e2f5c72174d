"""All the contacts of one file or address book, read, with those who stand there twice made one, in parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from attrs import field, frozen

from nudge_core.book.contact import Contact, Trouble, read_contact
from nudge_core.book.duplicates import Reason
from nudge_core.book.intake import MOST_CONTACTS, Decision, Fate, Intake, grouped
from nudge_core.errors import Invalid
from nudge_core.model.client_import import RowProblem, RowVerdict
from nudge_core.model.contact_import import ROWS_OF_A_PART
from nudge_core.model.written import Written
from nudge_core.ports.contacts import PhoneReader

Item: TypeAlias = Contact | RowProblem
"""A row: a contact, or why it is none of its own."""

MOST_RULE = 300  # characters of a rule in a report

_VERDICTS: Mapping[Fate, RowVerdict] = MappingProxyType(
    {Fate.KNOWN: RowVerdict.KNOWN, Fate.MERGE: RowVerdict.MERGED, Fate.POSSIBLE: RowVerdict.POSSIBLE}
)
ADDED = "added"
"""Counted for contacts that became a client of their own; the others count under their verdict."""


@frozen(kw_only=True)
class Incoming:
    """What came. `items`: by line, each row once."""

    items: tuple[Item, ...] = field(repr=False)

    @property
    def parts(self) -> int:
        """Of how many parts it is stored in."""
        return -(-len(self.items) // ROWS_OF_A_PART)

    def part(self, number: int) -> tuple[Item, ...]:
        """Return the rows of a part, from 0."""
        return self.items[number * ROWS_OF_A_PART : (number + 1) * ROWS_OF_A_PART]


def incoming(written: Iterable[Written], phones: PhoneReader, region: str, *, month_first: bool) -> Incoming:
    """Read contacts as they are written, and find who stands there twice.

    Args:
        written: with a line each, no line twice.
        phones: reads numbers.
        region: two letters: the country of numbers without its code.
        month_first: whether 3/5 is the fifth of March.

    Raises:
        Invalid: more than `MOST_CONTACTS` rows.
    """
    read: dict[int, Contact | Trouble] = {}
    for one in written:
        if len(read) >= MOST_CONTACTS:
            raise Invalid("import.rows", f"at most {MOST_CONTACTS} contacts at once", None)
        read[one.line] = read_contact(one, phones, region, month_first=month_first)
    whole = grouped([one for one in read.values() if isinstance(one, Contact)])
    items: dict[int, Item] = {contact.line: contact for contact in whole.contacts}
    for line, found in read.items():
        if isinstance(found, Trouble):
            items[line] = problem(line, RowVerdict.INVALID, found.field, found.rule)
        elif line in whole.repeated:
            items[line] = RowProblem(
                line=line,
                verdict=RowVerdict.REPEATED,
                field="row",
                rule="the same person as in another row",
                other_line=whole.repeated[line],
            )
    return Incoming(items=tuple(items[line] for line in sorted(items)))


@frozen(kw_only=True)
class Rehearsal:
    """What an import would do: contacts by what would become of them, and the rows to look at."""

    counts: Mapping[str, int]
    problems: tuple[RowProblem, ...] = field(repr=False)


def rehearsed(came: Incoming, intake: Intake) -> Rehearsal:
    """Say what an import would do; nothing changes."""
    problems: list[RowProblem] = []
    added = 0
    for item in came.items:
        if isinstance(item, RowProblem):
            problems.append(item)
            continue
        decision = intake.decide(item)
        added += decision.fate in (Fate.NEW, Fate.POSSIBLE)
        problems += problems_of(decision)
    return Rehearsal(counts=counted(problems, added), problems=tuple(problems))


def problems_of(decision: Decision) -> list[RowProblem]:
    """Return what a report says of a contact: whom it concerns, and what could not be read of it."""
    line = decision.contact.line
    told = [
        problem(line, RowVerdict.NOTICED, one.field, one.rule)
        for one in decision.contact.troubles
        if decision.fate is not Fate.KNOWN
    ]
    if decision.fate is Fate.NEW:
        return told
    rule = "says nothing new" if decision.fate is Fate.KNOWN else why(decision.reasons)
    verdict = RowProblem(
        line=line,
        verdict=_VERDICTS[decision.fate],
        field="row",
        rule=rule[:MOST_RULE],
        client_id=decision.client_id,
    )
    return [verdict, *told]


def counted(problems: Iterable[RowProblem], added: int) -> Mapping[str, int]:
    """Count rows by what became of them. `possible` and `noticed` are among those that were `added` or `merged`."""
    counts = {ADDED: added, **{verdict.value: 0 for verdict in RowVerdict}}
    noticed: set[int] = set()
    for one in problems:
        if one.verdict is RowVerdict.NOTICED and one.line in noticed:
            continue
        if one.verdict is RowVerdict.NOTICED:
            noticed.add(one.line)
        counts[one.verdict.value] += 1
    return {name: count for name, count in counts.items() if count or name == ADDED}


def why(reasons: Iterable[Reason]) -> str:
    """Return reasons in words, what says most first."""
    return "; ".join(str(reason) for reason in reasons)


def problem(line: int, verdict: RowVerdict, name: str, rule: str) -> RowProblem:
    """Return what is wrong with a row."""
    return RowProblem(line=line, verdict=verdict, field=name[:100], rule=rule[:MOST_RULE])
