"""Events meet the book: E offers against C clients, exactly, without a step of Python per pair.

For each offer, columns are compared over whole stretches of clients and only say who is out (`Column.misses`). The few
who are left get their sums (`Sheet`) and a decision. Similarity of texts joins in for those few only: it orders and
never qualifies. Scores are first estimated, to pick whom to look at; whoever could be among the first is then settled
in whole numbers, so the result is that of the slow reference scorer in `tests/unit/reference_scorer.py`, to the last
digit. Reasons are made for those who are returned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.audience import Audience
from nudge_core.matching.columns import FeatureColumn, NearColumn, NumberColumn, TermsColumn
from nudge_core.matching.columns.column import Rows
from nudge_core.matching.constraints import FULL, NearField, Subject
from nudge_core.matching.ranking import Ranking
from nudge_core.matching.reasons import reasons
from nudge_core.matching.semantic import error_bound
from nudge_core.matching.sheet import Bools, Sheet
from nudge_core.model.briefing import AudienceMember, Decision
from nudge_core.model.client import Role
from nudge_core.model.vector import Vector

Estimates: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]

BLOCK = 256  # offers whose similarities are computed together: more gain nothing (docs/reference/matching.md)
HELD = 2**26  # qualifying pairs of a block held at once, at 13 bytes each: bounds the memory of a run
CHUNK = 2**15  # rows whose sums are taken at once: some twelve arrays of 256 kB
SAMPLE = 2**13  # estimated scores among which a first lower limit is sought
ROUNDING = 1e-6  # more than the float32 error of an estimated score (0 to 1), similarity apart


@frozen(eq=False)
class _Found:
    """Who qualifies for one offer, rows ascending, and an account of everybody else.

    `structure`: float32, their scores (0 to 1) without texts, rounded. `offers`: whether it is one, or a question.
    """

    subject: Subject
    rows: Rows
    structure: Estimates
    offers: Bools
    considered: int
    excluded: Counter[str]
    not_offered: Counter[str]

    def keep(self, kept: Bools, reason: str) -> _Found:
        """Return it with the kept rows only; the others are counted for a reason."""
        if kept.all():
            return self
        left_out = Counter({**self.not_offered, reason: self.rows.size - int(np.count_nonzero(kept))})
        rows, structure, offers = self.rows[kept], self.structure[kept], self.offers[kept]
        return evolve(self, rows=rows, structure=structure, offers=offers, not_offered=left_out)


def rank(audience: Audience, subjects: Sequence[Subject], *, top: int) -> tuple[Ranking, ...]:
    """Return one ranking per offer, in their order.

    Members are ordered by score, coverage, number of wishes known and recency, greatest first, then client id. Each
    client is there once: in a role in which an offer can be made, else one in which to ask, and among those in the
    first by that order.
    `score` is 0 to 100, `coverage` 0 to 1. What makes an offer or a question: `Sheet.decide`.

    Args:
        audience: the book.
        subjects: what the events offer.
        top: most members per ranking, at least 1; the rest are counted as `beyond_top`.

    Raises:
        Invalid: `top` below 1; an offer that requires a field which is neither of numbers nor of terms.
    """
    if top < 1:
        raise Invalid("rank.top", "at least 1", top)
    rankings: list[Ranking] = []
    block: list[_Found] = []
    for subject in subjects:
        block.append(_qualify(audience, subject))
        if len(block) == BLOCK or sum(found.rows.size for found in block) > HELD:
            rankings.extend(_ranked(audience, block, top))
            block = []
    rankings.extend(_ranked(audience, block, top))
    return tuple(rankings)


def _qualify(audience: Audience, subject: Subject) -> _Found:
    """Find who could be offered it or asked about it, and account for everybody else."""
    excluded: Counter[str] = Counter()
    not_offered: Counter[str] = Counter()
    considered = 0
    if not subject.requires:  # nobody without wishes has the required ones
        not_offered["nothing_known"] = sum(audience.silent.get(role, 0) for role in subject.considers)
        considered = not_offered["nothing_known"]
    alive = np.zeros(len(audience.seekers), np.bool_)
    spans: list[slice] = []
    for span, priced_out in audience.spans(subject):
        spans.append(span)
        alive[span] = _eligible(audience, subject, span)
        considered += priced_out
        excluded[audience.schema.fields[0].name] += priced_out
    considered += int(np.count_nonzero(alive))
    left = _left(audience, subject, spans, alive, excluded, not_offered)
    rows, structure, offers = _decided(audience, subject, left, not_offered)
    return _Found(subject, rows, structure, offers, considered, excluded, not_offered)


_NOBODY: Rows = np.empty(0, np.int32)


def _eligible(audience: Audience, subject: Subject, span: slice) -> Bools:
    """Return who of the span is considered at all."""
    alive = np.ones(span.stop - span.start, np.bool_)
    for name in subject.requires:
        if isinstance(audience.schema.field_named(name), NearField):
            raise Invalid("subject.requires", "fields of numbers or of terms", name)
        columns = [c for c in audience.columns if c.name == name and isinstance(c, NumberColumn | TermsColumn)]
        if not columns:
            alive[:] = False
        for column in columns:
            if isinstance(column, TermsColumn):
                alive &= column.met(subject, span)
            else:
                alive &= column.met(subject.numbers.get(name), span)
                alive &= ~column.met(subject.before.get(name), span)
    return alive


def _left(
    audience: Audience,
    subject: Subject,
    spans: Sequence[slice],
    alive: Bools,
    excluded: Counter[str],
    not_offered: Counter[str],
) -> Rows:
    """Return the rows that miss nothing that counts; column by column, so that the first miss is charged."""
    soft = np.zeros_like(alive)
    for column in audience.columns:
        if isinstance(column, NearColumn | FeatureColumn):
            for name, hard, rows in column.missed_by(subject):
                if hard:
                    out = rows[alive[rows]]
                    excluded[name] += out.size
                    alive[out] = False
                else:
                    soft[rows] = True
            continue
        for span in spans:
            for name, hard, who in column.misses(subject, span):
                if hard:
                    np.logical_and(who, alive[span], out=who)
                    excluded[name] += int(np.count_nonzero(who))
                    alive[span] ^= who
                else:
                    soft[span] |= who
    if audience.schema.soft_miss_score is None:
        soft &= alive
        not_offered["soft_miss"] += int(np.count_nonzero(soft))
        alive ^= soft
    return np.flatnonzero(alive).astype(np.int32)


def _sheet(audience: Audience, subject: Subject, rows: Rows) -> Sheet:
    """Enter every constraint of these rows."""
    sheet = Sheet.blank(audience.weight[rows], audience.wishes[rows])
    for column in audience.columns:
        column.enter(subject, rows, sheet)
    return sheet


def _decided(
    audience: Audience, subject: Subject, rows: Rows, not_offered: Counter[str]
) -> tuple[Rows, Estimates, Bools]:
    """Return the rows that are an offer or a question, their scores without texts, and which are offers."""
    kept: list[tuple[Rows, Estimates, Bools]] = [(_NOBODY, np.empty(0, np.float32), np.empty(0, np.bool_))]
    for start in range(0, rows.size, CHUNK):
        chunk = rows[start : start + CHUNK]
        sheet = _sheet(audience, subject, chunk)
        offers, asks = sheet.decide(audience.schema)
        either = offers | asks
        missed = int(np.count_nonzero(sheet.missed & ~either))
        not_offered["soft_miss"] += missed
        not_offered["too_little_known"] += chunk.size - int(np.count_nonzero(either)) - missed
        structure = 1 - sheet.lost.astype(np.float32) / (sheet.weight * np.float32(FULL))
        kept.append((chunk[either], structure[either], offers[either]))
    return tuple(np.concatenate(parts) for parts in zip(*kept, strict=True))  # type: ignore[return-value]


def _ranked(audience: Audience, block: Sequence[_Found], top: int) -> Iterator[Ranking]:
    """Order a block of offers' audiences and put reasons to the first of each."""
    block = [_best_roles(audience, found) for found in _not_dismissed(audience, block)]
    texts = _similarities(audience, block)
    for found, similar in zip(block, texts, strict=True):
        estimate, error = found.structure, ROUNDING
        if similar is not None and audience.meanings is not None:
            share = audience.schema.text_share
            estimate = estimate * np.float32(1 - share) + np.clip(similar, 0, 1) * np.float32(share)
            error += share * (error_bound(audience.meanings.matrix.shape[1]) + 0.5 / FULL)
        first = _first(estimate, top * len(Role), 2 * error)
        cosines = None if similar is None else similar[first]
        members = _members(audience, found.subject, found.rows[first], cosines, top)
        double = _further_rows(audience, found.rows)
        left_out = found.not_offered + Counter(better_role=double, beyond_top=found.rows.size - double - len(members))
        yield Ranking(
            subject_id=found.subject.id,
            members=members,
            considered=found.considered,
            excluded=MappingProxyType({name: n for name, n in found.excluded.items() if n}),
            not_offered=MappingProxyType({name: n for name, n in left_out.items() if n}),
        )


