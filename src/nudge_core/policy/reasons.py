"""What a stored reason code says to the professional: one plain sentence each, and nothing personal in any of them.

A code may have two parts: `expired:cap_7_days` is the end and what it waited for, `wording:no_children` the rule that
the words broke. A code that is not here is shown as it is, with a sentence that says so; a test keeps the table whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

GATE: Mapping[str, str] = MappingProxyType(
    {
        "no_phone": "This person has no phone number in your book.",
        "no_sender": "You have no number to send from yet.",
        "phone_unusable": "The carrier says that this number cannot take texts.",
        "wrong_number": "Somebody else has this number: ask your client for the right one.",
        "country_not_covered": "The number is abroad, and we do not know the rules there.",
        "revoked": "This person asked for no more texts. Only their own START lifts that.",
        "revoked_topic": "This person asked for no more texts about this.",
        "no_consent": "There is no record of a consent that allows this kind of text.",
        "expired": "The text lost its sense before it could go out.",
        "plan_paused": "The plan it belongs to is paused.",
        "plan_ended": "The plan it belongs to has ended.",
        "reply_unclear": "This person wrote something that you should answer first.",
        "wording": "The words break a rule that does not allow them to go out.",
        "cool_down": "You have just been in touch: automation rests for three days.",
        "new_contact": "This person is new: no automatic texts in the first two weeks.",
        "cap_day": "This person already gets a text today.",
        "cap_7_days": "This person had the most texts for seven days.",
        "cap_30_days": "This person had the most texts for thirty days.",
        "cap_topic_day": "This person already gets a text about this today.",
        "cap_topic_7_days": "This person had the most texts about this for seven days.",
        "cap_state": "The recipient's state allows no more texts about this within 24 hours.",
        "quiet_hours": "It is outside the lawful hours, or your own, where the recipient may be.",
        "no_common_hour": "No hour is lawful in all places the recipient may be: tell us where they live.",
        "provider_limit": "Your number has reached what the carrier takes.",
        "already_sent": "The same text has already gone out.",
    }
)

SILENCES: Mapping[str, str] = MappingProxyType(
    {
        "opted_out": "This person asked for no more texts.",
        "carrier_opt_out": "The carrier says that this person asked for no more texts.",
        "narrower_wish": "This person asked for no more texts about one thing.",
        "phone_unusable": "The carrier says that this number cannot take texts.",
        "wrong_number": "Somebody else has this number.",
        "they_told_me": "You told us that this person wants no more texts.",
        "started": "This person wrote START: texts are allowed again.",
    }
)

FACTS: Mapping[str, str] = MappingProxyType(
    {
        "phone_changed": "Your client has another number by now.",
        "resource_gone": "What the text is about is no longer there.",
        "listing_moved": "The listing is no longer in the state the text tells of.",
        "price_changed": "The price has changed since the text was written.",
    }
)

SENDING: Mapping[str, str] = MappingProxyType(
    {
        "send_deadline": "It took too long to hand the text over safely; it is tried again.",
        "pace_missed": "It missed its place in the pace of your number; it is tried again.",
        "stopping": "The sender was being stopped; the text goes out with the next one.",
        "lane_tripped": "The carrier kept failing for your number; it is tried again after a pause.",
        "gate_allows": "It may go out now; it is on its way.",
        "error": "Something on our side failed while the text was prepared; it is tried again a few times.",
        "lease_expired": "The sender stopped in the middle: we look up at the carrier whether the text went out.",
        "no_evidence": "The carrier knows nothing of this text. Decide whether it should go out again.",
        "attempts_exhausted": "It was tried too often without success.",
        "cancelled_by_person": "You took it back before it went out.",
        "closed_by_a_person": "Nobody knew whether it had gone out, and you closed it.",
        "arrived_after_all": "The first try arrived after all, so the second one was not needed.",
        "duplicate_accept": "The carrier took this text twice. We look into it.",
    }
)

CARRIER: Mapping[str, str] = MappingProxyType(
    {
        "20003": "The carrier did not accept our access data. Nothing goes out until they are mended.",
        "20404": "The carrier does not know what we asked for.",
        "20429": "The carrier is busy; it is tried again.",
        "20500": "The carrier had a fault.",
        "21211": "The carrier says that this is no valid number.",
        "21212": "The carrier says that your number is not valid.",
        "21408": "The carrier does not send to this country for us.",
        "21602": "The text was empty.",
        "21603": "No number to send from was given.",
        "21604": "No number to send to was given.",
        "21606": "Your number cannot send texts.",
        "21609": "Our address for receipts was not accepted: this is our fault.",
        "21610": "This person sent STOP to the carrier.",
        "21611": "Too many texts wait on your number; it is tried again.",
        "21612": "The carrier cannot send from your number to this one.",
        "21614": "This is not a mobile number.",
        "21617": "The text is too long.",
        "21624": "The time left for the text was not accepted: this is our fault.",
        "21635": "This is a landline.",
        "21658": "The text is too long.",
        "30001": "Too many texts waited at the carrier, and this one was dropped.",
        "30003": "The phone could not be reached: switched off, or out of coverage.",
        "30004": "The recipient, or their carrier, blocks texts from you.",
        "30005": "The number does not exist any more.",
        "30006": "This is a landline, or its carrier takes no texts.",
        "30007": "A carrier took the text for spam and dropped it. Look at its words and at your registration.",
        "30008": "The carrier failed and does not say why.",
        "30022": "Your number sends faster than its registration allows.",
        "30023": "Your brand has reached a carrier's limit for today.",
        "30032": "Your toll-free number is not verified.",
        "30034": "Your number is in no registered campaign.",
        "30036": "The text was not delivered within its lawful time.",
        "30409": "The text could not be cancelled any more.",
        "30450": "The carrier stopped the text as a suspicion of fraud.",
        "30610": "The carrier stopped the text: quiet hours.",
        "30640": "The carrier stopped the text: the recipient is known for suits.",
        "35111": "The planned time was missing.",
        "35114": "The planned time was not accepted.",
        "35115": "The planned time is too near or too far.",
        "35117": "The planned time was not accepted.",
        "35118": "Planning at the carrier needs a service of numbers.",
        "35125": "Too many texts are planned at the carrier.",
        "63017": "The carrier is busy; it is tried again.",
        "21422": "This number can no longer be had.",
        "60200": "The one-time code was asked for in a way that the carrier does not take.",
        "60202": "Too many one-time codes were sent to this phone: wait ten minutes.",
        "60203": "Too many wrong codes: ask for a new one.",
        "60212": "A one-time code is already on its way.",
        "60410": "One-time codes cannot be sent to this country.",
        "90007": "The time left for the text was not accepted: this is our fault.",
    }
)
"""Twilio's codes of `messaging.md` 6, as they are stored with a text that failed."""

SENTENCES: Mapping[str, str] = MappingProxyType({**SILENCES, **FACTS, **SENDING, **CARRIER, **GATE})


def is_known(code: str) -> bool:
    """Say whether the code, or the first part of it, has a sentence."""
    return code.partition(":")[0] in SENTENCES


def explain(code: str) -> str:
    """Return the sentence of a stored reason code, both parts of it where it has two; any code is answered."""
    first, _, second = code.partition(":")
    if first not in SENTENCES:
        return f"Stopped for a reason without a sentence yet ({code})."
    if not second:
        return SENTENCES[first]
    return f"{SENTENCES[first]} {SENTENCES.get(second, f'Rule: {second}.')}"
