"""Every wording rule of real estate on one text: a draft, the professional's own edit, or a text about to go out.

Source: `verticals.md` 1.8 and 3.5.
"""

from __future__ import annotations

from functools import lru_cache

from nudge_core.policy.fair_housing import fair_housing
from nudge_core.policy.findings import Finding, Severity
from nudge_core.policy.phrases import PhraseRule, find
from nudge_core.policy.placeholders import unknown
from nudge_core.policy.wording import hidden_links, length, private_matters, several_questions
from nudge_core.verticals.real_estate.templates import OWNER_NOTE

RULES: tuple[PhraseRule, ...] = (
    PhraseRule(
        code="appraisal",
        severity=Severity.REVIEW,
        pattern="apprais(?:al|als|ed|es)(?: (?:at|for|value))?",
        suggestion="only a licensed appraiser appraises: say what homes nearby sold or are listed for",
    ),
    PhraseRule(
        code="promised_value",
        severity=Severity.BLOCK,
        pattern="guaranteed (?:return|returns|rent|income|appreciation|yield|profit)|"
        "(?:will|sure to|bound to|going to|guaranteed to) (?:only )?(?:go up|rise in value|increase in value|double|"
        "gain value|appreciate(?! (?:the|a|an|this|that|how|its|your|all|having|every)))|cant lose|risk free|"
        "(?:values?|prices?) (?:will|can) only (?:go up|rise|increase)|sure (?:bet|thing) investment",
        suggestion="promise no yield and no rise in value",
    ),
    PhraseRule(
        code="access",
        severity=Severity.BLOCK,
        pattern="lock ?box(?: code)?|(?:gate|door|alarm|garage|entry) code|combo code|showing instructions?|"
        "key is under|private remarks?|agent remarks?",
        suggestion="leave it out: how to get in is never told by text",
    ),
    PhraseRule(
        code="occupants",
        severity=Severity.REVIEW,
        pattern="(?:owners?|sellers?|tenants?|occupants?) (?:is|are|was|were|has|have|needs?|wants?|must|will|"
        "divorc\\w*|desperate|motivated|relocating)|(?:vacant|unoccupied) (?:home|house|property|condo)|"
        "motivated seller|(?:divorce|foreclosure|probate|estate) sale",
        suggestion="say nothing about owners or whoever lives there",
        joined=False,
    ),
    PhraseRule(
        code="solicitation",
        severity=Severity.REVIEW,
        pattern="(?:fire|leave|drop|switch from|cancel with|unhappy with) your (?:current )?(?:agent|realtor|broker)|"
        "list with (?:me|us) instead",
        suggestion="nobody is asked to leave another agent while listed",
    ),
)

KEPT = 2_048
"""Drafts whose findings are remembered, some 4 MB: a queue is looked at more often than it changes."""


@lru_cache(maxsize=KEPT)
def lint(text: str) -> tuple[Finding, ...]:
    """Return what the rules say of a text, in order of place.

    A BLOCK must be changed before anybody approves; a REVIEW needs a person's eye. Placeholders count with their
    longest values; one that is not understood blocks.
    """
    found = (
        *fair_housing(text),
        *find(text, RULES),
        *private_matters(text),
        *hidden_links(text),
        *several_questions(text),
        *unknown(text),
        *length(text),
        *owner_note(text),
    )
    return tuple(sorted(found, key=lambda finding: (finding.start, finding.end, finding.rule)))


def owner_note(text: str) -> tuple[Finding, ...]:
    """Point at a note that is meant for the professional: it is not to be sent to anybody."""
    start = text.casefold().find(OWNER_NOTE.strip().casefold())
    if start < 0:
        return ()
    end = start + len(OWNER_NOTE.strip())
    advice = "this note is for you: write a text of your own before anybody gets it"
    return (
        Finding(
            rule="owner_note",
            severity=Severity.REVIEW,
            start=start,
            end=end,
            found=text[start:end],
            suggestion=advice,
        ),
    )
