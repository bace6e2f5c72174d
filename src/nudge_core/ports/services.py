"""Services outside: a clock, ids, a feed, a drafter, an embedder, a carrier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from nudge_core.model.brief import Brief
from nudge_core.model.briefing import Draft
from nudge_core.model.carrier import InboundText, OutgoingText, ProviderRecord, SendOutcome
from nudge_core.model.feed import FeedCursor, FeedPage
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
