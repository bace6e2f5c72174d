"""Is what a text mentions wanted, refused, withdrawn, or only asked about?

Negation by rules: which words deny, how far they reach, and which only look as if they did ("not only", "no less
than", "can't live without"). The words are of English at large; none is of a vertical.
"""

from __future__ import annotations

import re

from nudge_core.reading.clauses import after, before, sentence
from nudge_core.reading.statements import Firmness, Stance

_WORD = r"[\w'’/&$-]+"
_NOT = r"(?:n['’]?t|\s+not)"
_DO_NOT = (
    rf"(?:(?:do|does|did|would|will|wo|should|must|can|could|ca|is|are|am|was|have|has){_NOT}|cannot|never|ain['’]?t)"
)
_UNTIL = (
    r"(?:i|we|you|it|he|she|they|which|who|where|that|just|only|prefer|prefers|must|want|wants|please|ideally|instead"
    r"|need|needs|looking|and|with|has|have|is|are)"
)
_UNTIL_VERB = r"(?:i|we|you|he|she|they|just|only|prefer|prefers|must|please|ideally|instead|looking)"
_SHORT = rf"(?:\s+(?!{_UNTIL}\b){_WORD}){{0,3}}\s*$"
_LONG = rf"(?:\s+(?!{_UNTIL_VERB}\b){_WORD}(?:\s*,(?=\s*(?:an?|any|or|nor|and)\b))?){{0,8}}\s*$"
_ITEM = rf"(?:{_WORD}\s+){{0,2}}{_WORD}"


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.IGNORECASE)


_NO_DENIAL = _pattern(
    r"\bnot\s+(?:only|just|merely)\b",
    r"\b(?:no|not|nothing)\s+(?:less|fewer|more|smaller|bigger|larger|under|over|below|above|later|earlier|before|after)"
    r"\b(?!\s+(?:pets?|smok|car|dog|cat))",
    r"\bno\s+(?:problems?|worr\w+|matter|doubt|wonder|rush|hurry|preference|idea|question)\b",
    r"\bnot\s+(?:a\s+)?(?:problem|bad|sure\s+where)\b",
    rf"\b(?:ca|could|can|would|wo){_NOT}\s+(?:live|do|be|go|manage)\s+without\b|\bcannot\s+(?:live|do|be)\s+without\b",
    rf"\b(?:would|do|wo){_NOT}\s+mind\b",
    rf"\b(?:do{_NOT}|never)\s+forget\b|\bwhy\s+not\b|\bnothing\s+but\b|\bif\s+not\b|\bor\s+not\b",
    rf"\b{_DO_NOT}\s+(?:settle|accept|consider|take|look\s+at)\b[^,.]*\bwithout\b",
    r"\b(?:no|nothing|not)\s+(?:\w+\s+){0,3}without\b",
    r"\bnot\s+(?:have|be|go|live|do)\s+without\b|\bnot\s+without\b|\bnever\s+without\b",
)
"""Words with a no or a not in them that deny nothing of what follows."""

