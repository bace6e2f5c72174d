"""From a brief to a text, without a model: the same brief always gives the same words.

A text is a greeting, what happened, optional details, the client's own reason and question, and who writes. It must
fit two SMS parts with its placeholders at their longest. What is given up for that, in this order: the size, the type,
the baths, the beds; the city or subdivision beside a fuller name of the home; the wording that names the drop.

What the professional's own edits taught (`Brief.learned`) is kept to: their greeting, sign-off, phrases and length. An
emoji makes a text dear, so that one may take as many parts as no rule objects to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from nudge_core.learning.parts import length
from nudge_core.learning.phrasing import begun, said_their_way, signed, still_signs, with_emoji
from nudge_core.model.brief import Brief
from nudge_core.model.client import Role
from nudge_core.model.event import ListingEvent
from nudge_core.model.style import LearnedStyle
from nudge_core.policy.placeholders import widest
from nudge_core.policy.segments import GSM_PART, Encoding, segments
from nudge_core.policy.wording import OPT_OUT_LINE
from nudge_core.verticals.real_estate.brief import GONE, kind_of_event
from nudge_core.verticals.real_estate.switches import STRICT, Switches
from nudge_core.verticals.real_estate.templates import (
    DETAIL_FACTS,
    DETAILS_AFTER,
    DETAILS_IN_BRACKETS,
    GREETINGS,
    OPENINGS,
    OWNER_NOTE,
    OWNER_NOTES,
    PLACES,
    SIGN_OFF_ALONE,
    SIGN_OFFS,
    SLOT,
    Tiers,
    slots,
)

PARTS = 2  # what the port promises (nudge_core.ports.services.Drafter)
ROOM = PARTS * GSM_PART
ROOM_FOR_FIRST_TEXTS = ROOM - len(f". {OPT_OUT_LINE}")
"""Details are told only while a first text, which also says how to stop, still keeps to two parts."""

PERSONAL = "{reason} {question}"


def compose(brief: Brief, switches: Switches = STRICT) -> str:
    """Return a draft for the brief's audience, with the placeholders of `nudge_core.policy.placeholders`.

    For an expired or withdrawn listing it is a note to the professional, without placeholders, unless the operator
    allows telling clients.

    Raises:
        Invalid: the brief's kind is unknown.
    """
    kind = kind_of_event(brief.kind)
    if kind in GONE and not switches.tell_of_gone_listings:
        return _owner_note(kind, brief.facts)
    learned = brief.learned
    greeting, choice = _pick(GREETINGS, brief.variation)
    greeting = learned.greeting or greeting
    sign_off, choice = _sign_off(brief, choice)
    tiers = _in_their_words(_openings(kind, brief.roles), learned)

    def whole(body: str) -> str:
        return signed(f"{begun(greeting, body)} {PERSONAL}", sign_off)

    detailed = [whole(body) for body in _with_details(kind, brief.facts, tiers, choice)]
    bare = [whole(body) for body in _without_details(brief.facts, tiers, choice)]
    fitting = [text for text in detailed if _units(text) <= ROOM_FOR_FIRST_TEXTS]
    fitting += [text for text in bare if _units(text) <= ROOM]
    if not _is_cheap(sign_off):  # a name GSM-7 cannot write: no wording keeps to two parts, so nothing is given up
        fitting = bare[:1]
    return with_emoji(_as_long_as_theirs(fitting or bare[-1:], learned), learned.emoji)


def _in_their_words(tiers: Tiers, learned: LearnedStyle) -> Tiers:
    if not learned.phrases:
        return tiers
    return tuple(tuple(said_their_way(line, learned.phrases) for line in tier) for tier in tiers)


def _as_long_as_theirs(texts: Sequence[str], learned: LearnedStyle) -> str:
    """The fullest text, or the fullest that is as short as the professional makes them, or the shortest there is."""
    if learned.longest is None:
        return texts[0]
    return next((text for text in texts if length(text) <= learned.longest), min(texts, key=length))


def _owner_note(kind: ListingEvent, facts: Mapping[str, str]) -> str:
    line, place = next(_lines(facts, OWNER_NOTES[kind], 0)), next(_places(facts))
    return OWNER_NOTE + _filled(line, {**facts, "place": place})


def _openings(kind: ListingEvent, roles: Sequence[Role]) -> Tiers:
    """The lines for an audience of one role, or those for anybody."""
    return OPENINGS[kind, roles[0] if len(set(roles)) == 1 else None]


def _with_details(kind: ListingEvent, facts: Mapping[str, str], tiers: Tiers, choice: int) -> Iterator[str]:
    """The fullest line and place, with one detail fewer each time."""
    line, place = next(_lines(facts, tiers, choice)), next(_places(facts))
    for details in _details(kind, facts, choice // 3):
        if kind in DETAILS_AFTER:
            yield _filled(line, {**facts, "place": place})[:-1] + details
        else:
            yield _filled(line, {**facts, "place": place + details})


def _without_details(facts: Mapping[str, str], tiers: Tiers, choice: int) -> Iterator[str]:
    """Every line with every place, the fullest first."""
    for line in _lines(facts, tiers, choice):
        for place in _places(facts):
            yield _filled(line, {**facts, "place": place})


def _lines(facts: Mapping[str, str], tiers: Tiers, choice: int) -> Iterator[str]:
    """One line per tier whose facts are there; the last tier needs none but the place."""
    for tier in tiers:
        usable = [line for line in tier if all(slot in facts or slot == "place" for slot in slots(line))]
        if usable:
            yield _pick(usable, choice)[0]


def _places(facts: Mapping[str, str]) -> Iterator[str]:
    known = {**facts, "home": _with_article(facts.get("type", "home"))}
    for form in PLACES:
        if all(slot in known for slot in slots(form)):
            yield _filled(form, known)


def _details(kind: ListingEvent, facts: Mapping[str, str], choice: int) -> Iterator[str]:
    """The details, with one fewer each time.

    They follow what happened in place of its full stop, or stand in brackets behind the place. The type is told here
    when the home is named by its address, and there only.
    """
    for home, said in _fewer_and_fewer(facts):
        if kind in DETAILS_IN_BRACKETS:
            yield f" ({', '.join([home, *said] if home else said)})"
        elif kind in DETAILS_AFTER and home:
            yield f": {_with_article(home)} with {_listed(said)}."
        elif kind in DETAILS_AFTER:
            yield f": {', '.join(said)}." if choice % 2 else f". {_listed(said)}."


def _fewer_and_fewer(facts: Mapping[str, str]) -> Iterator[tuple[str | None, Sequence[str]]]:
    """The type or None, and the counted details: all, then without the size, the type, the baths, the beds."""
    said = [_counted(name, facts[name]) for name in DETAIL_FACTS if name in facts]
    home = facts.get("type") if "address" in facts else None
    if home and said:
        yield home, said
        if "living_area" in facts and len(said) > 1:
            said = said[:-1]
            yield home, said
    yield from ((None, said[:count]) for count in range(len(said), 0, -1))


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _counted(name: str, value: str) -> str:
    if name == "living_area":
        return value
    return f"{value} {name[:-1] if value == '1' else name}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _sign_off(brief: Brief, choice: int) -> tuple[str, int]:
    form, choice = _pick(SIGN_OFFS, choice) if brief.sender_business else (SIGN_OFF_ALONE, choice)
    learned = brief.learned.sign_off
    if learned is not None and still_signs(learned, brief.sender_first_name, brief.sender_business):
        return learned, choice
    return _filled(form, {"sender": brief.sender_first_name, "business": brief.sender_business}), choice


def _pick(equal: Sequence[str], choice: int) -> tuple[str, int]:
    """Return one of several equal wordings, and what is left of the number for the next choice."""
    return equal[choice % len(equal)], choice // len(equal)


def _filled(line: str, facts: Mapping[str, str]) -> str:
    return SLOT.sub(lambda slot: facts[slot.group(1)], line)


def _units(text: str) -> int:
    """GSM-7 units at the longest placeholders; more than any room when the text does not keep to two parts."""
    counted = segments(widest(text))
    return counted.units if counted.encoding is Encoding.GSM7 and counted.parts <= PARTS else ROOM + 1


def _is_cheap(text: str) -> bool:
    return segments(text).encoding is Encoding.GSM7
