"""Events of a life that change where somebody lives or what they need: a baby, a wedding, a new job, an empty nest.

Glad or neutral ones; deaths, illness and the like are `nudge_core.reading.hardship`, which pauses everything first.
"""

from __future__ import annotations

import re
from enum import StrEnum
from types import MappingProxyType

from attrs import field, frozen

from nudge_core.reading.stance import stance
from nudge_core.reading.statements import Stance


class LifeEvent(StrEnum):
    """What happened or is about to."""

    BABY = "baby"
    ENGAGEMENT = "engagement"
    WEDDING = "wedding"
    NEW_JOB = "new_job"
    PROMOTION = "promotion"
    RELOCATION = "relocation"
    RETIREMENT = "retirement"
    GRADUATION = "graduation"
    EMPTY_NEST = "empty_nest"
    DOWNSIZING = "downsizing"
    MORE_ROOM = "more_room"
    INHERITANCE = "inheritance"
    HOME_BOUGHT = "home_bought"
    HOME_SOLD = "home_sold"
    LEASE_END = "lease_end"
    NEW_PET = "new_pet"


@frozen(kw_only=True)
class LifeEventRead:
    """An event in a text, characters `start` to `end`. `person`: whose, as the text calls them; None: one's own."""

    event: LifeEvent
    start: int
    end: int
    person: str | None = field(default=None, repr=False)


