"""Who could be offered it or asked about it: one offer against all clients, and an account of everybody else.

Columns first say who is out; the few who are left get their sums and a decision. Nothing here loops over clients.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.audience import Audience
from nudge_core.matching.columns import FeatureColumn, NearColumn, NumberColumn, TermsColumn
from nudge_core.matching.columns.column import Rows
from nudge_core.matching.constraints import FULL, NearField, Subject
from nudge_core.matching.sheet import Bools, Sheet

Estimates: TypeAlias = NDArray[np.float32]

CHUNK = 2**15  # rows whose sums are taken at once: a dozen arrays of 128 kB

_NOBODY: Rows = np.empty(0, np.int32)


@frozen(eq=False)
class Found:
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

    def keep(self, kept: Bools, reason: str) -> Found:
        """Return it with the kept rows only; the others are counted for a reason."""
        if kept.all():
            return self
        left_out = Counter({**self.not_offered, reason: self.rows.size - int(np.count_nonzero(kept))})
        rows, structure, offers = self.rows[kept], self.structure[kept], self.offers[kept]
        return evolve(self, rows=rows, structure=structure, offers=offers, not_offered=left_out)


def qualify(audience: Audience, subject: Subject) -> Found:
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
    return Found(subject, rows, structure, offers, considered, excluded, not_offered)


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


def sheet_of(audience: Audience, subject: Subject, rows: Rows) -> Sheet:
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
        sheet = sheet_of(audience, subject, chunk)
        offers, asks = sheet.decide(audience.schema)
        either = offers | asks
        missed = int(np.count_nonzero(sheet.missed & ~either))
        not_offered["soft_miss"] += missed
        not_offered["too_little_known"] += chunk.size - int(np.count_nonzero(either)) - missed
        structure = 1 - sheet.lost.astype(np.float32) / (sheet.weight * np.float32(FULL))
        kept.append((chunk[either], structure[either], offers[either]))
    chosen, structures, offered = zip(*kept, strict=True)
    return np.concatenate(chosen), np.concatenate(structures), np.concatenate(offered)
