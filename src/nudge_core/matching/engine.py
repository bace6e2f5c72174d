"""Events meet the book: E offers against C clients, exactly, without a step of Python per pair.

For each offer `qualify` finds the few who could be told of it. Similarity of texts joins in for those few only: it
orders and never qualifies. Scores are first estimated, to pick whom to look at; whoever could be among the first is
then settled in whole numbers, so the result is that of the slow reference scorer in `tests/unit/reference_scorer.py`,
to the last digit. Reasons are made for those who are returned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.audience import Audience
from nudge_core.matching.columns.column import Rows
from nudge_core.matching.constraints import FULL, Subject
from nudge_core.matching.qualify import Estimates, Found, qualify, sheet_of
from nudge_core.matching.ranking import Ranking
from nudge_core.matching.reasons import reasons
from nudge_core.matching.semantic import error_bound
from nudge_core.matching.sheet import Bools, Sheet
from nudge_core.model.briefing import AudienceMember, Decision
from nudge_core.model.client import Role
from nudge_core.model.vector import Vector

Ints: TypeAlias = NDArray[np.int64]

BLOCK = 256  # offers whose similarities are computed together; performance.md 3.2
HELD = 2**26  # qualifying pairs of a block held at once, at 13 bytes each: bounds the memory of a run
SAMPLE = 2**13  # estimated scores among which a first lower limit is sought
ROUNDING = 1e-6  # more than the float32 error of an estimated score (0 to 1), similarity apart


def rank(audience: Audience, subjects: Sequence[Subject], *, top: int) -> tuple[Ranking, ...]:
    """Return one ranking per offer, in their order.

    Members are ordered by score, coverage, number of wishes known and recency, greatest first, then client id. Each
    client is there once: in a role in which an offer can be made, else one in which to ask, and among those in the
    first by that order. `score` is 0 to 100, `coverage` 0 to 1. What makes an offer or a question: `Sheet.decide`.

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
    block: list[Found] = []
    for subject in subjects:
        block.append(qualify(audience, subject))
        if len(block) == BLOCK or sum(found.rows.size for found in block) > HELD:
            rankings.extend(_ranked(audience, block, top))
            block = []
    rankings.extend(_ranked(audience, block, top))
    return tuple(rankings)


def _ranked(audience: Audience, block: Sequence[Found], top: int) -> Iterator[Ranking]:
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


def _with_vectors(audience: Audience, block: Sequence[Found]) -> list[tuple[int, tuple[Rows, Vector]]]:
    """Return, for each offer with a vector of the audience's model, its place in the block, its rows and the vector."""
    meanings = audience.meanings
    return [
        (place, (found.rows, vector))
        for place, found in enumerate(block)
        if (vector := found.subject.vector) is not None and meanings is not None and meanings.readable(vector)
    ]


def _not_dismissed(audience: Audience, block: Sequence[Found]) -> list[Found]:
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


def _best_roles(audience: Audience, found: Found) -> Found:
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


def _similarities(audience: Audience, block: Sequence[Found]) -> list[Estimates | None]:
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
    sheet = sheet_of(audience, subject, rows)
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
