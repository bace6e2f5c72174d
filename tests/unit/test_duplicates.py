"""Who may stand in a book twice, and who surely does not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.book.duplicates import AUTO_MERGE, PROPOSE, DuplicateFinder, scored_pairs
from nudge_core.book.person import Person, edits, folded, name_of, plain_email, sound
from tests import febrl, messy_contacts

PHONE, OTHER_PHONE = "+15125550142", "+15125550177"
TENTH_OF_A_PERCENT = 0.999


def person(number: int, name: str, **values: object) -> Person:
    return Person(id=number, name=name_of(name), **values)  # type: ignore[arg-type]  # given by name


def score(one: Person, other: Person) -> float:
    finder = DuplicateFinder()
    finder.add(one)
    finder.add(other)
    return finder.compare(one, other).score


def test_the_same_name_and_telephone_are_one() -> None:
    pairs = scored_pairs([person(1, "John Smith", phones=(PHONE,)), person(2, "john SMITH", phones=(PHONE,))])
    assert [(one, other) for one, other, _score, _reasons in pairs] == [(1, 2)]
    assert pairs[0][2] >= AUTO_MERGE
    assert {str(reason) for reason in pairs[0][3]} >= {"phone: same", "given name: same", "family name: same"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (person(1, "John Smith", phones=(PHONE,)), person(2, "Joan Smith", phones=(PHONE,))),
        (person(1, "John Smith", phones=(PHONE,)), person(2, "Mary Smith", phones=(PHONE,))),
        (person(1, "John Smith Sr.", phones=(PHONE,)), person(2, "John Smith Jr.", phones=(PHONE,))),
        (
            person(1, "John Smith", phones=(PHONE,), birthday="1950-01-02"),
            person(2, "John Smith", phones=(PHONE,), birthday="1980-07-09"),
        ),
        (person(1, "John Smith"), person(2, "John Smith")),
        (
            person(1, "John Smith", street="12 Oak St", postal_code="78701"),
            person(2, "John Smith", street="12 Oak Street", postal_code="78701"),
        ),
        (person(1, "J. Smith", emails=("js@example.com",)), person(2, "John Smith", emails=("js@example.com",))),
        (person(1, "Ann Lee", emails=("office@example.com",)), person(2, "Bob Day", emails=("office@example.com",))),
    ],
    ids=["one_letter", "couple", "father_and_son", "two_birthdays", "name_alone", "no_identifier", "initial", "office"],
)
def test_these_are_never_merged_without_asking(one: Person, other: Person) -> None:
    assert score(one, other) < AUTO_MERGE


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (person(1, "Bill Gray", emails=("wg@x.com",)), person(2, "William Gray", emails=("WG@x.com",)), "short form"),
        (person(1, "Lee Ann", phones=(PHONE,)), person(2, "Ann Lee", phones=(PHONE,)), "swapped"),
        (person(1, "Ann Leesman", phones=(PHONE,)), person(2, "Ann Lessman", phones=(PHONE,)), "typo"),
        (
            person(1, "Ann Lee", street="12 Oak St", postal_code="78701", birthday="1980-03-05"),
            person(2, "Ann Lee", street="12 Oak Street", postal_code="78701", birthday="1980-05-03"),
            "typo",
        ),
    ],
)
def test_these_are_shown_to_a_person_with_the_reason(one: Person, other: Person, why: str) -> None:
    (pair,) = scored_pairs([one, other])
    assert pair[2] >= PROPOSE
    assert any(why in str(reason) for reason in pair[3])


def test_what_is_frequent_says_less_than_what_is_rare() -> None:
    crowd = [person(number, f"John Other{number}") for number in range(10, 400)]
    rare = person(1, "Zebulon Quist", birthday="1980-03-05"), person(2, "Zebulon Quist", birthday="1980-03-05")
    usual = person(3, "John Quist", birthday="1981-03-05"), person(4, "John Quist", birthday="1981-03-05")
    finder = DuplicateFinder()
    for one in (*crowd, *rare, *usual):
        finder.add(one)
    assert finder.compare(*rare).score > finder.compare(*usual).score


@given(
    people=st.lists(
        st.builds(
            lambda name, phone, day: (name, phone, day),
            st.sampled_from(["Ann Lee", "Anne Lee", "Bob Day", "Lee Ann", "A Lee", "Mum", ""]),
            st.sampled_from(["", PHONE, OTHER_PHONE]),
            st.sampled_from(["", "1980-03-05", "--03-05", "1950-01-01"]),
        ),
        max_size=12,
    )
)
def test_pairs_are_symmetric_ordered_and_each_once(people: list[tuple[str, str, str]]) -> None:
    book = [
        person(number, name, phones=(phone,) if phone else (), birthday=day)
        for number, (name, phone, day) in enumerate(people)
    ]
    pairs = scored_pairs(book)
    assert len({frozenset(pair[:2]) for pair in pairs}) == len(pairs)
    assert all(pair[0] != pair[1] for pair in pairs)
    assert all(first[2] >= second[2] for first, second in pairwise(pairs))
    assert pairs == scored_pairs(book)
    finder = DuplicateFinder()
    for one in book:
        finder.add(one)
    for one in book:
        for other in book:
            assert finder.compare(one, other).score == pytest.approx(finder.compare(other, one).score)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_what_merges_by_itself_is_right_in_febrl(number: int) -> None:
    people, truth = febrl.load(number)
    found = febrl.measured(scored_pairs(people), truth)
    assert found.auto_precision >= TENTH_OF_A_PERCENT
    assert found.auto_recall >= 0.5
    assert found.proposed_recall >= 0.9


def test_what_merges_by_itself_is_right_in_a_messy_list() -> None:
    rows = messy_contacts.entries(3_000, seed=11)
    people = [
        Person(
            id=number,
            name=name_of(f"{row.given} {row.family}"),
            phones=("+1" + "".join(filter(str.isdigit, row.phone))[-10:],) if row.phone else (),
            emails=(plain_email(row.email),) if row.email else (),
            street=row.street,
            locality=row.town,
            postal_code=row.postal_code,
        )
        for number, row in enumerate(rows)
    ]
    auto = [pair for pair in scored_pairs(people) if pair[2] >= AUTO_MERGE]
    wrong = [pair for pair in auto if rows[int(str(pair[0]))].who != rows[int(str(pair[1]))].who]
    assert len(auto) > 200
    assert len(wrong) <= len(auto) * (1 - TENTH_OF_A_PERCENT)


def test_names_are_read_as_people_write_them() -> None:
    assert (name_of("Dr. Ann-Marie Lee, MD").given, name_of("Lee, Ann").family) == ("annmarie", "lee")
    assert (name_of("Lee, Ann").given, name_of("John Smith, Jr.").suffix) == ("ann", "jr")
    assert folded("  Zoë  O’Brien ") == "zoe obrien"
    assert plain_email(" Ann.Lee+x@Example.COM ") == "Ann.Lee+x@example.com"
    assert sound("robert") == sound("rupert") == "r163"


@given(one=st.text("abc", max_size=8), other=st.text("abc", max_size=8))
def test_edits_are_a_distance_up_to_their_bound(one: str, other: str) -> None:
    far = edits(one, other, 20)
    assert far == edits(other, one, 20)
    assert (far == 0) == (one == other)
    for bound in range(4):
        assert edits(one, other, bound) == min(far, bound + 1)
