"""UOW-40 to UOW-59: feeds, listings, events, resources, runs."""

from __future__ import annotations

from datetime import date

import pytest
from attrs import evolve

from nudge_core.errors import Conflict, IllegalTransition, Invalid, NotFound
from nudge_core.model.event import EventStatus, ListingEvent
from nudge_core.model.feed import FeedCursor, UnreadRecord
from nudge_core.model.pipeline import RunStatus
from nudge_core.model.resource import ResourceStatus, ResourceType
from nudge_core.ports import Store
from tests import samples
from tests.contracts.storage import OTHER, OWNER, SteppingClock, StorageContract, add_practice, add_user, numbers
from tests.samples import NOON, SOURCE, later, uid


class MarketContract(StorageContract):
    """What feeds say, once for everybody and as it concerns one professional."""

    async def test_uow_40_a_cursor_starts_fresh_and_advances_over_the_version_it_was_read_at(
        self, store: Store, clock: SteppingClock
    ) -> None:
        async with store.system() as tx:
            fresh = await tx.feeds.cursor(SOURCE)
            assert (fresh.version, fresh.baseline_done, fresh.state) == (0, False, {})
            await tx.feeds.advance(evolve(fresh, state={"after": ["2026", "L1"]}))
        clock.forward(5)
        async with store.system() as tx:
            first = await tx.feeds.cursor(SOURCE)
            assert first == FeedCursor(source_id=SOURCE, state={"after": ["2026", "L1"]}, version=1, updated_at=NOON)
            await tx.feeds.advance(evolve(first, baseline_done=True, read_until=later(3)))
        async with store.system() as tx:
            second = await tx.feeds.cursor(SOURCE)
            assert (second.version, second.baseline_done, second.updated_at) == (2, True, later(5))
            assert second.read_until == later(3)

    async def test_uow_41_a_cursor_that_somebody_advanced_is_a_conflict(self, store: Store) -> None:
        async with store.system() as tx:
            fresh = await tx.feeds.cursor(SOURCE)
            await tx.feeds.advance(fresh)
        for stale in (fresh, evolve(fresh, version=2)):
            with pytest.raises(Conflict):  # noqa: PT012 - the error is raised inside the transaction
                async with store.system() as tx:
                    await tx.listings.store([samples.listing("L9")])
                    await tx.feeds.advance(stale)
        with pytest.raises(Conflict):
            async with store.system() as tx:
                await tx.feeds.advance(FeedCursor(source_id="another", version=3))
        async with store.system() as tx:
            assert await tx.listings.keys(SOURCE) == frozenset()

    async def test_uow_42_unread_records_are_kept_counted_and_shown_newest_first(
        self, store: Store, clock: SteppingClock
    ) -> None:
        bad = UnreadRecord(source_id=SOURCE, listing_key="L1", rule="list_price: whole dollars", raw='{"a": "\x00😀"}')
        nameless = UnreadRecord(source_id=SOURCE, listing_key=None, rule="listing_key: missing", raw="{}")
        async with store.system() as tx:
            await tx.feeds.keep_unread([bad, bad])
        clock.forward(1)
        async with store.system() as tx:
            await tx.feeds.keep_unread([nameless, bad])
            await tx.feeds.keep_unread([evolve(bad, source_id="another")])
        async with store.system() as tx:
            kept = await tx.feeds.unread(SOURCE, 10)
            assert [(row.record, row.times_seen, row.first_seen_at) for row in kept] == [
                (nameless, 1, later(1)),
                (bad, 3, NOON),
            ]
            assert len(await tx.feeds.unread(SOURCE, 1)) == 1

    async def test_uow_43_counters_add_up(self, store: Store) -> None:
        async with store.system() as tx:
            await tx.feeds.count(SOURCE, {"unknown_status": 2, "duplicate_key": 1})
        async with store.system() as tx:
            await tx.feeds.count(SOURCE, {"unknown_status": 3})
            assert await tx.feeds.counters(SOURCE) == {"unknown_status": 5, "duplicate_key": 1}
            assert await tx.feeds.counters("another") == {}

    async def test_uow_44_a_listing_comes_back_as_it_went_in_and_is_replaced(self, store: Store) -> None:
        full = samples.listing(
            "L1",
            watermark="2026-07-01T12:00:00.123456Z",
            modified_at=NOON,
            close_date=date(2026, 6, 30),
            baths=2.5,
            pool=False,
            uses=frozenset({"IDX", "VOW"}),
            photo_urls=("https://example.com/1.jpg",),
            remarks="Near the \x00 lake 😀",
            transitions=3,
            held_price_cents=99_00,
            off_market_since=later(-100),
        )
        async with store.system() as tx:
            await tx.listings.store([full, samples.listing("L2")])
        async with store.system() as tx:
            assert await tx.listings.accepted(SOURCE, ["L1", "L3"]) == {"L1": full}
            assert await tx.listings.accepted("another", ["L1"]) == {}
            changed = samples.listing("L1", list_price_cents=1, transitions=4)
            await tx.listings.store([changed])
        async with store.system() as tx:
            assert await tx.listings.accepted(SOURCE, ["L1", "L2"]) == {"L1": changed, "L2": samples.listing("L2")}

    async def test_uow_45_a_listing_twice_in_one_call_is_an_error(self, store: Store) -> None:
        with pytest.raises(Invalid, match="once"):
            async with store.system() as tx:
                await tx.listings.store([samples.listing("L1"), samples.listing("L1", list_price_cents=2)])

    async def test_uow_46_who_left_the_market_last_at_an_address(self, store: Store) -> None:
        rows = [
            samples.listing("A", off_market_since=later(-50)),
            samples.listing("B", off_market_since=later(-20)),
            samples.listing("C", off_market_since=later(-20)),
            samples.listing("D"),
            samples.listing("E", address="2 Elm", off_market_since=later(-500)),
            samples.listing("F", source_id="another", off_market_since=NOON),
        ]
        timber, elm = rows[0].snapshot.address_key, rows[4].snapshot.address_key
        assert timber is not None
        assert elm is not None
        async with store.system() as tx:
            await tx.listings.store(rows)
            assert await tx.listings.off_market_at(SOURCE, [timber, elm], later(-100)) == {timber: rows[2]}
            assert await tx.listings.off_market_at(SOURCE, [timber], later(-20)) == {timber: rows[2]}
            assert await tx.listings.off_market_at(SOURCE, [timber], later(-19)) == {}
            both = await tx.listings.off_market_at(SOURCE, [elm, timber], later(-500))
            assert both == {timber: rows[2], elm: rows[4]}

    async def test_uow_47_held_keys_sorted_and_keys_without_tombstones(self, store: Store) -> None:
        async with store.system() as tx:
            await tx.listings.store(
                [
                    samples.listing("b", held_price_cents=1),
                    samples.listing("B", held_price_cents=2),
                    samples.listing("a", held_price_cents=3),
                    samples.listing("c", gone=True),
                    samples.listing("d"),
                ]
            )
            assert list(await tx.listings.held_keys(SOURCE)) == ["B", "a", "b"]
            assert await tx.listings.keys(SOURCE) == {"a", "b", "B", "d"}

    async def test_uow_48_a_global_event_is_stored_once(self, store: Store) -> None:
        events = [samples.global_event(3), samples.global_event(2, event_timestamp=later(9))]
        async with store.system() as tx:
            assert await tx.global_events.add([*events, events[0]]) == {uid(2), uid(3)}
        async with store.system() as tx:
            fresh = samples.global_event(1, kind=ListingEvent.SOLD_LISTING)
            assert await tx.global_events.add([fresh, evolve(events[0], listing_key="other")]) == {uid(1)}
            assert await tx.global_events.get([uid(2), uid(1), uid(3), uid(9)]) == [fresh, events[0], events[1]]
            assert await tx.global_events.counts(SOURCE) == {ListingEvent.PRICE_DROP: 2, ListingEvent.SOLD_LISTING: 1}
            assert await tx.global_events.counts("another") == {}

    async def test_uow_49_a_resource_is_updated_in_place_and_keeps_its_id(self, store: Store) -> None:
        await add_practice(store)
        first = samples.resource(OWNER, 40, entity_id="L1")
        async with store.tenant(OWNER) as tx:
            await tx.resources.store([first])
        newer = evolve(
            first,
            id=uid(41),
            status=ResourceStatus.ARCHIVED,
            attributes={"beds": 4},
            created_at=later(9),
            updated_at=later(9),
        )
        async with store.tenant(OWNER) as tx:
            await tx.resources.store([newer, samples.resource(OWNER, 42, entity_id="L2")])
        async with store.tenant(OWNER) as tx:
            kept = evolve(newer, id=uid(40), created_at=NOON, version=2)
            assert await tx.resources.get(uid(40)) == kept
            assert await tx.resources.by_entity(SOURCE, ["L1", "L9"]) == {"L1": kept}
            with pytest.raises(NotFound):
                await tx.resources.get(uid(41))

    async def test_uow_50_an_entity_may_be_of_two_types_and_stands_once_in_a_call(self, store: Store) -> None:
        await add_practice(store)
        home = samples.resource(OWNER, 40, entity_id="X", source_id="")
        link = samples.resource(OWNER, 41, entity_id="X", source_id="", resource_type=ResourceType.WEB_CONTENT)
        async with store.tenant(OWNER) as tx:
            await tx.resources.store([link, home])
            assert await tx.resources.by_entity("", ["X"]) == {"X": link}
        with pytest.raises(Invalid, match="once"):
            async with store.tenant(OWNER) as tx:
                await tx.resources.store([home, evolve(home, id=uid(43))])
        with pytest.raises(Conflict, match="taken"):
            async with store.tenant(OWNER) as tx:
                await tx.resources.store([evolve(home, entity_id="Y")])

    async def test_uow_51_active_resources_newest_update_first(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.resources.store(
                [
                    samples.resource(OWNER, 40, updated_at=later(1)),
                    samples.resource(OWNER, 41, updated_at=later(3)),
                    samples.resource(OWNER, 42, updated_at=later(1)),
                    samples.resource(OWNER, 43, status=ResourceStatus.INACTIVE),
                ]
            )
            assert numbers(*await tx.resources.active(10)) == [41, 42, 40]
            assert numbers(*await tx.resources.active(1)) == [41]

    async def test_uow_52_a_market_event_is_stored_once(self, store: Store) -> None:
        await add_practice(store)
        async with store.system() as tx:
            await tx.global_events.add([samples.global_event(5)])
        async with store.tenant(OWNER) as tx:
            await tx.resources.store([samples.resource(OWNER, 40)])
            full = samples.market_event(OWNER, 50, resource_id=uid(40), global_event_id=uid(5), market_area="Zilker")
            older = samples.market_event(OWNER, 51, created_at=later(-9), event_type="new_listing")
            assert await tx.market_events.add([full, older, full]) == {uid(50), uid(51)}
            assert await tx.market_events.add([evolve(full, entity_id="other")]) == frozenset()
        async with store.tenant(OWNER) as tx:
            assert await tx.market_events.get([uid(50), uid(51), uid(99)]) == [older, full]
            assert await tx.market_events.counts() == {"price_drop": 1, "new_listing": 1}
        async with store.tenant(OTHER) as tx:
            assert await tx.market_events.add([samples.market_event(OTHER, 50)]) == {uid(50)}

    async def test_uow_53_market_events_move_along_their_machine(self, store: Store, clock: SteppingClock) -> None:
        await add_user(store)
        async with store.tenant(OWNER) as tx:
            await tx.market_events.add([samples.market_event(OWNER, number) for number in (50, 51)])
        clock.forward(7)
        async with store.tenant(OWNER) as tx:
            await tx.market_events.mark([uid(50)], EventStatus.ERROR, "no such kind")
            await tx.market_events.mark([uid(50)], EventStatus.ERROR, "again")
            await tx.market_events.mark([uid(51)], EventStatus.PROCESSED)
        async with store.tenant(OWNER) as tx:
            failed, done = await tx.market_events.get([uid(50), uid(51)])
            assert (failed.status, failed.error, failed.processed_at) == (EventStatus.ERROR, "no such kind", later(7))
            assert (done.status, done.error, done.processed_at) == (EventStatus.PROCESSED, None, later(7))
            await tx.market_events.mark([uid(50)], EventStatus.UNPROCESSED)
            (again,) = await tx.market_events.get([uid(50)])
            assert (again.status, again.error, again.processed_at) == (EventStatus.UNPROCESSED, None, None)

    async def test_uow_54_an_event_does_not_move_against_its_machine(self, store: Store) -> None:
        await add_user(store)
        async with store.tenant(OWNER) as tx:
            await tx.market_events.add([samples.market_event(OWNER, number) for number in (50, 51)])
            await tx.market_events.mark([uid(50)], EventStatus.PROCESSED)
        with pytest.raises(IllegalTransition):
            async with store.tenant(OWNER) as tx:
                await tx.market_events.mark([uid(50), uid(51)], EventStatus.ERROR, "x")
        with pytest.raises(NotFound):
            async with store.tenant(OWNER) as tx:
                await tx.market_events.mark([uid(51), uid(99)], EventStatus.PROCESSED)
        async with store.tenant(OWNER) as tx:
            assert (await tx.market_events.get([uid(51)]))[0].status is EventStatus.UNPROCESSED

    async def test_uow_55_runs_newest_first_and_abandoned_ones_fail(self, store: Store, clock: SteppingClock) -> None:
        done = samples.run(1, status=RunStatus.COMPLETED, completed_at=later(5), duration_seconds=5.25)
        async with store.system() as tx:
            await tx.runs.add(done)
            await tx.runs.add(samples.run(2, started_at=later(-100)))
            await tx.runs.add(samples.run(3, started_at=later(-10)))
        clock.forward(60)
        async with store.system() as tx:
            assert await tx.runs.fail_abandoned(later(-50)) == 1
            newest = await tx.runs.latest(10)
            assert numbers(*newest) == [1, 3, 2]
            assert newest[0] == done
            assert (newest[2].status, newest[2].completed_at) == (RunStatus.FAILED, later(60))
            assert newest[2].errors
            await tx.runs.save(evolve(newest[1], status=RunStatus.COMPLETED, events_processed=7))
            assert numbers(*await tx.runs.latest(1)) == [1]
        with pytest.raises(NotFound):
            async with store.system() as tx:
                await tx.runs.save(samples.run(9))
        with pytest.raises(Conflict, match="taken"):
            async with store.system() as tx:
                await tx.runs.add(samples.run(1))
