"""Words of one sense, by which the learned layer of the opt-out reader generalises: "nix", "stop", "ping" and "text".

A concept is a name and the beginnings or whole words that carry it. A word may carry several. They decide nothing by
themselves: the weights of `opt_out_learned` say what each concept, and each row of concepts, is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

_WHOLE: Mapping[str, str] = {
    "stop": "stop stops stopped stopping stp stopp halt halting cease ceasing desist quit quits quitting discontinue "
    "discontinuing refrain abstain nix terminate suspend unsub unsubscribe unsubscribed unsubscribing optout dnc "
    "stopping hush squash axe abort",
    "end": "end ends ended ending finish finished over done through end enough conclude concluded",
    "off": "off out away outta",
    "cancel": "cancel cancels canceled cancelled cancelling cancel cancellation void nullify",
    "remove": "remove removed removing removal delete deleted deleting erase purge scrub expunge wipe clear strike "
    "scratch cross drop pull take taken taking toss trash bin discard shred unlist delist "
    "deregister disenroll unenroll "
    "exclude omit eject withdraw rmv del dlt dump detach release uninstall unfollow unfriend boot "
    "kick extract extricate",
    "lose": "lose forget loose misplace burn bury",
    "cut": "cut kill ditch knock lay back pull shut switch turn flip disable deactivate mute silence hang pack wrap",
    "text": "text texts texting texted txt txts txting txtd message messages messaging messaged msg "
    "msgs msging sms mms "
    "ping pings pinging buzz buzzing blast blasts note notes dm dms imessage imessages correspondence "
    "communication communications comms outreach notification notifications alert alerts",
    "sell": "ad ads advert adverts advertisement advertising promo promos promotion promotional promotions marketing "
    "solicitation solicitations solicit soliciting pitch pitches pitching junk spam spams spamming spammer spammers "
    "offers crap garbage nonsense bs telemarketing campaign campaigns newsletter newsletters drip robot robo bot "
    "automated unsolicited unwanted",
    "contact": "contact contacts contacting contacted reach reaching reached write writes writing wrote hear hearing "
    "heard approach correspond communicate communicating email emailing respond reply",
    "bother": "bother bothers bothering bothered bug bugging pester pestering annoy annoying harass "
    "harassing harassment "
    "hound hounding nag nagging badger disturb disturbing hassle hassling stalk stalking blow blowing hit hitting "
    "intrude invade blowin",
    "send": "send sends sending sent sendin receive receives receiving received get gets getting got deliver",
    "number": "number numbers num phone phones cell line digits mobile cellphone fone contact info "
    "information details "
    "handset landline device",
    "list": "list lists database db rolodex crm roster rotation system distribution rolls file files records record "
    "registry directory spreadsheet sheet group thread chat program subscription subscriber enrollment phonebook",
    "we": "i im ive id ill we were weve wed my mine me us our ours myself ourselves",
    "me": "me us",
    "my": "my our this",
    "you": "you u ya your yours ur youre youve youd youll yall yous ye yr",
    "other": "he she they him her them his hers their theirs ex boss mom mother dad father sister brother neighbor "
    "neighbour neighbors seller buyer tenant landlord agent lender bank hoa zillow somebody someone everyone people "
    "kids kid daughter son husband wife friend coworker guy teacher investor realtor boyfriend girlfriend employer hr",
    "family": "husband wife mom mother dad father son daughter kid grandma grandpa parents family spouse partner",
    "not": "not no dont do_not never none nothing zero without cant cannot wont wouldnt shouldnt doesnt didnt isnt "
    "arent havent nor neither nobody noone dnt dunt ain aint nope nah mustnt neednt quit",
    "again": "again anymore any more further future ever forever longer permanently hereafter "
    "henceforth onward onwards "
    "another additional agn evermore altogether entirely completely immediately effective forthwith instantly",
    "want": "want wants wanted wanna wish wishes wished like prefer rather care desire need needs needed interest "
    "interested appreciate welcome intend",
    "ask": "ask asked asking told tell telling said say saying request requested requesting requests demand demanding "
    "insist beg begging typed replied repeat asks warned",
    "consent": "consent consented consenting permission authorize authorized authorization authorise authorised agree "
    "agreed agreement approve approval permit permitted allow allowed revoke revoked revoking rescind rescinded "
    "withdraw withdrew withdrawn withdrawing retract opt opted opting optin subscribe subscribed sign signed enroll "
    "enrolled",
    "revoke": "revoke revoked revoking rescind rescinding rescinded withdraw withdrawing withdrawn retract retracting",
    "law": "tcpa fcc ftc lawyer attorney lawsuit sue suing sued legal illegal illegally police cops court complaint "
    "bbb violation violating fine damages law unlawful regulator",
    "block": "block blocked blocking report reported reporting flag flagged flagging blk blocc",
    "alone": "alone peace be quiet silence silent",
    "go": "go get away lost scram shoo begone bugger piss buzz beat hike",
    "rude": "fuck fucking fck fuckin f shit damn hell ffs wtf tf screw idiot moron creep stfu shut jerk asshole ass",
    "tired": "tired sick fed done enough over annoyed patience",
    "let": "leave let lemme leaving",
    "how": "how where what which",
    "why": "why",
    "who": "who whos",
    "can": "can could would will may might",
    "must": "must should shall need have has gotta better ought",
    "please_do": "stop by at in over",
    "keep": "keep keeps kept keepin continue continues resume still start",
    "if": "if when until till unless once",
    "less": "less fewer often frequently frequent many much daily weekly monthly only just except "
    "instead slow pause hold "
    "later break limit reduce unless sometimes",
    "time": "today tomorrow tonight morning afternoon evening noon monday tuesday wednesday thursday friday saturday "
    "sunday mon tue wed thu fri sat sun week weekend month year spring summer january february march april may june "
    "july august september october november december am pm oclock hour minutes min",
    "meet": "appointment appointments appt session sessions showing showings tour tours visit inspection walkthrough "
    "walk meeting meet reschedule slot calendar schedule waitlist open viewing rebook visit call closing",
    "home": "house houses home homes condo condos townhouse townhouses property properties listing "
    "listings place yard "
    "kitchen garage pool roof bedroom bedrooms bed beds bath street neighborhood offer offers seller price basement "
    "carpet fence lot lots apartment apartments rental land duplex acre stairs hoa buyer lease deed "
    "title sign door key "
    "driveway lockbox counter contingency",
    "loan": "loan loans mortgage rate rates lender bank refinance refi escrow payment payments credit pmi apr docs "
    "document documents paperwork application underwriting appraisal income account lock loan closing cosigner policy "
    "insurance check card",
    "care": "therapy therapist session anxiety anxious panic feel feeling feelings meds medication drinking smoking "
    "crying sleep thoughts mind pain hurting group homework",
    "drive": "bus train stop light sign traffic road exit stopped",
    "like_it": "love loved great awesome perfect nice thanks helpful glad happy amazing beautiful good excited cool",
    "agree": "yes yep yup yeah ok okay sure fine deal absolutely",
    "wrong": "wrong mistake mistaken",
    "died": "died passed dead deceased funeral",
    "these": "these this those them em it that stuff things everything anything",
    "more": "more anymore mor mo",
    "never": "never",
}
_BEGINNINGS: Mapping[str, str] = {
    "text": "textin messag txtin",
    "stop": "unsubscr unsuscr discontin",
    "sell": "solicit spamm advertis",
    "bother": "harass pester",
    "consent": "consent authori permiss",
    "law": "harass lawsui",
}
LONGEST_BEGINNING = 10


def _words() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, listed in _WHOLE.items():
        for word in listed.split():
            if name not in found.setdefault(word, []):
                found[word].append(name)
    return {word: tuple(names) for word, names in found.items()}


_NAMES = _words()
_STARTS = tuple((start, name) for name, starts in _BEGINNINGS.items() for start in starts.split())


@lru_cache(maxsize=8192)
def concepts(word: str) -> tuple[str, ...]:
    """Return the names of the concepts of one folded word, in a fixed order; none for a word without a known sense."""
    known = _NAMES.get(word)
    if known is not None:
        return known
    return tuple(dict.fromkeys(name for start, name in _STARTS if word.startswith(start)))
