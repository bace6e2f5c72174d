"""How far a professional has come before their first nudge."""

from __future__ import annotations

from attrs import field, frozen
from litestar import Controller, get, patch
from litestar.params import JSONBody
from msgspec import UNSET, UnsetType

from nudge_core.model import fields
from nudge_core.ports import TenantTransaction
from nudge_core.steps.onboard import Onboarding, StepState, examine, proceed
from nudge_core.verticals import Vertical
from nudge_entrypoints.http.api.account import JsonView, json_view
from nudge_entrypoints.http.api.bodies_of_change import given, small_json
from nudge_entrypoints.http.api.context import Api, Caller, TheApi
from nudge_entrypoints.http.identity import SCOPE, Scope


@frozen(kw_only=True)
class OnboardingView:
    """The steps by what is stored, what is still demanded, and what the screen keeps for itself."""

    steps: tuple[StepState, ...]
    missing: tuple[str, ...]
    complete: bool
    screen: JsonView
    version: int


@frozen(kw_only=True)
class OnboardingChange:
    """`screen`: replaces what the screen keeps. `complete`: true demands the demanded steps; false reopens."""

    version: int = field(validator=fields.between(1, 2**31 - 1))
    screen: JsonView | UnsetType = field(default=UNSET, validator=given(small_json))
    complete: bool | UnsetType = UNSET


class OnboardingRoutes(Controller):
    """Routes of onboarding."""

    path = "/onboarding"
    tags = ["account"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.ACCOUNT_READ})
    async def read_onboarding(self, api: TheApi, principal: Caller) -> OnboardingView:
        """Read which steps are done, by what is stored."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _view(await examine(tx, await _vertical(api, tx)))

    @patch(opt={SCOPE: Scope.ACCOUNT_WRITE})
    async def change_onboarding(
        self, api: TheApi, principal: Caller, data: JSONBody[OnboardingChange]
    ) -> OnboardingView:
        """Keep the screen's own state; complete onboarding when everything it demands is there."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            now = await proceed(
                tx,
                await _vertical(api, tx),
                data.version,
                screen=None if isinstance(data.screen, UnsetType) else data.screen,
                complete=None if isinstance(data.complete, UnsetType) else data.complete,
            )
            return _view(now)


async def _vertical(api: Api, tx: TenantTransaction) -> Vertical | None:
    return api.parts.verticals.get((await tx.users.get(tx.user_id)).vertical)


def _view(now: Onboarding) -> OnboardingView:
    return OnboardingView(
        steps=now.steps,
        missing=now.missing,
        complete=now.complete,
        screen=json_view(now.screen),
        version=now.version,
    )
