"""Does this text ask for silence? Exact words first, then phrases, then learned weights; never a model before them.

Verdicts: `STOP` a reasonable person would read it as "no more texts"; `ASK` unclear, or a wish for less or for another
channel: silence first, then ask the professional; `KEEP` neither. To take an ASK for a STOP is a safe error, to take a
STOP for anything else is not. Source: 47 CFR 64.1200(a)(10), `messaging.md` section 7, `verticals.md` 1.3.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from attrs import evolve, frozen

from nudge_core.policy import opt_out_doubts as doubts
from nudge_core.policy import opt_out_languages as languages
from nudge_core.policy import opt_out_phrases as phrases
from nudge_core.policy import opt_out_words as words
from nudge_core.policy.opt_out_dress import undressed
from nudge_core.policy.opt_out_features import features
from nudge_core.policy.opt_out_learned import Learned, shipped, strongest


class Verdict(StrEnum):
    """What the text asks for."""

    STOP = "stop"
    ASK = "ask"
    KEEP = "keep"


class Command(StrEnum):
    """A keyword that is no opt-out."""

    START = "start"
    HELP = "help"


@frozen(kw_only=True)
class Reading:
    """What was read, and by which layer (`keyword`, `clause`, `phrase`, `narrower`, `unclear`, `learned`, `nothing`).

    `command`: the whole text is START or HELP. `topic`: what a narrower wish names. `may_mean_appointment`: a bare
    "cancel", which is an opt-out by law and perhaps not by intent. `wrong_number`: the phone belongs to somebody else.
    """

    verdict: Verdict
    layer: str
    command: Command | None = None
    topic: str | None = None
    may_mean_appointment: bool = False
    wrong_number: bool = False


TYPO_LENGTH = 4
"""Shortest word in which one slip is allowed. Source: `messaging.md` 7.2."""

LONG_WORD = 5
"""In a torn word that is longer, a letter may also be missing or too many."""

SPELLED_LENGTH = 3
"""So many single letters in a row are one spelled word: "s t o p"."""

_LOOK_ALIKES = str.maketrans("013457@$", "oleastas")
_SIGNS_FOR_LETTERS = re.compile(r"[$@](?=[^\W\d_])|(?<=[^\W\d_])[$@]")
_APOSTROPHES = re.compile("['’‘ʼ`´]")
_CLAUSES = re.compile(r"[.,;:!?()\n\r…—–]+|\s-\s")
_WORD = re.compile(r"[^\W_]+")
_FUZZY_WORDS = tuple(sorted(word for word in words.STOP_WORDS if " " not in word and len(word) >= TYPO_LENGTH))
_CLAUSE_WORDS = frozenset({"stop", "stopall", "stop all", "unsubscribe", "quit", "opt out", "optout", "no mas"})
"""Keywords that count when they are a clause of a longer text: "I never agreed to this, stop"."""

_RANK = {Verdict.KEEP: 0, Verdict.ASK: 1, Verdict.STOP: 2}
_UNDERSTOOD = frozenset({"keyword", "narrower"})
"""Layers whose verdict is no doubt that more evidence could settle."""


def read(text: str, learned: Learned | None = None) -> Reading:
    """Return what `text` asks for. Pure and deterministic; any text is answered, also an empty one.

    The text is read as it was written and without its courtesy (`opt_out_dress`), each time by every layer, and the
    stronger reading counts: whose words read STOP without "thank you" reads STOP with it.

    `learned`: other weights than those of the package, for cross-validation.
    """
    weights = learned or shipped()
    written = raised(by_rules(text), text, weights)
    plain = undressed(text)
    if written.verdict is Verdict.STOP or plain == text:
        return written
    bare = raised(by_rules(plain), plain, weights)
    if _RANK[bare.verdict] <= _RANK[written.verdict]:
        return written
    return evolve(bare, wrong_number=written.wrong_number or bare.wrong_number)


def raised(reading: Reading, text: str, learned: Learned) -> Reading:
    """Return the reading of the rules, raised by the learned layer where it speaks; it never lowers one.

    What a rule has understood as a keyword or a narrower wish is left as it is. A wrong number stays marked as one.
    Source: `messaging.md` 7.2, point 7.
    """
    if reading.verdict is Verdict.STOP or reading.layer in _UNDERSTOOD:
        return reading
    found = features(" ".join(folded_clauses(text)).split())
    if learned.stop.speaks(found):
        return evolve(reading, verdict=Verdict.STOP, layer="learned")
    if reading.verdict is Verdict.KEEP and learned.quiet.speaks(found):
        return Reading(verdict=Verdict.ASK, layer="learned")
    return reading


def explain(text: str, most: int = 8) -> tuple[tuple[str, float], ...]:
    """Return what in a text speaks most for (above 0) or against a stop in the learned layer, strongest first.

    The names hold words of the text: for a developer's eyes, never for a log.
    """
    return strongest(" ".join(folded_clauses(text)).split(), most)


def by_rules(text: str) -> Reading:
    """Return what the keywords and phrases read, without the learned layer."""
    whole = _tokens(text)
    reading = _keyword(text, whole)
    if reading is not None:
        return reading
    folded = " ".join(_mended(whole))
    if doubts.WRONG_NUMBER.search(folded) or doubts.NOT_THIS_PERSON.search(text):
        return Reading(verdict=Verdict.ASK, layer="unclear", wrong_number=True)
    if any(_is_stop_word(_tokens(clause), _CLAUSE_WORDS) for clause in _CLAUSES.split(text)):
        return Reading(verdict=Verdict.STOP, layer="clause")
    clauses = [" ".join(_mended(_tokens(clause))) for clause in _CLAUSES.split(text)]
    if languages.SCRIPTS.search(text) or any(pattern.search(" ".join(whole)) for pattern in languages.FOREIGN_PHRASES):
        return Reading(verdict=Verdict.STOP, layer="phrase")
    return _phrase([_without_innocent(clause) for clause in clauses if clause])


def folded_clauses(text: str) -> tuple[str, ...]:
    """Return the clauses of a text as the last layer looks at them: folded, mended, innocent uses cut out."""
    clauses = (" ".join(_mended(_tokens(clause))) for clause in _CLAUSES.split(text))
    return tuple(_without_innocent(clause) for clause in clauses if clause)


def is_carrier_stop(text: str) -> bool:
    """Say whether a carrier takes the text for STOP: the whole body is one of its words, in any case."""
    return text.strip().casefold() in words.CARRIER_STOP_WORDS


def is_carrier_help(text: str) -> bool:
    """Say whether a carrier takes the text for HELP, and answers it."""
    return text.strip().casefold() in words.HELP_WORDS


def is_carrier_start(text: str) -> bool:
    """Say whether a carrier takes the text for START."""
    return text.strip().casefold() in words.CARRIER_START_WORDS


def _keyword(text: str, whole: Sequence[str]) -> Reading | None:
    """Read a text that is one keyword and courtesy, or one pictogram."""
    if _is_stop_word(whole, words.STOP_WORDS | words.FOREIGN_STOP_WORDS) or _is_torn(whole):
        cancel = any(_same_word(token, "cancel") for token in whole)
        return Reading(verdict=Verdict.STOP, layer="keyword", may_mean_appointment=cancel)
    plain = " ".join(token for token in whole if token not in words.COURTESY)
    if plain in words.START_WORDS:
        return Reading(verdict=Verdict.KEEP, layer="keyword", command=Command.START)
    if plain in words.HELP_WORDS:
        return Reading(verdict=Verdict.KEEP, layer="keyword", command=Command.HELP)
    if not whole and any(sign in text for sign in words.STOP_SIGNS):
        return Reading(verdict=Verdict.STOP, layer="keyword")
    if not whole and any(sign in text for sign in words.ASK_SIGNS):
        return Reading(verdict=Verdict.ASK, layer="keyword")
    return None


def _phrase(clauses: Sequence[str]) -> Reading:
    """Read a longer text, whole and by clauses, out of which the innocent uses of the order words are cut."""
    folded = " ".join(clauses)
    topic = doubts.TOPIC.search(folded)
    if topic is not None:
        return Reading(verdict=Verdict.ASK, layer="narrower", topic=topic["topic"])
    if any(_orders(part) for part in (folded, *clauses)):
        partly = _narrowed(clauses)
        return Reading(verdict=Verdict.ASK if partly else Verdict.STOP, layer="narrower" if partly else "phrase")
    if any(pattern.search(part) for pattern in doubts.ASK_PHRASES for part in (folded, *clauses)):
        return Reading(verdict=Verdict.ASK, layer="unclear")
    return Reading(verdict=Verdict.KEEP, layer="nothing")


def _without_innocent(folded: str) -> str:
    return phrases.INNOCENT.sub(" # ", phrases.ABOUT_OTHERS.sub(" # ", folded))


def _orders(folded: str) -> Sequence[str]:
    """Return the stretches of a text that tell us to be silent."""
    return [found[0] for pattern in phrases.STOP_PHRASES if (found := pattern.search(folded))]


def _narrowed(clauses: Sequence[str]) -> bool:
    """Say whether an order speaks of less, later or some things only, in its own clause or in the next one."""
    orders = [_orders(clause) for clause in clauses]
    for n, clause in enumerate(clauses):
        near = [*orders[n], *(orders[n - 1] if n else [])]
        if not near and any(orders):
            continue
        if doubts.LESS.search(clause) or doubts.NOT_NOW.search(clause):
            return True
        if doubts.SOME_ONLY.search(clause) and all(doubts.ABOUT_THINGS.search(order) for order in near):
            return True
    return False


def _tokens(text: str) -> tuple[str, ...]:
    """Fold a text into words: lower case, compatibility forms, no accents, no apostrophes; spelled words joined."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("đ", "d")
    folded = _SIGNS_FOR_LETTERS.sub(lambda sign: sign[0].translate(_LOOK_ALIKES), folded)
    bare = "".join(c for c in unicodedata.normalize("NFD", folded) if not unicodedata.combining(c))
    spelled: list[str] = []
    found: list[str] = []
    for token in _WORD.findall(unicodedata.normalize("NFC", _APOSTROPHES.sub("", bare))):
        if len(token) == 1 and token.isalpha():
            spelled.append(token)
            continue
        found += _closed(spelled)
        spelled = []
        found.append(token)
    return tuple(found + _closed(spelled))


