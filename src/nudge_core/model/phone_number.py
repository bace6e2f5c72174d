"""Telephone numbers that can be had and numbers that are ours."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields
from nudge_core.model.states import StateMachine


@frozen(kw_only=True)
class FreeNumber:
    """A number on offer. `locality` and `region` (such as TX): where the carrier says it belongs, where it does."""

    number: str = field(validator=fields.phone, repr=False)
    locality: str | None = None
    region: str | None = None


@frozen(kw_only=True)
class OwnedNumber:
    """A number of the account, under the name the carrier gave the purchase."""

    provider_sid: str
    number: str = field(validator=fields.phone, repr=False)


class NumberStatus(StrEnum):
    """How a professional's number stands. What is meant is written down before the carrier is asked."""

    WANTED = "wanted"
    OWNED = "owned"
    LEAVING = "leaving"
    RELEASED = "released"
    REFUSED = "refused"


PHONE_NUMBER: StateMachine[NumberStatus] = StateMachine(
    "phone number",
    frozenset({NumberStatus.WANTED}),
    MappingProxyType(
        {
            NumberStatus.WANTED: {
                NumberStatus.OWNED: "the carrier has sold it",
                NumberStatus.REFUSED: "the carrier does not sell it",
            },
            NumberStatus.OWNED: {NumberStatus.LEAVING: "the professional gives it back"},
            NumberStatus.LEAVING: {NumberStatus.RELEASED: "the carrier has taken it back"},
            NumberStatus.RELEASED: {},
            NumberStatus.REFUSED: {},
        }
    ),
)

HELD = frozenset({NumberStatus.WANTED, NumberStatus.OWNED, NumberStatus.LEAVING})
"""While it stands so, a number is one professional's and nobody else's."""


@frozen(kw_only=True)
class HeldNumber:
    """A number of one professional. `provider_sid`: the carrier's name of the purchase, once it is known."""

    id: UUID
    user_id: UUID
    number: str = field(validator=fields.phone, repr=False)
    created_at: datetime = field(validator=fields.instant)
    changed_at: datetime = field(validator=fields.instant)
    status: NumberStatus = NumberStatus.WANTED
    provider_sid: str | None = field(default=None, validator=fields.optional(fields.text(64)), repr=False)
