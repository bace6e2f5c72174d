"""Which features a description says are there, and which it says are not.

A word alone is no fact: "no pool" is the opposite of one, "room for a pool" is neither, and a community pool is a
feature of its own. What the words leave open stays unknown. Words: `nudge_core.reading.lexicon`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import frozen

from nudge_core.reading.lexicon import IMPLIES, absences, phrases

REACH = 80  # characters before and after a word that can turn its meaning

_CLAUSE_ENDS = re.compile(
    r"[.;:!?()\n\r•*|,]|\s[-–—]\s|\b(?:but|however|although|though|yet|except|while)\b", re.IGNORECASE
)
_WORD = r"[\w'’/&-]+"
_NOT_NEGATED = (
    r"(?:and|with|has|have|is|are|need|expense|worr\w+|longer|wonder|matter|doubt|better|shortage|more|fewer|less|end"
    r"|reason|only|just)"
)
_NEGATED = re.compile(
    r"(?:\b(?:no|not?\s+an?|without|lack(?:s|ing)?|non|zero|neither|nor|never\s+had|minus)\b"
    r"|\b(?:do|does|did)(?:\s+not|n['’]t)\s+(?:have|include|come\s+with)\b)"
    rf"(?:\s+(?!{_NOT_NEGATED}\b){_WORD}){{0,3}}\s*$",
    re.IGNORECASE,
)
"""No, without, lacks ... and up to three more words before the feature: "no off-street parking"."""

_ITEM = rf"(?:{_WORD}\s+){{0,2}}{_WORD}"
_NEGATED_LIST = re.compile(
    rf"\b(?:no|without)\s+{_ITEM}(?:\s*,\s*{_ITEM}){{0,6}}\s*,?\s+(?:or|nor)\s+{_ITEM}", re.IGNORECASE
)
"""Every item of "no pool, garage or basement"."""

_DENIED = re.compile(
    r"s?\s*(?:[:=–-]\s*(?:none|no|n/a|n)\s*(?=[.,;!)\n]|$)"
    r"|(?:is|are|was|were|does|do|will)?\s*(?:not|n['’]t)\s+(?:be\s+)?"
    r"(?:included|available|present|convey|there|provided|part\s+of|stay|working)\b"
    r"|(?:(?:is|are|was|were|has\s+been|have\s+been)\s+)?(?:excluded|removed|filled\s+in)\b)",
    re.IGNORECASE,
)
"""After the feature: "not included", ": none", "was removed"."""

_FILLER = (
    r"(?:\s+(?:an?|the|your|its|own|new|large|big|private|in-?ground|great|beautiful|dream|future|swimming)){0,4}\s*$"
)
_WISHFUL = re.compile(
    r"(?:\b(?:room|rooms|space|potential|plans?|options?|ready|perfect|ideal|suitable|zoned|possibility|enough|plenty)"
    r"\s+(?:for|of|to\s+(?:add|build|put\s+in|install|have))|\b(?:add|adding|build|install|possible|potential|future)"
    r"|\b(?:could|would|can|may|might)\s+(?:be|have|become|fit)|\b(?:near|nearby|close\s+to|across\s+from|next\s+to"
    r"|(?:minutes|mins|steps|blocks?|walk|walking\s+distance)\s+(?:to|from)))" + _FILLER,
    re.IGNORECASE,
)
"""Before the feature: it could be added, or lies somewhere near."""

_ELSEWHERE = re.compile(
    r"(?:\b(?:community|neighbou?rhood|resort|complex|shared|public|common|city|municipal|street|coin)"
    r"(?:['’]s)?(?:\s+(?:park|trails|playground|amenities))?(?:\s+and)?"
    r"|\b(?:amenities|community|complex|resort)\s+(?:\w+\s+)?(?:include|includes|including|offers?|features?|with|has)"
    r"|\baccess\s+to)" + _FILLER.replace("swimming", "swimming|heated|community|park|and"),
    re.IGNORECASE,
)
"""Before a feature that buildings and neighbourhoods share: it may be somebody else's."""

_MAYBE = re.compile(
    r"s?(?:\s*[-–]?\s*(?:ready|potential|possible|possibilit\w+|plans?|site|nearby|optional|sized?)\b"
    r"|\s+(?:has|was)\s+(?:been\s+)?converted\b|\s+(?:down|across)\s+the\s+street\b)",
    re.IGNORECASE,
)
"""After the feature: not yet, no longer, or elsewhere."""

_SHARED = frozenset({"pool", "hot tub", "parking", "elevator", "garden", "laundry", "yard", "greenbelt"})
_SHARED_AFTER = re.compile(r"s?\s+(?:membership|access|privileges)\b", re.IGNORECASE)


@frozen(kw_only=True)
class Mention:
    """A place in a text, characters `start` to `end` (half-open), that says whether a feature is there."""

    feature: str
    present: bool
    start: int
    end: int


@frozen
class FeaturesRead:
    """What a text says of features."""

    mentions: tuple[Mention, ...]

    @property
    def has(self) -> frozenset[str]:
        """Features said to be there, with those they imply; one of which the text also says no is open."""
        said = {mention.feature for mention in self.mentions if mention.present}
        implied = {name for feature in said for name in IMPLIES.get(feature, ())}
        return frozenset((said | implied) - self._denied())

    @property
    def lacks(self) -> frozenset[str]:
        """Features said not to be there; one of which the text also says yes is open."""
        return frozenset(self._denied() - {mention.feature for mention in self.mentions if mention.present})

    def _denied(self) -> set[str]:
        return {mention.feature for mention in self.mentions if not mention.present}


def read_features(text: str, features: Iterable[str]) -> FeaturesRead:
    """Return the mentions of the asked features in a description, by place.

    Args:
        text: a public description.
        features: names as `feature_named` gives them; features that imply one of them are looked for as well.
    """
    asked = set(features)
    asked |= {name for name, implied in IMPLIES.items() if implied & asked}
    denied_lists = [match.span() for match in _NEGATED_LIST.finditer(text)]
    found: list[Mention] = []
    for feature in asked:
        absent = absences(feature)
        gone = [] if absent is None else [match.span() for match in absent.finditer(text)]
        found += [Mention(feature=feature, present=False, start=start, end=end) for start, end in gone]
        for match in phrases(feature).finditer(text):
            start, end = match.span()
            if any(low < end and start < high for low, high in gone):
                continue
            present = _present(feature, text, start, end, denied_lists)
            if present is not None:
                found.append(Mention(feature=feature, present=present, start=start, end=end))
    return FeaturesRead(tuple(sorted(found, key=lambda m: (m.start, m.end, m.feature))))


def _present(feature: str, text: str, start: int, end: int, denied_lists: list[tuple[int, int]]) -> bool | None:
    """Say whether the words at this place tell that it is there, that it is not, or neither."""
    before, after = _clause_before(text, start), text[end : end + REACH]
    in_list = any(low <= start and end <= high for low, high in denied_lists)
    if in_list or _NEGATED.search(before) or _DENIED.match(after):
        return False
    if _WISHFUL.search(before) or _MAYBE.match(after):
        return None
    if feature in _SHARED and (_ELSEWHERE.search(before) or _SHARED_AFTER.match(after)):
        return None
    return True


def _clause_before(text: str, start: int) -> str:
    window = text[max(0, start - REACH) : start]
    ends = [match.end() for match in _CLAUSE_ENDS.finditer(window)]
    return window[ends[-1] :] if ends else window
