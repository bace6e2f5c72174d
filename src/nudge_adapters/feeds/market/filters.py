"""The `$filter` of OData as far as RESO Web API Core asks for it, with `in`, string comparison and nulls.

A timestamp is written bare, a text in quotes with quotes inside doubled. Types are checked: comparing a timestamp
with a quoted text is a mistake of the client here, though some servers compare such things as texts.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from attrs import define, field

from nudge_adapters.feeds.market import fields as types
from nudge_adapters.feeds.market.listing_record import Fields

Test: TypeAlias = Callable[[Fields], bool]
Comparable: TypeAlias = Any  # str, float, bool or a pair of instant and fraction, by the field's type

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<timestamp>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))"
    r"|(?P<date>\d{4}-\d\d-\d\d)"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<now>now\(\))"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<mark>[(),]))"
)
TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)")
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
NUMBERS = (types.INTEGER, types.DECIMAL, types.DOUBLE)
DEEPEST = 50  # nested parentheses, so that no query can exhaust the stack


class BadQueryError(Exception):
    """The query cannot be answered; `target` is the option that is wrong, the message says how."""

    def __init__(self, target: str, message: str) -> None:
        self.target = target
        super().__init__(message)


@define
class Filter:
    """A filter that was read. `matches` tells whether a record passes; the rest is for a server's house rules."""

    matches: Test
    fields: set[str] = field(factory=set)
    equal_to: list[str] = field(factory=list)
    ors: int = 0


def parse_filter(text: str, now: datetime, kinds: Mapping[str, str] = types.PROPERTY) -> Filter:
    """Return the filter that `text` stands for.

    Args:
        text: decoded value of `$filter`.
        now: what `now()` means.
        kinds: field name to type.

    Raises:
        BadQueryError: it cannot be read, names an unknown field or compares what cannot be compared.
    """
    return _Reader(text, now, kinds).filter()


def comparable(kind: str, value: Any) -> Comparable | None:
    """Return a field's value in a form that compares by meaning, or None when it is null or of another shape."""
    if kind == types.TIMESTAMP:
        return instant(value) if isinstance(value, str) else None
    if kind in NUMBERS:
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if kind == types.BOOLEAN:
        return value if isinstance(value, bool) else None
    return value if isinstance(value, str) else None


def instant(text: str) -> tuple[datetime, str] | None:
    """Return the second in UTC and the digits behind it, so that no digit is lost; None when it is no timestamp."""
    found = TIMESTAMP.fullmatch(text)
    if found is None:
        return None
    seconds, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(seconds + zone.replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment, (fraction or "").rstrip("0")


class _Reader:
    """A recursive descent over the tokens of one filter."""

    def __init__(self, text: str, now: datetime, kinds: Mapping[str, str]) -> None:
        self._tokens = list(self._split(text))
        self._next = 0
        self._now = now
        self._kinds = kinds
        self._seen = Filter(matches=lambda _record: True)
        self._depth = 0

    def filter(self) -> Filter:
        self._seen.matches = self._any_of()
        if self._peek() is not None:
            raise self._bad(f"Unexpected '{self._tokens[self._next][1]}'")
        return self._seen

    def _split(self, text: str) -> list[tuple[str, str]]:
        tokens, at = [], 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise self._bad(f"Unexpected character at position {at}")
            tokens.append((found.lastgroup, found.group(found.lastgroup)))
            at = found.end()
        return tokens

    def _any_of(self) -> Test:
        tests = [self._all_of()]
        while self._takes("or"):
            self._seen.ors += 1
            tests.append(self._all_of())
        return tests[0] if len(tests) == 1 else lambda record: any(test(record) for test in tests)

    def _all_of(self) -> Test:
        tests = [self._one()]
        while self._takes("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda record: all(test(record) for test in tests)

    def _one(self) -> Test:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._bad("Nested too deeply")
        try:
            if self._takes("not"):
                negated = self._one()
                return lambda record: not negated(record)
            if self._takes("("):
                inner = self._any_of()
                self._expect(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Test:
        name, kind = self._field()
        word = self._take()[1]
        if word == "in":
            return self._membership(name, kind)
        if word not in COMPARISONS:
            raise self._bad(f"Unknown operator '{word}'")
        compare, value = COMPARISONS[word], self._literal(kind, name)
        if word == "eq":
            self._seen.equal_to.append(name)
        if value is None:
            if word not in ("eq", "ne"):
                raise self._bad(f"'{word} null' is never true")
            return lambda record: (record.get(name) is None) is (word == "eq")

        def test(record: Fields) -> bool:
            held = comparable(kind, record.get(name))
            return word == "ne" if held is None else compare(held, value)

        return test

    def _membership(self, name: str, kind: str) -> Test:
        self._expect("(")
        values = [self._literal(kind, name)]
        while self._takes(","):
            values.append(self._literal(kind, name))
        self._expect(")")
        return lambda record: comparable(kind, record.get(name)) in values

    def _field(self) -> tuple[str, str]:
        group, word = self._take()
        if group != "word":
            raise self._bad(f"Expected a field, found '{word}'")
        if word not in self._kinds:
            raise self._bad(f"Unknown field in $filter: {word}")
        if self._kinds[word] == types.LIST:
            raise self._bad(f"{word} is a collection and cannot be compared")
        self._seen.fields.add(word)
        return word, self._kinds[word]

    def _literal(self, kind: str, name: str) -> Comparable | None:
        group, word = self._take()
        if (group, word) == ("word", "null"):
            return None
        value: Comparable | None = None
        if group == "now":
            value = (self._now.replace(microsecond=0), f"{self._now.microsecond:06d}".rstrip("0"))
            group = "timestamp"
        elif group == "timestamp":
            value = instant(word)
        elif group == "number":
            value = float(word)
        elif group == "word" and word in ("true", "false"):
            group, value = "boolean", word == "true"
        elif group == "text":
            value = word[1:-1].replace("''", "'")
        elif group == "date":
            value = word
        if value is None or group != _GROUP_OF[kind]:
            raise self._bad(f"{name} is an {kind} and cannot be compared with {word}")
        return value

    def _peek(self) -> tuple[str, str] | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        if token is None:
            raise self._bad("Unexpected end of expression")
        self._next += 1
        return token

    def _takes(self, word: str) -> bool:
        token = self._peek()
        if token is None or token[0] == "text" or token[1] != word:
            return False
        self._next += 1
        return True

    def _expect(self, mark: str) -> None:
        if not self._takes(mark):
            token = self._peek()
            raise self._bad(f"Expected '{mark}', found {'the end' if token is None else repr(token[1])}")

    def _bad(self, message: str) -> BadQueryError:
        return BadQueryError("$filter", message)


_GROUP_OF = {
    types.TIMESTAMP: "timestamp",
    types.DATE: "date",
    types.STRING: "text",
    types.BOOLEAN: "boolean",
    **dict.fromkeys(NUMBERS, "number"),
}
