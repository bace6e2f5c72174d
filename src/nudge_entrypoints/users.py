"""Professionals from the command line: an operator registers them. Nobody registers by signing in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import TypeVar

from attrs import field, frozen

from nudge_adapters import catalog
from nudge_core.errors import Invalid, NotFound
from nudge_core.model.fields import E164
from nudge_core.model.user import User, UserType
from nudge_entrypoints.bootstrap import App, opened
from nudge_entrypoints.database import database
from nudge_entrypoints.settings import Settings

T = TypeVar("T")

TYPES = MappingProxyType(
    {"real_estate": UserType.REALTOR, "therapy": UserType.THERAPIST, "lending": UserType.LOAN_OFFICER}
)
"""What a professional of each vertical is."""


@frozen(kw_only=True)
class NewUser:
    """Who is registered. `number`: the sending number, if there is one yet."""

    phone: str = field(repr=False)
    name: str = field(repr=False)
    email: str = field(repr=False)
    vertical: str
    tool_provider: str
    timezone: str
    business: str = field(default="", repr=False)
    number: str | None = field(default=None, repr=False)


def add(settings: Settings, new: NewUser) -> dict[str, object]:
    """Register a professional; they sign in with their phone from now on.

    Raises:
        Invalid: a value breaks a rule. Conflict: the phone or the sending number is taken.
        Misconfigured: there is no such tool provider.
    """

    async def act(app: App) -> dict[str, object]:
        if new.vertical not in TYPES or new.vertical not in app.parts.verticals:
            known = ", ".join(sorted(set(TYPES) & set(app.parts.verticals)))
            raise Invalid("user.vertical", f"one of {known}", new.vertical)
        catalog.chosen("--tool-provider", catalog.FEEDS, new.tool_provider)
        user = User(
            id=app.parts.ids.new(),
            user_type=TYPES[new.vertical],
            full_name=new.name,
            email=new.email,
            phone_number=new.phone,
            vertical=new.vertical,
            tool_provider=new.tool_provider,
            timezone=new.timezone,
            business_name=new.business,
            twilio_phone_number=new.number,
        )
        async with app.parts.store.system() as tx:
            await tx.users.add(user)
        return _shown(user, is_super=False)

    return _run(settings, act)


def everybody(settings: Settings) -> list[dict[str, object]]:
    """Return every professional, by id."""

    async def look(app: App) -> list[dict[str, object]]:
        async with app.parts.store.system() as tx:
            users, super_users = await tx.users.all(), await tx.users.super_users()
        return [_shown(user, is_super=user.id in super_users) for user in users]

    return _run(settings, look)


def set_super(settings: Settings, phone: str, *, on: bool) -> None:
    """Let a professional read across accounts, where each look is audited, or not any more.

    Raises:
        Invalid: no telephone number. NotFound: nobody has it.
    """

    async def act(app: App) -> None:
        if not E164.fullmatch(phone):
            raise Invalid("phone", "E.164: + and 7 to 15 digits", phone)
        async with app.parts.store.system() as tx:
            user_id = await tx.users.id_by_phone(phone)
            if user_id is None:
                raise NotFound("user", "with this phone")
            await tx.users.set_super(user_id, on)

    _run(settings, act)


def _shown(user: User, *, is_super: bool) -> dict[str, object]:
    return {
        "id": str(user.id),
        "name": user.full_name,
        "phone": user.phone_number,
        "vertical": user.vertical,
        "tool_provider": user.tool_provider,
        "number": user.twilio_phone_number,
        "super": is_super,
    }


def _run(settings: Settings, work: Callable[[App], Awaitable[T]]) -> T:
    async def whole(url: str) -> T:
        async with opened(settings, url) as app:
            return await work(app)

    with database(settings) as url:
        return asyncio.run(whole(url))
