"""Telephone numbers that can be had and numbers that are ours."""

from __future__ import annotations

from attrs import field, frozen

from nudge_core.model import fields


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
