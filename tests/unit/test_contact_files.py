"""Tables and cards as people have them: encodings, delimiters, quotes, folded lines, and rows that are broken."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_adapters.contacts.files import FileKind, contact_file
from nudge_adapters.contacts.phones import LibPhoneNumbers
from nudge_core.book.birthday import birthday_of, worded
from nudge_core.book.columns import read_table
from nudge_core.book.contact import Contact, Trouble, read_contact
from nudge_core.errors import Invalid
from tests import messy_contacts

PHONES = LibPhoneNumbers()


def read(content: bytes, explicit: dict[str, str] | None = None) -> dict[int, Contact | Trouble]:
    file = contact_file(io.BytesIO(content), "US", explicit)
    return {one.line: read_contact(one, PHONES, "US", month_first=file.month_first) for one in file.contacts()}


def contacts(content: bytes, explicit: dict[str, str] | None = None) -> list[Contact]:
    return [one for one in read(content, explicit).values() if isinstance(one, Contact)]


TABLE = "Name,Phone,Email\nZoë Lee,(512) 555-0142,zoe@Example.com\nJosé Paz,512-555-0177,\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_whatever_the_encoding_and_line_ends(encoding: str, ending: str) -> None:
    if encoding.startswith("utf-16") and ending == "\r":
        pytest.skip("old Macs knew no UTF-16")
    found = contacts(TABLE.replace("\n", ending).encode(encoding))
    assert [one.full_name for one in found] == ["Zoë Lee", "José Paz"]
    assert found[0].phones == ("+15125550142",)
    assert found[0].emails == ("zoe@example.com",)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_whatever_stands_between_the_cells(delimiter: str) -> None:
    table = f'Name{delimiter}Notes\nAnn Lee{delimiter}"likes lofts{delimiter} and\n""dogs"""\nBob Day{delimiter}x\n'
    assert [one.notes for one in contacts(table.encode())] == [f'likes lofts{delimiter} and\n"dogs"', "x"]


def test_one_odd_line_does_not_spoil_the_others() -> None:
    found = contacts("Name,Email\nZoë,z@x.com\n".encode() + b"Jos\xe9,j@x.com\n" + "Søren,s@x.com\n".encode())
    assert [one.full_name for one in found] == ["Zoë", "José", "Søren"]


@pytest.mark.parametrize(
    ("row", "field", "rule"),
    [
        ('"Ann,1,x', "row", "a quote that is closed again"),
        ("Ann,512-555-0142,a@x.com,one,two", "row", "no more cells than there are columns"),
        (",512-555-0142,a@x.com", "full_name", "a name or an organisation"),
        ("A\x00nn,1,x", "row", "no NUL character"),
        ("n" * 300 + ",1,x", "full_name", "at most 200 characters"),
    ],
)
def test_a_bad_row_is_told_by_line_and_rule_and_the_others_come_in(row: str, field: str, rule: str) -> None:
    found = read(f"Name,Phone,Email\nBob Day,,\n{row}\nCy Fox,,\nDi Gil,,\n".encode())
    assert found[3] == Trouble(field=field, rule=rule)
    assert [one.full_name for one in found.values() if isinstance(one, Contact)] == ["Bob Day", "Cy Fox", "Di Gil"]


def test_what_cannot_be_read_stays_as_it_was_written() -> None:
    (found,) = contacts(b"Name,Phone,Email,Birthday,Tz\nAnn,555,ann@,31/31/80,Mars\n")
    assert found.unread_phones == ("555",)
    assert found.notes == "E-mail as written: ann@\nBirthday as written: 31/31/80"
    assert [one.field for one in found.troubles] == ["phone", "email", "birthday", "timezone"]


@pytest.mark.parametrize(
    ("text", "region", "e164", "problem"),
    [
        ("(512) 555-0142", "US", "+15125550142", None),
        ("512.555.0142 x12", "US", "+15125550142", None),
        ("0151 23456789", "DE", "+4915123456789", None),
        ("+44 20 7946 0958", "US", "+442079460958", None),
        ("555-0142", "US", None, "the area code too"),
        ("1234", "US", None, "more digits"),
        ("call me", "US", None, "a telephone number"),
        ("+999 512 555 0142", "US", None, "a country code that there is"),
        ("+1 000 000 0000", "US", None, "a number that can be in use in its country"),
        ("5" * 100, "US", None, "fewer digits"),
    ],
)
def test_telephones_are_read_or_refused_with_a_reason(
    text: str, region: str, e164: str | None, problem: str | None
) -> None:
    found = PHONES.read(text, region)
    assert (found.e164, found.problem) == (e164, problem)


@given(text=st.text(max_size=80))
def test_no_text_is_too_odd_for_a_telephone(text: str) -> None:
    found = PHONES.read(text, "US")
    assert (found.e164 is None) != (found.problem is None)


def test_columns_are_guessed_with_a_score_and_a_reason() -> None:
    rows = [["Client", "Cell", "x", "Kontakt"], *[["Ann Lee", "512-555-0142", "a@x.com", "?"]] * 5]
    reading = read_table(rows)
    assert [guess.meaning and guess.meaning.value for guess in reading.guesses] == ["full_name", "phone", "email", None]
    assert reading.guesses[1].reason == "by its name, and 100% of its cells look so"
    assert reading.guesses[2].reason == "100% of its cells look so"
    assert all(0 <= guess.score <= 1 and guess.reason for guess in reading.guesses)


