"""Who could be offered it or asked about it: one offer against all clients, and an account of everybody else.

Columns first say who is out; the few who are left get their sums and a decision. Nothing here loops over clients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from nudge_core.errors import Invalid
from nudge_core.matching.audience import Audience, Number
from nudge_core.matching.columns import FeatureColumn, NearColumn, NumberColumn, TermsColumn
from nudge_core.matching.columns.column import Rows, taken
from nudge_core.matching.constraints import FULL, NearField, Subject
from nudge_core.matching.sheet import Bools, Sheet

Estimates: TypeAlias = NDArray[np.float32]

CHUNK = 2**15  # rows whose sums are taken at once: a dozen arrays of 128 kB
KEPT = (
    2**11
)  # rows whose sums are kept until they are settled; of more, those of the few who come first are taken again


@frozen(eq=False)
class Account:
    """Who was considered and not chosen, by reason; of each book where there are several."""

    considered: Number
    excluded: dict[str, Number] = field(factory=dict)
    not_offered: dict[str, Number] = field(factory=dict)

    def exclude(self, name: str, number: Number) -> None:
        """Charge so many to a missed hard constraint."""
        self.excluded[name] = self.excluded.get(name, 0) + number

    def leave_out(self, reason: str, number: Number) -> None:
        """Charge so many to another reason."""
        self.not_offered[reason] = self.not_offered.get(reason, 0) + number


@frozen(eq=False)
class Found:
    """Who qualifies for one offer, rows ascending, and an account of everybody else.

    `structure`: float32, their scores (0 to 1) without texts, rounded. `offers`: whether it is one, or a question.
    `sheet`: their sums with codes, of at most `KEPT` rows.
    """

    subject: Subject
    rows: Rows
    structure: Estimates
    offers: Bools
    account: Account
    sheet: Sheet | None = None

    def keep(self, audience: Audience, kept: Bools, reason: str) -> Found:
        """Return it with the kept rows only; the others are counted for a reason."""
        if kept.all():
            return self
        self.account.leave_out(reason, audience.counted_rows(self.rows[~kept]))
        rows, structure, offers = self.rows[kept], self.structure[kept], self.offers[kept]
        sheet = None if self.sheet is None else self.sheet.at(kept)
        return evolve(self, rows=rows, structure=structure, offers=offers, sheet=sheet)


def qualify(audience: Audience, subject: Subject) -> Found:
    """Find who could be offered it or asked about it, and account for everybody else."""
    silent: Number = 0
    if not subject.requires:  # nobody without wishes has the required ones
        silent = sum((audience.silent[role] for role in subject.considers), start=silent)
    spans = audience.spans(subject)
    alive = np.zeros(len(audience.seekers), np.bool_)
    for span in spans:
        alive[span] = True
    alive[audience.gone] = False
    considered: Number = silent
    for span in spans:
        if subject.requires:
            alive[span] &= _eligible(audience, subject, span)
        considered = considered + audience.counted(alive[span], span)
    account = Account(considered)
    account.leave_out("nothing_known", silent)
    left = _left(audience, subject, spans, alive, account)
    return _decided(audience, subject, left, account)


def _eligible(audience: Audience, subject: Subject, span: slice) -> Bools:
    """Return who of the span wishes what is required, and gets it."""
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


def _left(audience: Audience, subject: Subject, spans: Sequence[slice], alive: Bools, account: Account) -> Rows:
    """Return the rows that miss nothing that counts; column by column, so that the first miss is charged."""
    soft = np.zeros_like(alive)
    for column in audience.columns:
        if isinstance(column, NearColumn | FeatureColumn):
            for name, hard, rows in column.missed_by(subject):
                if hard:
                    out = rows[alive[rows]]
                    account.exclude(name, audience.counted_rows(out))
                    alive[out] = False
                else:
                    soft[rows] = True
            continue
        for span in spans:
            here = alive[span]
            for name, missed, hard_for in column.misses(subject, span):
                missed &= here
                soft[span] |= missed
                if hard_for is not None:
                    missed &= hard_for
                    account.exclude(name, audience.counted(missed, span))
                    here ^= missed
    if audience.schema.soft_miss_score is None:
        soft &= alive
        whole = slice(0, alive.size)
        account.leave_out("soft_miss", audience.counted(soft, whole))
        alive ^= soft
    return np.flatnonzero(alive).astype(np.int32)


def sheet_of(audience: Audience, subject: Subject, rows: Rows, *, clean: bool, coded: bool = False) -> Sheet:
    """Enter every constraint of these rows.

    Args:
        audience: whose rows.
        subject: what is offered.
        rows: which; any may be asked for.
        clean: they are known to miss nothing, so nobody looks whether they do.
        coded: with what became of each constraint.
    """
    columns = audience.columns
    sheet = Sheet.blank(
        taken(audience.weight, rows), taken(audience.wishes, rows), len(columns) if coded else 0, clean=clean
    )
    for at, column in enumerate(columns):
        column.enter(subject, rows, sheet, at)
    return sheet


def sheet_of_found(audience: Audience, subject: Subject, rows: Rows, *, coded: bool) -> Sheet:
    """Enter every constraint of rows that `qualify` has let pass: they miss nothing, unless an operator allows it."""
    return sheet_of(audience, subject, rows, clean=audience.schema.soft_miss_score is None, coded=coded)


def _decided(audience: Audience, subject: Subject, rows: Rows, account: Account) -> Found:
    """Return the rows that are an offer or a question."""
    kept: list[tuple[Rows, Estimates, Bools]] = []
    for start in range(0, max(1, rows.size), CHUNK):
        chunk = rows[start : start + CHUNK]
        sheet = sheet_of_found(audience, subject, chunk, coded=rows.size <= KEPT)
        offers, asks = sheet.decide(audience.schema)
        structure = sheet.weight * np.float32(FULL)
        np.divide(sheet.lost.astype(np.float32), structure, out=structure)
        np.subtract(1, structure, out=structure)
        either = offers | asks
        if not either.all():
            neither = ~either
            missed = neither & sheet.missed
            account.leave_out("soft_miss", audience.counted_rows(chunk[missed]))
            account.leave_out("too_little_known", audience.counted_rows(chunk[neither & ~missed]))
            chunk, structure, offers, sheet = (
                chunk[either],
                structure[either],
                offers[either],
                (sheet.at(either) if rows.size <= KEPT else sheet),
            )
        kept.append((chunk, structure, offers))
    if len(kept) == 1:
        return Found(subject, *kept[0], account, sheet if rows.size <= KEPT else None)
    chosen, structures, offered = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    return Found(subject, chosen, structures, offered, account)
