"""What every giver of one-time codes promises: inherit `CodesContract`, give it a `codes` fixture.

`CodesUnderTest.held` is the judge: the code that the holder of a phone has been sent.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import frozen

from nudge_core.errors import Unavailable
from nudge_core.model.one_time_code import CodeCheck, CodeStart
from nudge_core.ports.services import OneTimeCodes

PHONE, OTHER_PHONE = "+15125550199", "+15125550177"


@frozen(kw_only=True)
class CodesUnderTest:
    """One adapter. `held`: the code a phone was sent, None when none holds. `wait`: let seconds pass.

    `most_sends`, `most_checks`, `life_s`: the giver's limits. `blocked`: a phone of a region that is not served.
    `go_down`: from now on nothing answers.
    """

    codes: OneTimeCodes
    held: Callable[[str], str | None]
    wait: Callable[[float], None]
    go_down: Callable[[], None]
    most_sends: int
    most_checks: int
    life_s: float
    blocked: str


def another(code: str) -> str:
    """Return a code of the same length that is not this one."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


class CodesContract:
    """The promises of `OneTimeCodes`."""

    async def held(self, codes: CodesUnderTest, phone: str = PHONE) -> str:
        assert await codes.codes.start(phone) is CodeStart.SENT
        code = codes.held(phone)
        assert code is not None
        return code

    async def test_otp_01_the_code_that_was_sent_is_approved(self, codes: CodesUnderTest) -> None:
        assert await codes.codes.check(PHONE, await self.held(codes)) is CodeCheck.APPROVED

    async def test_otp_02_another_code_is_wrong_and_the_right_one_still_holds(self, codes: CodesUnderTest) -> None:
        code = await self.held(codes)
        assert await codes.codes.check(PHONE, another(code)) is CodeCheck.WRONG
        assert await codes.codes.check(PHONE, code) is CodeCheck.APPROVED

    @pytest.mark.parametrize("typed", ["", "abc", "12 34", "1", "1" * 30, "１２３４５６", "000000 "])
    async def test_otp_03_what_is_no_code_is_wrong(self, codes: CodesUnderTest, typed: str) -> None:
        await self.held(codes)
        assert await codes.codes.check(PHONE, typed) is CodeCheck.WRONG

    async def test_otp_04_a_code_is_good_once(self, codes: CodesUnderTest) -> None:
        code = await self.held(codes)
        assert await codes.codes.check(PHONE, code) is CodeCheck.APPROVED
        assert await codes.codes.check(PHONE, code) is CodeCheck.EXPIRED

    async def test_otp_05_a_code_is_good_for_its_own_phone_only(self, codes: CodesUnderTest) -> None:
        code = await self.held(codes)
        other = await self.held(codes, OTHER_PHONE)
        if code != other:
            assert await codes.codes.check(OTHER_PHONE, code) is CodeCheck.WRONG
        assert await codes.codes.check(PHONE, code) is CodeCheck.APPROVED

    async def test_otp_06_a_code_expires(self, codes: CodesUnderTest) -> None:
        code = await self.held(codes)
        codes.wait(codes.life_s + 1)
        assert await codes.codes.check(PHONE, code) is CodeCheck.EXPIRED

    async def test_otp_07_a_phone_that_was_sent_none_has_nothing_to_check(self, codes: CodesUnderTest) -> None:
        assert await codes.codes.check(PHONE, "123456") is CodeCheck.EXPIRED

    async def test_otp_08_guessing_ends_before_long_and_then_even_the_right_code_is_none(
        self, codes: CodesUnderTest
    ) -> None:
        code = await self.held(codes)
        for _ in range(codes.most_checks):
            assert await codes.codes.check(PHONE, another(code)) is CodeCheck.WRONG
        assert await codes.codes.check(PHONE, code) is CodeCheck.TOO_MANY_CHECKS

    async def test_otp_09_sending_ends_before_long_for_one_phone_only(self, codes: CodesUnderTest) -> None:
        for _ in range(codes.most_sends):
            assert await codes.codes.start(PHONE) is CodeStart.SENT
        assert await codes.codes.start(PHONE) is CodeStart.TOO_MANY_SENDS
        assert await codes.codes.start(OTHER_PHONE) is CodeStart.SENT

    async def test_otp_10_a_region_that_is_not_served_is_said(self, codes: CodesUnderTest) -> None:
        assert await codes.codes.start(codes.blocked) is CodeStart.REGION_BLOCKED

    async def test_otp_11_what_is_no_phone_is_sent_nothing(self, codes: CodesUnderTest) -> None:
        assert await codes.codes.start("512") is CodeStart.PHONE_UNUSABLE
        assert await codes.codes.check("512", "123456") is CodeCheck.WRONG

    async def test_otp_12_no_answer_is_no_approval(self, codes: CodesUnderTest) -> None:
        code = await self.held(codes)
        codes.go_down()
        with pytest.raises(Unavailable):
            await codes.codes.check(PHONE, code)
        with pytest.raises(Unavailable):
            await codes.codes.start(PHONE)
