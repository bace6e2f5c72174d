"""Rules of wording that hold for every profession, each a small function from a text to findings.

Source: `verticals.md` 1.8, `messaging.md` section 8 (parts) and rules C13 (who writes, how to stop) and C14 (links).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from itertools import pairwise

from nudge_core.policy.contacts import host_of, links
from nudge_core.policy.findings import Finding, Severity
from nudge_core.policy.phrases import PhraseRule, find
from nudge_core.policy.placeholders import widest
from nudge_core.policy.segments import fold, plain_characters, segments

SHORTENERS = frozenset(
    {
        *("adf.ly", "amzn.to", "bit.ly", "bitly.com", "bl.ink", "buff.ly", "clck.ru", "cutt.ly", "dlvr.it", "fb.me"),
        *("g.co", "goo.gl", "is.gd", "j.mp", "lnkd.in", "ow.ly", "qr.ae", "rb.gy", "rebrand.ly", "s.id", "short.io"),
        *("shorte.st", "shorturl.at", "shrtco.de", "snip.ly", "soo.gd", "t.co", "t.ly", "t2m.io", "tiny.cc", "tinu.be"),
        *("tinyurl.com", "trib.al", "u.to", "urlz.fr", "v.gd", "x.co"),
    }
)
"""Public link shorteners: carriers filter them, and they hide where a link leads."""

REVIEW_ABOVE_PARTS = 2
"""What a drafter may use. The reference warns above 1; since drafts use 2 by design, that would warn of everything."""

BLOCK_ABOVE_PARTS = 4  # messaging.md section 8

OPT_OUT_LINE = "Reply STOP to opt out."
OPT_OUT_EVERY = timedelta(days=30)
"""A person is told how to stop in the first text and at least so often. Source: C13, "at least monthly"."""

BUSINESS_UNITS = 48
"""The longest business name in a sign-off; a longer one is cut between words so that a text keeps to two parts."""

_QUESTION = re.compile(r"\{question\}|[!?]*\?[!?]*", re.IGNORECASE)
_OPT_OUT = re.compile(r"\b(?:reply|text|send|answer)\s+[\"']?(?:stop|end|quit|unsubscribe)\b", re.IGNORECASE)
_LEGAL_FORM = re.compile(
    r"[\s,]+(?:llc|l\.l\.c\.|inc|inc\.|incorporated|corp|corp\.|ltd|ltd\.|llp|pllc|p\.a\.)$", re.IGNORECASE
)

_BRACKETS = re.compile(r"[{}\[\]<>]")

_PRIVATE = (
    PhraseRule(
        code="private_notes",
        severity=Severity.REVIEW,
        pattern="(?:in|from|per|to|through|checked|at|see|saw) (?:my|our|your) (?:notes?|records?|files?|crm|database|"
        "client file|profile)|my (?:notes|records) (?:say|says|show|shows|tell)",
        suggestion="say what the person told you, not that you keep notes",
    ),
    PhraseRule(
        code="age",
        severity=Severity.REVIEW,
        pattern="(?:you|youre|hes|shes|turn|turns|turned|turning) (?:are |is |just )?(?:[1-9][0-9]|1[01][0-9])"
        "(?: years old| years young|(?= [|,])|$)|[1-9][0-9]?(?:st|nd|rd|th) birthday|born in (?:19|20)[0-9]{2}|"
        "(?:year|date) of birth|at your age",
        suggestion="leave anybody's age out",
        joined=False,
    ),
)


def hidden_links(text: str, allowed_hosts: Collection[str] | None = None) -> tuple[Finding, ...]:
    """Block shorteners and, where the owner has a list of hosts, links to any other; more than one link is for review.

    A host allows its subdomains.
    """
    found = []
    for number, link in enumerate(links(text)):
        host = host_of(link.written)
        if _is_within(host, SHORTENERS):
            rule, severity, advice = "link_shortener", Severity.BLOCK, "write the full address of the page"
        elif allowed_hosts is not None and not _is_within(host, allowed_hosts):
            rule, severity, advice = "foreign_link", Severity.BLOCK, "use a link to one of your own hosts"
        elif number > 0:
            rule, severity, advice = "several_links", Severity.REVIEW, "keep one link"
        else:
            continue
        found.append(_finding(rule, severity, text, link.start, link.end, advice))
    return tuple(found)


def _is_within(host: str, hosts: Collection[str]) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in hosts)


def several_questions(text: str) -> tuple[Finding, ...]:
    """Find every question after the first. `{question}` is one; a question mark inside a link is none."""
    spans = [(link.start, link.end) for link in links(text)]
    marks = [m for m in _QUESTION.finditer(text) if not any(a <= m.start() < b for a, b in spans)]
    found = []
    for before, mark in pairwise(marks):
        start = max(before.end(), *(text.rfind(end, 0, mark.start()) + 1 for end in ".!\n"))
        start += len(text[start : mark.start()]) - len(text[start : mark.start()].lstrip())
        advice = "ask one thing at a time"
        found.append(_finding("several_questions", Severity.REVIEW, text, start, mark.end(), advice))
    return tuple(found)


def private_matters(text: str) -> tuple[Finding, ...]:
    """Find talk of private notes and of anybody's age."""
    return find(text, _PRIVATE)


