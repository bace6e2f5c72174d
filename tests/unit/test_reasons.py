"""Every reason code that may be stored has a sentence that the professional can read."""

from __future__ import annotations

import pytest

from nudge_adapters.sms import codes
from nudge_core.policy import slots
from nudge_core.policy.consent import SilenceReason
from nudge_core.policy.outcomes import Reason
from nudge_core.policy.reasons import CARRIER, GATE, SENTENCES, SILENCES, explain, is_known
from nudge_core.sending import circuit, evidence, facts, receipts
from nudge_core.steps import deliver, resolve, schedule, send_now
from nudge_core.verticals.real_estate import events

CARRIER_CODES = sorted(
    value for value in vars(codes).values() if isinstance(value, str) and value.isdigit() and len(value) == 5
)
OTHERS = [
    facts.PHONE_CHANGED,
    facts.RESOURCE_GONE,
    events.LISTING_MOVED,
    events.PRICE_CHANGED,
    circuit.SEND_DEADLINE,
    circuit.STOPPING,
    circuit.LANE_TRIPPED,
    deliver.LEASE_EXPIRED,
    slots.GATE_ALLOWS,
    f"{deliver.STUMBLED}:KeyError:2",
    receipts.ARRIVED_AFTER_ALL,
    resolve.CLOSED,
    schedule.CANCELLED_BY_PERSON,
    send_now.CANCELLED_BY_PERSON,
    deliver.NO_EVIDENCE,
    deliver.ATTEMPTS_EXHAUSTED,
    evidence.DUPLICATE_ACCEPT,
]


@pytest.mark.parametrize("code", [*(reason.value for reason in Reason), *OTHERS, *CARRIER_CODES])
def test_every_code_has_a_sentence(code: str) -> None:
    assert is_known(code)
    assert explain(code).endswith(".")


def test_the_tables_have_no_code_that_nobody_writes() -> None:
    assert set(GATE) == {reason.value for reason in Reason}
    assert set(SILENCES) == {reason.value for reason in SilenceReason}
    assert len(CARRIER_CODES) > 10
    assert all(code.isdigit() and len(code) == 5 for code in CARRIER)


def test_sentences_are_short_and_plain() -> None:
    for code, sentence in SENTENCES.items():
        assert 10 < len(sentence) <= 120, code
        assert sentence[0].isupper(), code
        assert "_" not in sentence, code


def test_a_code_of_two_parts_says_both() -> None:
    assert explain("expired:cap_7_days") == f"{GATE['expired']} {GATE['cap_7_days']}"
    assert explain("wording:no_children").endswith("Rule: no_children.")


def test_an_unknown_code_is_shown_and_not_hidden() -> None:
    assert not is_known("moon_phase")
    assert "moon_phase" in explain("moon_phase")
