"""A model's words are a proposal: what must hold before anybody reads them.

A model may arrange: everyday words, the words of its trade and the words of the facts. It may bring in nothing: no
number that is not a fact as it was given, no name, no date, no link, no telephone number, no feature that neither the
facts nor the public remarks state. So an order hidden in a stranger's remarks has no words to be obeyed with. What is
left (tone, taste, an odd arrangement) is for the person who approves. Source: `messaging.md` sections 14 and 15.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

from attrs import field, frozen

from nudge_core.model.brief import Brief
from nudge_core.policy.contacts import contacts
from nudge_core.policy.findings import Finding
from nudge_core.policy.placeholders import PLACEHOLDERS, parse, unknown, widest
from nudge_core.policy.segments import Encoding, segments
from nudge_core.policy.vocabulary import EVERYDAY

PARTS_AT_MOST = 2  # the promise of the Drafter port

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_DENIALS = frozenset({"no", "not", "without", "never", "nor", "lacks", "isn't", "doesn't"})
_DENIED_WORDS = 4
"""How far a "no" reaches in a stranger's remarks: "no pool or spa here" denies both."""


@frozen(kw_only=True)
class ProposalRules:
    """What one vertical adds to the checks.

    `lint`: its wording rules; any finding rejects. `words`: of its trade. `event_words`: words that state what
    happened, and under which kinds they are true. `features`: words that claim something of the offer; a fact, a
    reason or the public remarks must hold them. `forms`: how a fact may be written when not as it is given: a
    regular expression with `{value}` (`beds`: "{value}[ -]bedrooms?").
    """

    lint: Callable[[str], tuple[Finding, ...]]
    words: frozenset[str] = frozenset()
    event_words: Mapping[str, frozenset[str]] = field(factory=lambda: MappingProxyType({}))
    features: frozenset[str] = frozenset()
    forms: Mapping[str, str] = field(factory=lambda: MappingProxyType({}))


def objections(text: str, brief: Brief, rules: ProposalRules, canary: str = "") -> tuple[str, ...]:
    """Return the codes of everything that speaks against a proposed draft; nothing when it may be shown to a person.

    Args:
        text: the proposal in plain characters, its placeholders not filled.
        brief: what it must rest on.
        rules: of the brief's vertical.
        canary: a word of the instructions that has no business in a text.
    """
    checks = {
        "characters": _strange_characters(text),
        "placeholders": _wrong_placeholders(text),
        "contact": bool(contacts(text)),
        "number": _unsupported_number(text, brief, rules.forms),
        "word": bool(foreign_words(text, brief, rules)),
        "event": _another_event(text, brief, rules.event_words),
        "not_signed": not _signed(text, brief),
        "length": segments(widest(text)).parts > PARTS_AT_MOST,
        "canary": bool(canary) and canary.casefold() in text.casefold(),
    }
    found = [code for code, objection in checks.items() if objection]
    wording = text.replace(brief.sender_business, "us") if brief.sender_business else text  # a name is no statement
    return tuple(found + sorted({f"wording_{finding.rule}" for finding in rules.lint(wording)}))


def foreign_words(text: str, brief: Brief, rules: ProposalRules) -> tuple[str, ...]:
    """Return the words that the proposal may not use, in order."""
    learned = brief.learned
    habits = [learned.greeting or "", learned.sign_off or "", *(phrase.write for phrase in learned.phrases)]
    given = [*brief.facts.values(), brief.sender_first_name, brief.sender_business, *map(_outside, habits)]
    known = EVERYDAY | rules.words | rules.event_words.keys() | {word for part in given for word in _words(part)}
    stated = _affirmed(brief.public_remarks) | {word for reason in brief.reasons for word in _words(reason)}
    known |= rules.features & {form for word in stated for form in _forms(word)}
    return tuple(w for w in _words(_outside(text)) if w not in known and w.removesuffix("'s") not in known)


def _words(text: str) -> list[str]:
    return [match.group().casefold() for match in _WORD.finditer(text)]


def _forms(word: str) -> tuple[str, ...]:
    return (word, word.removesuffix("s"), f"{word}s")


def _outside(text: str) -> str:
    """The text without its placeholders."""
    done, rest_from = "", 0
    for place in parse(text):
        done, rest_from = f"{done}{text[rest_from : place.start]} ", place.end
    return done + text[rest_from:]


def _affirmed(remarks: str) -> frozenset[str]:
    """The words of a stranger's remarks, without those that a denial reaches in the same sentence."""
    affirmed, denied = set(), 0
    for token in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*|[.;!?\n]", remarks.casefold().replace("\u2019", "'")):
        if token in _DENIALS:
            denied = _DENIED_WORDS
        elif not token[0].isalpha():
            denied = 0
        elif denied:
            denied -= 1
        else:
            affirmed.add(token)
    return frozenset(affirmed)


def _strange_characters(text: str) -> bool:
    """Whether something is invisible, or not of the cheap alphabet."""
    hidden = any(unicodedata.category(character).startswith("C") and character != "\n" for character in text)
    return hidden or segments(text).encoding is not Encoding.GSM7


def _wrong_placeholders(text: str) -> bool:
    """Each exactly once, and none that is not understood."""
    return bool(unknown(text)) or sorted(place.name or "" for place in parse(text)) != sorted(PLACEHOLDERS)


def _unsupported_number(text: str, brief: Brief, forms: Mapping[str, str]) -> bool:
    """Whether a digit is left, or a per cent sign, when every fact that is told as it was given is taken away."""
    left = _outside(text)
    named = {**brief.facts, "": brief.sender_business}
    for name, value in sorted(named.items(), key=lambda fact: -len(fact[1])):
        form = forms.get(name, "{value}").replace("{value}", re.escape(value))
        if value:
            left = re.sub(rf"(?<![\w.,$])(?:{form})(?![\w%]|[.,]\d)", " ", left, flags=re.IGNORECASE)
    return any(character.isdigit() or character in "%$" for character in left)


def _another_event(text: str, brief: Brief, event_words: Mapping[str, frozenset[str]]) -> bool:
    return any(brief.kind not in event_words.get(word, {brief.kind}) for word in _words(_outside(text)))


def _signed(text: str, brief: Brief) -> bool:
    told = " ".join(text.casefold().split())
    return all(" ".join(name.casefold().split()) in told for name in (brief.sender_first_name, brief.sender_business))