_INDIFFERENT = _pattern(
    rf"\b(?:{_DO_NOT}|dont|doesnt|not)\s+(?:really\s+|actually\s+|even\s+|necessarily\s+|think\s+\w+\s+(?:will\s+|would\s+)?)*"
    r"(?:needs?|requires?|have\s+to|has\s+to|gotta|cares?|bothered|bother|insist|worry|fuss(?:ed|y)|required|need\s+to)\b"
    + _LONG,
    r"\b(?:i|we)\s+(?:do|did)(?:n['’]?t|\s+not)\s+(?:really\s+|actually\s+|currently\s+)*(?:have|own|drive|keep)\b"
    + _LONG,
    r"\b(?:i|we)(?:['’]ve|\s+have|\s+got|['’]ve\s+got)\s+no\b" + _SHORT,
    r"\bno\s+need\s+(?:for|of|to\s+have|to\s+be|to)\b" + _LONG,
    r"\bno\s+longer\b" + _LONG,
    r"\b(?:forget|nevermind|never\s+mind|scratch|drop|skip|ditch|lose|remove|strike|cancel)(?:\s+about)?"
    r"\s+(?:the|that|my|our|what\s+i\s+said\s+about)\b" + _LONG,
    r"\b(?:forget|never\s+mind|nevermind)\s+about\b" + _LONG,
    r"\bwith\s+or\s+without\b" + _SHORT,
    r"\b(?:regardless\s+of|irrespective\s+of|whether\s+or\s+not|no\s+matter(?:\s+if|\s+whether)?)\b" + _LONG,
    r"\b(?:rather|prefer|sooner)\b[^.]*\b(?:than|over)\b" + _SHORT,
    r"\b(?:do|does|did)(?:n['’]?t|\s+not)\s+(?:really\s+|even\s+)?$",
    r"\b(?:can|could|would|will)\s+(?:easily\s+|happily\s+|also\s+)?(?:do|go|live|be\s+(?:ok|okay|fine|happy))\s+without\b"
    + _SHORT,
    r"\b(?:ok|okay|fine|happy|good)\s+without\b" + _SHORT,
    r"\b(?:instead\s+of|rather\s+than|in\s+place\s+of|as\s+opposed\s+to)\b" + _SHORT,
    r"\bnot\s+(?:necessarily|essential|important|fussed|picky|set)\b" + _LONG,
)
"""Before it: it is no wish, or none any more."""

_INDIFFERENT_AFTER = re.compile(
    r"\W*(?:\w+\s+){0,2}?(?:"
    r"(?:is|are|was|were|be)?\s*(?:n['’]?t|not|no\s+longer)\s+(?:really\s+|strictly\s+|all\s+that\s+|that\s+|so\s+|an?\s+)*"
    r"(?:necessary|needed|required|important|must|essential|requirement|priority|mandatory"
    r"|necessity|deal[- ]?breaker|big\s+deal)"
    r"|(?:do|does|did|would|wo)(?:n['’]?t|\s+not)\s+(?:really\s+)?(?:matter|bother)"
    r"|(?:is|are|would\s+be)\s+(?:optional|unnecessary|irrelevant|unimportant)"
    r"|or\s+not(?:\s*[,.;!]|\s*$|\s+(?:is|are|does|do|doesn|don|either|both|i|we)\b)"
    r"|(?:is|are)\s+no\s+longer\b|any\s?more\b(?=.{0,3}$))",
    re.IGNORECASE,
)
"""After it: the same."""

_REFUSED = _pattern(
    rf"\b{_DO_NOT}\s+(?:be\s+|come\s+)?(?:fully\s+|already\s+)?$",
    r"\b(?:no|not|nothing|not\s+an?|without|minus|zero|non|neither|nor|lacks?|lacking|sans)\b[- ]?" + _SHORT,
    rf"\b(?:{_DO_NOT}|dont|doesnt|wont|cant)\s+(?:really\s+|ever\s+|even\s+|think\s+(?:i|we)\s+)*"
    r"(?:want|like|love|prefer|be|have|include|come|consider|accept|allow|permit|take|live|stand|deal|tolerate|look|do|go)\b"
    + _LONG,
    r"\b(?:avoid(?:ing)?|hates?|dislikes?|loathes?|detests?|refuse|excluding|exclude|ruling\s+out|rule\s+out|anything\s+but"
    r"|anywhere\s+but|everything\s+but|except(?:\s+for)?|other\s+than|apart\s+from|rather\s+not|sick\s+of|tired\s+of"
    r"|stay(?:ing)?\s+away\s+from|away\s+from|steer\s+clear\s+of|free\s+(?:of|from)|allergic\s+to|opposed\s+to|against"
    r"|nothing\s+(?:with|in|near)|not\s+interested\s+in|uninterested\s+in|no\s+interest\s+in|out\s+of\s+the\s+question)\b"
    + _LONG,
)
"""Before it: it is refused."""

