"""Telephone numbers from the command line: look, buy, list. Needs a Twilio account, or a stand-in for one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from nudge_adapters.system import SystemClock
from nudge_core.ports import PhoneNumbers
from nudge_entrypoints.bootstrap import build_numbers
from nudge_entrypoints.settings import Settings

T = TypeVar("T")


def search(settings: Settings, area_code: str | None, near: str | None, region: str | None) -> list[dict[str, object]]:
    """Return numbers on offer. Raises Invalid, Misconfigured, Unavailable or Refused."""

    async def ask(numbers: PhoneNumbers) -> list[dict[str, object]]:
        free = await numbers.search(area_code=area_code, near=near, region=region)
        return [{"number": one.number, "locality": one.locality, "region": one.region} for one in free]

    return _run(settings, ask)


def buy(settings: Settings, number: str) -> dict[str, object]:
    """Buy this very number; doing it again buys nothing more. Raises as `search` does."""

    async def act(numbers: PhoneNumbers) -> dict[str, object]:
        bought = await numbers.buy(number)
        return {"number": bought.number, "provider_sid": bought.provider_sid}

    return _run(settings, act)


def owned(settings: Settings) -> list[dict[str, object]]:
    """Return every number of the account. Raises as `search` does."""

    async def ask(numbers: PhoneNumbers) -> list[dict[str, object]]:
        return [{"number": one.number, "provider_sid": one.provider_sid} for one in await numbers.owned()]

    return _run(settings, ask)


def _run(settings: Settings, work: Callable[[PhoneNumbers], Awaitable[T]]) -> T:
    async def whole() -> T:
        numbers = build_numbers(settings, SystemClock())
        try:
            return await work(numbers)
        finally:
            await numbers.aclose()

    return asyncio.run(whole())
