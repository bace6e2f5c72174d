"""Pacing: below the limit without a clock that runs, and the server's word believed over the table."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_adapters.feeds.limits import LONGEST_WAIT_S, Limit, Pace, Timing, Unit
from nudge_adapters.feeds.profiles import MLS_GRID, PROFILES
from nudge_core.errors import Misconfigured, Unavailable


class Time:
    """A clock that only moves when somebody sleeps or a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.slept: list[float] = []

    def timing(self) -> Timing:
        return Timing(now=lambda: datetime(2026, 11, 22, tzinfo=UTC), monotonic=lambda: self.seconds, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


async def test_requests_go_no_faster_than_the_limit() -> None:
    time = Time()
    pace = Pace("reso:x", [Limit(amount=10, period_s=1)], time.timing())
    began = time.seconds
    for _ in range(100):
        await pace.take()
    assert 9 <= time.seconds - began <= 12  # nine in any second


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60), st.integers(1, 5), st.integers(1, 3))
async def test_no_window_holds_more_than_the_limit(gaps: list[float], amount: int, period: int) -> None:
    time, sent = Time(), []
    pace = Pace("reso:x", [Limit(amount=amount, period_s=period)], time.timing())
    for gap in gaps:
        time.seconds += gap
        await pace.take()
        sent.append(time.seconds)
    assert sum(time.slept) <= period * len(sent)
    for begin in sent:
        assert sum(begin <= moment < begin + period for moment in sent) <= amount


async def test_a_long_wait_is_the_callers() -> None:
    time = Time()
    pace = Pace("reso:x", [Limit(amount=1, period_s=3_600)], time.timing())
    await pace.take()
    with pytest.raises(Unavailable) as caught:
        await pace.take()
    assert caught.value.retry_after_s is not None
    assert LONGEST_WAIT_S < caught.value.retry_after_s <= 3_600
    assert time.slept == []


async def test_bytes_count_too() -> None:
    time = Time()
    pace = Pace("reso:x", [Limit(amount=1_000, period_s=3_600, unit=Unit.BYTES)], time.timing())
    await pace.take()
    pace.received(800)
    await pace.take()
    pace.received(800)
    with pytest.raises(Unavailable, match="quota"):
        await pace.take()
    time.seconds += 3_600
    await pace.take()


async def test_a_paused_source_rests_for_everybody() -> None:
    time = Time()
    pace = Pace("reso:x", [], time.timing())
    pace.pause(60)
    pace.pause(10)
    with pytest.raises(Unavailable) as caught:
        await pace.take()
    assert caught.value.retry_after_s == pytest.approx(60)
    time.seconds += 60
    await pace.take()


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"minute-quota-limit": "60.0"}, True),  # Trestle writes floats
        ({"burst-ratelimit-limit": "60"}, True),
        ({"minute-quota-limit": "nonsense"}, False),
        ({"minute-quota-limit": "0"}, False),
        ({"minute-quota-limit": "inf"}, False),
    ],
)
async def test_quota_headers_replace_the_table(headers: dict[str, str], waits: bool) -> None:
    time = Time()
    pace = Pace("reso:x", [Limit(amount=6_000, period_s=60)], time.timing())
    pace.learn(headers)
    for _ in range(70):
        await pace.take()
    assert bool(time.slept) is waits


async def test_mls_grid_never_gets_a_third_request_within_a_second() -> None:
    time, sent = Time(), []
    pace = Pace("reso:x", MLS_GRID.limits, time.timing())
    for _ in range(20):
        await pace.take()
        sent.append(time.seconds)
    assert all(third - first >= 1 for first, third in zip(sent, sent[2:], strict=False))


def test_every_profile_names_itself() -> None:
    assert all(profile.name == name for name, profile in PROFILES.items())
    assert set(PROFILES) == {"mlsgrid", "bridge", "trestle", "spark_reso", "wfrmls", "market", "core"}


def test_an_unknown_profile_is_answered_with_the_known_ones() -> None:
    from nudge_adapters.feeds.profiles import profile_named

    with pytest.raises(Misconfigured, match="mlsgrid"):
        profile_named("rets")