_NOT_WANTED = re.compile(rf"\b(?:{_DO_NOT}|dont)\s+(?:really\s+)?(?:want|wish)\b", re.IGNORECASE)

_NONE_NEEDED = re.compile(r"\bno\s+(?:\w+\s+)?$", re.IGNORECASE)
_NEEDED = re.compile(r"\s+(?:is\s+|are\s+)?(?:needed|necessary|required)\b", re.IGNORECASE)
"""Around it: "no garage needed"."""

_ANSWERED = re.compile(
    r"\s*(?:[?:]|\s[-–—])\s*(?:no|none|nope|nah|never)\b(?!\s+(?:problem|more|less|idea|limit|need))", re.IGNORECASE
)
"""After it: one's own question or heading, answered."""

_FINE_WITHOUT = _pattern(
    rf"\b{_DO_NOT}\s+mind\s+(?:not\s+having|having\s+no|no|being\s+without|if\s+there(?:\s+is|['’]?s)\s+no)\b" + _SHORT,
    r"\b(?:ok|okay|fine|happy|good|alright|cool)\s+(?:with\s+)?(?:no|not\s+having|having\s+no)\b" + _SHORT,
)
_IS_FINE = re.compile(
    r"\s+(?:is|are|would\s+be|will\s+be)\s+(?:fine|ok|okay|alright|acceptable|no\s+problem)\b", re.IGNORECASE
)
_NOT_NEEDED = re.compile(
    r"\s*\?\s*(?:not|un)\s*(?:really\s+|that\s+)?(?:necessary|needed|required|important|a\s+must)\b"
    r"|\s+(?:is|are)\s*(?:n['’]?t|not)\s+(?:something|anything|a\s+thing)\s+(?:that\s+)?(?:i|we)\b",
    re.IGNORECASE,
)
"""Around it: "okay with no garage", "no garage is fine", "a garage? not necessary"."""

_REFUSED_AFTER = re.compile(
    r"(?:[- ]?(?:free|less)\b(?!\s+(?:parking|of))"
    r"|\W*(?:is|are|would\s+be|['’]s)?\s*(?:an?\s+)?(?:(?:absolute|definite|hard|total|big)\s+)*"
    r"(?:no[- ]go|deal[- ]?breaker|turn[- ]?off|no\s+thanks|no\s+thank\s+you|no\s+way"
    r"|off\s+the\s+table|out\s+of\s+the\s+question)\b"
    r"|\s+(?:(?:is|are|must|should|may|can|ca|was|were)\s*)?(?:n['’]?t|not|never)\s+(?:be\s+)?(?:an\s+option|wanted"
    r"|for\s+(?:me|us)|acceptable|ok|okay|allowed|permitted|welcome|included|accepted|present|tolerated)\b"
    r")",
    re.IGNORECASE,
)
"""After it: the same."""

_DENIED_LIST = re.compile(
    rf"\b(?:no|without)\s+{_ITEM}(?:\s*,\s*{_ITEM}){{0,6}}\s*,?\s+(?:or|nor)\s+{_ITEM}", re.IGNORECASE
)
"""Every item of "no pool, garage or basement"."""

_BREAKS_THE_DEAL = re.compile(
    r"\bno\s+(?:\w+\s+)?$", re.IGNORECASE
)  # "no garage is a deal breaker": a garage is wanted

