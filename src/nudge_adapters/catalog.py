"""The parts list: for each kind of part, its names and how each is built.

A name that is not in a table is answered with the names that are. Builders import what they need when they run, so
that naming a part costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from attrs import evolve, field, frozen

from nudge_adapters.embeddings.openai import OpenAiEmbedderSettings
from nudge_adapters.feeds.build import (
    MarketSettings,
    ResoSettings,
    SparkSettings,
    build_market,
    build_reso,
    build_spark,
)
from nudge_adapters.feeds.profiles import PROFILES
from nudge_adapters.llm.offline import build_offline_drafter
from nudge_adapters.llm.openai import OpenAiSettings, build_openai_drafter
from nudge_adapters.sms.build import TwilioAccount, build_twilio_gateway
from nudge_adapters.sms.callbacks import Callbacks
from nudge_core.errors import Misconfigured
from nudge_core.model.user import User
from nudge_core.ports import Clock, Drafter, Embedder, ListingFeed, SmsGateway
from nudge_core.verticals.voice import Voice

T = TypeVar("T")


@frozen(kw_only=True)
class DrafterNeeds:
    """What a drafter is built of. `openai` None: the OpenAI drafter cannot be had."""

    voices: Mapping[str, Voice] = field(repr=False)
    openai: OpenAiSettings | None = None


def _openai(needs: DrafterNeeds) -> Drafter:
    if needs.openai is None:
        raise Misconfigured(["OPENAI_API_KEY: needed by the drafter `openai`"])
    return build_openai_drafter(needs.openai, needs.voices)


DRAFTERS: Mapping[str, Callable[[DrafterNeeds], Drafter]] = MappingProxyType(
    {"offline": lambda needs: build_offline_drafter(needs.voices), "openai": _openai}
)


@frozen(kw_only=True)
class EmbedderNeeds:
    """What an embedder is built of. `openai` None: the OpenAI embedder cannot be had."""

    openai: OpenAiEmbedderSettings | None = None


def _openai_embedder(needs: EmbedderNeeds) -> Embedder | None:
    from nudge_adapters.embeddings.openai import build_openai_embedder

    if needs.openai is None:
        raise Misconfigured(["OPENAI_API_KEY: needed by the embedder `openai`"])
    return build_openai_embedder(needs.openai)


def _local_embedder(_needs: EmbedderNeeds) -> Embedder | None:
    from nudge_adapters.embeddings.local import build_local_embedder

    return build_local_embedder()


EMBEDDERS: Mapping[str, Callable[[EmbedderNeeds], Embedder | None]] = MappingProxyType(
    {"local": _local_embedder, "openai": _openai_embedder, "none": lambda _needs: None}
)


@frozen(kw_only=True)
class CarrierNeeds:
    """What a carrier is built of.

    `ledger`: where the simulated one keeps its books; None keeps them in memory. `twilio` and `callbacks`: the account
    and where it reaches our webhooks; without both Twilio cannot be had.
    """

    clock: Clock
    ledger: Path | None = None
    twilio: TwilioAccount | None = None
    callbacks: Callbacks | None = None


def _simulator(needs: CarrierNeeds) -> SmsGateway:
    from nudge_adapters.sms.carrier import CarrierSettings, SimulatedCarrier
    from nudge_adapters.sms.fate import SOME_ANSWER
    from nudge_adapters.sms.journal import FileJournal, MemoryJournal
    from nudge_adapters.sms.simulator import SimulatedGateway

    if needs.ledger is not None:
        needs.ledger.parent.mkdir(parents=True, exist_ok=True)
    journal = MemoryJournal() if needs.ledger is None else FileJournal(needs.ledger)
    return SimulatedGateway(SimulatedCarrier(journal, CarrierSettings(people=SOME_ANSWER)), needs.clock)


def _console(needs: CarrierNeeds) -> SmsGateway:
    from nudge_adapters.sms.console import ConsoleGateway

    return ConsoleGateway(needs.clock)


def _twilio(needs: CarrierNeeds) -> SmsGateway:
    if needs.twilio is None or needs.callbacks is None:
        raise Misconfigured(["TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, PUBLIC_BASE_URL: needed by the carrier `twilio`"])
    return build_twilio_gateway(needs.twilio, needs.callbacks, needs.clock)


CARRIERS: Mapping[str, Callable[[CarrierNeeds], SmsGateway]] = MappingProxyType(
    {"simulator": _simulator, "console": _console, "twilio": _twilio}
)


@frozen(kw_only=True)
class FeedNeeds:
    """What a feed is built of: the operator's shared account, and whose feed it is.

    A professional with a login of their own reads with that instead of the shared account. `market_start`: the first
    instant of the invented market.
    """

    user: User
    clock: Clock
    shared: ResoSettings
    market_start: datetime

    @property
    def own(self) -> ResoSettings:
        """The account to read with, under the source's name."""
        named = evolve(self.shared, source_id=self.user.feed_source)
        if self.user.mls_username is None or self.user.mls_password is None:
            return named
        if self.shared.client_id is not None:
            login = self.user.mls_username.reveal()
            return evolve(named, token=None, client_id=login, client_secret=self.user.mls_password)
        return evolve(named, token=self.user.mls_password, client_id=None, client_secret=None)


def _reso(needs: FeedNeeds, profile: str | None = None) -> ListingFeed:
    return build_reso(needs.own if profile is None else evolve(needs.own, profile=profile))


def _spark(needs: FeedNeeds) -> ListingFeed:
    own = needs.own
    return build_spark(SparkSettings(token=own.token, base_address=own.base_address, source_id=own.source_id))


def _market(needs: FeedNeeds) -> ListingFeed:
    return build_market(MarketSettings(start=needs.market_start, source_id=needs.user.feed_source), needs.clock)


FEEDS: Mapping[str, Callable[[FeedNeeds], ListingFeed]] = MappingProxyType(
    {
        "market": _market,
        "reso": _reso,
        "spark": _spark,
        **{name: partial(_reso, profile=name) for name in PROFILES if name != "market"},
    }
)
"""By `user.tool_provider`: the invented market, any RESO vendor by its profile, Spark v1."""


def chosen(what: str, table: Mapping[str, T], name: str) -> T:
    """Return the builder of that name, or raise Misconfigured with the names there are."""
    if name not in table:
        raise Misconfigured([f"{what}: there is no {name!r}; there are {', '.join(sorted(table))}"])
    return table[name]
