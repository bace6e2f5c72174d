"""What becomes of an accepted text and what people answer, drawn from a seed.

Every draw depends on the seed and on what it is about, never on what was drawn before: a restart, another order or
another process gives the same fate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from attrs import field, frozen

from nudge_adapters.sms.codes import CARRIER_FILTERED, HANDSET_UNREACHABLE, VALIDITY_EXPIRED
from nudge_core.model.message import Receipt

DIGEST_BITS = 64


def chance(seed: int, *about: object) -> float:
    """Return a number from 0 to 1 (not 1), the same for the same seed and parts on every machine."""
    digest = hashlib.sha256("\x1f".join(map(str, (seed, *about))).encode()).digest()
    return int.from_bytes(digest[: DIGEST_BITS // 8], "big") / (1 << DIGEST_BITS)


@frozen(kw_only=True)
class Answer:
    """What somebody writes back, `after_s` seconds after a text was delivered to them."""

    body: str = field(repr=False)
    after_s: float = 30.0


@frozen(kw_only=True)
class People:
    """Who answers what. `scripted`: per phone, the answer to their first, second ... text, None for silence.

    `habits`: for everybody else, (share of delivered texts, answer); the shares add up to 1 at most.
    """

    scripted: Mapping[str, tuple[Answer | None, ...]] = MappingProxyType({})
    habits: tuple[tuple[float, Answer], ...] = ()

    @property
    def says_anything(self) -> bool:
        """Whether anybody ever answers."""
        return bool(self.scripted or self.habits)

    def answer(self, seed: int, sid: str, phone: str, nth: int) -> Answer | None:
        """Return what the holder of `phone` answers to their `nth` text (from 1)."""
        if phone in self.scripted:
            script = self.scripted[phone]
            return script[nth - 1] if nth <= len(script) else None
        drawn = chance(seed, "answer", sid)
        for share, answer in self.habits:
            if drawn < share:
                return answer
            drawn -= share
        return None


SOME_ANSWER = People(
    habits=(
        (0.04, Answer(body="STOP", after_s=40)),
        (0.02, Answer(body="please stop texting me", after_s=90)),
        (0.01, Answer(body="wrong number", after_s=60)),
        (0.08, Answer(body="Yes, can we see it this weekend?", after_s=120)),
        (0.05, Answer(body="Thanks, not our style", after_s=200)),
    )
)
"""A plausible crowd for demonstrations; the shares are invented."""


@frozen(kw_only=True)
class Weather:
    """How well the networks behave: shares from 0 to 1 and seconds.

    A callback may be lost, told twice (`doubled`), or come late (`late`), so that it arrives after its successor; and
    so may the news of what a person wrote (`inbound_lost`, `inbound_doubled`, `inbound_late`).
    """

    undelivered: float = 0.0
    filtered: float = 0.0
    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    inbound_lost: float = 0.0
    inbound_doubled: float = 0.0
    inbound_late: float = 0.0
    handover_s: tuple[float, float] = (0.5, 4.0)
    delivery_s: tuple[float, float] = (1.0, 15.0)
    late_by_s: float = 60.0


@frozen(kw_only=True)
class Told:
    """One callback: when it arrives, and what it says of which moment."""

    key: str
    arrives: datetime
    receipt: Receipt
    at: datetime
    error_code: str | None = None


@frozen(kw_only=True)
class Change:
    """One change of a text's status, whether or not anybody is told."""

    receipt: Receipt
    at: datetime
    error_code: str | None = None


@frozen(kw_only=True)
class Fate:
    """`changes` in order; `callbacks` in the order of their arrival; `delivered_at` None when it never got there."""

    changes: tuple[Change, ...]
    callbacks: tuple[Told, ...]
    delivered_at: datetime | None


def fate_of(seed: int, sid: str, accepted_at: datetime, valid_for_s: int, weather: Weather) -> Fate:
    """Return what becomes of a text: it is handed over, then delivered, filtered, unreachable or expired."""
    handed = accepted_at + _between(weather.handover_s, chance(seed, "handover", sid))
    final_at = handed + _between(weather.delivery_s, chance(seed, "delivery", sid))
    if handed > accepted_at + timedelta(seconds=valid_for_s):
        changes = [Change(receipt=Receipt.FAILED, at=handed, error_code=VALIDITY_EXPIRED)]
    else:
        final, code = _end(chance(seed, "end", sid), weather)
        changes = [
            Change(receipt=Receipt.SENDING, at=accepted_at + (handed - accepted_at) / 2),
            Change(receipt=Receipt.SENT, at=handed),
            Change(receipt=final, at=final_at, error_code=code),
        ]
    callbacks = [told for change in changes for told in _callbacks(seed, sid, change, weather)]
    delivered = changes[-1].receipt is Receipt.DELIVERED
    return Fate(
        changes=tuple(changes),
        callbacks=tuple(sorted(callbacks, key=lambda told: (told.arrives, told.key))),
        delivered_at=final_at if delivered else None,
    )


def _end(drawn: float, weather: Weather) -> tuple[Receipt, str | None]:
    if drawn < weather.undelivered:
        return Receipt.UNDELIVERED, HANDSET_UNREACHABLE
    if drawn < weather.undelivered + weather.filtered:
        return Receipt.FAILED, CARRIER_FILTERED
    return Receipt.DELIVERED, None


def inbound_arrivals(seed: int, sid: str, written_at: datetime, weather: Weather) -> tuple[datetime, ...]:
    """Return when the news of what a person wrote arrives: never when it is lost, twice when it is doubled."""
    if chance(seed, "inbound lost", sid) < weather.inbound_lost:
        return ()
    copies = 2 if chance(seed, "inbound doubled", sid) < weather.inbound_doubled else 1
    arrivals = []
    for copy in range(copies):
        late = chance(seed, "inbound late", sid, copy) < weather.inbound_late
        delay = weather.late_by_s * chance(seed, "inbound late by", sid, copy) if late else 0.0
        arrivals.append(written_at + timedelta(seconds=delay))
    return tuple(arrivals)


def _callbacks(seed: int, sid: str, change: Change, weather: Weather) -> list[Told]:
    """Return the callbacks of one change: none when lost, two when doubled."""
    receipt = change.receipt
    if weather.lost and chance(seed, "lost", sid, receipt) < weather.lost:
        return []
    copies = 2 if weather.doubled and chance(seed, "doubled", sid, receipt) < weather.doubled else 1
    told = []
    for copy in range(copies):
        late = weather.late > 0 and chance(seed, "late", sid, receipt, copy) < weather.late
        delay = weather.late_by_s * chance(seed, "late by", sid, receipt, copy) if late else 0.0
        told.append(
            Told(
                key=f"{sid}:{receipt}:{copy}",
                arrives=change.at + timedelta(seconds=delay),
                receipt=receipt,
                at=change.at,
                error_code=change.error_code,
            )
        )
    return told


def _between(bounds: tuple[float, float], drawn: float) -> timedelta:
    low, high = bounds
    return timedelta(seconds=low + (high - low) * drawn)
