"""The rules of wording that hold for every profession."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.policy.contacts import contacts, host_of
from nudge_core.policy.findings import Severity
from nudge_core.policy.segments import segments
from nudge_core.policy.wording import (
    BUSINESS_UNITS,
    SHORTENERS,
    first_text,
    hidden_links,
    length,
    private_matters,
    several_questions,
    signed_business,
    with_opt_out_line,
)


@pytest.mark.parametrize("host", sorted(SHORTENERS))
def test_every_shortener_blocks(host: str) -> None:
    for link in (f"https://{host}/x1", f"HTTP://WWW.{host.upper()}/x1", f"{host}/x1."):
        (finding,) = hidden_links(f"See {link}")
        assert (finding.rule, finding.severity) == ("link_shortener", Severity.BLOCK)


def test_a_plain_link_is_fine_and_a_second_is_for_review() -> None:
    assert hidden_links("See https://elmrealty.com/12-elm?utm=1") == ()
    (finding,) = hidden_links("See elmrealty.com/a and https://zillow.com/b")
    assert (finding.rule, finding.found) == ("several_links", "https://zillow.com/b")


def test_only_the_owners_hosts_when_there_is_a_list() -> None:
    allowed = {"elmrealty.com"}
    assert hidden_links("See https://homes.elmrealty.com/12", allowed) == ()
    for foreign in ("https://elmrealty.com.evil.io/x", "https://notelmrealty.com", "evil.com/elmrealty.com"):
        (finding,) = hidden_links(f"See {foreign}", allowed)
        assert (finding.rule, finding.found) == ("foreign_link", foreign)


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("Want to see it? Or shall I send photos?", "Or shall I send photos?"),
        ("Nice?! It is new. Call me?", "Call me?"),
        ("{question} Ready?", "Ready?"),
        ("Ready? {question}", "{question}"),
    ],
)
def test_a_second_question_is_found(text: str, second: str) -> None:
    (finding,) = several_questions(text)
    assert (finding.found, finding.severity) == (second, Severity.REVIEW)


@pytest.mark.parametrize("text", ["Want to see it???", "See https://a.com/?x=1 soon?", "{question}", "No question."])
def test_one_question_is_fine(text: str) -> None:
    assert several_questions(text) == ()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("I saw in my notes that you like pools.", "private_notes"),
        ("My records show you have a dog.", "private_notes"),
        ("Happy 40th birthday!", "age"),
        ("Now that you're turning 65, downsizing may help.", "age"),
        ("You turned 65.", "age"),
        ("You are 70 years old", "age"),
        ("Since you were born in 1961 ...", "age"),
    ],
)
def test_private_matters(text: str, rule: str) -> None:
    assert [finding.rule for finding in private_matters(text)] == [rule]


@pytest.mark.parametrize("text", ["You're 25 minutes away", "built in 1961", "The home is 20 years old", "Take notes"])
def test_what_is_no_private_matter(text: str) -> None:
    assert private_matters(text) == ()


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("a" * 306, None),
        ("a" * 305 + "\u2019", None),
        ("a" * 307, Severity.REVIEW),
        ("a" * 612, Severity.REVIEW),
        ("a" * 613, Severity.BLOCK),
        ("a" * 200 + "ż", Severity.REVIEW),
        ("a" * 234 + "{reason}", None),
        ("a" * 235 + "{reason}", Severity.REVIEW),
    ],
)
def test_length(text: str, severity: Severity | None) -> None:
    assert [finding.severity for finding in length(text)] == ([severity] if severity else [])


FIRST = "Hi Ann, 12 Elm St is new. - Maria, Elm Realty Reply STOP to opt out."


def test_the_first_text_says_who_and_how_to_stop() -> None:
    assert first_text(FIRST, "María", "ELM  Realty, LLC") == ()
    rules = [finding.rule for finding in first_text("Hi Ann, 12 Elm St is new.", "Maria", "Elm Realty")]
    assert rules == ["sender_not_named", "business_not_named", "no_opt_out_line"]
    assert [f.rule for f in first_text("It will stop. - Maria", "Maria", "")] == ["no_opt_out_line"]


@given(st.text(max_size=300))
def test_the_opt_out_line_is_added_once(text: str) -> None:
    once = with_opt_out_line(text)
    assert with_opt_out_line(once) == once
    assert "no_opt_out_line" not in {finding.rule for finding in first_text(once, "", "")}


def test_a_business_name_as_it_is_signed() -> None:
    assert signed_business("Elm Realty, LLC") == "Elm Realty"
    assert signed_business("Realty [ONE] {Group} <TX>") == "Realty ONE Group TX"
    assert signed_business("Berkshire Hathaway HomeServices Texas Realty") == (
        "Berkshire Hathaway HomeServices Texas Realty"
    )
    long = "The Garcia, Nguyen & O'Sullivan Family Team at Prestige Properties of Central Texas"
    assert signed_business(long) == "The Garcia, Nguyen & O'Sullivan Family Team at"


@given(st.text(max_size=200))
def test_a_signed_business_never_exceeds_its_room(name: str) -> None:
    assert segments(signed_business(name)).units <= BUSINESS_UNITS or segments(name).costly


@pytest.mark.parametrize(
    ("link", "host"),
    [
        ("https://www.Elm.com/a?b", "elm.com"),
        ("elm.com", "elm.com"),
        ("https://elm.com:8443/x", "elm.com"),
        ("https://elm.com@evil.com/x", "evil.com"),
        ("https://evil.com\\@elm.com", "evil.com"),
        ("https://evil.com/@elm.com", "evil.com"),
        ("https://evil.com?@elm.com", "evil.com"),
        ("https://evil.com#@elm.com", "evil.com"),
        ("https://elm.com./x", "elm.com"),
        ("https://", ""),
    ],
)
def test_the_host_of_a_link(link: str, host: str) -> None:
    assert host_of(link) == host


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("call 512-555-0142", ["phone"]),
        ("+1 (512) 555 0142 or a@b.com", ["phone", "email"]),
        ("555-0142", ["phone"]),
        ("5125550142", ["phone"]),
        ("+44 20 7946 0958", ["phone"]),
        ("in 78626-1234 (100 sq ft)", []),
        ("in 10000 (100 sq ft)", []),
        ("evil.com", ["link"]),
        ("evil dot com", ["link"]),
        ("ann (at) mail.com", ["email"]),
        ("$1,485,000 in 78704", []),
        ("1506 Timber St. 3 beds.", []),
        ("sq.ft. and St.Paul", []),
    ],
)
def test_contacts(text: str, kinds: list[str]) -> None:
    assert [contact.kind for contact in contacts(text)] == kinds


@given(st.text())
def test_any_text_can_be_searched(text: str) -> None:
    for contact in contacts(text):
        assert text[contact.start : contact.end] == contact.written
        host_of(contact.written)
    hidden_links(text)
    several_questions(text)
    private_matters(text)
    length(text)
