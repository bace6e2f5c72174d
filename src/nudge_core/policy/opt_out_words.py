"""Words and phrases by which people ask for silence, as data for `nudge_core.policy.opt_out`.

Everything here is matched against folded text: lower case, no accents, no apostrophes, words parted by one blank.
Sources: the seven words of 47 CFR 64.1200(a)(10); the carriers' keywords of `messaging.md` 7.1; the phrases of 7.2 and
`verticals.md` 1.3; the rest are ours.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LAW_WORDS = frozenset({"stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"})
CARRIER_STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
"""Twilio's default for long codes. The carrier blocks the pair of phones and answers by itself."""
CARRIER_START_WORDS = frozenset({"start", "yes", "unstop"})
"""The same list for lifting the block. A "yes" lifts the carrier's block; it never restores our consent."""

STOP_WORDS = LAW_WORDS | CARRIER_STOP_WORDS | {"stop all", "remove", "unsubscribe all", "cease", "cease and desist"}
START_WORDS = frozenset({"start", "unstop"})
HELP_WORDS = frozenset({"help", "info"})

FOREIGN_STOP_WORDS = frozenset(
    {
        *("no mas", "basta", "alto", "parar", "pare", "baja", "cancelar", "detener", "remover"),  # Spanish, Portuguese
        *("arret", "arrete", "arretez", "desabonner"),  # French
        *("stopp", "abmelden"),  # German
        *("dung", "dung lai", "huy"),  # Vietnamese
        *("отписаться", "отпишите", "стоп", "хватит"),  # Russian
        *("停止", "退订", "取消订阅", "拒收"),  # Chinese
        *("수신거부", "중지", "그만"),  # Korean
        *("tigil", "itigil"),  # Tagalog
    }
)

COURTESY = _words(
    "please pls plz plse thanks thank thx thnx ty you u now ok okay hi hello hey sir maam madam mam kindly just asap "
    "immediately already right away yes no a lot so much por favor gracias merci guys dear good morning"
)
PRONOUNS = frozenset({"it", "this", "that"})
"""Courtesy after "stop" and "quit" only: "cancel it" may mean the appointment."""

NOT_TYPOS = _words(
    # of stop, quit, cancel, remove, revoke
    "shop step stow atop slop stoop strop stops stomp top sop stoup stork store quiet quite suit quid quits quilt quip "
    "quot cancels cancer canceled removed removes remote remover revoked revokes evoke stock stove spot "
    # of the words of sending
    "testing vexing exiting massage massages messaged spending bending lending mending tending vending "
    "fending pending ending contract contracts contacts sanding seeding sensing wending tests test tex next texts tent "
    "taxing sends sender fexting subscribe subscriber resubscribe"
)
"""English words one slip away from an order or an object: never read as its misspelling."""

SLIPS = ("unsubscribe", "texting", "messaging", "message", "messages", "contacting", "contact", "sending", "remove")
"""Words whose misspelling by one slip is read as the word, besides the orders."""

STOP_SIGNS = frozenset("🛑")
"""A pictogram that alone says stop."""
ASK_SIGNS = frozenset("⛔🚫✋🖕")

_ACT = r"(?:text|txt|messag|msg|contact|bother|spam|harass|pester|annoy|solicit|blow\w* up|hit\w* up)\w*"
_SEND = r"(?:send|sending|sendin|writing|write)"
_THING = (
    r"(?:texts?|txts?|messages?|msgs?|sms|spam|notifications?|alerts?|updates?|listings?|homes?|"
    r"houses|properties|emails?|"
    r"ads?|advertis\w+|promos?|promotions?|offers|stuff|junk|crap|things|this|these|them|those|me|us|"
    r"anything|everything)"
)
_ME = r"(?:me|us|my (?:number|phone|cell|name|contact|info|information|wife|husband|family)|this (?:number|phone))"
_OUR_TEXTS = (
    r"(?:(?:any|the|your|these|this|those|all|my|of|more|such|text|sms|mass|automated|receiving|getting) )*"
    r"(?:texts?|txts?|messages?|msgs?|messaging|texting|sms|notifications?|alerts?|updates?|"
    r"communications?|emails?|list|"
    r"marketing|solicitations?|subscription|spam|service|everything|program|campaign)"
)

