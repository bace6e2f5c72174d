"""Services outside: a clock, ids, a feed, a drafter, an embedder, a carrier with its numbers and one-time codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from nudge_core.model.brief import Brief
from nudge_core.model.briefing import Draft
from nudge_core.model.carrier import InboundText, OutgoingText, ProviderRecord, SendOutcome
from nudge_core.model.feed import FeedCursor, FeedPage
from nudge_core.model.one_time_code import CodeCheck, CodeStart
from nudge_core.model.phone_number import FreeNumber, OwnedNumber
from nudge_core.model.vector import Vector


class Clock(Protocol):
    """The time. Frozen in tests, simulated in the demo."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        ...


class Ids(Protocol):
    """New identities. Seeded in tests, so that the same input gives the same bytes."""

    def new(self) -> UUID:
        """Return an id that was never returned before."""
        ...


class ListingFeed(Protocol):
    """An MLS, whatever its vendor. Reading is incremental and can be resumed from any stored cursor."""

    @property
    def source_id(self) -> str:
        """Name of the source: part of every stored key. A new name is a new source with a new baseline."""
        ...

    async def read(self, cursor: FeedCursor, now: datetime) -> FeedPage:
        """Return the page after `cursor`.

        Nothing is skipped: a row that changes while pages are read comes again. The returned cursor never points
        past `now`, whatever dates the feed holds. Rows that cannot be read come back in `unread`.

        Raises:
            Unavailable: rate limit, outage or time-out; `retry_after_s` as the server said, 0 to 3,600.
            Refused: the server said no to this request or this key.
        """
        ...

    async def reread(self, keys: Sequence[str], now: datetime) -> FeedPage:
        """Return these listings as they are now, and in `gone_keys` those the source no longer has.

        For prices in quarantine and for doubts about removal. The cursor of the page is not to be stored.
        """
        ...

    async def keys(self) -> frozenset[str]:
        """Return the keys of every listing the source still has, for reconciling removals.

        Raises Unavailable rather than return a list that may be incomplete.
        """
        ...

    async def ping(self) -> str:
        """Return one line that says what answered, or raise."""
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


class Drafter(Protocol):
    """Turns a brief into words. Deterministic or a language model; its output is a proposal that rules check."""

    @property
    def name(self) -> str:
        """Name that is stored beside the draft."""
        ...

    async def draft(self, brief: Brief) -> Draft:
        """Return a text of at most two SMS parts when its placeholders are filled.

        Raises Unavailable or Refused; the caller then falls back to templates and records why.
        """
        ...

    async def ping(self) -> str:
        """Return one line that says what answered, or raise."""
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


class Embedder(Protocol):
    """Texts into vectors of meaning."""

    @property
    def model_id(self) -> str:
        """Model and version: stored beside every vector."""
        ...

    @property
    def dim(self) -> int:
        """Number of values of every vector."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector | None]:
        """Return one vector per text, in order; None for a text that has none (empty, no known word).

        Raises Unavailable; it never returns zeros for a failure.
        """
        ...

    async def ping(self) -> str:
        """Return one line that says what answered, or raise."""
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


class SmsGateway(Protocol):
    """A carrier. It never repeats a request by itself."""

    async def send(self, text: OutgoingText) -> SendOutcome:
        """Hand one text over. Returns one of four outcomes and does not raise for what a carrier can do."""
        ...

    async def find(self, sender: str, recipient: str, since: datetime) -> Sequence[ProviderRecord]:
        """Return what the carrier has accepted for this pair of phones since then, oldest first.

        Raises Unavailable; an empty answer means "not seen yet", not "never".
        """
        ...

    async def fetch(self, provider_sid: str) -> ProviderRecord | None:
        """Return one accepted text as the carrier shows it now, with its bill; None when it knows no such text.

        Raises Unavailable or Refused.
        """
        ...

    async def received(self, recipient: str, since: datetime) -> Sequence[InboundText]:
        """Return what people have sent to this number of ours since then, oldest first.

        Raises Unavailable or Refused; the newest may be missing for a while.
        """
        ...

    async def ping(self) -> str:
        """Return one line that says what answered, or raise."""
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


class PhoneNumbers(Protocol):
    """A seller of telephone numbers. Money is spent here: nothing is bought that was not named."""

    async def search(
        self, *, area_code: str | None = None, near: str | None = None, region: str | None = None, most: int = 10
    ) -> Sequence[FreeNumber]:
        """Return numbers on offer that can send and receive texts, at most `most`; none that is ours.

        Args:
            area_code: three digits of North America.
            near: a number in E.164 to be near to.
            region: two letters of a state.

        Raises:
            Invalid: an argument has another form.
            Unavailable: try again. Refused: the account may not.
        """
        ...

    async def buy(self, number: str) -> OwnedNumber:
        """Buy this very number, so that texts to it reach our webhooks. Calling it again buys nothing more.

        Raises:
            Invalid: no telephone number.
            Unavailable: it is not known to be ours; the same call may be made again without harm.
            Refused: somebody else has it, or the account may not.
        """
        ...

    async def owned(self) -> Sequence[OwnedNumber]:
        """Return every number of the account. Raises Unavailable or Refused; never a part of them."""
        ...

    async def release(self, number: str) -> None:
        """Give a number back. That cannot be undone; one that is not ours is no error.

        Raises Unavailable or Refused.
        """
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


class OneTimeCodes(Protocol):
    """Codes that prove possession of a phone. They say nothing of consent to be texted."""

    async def start(self, phone: str) -> CodeStart:
        """Let a new code be sent to a phone (E.164), or the one that still holds be sent again.

        Raises:
            Unavailable: it may or may not have been sent; it was not asked for twice.
            Refused: the account may not.
        """
        ...

    async def check(self, phone: str, code: str) -> CodeCheck:
        """Compare what a person typed with the code that was sent. A code that was approved is used up.

        Raises:
            Unavailable: nothing is known; above all not that it was right.
            Refused: the account may not.
        """
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...
