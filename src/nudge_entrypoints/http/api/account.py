"""The professional's own account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get, patch
from litestar.params import JSONBody
from msgspec import UNSET, UnsetType

from nudge_core.model import fields
from nudge_core.model.json import Json, plain_json
from nudge_core.model.user import User, UserType
from nudge_core.steps.account import change
from nudge_entrypoints.http.api.account_rules import RulesView, rules_view
from nudge_entrypoints.http.api.bodies_of_change import changes_of, given, short_texts, small_json
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.identity import SCOPE, Scope

JsonView = dict[str, Any]
"""Any: free JSON, as it is stored."""


@frozen(kw_only=True)
class UserView:
    """The account. No secret stands in it: whether an MLS account is set, `/mls-connection` says."""

    id: UUID
    user_type: UserType
    full_name: str = field(repr=False)
    email: str = field(repr=False)
    phone_number: str = field(repr=False)
    vertical: str
    business_name: str = field(repr=False)
    timezone: str
    market_focus: tuple[str, ...]
    specialties: tuple[str, ...]
    license_number: str | None = field(repr=False)
    ai_style_guide: JsonView = field(repr=False)
    strategy: JsonView = field(repr=False)
    faq_auto_responder_enabled: bool
    sending_number: str | None = field(repr=False)
    onboarding_complete: bool
    version: int


@frozen(kw_only=True)
class UserChange:
    """What is to change; a member that is absent stays. `version`: the one that was read."""

    version: int = field(validator=fields.between(1, 2**31 - 1))
    full_name: str | UnsetType = field(default=UNSET, validator=given(fields.text(200, at_least=1)), repr=False)
    business_name: str | UnsetType = field(default=UNSET, validator=given(fields.text(200)), repr=False)
    email: str | UnsetType = field(default=UNSET, validator=given(fields.email), repr=False)
    timezone: str | UnsetType = field(default=UNSET, validator=given(fields.zone))
    market_focus: list[str] | UnsetType = field(default=UNSET, validator=given(short_texts))
    specialties: list[str] | UnsetType = field(default=UNSET, validator=given(short_texts))
    license_number: str | UnsetType | None = field(
        default=UNSET, validator=given(fields.optional(fields.text(100))), repr=False
    )
    ai_style_guide: JsonView | UnsetType = field(default=UNSET, validator=given(small_json), repr=False)
    strategy: JsonView | UnsetType = field(default=UNSET, validator=given(small_json), repr=False)
    faq_auto_responder_enabled: bool | UnsetType = UNSET


class Account(Controller):
    """Routes of the professional's own account."""

    path = "/users/me"
    tags = ["account"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.ACCOUNT_READ})
    async def read_account(self, api: TheApi, principal: Caller) -> UserView:
        """Read the account."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return user_view(await tx.users.get(principal.user_id))

    @patch(opt={SCOPE: Scope.ACCOUNT_WRITE})
    async def change_account(self, api: TheApi, principal: Caller, data: JSONBody[UserChange]) -> UserView:
        """Change some of the account; a rule of sending that breaks the law's is refused by name."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            changed = await change(tx, changes_of(data), data.version, principal.actor, by_program=principal.is_api_key)
            return user_view(changed)

    @get("/rules", opt={SCOPE: Scope.ACCOUNT_READ})
    async def read_rules(self, api: TheApi, principal: Caller) -> RulesView:
        """Read the rules that bind this professional's texts, each with its source."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return rules_view(await tx.users.get(principal.user_id))


def user_view(user: User) -> UserView:
    """Return what is shown of an account."""
    return UserView(
        id=user.id,
        user_type=user.user_type,
        full_name=user.full_name,
        email=user.email,
        phone_number=user.phone_number,
        vertical=user.vertical,
        business_name=user.business_name,
        timezone=user.timezone,
        market_focus=user.market_focus,
        specialties=user.specialties,
        license_number=user.license_number,
        ai_style_guide=json_view(user.ai_style_guide),
        strategy=json_view(user.strategy),
        faq_auto_responder_enabled=user.faq_auto_responder_enabled,
        sending_number=user.twilio_phone_number,
        onboarding_complete=user.onboarding_complete,
        version=user.version,
    )


def json_view(value: Mapping[str, Json]) -> JsonView:
    """Return stored JSON as an encoder takes it."""
    return {key: plain_json(item) for key, item in value.items()}
