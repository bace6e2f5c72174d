"""Keywords by which people ask for silence, as data for `nudge_core.policy.opt_out`.

Everything here is matched against folded text: lower case, no accents, no apostrophes, words parted by one blank.
Sources: the seven words of 47 CFR 64.1200(a)(10); the carriers' keywords of `messaging.md` 7.1; the phrases of 7.2 and
`verticals.md` 1.3; the rest are ours. Phrases, doubts and other
tongues stand in `opt_out_phrases`, `opt_out_doubts` and `opt_out_languages`.
"""

from __future__ import annotations


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
        *(
            "no mas",
            "basta",
            "ya basta",
            "detente",
            "parem",
            "alto",
            "parar",
            "pare",
            "baja",
            "cancelar",
            "detener",
            "remover",
        ),  # Spanish, Portuguese
        *("arret", "arrete", "arretez", "desabonner"),  # French
        *("stopp", "abmelden"),  # German
        *("dung", "dung lai", "huy"),  # Vietnamese
        *("отписаться", "отпишите", "стоп", "хватит"),  # Russian
        *("停止", "退订", "取消订阅", "拒收", "停"),  # Chinese
        *("수신거부", "중지", "그만"),  # Korean
        *("tigil", "itigil"),  # Tagalog
    }
)

COURTESY = _words(
    "please pls plz plse svp sil vous plait bitte "
    "thanks thank thx thnx ty you u now ok okay hi hello hey sir maam madam mam kindly just asap "
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
    "taxing sends sender fexting lease leases leased ceases crease release subscribe subscriber resubscribe"
)
"""English words one slip away from an order or an object: never read as its misspelling."""

SLIPS = ("unsubscribe", "texting", "messaging", "message", "messages", "contacting", "contact", "sending", "remove")
"""Words whose misspelling by one slip is read as the word, besides the orders."""

STOP_SIGNS = frozenset("🛑")
"""A pictogram that alone says stop."""
ASK_SIGNS = frozenset("⛔🚫✋🖕")
