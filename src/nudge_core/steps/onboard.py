"""How far a professional has come before their first nudge: read from what is stored, never from what was ticked.

Source of the steps: the predecessor's onboarding; ours are only those without which no nudge can be made or sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import evolve, frozen

from nudge_core.errors import Conflict
from nudge_core.model.event import ListingEvent
from nudge_core.model.json import Json, JsonObject
from nudge_core.model.user import MlsCheck, User
from nudge_core.ports import TenantTransaction
from nudge_core.verticals import Vertical

SCREEN = "screen"
"""Member of `user.onboarding_state` that belongs to whoever shows the steps; others are other parts'."""

_LISTING_EVENTS = frozenset(event.value for event in ListingEvent)


class OnboardingStep(StrEnum):
    """What has to be there."""

    PHONE_NUMBER = "phone_number"
    MLS_CONNECTION = "mls_connection"
    CLIENTS = "clients"
    STYLE = "style"


@frozen(kw_only=True)
class StepState:
    """A step, whether it is done by what is stored, and whether completing demands it."""

    step: OnboardingStep
    done: bool
    demanded: bool


@frozen(kw_only=True)
class Onboarding:
    """How a professional's onboarding stands. `screen`: what the screen keeps for itself."""

    steps: tuple[StepState, ...]
    complete: bool
    screen: JsonObject
    version: int

    @property
    def missing(self) -> tuple[str, ...]:
        """The steps that completing still demands."""
        return tuple(one.step.value for one in self.steps if one.demanded and not one.done)


async def examine(tx: TenantTransaction, vertical: Vertical | None) -> Onboarding:
    """Return how onboarding stands.

    Args:
        tx: the professional's.
        vertical: theirs; one without events of a market needs no MLS.
    """
    return await _examined(tx, await tx.users.get(tx.user_id), vertical)


async def proceed(
    tx: TenantTransaction,
    vertical: Vertical | None,
    version: int,
    *,
    screen: JsonObject | None = None,
    complete: bool | None = None,
) -> Onboarding:
    """Keep what the screen wants kept, and complete or reopen onboarding; None leaves each as it is.

    Raises:
        Conflict: it is to be completed and steps are missing, which it names; or somebody changed it since.
    """
    user = await tx.users.get(tx.user_id)
    if user.version != version:
        raise Conflict("user", "somebody changed it since it was read")
    now = await _examined(tx, user, vertical)
    if complete and now.missing:
        raise Conflict("onboarding", f"still to be done: {', '.join(now.missing)}")
    state: JsonObject = user.onboarding_state if screen is None else {**user.onboarding_state, SCREEN: screen}
    finished = user.onboarding_complete if complete is None else complete
    changed = evolve(user, onboarding_state=state, onboarding_complete=finished)
    saved = user if changed == user else await tx.users.save(changed)
    return evolve(now, complete=finished, screen=_screen(saved), version=saved.version)


async def _examined(tx: TenantTransaction, user: User, vertical: Vertical | None) -> Onboarding:
    reads_market = vertical is not None and not _LISTING_EVENTS.isdisjoint(vertical.events)
    steps = (
        StepState(step=OnboardingStep.PHONE_NUMBER, done=user.twilio_phone_number is not None, demanded=True),
        StepState(step=OnboardingStep.MLS_CONNECTION, done=user.mls_check is MlsCheck.WORKS, demanded=reads_market),
        StepState(step=OnboardingStep.CLIENTS, done=not await tx.clients.is_empty(), demanded=True),
        StepState(step=OnboardingStep.STYLE, done=bool(user.ai_style_guide), demanded=True),
    )
    return Onboarding(steps=steps, complete=user.onboarding_complete, screen=_screen(user), version=user.version)


def _screen(user: User) -> dict[str, Json]:
    kept = user.onboarding_state.get(SCREEN)
    return dict(kept) if isinstance(kept, Mapping) else {}