def _with_vectors(audience: Audience, block: Sequence[_Found]) -> list[tuple[int, tuple[Rows, Vector]]]:
    """Return, for each offer with a vector of the audience's model, its place in the block, its rows and the vector."""
    meanings = audience.meanings
    return [
        (place, (found.rows, vector))
        for place, found in enumerate(block)
        if (vector := found.subject.vector) is not None and meanings is not None and meanings.readable(vector)
    ]


def _not_dismissed(audience: Audience, block: Sequence[_Found]) -> list[_Found]:
    """Leave out whom something too similar was dismissed for."""
    kept = list(block)
    meanings = audience.meanings
    if meanings is None or not meanings.avoided_by.size:
        return kept
    asked = _with_vectors(audience, block)
    for (place, (rows, _)), dropped in zip(asked, meanings.too_similar([a for _, a in asked]), strict=True):
        left = np.ones(rows.size, np.bool_)
        left[np.searchsorted(rows, dropped)] = False
        kept[place] = block[place].keep(left, "dismissed_similar")
    return kept


def _best_roles(audience: Audience, found: _Found) -> _Found:
    """Where a client can be made an offer in one role, leave out the questions about the others."""
    if not audience.shared.size or not found.rows.size:
        return found
    there, places = _shared(audience, found.rows)
    offer = there & found.offers[places]
    sizes = np.diff(audience.shared_starts, append=audience.shared.size)
    can_be_offered = np.repeat(np.logical_or.reduceat(offer, audience.shared_starts), sizes)
    kept = np.ones(found.rows.size, np.bool_)
    kept[places[there & ~offer & can_be_offered]] = False
    return found.keep(kept, "better_role")


