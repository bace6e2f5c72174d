"""The load: professionals, their clients, and who is texted what. Everything follows from a seed.

As in the prototype of `reliability.md` 7, every fifth pair of phones gets two texts with the same words: the carrier's
list alone cannot tell them apart. Some clients live where the hour is unlawful, some have given no consent, some get
more texts than the caps allow, and some texts are due a little later.
"""

from __future__ import annotations

import asyncio
import mmap
import struct
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from attrs import evolve, frozen

from nudge_adapters.sql.store import SqlStore
from nudge_core.errors import Unavailable
from nudge_core.model.approval import Approval, ApprovedText
from nudge_core.model.client import Client
from nudge_core.model.consent import Consent, ConsentKind
from nudge_core.model.message import MessageClass, MessageSource, ScheduledMessage, ScheduledStatus, SenderType
from nudge_core.model.user import User, UserType
from nudge_core.policy.caps import Caps

CAPS = Caps(per_day=2, per_7_days=3, per_30_days=6, per_topic_day=2, per_topic_7_days=3)
"""Two a day, so that a pair may get two texts with the same words; the third must wait. No topic is named."""

ZONES = {
    "512": ("America/Chicago",),
    "212": ("America/New_York",),
    "850": ("America/Chicago", "America/New_York"),
    "808": ("Pacific/Honolulu",),
}
"""Zones of the town's area codes, written down once more: the judge does not ask the product where a phone is."""

TWIN_EVERY = 5  # pairs; the prototype's share
CROWDED_EVERY = 7  # pairs of the first tenant get a text more than the caps allow
AWAY_EVERY = 23
SPLIT_EVERY = 11
SILENT_EVERY = 37  # no consent on record
PLANNED_EVERY = 9
LATER_EVERY = 6
LATER_S = 2.0
TWIN_AFTER, THIRD_AFTER = 45, 90  # texts released in between
USEFUL_FOR = timedelta(minutes=45)  # longer than any run, shorter than until the next lawful hour
CHUNK = 20
POLL_S = 0.02
_TOWN = UUID(int=0xC4A05)
_AREA_KINDS = ("512", "512", "212")