def _closed(letters: list[str]) -> list[str]:
    return ["".join(letters)] if len(letters) >= SPELLED_LENGTH else letters


def _is_stop_word(tokens: Sequence[str], known: frozenset[str]) -> bool:
    """Say whether the tokens are keywords and courtesy, at least one of them a keyword."""
    left = list(tokens)
    found = False
    while left:
        size = next((n for n in (3, 2, 1) if len(left) >= n and _in(" ".join(left[:n]), known)), 0)
        if size:
            found = True
            del left[:size]
        elif left[0] in words.COURTESY or (left[0] in words.PRONOUNS and found):
            del left[:1]
        else:
            return False
    return found and not (set(tokens) & words.PRONOUNS and set(tokens) & {"cancel", "end", "remove", "revoke"})


def _is_torn(tokens: Sequence[str]) -> bool:
    """Say whether the tokens, blanks left out, are one keyword: "sto p", "0pt-out", "opr out"."""
    torn = "".join(token for token in tokens if token not in words.COURTESY or len(token) == 1)
    letters = torn.translate(_LOOK_ALIKES)
    if len(tokens) < 2 or torn in words.NOT_TYPOS:
        return False
    return any(letters == word or _slipped(letters, word) for word in _FUZZY_WORDS)


def _slipped(letters: str, word: str) -> bool:
    """Say whether a torn word has one slip; a short one would be two words of everyday speech."""
    room = 1 if len(word) > LONG_WORD else 0
    return len(word) > TYPO_LENGTH and abs(len(letters) - len(word)) <= room and _one_slip(letters, word)


