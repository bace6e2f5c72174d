"""Does a text or a note speak of a death, a loss, a divorce, an accident, an illness, a lost job?

Then nothing cheerful may go out and a person is asked (`verticals.md` 2.5). Deterministic: phrases and innocent uses of
the same words. To ask once too often is the safe error. The category is handed on, the words are not.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from types import MappingProxyType


class Hardship(StrEnum):
    """What it speaks of, the gravest first."""

    DEATH = "death"
    LOSS = "loss"
    ILLNESS = "illness"
    ACCIDENT = "accident"
    DIVORCE = "divorce"
    JOB_LOSS = "job_loss"


_FAMILY = (
    "mom|mum|mother|dad|father|husband|wife|spouse|partner|son|daughter|baby|child|kid|brother|sister|grandma|grandpa|"
    "grandmother|grandfather|uncle|aunt|cousin|friend|dog|cat|he|she|parents?|family|fiancee?|twin|niece|nephew|boss"
)
_MY = "(?:my|our|his|her|their)"

_PHRASES = MappingProxyType(
    {
        Hardship.DEATH: (
            r"\bpass(?:ed|ing|es)? away\b",
            rf"\b(?:{_FAMILY}|has|just|they|who) passed\b"
            r"(?! (?:the|on|by|my|our|his|her|a|an|it|that|this|inspection))",
            rf"\b(?:{_FAMILY}) (?:has |have |just |suddenly |recently )*(?:died|is dead|is dying|was killed)\b",
            r"\b(?:funeral|memorial service|cremat\w+|hospice|obituary|in mourning|widow(?:ed|er)?|bereave\w+)\b",
            rf"\bdeath (?:in|of) (?:the|{_MY})\b",
            rf"\b(?:burying|buried) {_MY} (?:{_FAMILY})\b",
            r"\b(?:suicide|killed (?:him|her)self)\b",
        ),
        Hardship.LOSS: (
            rf"\b(?:lost|losing|loss of) {_MY} (?:\w+ )?(?:{_FAMILY})\b",
            r"\b(?:miscarr\w+|stillb(?:orn|irth))\b",
            r"\b(?:sorry for|grieving|grief|a (?:great|terrible|huge|sudden) loss)\b(?! the)",
            r"\b(?:lost (?:everything|the baby)|house burn(?:ed|t) down|lost (?:our|my) (?:home|house) (?:in|to))\b",
        ),
        Hardship.ILLNESS: (
            r"\b(?:cancer|chemo\w*|tumou?r|leukemia|lymphoma|stroke|heart attack|dementia|alzheimer\w*|dialysis)\b",
            r"\b(?:terminal(?:ly)? ill\w*|seriously ill|very (?:ill|sick)|in (?:the )?(?:icu|intensive care))\b",
            r"\b(?:in|at|to|from) (?:the )?hospital\b(?! district)",
            r"\b(?:hospitali[sz]ed|diagnos(?:ed|is)|emergency surgery|having surgery|had surgery)\b",
        ),
        Hardship.ACCIDENT: (
            r"\b(?:car|bad|terrible|serious|motorcycle|bike|work|an?) (?:accident|crash|wreck)\b(?! ly)",
            r"\b(?:hit by a (?:car|truck|bus)|in an ambulance|badly (?:hurt|injured))\b",
        ),
        Hardship.DIVORCE: (
            r"\b(?:divorc\w+|custody|marriage (?:is over|ended|fell apart))\b",
            rf"\b(?:we|{_MY} (?:husband|wife|spouse)(?: and i)?)(?: have| are| is|ve|re)?(?: just)? "
            r"(?:separat(?:ed|ing)|split(?:ting)? up|left me|leaving me)\b",
        ),
        Hardship.JOB_LOSS: (
            r"\b(?:lost|losing) (?:my|our|his|her|their) (?:job|jobs|work|position)\b",
            r"\b(?:laid off|layoffs?|got fired|was fired|been fired|let go from (?:my|work)|unemployed|out of work)\b",
            r"\bmade redundant\b",
        ),
    }
)
_INNOCENT = re.compile(
    r"\b(?:(?:phone|battery|car|laptop|computer|wifi|signal|plant|grass|lawn)s? (?:just )?(?:died|is dead|was dead)"
    r"|dying to|dead ?line|dead ?end|by accident|cancer (?:research|survivor|walk|fundraiser)"
    r"|hospital (?:district|area|view)|near the hospital|(?:work|works|working|job|nurse|doctor) (?:at|in) the hospital"
    r"|close to the hospital|stroke of (?:luck|genius)|happy accident|passed (?:inspection|the inspection|on it))\b"
)
_READ = MappingProxyType({kind: tuple(re.compile(one) for one in several) for kind, several in _PHRASES.items()})
_APOSTROPHES = re.compile("['’‘ʼ`´]")


def hardship(text: str) -> Hardship | None:
    """Return what a text speaks of, the gravest, or None."""
    folded = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text).casefold())
    folded = _INNOCENT.sub(" # ", " ".join(re.findall(r"\w+|[.,;!?]", folded)))
    for kind, phrases in _READ.items():
        if any(phrase.search(folded) for phrase in phrases):
            return kind
    return None
