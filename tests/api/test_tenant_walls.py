"""The tenant fuzz of `test_tenants.py` over HTTP, with each wall alone: either of them keeps everything apart.

With row-level security off the login bypasses it (`open_engine(walled=False)`); with the filters off every
`user_id = ...` is taken out of the statements on their way to the driver. With both off the fuzz must find leaks:
without that, no leaks would prove nothing.
"""

from __future__ import annotations

import pytest

from nudge_adapters.sql.store import SqlStore, open_engine
from nudge_entrypoints.http.document import build_document
from tests.api.office import TOM, office_on, open_office
from tests.api.tenant_fuzz import Findings, Fuzz, operations
from tests.api.test_tenants import BODIES, ENDING, NOT_REACHED, RITAS, TEXTS, TOMS, VARYING
from tests.api.two_books import CANARY, fill, held
from tests.samples import CountingIds, SteppingClock
from tests.two_practices import without_filters

FEW_CALLS = 2_000
"""Fewer than this and the fuzz has not asked for everything."""


async def _fuzzed(
    ordinary: SqlStore, database: str, clock: SteppingClock, *, filters: bool, policies: bool
) -> tuple[Findings, set[str], bool]:
    """Furnish two books with both walls up, fuzz with those that are left; return the findings, and two things more.

    What was reached should have been, less what was; and whether everything of the other tenant is as it was.
    """
    await open_office(ordinary, clock)
    await fill(ordinary, RITAS, "+15125550111", CANARY)
    await fill(ordinary, TOMS, "+15125550122", "tom")
    before = await held(ordinary, RITAS)
    engine = open_engine(database, walled=policies)
    taken = without_filters(engine) if not filters else lambda: 0
    store = SqlStore(engine, clock, CountingIds(50_000))
    try:
        office = office_on(store, clock)
        fuzz = Fuzz(
            document=build_document(office.api), canary=CANARY, bodies=BODIES, varying=VARYING, texts=TEXTS, last=ENDING
        )
        async with office.caller(TOM) as tom, office.caller(None) as nobody:
            found = await fuzz.run(tom, nobody, list(RITAS.ids().values()), list(TOMS.ids().values()))
    finally:
        await store.aclose()
    assert found.calls > FEW_CALLS
    assert filters or taken() > FEW_CALLS, "the filters were really taken out"
    every = {one.id for one in operations(fuzz.document) if one.method != "delete" and fuzz.has_hole(one)}
    return found, every - found.reached, await held(ordinary, RITAS) == before


@pytest.mark.parametrize(("filters", "policies"), [(False, True), (True, False)], ids=["policies", "filters"])
async def test_one_wall_alone_lets_nothing_through(
    sql_store: SqlStore, database: str, clock: SteppingClock, filters: bool, policies: bool
) -> None:
    found, not_reached, untouched = await _fuzzed(sql_store, database, clock, filters=filters, policies=policies)
    assert found.leaks == []
    assert untouched, "nothing of the other tenant has changed"
    assert not_reached == NOT_REACHED, "operations that the fuzz never got behind the door of"


async def test_with_both_walls_off_the_fuzz_finds_leaks(
    sql_store: SqlStore, database: str, clock: SteppingClock
) -> None:
    found, _, untouched = await _fuzzed(sql_store, database, clock, filters=False, policies=False)
    leaking = {leak.partition(":")[0] for leak in found.leaks}
    assert len(leaking) >= 40, sorted(leaking)
    assert not untouched
