"""Find phrases in a text however it is typed: any case, accents, line breaks, hyphens, odd or extra blanks.

The text is read as words. `no-kids`, `NO  KIDS`, "no\\nkids", `n o k i d s` and `nokids` are all the words "no kids";
`No. Kids welcome` is not, because a sentence ends between them, and neither is `casino kids`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache

from attrs import field, frozen

from nudge_core.policy.findings import Finding, Severity

_APOSTROPHES = frozenset("'\u2019\u2018\u02bc`\u00b4")
_INVISIBLE = frozenset({"Cf", "Mn", "Me"})  # zero-width marks, soft hyphens, combining accents
_PAUSE = ","
_SENTENCE_END = "|"
_ABBREVIATIONS = frozenset({"st", "mt", "ft", "dr", "mr", "mrs", "ms"})


@frozen(kw_only=True, slots=False)
class PhraseRule:
    """A phrase to look for.

    `pattern`: a regular expression over small letters and digits, words parted by one blank; a comma and the end of
    a sentence are the words `,` and `|`. `joined` False when the pattern has a wildcard: it is then not looked for
    in text whose blanks are in the wrong places.
    """

    code: str
    severity: Severity
    pattern: str
    suggestion: str
    joined: bool = field(default=True)

    @cached_property
    def spaced_form(self) -> re.Pattern[str]:
        """The pattern between whole words."""
        return re.compile(rf"(?<!\S)(?:{self.pattern})(?!\S)")

    @cached_property
    def joined_form(self) -> re.Pattern[str]:
        """The pattern without its blanks."""
        return re.compile(self.pattern.replace(" ", ""))


@frozen
class _Word:
    text: str = field(repr=False)
    start: int
    end: int


def find(text: str, rules: Sequence[PhraseRule]) -> tuple[Finding, ...]:
    """Return what the rules find in `text`, first place first; a finding inside a graver or longer one is left out."""
    words = _words(text)
    spaced, joined = _Line.of(words, " "), _Line.of(words, "")
    found = [
        Finding(
            rule=rule.code,
            severity=rule.severity,
            start=words[first].start,
            end=words[last].end,
            found=text[words[first].start : words[last].end],
            suggestion=rule.suggestion,
        )
        for rule in rules
        for first, last in _places(spaced, joined, rule)
    ]
    return outermost(found)


def outermost(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Order findings by place, without those that lie inside another that is graver or says the same of more."""

    def weight(finding: Finding) -> tuple[bool, int]:
        return (finding.severity is Severity.BLOCK, finding.end - finding.start)

    kept: list[Finding] = []
    for finding in sorted(findings, key=weight, reverse=True):
        if not any(other.start <= finding.start and finding.end <= other.end for other in kept):
            kept.append(finding)
    return tuple(sorted(kept, key=lambda finding: (finding.start, finding.end)))


@lru_cache(maxsize=2_048)
def _plain(character: str) -> str:
    """Return what is read of a character: small letters and digits without accents; nothing of an invisible one."""
    plain = unicodedata.normalize("NFKD", character).casefold()
    return "".join(c for c in plain if unicodedata.category(c) not in _INVISIBLE and c not in _APOSTROPHES)


def _words(text: str) -> list[_Word]:
    words: list[_Word] = []
    current, start, end = "", 0, 0
    for index, character in enumerate(text):
        plain = _plain(character)
        if not plain:
            continue
        if all(c.isalnum() for c in plain):
            start, current, end = (start if current else index), current + plain, index + 1
            continue
        if current:
            words.append(_Word(current, start, end))
            current = ""
        followed_by_blank = text[index + 1 : index + 2].isspace() or index + 1 == len(text)
        if character == "+":
            words.append(_Word("plus", index, index + 1))
        elif character == "." and words and words[-1].text in _ABBREVIATIONS:
            continue
        elif character in ".!?;:" and followed_by_blank:
            words.append(_Word(_SENTENCE_END, index, index + 1))
        elif character == "," and followed_by_blank:
            words.append(_Word(_PAUSE, index, index + 1))
    if current:
        words.append(_Word(current, start, end))
    return words


@frozen
class _Line:
    """Words put together with something between, and which word begins and ends where."""

    text: str = field(repr=False)
    starts: Mapping[int, int]
    ends: Mapping[int, int]

    @classmethod
    def of(cls, words: Sequence[_Word], between: str) -> _Line:
        """Put words together: once for all rules."""
        starts, ends, at = {}, {}, 0
        for number, word in enumerate(words):
            starts[at] = number
            at += len(word.text)
            ends[at] = number
            at += len(between)
        return cls(between.join([word.text for word in words]), starts, ends)


def _places(spaced: _Line, joined: _Line, rule: PhraseRule) -> set[tuple[int, int]]:
    places = _whole_words(spaced, rule.spaced_form)
    if rule.joined:
        places |= _whole_words(joined, rule.joined_form)
    return places


def _whole_words(line: _Line, pattern: re.Pattern[str]) -> set[tuple[int, int]]:
    """Return the first and last word of each match that begins and ends with a word."""
    return {
        (line.starts[match.start()], line.ends[match.end()])
        for match in _overlapping(pattern, line.text)
        if match.start() in line.starts and match.end() in line.ends
    }


def _overlapping(pattern: re.Pattern[str], line: str) -> list[re.Match[str]]:
    """Every match, also one that begins inside another: a rejected match must not hide a true one."""
    matches, at = [], 0
    while match := pattern.search(line, at):
        matches.append(match)
        at = match.start() + 1
    return matches
