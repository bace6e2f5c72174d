"""The parts of a text in which habits show: how it greets, how it ends, its emoji, its length."""

from __future__ import annotations

import re

from nudge_core.policy.placeholders import parse

GREETING_CHARACTERS = 30  # before the name: "Good morning dear" is 17
SIGN_OFF_CHARACTERS = 80  # the longest first name and business name with "Warmly," before them

UNLEARNABLE = re.compile(r"[\d${}]")
"""Of one event or one client, never of a habit."""

_AFTER_NAME = re.compile(r"\s*[,!:.…-]*\s*")
_PICTURE = r"[\u203c\u2049\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff]"
_WITH_IT = r"[\ufe0f\U0001f3fb-\U0001f3ff]*"  # variation selector, skin tones
_EMOJI = re.compile(rf"{_PICTURE}{_WITH_IT}(?:\u200d{_PICTURE}{_WITH_IT})*")


def greeting(text: str) -> str | None:
    """Return how a text greets, to the beginning of its first sentence; None when it does not begin with a name."""
    for place in parse(text)[:1]:
        before = text[: place.start]
        if place.name == "first_name" and len(before) <= GREETING_CHARACTERS and not UNLEARNABLE.search(before):
            after = _AFTER_NAME.match(text, place.end)
            return f"{before}{{first_name}}{after.group() if after else ''}"
    return None


def sign_off(text: str) -> str | None:
    """Return what stands behind the last placeholder of a text; None when that is no sign-off."""
    places = parse(text)
    if not places or places[-1].name == "first_name":
        return None
    end = emoji_out(text[places[-1].end :].strip(" "))
    return end if end and len(end) <= SIGN_OFF_CHARACTERS and not UNLEARNABLE.search(end) else None


def emoji(text: str) -> str:
    """Return the first emoji of a text with all that belongs to it; empty when there is none."""
    found = _EMOJI.search(text)
    return found.group() if found else ""


def emoji_out(text: str) -> str:
    """Return a text without its emoji, and without the blanks they leave at its ends and between words."""
    return _EMOJI.sub("", text).replace("  ", " ").strip(" ") if _EMOJI.search(text) else text


def length(text: str) -> int:
    """Return the characters of a text besides its placeholders."""
    return len(text) - sum(place.end - place.start for place in parse(text))
