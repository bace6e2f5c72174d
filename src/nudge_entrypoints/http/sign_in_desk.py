"""The desk of signing in: counts an attempt, then sends or checks a code, and raises the alarm over guessing.

Known and unknown phones are answered alike, in bytes and in time: the same statements run for both, a code is sent
after the answer is on its way, and a check asks the giver of codes about any phone. In logs and counters a phone or an
address is a keyed hash. Without a store nobody is let in. Source: `reliability.md` 9.3 to 9.5.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, ip_address, ip_network
from uuid import UUID

from attrs import define, field, frozen

from nudge_core.errors import NudgeError, Unavailable
from nudge_core.model.one_time_code import CodeCheck, CodeStart
from nudge_core.model.sign_in import AttemptKind, LockReason, Origin
from nudge_core.policy.sign_in import LIMITS, Obstacle, Ruling, SignInLimits
from nudge_core.ports import OneTimeCodes
from nudge_core.steps import sign_in
from nudge_core.walk import Parts
from nudge_entrypoints.http.identity import AnyConnection
from nudge_entrypoints.metrics import Metrics, SignInEvent

DEVICE = "x-device-id"
LONGEST_DEVICE = 200  # characters of it that count
IPV6_SITE = 64  # bits: the smallest network that a provider gives a customer (RFC 6177)
NOWHERE = "unknown"
MOST_UNDER_WAY = 200  # codes being sent; each takes a second, and what is beyond is lost like a text on its way
LAST_SENDS_S = 5.0  # how long codes that are being sent are waited for at the end
ONE_SECOND = 1.0
MOST_TURNS = 4  # attempts that hold a connection at once: they wait for each other in the store
MOST_WAITING = 200  # attempts that wait for a turn without holding anything; who comes then may come again
_PRINT = 32  # hexadecimal digits of a keyed hash: 128 bits
_log = logging.getLogger(__name__)


@frozen
class Prints:
    """Keyed hashes of who asks: the same for the same, and nothing to learn from them without the key."""

    _key: bytes = field(repr=False)

    @classmethod
    def under(cls, keys: Mapping[str, bytes]) -> Prints:
        """Return those of an installation, by the key that signs its tokens. A new key begins the counts anew."""
        return cls(hmac.digest(next(iter(keys.values())), b"nudge sign-in attempts", hashlib.sha256))

    def of(self, kind: str, value: str) -> str:
        """Return the keyed hash of a value of this kind."""
        return hmac.new(self._key, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()[:_PRINT]

    def origin(self, connection: AnyConnection, phone: str) -> Origin:
        """Return whose attempt this is. The address is the connection's; behind a proxy the server must set it."""
        device = connection.headers.get(DEVICE, "")[:LONGEST_DEVICE]
        client = connection.client
        return Origin(
            phone=self.of("phone", phone),
            source=self.of("source", site_of(client.host if client else NOWHERE)),
            device=self.of("device", device) if device else None,
        )


def site_of(host: str) -> str:
    """Return what counts as one source: an IPv4 address, or the site of an IPv6 one."""
    try:
        address = ip_address(host)
    except ValueError:
        return NOWHERE
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, IPV6_SITE), strict=False))
    return str(address)