INNOCENT = re.compile(
    r"\b(?:"
    r"(?:cant|cannot|can not|dont|do not|wont|will not|doesnt|didnt|couldnt|never|not) (?:ever |even |please )?"
    r"(?:stop|quit|unsubscribe|opt)\w*(?: (?:me|us))?"
    r"(?: (?:sending|texting|messaging|contacting|talking|thinking|out))?"
    r"|(?:(?:why|when|how come) )?(?:did|have|has|had) (?:you|u|they|he|she|it) (?:ever )?stop\w*(?: \w+ing)?"
    r"|(?:bus|train|pit|truck|rest|metro|next|last|first|one|non|full|short|tram|subway|quick|final) stops?"
    r"|stop (?:by(?! text)|at|in|over|sign|signs|light|lights|loss|watch|gap|and (?:see|look|visit|talk|chat|say))"
    r"|no more than"
    r"|(?:i|we|ill|well|shell|hell|theyll|to) (?:dont |do not |never |just )?(?:text|message) and drive"
    r")\b"
)
"""Uses of the order words in another sense. They are cut out before the phrases are looked for."""

STOP_PHRASES = tuple(
    re.compile(pattern)
    for pattern in (
        # order + object
        rf"\b(?:stop|quit|quite|cease|halt|end|discontinue) (?!by )(?:\w+ ){{0,2}}?{_ACT}",
        rf"\b(?:stop|quit|quite|cease|halt|discontinue) (?:all )?(?:the )?{_SEND}(?: (?:me|us|out))?"
        rf"(?: (?:all|any|so|more|your|the|these|those|this|of))* ?{_THING}?\b",
        rf"\b(?:stop|end|cancel|cease|cancle|halt|kill|turn off|disable|block) {_OUR_TEXTS}\b",
        r"\bcancel my subscription\b",
        r"(?<!\bi )(?<!\bwe )(?<!\bhe )(?<!\bshe )(?<!\bthey )(?<!\byou )"
        rf"\b(?:dont|do not|never|not to|no) (?:ever |you |u |dare |even )*{_ACT}"
        r"(?= (?:me|us|my|this|again|any|anymore|ever|here|back|please|pls|further|at all|by)\b|$)",
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
        # no wish
        r"\b(?:dont|do not|no longer|didnt|not|never) (?:\w+ )?(?:want|wish|care|need|like|wanna|appreciate)\w* "
        r"(?:\w+ ){0,4}?(?:texts?|messages?|contacted|texted|messaged|bothered|emails|notifications|alerts|spam|"
        r"hear from (?:you|u|your)|contact from|anything from|from (?:you|u))\b",
        r"\b(?:dont|do not|no longer) (?:want|need) (?:any |any more |more )?(?:of )?(?:these|this|listings?|updates?)"
        r"(?: (?:anymore|any more|any longer))?$",
        # leave me alone
        r"\bleave (?:me|us|my family) (?:the \w+ )?(?:alone|be)\b",
        r"\b(?:go away|get lost|buzz off|bug off|back off|f+u*c*k+ (?:right )?off|piss off|screw off|get a life)\b",
        rf"\b(?:enough|done|fed up|sick|tired) (?:with|of|w) (?:all )?(?:the |these |your |this |getting )*{_THING}\b",
        r"\bmake it stop\b",
        rf"\b(?:quit|stop) (?:it )?with (?:all )?(?:the |these |your |this )*{_THING}\b",
        r"\bcease and desist\b|\bcease (?:all )?(?:further )?(?:contact|communication)\w*\b",
        r"^(?:please |pls |just )*stop (?:or|before i|else)\b",
        r"(?:^(?:please |pls |just |can you |could you |would you |will you |you can |you need to |"
        r"you should |you must )+"
        r"|\b(?:said|told you|want you to|need you to|asked you|asking you|begging you) (?:to |please )*)"
        r"(?:please |just )*stop(?: (?:it|this|that|now|please|immediately|already|all|everything|thanks|thank you))*$",
        # threats
        r"\b(?:sue|suing|report|reporting|reported) (?:you|u|this|your)\b",
        r"\b(?:this|it|you) (?:is|are|its) (?:harassment|harassing|spam|spamming)\b|\bharassing me\b",
        r"\b(?:block|blocking|blocked) (?:you|u|this number|your number)\b",
        rf"\bif (?:you|u|i) (?:\w+ )?(?:{_ACT}|get)(?: me| us| another| one more)? ?(?:again|text|message|one more)",
        rf"\b{_ACT} (?:me )?again and\b",
        # other languages
        r"\bno mas (?:mensajes|textos|sms|por favor)\b|\bdeja?e?n? de (?:escrib|mand|envi|molest|text|llam)\w*",
        r"\bno (?:me|nos) (?:escrib|mand|envi|molest|llam|contact|text)\w*|\b(?:qui|bor|elimi|sa)\w{1,4}[ea]me\b",
        r"\b(?:dar|dame|deme|darme|dar me) de baja\b|\bcancelar (?:mi |la )?(?:suscripcion|mensajes)\b",
        r"\bno quiero (?:mas |recibir )?(?:mensajes|textos|recibir)\b|\bpare[mn]? de (?:mandar|enviar|escrever)\b",
        r"\barrete[zr]? de m?\b|\bne (?:me|nous) (?:contact|ecriv|envoy)\w*|\bdesinscri\w+",
        r"(?:停止|退订|取消订阅|拒收|别再发|不要再发)",
        r"\b(?:не пишите|отпишите|отписаться|удалите)\b",
    )
)

