"""The demo's time: it stands still until it is moved, and is stored, so that a demo goes on where it stopped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import evolve

from nudge_core.model.json import Json, JsonObject
from nudge_core.model.user import User
from nudge_core.ports import Store

KEY = "demo"  # in `user.onboarding_state`


class DemoClock:
    """A clock that is moved by hand and never goes back."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the demo's present instant, in UTC."""
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Go on to an instant; an earlier one changes nothing."""
        self._now = max(self._now, instant)

    def move_by(self, step: timedelta) -> None:
        """Go on by a time that is not negative."""
        self.move_to(self._now + step)


def stored_instant(user: User, name: str) -> datetime | None:
    """Return an instant the demo stored with its professional: `now`, or `until` when the run is to end."""
    text = _kept(user).get(name)
    return datetime.fromisoformat(text) if isinstance(text, str) else None


async def store_instants(store: Store, user: User, **instants: datetime) -> User:
    """Store instants with the demo's professional; return it as it is now."""
    async with store.system() as tx:
        stored = await tx.users.get(user.id)
        now_kept = {**_kept(stored), **{name: at.isoformat() for name, at in instants.items()}}
        state: dict[str, Json] = {**stored.onboarding_state, KEY: now_kept}
        return await tx.users.save(evolve(stored, onboarding_state=state))


def _kept(user: User) -> JsonObject:
    kept = user.onboarding_state.get(KEY)
    return kept if isinstance(kept, Mapping) else {}