class HeldBackError(Exception):
    """An attempt that a limit or a lock stands in the way of."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("too many attempts")
        self.retry_after_s = retry_after_s


@define(eq=False)
class SignInDesk:
    """What sends and checks codes in one process.

    Args:
        parts: store and ids.
        prints: keyed hashes.
        open_codes: opens the giver of codes, once; raises Misconfigured where there is none.
        metrics: where it is counted.
        limits: how often.
    """

    parts: Parts
    prints: Prints
    open_codes: Callable[[], OneTimeCodes] = field(repr=False)
    metrics: Metrics = field(repr=False)
    limits: SignInLimits = LIMITS
    _codes: OneTimeCodes | None = field(default=None, init=False, repr=False)
    _turns: asyncio.Semaphore = field(factory=lambda: asyncio.Semaphore(MOST_TURNS), init=False, repr=False)
    _waiting: int = field(default=0, init=False, repr=False)
    _under_way: set[asyncio.Task[None]] = field(factory=set, init=False, repr=False)

    async def send(self, connection: AnyConnection, phone: str) -> None:
        """Count the wish for a code; the code goes out afterwards, if the phone is a professional's.

        Raises:
            HeldBackError: too many, or locked.
            Unavailable: the store does not answer, or too many ask at once. Misconfigured: nobody here gives codes.
        """
        codes = self._giver()
        asked = await self._ask(AttemptKind.SEND, connection, phone)
        if asked.user_id is None:
            return
        if len(self._under_way) >= MOST_UNDER_WAY:
            _log.error("a sign-in code was not sent: %d are under way", MOST_UNDER_WAY)
            self.metrics.signed_in(SignInEvent.CODE_NOT_SENT)
            return
        task = asyncio.create_task(self._hand_over(codes, phone, self.prints.of("phone", phone)))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def check(self, connection: AnyConnection, phone: str, code: str) -> UUID | None:
        """Count the attempt and check a code; return whose phone it is, None when nothing is proved.

        Raises:
            HeldBackError: too many, or locked.
            Unavailable: the store or the giver of codes does not answer, or too many ask at once.
            Misconfigured, Refused: as of the giver.
        """
        codes = self._giver()
        asked = await self._ask(AttemptKind.CHECK, connection, phone)
        found = CodeCheck.EXPIRED
        if asked.ruling.obstacle is None:
            found = await codes.check(phone, code)
        if found is not CodeCheck.APPROVED or asked.user_id is None:
            self.metrics.signed_in(SignInEvent.WRONG_CODE)
            return None
        async with self.parts.store.system() as tx:
            await sign_in.was_right(tx, asked.attempt_id)
        return asked.user_id

    async def settled(self) -> None:
        """Wait until the codes that are being sent have gone out, or failed."""
        while self._under_way:
            await asyncio.gather(*self._under_way)

    async def aclose(self) -> None:
        """Wait a moment for codes that are being sent, and give everything back."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=LAST_SENDS_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        codes, self._codes = self._codes, None
        if codes is not None:
            await codes.aclose()

    def _giver(self) -> OneTimeCodes:
        if self._codes is None:
            self._codes = self.open_codes()
        return self._codes

    async def _ask(self, kind: AttemptKind, connection: AnyConnection, phone: str) -> sign_in.Asked:
        origin = self.prints.origin(connection, phone)
        async with self._turn(), self.parts.store.system() as tx:
            asked = await sign_in.ask(tx, kind, phone, origin, self.parts.ids, self.limits)
        for lock in asked.ruling.locks:
            self._alarm(lock.reason, origin, asked.ruling)
        if asked.ruling.obstacle not in (None, Obstacle.IDLE):
            self.metrics.signed_in(SignInEvent.HELD_BACK)
            raise HeldBackError(asked.ruling.retry_after_s)
        return asked

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Let few attempts at a time into the store: a storm over one phone must not hold every connection."""
        if self._waiting >= MOST_WAITING:
            raise Unavailable("signing in", "too many attempts at once", ONE_SECOND)
        self._waiting += 1
        try:
            async with self._turns:
                yield
        finally:
            self._waiting -= 1

    def _alarm(self, reason: LockReason, origin: Origin, ruling: Ruling) -> None:
        self.metrics.alarmed(reason)
        _log.warning(
            "guessing of sign-in codes: %s; phone %s, source %s; locked for %.0f s",
            reason.value, origin.phone, origin.source, ruling.retry_after_s,
        )  # fmt: skip

    async def _hand_over(self, codes: OneTimeCodes, phone: str, print_of_phone: str) -> None:
        try:
            started = await codes.start(phone)
        except NudgeError as error:
            _log.error("no sign-in code was sent to phone %s: %s", print_of_phone, type(error).__name__)
            self.metrics.signed_in(SignInEvent.CODE_NOT_SENT)
            return
        except Exception as error:  # a task of its own: nobody else would see it
            _log.error("sending a sign-in code failed: %s", type(error).__name__)
            self.metrics.signed_in(SignInEvent.CODE_NOT_SENT)
            return
        if started is CodeStart.SENT:
            self.metrics.signed_in(SignInEvent.CODE_SENT)
        else:
            _log.warning("no sign-in code was sent to phone %s: %s", print_of_phone, started.value)
            self.metrics.signed_in(SignInEvent.CODE_NOT_SENT)
