"""Codes in a file of this machine under the contract of all one-time codes."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nudge_adapters.sms.local_codes import LIFE, MOST_CHECKS, MOST_SENDS, LocalCodes
from nudge_core.model.one_time_code import CodeCheck, CodeStart
from tests.contracts.codes_contract import PHONE, CodesContract, CodesUnderTest, another
from tests.samples import SteppingClock


def held(path: Path, phone: str = PHONE) -> str | None:
    """Return the code that the holder of a phone would have read last."""
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    codes = [entry["code"] for entry in entries if entry["kind"] == "code" and entry["recipient"] == phone]
    return codes[-1] if codes else None


class TestLocalCodes(CodesContract):
    """All promises."""

    @pytest.fixture
    async def codes(self, tmp_path: Path, clock: SteppingClock) -> AsyncIterator[CodesUnderTest]:
        path = tmp_path / "home" / "codes.jsonl"
        adapter = LocalCodes(path, clock)
        broken: list[LocalCodes] = []

        def go_down() -> None:
            journal = adapter._journal
            assert journal is not None
            journal.close()
            broken.append(adapter)

        yield CodesUnderTest(
            codes=adapter,
            held=lambda phone: held(path, phone),
            wait=clock.forward,
            go_down=go_down,
            most_sends=MOST_SENDS,
            most_checks=MOST_CHECKS,
            life_s=LIFE.total_seconds(),
            blocked="+15005550199",
        )
        if not broken:
            await adapter.aclose()


async def test_processes_of_one_machine_share_codes_and_checks(tmp_path: Path, clock: SteppingClock) -> None:
    path = tmp_path / "codes.jsonl"
    one, two = LocalCodes(path, clock), LocalCodes(path, clock)
    assert await one.start(PHONE) is CodeStart.SENT
    code = held(path)
    assert code is not None
    for _ in range(MOST_CHECKS):
        assert await two.check(PHONE, another(code)) is CodeCheck.WRONG
    assert await one.check(PHONE, code) is CodeCheck.TOO_MANY_CHECKS
    clock.forward(LIFE.total_seconds())
    assert await two.start(PHONE) is CodeStart.SENT
    fresh = held(path)
    assert fresh is not None
    assert await one.check(PHONE, fresh) is CodeCheck.APPROVED
    assert await two.check(PHONE, fresh) is CodeCheck.EXPIRED
    await one.aclose()
    await two.aclose()


async def test_nobody_else_reads_the_file(tmp_path: Path, clock: SteppingClock) -> None:
    path = tmp_path / "codes.jsonl"
    codes = LocalCodes(path, clock)
    await codes.start(PHONE)
    await codes.aclose()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