def test_what_somebody_says_wins_over_every_guess() -> None:
    found = contacts(b"Name,Phone,Mobile\nAnn,512-555-0142,512-555-0177\n", {"Phone": "", "name": "organisation"})
    assert (found[0].full_name, found[0].phones) == ("Ann", ("+15125550177",))
    for explicit in ({"Fax": "phone"}, {"Phone": "fax"}):
        with pytest.raises(Invalid):
            read(b"Name,Phone\nAnn,1\n", explicit)


def test_a_table_without_a_header_is_read_by_its_content() -> None:
    found = contacts(b"Ann Lee,ann@x.com,512-555-0142\nBob Day,bob@x.com,512-555-0177\n")
    assert [(one.full_name, one.emails, one.phones) for one in found] == [
        ("Ann Lee", ("ann@x.com",), ("+15125550142",)),
        ("Bob Day", ("bob@x.com",), ("+15125550177",)),
    ]


CARDS = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lee;Ann;;Dr.;\r\nFN:Dr. Ann Lee\r\nTEL;TYPE=CELL:(512) 555-\r\n 0142\r\n"
    "item1.TEL:+1 512 555 0177\r\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-03-05\r\nORG:Acme;Sales\r\n"
    "NOTE:likes\\, lofts\\nand dogs\r\nCATEGORIES:Buyer,VIP\r\nADR;TYPE=HOME:;;12 Oak St;Austin;TX;78701;USA\r\n"
    "PHOTO;ENCODING=b;TYPE=JPEG:AAAA\r\n AAAA\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Broken\r\n"
    "BEGIN:VCARD\r\nVERSION:4.0\r\nN:Day;Cy;;;\r\nTEL;VALUE=uri;TYPE=\"voice,home\":tel:+1-512-555-0144;ext=5\r\n"
    "BDAY:--0229\r\nEMAIL:cy@x.com\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen =\r\nM=C3=BCller\r\n"
    "TEL;CELL:5125550145\r\nEND:VCARD\r\n"
)  # fmt: skip


def test_cards_of_every_version_are_read() -> None:
    file = contact_file(io.BytesIO(CARDS.encode()), "US")
    assert file.kind is FileKind.CARDS
    found = read(CARDS.encode())
    assert found[16] == Trouble(field="row", rule="a card that ends")
    ann, cy, juergen = (one for one in found.values() if isinstance(one, Contact))
    assert (ann.full_name, ann.phones, ann.birthday) == ("Dr. Ann Lee", ("+15125550142", "+15125550177"), "--03-05")
    assert (ann.address, ann.organisation) == ("12 Oak St, Austin, TX 78701", "Acme, Sales")
    assert (ann.notes, ann.tags) == ("likes, lofts\nand dogs", ("Buyer", "VIP"))
    assert (cy.full_name, cy.phones, cy.birthday) == ("Cy Day", ("+15125550144",), "--02-29")
    assert cy.notes == "Phone +15125550144 extension 5"
    assert (juergen.full_name, juergen.phones) == ("Jürgen Müller", ("+15125550145",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1980-03-05", "1980-03-05"), ("19800305", "1980-03-05"), ("--0305", "--03-05"), ("3/5/1980", "1980-03-05"),
        ("25.3.1980", "1980-03-25"), ("March 5th, 1980", "1980-03-05"), ("5 mar", "--03-05"), ("2/29", "--02-29"),
        ("3/5/24", "--03-05"), ("1980-03-05T00:00:00Z", "1980-03-05"), ("2/30/1980", ""), ("soon", ""), ("1980", ""),
    ],
)  # fmt: skip
def test_birthdays_are_read(text: str, expected: str) -> None:
    assert birthday_of(text, month_first=True) == expected


@given(day=st.dates(min_value=date(1900, 1, 1)), is_year_known=st.booleans())
def test_a_birthday_is_written_so_that_it_is_read_again(day: object, is_year_known: bool) -> None:
    iso = str(day) if is_year_known else f"--{str(day)[5:]}"
    assert birthday_of(worded(iso), month_first=True) == iso


@given(content=st.binary(max_size=400))
def test_no_file_is_too_odd(content: bytes) -> None:
    read(content)


@given(lines=st.lists(st.sampled_from(["BEGIN:VCARD", "END:VCARD", "FN:Ann", " x", "TEL:1", "N:a;b", "=", ""])))
def test_no_order_of_lines_is_too_odd_for_cards(lines: Sequence[str]) -> None:
    read("\n".join(["BEGIN:VCARD", *lines]).encode())


def test_a_messy_table_loses_no_row() -> None:
    found = read(messy_contacts.table(1_500, seed=3))
    assert 1_500 <= len(found) <= 1_505, "a row with a stray quote and two lines is two broken rows"
    broken = [one for one in found.values() if isinstance(one, Trouble)]
    assert 10 < len(broken) < 60
