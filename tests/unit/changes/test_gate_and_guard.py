"""The gate before a nudge (`mls-feeds.md` 7), the bulk guard, and what makes users' resources stale."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from nudge_core.model.listing import PUBLIC_FACTS, public_facts
from nudge_core.verticals.real_estate.changes import (
    GateReason,
    GateSettings,
    PollCount,
    is_material,
    may_nudge,
    too_many,
    usual_events,
)
from tests.unit.changes.listings import DELETE, HOME, NOW, SOON, later, listing, price, seen


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"uses": frozenset({"IDX", "VOW"})}, None),
        ({"display_allowed": False}, GateReason.DISPLAY_NOT_ALLOWED),
        ({"uses": frozenset({"VOW"})}, GateReason.LICENCE),
        ({"uses": frozenset({"BO", "PT"})}, GateReason.LICENCE),
        ({"uses": frozenset()}, GateReason.LICENCE),
        ({"status": SOON}, GateReason.COMING_SOON_OFF),
        ({"status": DELETE}, GateReason.GONE),
        ({"can_view": False}, GateReason.GONE),
        ({"address_display_allowed": False}, None),
    ],
)
def test_the_gate(fields: dict[str, Any], reason: GateReason | None) -> None:
    assert may_nudge(listing(**fields)) is reason


def test_an_owner_may_switch_coming_soon_on_for_a_source() -> None:
    assert may_nudge(listing(status=SOON), GateSettings(coming_soon=True)) is None


def test_without_consent_the_address_is_no_fact() -> None:
    facts = public_facts(listing(address_display_allowed=False, latitude=30.1, longitude=-97.1))
    assert not {"address", "unit", "latitude", "longitude"} & set(facts)


@pytest.mark.parametrize(
    ("events", "usual", "held"),
    [
        (50, None, False),
        (51, None, True),
        (51, 0.0, True),
        (51, 5.0, True),
        (51, 5.1, False),
        (1_000, 100.0, False),
        (1_001, 100.0, True),
        (0, 0.0, False),
    ],
)
def test_too_many_events_in_one_poll(events: int, usual: float | None, held: bool) -> None:
    assert too_many(events, usual) is held


def test_what_is_usual_goes_by_time_so_that_an_outage_is_not_a_flood() -> None:
    minutes = [PollCount(events=4, covers_s=300.0)] * 12
    assert usual_events(minutes, 300.0) == pytest.approx(4)
    after_a_day = usual_events(minutes, 86_400.0)
    assert after_a_day == pytest.approx(1_152)
    assert not too_many(1_300, after_a_day)
    assert usual_events([], 300.0) is None
    assert usual_events([PollCount(events=3, covers_s=0.0)], 300.0) is None


OTHER_VALUES: dict[str, Any] = {
    "status": SOON,
    "address": "1 New St",
    "unit": "9",
    "display_allowed": False,
    "address_display_allowed": False,
    "can_view": False,
    "uses": frozenset({"IDX"}),
    "photo_urls": ("https://photos.example/1.jpeg",),
    "pool": True,
    "waterfront": True,
}


@pytest.mark.parametrize("name", [*PUBLIC_FACTS, "status", "address", "unit", "display_allowed", "can_view", "uses"])
def test_every_fact_that_users_see_is_material(name: str) -> None:
    changed = listing(**{name: OTHER_VALUES.get(name, 7)})
    assert is_material(HOME, changed)
    assert not is_material(changed, changed)


def test_what_users_do_not_see_is_not_material() -> None:
    moved: dict[str, Any] = {"major_changed_at": NOW, "price_changed_at": NOW, "close_price_cents": 1}
    assert not is_material(HOME, later(**moved))
    assert is_material(None, HOME)


def test_a_price_in_quarantine_is_not_shown_and_an_unknown_status_is_none() -> None:
    held = seen(HOME, later(**price(500)))
    assert held.accepted is not None
    assert not is_material(HOME, held.accepted.snapshot)
    unknown = seen(HOME, later(status=None, status_text="Odd"))
    assert unknown.accepted is not None
    assert is_material(HOME, unknown.accepted.snapshot)
    assert "status" not in public_facts(unknown.accepted.snapshot)
    again = seen(unknown.accepted, later(modified_at=NOW + timedelta(hours=1)))
    assert again.accepted is not None
    assert is_material(unknown.accepted.snapshot, again.accepted.snapshot)
    assert public_facts(again.accepted.snapshot)["status"] == "Active"
