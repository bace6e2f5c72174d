"""Signs of life: of processes, and of the texts and feeds they work on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields


class ProcessKind(StrEnum):
    """What a process is for."""

    WORKER = "worker"
    HTTP = "http"


class RedisState(StrEnum):
    """How a process stands with Redis. `NONE`: it was given no address, so it polls."""

    CONNECTED = "connected"
    GONE = "gone"
    NONE = "none"


@frozen(kw_only=True)
class Heartbeat:
    """A process says that it lives. `doing`: names of what it is at, in its own words; nothing of anybody's data."""

    worker_id: UUID
    kind: ProcessKind
    started_at: datetime = field(validator=fields.instant)
    seen_at: datetime = field(validator=fields.instant)
    doing: str = field(default="", validator=fields.text(200))
    redis: RedisState = RedisState.NONE


@frozen(kw_only=True)
class TextVitals:
    """The state of the sending machine over all professionals, in counts.

    `due`: queued texts whose time has come, the oldest of them since `oldest_due_at`. `stuck`: in `sending` although
    the lease ran out. `doubts`: in doubt. `unconfirmed`: left to a person.
    """

    due: int
    oldest_due_at: datetime | None
    stuck: int
    doubts: int
    unconfirmed: int
