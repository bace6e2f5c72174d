"""The two walls between tenants, each with the other switched off, over every method of a tenant's ports.

`tests/two_practices.py` has the calls and the switch of the first wall; the second is off for a login that bypasses
row-level security.
"""

from __future__ import annotations

import pytest

from nudge_adapters.sql.encryption import Keyring
from nudge_adapters.sql.store import SqlStore, open_engine
from tests.databases import empty
from tests.samples import CountingIds, SteppingClock
from tests.two_practices import MINE, THEIRS, calls, methods, outcomes, rows_of, settle, without_filters

KEYRING = Keyring({"test": bytes(32)}, "test")
"""An erasure keeps opt-outs under a key of the professional's, which is stored encrypted."""


async def _alone(database: str) -> tuple[dict[str, str], object]:
    """Return what comes of every call where there is no other practice, and what it left."""
    store = SqlStore(database, SteppingClock(), CountingIds(), KEYRING)
    await settle(store, MINE)
    found = await outcomes(store)
    await store.aclose()
    left = rows_of(database, MINE)
    empty(database)
    return found, left


async def _settled(database: str) -> object:
    store = SqlStore(database, SteppingClock(), CountingIds(), KEYRING)
    for practice in (MINE, THEIRS):
        await settle(store, practice)
    await store.aclose()
    return rows_of(database, THEIRS)


@pytest.mark.parametrize(
    ("filters", "policies"),
    [(True, True), (False, True), (True, False)],
    ids=["both", "policies alone", "filters alone"],
)
async def test_the_other_practice_might_as_well_not_exist(database: str, filters: bool, policies: bool) -> None:
    alone, left = await _alone(database)
    theirs = await _settled(database)
    engine = open_engine(database, walled=policies)
    taken = without_filters(engine) if not filters else lambda: 0
    store = SqlStore(engine, SteppingClock(), CountingIds(), KEYRING)
    found = await outcomes(store)
    await store.aclose()
    assert {call: said for call, said in found.items() if said != alone[call]} == {}
    assert rows_of(database, THEIRS) == theirs
    assert rows_of(database, MINE) == left
    assert filters or taken() > len(list(methods()))


async def test_with_both_walls_off_the_other_practice_shows(database: str) -> None:
    """The switches work: without this the test above would prove nothing."""
    alone, _ = await _alone(database)
    theirs = await _settled(database)
    engine = open_engine(database, walled=False)
    without_filters(engine)
    store = SqlStore(engine, SteppingClock(), CountingIds(), KEYRING)
    found = await outcomes(store)
    await store.aclose()
    shows = {call.split()[0] for call, said in found.items() if said != alone[call]}
    assert rows_of(database, THEIRS) != theirs
    assert len(shows) >= len(list(methods())) // 2, sorted(shows)


def test_every_method_is_called() -> None:
    """A new method is called by the names of its parameters; one that cannot be is to be told what it takes."""
    for port, name in methods():
        assert calls(port, name), f"{port}.{name}"
