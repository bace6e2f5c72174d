"""Wishes for less, for later, for another channel, and words that leave in doubt what is wished: silence, then ask.

Matched against folded text, as in `opt_out_phrases`.
"""

from __future__ import annotations

import re

SOME_ONLY = re.compile(
    r"\b(?:condos?|condominiums?|town ?homes?|townhouses?|duplex\w*|lots|land|rentals?|apartments?|"
    r"flats|lofts?|fixer\w*|"
    r"mobile homes?|foreclosures?|\d+ ?k|\d+ bed\w*|(?:over|under|above|below)(?! (?:these|those|your|all|"
    r"the))|less than|more than|except|instead|unless|"
    r"only|just (?:the|send|text)|in [a-z]+ (?:county|city|rock|park|hills)|with (?:hoa|pools?|stairs))\b"
)
"""After an order to stop sending: it speaks of some of what is sent."""

LESS = re.compile(
    r"\b(?:so many|as many|(?<!thank you )(?<!thanks )so much|that many|too many|so often|"
    r"as often|that often|less|fewer|"
    r"for now|for a (?:while|bit|few|"
    r"couple|month|week)(?! now)|until|till|at night|(?<!im )(?<!i am )at work|late|so early|this early|before \d\w*|"
    r"after \d\w*|weekends?|sundays?|"
    r"while i|during|from this number|twice|every day|daily|in caps)\b"
)
"""It speaks of less, later or otherwise, not of never."""

ABOUT_THINGS = re.compile(r"\b(?:send|writ|no more|want|need|these|listings?)")
"""An order about what is sent, not about sending at all: only such a one can be narrowed by naming things."""

NOT_NOW = re.compile(r"\b(?:dont|do not|cant) \w+(?: \w+)? (?:right now|today|tonight|now|this week|yet)\b")

TOPIC = re.compile(
    r"\b(?:stop|cancel|no more|quit|dont want|unsubscribe (?:me )?from)(?: sending| send| texting)?(?: me| us)?"
    r"(?: about)?(?: the| all| any| your| these)? (?P<topic>[a-z]+)(?: texts?| messages?)? (?:but|"
    r"and|just) (?:please |still |"
    r"you can |do )*(?:keep|send|leave|continue)\b"
)
"""A narrower wish: "stop the listings but keep the reminders"."""

WRONG_NUMBER = re.compile(
    r"\bwrong (?:number|person|phone|guy|num)\b|\bnew (?:phone|number) who\b"
    r"|\b(?:not|isnt) (?:his|her|their|hers) (?:number|phone|cell)\b"
    r"|\b(?:isnt|not) \w+s (?:phone|number|cell)\b"
    r"|\b(?:no ?(?:one|body)) (?:here )?(?:(?:by|with|of) (?:that|this) name|(?:named|called) \w+)\b"
    r"|\b(?:doesnt|does not|dont|no longer) (?:use|have|own) this (?:phone|number)\b(?! again| anymore)"
    r"|\bthis (?:number|phone) (?:no longer|doesnt|does not|isnt|is not) (?:belongs?|is|hers?|his|theirs)\b"
    r"|\bjust got this (?:\w+ )?(?:number|phone)\b"
    r"|\bwho is this not me\b|\byou have the wrong\b|^wrong$|\b(?:numero|persona) equivocad[oa]\b"
)

NOT_THIS_PERSON = re.compile(
    r"^\W*(?i:no[,.]? )?(?i:sorry[,.]? )?(?:(?i:this is not|this isn['\u2019]?t|this ain['\u2019]?t|not) )"
    r"(?!(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|"
    r"Dec)[a-z]*\b)[A-Z][a-z]+\W*(?:$|[.,!?])"
)
"""A denial of a name, looked for in the text as it was written: only there a name has a capital letter."""