def length(text: str) -> tuple[Finding, ...]:
    """Judge the parts of a text, its placeholders at their longest, quotes and dashes made plain."""
    counted = segments(widest(plain_characters(text)))
    if counted.parts <= REVIEW_ABOVE_PARTS:
        return ()
    severity = Severity.BLOCK if counted.parts > BLOCK_ABOVE_PARTS else Severity.REVIEW
    costly = " ".join(counted.costly[:5])
    advice = f"without {costly} it is cheaper" if costly else f"{counted.parts} parts: make it shorter"
    return (_finding("length", severity, text, 0, len(text), advice),)


def first_text(text: str, sender_first_name: str, business: str) -> tuple[Finding, ...]:
    """Check the first text to a person: it names sender and business and says how to stop (C13)."""
    end, told, found = len(text), _comparable(text), []
    for rule, name in (("sender_not_named", sender_first_name), ("business_not_named", signed_business(business))):
        if name and _comparable(name) not in told:
            found.append(_finding(rule, Severity.BLOCK, text, end, end, f"sign with {name}"))
    if not _OPT_OUT.search(text):
        found.append(_finding("no_opt_out_line", Severity.BLOCK, text, end, end, f"add: {OPT_OUT_LINE}"))
    return tuple(found)


def tells_how_to_stop(text: str) -> bool:
    """Say whether the text tells its reader how to stop us."""
    return bool(_OPT_OUT.search(text))


def with_opt_out_line(text: str) -> str:
    """Return the text with the line that says how to stop, unless it has one."""
    if tells_how_to_stop(text):
        return text
    ended = text.rstrip()
    return f"{ended}{'.' if ended[-1:].isalnum() else ''} {OPT_OUT_LINE}"


def signed_business(business: str) -> str:
    """Return a business name as it is signed: cheap alphabet, no legal form, cut between words at `BUSINESS_UNITS`.

    Brackets are left out: in a draft they would be placeholders.
    """
    name = " ".join(_BRACKETS.sub("", fold(business)).split())
    name = _LEGAL_FORM.sub("", name)
    while segments(name).units > BUSINESS_UNITS and " " in name:
        name = name.rpartition(" ")[0].rstrip(" ,&-")
    return name[:BUSINESS_UNITS].strip()


def _comparable(text: str) -> str:
    return " ".join(fold(text).casefold().split())


def _finding(rule: str, severity: Severity, text: str, start: int, end: int, advice: str) -> Finding:
    return Finding(rule=rule, severity=severity, start=start, end=end, found=text[start:end], suggestion=advice)
