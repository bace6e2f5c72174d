"""The judge on evidence made up to break one invariant each, and on evidence that breaks none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve

from tests.chaos.checker import Bounds, Evidence, Move, Row, Silence, judge, told
from tests.chaos.ledger import Accept, Ledger, Wrote, read
from tests.chaos.town import Town

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)  # in Texas
BEN, EVE = "+15125560001", "+15125560002"
BOUNDS = Bounds(grace_s=4.0, accept_after_stop_s=2.0)


def accept(text: str, phone: str = BEN, *, after_s: float = 0.0, sid: str = "", attempt: int = 1) -> Accept:
    return Accept(
        sid=sid or f"SM{text}",
        message_id=text,
        attempt=attempt,
        user_id="rita",
        sender="+15125550100",
        recipient=phone,
        at=NOON + timedelta(seconds=after_s),
        real_s=1_000.0 + after_s,
        was_late=False,
    )


def row(text: str, phone: str = BEN, delivery: str = "sent", message_class: str = "marketing", resends: int = 0) -> Row:
    return Row(
        id=text,
        user_id="rita",
        recipient=phone,
        message_class=message_class,
        delivery=delivery,
        provider_sid=f"SM{text}" if delivery == "sent" else None,
        resends=resends,
    )


def moves(text: str, phone: str = BEN, message_class: str = "marketing") -> list[Move]:
    queued = Move(
        message_id=text,
        user_id="rita",
        recipient=phone,
        message_class=message_class,
        delivery="queued",
        attempt=0,
        provider_sid=None,
        receipt=None,
        at_s=999.0,
        wait_s=0.0,
    )
    sending = evolve(queued, delivery="sending", attempt=1, at_s=999.5)
    return [queued, sending, evolve(sending, delivery="sent", provider_sid=f"SM{text}", receipt="sent", at_s=1_000.5)]


HONEST = Evidence(
    ledger=Ledger(
        accepts=[accept("a"), accept("b", EVE)],
        wrote=[Wrote(sid="SMin", sender=EVE, recipient="+15125550100", is_stop=True, told=True)],
    ),
    released=["a", "b"],
    rows=[row("a"), row("b", EVE)],
    moves=[*moves("a"), *moves("b", EVE)],
    silences=[Silence(user_id="rita", phone=EVE, active=True, at_s=1_010.0)],
    inbound=["SMin"],
    numbers={"+15125550100": "rita"},
    still_planned=frozenset(),
    probes=["-", "-"],
)


def with_accepts(accepts: Sequence[Accept]) -> Evidence:
    return evolve(HONEST, ledger=evolve(HONEST.ledger, accepts=accepts))


def test_an_honest_run_breaks_nothing() -> None:
    verdict = judge(HONEST, BOUNDS)
    assert verdict.violations == ()
    assert (verdict.messages, verdict.accepted, verdict.duplicates, verdict.lost, verdict.sent) == (2, 2, 0, 0, 2)
    assert verdict.p50_s == pytest.approx(1.0)


TWICE = [*HONEST.ledger.accepts, accept("a", after_s=1.0, sid="SMa2")]
FELL = [*HONEST.moves, evolve(moves("a")[2], receipt="queued")]
RENAMED = [*HONEST.moves, evolve(moves("a")[2], provider_sid="SMother")]


@pytest.mark.parametrize(
    ("invariant", "evidence"),
    [
        ("I1", evolve(HONEST, rows=[row("a", delivery="in_doubt"), row("b", EVE)])),
        ("I2", with_accepts(TWICE)),
        ("I3", evolve(HONEST, silences=[evolve(HONEST.silences[0], at_s=999.4)])),
        ("I3", evolve(HONEST, silences=[])),
        ("I3", evolve(HONEST, still_planned=frozenset({("rita", EVE)}))),
        ("I4", with_accepts([evolve(accept("a"), at=NOON + timedelta(hours=12)), accept("b", EVE)])),
        ("I4", with_accepts([evolve(accept("a"), recipient="+18085560001", at=NOON), accept("b", EVE)])),
        ("I5", evolve(HONEST, moves=FELL)),
        ("I5", evolve(HONEST, moves=RENAMED)),
        ("I7", with_accepts([accept("a")])),
        ("I7", evolve(HONEST, rows=[row("a", delivery="failed"), row("b", EVE)])),
        ("I8", evolve(HONEST, inbound=["SMin", "SMin"])),
        ("I8", evolve(HONEST, inbound=[])),
        ("I9", evolve(HONEST, probes=["-", "rita"])),
        ("crash", evolve(HONEST, deaths=["worker: ValueError: x"])),
    ],
)
def test_a_broken_invariant_is_named(invariant: str, evidence: Evidence) -> None:
    assert judge(evidence, BOUNDS).broken() == {invariant}


def test_a_lost_text_is_counted_and_its_row_missed() -> None:
    verdict = judge(evolve(HONEST, released=["a", "b", "c"]), BOUNDS)
    assert verdict.lost == 1
    assert verdict.broken() == {"I1", "I7"}


def test_an_accept_long_after_a_stop_is_told_though_its_claim_came_first() -> None:
    held = [evolve(HONEST.silences[0], at_s=999.8)]
    assert judge(evolve(HONEST, silences=held), BOUNDS).violations == ()  # 0.2 s later: on its way
    late = with_accepts([accept("a"), accept("b", EVE, after_s=2.5)])
    assert judge(evolve(late, silences=held), BOUNDS).broken() == {"I3"}
    asleep = evolve(BOUNDS, accept_after_stop_s=None)
    assert judge(evolve(late, silences=held), asleep).violations == ()


def test_caps_are_counted_per_local_day_on_the_ledger() -> None:
    names = ["a", "c", "d"]
    three = evolve(
        HONEST,
        ledger=Ledger(accepts=[accept(name) for name in names], wrote=[]),
        released=names,
        rows=[row(name) for name in names],
        moves=[move for name in names for move in moves(name)],
        silences=[],
        inbound=[],
    )
    assert judge(three, BOUNDS).broken() == {"I6"}
    by_hand = evolve(three, rows=[row(name, message_class="transactional") for name in names])
    assert judge(by_hand, BOUNDS).violations == ()


def test_a_second_accept_of_a_text_that_is_resent_is_excused_only_past_the_grace() -> None:
    resent = evolve(
        HONEST,
        rows=[row("a", message_class="transactional", resends=1), row("b", EVE)],
        moves=[*moves("a", message_class="transactional"), *moves("b", EVE)],
    )
    early = evolve(resent, ledger=evolve(HONEST.ledger, accepts=TWICE))
    assert judge(early, BOUNDS).broken() == {"I2"}
    first_was_late = [evolve(accept("a"), real_s=999.5 + 4.1), accept("b", EVE), accept("a", sid="SM2", attempt=2)]
    verdict = judge(evolve(resent, ledger=evolve(HONEST.ledger, accepts=first_was_late)), BOUNDS)
    assert verdict.violations == ()
    assert verdict.duplicates == 1  # excused, and still counted


def test_many_violations_are_told_in_a_few_lines() -> None:
    lines = list(told([f"I1 {number}" for number in range(12)] + ["I2 x"]))
    assert len(lines) == 7
    assert lines[5] == "I1 ... and 7 more"


def test_a_journal_is_read_by_what_it_says(tmp_path: Path) -> None:
    assert read(tmp_path / "none") == Ledger(accepts=[], wrote=[])


def test_the_town_is_the_same_for_the_same_seed_and_holds_what_it_promises() -> None:
    town = Town(seed=3, messages=400)
    texts = town.texts()
    assert texts == Town(seed=3, messages=400).texts()
    assert len(texts) == len({text.id for text in texts}) == 400
    pairs: dict[tuple[str | None, str | None], list[str]] = {}
    for text in texts:
        pairs.setdefault((text.sender, text.recipient), []).append(text.content)
    twins = sum(len(words) > len(set(words)) for words in pairs.values())
    assert 0.15 < twins / len(pairs) < 0.25  # every fifth, but for those whose twin is released after the last text
    assert {len(words) for words in pairs.values()} == {1, 2, 3}
    assert len({text.approval.user_id for text in texts}) == 4
