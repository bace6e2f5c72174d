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
from attrs import frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.audience import Audience
from nudge_core.matching.columns.column import Rows
from nudge_core.matching.columns.number import NumberColumn
from nudge_core.matching.columns.terms import TermsColumn
from nudge_core.matching.constraints import FULL, NearField, Subject
from nudge_core.matching.ranking import Ranking
from nudge_core.matching.reasons import reasons
from nudge_core.matching.semantic import error_bound
from nudge_core.matching.sheet import Bools, Ints, Sheet
from nudge_core.model.briefing import AudienceMember, Decision
from nudge_core.model.client import Role

Estimates: TypeAlias = NDArray[np.float32]

BLOCK = 256  # offers whose similarities are computed together: more gain nothing (docs/reference/matching.md)
HELD = 2**25  # qualifying pairs of a block held at once, at 12 bytes each: bounds the memory of a run
CHUNK = 2**15  # rows whose sums are taken at once: some twelve arrays of 256 kB
SAMPLE = 2**15  # estimated scores among which a first lower limit is sought
ROUNDING = 1e-6  # more than the float32 error of an estimated score (0 to 1), similarity apart


@frozen(eq=False)
class _Found:
    """Who qualifies for one offer.

    `rows`: ascending. `structure`: float32, their scores (0 to 1) without texts, rounded. `clients`: how many
    different clients they are.
    """

    subject: Subject
    rows: Rows
    structure: Estimates
    clients: int
    considered: int
    excluded: Counter[str]
    not_offered: Counter[str]


