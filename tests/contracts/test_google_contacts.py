"""Google's contacts keep the promises of address books, at the wire of the practice Google."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from nudge_adapters.contacts.google import GoogleContacts, GoogleSettings, build_google, written
from nudge_adapters.contacts.practice_google import PracticeGoogle
from nudge_core.errors import Misconfigured, Unavailable
from nudge_core.model.secret import Secret
from nudge_core.model.written import ContactField
from tests.contracts.address_book_contract import CHALLENGE, AddressBookContract, KeeperUnderTest


def google_at(practice: PracticeGoogle) -> GoogleContacts:
    settings = GoogleSettings(
        client_id=practice.client_id,
        client_secret=Secret(practice.client_secret),
        redirect_url=practice.redirect_url,
    )
    return build_google(settings, transport=httpx.ASGITransport(app=practice))


def person(name: str) -> dict[str, object]:
    return {"names": [{"displayName": name}]}


class TestGoogleContacts(AddressBookContract):
    @pytest.fixture
    async def keeper(self) -> AsyncIterator[KeeperUnderTest]:
        practice = PracticeGoogle(most_of_a_page=3)
        provider = google_at(practice)

        def fail(status: int, wait_s: float | None) -> None:
            practice.faults.append((status, {} if wait_s is None else {"retry-after": str(wait_s)}))

        yield KeeperUnderTest(
            provider=provider,
            consent=lambda address, contacts: practice.consent(address, contacts=contacts),
            put=lambda name: practice.put(name, person(name)),
            remove=practice.remove,
            end_access=practice.end_access,
            take_back=practice.take_back,
            age=practice.age_sync_tokens,
            fail=fail,
            most_of_a_page=3,
        )
        await provider.aclose()


def test_a_person_is_read_with_all_that_the_book_wants() -> None:
    found = written(
        {
            "names": [{"displayName": "Old"}, {"displayName": "Ann Lee", "metadata": {"primary": True}}],
            "phoneNumbers": [{"value": "(512) 555-0142", "canonicalForm": "+15125550142"}, {"value": "555"}],
            "emailAddresses": [{"value": "ann@example.com"}, {"value": " "}],
            "birthdays": [{"date": {"month": 3, "day": 5}}, {"date": {"year": 1980, "month": 3, "day": 5}}],
            "addresses": [{"streetAddress": "12 Oak St", "city": "Austin", "region": "TX", "postalCode": "78701"}],
            "organizations": [{"name": "Acme"}],
            "biographies": [{"value": "Likes lofts"}],
        },
        4,
    )
    assert found.line == 4
    assert {name.value: several for name, several in found.values.items()} == {
        "full_name": ("Ann Lee",),
        "phone": ("+15125550142", "555"),
        "email": ("ann@example.com",),
        "birthday": ("1980-03-05",),
        "street": ("12 Oak St",),
        "locality": ("Austin",),
        "region": ("TX",),
        "postal_code": ("78701",),
        "organisation": ("Acme",),
        "notes": ("Likes lofts",),
    }
    assert written({"birthdays": [{"date": {"month": 2, "day": 29}}]}, 1).first(ContactField.BIRTHDAY) == "--02-29"
    assert written({"names": "x", "emailAddresses": [1], "birthdays": {}}, 1).values == {}


async def test_the_consent_address_asks_for_reading_only_and_holds_no_secret() -> None:
    practice = PracticeGoogle()
    address = google_at(practice).consent_url("the-state", CHALLENGE)
    assert "contacts.readonly" in address
    assert "code_challenge_method=S256" in address
    assert practice.client_secret not in address
    assert str(practice.client_secret) not in repr(practice)


async def test_what_is_no_answer_of_googles_is_an_outage() -> None:
    settings = GoogleSettings(client_id="c", client_secret=Secret("s"), redirect_url="https://nudge.example/back")
    for handler in (
        lambda request: httpx.Response(200, text="<html>"),
        lambda request: httpx.Response(200, json=[1]),
        lambda request: httpx.Response(200, json={}),
    ):
        google = build_google(settings, transport=httpx.MockTransport(handler))
        with pytest.raises(Unavailable):
            await google.book(Secret("r")).page(None, None)
        await google.aclose()


def test_secrets_travel_by_https_only() -> None:
    with pytest.raises(Misconfigured):
        build_google(
            GoogleSettings(
                client_id="c",
                client_secret=Secret("s"),
                redirect_url="https://nudge.example/back",
                tokens_url="http://tokens.example",
            )
        )
