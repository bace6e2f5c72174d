"""Phrases by which people ask for silence, and the innocent uses of the same words.

Each phrase is an order and what it is about: end or never (writing to me), take (me or my number) off, (no) consent.
Matched against folded text: lower case, no accents, no apostrophes, words parted by one blank. Sources: `messaging.md`
7.2 and `verticals.md` 1.3; the rest are ours.
"""

from __future__ import annotations

import re

_ACT = (
    r"(?:text|txt|messag|msg|contact|bother|spam|harass|pester|annoy|solicit|hound|nag|bug|badger|disturb|stalk|"
    r"reach(?:ing)? out|following up|follow up|blow(?:ing)? up|hit(?:ting)? up|blast|sms)\w*"
)
_SEND = r"(?:send|sending|sendin|writing|write)"
_THING = (
    r"(?:texts?|txts?|messages?|msgs?|sms|spam|notifications?|alerts?|updates?|listings?|homes?|"
    r"houses|properties|emails?|"
    r"ads?|advertis\w+|promos?|promotions?|offers|stuff|junk|crap|things|this|these|them|those|me|us|"
    r"anything|everything)"
)
_ME = (
    r"(?:me|us|(?:my|our) (?:\w+ )?(?:numbers?|phones?|cell|name|contact|info|information|details|wife|"
    r"husband|family)|"
    r"this (?:\w+ )?(?:number|phone|cell|line))"
)
_END = (
    r"(?:stop|quit|quite|cease|halt|end|discontinue|desist|refrain|stoop|atop|terminate|suspend|deactivate|disable|"
    r"cut out|knock off)"
)
_NOBODY_ELSE = (
    r"(?!(?:ing|s|ed)? (?:him|her|them|you|the (?!text|mess)|"
    r"my (?:ex|boss|work|mom|mother|dad|father|employer|friend)))"
)
_AT_LAST = (
    r"(?= (?:me|us|my (?:number|phone|cell|wife|husband|family)|our|this|again|any|anymore|ever|here|back|please|pls|"
    r"further|at all|by|no more|and)\b|$)"
)
_OUR_TEXTS = (
    r"(?:(?:any|the|your|these|this|those|all|my|of|more|such|text|sms|mass|automated|receiving|getting) )*"
    r"(?:texts?|txts?|messages?|msgs?|messaging|texting|sms|notifications?|alerts?|updates?|"
    r"communications?|emails?|list|"
    r"marketing|solicitations?|subscription|spam|service|everything|program|campaign)"
)

INNOCENT = re.compile(
    r"\b(?:"
    r"(?<!if you )(?<!if u )(?:cant|cannot|can not|dont|do not|wont|will not|doesnt|didnt|couldnt|never|"
    r"not) (?:ever |even |please )?"
    r"(?:stop\w*|quit\w*|unsubscribe\w*|opt(?:ed|ing)? (?:me |us )?out)(?: (?:me|us))?"
    r"(?: (?:sending|texting|messaging|contacting|talking|thinking|out))?"
    r"|(?:(?:why|when|how come) )?(?:did|have|has|had) (?:you|u|they|he|she|it) (?:ever )?stop\w*(?: \w+ing)?"
    r"|(?:bus|train|pit|truck|rest|metro|next|last|first|one|non|full|short|tram|subway|quick|final) stops?"
    r"|stop (?:by(?! text)|at|in|over|sign|signs|light|lights|loss|watch|gap|and (?:see|look|visit|talk|chat|say))"
    r"|no more than|more than enough"
    r"|quit (?:my|his|her|the|our|their) (?:\w+ )?job"
    r"|(?:dont|do not|never|no) (?:text|texting|message) and driv\w+"
    r"|(?:take|remove|get|drop|taking|removing|getting) (?:my (?:\w+ )?name|me|us|my \w+|our names?) (?:off|from) "
    r"(?:of )?(?:the|this|that|our|his|her) (?:\w+ )?(?:loan|application|title|deed|contract|lease|offer|mortgage|"
    r"wait ?list|waiting list|schedule|calendar|policy|account|insurance|paperwork)"
    r"|(?:take|cross|scratch|strike|knock) (?:that|the|it|those)(?: (?!number|name|phone|cell)\w+){0,4}? off "
    r"(?:(?:the|our|my|your) )?list"
    r"|(?:landlord|hoa|bank|tenants?|neighbors?|inspector) (?:will|would|might|should) leave (?:me|us) alone"
    r"|(?:unsubscribe|unsubscribed|unsubscribing|opt|opted|opting)(?: out)? (?:of|from) (?:all )?(?:(?:the|my|our|"
    r"those|their|that) )?(?:others?|zillow|redfin|realtor com|trulia|escrow|hoa|prescreen\w*|credit|telehealth|"
    r"arbitration|warranty|insurance|home warranty)(?: \w+)?"
    r"|revok\w+ (?:(?:the|my|our|a|his|her|their) )?(?:power of attorney|poa|offer|acceptance|license|trust)"
    r"|stop (?:apologi[sz]ing|worrying|it youre|youre (?:too|so|making))"
    r"|(?:i|we|ive|weve) (?:have|had|got) no (?:more|further|other|additional)"
    r"|(?:i|we|ill|well|shell|hell|theyll|to) (?:dont |do not |never |just )?(?:text|message) and drive"
    r")\b"
)
"""Uses of the order words in another sense. They are cut out before the phrases are looked for."""

