"""The soft question at the end of a text, by kind of event and role: one question, easy to answer, no pressure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from nudge_core.model.client import Role
from nudge_core.model.event import ListingEvent

_B, _I, _S, _P = Role.BUYER, Role.INVESTOR, Role.SELLER_PROSPECT, Role.PAST_CLIENT

_GONE: Mapping[Role, tuple[str, ...]] = {
    _B: ("Want me to look for something like it?", "Should I keep looking?"),
    _I: ("Want me to look for something like it?", "Should I tell you if it comes back?"),
    _S: ("Want me to let you know if it comes back?", "Should I tell you if that changes?"),
    _P: ("Want me to let you know if it comes back?", "Should I tell you if that changes?"),
}

QUESTIONS: Mapping[ListingEvent, Mapping[Role, tuple[str, ...]]] = MappingProxyType(
    {
        ListingEvent.NEW_LISTING: {
            _B: ("Would you like to see it?", "Want me to set up a showing?", "Should I send you the details?"),
            _I: ("Want me to send you the numbers?", "Should I run the numbers for you?", "Worth a closer look?"),
            _S: ("Want to know how yours compares?", "Should I keep you posted on this one?"),
            _P: ("Do you know anyone who might like it?", "Should I keep you posted on this one?"),
        },
        ListingEvent.COMING_SOON: {
            _B: ("Should I tell you when showings start?", "Want me to keep you posted on it?"),
            _I: ("Want the details as soon as I have them?", "Should I keep an eye on it for you?"),
            _S: ("Should I let you know how it goes?", "Want me to keep you posted on it?"),
            _P: ("Should I let you know how it goes?", "Do you know anyone who might like it?"),
        },
        ListingEvent.PRICE_DROP: {
            _B: ("Does that make it worth a look?", "Would you like to see it?", "Want to go see it?"),
            _I: ("Does it work for you at that price?", "Want me to run the numbers?"),
            _S: ("Want to talk about what that means for you?", "Curious where yours would stand?"),
            _P: ("Want me to keep an eye on prices for you?", "Curious where yours would stand?"),
        },
        ListingEvent.BACK_ON_MARKET: {
            _B: ("Would you like to see it?", "Is it worth a look for you?", "Want me to set up a showing?"),
            _I: ("Want me to find out why it came back?", "Is it worth a look for you?"),
            _S: ("Want me to keep you posted on it?", "Should I let you know how it goes?"),
            _P: ("Want me to keep you posted on it?", "Do you know anyone who might like it?"),
        },
        ListingEvent.SOLD_LISTING: {
            _B: ("Want me to watch for one like it?", "Should I look for something like it?"),
            _I: ("Want me to watch for one like it?", "Should I look for something like it?"),
            _S: ("Curious what yours might sell for?", "Want to know what that means for yours?"),
            _P: ("Want an updated idea of what yours is worth?", "Curious how yours compares?"),
        },
        ListingEvent.EXPIRED_LISTING: _GONE,
        ListingEvent.WITHDRAWN_LISTING: _GONE,
    }
)


def soft_question(kind: ListingEvent, role: Role, variation: int = 0) -> str:
    """Return the question for one client; `variation` is a stable number that picks among equal wordings."""
    equal = QUESTIONS[kind][role]
    return equal[variation % len(equal)]
