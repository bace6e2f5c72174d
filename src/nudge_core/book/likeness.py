"""How two people agree, field by field, and how likely that is of one person, of one household, of two strangers.

Fellegi and Sunter (1969) with a third hypothesis: a couple or a family share surname, address and telephone, and are
not the same person. What a value is worth follows from how frequent it is in the book (Winkler 2000).

The probabilities below are priors of ours, from what is generally known of data entry (a few of a hundred names are
misspelt), of households and of moving house. None was fitted to a data set, and none is to be: the bar for merging by
itself is measured on data that had no part in choosing them.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from nudge_core.book.person import Name, Person, edits, same_by_short_form


class Agreement(StrEnum):
    """How far two values agree. `AREA`: postal code or town alone."""

    SAME = "same"
    SHORT_FORM = "short_form"
    INITIAL = "initial"
    TYPO = "typo"
    AREA = "area"
    DIFFERENT = "different"
    MISSING = "missing"


@frozen
class Odds:
    """How likely an agreement is: of one person, of two of a household, of two strangers.

    `strangers` None: as frequent as the value itself in the book.
    """

    same: float
    household: float
    strangers: float | None


A = Agreement

GIVEN = {
    A.SAME: Odds(0.86, 0.005, None),
    A.SHORT_FORM: Odds(0.06, 0.005, 0.005),
    A.INITIAL: Odds(0.02, 0.03, 0.05),
    A.TYPO: Odds(0.05, 0.005, 0.005),
    A.DIFFERENT: Odds(0.01, 0.95, 0.93),
}
FAMILY = {
    A.SAME: Odds(0.88, 0.75, None),
    A.TYPO: Odds(0.06, 0.02, 0.003),
    A.DIFFERENT: Odds(0.06, 0.23, 0.99),  # people marry
}
SWAPPED = Odds(0.02, 1e-5, None)  # given and family name changed places
BIRTHDAY = {
    A.SAME: Odds(0.92, 0.002, 1 / (365 * 50)),  # twins; adults of fifty years
    A.AREA: Odds(0.9, 0.004, 1 / 365),  # day and month agree, a year is missing
    A.TYPO: Odds(0.05, 0.01, 0.002),
    A.DIFFERENT: Odds(0.03, 0.988, 0.997),
}
ADDRESS = {
    A.SAME: Odds(0.65, 0.75, None),
    A.TYPO: Odds(0.15, 0.15, 1e-3),
    A.AREA: Odds(0.08, 0.05, 0.01),
    A.DIFFERENT: Odds(0.12, 0.05, 0.99),  # people move
}
PHONE = {A.SAME: Odds(0.7, 0.05, None), A.DIFFERENT: Odds(0.3, 0.95, 1.0)}
EMAIL = {A.SAME: Odds(0.7, 0.02, None), A.TYPO: Odds(0.1, 0.001, 1e-4), A.DIFFERENT: Odds(0.2, 0.98, 1.0)}

_SHORT_NAME = 3  # letters: below, one other letter makes another name (Ann, Jan, Ian)
_LONG_NAME = 7  # letters: from here two slips are one name
_LONG_STREET = 10
_SURE_LOCAL = 6  # letters before the @: shorter ones (info, ann) say nothing with another domain


def names(one: Name, other: Name) -> tuple[Agreement, Agreement, bool]:
    """Return how given and family names agree, and whether they agree only after changing places."""
    given, family = _given(one.given, other.given), _family(one.family, other.family)
    if A.DIFFERENT in (given, family) and one.family and other.family:
        if one.given == other.family and _family(one.family, other.given) in (A.SAME, A.TYPO):
            return A.SAME, A.SAME, True
        if one.family == other.given and _family(one.given, other.family) in (A.SAME, A.TYPO):
            return A.SAME, A.SAME, True
    if given is A.DIFFERENT and _one_is_half(one, other):
        return A.MISSING, A.MISSING, False
    if one.suffix and other.suffix and one.suffix != other.suffix:
        return A.DIFFERENT, family, False  # father and son
    return given, family, False


def birthdays(one: str, other: str) -> Agreement:
    """Compare dates YYYY-MM-DD or --MM-DD."""
    if not one or not other:
        return A.MISSING
    if one == other:
        return A.AREA if one.startswith("--") else A.SAME
    if one.startswith("--") or other.startswith("--"):
        return A.AREA if one[-5:] == other[-5:] else A.DIFFERENT
    same_parts = sum(a == b for a, b in zip(one.split("-"), other.split("-"), strict=False))
    swapped = one[:4] == other[:4] and one[5:7] == other[8:10] and one[8:10] == other[5:7]
    return A.TYPO if same_parts == 2 or swapped or edits(one, other, 1) == 1 else A.DIFFERENT


def addresses(one: Person, other: Person) -> Agreement:
    """Compare street, town and postal code."""
    near = _near(one, other)
    if not one.street or not other.street:
        return A.AREA if near else A.MISSING
    slips = edits(one.street, other.street, 2 if len(one.street) >= _LONG_STREET else 1)
    if slips == 0:
        return A.SAME if near or near is None else A.TYPO
    if slips <= (2 if len(one.street) >= _LONG_STREET else 1) and near is not False:
        return A.TYPO if _number(one.street) == _number(other.street) else A.AREA
    if near:
        return A.AREA
    return A.DIFFERENT


def phones(one: Person, other: Person) -> Agreement:
    """Compare telephone numbers: one in common is enough."""
    if not one.phones or not other.phones:
        return A.MISSING
    return A.SAME if set(one.phones) & set(other.phones) else A.DIFFERENT


def emails(one: Person, other: Person) -> Agreement:
    """Compare e-mail addresses, whatever their case: one in common is enough."""
    if not one.emails or not other.emails:
        return A.MISSING
    mine, theirs = ({email.lower() for email in person.emails} for person in (one, other))
    if mine & theirs:
        return A.SAME
    locals_of_mine, locals_of_theirs = ({email.partition("@")[0] for email in some} for some in (mine, theirs))
    sure = {local for local in locals_of_mine & locals_of_theirs if len(local) >= _SURE_LOCAL}
    return A.TYPO if sure else A.DIFFERENT


def _given(one: str, other: str) -> Agreement:
    if not one or not other:
        return A.MISSING
    if one == other:
        return A.INITIAL if len(one) == 1 else A.SAME
    if 1 in (len(one), len(other)):
        return A.INITIAL if one[0] == other[0] else A.DIFFERENT
    if same_by_short_form(one, other):
        return A.SHORT_FORM
    return _misspelt(one, other)


def _family(one: str, other: str) -> Agreement:
    if not one or not other:
        return A.MISSING
    if one == other:
        return A.SAME
    return _misspelt(one, other)


def _misspelt(one: str, other: str) -> Agreement:
    shorter = min(len(one), len(other))
    allowed = 0 if shorter <= _SHORT_NAME else 1 if shorter < _LONG_NAME else 2
    return A.TYPO if allowed and edits(one, other, allowed) <= allowed else A.DIFFERENT


def _one_is_half(one: Name, other: Name) -> bool:
    """Say whether one of them is a single word that stands somewhere in the other name."""
    if one.family and other.family:
        return False
    halves = {one.given, one.family} & {other.given, other.family}
    return bool(halves - {""})


def _near(one: Person, other: Person) -> bool | None:
    """Say whether town or postal code agree; None: nothing to compare."""
    told = [
        (one.postal_code, other.postal_code),
        (one.locality, other.locality),
    ]
    compared = [a == b for a, b in told if a and b]
    return any(compared) if compared else None


def _number(street: str) -> str:
    return next((word for word in street.split() if word[0].isdigit()), "")