def rank(audience: Audience, subjects: Sequence[Subject], *, top: int) -> tuple[Ranking, ...]:
    """Return one ranking per offer, in their order.

    Members are ordered by score, coverage and recency, greatest first, then client id. Each client is there once: in
    a role in which an offer can be made, else one in which to ask, and among those in the first by that order.
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
    left: list[Rows] = []
    for span, priced_out in audience.spans(subject):
        alive = _eligible(audience, subject, span)
        considered += int(np.count_nonzero(alive)) + priced_out
        excluded[audience.schema.fields[0].name] += priced_out
        left.append(_left(audience, subject, span, alive, excluded, not_offered))
    rows, structure, offers = _decided(audience, subject, np.concatenate([*left, _NOBODY]), not_offered)
    kept = _not_dismissed(audience, subject, rows)
    not_offered["dismissed_similar"] = rows.size - int(np.count_nonzero(kept))
    rows, structure, offers = rows[kept], structure[kept], offers[kept]
    kept, doubles = _best_roles(audience, rows, offers)
    rows, structure = rows[kept], structure[kept]
    clients = rows.size - doubles
    not_offered["better_role"] = offers.size - clients
    return _Found(subject, rows, structure, clients, considered, excluded, not_offered)


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
    span: slice,
    alive: Bools,
    excluded: Counter[str],
    not_offered: Counter[str],
) -> Rows:
    """Return the rows of the span that miss nothing that counts. Uses `alive` up."""
    soft = np.zeros_like(alive)
    for column in audience.columns:
        for name, hard, who in column.misses(subject, span):
            if who.dtype != np.bool_:  # places instead of a mask
                if hard:
                    out = who[alive[who]]
                    excluded[name] += out.size
                    alive[out] = False
                else:
                    soft[who] = True
            elif hard:
                np.logical_and(who, alive, out=who)
                excluded[name] += int(np.count_nonzero(who))
                np.logical_xor(alive, who, out=alive)
            else:
                np.logical_or(soft, who, out=soft)
    if audience.schema.soft_miss_score is None:
        np.logical_and(soft, alive, out=soft)
        not_offered["soft_miss"] += int(np.count_nonzero(soft))
        np.logical_xor(alive, soft, out=alive)
    left: Rows = (np.flatnonzero(alive) + span.start).astype(np.int32)
    return left


def _sheet(audience: Audience, subject: Subject, rows: Rows) -> Sheet:
    """Enter every constraint of these rows."""
    sheet = Sheet.empty(audience.weight[rows].astype(np.int64))
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
        structure = (sheet.earned / (sheet.weight * FULL)).astype(np.float32)
        kept.append((chunk[either], structure[either], offers[either]))
    return tuple(np.concatenate(parts) for parts in zip(*kept, strict=True))  # type: ignore[return-value]


def _not_dismissed(audience: Audience, subject: Subject, rows: Rows) -> Bools:
    """Return which of the rows nothing too similar was dismissed for."""
    kept = np.ones(rows.size, np.bool_)
    meanings, vector = audience.meanings, subject.vector
    if meanings is None or vector is None or not meanings.readable(vector) or not meanings.avoided_by.size:
        return kept
    kept[np.searchsorted(rows, meanings.too_similar(rows, vector))] = False
    return kept


def _best_roles(audience: Audience, rows: Rows, offers: Bools) -> tuple[Bools, int]:
    """Return which rows stay when an offer to a client drops the questions about the same client.

    And of those that stay, how many are a further row of a client: which of them is better, only scores can tell.
    """
    kept = np.ones(rows.size, np.bool_)
    if not audience.shared.size or not rows.size:
        return kept, 0
    places = np.minimum(np.searchsorted(rows, audience.shared), rows.size - 1)
    there = rows[places] == audience.shared
    offer = there & offers[places]
    sizes = np.diff(audience.shared_starts, append=audience.shared.size)
    has_offer = np.repeat(np.logical_or.reduceat(offer, audience.shared_starts), sizes)
    dropped = there & ~offer & has_offer
    kept[places[dropped]] = False
    per_client = np.add.reduceat((there & ~dropped).astype(np.int64), audience.shared_starts)
    return kept, int(np.maximum(per_client - 1, 0).sum())


def _ranked(audience: Audience, block: Sequence[_Found], top: int) -> Iterator[Ranking]:
    """Order a block of offers' audiences and put reasons to the first of each."""
    meanings = audience.meanings
    texts, _ = audience.schema.text_parts
    share = audience.schema.text_share
    compared: dict[int, Estimates] = {}
    if meanings is not None and texts:
        asked = [
            (index, (found.rows, found.subject.vector))
            for index, found in enumerate(block)
            if found.subject.vector is not None and meanings.readable(found.subject.vector)
        ]
        cosines = meanings.approximate([wanted for _, wanted in asked])
        compared = {index: cosine for (index, _), cosine in zip(asked, cosines, strict=True)}
    for index, found in enumerate(block):
        estimate, error = found.structure, ROUNDING
        if index in compared and found.subject.vector is not None:
            estimate = estimate * np.float32(1 - share) + np.clip(compared[index], 0, 1) * np.float32(share)
            error += share * (error_bound(found.subject.vector.dim) + 0.5 / FULL)
        rows = found.rows[_first(estimate, top * len(Role), 2 * error)]
        members = _members(audience, found.subject, rows, index in compared, top)
        left_out = Counter({**found.not_offered, "beyond_top": found.clients - len(members)})
        yield Ranking(
            subject_id=found.subject.id,
            members=members,
            considered=found.considered,
            excluded=MappingProxyType({name: n for name, n in found.excluded.items() if n}),
            not_offered=MappingProxyType({name: n for name, n in left_out.items() if n}),
        )


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
    audience: Audience, subject: Subject, rows: Rows, with_texts: bool, top: int
) -> tuple[AudienceMember, ...]:
    """Settle these rows in whole numbers, order them, and return the first of each client with reasons."""
    sheet = _sheet(audience, subject, rows)
    offers, _ = sheet.decide(audience.schema)
    numerator, denominator = _with_texts(audience, subject, rows, sheet) if with_texts else (sheet.earned, sheet.weight)
    score = numerator / (denominator * (FULL // 100))
    coverage = sheet.known_weight / sheet.weight
    members: dict[UUID, AudienceMember] = {}
    for place in np.lexsort((audience.freshness[rows], -coverage, -score)):
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


def _with_texts(audience: Audience, subject: Subject, rows: Rows, sheet: Sheet) -> tuple[Ints, Ints]:
    """Return the score as a fraction, in thousandths, with similarity as the schema's part of the whole."""
    if audience.meanings is None or subject.vector is None:
        raise AssertionError
    part, whole = audience.schema.text_parts
    similar = audience.meanings.similarities(rows, subject.vector)
    return (whole - part) * sheet.earned + part * sheet.weight * similar, whole * sheet.weight
