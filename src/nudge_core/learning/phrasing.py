"""A drafter's words, said the way the professional says them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nudge_core.model.style import LearnedStyle, Phrase
from nudge_core.policy.placeholders import widest
from nudge_core.policy.segments import segments
from nudge_core.policy.wording import BLOCK_ABOVE_PARTS

_GAP = re.compile(r" {2,}| (?=[.,;!?])")
_ENDS_A_SENTENCE = re.compile(r"[.!?…\n]\s*$")


def said_their_way(line: str, phrases: Sequence[Phrase]) -> str:
    """Return a line with the professional's phrases in place of its own; what stands in `<>` or `{}` is left alone."""
    for phrase in phrases:
        words = r"\s+".join(map(re.escape, phrase.instead_of.split()))
        alone = rf"(?<![\w<{{'’]){words}(?![\w>}}'’])"
        said = re.sub(alone, phrase.write.replace("\\", r"\\"), line)
        line = _GAP.sub(lambda gap: " " if len(gap.group()) > 1 else "", said).strip(" ")
    return line


def begun(greeting: str, body: str) -> str:
    """Return a greeting and the sentence after it; that begins with a capital when the greeting ends a sentence."""
    if greeting and _ENDS_A_SENTENCE.search(greeting):
        body = body[:1].upper() + body[1:]
    gap = "" if not greeting or greeting[-1].isspace() else " "
    return f"{greeting}{gap}{body}"


def signed(text: str, sign_off: str) -> str:
    """Return a text with a sign-off behind it, on a line of its own where that is the habit."""
    return f"{text}{'' if sign_off.startswith(chr(10)) else ' '}{sign_off}"


def with_emoji(text: str, emoji: str | None) -> str:
    """Return a text with the emoji at its end, unless that would take more parts than a rule allows.

    One emoji moves a text to the dear alphabet (`nudge_core.policy.segments`): two parts become up to four.
    """
    if not emoji or segments(widest(longer := f"{text} {emoji}")).parts > BLOCK_ABOVE_PARTS:
        return text
    return longer


def still_signs(sign_off: str, *names: str) -> bool:
    """Say whether a learned sign-off names who writes, as they are called now: a text has to (C13)."""
    return all(name.casefold() in sign_off.casefold() for name in names)


def guidance(style: LearnedStyle) -> dict[str, object]:
    """Return what a language model is told of these habits; empty when none is known."""
    told: dict[str, object] = {
        "greeting": style.greeting,
        "sign_off": style.sign_off,
        "characters_at_most": style.longest,
        "say": [{"instead_of": phrase.instead_of, "write": phrase.write} for phrase in style.phrases],
    }
    return {name: value for name, value in told.items() if value}
