"""Ranks notes for a piece of content: topics decide whether, text decides who first.

What a note is about is guessed from the professional's own tagged contents; for the text, the nearer note is first.
Neither knows who the clients are: they are rows here, and equals stay in the order given.
Method and figures: `docs/reference/quality.md`, ADR 20.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.content.texts import Texts, all_near, common_dim, ready
from nudge_core.matching.content.topics import Taught, carries, teach
from nudge_core.matching.content.words import Floats, Weighing, weighing, words_of
from nudge_core.model.vector import Vector

MEANT = 0.7
"""A topic counts as meant by a note from this chance on: nine of ten pairs so flagged were right in the rehearsals."""
EVIDENCE = 0.2
"""How far the note must raise the chance above what is usual in the library: silence is no evidence (P)."""
MOST_TAUGHT_BY = 2_000
"""Contents the guesses are learned from at most, the first of those given: the regression grows with their cube (P)."""
SHARED_WORDS = 5
"""Words named in a reason."""
_SENTENCE = re.compile(r"[^\s.!?][^.!?\n]*[.!?]*")
_STEPS = 9
"""Decimals of a score: below them lies rounding, which must not decide an order."""


@frozen(kw_only=True)
class Weights:
    """What can be turned. The defaults come of rehearsals on the development library alone (`tests.measure_content`):
    around them the figures are flat.

    `meaning`: share of meaning in nearness, the rest is words; above 0.3 the person a text was written for is lost
    sight of. `stiffness`: what the regression adds to each content's nearness to itself. `text`: what nearness weighs
    beside expected overlap of topics, both in standard deviations among the notes; the more, the more it is about who
    comes first, the less, about whether.
    """

    meaning: float = 0.2
    stiffness: float = 1.0
    text: float = 1.5


SHIPPED = Weights()


@frozen(kw_only=True)
class Content:
    """A tagged piece of content. `topics` are its tags, as the professional wrote them, lower-cased by the caller."""

    text: str = field(repr=False)
    topics: frozenset[str] = frozenset()
    meaning: Vector | None = None


@frozen(kw_only=True)
class Note:
    """What is known of a client in words. An empty text is allowed. `interests`: topics that were stated, not guessed,
    written as the contents' topics are."""

    text: str = field(repr=False)
    meaning: Vector | None = None
    interests: frozenset[str] = field(default=frozenset(), repr=False)


@frozen(kw_only=True)
class TopicReason:
    """The note seems to be about a topic of the content. `usual`: the chance without having read the note. `stated`: it
    is one of the client's interests; then `chance` is 1."""

    topic: str
    chance: float
    usual: float
    stated: bool = False


@frozen(kw_only=True)
class Recipient:
    """One note in the ranking of one content.

    `row`: which note. `overlap`: expected size of the common topics over that of all topics of the two, 0 to 1.
    `near`: nearness of the texts. `score`: what the order follows; comparable within one content only.
    `meant`: the content's topics that the note means, surest first; with none there is no ground to act on.
    """

    row: int
    overlap: float
    near: float
    score: float
    meant: tuple[TopicReason, ...]

    @property
    def flagged(self) -> bool:
        """Whether there is ground to propose the content to this client unasked."""
        return bool(self.meant)


