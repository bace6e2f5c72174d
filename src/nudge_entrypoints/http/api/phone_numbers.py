"""Telephone numbers: looked for, bought, sent from, given back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from nudge_core.errors import Invalid, Refused
from nudge_core.model import fields
from nudge_core.model.phone_number import FreeNumber, HeldNumber, NumberStatus
from nudge_core.ports import PhoneNumbers
from nudge_core.steps.hold_numbers import assign
from nudge_core.walk.numbers import buy_number, give_back_number
from nudge_entrypoints.http.api.context import Api, Caller, TheApi
from nudge_entrypoints.http.identity import SCOPE, Principal, Scope

MOST_FOUND = 30
USUALLY_FOUND = 10
NOT_ON_OFFER = "number_not_available"  # the seller's reason: the number is the caller's mistake, not the service's


@frozen(kw_only=True)
class NumberView:
    """A number of the professional's. `is_sending`: texts go out from it."""

    id: UUID
    number: str = field(repr=False)
    status: NumberStatus
    is_sending: bool
    created_at: datetime
    changed_at: datetime


@frozen(kw_only=True)
class NumberList:
    """All that are held, the oldest first; a professional has a few."""

    items: tuple[NumberView, ...]
    version: int


@frozen(kw_only=True)
class FreeNumberList:
    """Numbers on offer."""

    items: tuple[FreeNumber, ...]


@frozen(kw_only=True)
class Purchase:
    """The very number that is to be bought, E.164. This spends money."""

    number: str = field(validator=fields.phone, repr=False)


@frozen(kw_only=True)
class Assignment:
    """`version`: of the account, as it was read."""

    version: int = field(validator=fields.between(1, 2**31 - 1))


class PhoneNumberRoutes(Controller):
    """Routes of telephone numbers."""

    path = "/phone-numbers"
    tags = ["account"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.ACCOUNT_READ})
    async def list_phone_numbers(self, api: TheApi, principal: Caller) -> NumberList:
        """List the numbers that are held: wanted, owned, or being given back."""
        return await _list(api, principal)

    @get("/available", opt={SCOPE: Scope.ACCOUNT_READ})
    async def search_phone_numbers(
        self,
        api: TheApi,
        area_code: FromQuery[str | None] = None,
        near: FromQuery[str | None] = None,
        region: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> FreeNumberList:
        """Search numbers on offer by area code, near a number, or in a state."""
        most = USUALLY_FOUND if limit is None else limit
        if not 1 <= most <= MOST_FOUND:
            raise Invalid("limit", f"a number from 1 to {MOST_FOUND}", limit)
        async with _seller(api) as seller:
            found = await seller.search(area_code=area_code, near=near, region=region, most=most)
        return FreeNumberList(items=tuple(found))

    @post(opt={SCOPE: Scope.ACCOUNT_WRITE, "idempotent": True})
    async def buy_phone_number(self, api: TheApi, principal: Caller, data: JSONBody[Purchase]) -> NumberView:
        """Buy this very number. This spends money; asking again buys nothing more."""
        async with _seller(api) as seller:
            try:
                bought = await buy_number(
                    api.parts.store, seller, principal.user_id, data.number, api.parts.ids.new(), principal.actor
                )
            except Refused as error:
                if error.reason != NOT_ON_OFFER:
                    raise
                raise Invalid("number", "one that is on offer: /phone-numbers/available", data.number) from error
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _view(bought, (await tx.users.get(principal.user_id)).twilio_phone_number)

    @post("/{number_id:uuid}/assign", status_code=200, opt={SCOPE: Scope.ACCOUNT_WRITE})
    async def assign_phone_number(
        self, api: TheApi, principal: Caller, number_id: FromPath[UUID], data: JSONBody[Assignment]
    ) -> NumberList:
        """Let texts go out from this number."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await assign(tx, number_id, data.version, principal.actor, sends=True)
        return await _list(api, principal)

    @post("/{number_id:uuid}/unassign", status_code=200, opt={SCOPE: Scope.ACCOUNT_WRITE})
    async def unassign_phone_number(
        self, api: TheApi, principal: Caller, number_id: FromPath[UUID], data: JSONBody[Assignment]
    ) -> NumberList:
        """Let no text go out from this number; texts to it still arrive."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await assign(tx, number_id, data.version, principal.actor, sends=False)
        return await _list(api, principal)

    @post("/{number_id:uuid}/release", status_code=200, opt={SCOPE: Scope.ACCOUNT_WRITE})
    async def release_phone_number(self, api: TheApi, principal: Caller, number_id: FromPath[UUID]) -> NumberView:
        """Give a number back, for good: texts to it no longer arrive."""
        async with _seller(api) as seller:
            gone = await give_back_number(api.parts.store, seller, principal.user_id, number_id, principal.actor)
        return _view(gone, None)


@asynccontextmanager
async def _seller(api: Api) -> AsyncIterator[PhoneNumbers]:
    seller = api.numbers()
    try:
        yield seller
    finally:
        await seller.aclose()


async def _list(api: Api, principal: Principal) -> NumberList:
    async with api.parts.store.tenant(principal.user_id) as tx:
        user, held = await tx.users.get(principal.user_id), await tx.held_numbers.held()
    return NumberList(items=tuple(_view(number, user.twilio_phone_number) for number in held), version=user.version)


def _view(number: HeldNumber, sending: str | None) -> NumberView:
    return NumberView(
        id=number.id,
        number=number.number,
        status=number.status,
        is_sending=number.number == sending,
        created_at=number.created_at,
        changed_at=number.changed_at,
    )
