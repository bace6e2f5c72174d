"""What every carrier adapter promises: inherit `GatewayContract`, give it a `carrier` fixture, get the promises tested.

The numbers stand in `docs/reference/adapters.md`. `CarrierUnderTest.accepted` is the judge: what the carrier itself has
taken, seen from its own side, never what the adapter says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from attrs import field, frozen

from nudge_core.errors import Unavailable
from nudge_core.model.carrier import Accepted, Doubtful, NotSent, OutgoingText, TryLater
from nudge_core.ports.services import SmsGateway

SENDER, PERSON, SOMEBODY_ELSE = "+15125550100", "+15125550199", "+15125550177"


@frozen(kw_only=True)
class CarrierUnderTest:
    """One adapter with its carrier, and what a test may do to them.

    `accepted`: the ids of the messages the carrier has taken, in order. `now`: the time by the carrier's clock.
    `settle`: let so much time pass that the list shows everything. The others are None where an adapter or its
    carrier cannot do such a thing; the promise is then skipped, and says so.

    `misbehave`: from now on requests fail so (`try_later`, `doubt_before`, `doubt_after`).
    `hear_stop`: the person sends STOP. `hear`: a person sends these words, with files (address and type).
    `break_list`: from now on neither list nor single texts can be had.
    `refused_recipient`: a phone this carrier refuses as unusable. `bills`: it says what a text cost.
    """

    gateway: SmsGateway
    accepted: Callable[[], Sequence[UUID]]
    now: Callable[[], datetime]
    settle: Callable[[], None]
    misbehave: Callable[[str], None] | None = None
    hear_stop: Callable[[str], None] | None = None
    hear: Callable[[str, str, Sequence[tuple[str, str]]], None] | None = None
    break_list: Callable[[], None] | None = None
    refused_recipient: str | None = field(default=None)
    bills: bool = False


def text(number: int, recipient: str = PERSON, body: str = "A home near Zilker dropped to $450,000.") -> OutgoingText:
    """Return an ordinary text; `number` names it."""
    return OutgoingText(
        user_id=UUID(int=1),
        message_id=UUID(int=number),
        attempt=1,
        sender=SENDER,
        recipient=recipient,
        body=body,
        valid_for_s=3_600,
    )


class GatewayContract:
    """The promises of `SmsGateway`."""

    async def test_sms_01_a_text_taken_is_accepted_with_a_name_and_stands_in_the_carrier_s_books(
        self, carrier: CarrierUnderTest
    ) -> None:
        outcome = await carrier.gateway.send(text(1))
        assert isinstance(outcome, Accepted)
        assert outcome.provider_sid
        assert carrier.accepted() == [UUID(int=1)]

    async def test_sms_02_no_two_texts_have_the_same_name(self, carrier: CarrierUnderTest) -> None:
        outcomes = [await carrier.gateway.send(text(number)) for number in range(1, 21)]
        assert len({outcome.provider_sid for outcome in outcomes if isinstance(outcome, Accepted)}) == 20

    async def test_sms_03_the_list_shows_the_texts_of_the_pair_oldest_first(self, carrier: CarrierUnderTest) -> None:
        since = carrier.now()
        sent = []
        for number, recipient in enumerate([PERSON, SOMEBODY_ELSE, PERSON], start=1):
            outcome = await carrier.gateway.send(text(number, recipient, f"number {number}"))
            assert isinstance(outcome, Accepted)
            sent.append(outcome.provider_sid)
        carrier.settle()
        found = await carrier.gateway.find(SENDER, PERSON, since)
        assert [record.provider_sid for record in found] == [sent[0], sent[2]]
        assert [record.body for record in found] == ["number 1", "number 3"]
        assert {(record.sender, record.recipient) for record in found} == {(SENDER, PERSON)}

    async def test_sms_04_the_list_leaves_out_what_is_older(self, carrier: CarrierUnderTest) -> None:
        await carrier.gateway.send(text(1))
        carrier.settle()
        later = carrier.now() + timedelta(seconds=2)
        assert await carrier.gateway.find(SENDER, PERSON, later) == []

    async def test_sms_05_a_request_is_made_once_whatever_becomes_of_it(self, carrier: CarrierUnderTest) -> None:
        misbehave = carrier.misbehave or pytest.skip("this carrier never misbehaves")
        misbehave("doubt_after")
        outcome = await carrier.gateway.send(text(1))
        assert isinstance(outcome, Doubtful)
        assert outcome.why
        assert carrier.accepted() == [UUID(int=1)]

    async def test_sms_06_a_doubt_says_nothing_of_whether_it_was_taken(self, carrier: CarrierUnderTest) -> None:
        misbehave = carrier.misbehave or pytest.skip("this carrier never misbehaves")
        misbehave("doubt_before")
        assert isinstance(await carrier.gateway.send(text(1)), Doubtful)
        assert carrier.accepted() == []

    async def test_sms_07_later_means_that_it_was_surely_not_taken(self, carrier: CarrierUnderTest) -> None:
        misbehave = carrier.misbehave or pytest.skip("this carrier never misbehaves")
        misbehave("try_later")
        outcome = await carrier.gateway.send(text(1))
        assert isinstance(outcome, TryLater)
        assert outcome.retry_after_s >= 0
        assert carrier.accepted() == []

    async def test_sms_08_after_stop_it_is_refused_as_an_opt_out(self, carrier: CarrierUnderTest) -> None:
        hear_stop = carrier.hear_stop or pytest.skip("this carrier hears nobody")
        hear_stop(PERSON)
        outcome = await carrier.gateway.send(text(1))
        assert isinstance(outcome, NotSent)
        assert outcome.opted_out
        assert not outcome.phone_unusable
        assert carrier.accepted() == []
        assert isinstance(await carrier.gateway.send(text(2, SOMEBODY_ELSE)), Accepted)

    async def test_sms_09_an_unusable_phone_is_refused_for_good(self, carrier: CarrierUnderTest) -> None:
        recipient = carrier.refused_recipient or pytest.skip("this carrier knows no unusable phone")
        outcome = await carrier.gateway.send(text(1, recipient))
        assert isinstance(outcome, NotSent)
        assert outcome.phone_unusable
        assert carrier.accepted() == []

    async def test_sms_10_a_text_without_words_is_refused_for_good(self, carrier: CarrierUnderTest) -> None:
        assert isinstance(await carrier.gateway.send(text(1, body="")), NotSent)
        assert carrier.accepted() == []

    async def test_sms_11_a_list_that_fails_raises_and_is_never_an_empty_list(self, carrier: CarrierUnderTest) -> None:
        break_list = carrier.break_list or pytest.skip("this carrier's list never fails")
        await carrier.gateway.send(text(1))
        break_list()
        with pytest.raises(Unavailable):
            await carrier.gateway.find(SENDER, PERSON, carrier.now() - timedelta(hours=1))

    async def test_sms_12_a_ping_is_one_line_without_personal_values(self, carrier: CarrierUnderTest) -> None:
        await carrier.gateway.send(text(1, body="canary words"))
        line = await carrier.gateway.ping()
        assert line
        assert "\n" not in line
        assert PERSON not in line
        assert "canary" not in line

    async def test_sms_13_neither_outcome_nor_record_prints_a_body(self, carrier: CarrierUnderTest) -> None:
        since = carrier.now()
        outcome = await carrier.gateway.send(text(1, body="canary words"))
        carrier.settle()
        found = await carrier.gateway.find(SENDER, PERSON, since)
        assert "canary" not in repr(outcome) + repr(found) + repr(text(1, body="canary words"))

    async def test_sms_14_a_text_is_found_by_its_name(self, carrier: CarrierUnderTest) -> None:
        outcome = await carrier.gateway.send(text(1, body="number 1"))
        await carrier.gateway.send(text(2, body="number 2"))
        assert isinstance(outcome, Accepted)
        record = await carrier.gateway.fetch(outcome.provider_sid)
        assert record is not None
        assert (record.provider_sid, record.sender, record.recipient) == (outcome.provider_sid, SENDER, PERSON)
        assert record.body == "number 1"

    @pytest.mark.parametrize("sid", ["SM" + "0" * 32, "SM1", "", "../Messages", "SM" + "0" * 31 + "/"])
    async def test_sms_15_a_name_that_nothing_has_is_nothing(self, carrier: CarrierUnderTest, sid: str) -> None:
        await carrier.gateway.send(text(1))
        assert await carrier.gateway.fetch(sid) is None

    async def test_sms_16_a_look_at_one_text_that_fails_raises(self, carrier: CarrierUnderTest) -> None:
        break_list = carrier.break_list or pytest.skip("this carrier's list never fails")
        outcome = await carrier.gateway.send(text(1))
        assert isinstance(outcome, Accepted)
        break_list()
        with pytest.raises(Unavailable):
            await carrier.gateway.fetch(outcome.provider_sid)

    async def test_sms_17_what_a_text_cost_is_said_once_it_has_gone_out(self, carrier: CarrierUnderTest) -> None:
        if not carrier.bills:
            pytest.skip("this carrier costs nothing")
        outcome = await carrier.gateway.send(text(1, body="x" * 161))
        assert isinstance(outcome, Accepted)
        early = await carrier.gateway.fetch(outcome.provider_sid)
        carrier.settle()
        late = await carrier.gateway.fetch(outcome.provider_sid)
        assert early is not None
        assert late is not None
        assert early.price_micros is None
        assert (late.segments, late.price_currency) == (2, "USD")
        assert late.price_micros is not None
        assert late.price_micros > 0

    async def test_sms_18_what_people_wrote_to_a_number_is_shown_oldest_first(self, carrier: CarrierUnderTest) -> None:
        hear = carrier.hear or pytest.skip("this carrier hears nobody")
        since = carrier.now()
        for person, words in ((PERSON, "first"), (SOMEBODY_ELSE, "STOP"), (PERSON, "third")):
            hear(person, words, ())
            carrier.settle()
        await carrier.gateway.send(text(1))
        carrier.settle()
        found = await carrier.gateway.received(SENDER, since)
        assert [(one.sender, one.body) for one in found] == [
            (PERSON, "first"),
            (SOMEBODY_ELSE, "STOP"),
            (PERSON, "third"),
        ]
        assert {one.recipient for one in found} == {SENDER}
        assert len({one.provider_sid for one in found}) == 3
        assert await carrier.gateway.received(SOMEBODY_ELSE, since) == []

    async def test_sms_19_what_people_wrote_before_is_left_out(self, carrier: CarrierUnderTest) -> None:
        hear = carrier.hear or pytest.skip("this carrier hears nobody")
        hear(PERSON, "first", ())
        carrier.settle()
        assert await carrier.gateway.received(SENDER, carrier.now()) == []

    async def test_sms_20_a_list_of_what_people_wrote_that_fails_raises(self, carrier: CarrierUnderTest) -> None:
        break_list = carrier.break_list or pytest.skip("this carrier's list never fails")
        break_list()
        with pytest.raises(Unavailable):
            await carrier.gateway.received(SENDER, carrier.now() - timedelta(hours=1))

    async def test_sms_21_a_picture_that_came_with_a_text_is_named(self, carrier: CarrierUnderTest) -> None:
        hear = carrier.hear or pytest.skip("this carrier hears nobody")
        since = carrier.now()
        hear(PERSON, "look", (("https://example.com/canary.png", "image/png"),))
        hear(PERSON, "nothing to see", ())
        carrier.settle()
        found = {one.body: one.media for one in await carrier.gateway.received(SENDER, since)}
        assert [one.content_type for one in found["look"]] == ["image/png"]
        assert found["look"][0].url.startswith("http")
        assert found["nothing to see"] == ()
        assert "canary" not in repr(found["look"])

    async def test_sms_22_closing_twice_does_no_harm(self, carrier: CarrierUnderTest) -> None:
        await carrier.gateway.send(text(1))
        await carrier.gateway.aclose()
        await carrier.gateway.aclose()
