"""What every keeper of address books promises: inherit `AddressBookContract`, give it a `keeper` fixture."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import frozen

from nudge_core.errors import Conflict, Refused, Unavailable
from nudge_core.model.secret import Secret
from nudge_core.model.written import ContactField
from nudge_core.ports import ContactBook, ContactProvider
from nudge_core.walk import read_address_book

VERIFIER = Secret("v" * 64)
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 64).digest()).rstrip(b"=").decode()
STATE = "a-state"


@frozen(kw_only=True)
class KeeperUnderTest:
    """One adapter and the world behind it.

    `consent`: the owner says yes at an address (with contacts or without), and the browser comes back to another one.
    `put`, `remove`: a contact of this name is there, is not. `end_access`: tokens end. `take_back`: the owner takes
    the permission back. `age`: sync tokens are too old. `fail`: the next answers have this status, with a wait in
    seconds or without.
    """

    provider: ContactProvider
    consent: Callable[[str, bool], str]
    put: Callable[[str], None]
    remove: Callable[[str], None]
    end_access: Callable[[], None]
    take_back: Callable[[], None]
    age: Callable[[], None]
    fail: Callable[[int, float | None], None]
    most_of_a_page: int


def code_of(address: str) -> str:
    query = parse_qs(urlsplit(address).query)
    assert query["state"] == [STATE]
    return query["code"][0]


def names(book: object) -> list[str]:
    contacts = book.contacts  # type: ignore[attr-defined]  # an AddressBook or a ContactPage
    return [one.first(ContactField.FULL_NAME) for one in contacts]


class AddressBookContract:
    """The promises of `ContactProvider` and `ContactBook`."""

    async def opened(self, keeper: KeeperUnderTest) -> ContactBook:
        code = code_of(keeper.consent(keeper.provider.consent_url(STATE, CHALLENGE), True))
        return keeper.provider.book(await keeper.provider.redeem(code, VERIFIER))

    async def test_book_01_a_permission_is_redeemed_once(self, keeper: KeeperUnderTest) -> None:
        code = code_of(keeper.consent(keeper.provider.consent_url(STATE, CHALLENGE), True))
        assert (await keeper.provider.redeem(code, VERIFIER)).reveal()
        with pytest.raises(Refused):
            await keeper.provider.redeem(code, VERIFIER)

    async def test_book_02_a_code_is_worth_nothing_without_its_verifier(self, keeper: KeeperUnderTest) -> None:
        code = code_of(keeper.consent(keeper.provider.consent_url(STATE, CHALLENGE), True))
        with pytest.raises(Refused):
            await keeper.provider.redeem(code, Secret("w" * 64))

    async def test_book_03_a_yes_without_contacts_is_a_no(self, keeper: KeeperUnderTest) -> None:
        code = code_of(keeper.consent(keeper.provider.consent_url(STATE, CHALLENGE), False))
        with pytest.raises(Refused) as refused:
            await keeper.provider.redeem(code, VERIFIER)
        assert refused.value.reason == "scope"

    async def test_book_04_every_page_is_read_once_and_in_order(self, keeper: KeeperUnderTest) -> None:
        expected = [f"Person {number}" for number in range(keeper.most_of_a_page * 2 + 1)]
        for name in expected:
            keeper.put(name)
        read = await read_address_book(await self.opened(keeper), None)
        assert names(read) == expected
        assert [one.line for one in read.contacts] == list(range(1, len(expected) + 1))
        assert read.is_whole

    async def test_book_05_the_next_reading_tells_what_changed(self, keeper: KeeperUnderTest) -> None:
        for name in ("Ann", "Bob", "Cy"):
            keeper.put(name)
        book = await self.opened(keeper)
        first = await read_address_book(book, None)
        keeper.put("Di")
        keeper.remove("Bob")
        second = await read_address_book(book, first.sync_token)
        assert (names(second), second.gone, second.is_whole) == (["Di"], 1, False)
        third = await read_address_book(book, second.sync_token)
        assert (names(third), third.gone) == ([], 0)

    async def test_book_06_a_sync_token_that_is_too_old_means_all_of_it(self, keeper: KeeperUnderTest) -> None:
        keeper.put("Ann")
        book = await self.opened(keeper)
        first = await read_address_book(book, None)
        keeper.age()
        with pytest.raises(Conflict):
            await book.page(None, first.sync_token)
        again = await read_address_book(book, first.sync_token)
        assert (names(again), again.is_whole) == (["Ann"], True)

    async def test_book_07_a_token_that_ended_is_renewed(self, keeper: KeeperUnderTest) -> None:
        keeper.put("Ann")
        book = await self.opened(keeper)
        await book.page(None, None)
        keeper.end_access()
        assert names(await book.page(None, None)) == ["Ann"]

    async def test_book_08_a_permission_that_was_taken_back_is_refused(self, keeper: KeeperUnderTest) -> None:
        book = await self.opened(keeper)
        keeper.take_back()
        with pytest.raises(Refused) as refused:
            await book.page(None, None)
        assert refused.value.reason == "invalid_grant"

    @pytest.mark.parametrize("status", [429, 500, 503])
    async def test_book_09_an_outage_says_when_to_come_back(self, keeper: KeeperUnderTest, status: int) -> None:
        book = await self.opened(keeper)
        await book.page(None, None)
        keeper.fail(status, 7.0)
        with pytest.raises(Unavailable) as outage:
            await book.page(None, None)
        assert outage.value.retry_after_s == 7.0
        keeper.fail(status, None)
        with pytest.raises(Unavailable) as outage:
            await book.page(None, None)
        assert outage.value.retry_after_s is None
        assert (await book.page(None, None)).cursor is None, "what is over is over"

    async def test_book_10_giving_back_twice_is_fine(self, keeper: KeeperUnderTest) -> None:
        code = code_of(keeper.consent(keeper.provider.consent_url(STATE, CHALLENGE), True))
        token = await keeper.provider.redeem(code, VERIFIER)
        await keeper.provider.revoke(token)
        await keeper.provider.revoke(token)
        with pytest.raises(Refused):
            await keeper.provider.book(token).page(None, None)
