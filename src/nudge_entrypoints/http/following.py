"""What a follower is told, one thing after the other, whatever carries it: server-sent events or a WebSocket.

A follower pulls: nothing is read from the store before what was read is on its way, so a slow one costs a page of
memory. Its credential is looked at before anything new is told and at every heartbeat: a stream ends when the token
expires and when the session or key is revoked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from types import MappingProxyType

from attrs import field, frozen

from nudge_core.errors import Unavailable
from nudge_core.model.change import Change, ChangeKind, Happened, Place
from nudge_core.ports import Store
from nudge_entrypoints.http.identity import Principal, Scope
from nudge_entrypoints.http.streams import Hub, StreamKind

AT_ONCE = 100
"""Changes read in one transaction: a few kilobytes."""

NEEDS: Mapping[ChangeKind, Scope] = MappingProxyType(
    {
        ChangeKind.MESSAGE_RECEIVED: Scope.MESSAGES_READ,
        ChangeKind.MESSAGE_QUEUED: Scope.MESSAGES_READ,
        ChangeKind.MESSAGE_DELIVERY: Scope.MESSAGES_READ,
        ChangeKind.MESSAGE_RECEIPT: Scope.MESSAGES_READ,
        ChangeKind.BRIEFING_CREATED: Scope.NUDGES_READ,
        ChangeKind.BRIEFING_CHANGED: Scope.NUDGES_READ,
        ChangeKind.IMPORT_PROGRESS: Scope.CLIENTS_READ,
    }
)
"""What one must be allowed to read to hear that it changed."""


class Sign(StrEnum):
    """What a stream says of itself."""

    READY = "ready"
    RESET = "reset"
    ENDED = "ended"


@frozen(kw_only=True)
class Told:
    """One thing that a follower is told. `name` empty: a sign of life. `place`: where to go on; empty where none is."""

    name: str = ""
    place: str = ""
    data: Mapping[str, str | None] = field(factory=dict)


BEAT = Told()
ENDED = Told(name=Sign.ENDED, data={"reason": "unauthenticated"})


@frozen(kw_only=True)
class Follower:
    """Who follows, and from where.

    `still`: says again who calls, or that nobody does any more. `place` None: from now on. `lost`: the place that was
    asked for is none. `until_idle`: to stop when everything is told.
    """

    principal: Principal
    still: Callable[[], Awaitable[Principal | None]]
    kind: StreamKind
    place: Place | None = None
    lost: bool = False
    until_idle: bool = False


def place_asked(*texts: str | None) -> tuple[Place | None, bool]:
    """Return the place that the first given text names, and whether a text was given that names none."""
    given = next((text for text in texts if text), None)
    if given is None:
        return None, False
    place = Place.read(given)
    return place, place is None


async def follow(store: Store, hub: Hub, follower: Follower) -> AsyncGenerator[Told, None]:
    """Tell what happens: what was missed, then `ready`, then what comes, until there is a reason to end.

    Raises:
        TooManyRequestsException, Unavailable: before anything is told: there is no seat, or the store does not answer.
    """
    limits, caller, place = hub.limits, follower.principal, follower.place
    begun = asyncio.get_running_loop().time()
    with hub.seat(caller.user_id, follower.kind) as bell:
        happened = await _read(store, caller, place)
        lost, is_ready = follower.lost, False
        with suppress(Unavailable):  # once it has begun: it ends, and is taken up again
            while True:
                if happened.lost or lost:
                    yield Told(name=Sign.RESET, place=happened.place.text)
                    lost = False
                for change in happened.changes:
                    if NEEDS[change.kind] in caller.scopes:
                        yield told_of(change)
                place = happened.place
                if len(happened.changes) < AT_ONCE:
                    if not is_ready:
                        yield Told(name=Sign.READY, place=place.text)
                        is_ready = True
                    left_s = begun + limits.longest_s - asyncio.get_running_loop().time()
                    if follower.until_idle or left_s <= 0:
                        return
                    if not await _rung(bell, min(limits.beat_s, left_s)):
                        yield BEAT
                still = await follower.still()
                if still is None:
                    yield ENDED
                    return
                caller = still
                bell.clear()
                happened = await _read(store, caller, place)


async def _read(store: Store, caller: Principal, place: Place | None) -> Happened:
    async with store.tenant(caller.user_id) as tx:
        return await tx.changes.after(place, AT_ONCE)


async def _rung(bell: asyncio.Event, within_s: float) -> bool:
    try:
        await asyncio.wait_for(bell.wait(), within_s)
    except TimeoutError:
        return False
    return True


def told_of(change: Change) -> Told:
    """Return what is told of a change."""
    return Told(
        name=change.kind.value,
        place=change.place.text,
        data={
            "subject_id": str(change.subject_id),
            "client_id": None if change.client_id is None else str(change.client_id),
            "state": change.state,
            "at": change.at.isoformat(),
        },
    )
