"""UOW-750 to UOW-799: what a professional changes by hand, in pages and over its version; telephone numbers; runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attrs import evolve

from nudge_core.errors import Conflict, IllegalTransition, Invalid, NotFound
from nudge_core.model.event import Activity, EventStatus
from nudge_core.model.page import Page, PageRequest
from nudge_core.model.phone_number import HeldNumber, NumberStatus
from nudge_core.model.pipeline import RunStatus
from nudge_core.model.resource import MANUAL, ContentOrder, ResourceStatus, ResourceType
from nudge_core.model.secret import Secret
from nudge_core.model.user import MlsCheck
from nudge_core.ports import Store, TenantTransaction
from tests import samples
from tests.contracts.storage import OTHER, OWNER, StorageContract, add_practice, add_user, numbers
from tests.samples import NOON, later, uid

Write = Callable[[TenantTransaction], Awaitable[object]]
Read = Callable[[PageRequest], Awaitable[Page[Any]]]
A_NUMBER = "+15125550111"


async def leafed(read: Read, limit: int = 2) -> list[int]:
    """Return the numbers of all entities of a list, read page by page."""
    found: list[int] = []
    after: tuple[str, ...] | None = None
    for _ in range(20):
        page = await read(PageRequest(limit=limit, after=after))
        assert len(page.items) <= limit
        found += numbers(*page.items)
        after = page.last
        if after is None:
            return found
    raise AssertionError("the list does not end")


def a_number(n: int, **changes: Any) -> HeldNumber:
    """A telephone number that is being bought."""
    values: dict[str, Any] = {
        "id": uid(n),
        "user_id": OWNER,
        "number": A_NUMBER,
        "created_at": NOON,
        "changed_at": NOON,
    }
    return HeldNumber(**values | changes)


class AccountContract(StorageContract):
    """What belongs to the professional alone."""

    async def test_uow_750_a_user_is_saved_over_the_version_it_was_read_at(self, store: Store) -> None:
        await add_user(store)
        async with store.tenant(OWNER) as tx:
            read = await tx.users.get(OWNER)
            saved = await tx.users.save(evolve(read, business_name="Vega Homes"))
            assert (saved.version, saved.business_name) == (2, "Vega Homes")
        async with store.tenant(OWNER) as tx:
            assert await tx.users.get(OWNER) == saved
        with pytest.raises(Conflict, match="changed"):
            async with store.tenant(OWNER) as tx:
                await tx.users.save(evolve(read, business_name="Lost"))
        async with store.tenant(OWNER) as tx:
            assert await tx.users.get(OWNER) == saved

    async def test_uow_751_what_came_of_a_check_of_the_feed_is_kept(self, store: Store) -> None:
        await add_user(store)
        for check in MlsCheck:
            async with store.tenant(OWNER) as tx:
                user = await tx.users.get(OWNER)
                await tx.users.save(evolve(user, mls_check=check, mls_checked_at=later(5)))
            async with store.tenant(OWNER) as tx:
                user = await tx.users.get(OWNER)
                assert (user.mls_check, user.mls_checked_at) == (check, later(5))

    async def test_uow_752_an_answer_is_changed_over_its_version_and_removed(self, store: Store) -> None:
        await add_practice(store)
        first = samples.faq(OWNER, 5)
        async with store.tenant(OWNER) as tx:
            await tx.faqs.add(first)
            saved = await tx.faqs.save(evolve(first, answer="By appointment."))
            assert saved == evolve(first, answer="By appointment.", version=2)
            assert await tx.faqs.get(first.id) == saved
        with pytest.raises(Conflict, match="changed"):
            async with store.tenant(OWNER) as tx:
                await tx.faqs.save(first)
        async with store.tenant(OWNER) as tx:
            await tx.faqs.remove(first.id)
        writes: tuple[Write, ...] = (
            lambda tx: tx.faqs.get(first.id),
            lambda tx: tx.faqs.remove(first.id),
            lambda tx: tx.faqs.save(saved),
        )
        for gone in writes:
            with pytest.raises(NotFound):
                async with store.tenant(OWNER) as tx:
                    await gone(tx)

    async def test_uow_753_answers_in_pages_by_id(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OTHER) as tx:
            await tx.faqs.add(samples.faq(OTHER, 2))
        async with store.tenant(OWNER) as tx:
            for number in (4, 1, 5, 3):
                await tx.faqs.add(samples.faq(OWNER, number))
            assert await leafed(tx.faqs.page) == [1, 3, 4, 5]
            assert await leafed(tx.faqs.page, 4) == [1, 3, 4, 5]

    async def test_uow_754_content_is_changed_over_its_version_and_a_use_is_no_change(self, store: Store) -> None:
        await add_practice(store)
        first = samples.content(OWNER, 3, usage_count=4)
        async with store.tenant(OWNER) as tx:
            await tx.contents.add(first)
            assert (await tx.contents.use(first.id)).usage_count == 5
            saved = await tx.contents.save(evolve(first, title="Loans", usage_count=0, updated_at=later(9)))
            assert saved == evolve(first, title="Loans", usage_count=5, updated_at=later(9), version=2)
            assert await tx.contents.get(first.id) == saved
        with pytest.raises(Conflict, match="changed"):
            async with store.tenant(OWNER) as tx:
                await tx.contents.save(first)
        async with store.tenant(OWNER) as tx:
            await tx.contents.remove(first.id)
        writes: tuple[Write, ...] = (
            lambda tx: tx.contents.get(first.id),
            lambda tx: tx.contents.use(first.id),
            lambda tx: tx.contents.remove(first.id),
            lambda tx: tx.contents.save(saved),
        )
        for gone in writes:
            with pytest.raises(NotFound):
                async with store.tenant(OWNER) as tx:
                    await gone(tx)

    async def test_uow_755_content_in_pages_by_each_order_and_what_fits(self, store: Store) -> None:
        await add_practice(store)
        rows = (
            samples.content(OWNER, 1, title="b", usage_count=3, categories=("loans",)),
            samples.content(OWNER, 2, title="B", usage_count=9, created_at=later(2), categories=("loans", "tax")),
            samples.content(OWNER, 3, title="a", usage_count=3, created_at=later(2)),
            samples.content(OWNER, 4, title="ä", usage_count=0, status=ResourceStatus.ARCHIVED),
        )
        async with store.tenant(OWNER) as tx:
            for row in rows:
                await tx.contents.add(row)
            page = tx.contents.page
            assert await leafed(lambda request: page(request, ContentOrder.NEWEST)) == [3, 2, 4, 1]
            assert await leafed(lambda request: page(request, ContentOrder.MOST_USED), 1) == [2, 3, 1, 4]
            assert await leafed(lambda request: page(request, ContentOrder.TITLE)) == [2, 3, 1, 4]
            assert await leafed(lambda request: page(request, ContentOrder.NEWEST, category="loans")) == [2, 1]
            archived = ResourceStatus.ARCHIVED
            assert await leafed(lambda request: page(request, ContentOrder.NEWEST, status=archived)) == [4]

    async def test_uow_756_categories_are_counted_once_a_piece_by_name(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OTHER) as tx:
            await tx.contents.add(samples.content(OTHER, 1, categories=("loans",)))
        async with store.tenant(OWNER) as tx:
            assert await tx.contents.categories(10) == {}
            await tx.contents.add(samples.content(OWNER, 1, categories=("tax", "loans", "tax")))
            await tx.contents.add(samples.content(OWNER, 2, categories=("Tax", "tax")))
            assert list((await tx.contents.categories(10)).items()) == [("Tax", 1), ("loans", 1), ("tax", 2)]
            assert list(await tx.contents.categories(1)) == ["Tax"]

    async def test_uow_757_a_resource_is_added_once_and_saved_over_its_version(self, store: Store) -> None:
        await add_practice(store)
        link = samples.resource(
            OWNER, 40, entity_id="https://a.example", source_id=MANUAL, resource_type=ResourceType.WEB_CONTENT
        )
        async with store.tenant(OWNER) as tx:
            await tx.resources.add(link)
        for twice in (evolve(link, id=uid(41)), evolve(link, entity_id="other")):
            with pytest.raises(Conflict):
                async with store.tenant(OWNER) as tx:
                    await tx.resources.add(twice)
        async with store.tenant(OWNER) as tx:
            wanted = evolve(link, status=ResourceStatus.ARCHIVED, attributes={"title": "A"}, updated_at=later(3))
            saved = await tx.resources.save(evolve(wanted, entity_id="stays as it is"))
            assert saved == evolve(wanted, version=2)
            assert await tx.resources.get(uid(40)) == saved
        with pytest.raises(Conflict, match="changed"):
            async with store.tenant(OWNER) as tx:
                await tx.resources.save(link)
        with pytest.raises(NotFound):
            async with store.tenant(OWNER) as tx:
                await tx.resources.save(evolve(link, id=uid(49)))

    async def test_uow_758_what_the_feed_changes_gets_a_new_version_and_what_it_does_not_keeps_its_own(
        self, store: Store
    ) -> None:
        await add_practice(store)
        home = samples.resource(OWNER, 40)
        async with store.tenant(OWNER) as tx:
            await tx.resources.store([home])
            await tx.resources.store([home])
            assert (await tx.resources.get(uid(40))).version == 1
            await tx.resources.store([evolve(home, status=ResourceStatus.INACTIVE)])
            assert (await tx.resources.get(uid(40))).version == 2

    async def test_uow_759_resources_in_pages_newest_update_first_and_what_fits(self, store: Store) -> None:
        await add_practice(store)
        rows = [
            samples.resource(OWNER, 40, updated_at=later(1)),
            samples.resource(OWNER, 41, updated_at=later(3)),
            samples.resource(OWNER, 42, updated_at=later(1), status=ResourceStatus.ARCHIVED),
            samples.resource(OWNER, 43, source_id=MANUAL, resource_type=ResourceType.WEB_CONTENT),
        ]
        async with store.tenant(OWNER) as tx:
            await tx.resources.store(rows)
            page = tx.resources.page
            assert await leafed(page) == [41, 42, 40, 43]
            assert await leafed(lambda request: page(request, status=ResourceStatus.ACTIVE), 1) == [41, 40, 43]
            assert await leafed(lambda request: page(request, resource_type=ResourceType.PROPERTY)) == [41, 42, 40]
            assert await leafed(lambda request: page(request, source_id=MANUAL)) == [43]
        async with store.tenant(OTHER) as tx:
            assert await leafed(tx.resources.page) == []

    async def test_uow_760_market_events_in_pages_newest_first_and_what_fits(self, store: Store) -> None:
        await add_practice(store)
        rows = [
            samples.market_event(OWNER, 50, event_type="price_drop", created_at=later(1), entity_id="L1"),
            samples.market_event(OWNER, 51, event_type="new_listing", created_at=later(3), entity_id="L1"),
            samples.market_event(OWNER, 52, event_type="price_drop", created_at=later(1), entity_id="L2"),
        ]
        async with store.tenant(OWNER) as tx:
            await tx.market_events.add(rows)
            await tx.market_events.mark([uid(52)], EventStatus.PROCESSED)
            page = tx.market_events.page
            assert await leafed(page) == [51, 52, 50]
            assert await leafed(lambda request: page(request, event_type="price_drop"), 1) == [52, 50]
            assert await leafed(lambda request: page(request, status=EventStatus.UNPROCESSED)) == [51, 50]
            assert await leafed(lambda request: page(request, entity_id="L1")) == [51, 50]
        async with store.tenant(OTHER) as tx:
            assert await leafed(tx.market_events.page) == []

    async def test_uow_761_activity_counts_kinds_and_areas_of_a_range(self, store: Store) -> None:
        await add_practice(store)
        areas = ["Zilker", "Zilker", None, "Hyde Park", "hyde park"]
        rows = [
            samples.market_event(OWNER, 50 + n, event_type="price_drop", market_area=area, created_at=later(n))
            for n, area in enumerate(areas)
        ]
        async with store.tenant(OWNER) as tx:
            await tx.market_events.add([*rows, samples.market_event(OWNER, 60, created_at=later(99))])
            found = await tx.market_events.activity(later(0), later(5), 10)
            assert [(row.event_type, row.market_area, row.count) for row in found] == [
                ("price_drop", "Zilker", 2),
                ("price_drop", "Hyde Park", 1),
                ("price_drop", "hyde park", 1),
                ("price_drop", None, 1),
            ]
            only = [Activity(event_type="price_drop", market_area="Zilker", count=1)]
            assert await tx.market_events.activity(later(1), later(2), 10) == only
            assert await tx.market_events.activity(later(0), later(5), 1) == list(found[:1])
        async with store.tenant(OTHER) as tx:
            assert await tx.market_events.activity(later(0), later(5), 10) == []

    async def test_uow_762_a_key_of_another_form_is_invalid_and_never_misread(self, store: Store) -> None:
        await add_practice(store)
        nonsense = [
            (),
            ("x",),
            ("x", "y"),
            ("2026-07-01T12:00:00", str(uid(1))),
            ("9" * 30, str(uid(1))),
            ("-1", "\x00"),
        ]
        for key in [*nonsense, ("\ud800", "\ud800")]:
            request = PageRequest(after=key)
            async with store.tenant(OWNER) as tx:
                for read in (
                    tx.faqs.page(request),
                    tx.resources.page(request),
                    tx.market_events.page(request),
                    tx.contents.page(request, ContentOrder.MOST_USED),
                ):
                    with pytest.raises(Invalid, match="cursor"):
                        await read
        for key in [("x",), ("\ud800", str(uid(1))), ("a\x00", str(uid(1))), ("a", "b")]:
            async with store.tenant(OWNER) as tx:
                with pytest.raises(Invalid, match="cursor"):
                    await tx.contents.page(PageRequest(after=key), ContentOrder.TITLE)

    async def test_uow_763_runs_in_pages_the_newest_start_first(self, store: Store) -> None:
        rows = [samples.run(number, started_at=later(number % 3)) for number in (1, 2, 3, 4)]
        async with store.system() as tx:
            for row in rows:
                await tx.runs.add(row)
            await tx.runs.save(evolve(rows[0], status=RunStatus.COMPLETED, completed_at=later(60)))
            assert await leafed(tx.runs.page) == [2, 4, 1, 3]
            assert await leafed(lambda request: tx.runs.page(request, RunStatus.RUNNING), 1) == [2, 4, 3]
            assert await tx.runs.get(uid(2)) == rows[1]
            with pytest.raises(NotFound):
                await tx.runs.get(uid(9))

    async def test_uow_764_a_book_is_empty_until_somebody_is_in_it(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            assert not await tx.clients.is_empty()
        async with store.tenant(OTHER) as tx:
            assert await tx.clients.is_empty()

    async def test_uow_765_a_number_that_is_held_has_one_holder(self, store: Store) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.held_numbers.add(a_number(70))
            assert await tx.held_numbers.held() == [a_number(70)]
        for owner in (OWNER, OTHER):
            with pytest.raises(Conflict, match="somebody has it"):
                async with store.tenant(owner) as tx:
                    await tx.held_numbers.add(a_number(71, user_id=owner))
        async with store.tenant(OTHER) as tx:
            assert await tx.held_numbers.held() == []
            with pytest.raises(NotFound):
                await tx.held_numbers.get(uid(70))
        with pytest.raises(Invalid, match="user of this transaction"):
            async with store.tenant(OTHER) as tx:
                await tx.held_numbers.add(a_number(72))

    async def test_uow_766_a_number_goes_its_way_and_is_free_when_it_has_left(
        self, store: Store, clock: samples.SteppingClock
    ) -> None:
        await add_practice(store)
        async with store.tenant(OWNER) as tx:
            await tx.held_numbers.add(a_number(70))
            await tx.held_numbers.add(a_number(71, number="+15125550112", created_at=later(-1)))
        clock.forward(5)
        async with store.tenant(OWNER) as tx:
            owned = await tx.held_numbers.move(uid(70), NumberStatus.OWNED, "PN1")
            assert owned == a_number(70, status=NumberStatus.OWNED, provider_sid="PN1", changed_at=later(5))
            assert await tx.held_numbers.move(uid(70), NumberStatus.OWNED, "PN2") == owned
            assert numbers(*await tx.held_numbers.held()) == [71, 70]
        with pytest.raises(IllegalTransition):
            async with store.tenant(OWNER) as tx:
                await tx.held_numbers.move(uid(70), NumberStatus.REFUSED)
        with pytest.raises(NotFound):
            async with store.tenant(OTHER) as tx:
                await tx.held_numbers.move(uid(70), NumberStatus.LEAVING)
        async with store.tenant(OWNER) as tx:
            await tx.held_numbers.move(uid(70), NumberStatus.LEAVING)
            assert numbers(*await tx.held_numbers.held()) == [71, 70]
            left = await tx.held_numbers.move(uid(70), NumberStatus.RELEASED)
            assert left.provider_sid == "PN1"
            assert await tx.held_numbers.get(uid(70)) == left
            assert numbers(*await tx.held_numbers.held()) == [71]
        async with store.tenant(OTHER) as tx:
            await tx.held_numbers.add(a_number(70, user_id=OTHER))

    async def test_uow_767_texts_to_a_held_number_are_its_holder_s_though_nobody_sends_from_it(
        self, store: Store
    ) -> None:
        await add_practice(store)
        async with store.tenant(OTHER) as tx:
            await tx.held_numbers.add(a_number(70, user_id=OTHER))
        async with store.system() as tx:
            assert await tx.sends.owner_of_number(A_NUMBER) == OTHER
        async with store.tenant(OTHER) as tx:
            for status in (NumberStatus.OWNED, NumberStatus.LEAVING, NumberStatus.RELEASED):
                await tx.held_numbers.move(uid(70), status)
        async with store.system() as tx:
            assert await tx.sends.owner_of_number(A_NUMBER) is None

    async def test_uow_768_what_is_not_kept_is_not_told(self, store: Store) -> None:
        secret = Secret("never in print")
        assert "never" not in repr(samples.user(1, mls_username=secret, mls_password=secret))
        assert A_NUMBER not in repr(a_number(70))