SOME_ONLY = re.compile(
    r"\b(?:condos?|condominiums?|town ?homes?|townhouses?|duplex\w*|lots|land|rentals?|apartments?|"
    r"flats|lofts?|fixer\w*|"
    r"mobile homes?|foreclosures?|\d+ ?k|\d+ bed\w*|over|under|above|below|less than|more than|except|instead|unless|"
    r"only|just (?:the|send|text)|in [a-z]+ (?:county|city|rock|park|hills)|with (?:hoa|pools?|stairs))\b"
)
"""After an order to stop sending: it speaks of some of what is sent."""

LESS = re.compile(
    r"\b(?:so many|as many|so much|that many|too many|so often|as often|that often|less|fewer|"
    r"for now|for a (?:while|bit|few|"
    r"couple|month|week)|until|till|at night|at work|late|so early|this early|before \d|after \d|weekends?|sundays?|"
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
    r"\bwrong (?:number|person|phone|guy|num)\b|\bnew (?:phone|number) who\b|\bnot (?:his|her|"
    r"their) (?:number|phone) anymore\b"
    r"|\b(?:isnt|not) \w+s (?:phone|number)\b"
    r"|\bno (?:one|body) (?:here )?(?:by|with) that name\b|\b(?:doesnt|does not|dont|"
    r"no longer) (?:use|have|own) this (?:phone|"
    r"number)\b|\bwho is this not me\b|\byou have the wrong\b"
)

ASK_PHRASES = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bnot interested\b|\bno interest\b|\bnot looking\b|\bno longer (?:looking|interested|in the market)\b",
        r"^(?:no|nope|nah|naw|no thanks|no thank you|nah im good|im good|were good|pass|hard pass|no thx|no ty)$",
        r"\b(?:stop|pause|hold|wait|not) (?:\w+ )?(?:for now|until|till)\b|\bpause\b|\bmaybe later\b|\bhold off\b",
        r"\bnot (?:right )?now\b",
        r"\btoo (?:many|much|often)\b|\b(?:text|message)s? (?:a lot|so much|too much)\b|\bslow down\b",
        r"\b(?:text|message|send)\w* (?:me )?(?:less|fewer)\b|\bless (?:often|frequent\w*)\b|\b(?:fewer|"
        r"less) (?:texts|messages)\b",
        r"\b(?:call|email|e mail|phone|ring) (?:me |us )?(?:instead|only)\b|\b(?:only|just) (?:e ?mail|call|phone)\b",
        r"\b(?:dont|do not|no|not) (?:text|texting|texts)\b|\bcant text\b|\bstop by text\b|\bno (?:texts|"
        r"texting|messages)\b",
        r"\b(?:stop|dont|do not|never|quit) (?:\w+ )?call(?:ing)?\b",
        r"\b(?:how|where) (?:did|do) (?:you|u) (?:get|have|find|got) (?:my|this)\b|\bwho gave you\b",
        r"\bwho (?:is|dis|are|s) (?:this|you)\b|\bwho dis\b|\bwhos this\b",
        r"\b(?:is this|are you|r u) (?:a |an )?(?:bot|robot|ai|automated|machine|real|human|scam|spam)\b",
        r"\balready (?:bought|purchased|found|closed|sold|have (?:a|an) (?:agent|realtor|lender|therapist))\b",
        r"\b(?:bought|purchased|closed on) (?:a |another |our |elsewhere|one)",
        r"\b(?:not|arent|isnt) (?:to )?(?:mov|buy|sell|in the market)\w*\b",
        r"\b(?:passed away|passed on|died|deceased|funeral|hospice|late (?:husband|wife|mother|father))\b",
        r"\bthis is (?:his|her|their|my) (?:wife|husband|son|daughter|mom|dad|mother|father|partner|brother|sister)\b",
        r"\b(?:cancel|end|stop|quit) (?:it|this|that|all|everything)(?: please| now| all)*$",
        r"^(?:please )?no more\b|^enough\b|^(?:spam|scam)$|\bshut up\b|\bf+u*c+k+ (?:you|u|yourself)\b",
        r"\b(?:unsubscribe|opt out)\b(?! from| of)",
    )
)
"""Unclear, or a wish for less or for another channel: silence first, and the professional is asked."""
