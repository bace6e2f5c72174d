"""Every wording rule of real estate on one text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.policy.findings import Severity
from nudge_core.verticals.real_estate.lint import lint


@pytest.mark.parametrize(
    ("text", "rule", "severity"),
    [
        ("It appraised at $500,000.", "appraisal", "review"),
        ("Prices can only go up.", "promised_value", "block"),
        ("A guaranteed return!", "promised_value", "block"),
        ("It will appreciate in value.", "promised_value", "block"),
        ("The lockbox code is 4711.", "access", "block"),
        ("Gate code 12.", "access", "block"),
        ("The seller is desperate.", "occupants", "review"),
        ("A vacant home.", "occupants", "review"),
        ("Fire your agent and call me.", "solicitation", "review"),
        ("No kids please.", "no_children", "block"),
        ("See bit.ly/x", "link_shortener", "block"),
        ("Free? Now?", "several_questions", "review"),
        ("Hi [Your Name]", "unknown_placeholder", "block"),
        ("I saw in my notes that you want a pool.", "private_notes", "review"),
        ("x" * 700, "length", "block"),
        ("For you only, not for clients: 1 Elm St has expired.", "owner_note", "review"),
    ],
)
def test_each_rule_is_run(text: str, rule: str, severity: str) -> None:
    assert (rule, severity) in {(finding.rule, finding.severity.value) for finding in lint(text)}


@pytest.mark.parametrize(
    "text",
    [
        "Hi {first_name}, 12 Elm St is new at $485,000. {reason} {question} - Maria, Zilker Realty",
        "You will appreciate the garage.",
        "Buyers like the new owner suite.",
        "Would you like to see it? Reply STOP to opt out.",
    ],
)
def test_a_good_text_has_no_findings(text: str) -> None:
    assert lint(text) == ()


@given(st.text(max_size=400))
def test_any_edit_can_be_checked(text: str) -> None:
    findings = lint(text)
    assert [f.start for f in findings] == sorted(f.start for f in findings)
    for finding in findings:
        assert text[finding.start : finding.end] == finding.found
        assert finding.severity in Severity
        assert finding.suggestion
