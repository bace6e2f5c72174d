"""The entities refuse what breaks a rule, name field and rule, and never repeat the value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.errors import Invalid, shape_of
from nudge_core.model.client import Client
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json, frozen_json, frozen_object, plain_json
from nudge_core.model.listing import ListingSnapshot, ListingStatus, public_facts
from nudge_core.model.secret import Secret
from nudge_core.model.user import User, UserType
from nudge_core.model.vector import Vector
from tests.strategies.values import jsons

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SOMEBODY = UUID(int=1)


def client(**changes: object) -> Client:
    values: dict[str, object] = {"id": SOMEBODY, "user_id": SOMEBODY, "full_name": "Ana Diaz", "created_at": NOON}
    return Client(**(values | changes))  # type: ignore[arg-type]  # wrong types on purpose


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("phone", "call me maybe", "E.164"),
        ("phone", "5125550100", "E.164"),
        ("phone", "+0125550100", "E.164"),
        ("timezone", "Mars/Olympus", "IANA"),
        ("timezone", "/etc/passwd", "IANA"),
        ("timezone", "", "IANA"),
        ("timezone", "US", "IANA"),
        ("email", "ana at example", "@"),
        ("full_name", "x" * 201, "200 characters"),
        ("notes", "nul \x00 inside", "NUL"),
        ("created_at", datetime(2026, 6, 1, 12), "UTC"),  # noqa: DTZ001 - a naive time on purpose
        ("created_at", datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=-5))), "UTC"),
        ("user_tags", "buyer", "not one text"),
    ],
)
def test_a_bad_field_is_named_with_its_rule_and_without_its_value(field: str, value: object, rule: str) -> None:
    with pytest.raises(Invalid) as caught:
        client(**{field: value})
    assert rule in str(caught.value)
    if isinstance(value, str) and len(value) > 6:
        assert value not in str(caught.value)


def test_a_client_may_have_no_phone_and_keeps_one_that_could_not_be_read() -> None:
    known = client(phone=None, phone_as_given="home: ask Mia")
    assert known.phone is None
    assert known.phone_as_given == "home: ask Mia"


def test_a_secret_is_never_printed() -> None:
    user = User(
        id=SOMEBODY,
        user_type=UserType.REALTOR,
        full_name="Dana Whitfield",
        email="dana@example.com",
        phone_number="+15125550100",
        vertical="real_estate",
        tool_provider="reso",
        timezone="America/Chicago",
        mls_password=Secret("hunter2!"),
    )
    assert "hunter2" not in f"{user!r} {user} {user.mls_password}"
    assert user.mls_password is not None
    assert user.mls_password.reveal() == "hunter2!"


def test_a_vector_is_normalised_and_a_failed_embedding_is_not_a_vector() -> None:
    vector = Vector([3.0, 4.0], "test")
    assert vector.values.tolist() == pytest.approx([0.6, 0.8])
    with pytest.raises(Invalid, match="never zeros"):
        Vector([0.0, 0.0], "test")
    with pytest.raises(Invalid):
        Vector([float("nan")], "test")
    with pytest.raises(Invalid, match="made by test"):
        vector.cosine(Vector([1.0, 0.0], "other"))
    with pytest.raises(ValueError, match="read-only"):
        vector.values[0] = np.float32(1)


@given(jsons())
def test_frozen_json_says_the_same_and_cannot_be_changed(value: Json) -> None:
    frozen = frozen_json(value)
    assert plain_json(frozen) == value
    assert plain_json(frozen_json(frozen)) == value


def test_what_is_no_json_is_refused() -> None:
    for value in (float("nan"), {1: "a"}, {"a": {2}}, {"when": NOON}):
        with pytest.raises(Invalid):
            frozen_json(value)  # type: ignore[arg-type]  # wrong types on purpose
    with pytest.raises(TypeError):
        frozen_object({"a": 1})["a"] = 2  # type: ignore[index]  # a frozen mapping, on purpose


def test_stable_ids_are_stable_and_do_not_run_together() -> None:
    assert stable_id("a", "bc") != stable_id("ab", "c")
    assert str(stable_id("reso", "K1")) == "73d9bbf0-1be3-8819-ab8e-8e2aaeafe91e"  # for ever: ids are stored
    assert stable_id("a").version == 8


@given(st.text(), st.text(), st.text(), st.text())
def test_different_parts_have_different_ids(a: str, b: str, c: str, d: str) -> None:
    assert (stable_id(a, b) == stable_id(c, d)) == ((a, b) == (c, d))


def test_public_facts_hide_the_address_and_the_position_where_the_seller_says_so() -> None:
    snapshot = ListingSnapshot(
        source_id="mls",
        listing_key="K1",
        status=ListingStatus.ACTIVE,
        address="1506  Timber St  ",
        city="Georgetown",
        postal_code="01234",
        latitude=30.6,
        longitude=-97.7,
        garage_spaces=0,
        pool=False,
        address_display_allowed=False,
    )
    facts = public_facts(snapshot)
    assert {"address", "unit", "latitude", "longitude"}.isdisjoint(facts)
    assert facts["garage_spaces"] == 0
    assert facts["pool"] is False
    assert "beds" not in facts


def test_two_records_of_one_home_share_an_address_key() -> None:
    one = ListingSnapshot(source_id="a", listing_key="1", address="1506  Timber St  ", postal_code="78626")
    two = ListingSnapshot(source_id="a", listing_key="2", address="1506 TIMBER ST.", postal_code="78626")
    other = ListingSnapshot(source_id="a", listing_key="3", address="1506 Timber St", unit="B", postal_code="78626")
    assert one.address_key == two.address_key == "1506 timber st||78626"
    assert other.address_key != one.address_key
    assert ListingSnapshot(source_id="a", listing_key="4", city="Austin").address_key is None


def test_shapes_tell_nothing_personal() -> None:
    assert shape_of("secret text") == "str of 11 characters"
    assert shape_of([1, 2]) == "list of 2"
    assert shape_of(None) == "nothing"