def _further_rows(audience: Audience, rows: Rows) -> int:
    """Return how many of the rows are a second or third one of a client: which is better, only scores tell."""
    if not audience.shared.size or not rows.size:
        return 0
    there, _ = _shared(audience, rows)
    per_client = np.add.reduceat(there.astype(np.int64), audience.shared_starts)
    return int(np.maximum(per_client - 1, 0).sum())


def _shared(audience: Audience, rows: Rows) -> tuple[Bools, NDArray[np.intp]]:
    """Return which rows of clients with several are among the rows, and at which places."""
    places = np.minimum(np.searchsorted(rows, audience.shared), rows.size - 1)
    return rows[places] == audience.shared, places


def _similarities(audience: Audience, block: Sequence[_Found]) -> list[Estimates | None]:
    """Return the estimated cosines of each offer's rows; None where texts are not compared."""
    found: list[Estimates | None] = [None] * len(block)
    if audience.meanings is not None and audience.schema.text_share:
        asked = _with_vectors(audience, block)
        for (place, _), cosines in zip(asked, audience.meanings.approximate([a for _, a in asked]), strict=True):
            found[place] = cosines
    return found


def _first(estimate: Estimates, number: int, slack: float) -> NDArray[np.intp]:
    """Return the places of all that could be among the first `number`: nobody else is within `slack` of them."""
    if estimate.size <= number:
        return np.arange(estimate.size)
    places = np.arange(estimate.size)
    if number < SAMPLE < estimate.size:  # the limit of a part is a lower limit of the whole, and cheap
        limit = np.partition(estimate[:SAMPLE], SAMPLE - number)[SAMPLE - number]
        places = np.flatnonzero(estimate >= limit - slack)
    values = estimate[places]
    limit = np.partition(values, values.size - number)[values.size - number]
    first: NDArray[np.intp] = places[values >= limit - slack]
    return first


def _members(
    audience: Audience, subject: Subject, rows: Rows, cosines: Estimates | None, top: int
) -> tuple[AudienceMember, ...]:
    """Settle these rows in whole numbers, order them, and return the first of each client with reasons."""
    sheet = _sheet(audience, subject, rows)
    offers, _ = sheet.decide(audience.schema)
    numerator, denominator = _fraction(audience, subject, rows, sheet, cosines)
    score = numerator / (denominator * (FULL // 100))
    coverage = sheet.known_weight / sheet.weight
    members: dict[UUID, AudienceMember] = {}
    for place in np.lexsort((audience.freshness[rows], -sheet.known, -coverage, -score)):
        seeker = audience.seekers[rows[place]]
        if seeker.client_id in members:
            continue
        decision = Decision.OFFER if offers[place] else Decision.ASK
        members[seeker.client_id] = AudienceMember(
            client_id=seeker.client_id,
            role=seeker.role,
            score=float(score[place]),
            coverage=float(coverage[place]),
            decision=decision,
            reasons=reasons(audience.schema, seeker, subject),
            included=decision is Decision.OFFER,
        )
        if len(members) == top:
            break
    return tuple(members.values())


def _fraction(
    audience: Audience, subject: Subject, rows: Rows, sheet: Sheet, cosines: Estimates | None
) -> tuple[Ints, Ints]:
    """Return the scores as fractions, in thousandths, with similarity of texts as the schema's part of the whole."""
    earned, weight = sheet.earned.astype(np.int64), sheet.weight.astype(np.int64)
    if cosines is None or audience.meanings is None or subject.vector is None:
        return earned, weight
    part, whole = audience.schema.text_parts
    similar = audience.meanings.similarities(rows, cosines, subject.vector)
    return (whole - part) * earned + part * weight * similar, whole * weight
