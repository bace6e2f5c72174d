"""Holding a part of the clients out by chance: a stable coin per client and period, that anybody can toss again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from nudge_core.errors import Invalid
from nudge_core.model.event import stable_id
from nudge_core.model.exposure import PERIOD_DAYS
from nudge_core.model.user import User

KEY = "holdout"
_WHERE = f"user.strategy.{KEY}"
PERCENT_AT_MOST = 50
"""More would cost the professional more nudges than the comparison gains in width. Our choice."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FACES = 2**32


def share_of(user: User) -> float:
    """Return the share of clients that are held out, 0 to 0.5: `user.strategy["holdout"]` is {"percent": 10}.

    Nothing is held out unless the professional asks for it.

    Raises:
        Invalid: the setting is not such an object, or the percentage is not 0 to `PERCENT_AT_MOST`.
    """
    given = user.strategy.get(KEY)
    if given is None:
        return 0.0
    if not isinstance(given, Mapping) or set(given) != {"percent"}:
        raise Invalid(_WHERE, 'an object {"percent": N}', given)
    percent = given["percent"]
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 <= percent <= PERCENT_AT_MOST:
        raise Invalid(f"{_WHERE}.percent", f"a number from 0 to {PERCENT_AT_MOST}", percent)
    return percent / 100


def share_or_none(user: User) -> float:
    """Return the share, or 0 when the setting cannot be read: it is refused where it is set, and stops no nudge."""
    try:
        return share_of(user)
    except Invalid:
        return 0.0


def period_of(at: datetime) -> int:
    """Return the number of the period an instant lies in."""
    return (at - _EPOCH) // timedelta(days=PERIOD_DAYS)


def is_held_out(user_id: UUID, client_id: UUID, period: int, share: float) -> bool:
    """Say whether a client is held out in a period. A greater share holds out the same clients and more."""
    face = stable_id("holdout", str(user_id), str(client_id), str(period)).int % _FACES
    return face < share * _FACES