STOP_PHRASES = tuple(
    re.compile(pattern)
    for pattern in (
        # order + object
        rf"\b{_END} (?!by |of )(?:(?!him |her |them )\w+ ){{0,3}}?{_ACT}\b{_NOBODY_ELSE}",
        rf"\b(?:stop|quit|quite|cease|halt|discontinue) (?:all )?(?:the )?{_SEND}(?: (?:me|us|out))?"
        rf"(?: (?:all|any|so|more|your|the|these|those|this|of))* ?{_THING}?\b",
        rf"\b(?:stop|end|cancel|cease|cancle|halt|kill|turn off|disable|block) {_OUR_TEXTS}\b",
        r"\bcancel my subscription\b",
        r"(?<!\bi )(?<!\bwe )(?<!\bhe )(?<!\bshe )(?<!\bthey )(?<!\byou )"
        rf"\b(?:dont|do not|dnt|never|not to|no|no further|no future) (?:ever |you |u |dare |even )*{_ACT}{_AT_LAST}",
        rf"\b(?:dont|do not|never) (?:ever |you |u |even )*{_SEND}(?: me| us)? "
        rf"(?:any|anything|more|these|this|them|{_THING})\b",
        r"\bno more (?:of )?(?:the |your |these |this )?(?:texts?|txts?|messages?|msgs?|texting|"
        r"messaging|sms|spam|alerts?|"
        r"notifications?|updates?|listings|contact|emails?|ads|these|this)\b",
        r"^(?:please |pls )?no more(?: please| pls| thanks| thank you)*$",
        # take me off
        rf"\b(?:remove|delete|erase|unlist|lose|forget) {_ME}\b",
        rf"\b(?:take|get|pull|drop|scratch|cross|strike|keep) {_ME} (?:the \w+ )?(?:off|out|from)\b",
        r"\b(?:off|from) (?:of )?(?:your|this|the) (?:\w+ )?(?:list|database|contacts|system)\b",
        r"\bdo not contact list\b|\bdnc list\b|\bdo not call list\b",
        # unsubscribe, opt out, consent
        r"\b(?:unsubscribe|unsub)\b(?! from (?!this|these|your|you|all|everything|the|texts?|messages?|here))",
        r"\bopt(?:ing|ed)? ?(?:me |us )?out\b(?! of (?!this|these|your|all|everything|texts?|messages?|sms|receiving|"
        r"any|the (?:texts?|messages?|list)|marketing|communications?|further))",
        r"\b(?:revoke|withdraw|rescind|cancel|do not give|dont give)\w* (?:\w+ ){0,2}(?:consent|"
        r"permission|authorization)\b",
        r"\b(?:do not|dont|no|never|without my|did not|didnt) (?:have |give |gave |had )?(?:you |my |any |a )*"
        r"(?:consent|permission)\b",
        r"\b(?:never|didnt|did not) (?:agree|agreed|consented|sign|signed|opt|opted|subscribe|subscribed|ask|asked) "
        r"(?:up |in )?(?:to|for) (?:this|these|any|your|be|receive|texts?|messages?|get)\b",
        # a bare order, and why
        r"^(?:please |pls |plz |ok |hey |hi )*"
        r"stop(?: please| pls| plz| now)* (?:im|i am|i have|i already|ive|were|we are|"
        r"we have|weve|not interested|wrong number|no longer|i dont|we dont|already)\b"
        r"(?! (?:blushing|crying|laughing|dying|dead|flattered|going to cry|gonna cry|lol|screaming|obsessed))",
        r"\b(?:my|this) number (?:but |so |and )*(?:please |just )*(?:delete|remove|erase|lose) it\b",
        # forbidding, refusing
        rf"\b(?:you|u|yall) (?:may|can|must|should|shall|will|could) (?:not|never) (?:\w+ )?{_ACT} (?:me|"
        rf"us|this|my)\b",
        rf"\b(?:you|u) (?:cant|cannot|mustnt|shouldnt) {_ACT} (?:this|my) (?:number|phone|cell)\b",
        rf"\bi (?:\w+ )?(?:forbid|object to|refuse|decline|reject|oppose) (?:\w+ ){{0,3}}?(?:{_ACT}|{_OUR_TEXTS})\b",
        r"\bsend no more\b|\bno more sends\b|\b(?:i|we) said no more$|^no means no$|\bif (?:you|"
        r"u) (?:dont|do not) stop\b",
        r"\b(?:nobody|no one|noone) (?:wants|asked for|needs) (?:this|these|it|your)\b",
        r"\benough (?:of )?(?:the |these |your )?(?:texts|messages|msgs|texting)\b",
        r"\b(?:please|pls|plz|just|sake|god) stop(?: (?:it|this|that|now|already|please|all))*$",
        rf"\b(?:dont|do not|never|stop|quit) {_ACT} (?:my|our) \w+(?: \w+)? (?:again|anymore|any more|ever)\b",
        r"\bnot be on (?:your|this|the) list\b|\b(?:asked|want|like|need) to be off\b",
        rf"\b(?:exclude|omit|take|drop) {_ME} (?:from|down|out|off)\b",
        # no part of it
        rf"\b(?:want|wants|wanted) (?:no|none|out)\b (?:\w+ ){{0,3}}?(?:{_OUR_TEXTS}|contact|correspondence)\b",
        r"\b(?:no|any) (?:more|further|future|additional|other) (?:contact|communications?|correspondence|"
        r"texting|solicitation\w*|"
        r"outreach|marketing)\b|^no (?:text )?(?:solicit\w+|texting|texts?|messag\w+|"
        r"marketing)(?: (?:please|pls|thanks|thank you|anymore))*$"
        r"|^(?:please |pls )no (?:solicit\w+|texting|texts?|messag\w+)$",
        rf"\b(?:count|leave|keep|exclude|omit|excuse) (?:me|us) (?:\w+ )?(?:out|off|from)(?: (?:of|"
        rf"from))?(?: {_OUR_TEXTS}| this| these|$)",
        r"\b(?:exclude|omit|excuse|unlist) (?:me|us)\b|\b(?:dont|do not|never) (?:include|add|put|enroll|"
        r"sign) (?:me|us)\b",
        rf"\b(?:terminate|deactivate|disable|suspend|shut off|shut down|kill|mute) (?:{_OUR_TEXTS}|"
        rf"my (?:texts|subscription|number))\b",
        r"\b(?:dont|do not|never|not|stop|quit) (?:ever )?(?:use|using|dial\w*|ring\w*) (?:this|"
        r"my) (?:\w+ )?(?:number|phone|cell)"
        r"(?: (?:again|anymore|any more|ever|please|for (?:texts|marketing|messages)))*$",
        r"\b(?:get rid of|throw|toss|trash|discard) (?:away )?(?:my|this) (?:number|info|contact|phone)\b",
        r"\b(?:this|my) (?:number|phone) is (?:off limits|private|not for|blocked)\b",
        r"\b(?:dont|do not|never) (?:call|text|write|email|message|contact|dm)(?: (?:or|and|nor|to|text|"
        r"call|email|write|message|contact|mail))*"
        r" (?:to )?(?:me|us|this|here|again)(?: (?:or|and) \w+ me)?(?: \w+)? ?(?:again|anymore|any more|ever)\b",
        r"\b(?:asked|ask|asking|want|need|like|request|requested|requesting|have|get|wish|demand|"
        r"demanding) (?:\w+ )?(?:me |us |to )?(?:be )?"
        r"(?:removed|unsubscribed|opted out)(?: (?:please|now|immediately|again|twice|already))*$",
        r"\b(?:removed|unsubscribed|taken off|opted out) (?:from|of)? ?(?:this|these|your|the (?:text|"
        r"mess)\w*) ?(?:\w+ )?(?:lists?|texts?|messages?|"
        r"database|system|contacts|campaign)?$",
        r"\b(?:am|im|be|were|are) (?:hereby )?(?:unsubscribing|opting out)\b",
        r"\b(?:i|we|ive|weve|have) (?:\w+ )?(?:said|typed|texted|replied|wrote|sent|say|saying|answered|"
        r"put) (?:\w+ )?stop"
        r"(?: (?:already|twice|again|before|last \w+|yesterday|\w+ times|and|but|so|several|many|a|days?|"
        r"weeks?|ago).*)?$",
        r"\b(?:been|were|was) (?:told|asked|warned) (?:\w+ )?to (?:stop|quit|cease)$",
        r"^(?:hey |hi |ok |please |now )*(?:can|could|would|will|wont) (?:you|u|yall) (?:please |pls |"
        r"just |kindly |already )*(?:stop|quit)"
        r"(?: (?:it|this|these|already|now|please|thanks))*$",
        r"^(?:this|it|all this) (?:has|needs|have|must|got|gotta|is) (?:to )?(?:stop|end|cease)(?: (?:now|"
        r"today|immediately|please))*$",
        r"^(?:you|u|youve|youre|this number|your number) (?:\w+ )?(?:blocked|been blocked|reported)\b",
        r"\b(?:mark|marked|marking|flag|flagged|flagging) (?:\w+ )?(?:as )?(?:spam|junk)\b",
        r"\b(?:fcc|ftc|attorney general|better business bureau|bbb)\b",
        r"\b(?:no longer|dont|do not|never|not) (?:\w+ )?consent(?:ing|ed)?$|\b(?:no longer|dont|do not|"
        r"never) (?:\w+ )?consent\w* to\b",
        r"\btake back (?:my|our) (?:consent|permission)\b",
        r"\b(?:never|didnt|did not) (?:\w+ )?(?:give|gave) (?:you |anyone |anybody )?(?:my|this|"
        r"our) (?:number|phone|info|cell)\b",
        r"\b(?:no interest|not interested) in (?:receiving|getting|your|these|"
        r"any) ?(?:\w+ ){0,2}?(?:texts?|messages?)\b",
        r"^(?:i |we )?(?:do not|dont) want(?: (?:any|it|this|them|these))?$",
        r"\b(?:so |just |totally )?(?:over|done with|tired of|sick of|through with) (?:all )?(?:these|"
        r"your|the) (?:texts?|messages?|spam)\b",
        r"\b(?:stop|quit) wasting (?:my|our) time\b",
        # no wish
        r"\b(?:dont|do not|no longer|didnt|not|never) (?:\w+ )?(?:want|wish|care|need|like|wanna|appreciate)\w* "
        r"(?:\w+ ){0,4}?(?:texts?|messages?|contacted|texted|messaged|bothered|emails|notifications|alerts|spam|"
        r"hear from (?:you|u|your)|contact from|anything from|from (?:you|u))\b",
        r"\b(?:dont|do not|no longer) (?:want|need) (?:any |any more |more )?(?:of )?(?:these|this|"
        r"listings?|updates?)"
        r"(?: (?:anymore|any more|any longer))?$",
        # leave me alone
        r"\bleave (?:me|us|my family) (?:the \w+ )?(?:alone|be)\b",
        r"\b(?:go away|get lost|buzz off|bug off|back off|f+u*c*k+ (?:right )?off|piss off|screw off|get a life)\b",
        rf"\b(?:enough|done|fed up|sick|tired) (?:with|of|w) (?:all )?(?:the |these |your |this |getting )*"
        rf"(?!(?:this|it|things|everything|me|him|her)$){_THING}\b",
        r"\bmake it stop\b",
        rf"\b(?:quit|stop) (?:it )?with (?:all )?(?:the |these |your |this )*{_THING}\b",
        r"\bcease and desist\b|\bcease (?:all )?(?:further )?(?:contact|communication)\w*\b",
        r"^(?:please |pls |just )*stop (?:or|before i|else)\b",
        r"(?:^(?:please |pls |just |can you |could you |would you |will you |you can |you need to |"
        r"you should |you must )+"
        r"|\b(?:said|told you|want you to|need you to|asked you|asking you|begging you) (?:to |please )*)"
        r"(?:please |just )*stop(?: (?:it|this|that|now|please|immediately|already|all|everything|thanks|"
        r"thank you))*$",
        # threats
        r"\b(?:sue|suing|report|reporting|reported) (?:you|u|this|your)\b",
        r"\b(?:this|it|you) (?:is|are|its) (?:harassment|harassing|spam|spamming)\b|\bharassing me\b",
        r"\b(?:block|blocking|blocked) (?:you|u|this number|your number)\b",
        rf"\bif (?:you|u|i) (?:\w+ )?(?:{_ACT}|get)(?: me| us| another| one more)? ?(?:again|text|message|one more)",
        rf"\b{_ACT} (?:me )?again and\b",
        # the order stands after what it is about
        rf"\b(?:these|them|{_OUR_TEXTS}) (?:\w+ )?(?:to|must|should|need to|have to|has to)? ?(?:stop|end|"
        rf"cease|quit)\b",
        r"\bhow (?:do|can|could|would|to) (?:(?:i|we|you) )?(?:\w+ ){0,2}?(?:unsubscribe|opt out|get off|"
        r"turn (?:these|this|"
        r"them|texts) off|turn off (?:these|texts)|stop (?:these|getting|receiving|your|the (?:text|mess)))",
        rf"\bturn (?:these|{_OUR_TEXTS}|all this) off\b|\b(?:cancel|end|stop) (?:all )?(?:future|further|"
        rf"these|additional) {_OUR_TEXTS}",
        r"\b(?:you|you guys|u|you people|you all|yall) (?:\w+ )?(?:need|have|must|should|better|ought|"
        r"gotta) (?:to )?(?:\w+ )?"
        r"(?:stop|quit)$",
        # impatience, preference, blocking
        rf"^(?:ok |okay |please |just )*(?:cut it out|knock it off|enough(?: is enough| already)*)"
        rf"(?: with (?:the |these |your )*{_THING})?$",
        rf"\b(?:rather|prefer|appreciate it if|like it if|wish) (?:\w+ ){{0,3}}?(?:not|dont|didnt|wouldnt|"
        rf"did not|do not|would not|"
        rf"stopped|quit) (?:\w+ ){{0,3}}?(?:{_ACT}|{_SEND}|get texts|receive|getting|receiving)\b",
        r"^(?:\w+ and )?(?:reported|blocked|blocking|reporting)(?: and (?:reported|blocked|"
        r"deleted))?(?: (?:you|now|this|sender))*$",
        rf"\b(?:{_ACT}|one more|another)\b.* (?:lawyer|attorney|sue|lawsuit|legal action|police|fcc|ftc|"
        rf"tcpa|complaint)\b"
        rf"|\b(?:tcpa|do not call registry|dnc registry|spam law)\b",
        r"\breport(?:ing|ed)? (?:\w+ ){0,3}?(?:as |for )?(?:spam|harassment)\b",
        # consent
        r"\b(?:consent|permission|authorization) (?:is |has been |hereby )?(?:withdrawn|revoked|rescinded|"
        r"denied|removed)\b",
        r"\b(?:never|didnt|did not|havent|have not|not) (?:ever )?(?:agree|agreed|consented|consent|sign|"
        r"signed|opt|opted|subscribe|"
        r"subscribed|authoriz\w+|request\w*|ask|asked) (?:up |in )?(?:to|for|up|in)(?: (?:this|these|any|"
        r"your|be|receive|"
        r"receiving|get|getting|texts?|messages?|here)\b|$)",
        r"\b(?:not|never|no longer|havent been|have not been) (?:authorized|permitted|allowed|welcome) to (?:\w+ )?"
        rf"(?:{_ACT}|{_SEND}|call)",
        r"\b(?:not|never|nor) (?:to )?(?:be|been|being|get) (?:contacted|texted|messaged|bothered|called)\b",
        rf"\b(?:wish|want|like|ask|asking|request|requesting) (?:\w+ ){{0,3}}?(?:to )?(?:stop|end|cease|discontinue)"
        rf" (?:\w+ ){{0,3}}?{_OUR_TEXTS}\b",
        # away with my number
        rf"\b(?:remove|delete|erase|unlist|lose|forget|wipe|scrub|purge|clear|scratch|drop|strike|block|dump|toss)"
        rf" (?:you \w+ )?{_ME}\b",
        rf"\b(?:take|get|want|pull|drop|scratch|cross|strike|keep|have) (?:{_ME} )?(?:\w+ )?(?:off|out) (?:of )?"
        r"(?:this|your|the|these|that) (?:\w+ )?(?:lists?|database|contacts|system|texts?|messages?|"
        r"thread|records|campaign)\b",
        rf"\b(?:take|get|put|add) {_ME} (?:\w+ )?(?:off|on (?:your|the|a) (?:do not|dont|no) \w+ list)\b|"
        rf"^off (?:the|this|your) list",
        r"\bon (?:your|the|a) (?:do not|no) (?:call|contact|text)\b",
        r"^(?:please |pls |just |kindly )*(?:remove|take (?:me|us) off|delete (?:me|us))(?: (?:please|pls|"
        r"now|thanks|thank you))*$",
        r"^(?:you can |just |please )*(?:take|drop|remove) (?:me|us) off(?: (?:now|please|this|of this))*$",
        r"^(?:please |just |pls )*(?:leave|let) (?:me|us) (?:\w+ )?(?:be|alone|in peace)\b",
        r"^(?:please |just |pls )*(?:forget|lose) (?:that )?(?:you )?(?:ever )?(?:had|have|got)? ?(?:my|"
        r"this) number\b",
        r"\bstop (?:means|is) stop\b|^stop(?: stop)+$|\bdo you not understand\b|\bhow many times (?:do|must|have)\b",
        r"\b(?:i said|we said|told you|asked you|asking you|telling you|i repeat)(?: (?:again|twice|"
        r"already|before|now|to|please|"
        r"several|times|many|\d+))* (?:to )?(?:stop|quit|unsubscribe)(?: (?:it|this|that|now|all|already|please))*$",
        rf"\b(?:told|asked|tell|telling|asking) (?:you|u|yall) (?:\w+ ){{0,3}}?(?:not to|to never|to quit|"
        rf"to stop|dont) (?:ever )?{_ACT}",
        rf"\b(?:screw|damn|shut) (?:you|u|up)\b.* (?:dont|stop|never) {_ACT}",
    )
)