_HOME = (
    r"(?:apartments?|apts?|flats?|houses?|homes?|condos?|places?|propert(?:y|ies)|units?|listings?|options?|ones?|others?"
    r"|something|anything|somewhere|anywhere|rentals?|studios?|townhouses?|residences?|results?|choices?|lofts?|pads?)"
)
_AUXILIARY = r"(?:is|are|was|were|does|do|did|will|would|has|have|can|could)"
_INQUIRY = re.compile(
    rf"(?:^|[,.:;]|\b(?:and|also|or|but|if|whether|ok|okay|so|tell\s+me|know|wondering|curious|then))\s*(?:then\s+|also\s+)?(?:"
    rf"{_AUXILIARY}\s+(?:it|this|that|they|these|those|he|she|the|its|their|such)\b[^?]*"
    rf"|{_AUXILIARY}\s+(?:n['’]?t\s+)?there\s+(?:also\s+)?(?:an?\s+|any\s+|some\s+)?(?:\w+\s+){{0,2}}"
    r"|(?:is|are|was|were|will|would|do|does)\s+(?:(?:my|our|any|all)\s+)?(?:\w+\s+)?"
    rf"|(?:it|this|that|they|there)\s+{_AUXILIARY}[^?]*"
    r"|(?:do|does|will|would|can)\s+(?:you|the\s+\w+|i|we)\s+(?:allow|accept|permit|keep|bring|take|have)\s+(?:\w+\s+){0,3}"
    rf"|(?:it|this|that|they)(?:['’]s|['’]re)\s+(?:\w+\s+){{0,2}})$",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"\b(?:find|finding|search\w*|look(?:ing)?|show|get|give|need|needs|want|wants|like|love|prefer|see|check|recommend"
    r"|suggest|help|how\s+about|what\s+about|instead|try)\b|\b"
    + _HOME
    + r"\s+(?:\w+\s+)?(?:with|that|where|which|in|who|for|having)\b"
    r"|\b(?:any|other|some|more|another|different)\s+(?:\w+\s+)?(?:with|that|where|which|in)\b"
    r"|\b(?:any|other|some|more|another|different)\s+(?:\w+\s+){0,4}"
    + _HOME
    + r"|\b(?:"
    + _HOME
    + r")\b(?=[^?]*$)(?<=ones)",
    re.IGNORECASE,
)
_COULD_BE = re.compile(r"\b(?:can|could)\s+(?:it|they|that|there)\s+(?:also\s+)?(?:be|have)\b", re.IGNORECASE)
_QUESTION_OF_FACT = re.compile(
    r"\b(?:know|tell\s+me|wonder(?:ing)?|find\s+out|check|see|sure|ask|confirm|verify|clarify)\s+(?:if|whether)\b"
    r"(?!\s+(?:there|you|they|any|some)\s+(?:is|are|have|has|might|homes|houses|places|apartments)\b)",
    re.IGNORECASE,
)
_ANY_SUCH = re.compile(
    rf"{_AUXILIARY}\s+there\s+(?:\w+\s+)*(?:any|some|other|more|another)\s+(?:[\w-]+\s+){{0,3}}$", re.IGNORECASE
)
_OF_THIS_ONE = re.compile(
    r"\W*(?:and\s+|also\s+|ok(?:ay)?,?\s+)?(?:is|was|does|will|would|has)\s+(?:it|this|that)\b", re.IGNORECASE
)
_SUCH_HOMES = re.compile(rf"[\s-]*(?:[\w-]+\s+){{0,2}}{_HOME}\b", re.IGNORECASE)
"""Around it: "are there any furnished apartments?" asks for them."""

_HARD = _pattern(
    r"\b(?:must|musts|need|needs|require[sd]?|only|has\s+to|have\s+to|essential|absolutely|definitely|non[- ]negotiable"
    r"|deal[- ]?breaker|necessary|can(?:['’]?t|not)\s+(?:live|do)\s+without)\b"
)
_BOUND = _pattern(
    r"\b(?:at\s*least|at\s+most|no\s+(?:more|less|fewer)\s+than|max(?:imum)?|min(?:imum)?|up\s+to|under|tops)\b"
)
_BOUND_AFTER = re.compile(r"\s*(?:max(?:imum)?|min(?:imum)?|tops|at\s+(?:the\s+)?(?:most|least))\b", re.IGNORECASE)
"""A bound is meant: these words make the number firm beside which they stand."""