ASK_PHRASES = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bnot interested\b(?! in (?:that|this) (?:one|house|home|place|property))|"
        r"\bno interest\b|\bnot looking\b|\bno longer (?:looking|interested|in the market)\b",
        r"^(?:no|nope|nah|naw|no thanks|no thank you|nah im good|im good|were good|pass|hard pass|no thx|no ty)$",
        r"\b(?:stop|pause|hold|wait|not) (?:\w+ )?(?:for now|until|till)\b|\bpause\b|\bmaybe later\b|\bhold off\b",
        r"\bnot (?:right )?now\b",
        r"\btoo (?:many|much|often)\b|\b(?:text|message)s? (?:a lot|so much|too much)\b|\bslow down\b",
        r"\b(?:text|message|send)\w* (?:me )?(?:less|fewer)\b|\bless (?:often|frequent\w*)\b|\b(?:fewer|"
        r"less) (?:texts|messages)\b",
        r"\b(?:call|email|e mail|phone|ring) (?:me |us )?(?:instead|only)\b|\b(?:only|just) (?:e ?mail|call|phone)\b",
        r"\b(?:dont|do not|no|not) (?:text|texting|texts)\b|\bcant text\b|\bstop by text\b|\bno (?:texts|"
        r"texting|messages)\b(?! from (?:the|him|her|them|my))",
        r"\b(?:stop|dont|do not|never|quit) (?:\w+ )?call(?:ing)?(?= (?:me|us|this|here|again|any)\b|$)",
        r"\b(?:how|where) (?:did|do) (?:you|u) (?:get|have|find|got) (?:my|this)\b|\bwho gave you\b",
        r"\bwho (?:is|dis|are|s) (?:this|you)\b|\bwho dis\b|\bwhos this\b",
        r"\b(?:is this|are you|r u) (?:a |an )?(?:bot|robot|ai|automated|machine|real|human|scam|spam)\b",
        r"\balready (?:bought|purchased|found|closed|sold|have (?:a|an) (?:agent|realtor|lender|therapist))\b",
        r"\b(?:bought|purchased|closed on) (?:a |another |our |elsewhere|one)",
        r"\b(?:not|arent|isnt) (?:to )?(?:mov|buy|sell|in the market)\w*\b",
        r"\b(?:passed away|passed on|(?<!phone )(?<!battery )(?<!cell )"
        r"(?<!car )died|deceased|funeral|hospice|late (?:husband|wife|mother|father))\b",
        r"\bthis is (?:his|her|their|my) (?:wife|husband|son|daughter|mom|dad|mother|father|partner|"
        r"brother|sister)\b",
        r"\b(?:cancel|end|stop|quit) (?:it|this|that|all|everything)(?: please| now| all)*$",
        r"^(?:please )?no more (?:\w+ )?(?:condos?|town\w*|homes|houses|listings|lots|rentals|apartments|"
        r"duplex\w*|open|rate|market|birthday|texts?|alerts|updates|at|until|for|than|in|over|"
        r"under)\b(?! credit)|^enough\b|^(?:spam|scam)$|\bshut up\b|\bf+u*c+k+ (?:you|u|yourself)\b",
        r"\b(?:unsubscribe|opt out)\b(?! from| of)",
        # declines, ends and moves
        r"^(?:no|nah|nope)(?: (?:im|were|we are|i am) (?:good|fine|all set|ok|okay))?(?: (?:thanks|"
        r"thank you|thx|ty|sorry))*$",
        r"^(?:were|we are|im|i am)? ?(?:all )?(?:good|set|all set|done|finished|over it)(?: (?:here|"
        r"with this|now|thanks|thank you|thx))*$"
        r"(?<!^good)(?<!^set)(?<!^done)(?<!^finished)(?<!^good thanks)(?<!^good thank you)",
        r"\bnot (?:at this time|at the moment|for (?:me|us)|anymore|any longer|any more|(?:a|"
        r"your) (?:client|patient|customer))\b",
        r"\b(?:no longer|not) (?:a |an |your )?(?:client|patient|customer|buyer|seller|tenant)\b",
        r"\b(?:dont|do not|no longer|didnt) (?:need|want|require) (?:a|an|your|any) (?:\w+ )?(?:agent|"
        r"realtor|broker|lender|therapist|"
        r"counselor|services?|help)\b",
        r"\b(?:have|got|found|hired|chose|picked|using|working with|went with|going with|signed with|"
        r"seeing) (?:a|an|another|"
        r"our own|my own|our|some ?one|a different|with) (?:\w+ )?(?:else|agent|realtor|broker|lender|"
        r"therapist|counselor|bank)\b",
        r"\b(?:refinanced|went|financed) with (?:our|my|the|another|a different) (?:\w+ )?(?:bank|lender|"
        r"broker|agent|realtor|one|union|direction)\b",
        r"\b(?:he|she|mom|mother|dad|father|husband|wife|grandma|grandpa|brother|sister|son|"
        r"daughter) (?:has |just )?(?:passed|died)\b"
        r"(?! (?:the|his|her|inspection|out|by|it|up|on the|with)\b)",
        r"\b(?:we|i|weve|ive|have) (?:already |have |since |just )?moved (?:away|out of|to (?!the|next|"
        r"mon|tue|wed|thu|fri|\d)\w+)",
        r"\b(?:decided|staying|going) to stay\b|\b(?:stay|staying) put\b|\bchanged (?:my|our) minds?\b|"
        r"\bfinished with\b",
        r"\b(?:we|i) should end\b",
        # what is this
        r"\bwhy (?:are|do|am|did|would|is|r) (?:you|i|we|u|this) (?:\w+ )?(?:text|get|receiv|messag|"
        r"contact|send|bother|keep)\w*",
        r"\bdo i know (?:you|u)\b|^what is this(?: (?:about|for|regarding|even))*$|^(?:who|whats this|who this)$",
        r"^(?:no )?stop (?:stop )?(?:lol|haha\w*|im|omg)\b",
        # less, later, elsewhere
        r"\b(?:once|one|twice|two|\d) (?:\w+ )?(?:a|per|every|each) (?:day|week|month)\b(?=.* (?:plenty|"
        r"enough|max|only|best|please|instead)|$)",
        r"\bnot (?:so|that|as) (?:many|often|much|frequent\w*)\b",
        r"\b(?:only|just) (?:text|message|contact|write|txt) (?:me |us )?(?:after|before|between|on|when|"
        r"if|in the|during)\b",
        r"\b(?:not|no \w+|dont \w+) (?:on|during|at) (?:weekends?|sundays?|saturdays?|nights?|work|"
        r"holidays|the weekend)\b",
        r"^(?:not|no) (?:during|after|before) ",
        r"\b(?:text|message|contact|txt|send (?:them|these|it) to) (?:my|him|her|"
        r"our) (?:\w+ )*?(?:instead|going forward|from now on)\b",
        r"\b(?:use|text|to) (?:me (?:on|at) )?(?:my|the) (?:other|new|different|work|second|"
        r"old) (?:number|phone|cell)\b",
        r"\b(?:hold|snooze|pause|mute|break from|halt) (?:\w+ ){0,3}?(?:till|until|for (?:a|the|now|\d)|after)\b",
        r"\b(?:hold|snooze|pause|mute) (?:on )?(?:the |these |your |all )?(?:texts|messages|these|alerts|"
        r"updates|notifications)\b",
        r"\b(?:take|need|want|taking|have) a break from (?:these|this|the|your|all)\b",
        r"^(?:please )?(?:stop|skip|drop|quit) (?:with |sending |doing )*(?:the|all the|"
        r"those) (?:\w+ )?(?:ones?|wish\w*|houses?|homes|"
        r"condos?|updates?|greetings?|newsletters?|reports?|alerts?|cards?|listings?|rates?)\b",
    )
)
"""Unclear, or a wish for less or for another channel: silence first, and the professional is asked."""