def _in(candidate: str, known: frozenset[str]) -> bool:
    """Say whether a word or group of words is a keyword, perhaps with digits for letters, doubled or with one slip."""
    if candidate in known:
        return True
    if " " in candidate or candidate in words.NOT_TYPOS:
        return False
    return any(word in known and _same_word(candidate, word) for word in _FUZZY_WORDS)


def _same_word(candidate: str, word: str) -> bool:
    letters = candidate.translate(_LOOK_ALIKES) if any(c.isalpha() for c in candidate) else candidate
    if candidate in words.NOT_TYPOS or not letters.isalpha():
        return False
    return letters == word or _squeezed(letters) == _squeezed(word) or (len(letters) >= 3 and _one_slip(letters, word))


def _mended(tokens: Sequence[str]) -> list[str]:
    """Return the tokens with one-slip misspellings of orders and objects put right."""
    return [_mend(token) for token in tokens]


@lru_cache(maxsize=4096)
def _mend(token: str) -> str:
    if len(token) < TYPO_LENGTH or token in words.NOT_TYPOS:
        return token
    for word in (*_FUZZY_WORDS, *words.SLIPS):
        if token == word:
            return token
    close = [word for word in (*_FUZZY_WORDS, *words.SLIPS) if _one_slip(token, word)]
    return close[0] if close else token


def _squeezed(word: str) -> str:
    return re.sub(r"(.)\1+", r"\1", word)


def _one_slip(one: str, other: str) -> bool:
    """Say whether one letter added, lost, changed or swapped with its neighbour makes `other` of `one`."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return one == other
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    if len(one) != len(other):
        shorter, longer = sorted((one, other), key=len)
        return shorter[start:] == longer[start + 1 :]
    swapped = one[start : start + 2] == other[start : start + 2][::-1] and one[start + 2 :] == other[start + 2 :]
    return swapped or one[start + 1 :] == other[start + 1 :]
