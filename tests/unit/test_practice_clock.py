"""The clock of a practice: ahead, never back, and never where a text could reach a phone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.errors import Misconfigured
from nudge_entrypoints.bootstrap import opened
from nudge_entrypoints.practice_clock import CARRIER_ADDRESS, ahead_of, is_practice, move_to, practice_clock
from nudge_entrypoints.settings import Settings, load

AUSTIN = ZoneInfo("America/Chicago")
TWILIO = {
    "NUDGE_CARRIER": "twilio", "TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "t",
    "PUBLIC_BASE_URL": "https://nudge.example",
}  # fmt: skip


def settings(home: Path, **more: str) -> Settings:
    """Return settings for a home."""
    return load({"NUDGE_HOME": str(home), **more})


@given(times=st.lists(st.times(), min_size=1, max_size=4))
def test_it_goes_to_the_time_of_the_day_and_never_back(
    times: list[time], tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = settings(tmp_path_factory.mktemp("practice"))
    before, ahead_s = datetime.now(UTC), 0.0
    for at in times:
        there = move_to(home, at)
        assert there.astimezone(AUSTIN).time().replace(fold=0) == at or there.astimezone(AUSTIN).fold
        assert before <= there <= before + timedelta(seconds=ahead_s) + timedelta(hours=26)
        assert ahead_of(home.home) >= ahead_s - 1
        ahead_s = ahead_of(home.home)
        clock = practice_clock(home)
        assert clock is not None
        assert abs((clock.now() - there).total_seconds()) < 60


async def test_a_home_whose_clock_nobody_moved_has_the_time_of_the_machine(tmp_path: Path) -> None:
    assert practice_clock(settings(tmp_path)) is None
    async with opened(settings(tmp_path, NUDGE_EMBEDDER="none"), None) as app:
        assert abs((app.clock.now() - datetime.now(UTC)).total_seconds()) < 60


async def test_every_process_of_the_home_tells_the_same_time(tmp_path: Path) -> None:
    home = settings(tmp_path, NUDGE_EMBEDDER="none")
    there = move_to(home, (datetime.now(AUSTIN) + timedelta(hours=5)).time())
    async with opened(home, None) as app:
        assert abs((app.clock.now() - there).total_seconds()) < 60
        async with app.parts.store.system() as tx:
            assert abs((tx.now - there).total_seconds()) < 60


async def test_texts_that_reach_phones_go_by_the_true_time(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="--at"):
        move_to(settings(tmp_path, **TWILIO), time(13))
    assert ahead_of(tmp_path) == 0
    move_to(settings(tmp_path), (datetime.now(AUSTIN) + timedelta(hours=5)).time())
    with pytest.raises(Misconfigured, match="another home"):
        async with opened(settings(tmp_path, **TWILIO), None):
            pass


def test_the_carrier_of_this_home_reaches_no_phone_and_any_other_may(tmp_path: Path) -> None:
    (tmp_path / CARRIER_ADDRESS).write_text("http://127.0.0.1:4020")
    assert is_practice(settings(tmp_path, **TWILIO, TWILIO_API_BASE_URL="http://127.0.0.1:4020"))
    assert not is_practice(settings(tmp_path, **TWILIO, TWILIO_API_BASE_URL="http://127.0.0.1:4021"))
    assert not is_practice(settings(tmp_path, **TWILIO))