ABOUT_OTHERS = re.compile(
    r"\b(?:told|asked|begged|warned) (?:him|her|them|my \w+|the \w+) .*$"
    r"|\b(?:he|she|they|who|someone|somebody|ex|boss|mom|mother|dad|father|sister|brother|guy|coworker|"
    r"friend|son|daughter) "
    r"(?:\w+ ){0,2}?(?:wont|cant|doesnt|didnt|dont|keeps?|kept|never|refuses to|is|was|were|are|got|"
    r"will not|always) (?:not )?"
    r"(?:(?:stop|quit)\w* )?(?:told|asked|text|messag|contact|call|bother|harass|stalk)\w*.*$"
    r"|\b(?:make|made|makes|get|got) (?:him|her|my (?!number|phone|cell|name|info|contact)\w+) .*$"
    r"|\b(?:tell|ask) (?:the other|that other|zillow|him|her|my) (?:\w+ )?to (?:stop|quit|leave|not)\b.*$"
    r"|\b(?:he|she|they) (?:said|says|told me|texted|wrote) (?!to |you |stop |that you ).*$"
    r"|\bi (?:said|told|texted|wrote) .* (?:and|but|so|then) (?:he|she|they) .*$"
)
"""What other people do to the writer, or were told: until the end of the clause it is a story, not an order to us.

Somebody who passes an order on ("my husband said to stop texting us") is not meant.
"""
