"""From approved drafts to habits: greeting, sign-off, length, emoji, phrases.

A habit is what the professional wrote in place of the drafter's words at least twice among the latest texts, and more
often than anything else in that place. It is kept up by texts approved with it, and gives way when they write
otherwise: nobody has to tell the machine that they have changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from uuid import UUID

from attrs import evolve, frozen

from nudge_core.learning.edits import Replacement, replacements, tokens
from nudge_core.learning.parts import UNLEARNABLE, emoji, emoji_out, greeting, length, sign_off
from nudge_core.model.event import stable_id
from nudge_core.model.style import ApprovedDraft, LearnedStyle, Phrase, StyleFact, StyleKind

LOOKED_AT = 40
"""Texts, the newest first, that habits are read from: some two months of a busy professional. Our choice."""

LEAST_EDITS = 2
"""Edits that make a habit: one may be a whim. Our choice."""

PHRASE_TOKENS = 6  # longer stretches are another message, not a way to say it
SHORTER = 0.85
"""A text of at most this share of its draft was shortened on purpose; less is a word here or there. Our choice."""


@frozen(kw_only=True)
class _Vote:
    """What one text says of one kind: the value it was drafted with, and the one it was approved with."""

    value: str
    edited: bool
    draft: ApprovedDraft
    instead_of: str = ""
    event_kind: str = ""


def learn(
    approved: Sequence[ApprovedDraft], removed: Collection[UUID] = (), signature: Sequence[str] = ()
) -> tuple[StyleFact, ...]:
    """Return the habits that the latest approved texts show, by kind, the best supported first.

    Args:
        approved: in any order; the latest `LOOKED_AT` count.
        removed: ids of facts that a person took away: shown as such.
        signature: names that a sign-off must hold (first name, business): a text has to say who writes (C13), so a
            sign-off without them is no habit to follow.
    """
    latest = sorted(approved, key=lambda one: (one.at, one.briefing_id), reverse=True)[:LOOKED_AT]
    votes: Mapping[StyleKind, list[_Vote]] = {
        StyleKind.GREETING: [vote for one in latest for vote in _of(one, greeting)],
        StyleKind.SIGN_OFF: [
            vote for one in latest for vote in _of(one, sign_off) if _is_signed(vote.value, signature)
        ],
        StyleKind.EMOJI: [vote for one in latest for vote in _of(one, emoji)],
    }
    found = [fact for kind, cast in votes.items() for fact in _elected(kind, cast)]
    found += [*_length(latest), *_phrases(latest)]
    return tuple(evolve(fact, removed=fact.id in removed) for fact in found)


def style_for(facts: Sequence[StyleFact], event_kind: str) -> LearnedStyle:
    """Return the habits that hold for a text about this kind of event; those that were removed do not."""
    held = [fact for fact in facts if not fact.removed]
    by_kind = {fact.kind: fact.value for fact in reversed(held)}
    length = by_kind.get(StyleKind.LENGTH)
    return LearnedStyle(
        greeting=by_kind.get(StyleKind.GREETING),
        sign_off=by_kind.get(StyleKind.SIGN_OFF),
        emoji=by_kind.get(StyleKind.EMOJI) or None,
        longest=None if length is None else int(length),
        phrases=tuple(
            Phrase(instead_of=fact.instead_of, write=fact.value)
            for fact in held
            if fact.kind is StyleKind.PHRASE and fact.event_kind == event_kind
        ),
    )


def _is_signed(end: str, signature: Sequence[str]) -> bool:
    return all(name.casefold() in end.casefold() for name in signature)


def _of(draft: ApprovedDraft, part: Callable[[str], str | None]) -> Iterator[_Vote]:
    value = part(draft.approved)
    if value is not None:
        yield _Vote(value=value, edited=value != part(draft.drafted), draft=draft)


def _elected(kind: StyleKind, votes: Sequence[_Vote]) -> Iterator[StyleFact]:
    """The value that was written most often; a text that kept it counts for it, one that kept another for none."""
    written: dict[str, list[_Vote]] = defaultdict(list)
    for vote in votes:
        written[vote.value].append(vote)
    chosen = {value: cast for value, cast in written.items() if sum(one.edited for one in cast) >= LEAST_EDITS}
    if kind is StyleKind.EMOJI:  # without one is how drafts come: no habit
        chosen.pop("", None)
    if chosen:
        value, cast = max(chosen.items(), key=lambda item: (len(item[1]), item[1][0].draft.at, item[0]))
        against = sum(one.edited for one in votes) - sum(one.edited for one in cast)
        if len(cast) > against:
            yield _fact(kind, value, cast)


def _fact(kind: StyleKind, value: str, votes: Sequence[_Vote]) -> StyleFact:
    first = votes[0]
    return StyleFact(
        id=stable_id("style", kind.value, first.event_kind, first.instead_of, value),
        kind=kind,
        value=value,
        instead_of=first.instead_of,
        event_kind=first.event_kind,
        edits=sum(vote.edited for vote in votes),
        kept=sum(not vote.edited for vote in votes),
        last_at=max(vote.draft.at for vote in votes),
        briefing_ids=tuple(vote.draft.briefing_id for vote in votes),
    )


def _length(latest: Sequence[ApprovedDraft]) -> Iterator[StyleFact]:
    """Shorter texts, when most of the edited ones were made shorter."""
    edited = [one for one in latest if one.approved != one.drafted]
    shortened = [one for one in edited if length(one.approved) <= SHORTER * length(one.drafted)]
    if len(shortened) >= LEAST_EDITS and 2 * len(shortened) > len(edited):
        longest = sorted(length(one.approved) for one in shortened)[len(shortened) // 2]
        votes = [_Vote(value=str(longest), edited=True, draft=one) for one in shortened]
        kept = [
            _Vote(value=str(longest), edited=False, draft=one)
            for one in latest
            if one.approved == one.drafted and length(one.approved) <= longest
        ]
        # One id whatever the figure is: who takes the habit away means the habit, not 143 characters.
        yield evolve(_fact(StyleKind.LENGTH, str(longest), votes + kept), id=stable_id("style", StyleKind.LENGTH))


def _phrases(latest: Sequence[ApprovedDraft]) -> Iterator[StyleFact]:
    """Words of the drafter that the professional replaced each time the same way, in texts about the same event."""
    votes: dict[tuple[str, str, str], list[_Vote]] = defaultdict(list)
    for one in latest:
        for change in dict.fromkeys(_said_otherwise(one)):
            old, new = " ".join(change.before), " ".join(change.after)
            vote = _Vote(value=new, edited=True, draft=one, instead_of=old, event_kind=one.kind)
            votes[one.kind, old, new].append(vote)
    for (event_kind, old, _new), cast in sorted(votes.items(), key=lambda item: (-len(item[1]), item[0])):
        left = sum(one.kind == event_kind and _holds(one.drafted, old) and _holds(one.approved, old) for one in latest)
        others = sum(len(v) for (k, o, _), v in votes.items() if (k, o) == (event_kind, old)) - len(cast)
        if len(cast) >= LEAST_EDITS and len(cast) > left + others:
            yield _fact(StyleKind.PHRASE, cast[0].value, cast)


def _said_otherwise(one: ApprovedDraft) -> Iterator[Replacement]:
    """The changed stretches between the greeting and the sign-off that are a way to say it: few plain words."""
    for change in replacements(_body(one.drafted), _body(one.approved)):
        if " ".join(change.before).casefold() == " ".join(change.after).casefold():  # only a sentence begins otherwise
            continue
        both = (*change.before, *change.after)
        words = any(token[0].isalpha() for token in change.before)
        few = max(len(change.before), len(change.after)) <= PHRASE_TOKENS
        if words and few and not any(UNLEARNABLE.search(token) or not token[0].isalpha() for token in both):
            yield change


def _body(text: str) -> str:
    begin, end = greeting(text) or "", sign_off(text) or ""
    return emoji_out(text.removeprefix(begin).rstrip().removesuffix(end))


def _holds(text: str, words: str) -> bool:
    return f" {words} " in f" {' '.join(tokens(text))} "
