"""What every seller of numbers promises: inherit `NumbersContract`, give it a `numbers` fixture.

The numbers stand in `docs/reference/adapters.md`. `NumbersUnderTest.bought` is the judge: what the seller's own books
say was sold, in order, one entry for each sale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from attrs import frozen

from nudge_core.errors import Invalid, NudgeError, Refused, Unavailable
from nudge_core.ports.services import PhoneNumbers


@frozen(kw_only=True)
class NumbersUnderTest:
    """One adapter with its seller. The seller has numbers of `area_code` in `region`, and none of `empty_area_code`.

    `taken`: a number that somebody else has. `misbehave`: from now on requests fail so: `try_later`, `doubt_before`,
    `doubt_after` (purchases alone), `down` (every request).
    """

    numbers: PhoneNumbers
    bought: Callable[[], Sequence[str]]
    misbehave: Callable[[str], None]
    area_code: str
    region: str
    empty_area_code: str
    taken: str


class NumbersContract:
    """The promises of `PhoneNumbers`."""

    async def test_num_01_a_search_by_area_code_gives_numbers_of_it(self, numbers: NumbersUnderTest) -> None:
        found = await numbers.numbers.search(area_code=numbers.area_code, most=5)
        assert 0 < len(found) <= 5
        assert all(one.number.startswith(f"+1{numbers.area_code}") for one in found)
        assert len({one.number for one in found}) == len(found)

    async def test_num_02_a_search_by_region_or_near_a_number_gives_numbers_too(
        self, numbers: NumbersUnderTest
    ) -> None:
        assert {one.region for one in await numbers.numbers.search(region=numbers.region)} == {numbers.region}
        near = await numbers.numbers.search(near=f"+1{numbers.area_code}5550199", most=3)
        assert all(one.number.startswith(f"+1{numbers.area_code}") for one in near)
        assert near

    async def test_num_03_where_there_are_none_the_answer_is_empty(self, numbers: NumbersUnderTest) -> None:
        assert await numbers.numbers.search(area_code=numbers.empty_area_code) == []

    @pytest.mark.parametrize("wrong", [{"area_code": "1"}, {"near": "512"}, {"region": "Texas"}])
    async def test_num_04_a_search_for_nonsense_is_invalid(
        self, numbers: NumbersUnderTest, wrong: dict[str, str]
    ) -> None:
        with pytest.raises(Invalid):
            await numbers.numbers.search(
                area_code=wrong.get("area_code"), near=wrong.get("near"), region=wrong.get("region")
            )

    async def test_num_05_a_number_bought_is_ours_and_no_longer_on_offer(self, numbers: NumbersUnderTest) -> None:
        wanted = (await numbers.numbers.search(area_code=numbers.area_code))[0].number
        bought = await numbers.numbers.buy(wanted)
        assert bought.number == wanted
        assert await numbers.numbers.owned() == [bought]
        assert wanted not in [one.number for one in await numbers.numbers.search(area_code=numbers.area_code)]
        assert numbers.bought() == [wanted]

    async def test_num_06_buying_again_gives_the_same_and_buys_nothing(self, numbers: NumbersUnderTest) -> None:
        wanted = (await numbers.numbers.search(area_code=numbers.area_code))[0].number
        assert await numbers.numbers.buy(wanted) == await numbers.numbers.buy(wanted)
        assert numbers.bought() == [wanted]

    async def test_num_07_a_purchase_whose_answer_was_lost_is_found(self, numbers: NumbersUnderTest) -> None:
        wanted = (await numbers.numbers.search(area_code=numbers.area_code))[0].number
        numbers.misbehave("doubt_after")
        assert (await numbers.numbers.buy(wanted)).number == wanted
        assert numbers.bought() == [wanted]

    async def test_num_08_a_purchase_that_did_not_happen_raises_and_may_be_repeated(
        self, numbers: NumbersUnderTest
    ) -> None:
        wanted = (await numbers.numbers.search(area_code=numbers.area_code))[0].number
        for how in ("doubt_before", "try_later"):
            numbers.misbehave(how)
            with pytest.raises(Unavailable):
                await numbers.numbers.buy(wanted)
            assert numbers.bought() == []
        numbers.misbehave("")
        assert (await numbers.numbers.buy(wanted)).number == wanted
        assert numbers.bought() == [wanted]

    async def test_num_09_a_number_that_somebody_else_has_is_refused(self, numbers: NumbersUnderTest) -> None:
        with pytest.raises(Refused):
            await numbers.numbers.buy(numbers.taken)
        assert numbers.bought() == []

    async def test_num_10_what_is_no_number_is_invalid(self, numbers: NumbersUnderTest) -> None:
        with pytest.raises(Invalid):
            await numbers.numbers.buy(numbers.area_code)

    async def test_num_11_a_number_given_back_is_ours_no_more(self, numbers: NumbersUnderTest) -> None:
        first, second = (one.number for one in await numbers.numbers.search(area_code=numbers.area_code, most=2))
        await numbers.numbers.buy(first)
        kept = await numbers.numbers.buy(second)
        await numbers.numbers.release(first)
        assert await numbers.numbers.owned() == [kept]
        await numbers.numbers.release(first)
        assert await numbers.numbers.owned() == [kept]

    async def test_num_12_a_list_that_fails_raises_and_is_never_empty(self, numbers: NumbersUnderTest) -> None:
        numbers.misbehave("down")
        for call in (numbers.numbers.owned(), numbers.numbers.search(), numbers.numbers.release(numbers.taken)):
            with pytest.raises(NudgeError):
                await call
