"""Test S2: opt-out wording on labelled texts: development, held-out and shared seed apart. Source: `reliability.md` 10.

The gates for the held-out part are its honest figures, rounded down: it may not get worse, and no rule is written for
one of its texts. Where a gate is below the aim of S2, `docs/reference/opt-out.md` says so.
"""

from __future__ import annotations

from nudge_core.policy.opt_out import Verdict
from tests.measure_opt_out import development, held_out, measure, second_blind, seed
from tests.shared_data import shared

LEAST_PRECISION = 0.90
LEAST_EXPLICIT = 0.99
LEAST_EXPLICIT_HELD_OUT = 0.98
"""Measured 98.9 %, 97.3 % by the rules alone: below the aim of 99 %."""
LEAST_QUIETENED = 0.95
"""Unclear and narrower wishes that pause the automation; our own gate."""


def test_the_gold_is_as_large_as_s2_asks() -> None:
    texts = (*development(), *held_out())
    assert len({one.text for one in texts}) >= 300
    assert sum(one.label is Verdict.KEEP for one in texts) >= 120


def test_no_text_is_in_both_parts() -> None:
    seen, apart = {one.text for one in development()}, {one.text for one in held_out()}
    keywords = {one.text for one in held_out() if one.group in ("keyword", "disguised", "language")}
    assert seen & apart <= keywords | {one.text for one in development() if one.label is not Verdict.KEEP}


def test_development_texts_are_read_right() -> None:
    figures = measure(development())
    print(figures.line("development"))  # noqa: T201 - this is the terminal's program
    assert figures.per_se == 1.0
    assert figures.explicit >= LEAST_EXPLICIT
    assert figures.precision >= LEAST_PRECISION
    assert figures.left_alone >= LEAST_PRECISION
    assert figures.quietened >= LEAST_QUIETENED


def test_held_out_texts_are_read_as_well_as_was_measured() -> None:
    figures = measure(held_out())
    print(figures.line("held out"))  # noqa: T201 - this is the terminal's program
    assert figures.per_se == 1.0
    assert figures.explicit >= LEAST_EXPLICIT_HELD_OUT
    assert figures.precision >= LEAST_PRECISION
    assert figures.left_alone >= LEAST_PRECISION
    assert figures.quietened >= LEAST_QUIETENED


def test_the_second_blind_set_is_read_as_it_was_measured_once() -> None:
    figures = measure(second_blind())
    print(figures.line("second blind set"))  # noqa: T201 - this is the terminal's program
    assert figures.per_se == 1.0
    assert figures.explicit >= LEAST_EXPLICIT
    assert figures.precision >= LEAST_PRECISION
    assert figures.left_alone >= LEAST_PRECISION


def test_the_shared_seed_is_read_right() -> None:
    figures = measure(seed(shared("vectors/optout_phrases.jsonl")))
    print(figures.line("shared seed"))  # noqa: T201 - this is the terminal's program
    assert (figures.per_se, figures.explicit, figures.lost) == (1.0, 1.0, 0)
    assert figures.precision >= LEAST_PRECISION
    assert figures.left_alone >= LEAST_PRECISION
