"""C13: a person is told how to stop in the first text, and again when thirty days have passed."""

from __future__ import annotations

from nudge_core.sending.previews import surroundings
from tests import samples
from tests.clocks import MovedClock, utc
from tests.send_walk import RITA, Town, memory_store, town

DAY_S = 86_400


async def needs(place: Town) -> bool:
    async with place.store.tenant(RITA) as tx:
        client = place.clients[0]
        about = samples.briefing(RITA, 9_999, matched_audience=(samples.member(client.id),))
        return (await surroundings(tx, [about])).needs_opt_out_line(client.id)


async def test_the_line_is_due_first_and_after_thirty_days() -> None:
    clock = MovedClock(utc("2026-06-01 15:00"))
    place = await town(memory_store(clock), clock.now())
    assert await needs(place)
    await place.queue(place.text(1, content="Rita of Vega Homes here."))
    assert await needs(place)
    await place.queue(place.text(2, content="Rita of Vega Homes here. Reply STOP to opt out."))
    assert not await needs(place)
    clock.move(30 * DAY_S - 1)
    assert not await needs(place)
    clock.move(1)
    assert await needs(place)
