"""What a wording rule says about a text: where, which rule, and what to write instead."""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen


class Severity(StrEnum):
    """BLOCK: the text cannot be approved. REVIEW: a person must look, and may approve."""

    BLOCK = "block"
    REVIEW = "review"


@frozen(kw_only=True)
class Finding:
    """One place in a text: characters `start` to `end` (half-open), the rule's code, and a suggestion."""

    rule: str
    severity: Severity
    start: int
    end: int
    found: str = field(repr=False)
    suggestion: str