_SOFT = _pattern(
    r"\b(?:about|around|ideally|prefer\w*|would\s+(?:love|like|be\s+nice|be\s+great)|['’]d\s+(?:love|like|prefer)|hopefully"
    r"|if\s+possible|nice\s+to\s+have|maybe|perhaps|bonus|a\s+plus|hoping|wish|roughly|approximately|wouldn['’]?t\s+mind)\b"
)


BESIDE = 16
"""Characters before a number within which a word bounds it."""


def stance(text: str, start: int, end: int) -> Stance:
    """Return how a text stands to what it mentions at a place, characters `start` to `end`."""
    ahead, behind = before(text, start), after(text, end)
    if _BREAKS_THE_DEAL.search(ahead) and re.match(
        r"\W*(?:is|would\s+be)\s+an?\s+deal[- ]?breaker", behind, re.IGNORECASE
    ):
        return Stance.WANTED
    if _NOT_NEEDED.match(text, end):
        return Stance.WITHDRAWN
    if _ANSWERED.match(text, end):
        return Stance.REFUSED
    if _asked(text, start, end):
        return Stance.OPEN
    masked = _NO_DENIAL.sub(lambda match: "x" * len(match.group()), ahead)
    none_needed = _NONE_NEEDED.search(ahead) and _NEEDED.match(behind)
    fine = _FINE_WITHOUT.search(ahead) or (_NONE_NEEDED.search(ahead) and _IS_FINE.match(behind))
    if none_needed or fine or _INDIFFERENT.search(masked) or _INDIFFERENT_AFTER.match(behind):
        return Stance.WITHDRAWN
    if _REFUSED_AFTER.match(behind) or _REFUSED.search(masked) or _in_denied_list(text, start, end):
        no_more = _NOT_WANTED.search(masked) and re.search(
            r"\b(?:any\s?more|any\s+longer|after\s+all)\b", behind, re.IGNORECASE
        )
        return Stance.WITHDRAWN if no_more else Stance.REFUSED
    return Stance.WANTED


def firmness(text: str, start: int, end: int) -> Firmness:
    """Return how firmly something is said: soft words win over hard ones, a refusal is always hard."""
    said = before(text, start) + text[start:end] + after(text, end)
    if _SOFT.search(said):
        return Firmness.SOFT
    bound = _BOUND.search(text, max(0, start - BESIDE), end) or _BOUND_AFTER.match(text, end)
    return Firmness.HARD if bound or _HARD.search(said) else Firmness.SOFT


def _asked(text: str, start: int, end: int) -> bool:
    """Say whether it is only asked about: "is it furnished?", "do they allow pets?"; a request is no such question."""
    low, high = sentence(text, start, end)
    ahead, said = text[low:start], text[low:high]
    if _QUESTION_OF_FACT.search(ahead):
        return True
    if "?" not in said[-2:] and not re.match(rf"\W*(?:and\s+|also\s+)?{_AUXILIARY}\b", ahead + " ", re.IGNORECASE):
        return False
    if _COULD_BE.search(ahead) or (_ANY_SUCH.search(ahead) and _SUCH_HOMES.match(text, end, high)):
        return False
    if _OF_THIS_ONE.match(ahead):
        return True
    return _INQUIRY.search(ahead) is not None and _REQUEST.search(_last_question(ahead)) is None


def _last_question(ahead: str) -> str:
    """Return the part since the last comma or "and": a request before it is another matter."""
    parts = re.split(r",|\band\b(?=\s+(?:is|are|does|do|will|can)\b)", ahead)
    return parts[-1]


def _in_denied_list(text: str, start: int, end: int) -> bool:
    low, high = sentence(text, start, end)
    return any(m.start() <= start and end <= m.end() for m in _DENIED_LIST.finditer(text, low, high))