_CHILD = (
    r"(?:baby|babies|child|kid|twins|newborn|(?:first|second|third|fourth|another)\s+(?:baby|child"
    r"|one|kid)|little\s+one|boy|girl)"
)
_PHRASES = MappingProxyType(
    {
        LifeEvent.BABY: (
            rf"(?:expecting|having|adopting|adopted|had|welcomed|welcoming)\s+(?:(?:a|an|our|their|her|his|the|new|baby)\s+)*{_CHILD}"
            r"|pregnant|baby\s+(?:is\s+)?(?:on\s+the\s+way|due|shower)|new\s+(?:baby|addition\s+to\s+the\s+family)|gave\s+birth"
            r"|due\s+(?:in|date)\b(?=.{0,20}(?:baby|month|may|june|july|spring|summer|fall|winter))|(?:first|second|third)\s+child"
            r"|expecting(?=\s*(?:[.,;!]|$|in\b))|growing\s+family|family\s+is\s+growing"
        ),
        LifeEvent.ENGAGEMENT: (
            r"(?:got|just|newly|recently|is|are)\s+engaged|engagement(?:\s+party)?"
            r"|popped\s+the\s+question|proposed\s+to"
        ),
        LifeEvent.WEDDING: (
            r"(?:getting|got|just|gets|newly|recently)\s+married|tying\s+the\s+knot|tied\s+the\s+knot|newlyweds?|honeymoon"
            r"|wedding(?!\s+anniversar)(?!\s+(?:photographer|planner|venue\s+business))"
        ),
        LifeEvent.NEW_JOB: (
            r"(?:new|another|different)\s+(?:job|position|role|employer)|(?:start(?:s|ed|ing)?|accepted|landed|got|took)\s+(?:a|the|his|her|my|their)\s+"
            r"(?:\w+\s+)?(?:job|position|role|offer)|chang(?:ed|ing)\s+(?:jobs|careers)|job\s+offer"
        ),
        LifeEvent.PROMOTION: (
            r"promot(?:ed|ion)|(?:got|received|getting)\s+(?:a|his|her|my)\s+(?:big\s+)?raise"
            r"|made\s+partner"
        ),
        LifeEvent.RELOCATION: (
            r"relocat(?:e|es|ed|ing|ion)|(?:job|work)\s+transfer|being\s+transferred|transferring\s+to|mov(?:e|ing)\s+(?:out\s+of\s+state|across\s+"
            r"(?:the\s+country|town)|cross[- ]country|abroad|overseas|back\s+(?:home|to))"
        ),
        LifeEvent.RETIREMENT: r"retir(?:e|es|ed|ing|ement)(?!\s+(?:community|home|account|savings|plan|fund))",
        LifeEvent.GRADUATION: r"graduat(?:e|es|ed|ing|ion)(?!\s+(?:rates?|school))",
        LifeEvent.EMPTY_NEST: (
            r"empty[- ]?nest(?:ers?)?|(?:kids?|children|daughter|son|twins|youngest|oldest"
            r"|last\s+one)\s+(?:(?:is|are|just|all|have|has|finally)\s+)*"
            r"(?:moved|moving|left|leaving|leaves|off|heading|headed|starts?|starting|going)\s+(?:out|home|to\s+college|for\s+college|off\s+to\s+college|college|to\s+university)"
        ),
        LifeEvent.DOWNSIZING: (
            r"downsiz(?:e|ing)|(?:house|home|place|yard)\s+(?:is\s+|has\s+become\s+)?(?:too\s+(?:big|large|much))|something\s+smaller|smaller\s+(?:place|home|house)"
        ),
        LifeEvent.MORE_ROOM: (
            r"(?:need|needs|want|wants)\s+(?:more|extra)\s+(?:space|room|rooms|bedrooms)|outgrow(?:n|ing)?|outgrew|upsiz(?:e|ing)|(?:house|home|place)\s+is\s+too\s+small"
            r"|bigger\s+(?:place|home|house)"
        ),
        LifeEvent.INHERITANCE: r"inherit(?:s|ed|ing|ance)?|came\s+into\s+(?:some\s+)?money",
        LifeEvent.HOME_BOUGHT: (
            r"(?:just\s+|recently\s+)?(?:bought|closed\s+on|purchased)\s+(?:a|an|our|their|his|her"
            r"|my|the)\s+(?:\w+\s+){0,3}(?:house|home|condo|place|townhouse)"
        ),
        LifeEvent.HOME_SOLD: (
            r"(?:just\s+|recently\s+)?sold\s+(?:our|their|his|her|my|the)\s+(?:\w+\s+){0,2}(?:house"
            r"|home|condo|place|townhouse)"
        ),
        LifeEvent.LEASE_END: (
            r"lease\s+(?:is\s+)?(?:ends?|ending|up|expires?|expiring|runs\s+out)|end\s+of\s+(?:our"
            r"|my|the|their)\s+lease"
        ),
        LifeEvent.NEW_PET: (
            r"(?:got|getting|adopted|adopting|bought|rescued)\s+(?:a|an|another|their|her|his|our)\s+(?:\w+\s+)?(?:dog|puppy|cat|kitten|pet)|new\s+(?:dog|puppy|cat|kitten|pet)"
        ),
    }
)
_SPOKEN = tuple(
    (event, re.compile(rf"(?<![\w-])(?:{words})(?!\w)", re.IGNORECASE)) for event, words in _PHRASES.items()
)
_PERSON = re.compile(
    r"\b(?P<person>daughters?|sons?|mom|mother|dad|father|sister|brother|parents|friend|neighbou?r|cousin|boss|nephew|niece|aunt|uncle|in-laws"
    r"|grand(?:son|daughter))\b(?:['’]s)?(?:\s+(?:is|are|has|have|had|was|just|will|be|getting|also|and\s+\w+|[A-Z][a-z]+)){0,5}\s*$"
)
_NOT_YET = re.compile(r"\b(?:if|unless|in\s+case|not|n['’]t|never|no|until)\b[^.;!?]{0,25}$", re.IGNORECASE)
_OF_WHOM = frozenset({LifeEvent.EMPTY_NEST})


def read_life_events(text: str) -> tuple[LifeEventRead, ...]:
    """Return the life events a text speaks of, by place; what is denied or only supposed is left out. Never raises."""
    found: list[LifeEventRead] = []
    for event, spoken in _SPOKEN:
        for match in spoken.finditer(text):
            ahead = text[max(0, match.start() - 60) : match.start()]
            if _NOT_YET.search(ahead) or stance(text, match.start(), match.end()) in (Stance.REFUSED, Stance.OPEN):
                continue
            whose = None if event in _OF_WHOM else _PERSON.search(ahead)
            person = None if whose is None else whose["person"]
            found.append(LifeEventRead(event=event, start=match.start(), end=match.end(), person=person))
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.event)))