@frozen(eq=False)
class Readership:
    """Notes of one book, read with the help of one library. `chances`: shape (notes, topics), 1 where stated."""

    _weighing: Weighing = field(repr=False)
    _notes: Texts = field(repr=False)
    _wording: tuple[str, ...] = field(repr=False)
    _taught: Taught = field(repr=False)
    chances: Floats = field(repr=False)
    _stated: NDArray[np.bool_] = field(repr=False)
    _model: str | None
    _weights: Weights

    def rank(self, content: Content) -> tuple[Recipient, ...]:
        """Return every note, the most suitable first; equals in the order they were given.

        Raises:
            Invalid: the content's vector is of another model than those of the book.
        """
        near = self._near(content)
        carried = carries([content.topics], self._taught.names)[0]
        overlap = self._overlap(carried, len(content.topics))
        scores = np.round(_standing(overlap) + self._weights.text * _standing(near), _STEPS)
        return tuple(
            Recipient(
                row=row,
                overlap=float(overlap[row]),
                near=float(near[row]),
                score=float(scores[row]),
                meant=self._meant(row, carried),
            )
            for row in np.argsort(-scores, kind="stable").tolist()
        )

    def shared_words(self, content: Content, row: int) -> tuple[str, ...]:
        """Return the words of a note that bring it near the content, the strongest first, as the note has them.

        They are the client's: for the professional's screen, never for a log.
        """
        count = len(self._weighing.place)
        one = self._weighing.rows([content.text]).wide(0, count) * self._notes.rows.wide(row, count)
        written = {self._weighing.forms[word]: word for word in reversed(words_of(self._wording[row]))}
        strongest = np.argsort(-one, kind="stable")[:SHARED_WORDS].tolist()
        return tuple(written[place] for place in strongest if one[place] > 0)

    def phrase(self, content: Content, row: int) -> tuple[int, int] | None:
        """Return where the sentence stands that shares most with a content, half-open; None: the note shares no word.

        It is the evidence for the professional, never for the client.
        """
        count = len(self._weighing.place)
        wide = self._weighing.rows([content.text]).wide(0, count) * self._notes.rows.wide(row, count)
        spans = [match.span() for match in _SENTENCE.finditer(self._wording[row])]
        worth = [self._worth(wide, self._wording[row][start:end]) for start, end in spans]
        best = max(range(len(spans)), key=lambda place: worth[place], default=None)
        return spans[best] if best is not None and worth[best] > 0 else None

    def _worth(self, wide: Floats, sentence: str) -> float:
        places = {self._weighing.forms[word] for word in words_of(sentence)}
        return float(wide[sorted(places)].sum())

    def _near(self, content: Content) -> Floats:
        if content.meaning is not None and self._model not in (None, content.meaning.model_id):
            raise Invalid("content.meaning", f"made by {self._model}", content.meaning.model_id)
        meaning = content.meaning if self._model is not None else None
        one = ready(self._weighing, [content.text], [meaning], self._notes.meanings.shape[1])
        near: Floats = all_near(one, self._notes, len(self._weighing.place), self._weights.meaning)[0]
        return near

    def _overlap(self, carried: Floats, topics: int) -> Floats:
        common = self.chances @ carried
        together = topics + self.chances.sum(axis=1) - common
        overlap: Floats = np.divide(common, together, out=np.zeros_like(common), where=together > 0)
        return overlap

    def _meant(self, row: int, carried: Floats) -> tuple[TopicReason, ...]:
        chances, usual, stated = self.chances[row], self._taught.usual, self._stated[row]
        sure = stated | ((chances >= MEANT) & (chances - usual >= EVIDENCE))
        places = np.flatnonzero((carried > 0) & sure).tolist()
        places.sort(key=lambda place: (-chances[place], place))
        return tuple(
            TopicReason(
                topic=self._taught.names[place],
                chance=float(chances[place]),
                usual=float(usual[place]),
                stated=bool(stated[place]),
            )
            for place in places
        )


def read(library: Sequence[Content], notes: Sequence[Note], weights: Weights = SHIPPED) -> Readership:
    """Read a book's notes with the help of the contents its professional has tagged.

    Args:
        library: tagged contents, those that matter most (the newest) first; more than MOST_TAUGHT_BY are not learned
            from. Contents without a topic teach nothing about topics and are left out. May be empty: then only the
            texts decide, and nothing is flagged.
        notes: one per client, in an order that knows nothing of how well they suit.
        weights: others than those shipped, for rehearsals.

    Raises:
        Invalid: the vectors come from more than one model.
    """
    teachers = [content for content in library if content.topics][:MOST_TAUGHT_BY]
    vectors = [*(content.meaning for content in teachers), *(note.meaning for note in notes)]
    dim = common_dim(vectors)
    weighed = weighing([*(content.text for content in teachers), *(note.text for note in notes)])
    contents = ready(weighed, [c.text for c in teachers], [c.meaning for c in teachers], dim)
    readers = ready(weighed, [n.text for n in notes], [n.meaning for n in notes], dim)
    words = len(weighed.place)
    near = all_near(contents, contents, words, weights.meaning)
    interests = [note.interests for note in notes]
    taught = teach([c.topics for c in teachers], near, weights.stiffness, frozenset().union(*interests))
    guessed = taught.guess(all_near(contents, readers, words, weights.meaning).T)
    stated = carries(interests, taught.names) > 0
    return Readership(
        weighed,
        readers,
        tuple(note.text for note in notes),
        taught,
        np.where(stated, 1.0, guessed),
        stated,
        next((vector.model_id for vector in vectors if vector is not None), None),
        weights,
    )


def _standing(values: Floats) -> Floats:
    """Return how many standard deviations each value lies above the mean; zeros where all are alike."""
    spread = float(values.std()) if len(values) else 0.0
    standing: Floats = (values - values.mean()) / spread if spread > np.finfo(np.float64).eps else np.zeros_like(values)
    return standing
