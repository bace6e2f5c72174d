"""Values that come out of a database as they went in, and values that no database can hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge_core.errors import Invalid
from nudge_core.model.feed import UnreadRecord
from nudge_core.model.json import frozen_object
from nudge_core.model.vector import Vector

_NUMBERS = st.floats(-1e3, 1e3, width=32).filter(lambda value: abs(value) > 1e-3)


@given(st.lists(_NUMBERS, min_size=1, max_size=8))
def test_a_stored_vector_comes_back_bit_for_bit(values: list[float]) -> None:
    once = Vector(values, "m")
    again = Vector(once.values.astype("<f4"), "m")
    assert again.values.tobytes() == once.values.tobytes()


@pytest.mark.parametrize("text", ["a\x00b", "cut \ud83d", "\ude00"])
def test_json_refuses_a_text_that_cannot_be_stored(text: str) -> None:
    with pytest.raises(Invalid):
        frozen_object({"remarks": ("fine", text)})
    with pytest.raises(Invalid):
        frozen_object({text: 1})


def test_json_keeps_every_other_text() -> None:
    assert frozen_object({"ключ": "😀 O'Fallon\n"}) == {"ключ": "😀 O'Fallon\n"}


def test_an_unread_record_is_kept_whatever_it_holds() -> None:
    record = UnreadRecord(source_id="mls", listing_key="k\x00", rule="listing.remarks: text", raw="😀 \ud83d \x00 end")
    assert (record.listing_key, record.raw) == ("k\ufffd", "😀 \ufffd \ufffd end")
    assert UnreadRecord(source_id="mls", listing_key=None, rule="no key", raw="{}").listing_key is None