@frozen(kw_only=True)
class Town:
    """So many texts for so many professionals' clients.

    `plain`: everybody lives nearby and has agreed, nobody gets too many, and no text loses its use: what is released
    must then be sent. `by_hand`: share of texts that somebody pressed "send now" for; these go out once more, once,
    when the grace ends without evidence. `texts_each`: None for the mixture; else every client gets so many, all of
    the first before any of the second.
    """

    seed: int
    messages: int
    tenants: int = 4
    plain: bool = False
    by_hand: float = 0.15
    texts_each: int | None = None

    def owner(self, tenant: int) -> UUID:
        """Return a professional's id."""
        return uuid5(_TOWN, f"{self.seed} owner {tenant}")

    def number(self, tenant: int) -> str:
        """Return the number a professional texts from."""
        return f"+1512555{100 + tenant:04d}"

    def phone(self, pair: int) -> str:
        """Return a client's phone."""
        return f"+1{self._area(pair)}{2_000_000 + pair}"

    def person(self, pair: int) -> UUID:
        """Return a client's id."""
        return uuid5(_TOWN, f"{self.seed} client {pair}")

    def users(self) -> list[User]:
        """Return the professionals."""
        return [
            User(
                id=self.owner(tenant),
                user_type=UserType.REALTOR,
                full_name=f"Rita Vega {tenant}",
                email=f"rita{tenant}@example.com",
                phone_number=f"+1512555{900 + tenant:04d}",
                vertical="real_estate",
                tool_provider="reso",
                timezone="America/Chicago",
                twilio_phone_number=self.number(tenant),
            )
            for tenant in range(self.tenants)
        ]

    def pairs(self) -> int:
        """Return how many clients there are."""
        return 1 + max(pair for pair, _ in self.order())

    def order(self) -> list[tuple[int, int]]:
        """Return (pair, number of its text) in the order of release."""
        if self.texts_each is not None:
            people = self.messages // self.texts_each
            return [(pair, nth) for nth in range(self.texts_each) for pair in range(people)]
        placed: list[tuple[float, int, int]] = []
        for pair in range(self.messages):
            placed.append((pair, pair, 0))
            if pair % TWIN_EVERY == 0:
                placed.append((pair + (0.5 if pair % 2 else TWIN_AFTER), pair, 1))
            if pair % CROWDED_EVERY == 0 and pair % self.tenants == 0 and not self.plain:
                placed.append((pair + THIRD_AFTER, pair, 2))
        return [(pair, nth) for _, pair, nth in sorted(placed)][: self.messages]

    def texts(self) -> list[ApprovedText]:
        """Return every text, in the order of release; `not_before` and `not_after` are added when it is released."""
        return [self._text(pair, nth) for pair, nth in self.order()]

    def _area(self, pair: int) -> str:
        if not self.plain and pair % AWAY_EVERY == AWAY_EVERY - 1:
            return "808"
        if pair % SPLIT_EVERY == SPLIT_EVERY - 1:
            return "850"
        return _AREA_KINDS[pair % len(_AREA_KINDS)]

    def _text(self, pair: int, nth: int) -> ApprovedText:
        tenant = pair % self.tenants
        by_hand = (pair * 7 + self.seed) % 100 < 100 * self.by_hand
        words = 0 if nth == 1 and self.texts_each is None else nth  # the twin says the same
        return ApprovedText(
            id=uuid5(_TOWN, f"{self.seed} text {pair} {nth}"),
            approval=Approval(
                id=uuid5(_TOWN, f"{self.seed} approval {pair} {nth}"),
                user_id=self.owner(tenant),
                approved_by="rita",
                approved_at=datetime.fromisoformat("2026-05-01T12:00:00+00:00"),
            ),
            client_id=self.person(pair),
            content=f"A home near Zilker dropped to ${450 + words},000. Want to see it? ({pair})",
            recipient=self.phone(pair),
            sender=self.number(tenant),
            source=MessageSource.MANUAL if by_hand else MessageSource.INSTANT_NUDGE,
            sender_type=SenderType.USER if by_hand else SenderType.AI,
            message_class=MessageClass.TRANSACTIONAL if by_hand else MessageClass.MARKETING,
            dedupe_key=f"{self.seed} text {pair} {nth}",
        )

    async def settle(self, store: SqlStore) -> None:
        """Store professionals, clients, consents, and texts planned for tomorrow."""
        async with store.system() as system:
            for user in self.users():
                await system.users.add(user)
            long_ago = system.now - timedelta(days=400)
            tomorrow = system.now + timedelta(days=1)
        for tenant in range(self.tenants):
            people = range(tenant, self.pairs(), self.tenants)
            async with store.tenant(self.owner(tenant)) as tx:
                await tx.clients.add([self._client(pair, tenant, long_ago) for pair in people])
                agreed = [pair for pair in people if self.plain or pair % SILENT_EVERY != SILENT_EVERY - 1]
                await tx.consents.add([self._consent(pair, tenant, long_ago) for pair in agreed])
                planned = [pair for pair in people if pair % PLANNED_EVERY == 0]
                await tx.scheduled.add([self._planned(pair, tenant, tomorrow, long_ago) for pair in planned])

    def _client(self, pair: int, tenant: int, since: datetime) -> Client:
        return Client(
            id=self.person(pair),
            user_id=self.owner(tenant),
            full_name=f"Ben {pair}",
            created_at=since,
            phone=self.phone(pair),
        )

    def _consent(self, pair: int, tenant: int, since: datetime) -> Consent:
        return Consent(
            id=uuid5(_TOWN, f"{self.seed} consent {pair}"),
            user_id=self.owner(tenant),
            client_id=self.person(pair),
            phone=self.phone(pair),
            kind=ConsentKind.EXPRESS_WRITTEN,
            source="form",
            recorded_by="chaos",
            recorded_at=since,
        )

    def _planned(self, pair: int, tenant: int, when: datetime, since: datetime) -> ScheduledMessage:
        return ScheduledMessage(
            id=uuid5(_TOWN, f"{self.seed} planned {pair}"),
            user_id=self.owner(tenant),
            client_id=self.person(pair),
            content="Happy to talk next week.",
            scheduled_at_utc=when,
            timezone="America/Chicago",
            status=ScheduledStatus.PENDING,
            created_at=since,
        )


class Release:
    """How many texts may be released, and how many are: two numbers that processes share."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 16)

    @property
    def allowed(self) -> int:
        """How many the run allows by now."""
        return int(struct.unpack_from("q", self._memory, 0)[0])

    @allowed.setter
    def allowed(self, count: int) -> None:
        struct.pack_into("q", self._memory, 0, count)

    @property
    def done(self) -> int:
        """How many are queued and committed."""
        return int(struct.unpack_from("q", self._memory, 8)[0])

    @done.setter
    def done(self, count: int) -> None:
        struct.pack_into("q", self._memory, 8, count)


async def feed(store: SqlStore, town: Town, release: Release) -> None:
    """Queue the texts as they are allowed, through the product's own port; a failed chunk is tried again."""
    texts = town.texts()
    while release.done < len(texts):
        chunk = texts[release.done : min(release.done + CHUNK, release.allowed)]
        if not chunk:
            await asyncio.sleep(POLL_S)
            continue
        try:
            await _queue(store, town, chunk)
        except Unavailable:
            await asyncio.sleep(5 * POLL_S)
        else:
            release.done += len(chunk)


async def _queue(store: SqlStore, town: Town, chunk: Sequence[ApprovedText]) -> None:
    for owner, texts in _by_owner(chunk):
        async with store.tenant(owner) as tx:
            await tx.messages.queue([_dated(text, tx.now, town) for text in texts])


def _by_owner(chunk: Sequence[ApprovedText]) -> Iterator[tuple[UUID, list[ApprovedText]]]:
    for owner in dict.fromkeys(text.approval.user_id for text in chunk):
        yield owner, [text for text in chunk if text.approval.user_id == owner]


def _dated(text: ApprovedText, now: datetime, town: Town) -> ApprovedText:
    later = text.id.int % LATER_EVERY == 0
    return evolve(
        text,
        not_before=now + timedelta(seconds=LATER_S) if later else None,
        not_after=None if town.plain else now + USEFUL_FOR,
    )
