"""Feeds in the timetable: a source that fails stops only itself, is told once, and fails the job only when alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from nudge_core.errors import Unavailable
from nudge_entrypoints.bootstrap import App, opened
from nudge_entrypoints.feeds import FeedReader
from nudge_entrypoints.settings import Settings
from tests import samples
from tests.samples import SteppingClock


async def read(app: App, told: list[str], times: int) -> list[bool]:
    """Poll so many times; return whether each poll went well."""
    reader = FeedReader(app, lambda what, _follows: told.append(what))
    well = []
    for _ in range(times):
        try:
            await reader.poll()
        except Unavailable:
            well.append(False)
        else:
            well.append(True)
    return well


@pytest.mark.enable_socket
async def test_a_source_that_fails_is_told_once_and_the_others_are_read(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, embedder="none")
    async with opened(settings, None, SteppingClock()) as app:
        told: list[str] = []
        assert await read(app, told, 1) == [True], "nobody watches anything"
        async with app.parts.store.system() as tx:
            await tx.users.add(samples.user(1, tool_provider="mlsgrid"))
        assert await read(app, told, 2) == [False, False]
        assert len(told) == 1
        assert told[0].startswith("feed mlsgrid cannot be read")
        async with app.parts.store.system() as tx:
            await tx.users.add(samples.user(2, tool_provider="market"))
        assert await read(app, told, 1) == [True]
        async with app.parts.store.system() as tx:
            assert set(await tx.vitals.read_times()) == {"market"}
            assert await tx.notes.waiting() != {"parked": 1}
        names = [job.name for job in FeedReader(app, lambda *_: None).jobs()]
        assert {"poll_feeds", "reconcile_feeds", "tidy"} <= set(names)
