"""The state machines: every legal move works, every other one is a typed error that says from, to and why."""

from __future__ import annotations

from enum import Enum
from itertools import product
from typing import Any

import pytest

from nudge_core.errors import IllegalTransition
from nudge_core.model.briefing import BRIEFING, BriefingStatus
from nudge_core.model.event import MARKET_EVENT
from nudge_core.model.message import DELIVERY, SCHEDULED, STATUS_OF, Delivery, MessageStatus
from nudge_core.model.phone_number import PHONE_NUMBER
from nudge_core.model.pipeline import PIPELINE_RUN
from nudge_core.model.states import StateMachine

MACHINES: list[StateMachine[Any]] = [BRIEFING, DELIVERY, SCHEDULED, MARKET_EVENT, PIPELINE_RUN, PHONE_NUMBER]


def every_pair(machine: StateMachine[Any]) -> list[tuple[Enum, Enum]]:
    return list(product(machine.edges, repeat=2))


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: m.name)
def test_every_pair_of_states_is_either_an_edge_or_a_typed_error(machine: StateMachine[Any]) -> None:
    for current, wanted in every_pair(machine):
        if wanted in machine.edges[current]:
            assert machine.move(current, wanted) is wanted
        else:
            with pytest.raises(IllegalTransition) as caught:
                machine.move(current, wanted)
            said = str(caught.value)
            assert (caught.value.current, caught.value.wanted) == (current.value, wanted.value)
            assert machine.name in said
            assert "final" in said if machine.is_final(current) else "one can go to" in said


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: m.name)
def test_every_state_is_in_the_table_and_can_be_reached(machine: StateMachine[Any]) -> None:
    (states,) = {type(state) for state in machine.edges}
    every_state = set(states.__members__.values())
    assert set(machine.edges) == every_state
    reached, frontier = set(machine.initial), set(machine.initial)
    while frontier:
        frontier = {to for state in frontier for to in machine.edges[state]} - reached
        reached |= frontier
    assert reached == every_state


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: m.name)
def test_the_diagram_shows_every_edge(machine: StateMachine[Any]) -> None:
    diagram = machine.diagram()
    for current, following in machine.edges.items():
        for to, when in following.items():
            assert f"    {current.value} --> {to.value}: {when}\n" in diagram + "\n"


def test_sent_is_absorbing_and_nothing_but_a_claim_leads_to_sending() -> None:
    assert DELIVERY.is_final(Delivery.SENT)
    assert [state for state, following in DELIVERY.edges.items() if Delivery.SENDING in following] == [Delivery.QUEUED]


def test_what_may_have_been_sent_is_never_shown_as_failed() -> None:
    assert STATUS_OF[Delivery.UNCONFIRMED] is MessageStatus.PENDING
    assert set(STATUS_OF) == set(Delivery)


def test_an_unapproved_or_finished_briefing_cannot_become_active() -> None:
    for status in (BriefingStatus.DISMISSED, BriefingStatus.CANCELLED, BriefingStatus.COMPLETED):
        assert not BRIEFING.allows(status, BriefingStatus.ACTIVE)
