"""The composition root: which part is plugged in where. The only importer of the container and of `nudge_adapters`.

Nothing else knows the container; it is asked once, at the edge, for the parts of a walk. A test builds every provider
of every profile, since a type checker cannot see its wiring.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

from dependency_injector import containers, providers

from nudge_adapters import catalog
from nudge_adapters.embeddings.openai import OpenAiEmbedderSettings
from nudge_adapters.feeds.build import ResoSettings
from nudge_adapters.llm.openai import OpenAiSettings
from nudge_adapters.memory.store import MemoryStore
from nudge_adapters.openai_service import BASE_URL
from nudge_adapters.sms.build import TwilioAccount, build_twilio_codes, build_twilio_numbers
from nudge_adapters.sms.local_codes import build_local_codes
from nudge_adapters.sql.encryption import Keyring
from nudge_adapters.sql.store import SqlStore
from nudge_adapters.system import RandomIds, SystemClock
from nudge_core.errors import Misconfigured
from nudge_core.model.user import User
from nudge_core.ports import (
    Clock,
    ContactProvider,
    Drafter,
    Embedder,
    ListingFeed,
    OneTimeCodes,
    PhoneNumbers,
    SmsGateway,
    Store,
)
from nudge_core.sending.watch import DoubtWatch
from nudge_core.verticals import VERTICALS, Vertical
from nudge_core.walk import Parts
from nudge_entrypoints.callbacks import callbacks_of
from nudge_entrypoints.practice_clock import practice_clock
from nudge_entrypoints.settings import MlsSettings, Settings, TwilioSettings

MARKET_START = datetime.fromisoformat("2026-05-04T15:00:00+00:00")  # a Monday, ten in the morning in Austin


class Container(containers.DeclarativeContainer):
    """The parts list of one process. `clock` None: the machine's own time, and the database's for what is stored."""

    settings = providers.Dependency(instance_of=Settings)
    database_url: providers.Object[str | None] = providers.Object(None)
    simulated_clock: providers.Object[Clock | None] = providers.Object(None)

    clock = providers.Singleton(lambda given: given or SystemClock(), simulated_clock)
    ids = providers.Singleton(RandomIds)
    store = providers.Singleton(
        lambda url, settings, clock, ids: build_store(url, settings, clock, ids),
        database_url,
        settings,
        simulated_clock,
        ids,
    )
    verticals = providers.Object(VERTICALS)
    drafters = providers.Singleton(lambda settings, verticals: build_drafters(settings, verticals), settings, verticals)
    embedder = providers.Singleton(lambda settings: build_embedder(settings), settings)
    gateway = providers.Singleton(lambda settings, clock: build_gateway(settings, clock), settings, clock)
    numbers = providers.Factory(lambda settings, clock: build_numbers(settings, clock), settings, clock)
    codes = providers.Factory(lambda settings, clock: build_codes(settings, clock), settings, clock)
    google_contacts = providers.Factory(lambda settings: build_google_contacts(settings), settings)
    feed = providers.Factory(lambda settings, clock, user: build_feed(settings, clock, user), settings, clock)
    doubts = providers.Singleton(DoubtWatch, time.monotonic)
    parts = providers.Factory(
        Parts,
        store=store,
        verticals=verticals,
        drafters=drafters,
        gateway=gateway,
        ids=ids,
        embedder=embedder,
        doubts=doubts,
    )


def build_store(url: str | None, settings: Settings, clock: Clock | None, ids: RandomIds) -> Store:
    """Return the store on PostgreSQL, or in memory where there is no address."""
    if url is None:
        return MemoryStore(clock or SystemClock(), ids)
    return SqlStore(url, clock, ids, build_keyring(settings))


def build_keyring(settings: Settings) -> Keyring | None:
    """Return the keys for secrets at rest; None when none are set: storing a secret is then refused."""
    if not settings.secret_keys:
        return None
    return Keyring(settings.secret_keys, current=next(iter(settings.secret_keys)))


def build_drafters(settings: Settings, verticals: Mapping[str, Vertical]) -> tuple[Drafter, ...]:
    """Return the configured drafter, and behind it the templates, which always have an answer."""
    openai = None
    if settings.openai_api_key is not None:
        openai = OpenAiSettings(
            api_key=settings.openai_api_key,
            model=settings.openai_model,
            base_url=settings.openai_base_url or BASE_URL,
        )
    voices = {name: vertical.voice for name, vertical in verticals.items()}
    needs = catalog.DrafterNeeds(voices=voices, openai=openai)
    first = catalog.chosen("NUDGE_DRAFTER", catalog.DRAFTERS, settings.drafter)(needs)
    return (first,) if settings.drafter == "offline" else (first, catalog.DRAFTERS["offline"](needs))


def build_embedder(settings: Settings) -> Embedder | None:
    """Return the configured embedder, or None for none."""
    openai = None
    if settings.openai_api_key is not None:
        openai = OpenAiEmbedderSettings(
            api_key=settings.openai_api_key,
            model=settings.openai_embedding_model,
            dim=settings.openai_embedding_dim,
            base_url=settings.openai_base_url or BASE_URL,
        )
    needs = catalog.EmbedderNeeds(openai=openai)
    return catalog.chosen("NUDGE_EMBEDDER", catalog.EMBEDDERS, settings.embedder)(needs)


def build_gateway(settings: Settings, clock: Clock) -> SmsGateway:
    """Return the configured carrier."""
    needs = catalog.CarrierNeeds(
        clock=clock,
        ledger=ledger_of(settings),
        twilio=twilio_account(settings.twilio),
        callbacks=callbacks_of(settings),
    )
    return catalog.chosen("NUDGE_CARRIER", catalog.CARRIERS, settings.carrier)(needs)


def build_numbers(settings: Settings, clock: Clock) -> PhoneNumbers:
    """Return the seller of telephone numbers. Raises Misconfigured without a Twilio account and a public address."""
    account, callbacks = twilio_account(settings.twilio), callbacks_of(settings)
    if account is None or callbacks is None:
        raise Misconfigured(["TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, PUBLIC_BASE_URL: needed for telephone numbers"])
    return build_twilio_numbers(account, callbacks, clock)


def build_google_contacts(settings: Settings) -> ContactProvider:
    """Return Google's contacts. Raises Misconfigured without an OAuth client."""
    from nudge_adapters.contacts.google import GoogleSettings, build_google

    own = settings.google
    if own.client_id is None or own.client_secret is None or own.redirect_url is None:
        raise Misconfigured(["GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, GOOGLE_REDIRECT_URL: needed for contacts"])
    return build_google(
        GoogleSettings(
            client_id=own.client_id,
            client_secret=own.client_secret,
            redirect_url=own.redirect_url,
            tokens_url=own.tokens_url,
            people_url=own.people_url,
        )
    )


def build_codes(settings: Settings, clock: Clock) -> OneTimeCodes:
    """Return the sender of one-time codes: Twilio Verify where it is set, else codes in a file of this machine.

    The file is for trying out: it is to be had with the simulated carrier alone, so that no installation whose texts
    reach phones takes codes that did not. Raises Misconfigured for every other one without a Verify service.
    """
    account = twilio_account(settings.twilio)
    if account is not None and account.verify_service_sid is not None:
        return build_twilio_codes(account, clock)
    if settings.carrier == "simulator":
        return build_local_codes(codes_of(settings), clock)
    raise Misconfigured(["TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_VERIFY_SERVICE_SID: needed for one-time codes"])


def twilio_account(twilio: TwilioSettings) -> TwilioAccount | None:
    """Return the operator's account as the adapters take it; None where none is set."""
    if twilio.account_sid is None or twilio.auth_token is None:
        return None
    return TwilioAccount(
        account_sid=twilio.account_sid,
        auth_token=twilio.auth_token,
        api_key=twilio.api_key,
        api_secret=twilio.api_secret,
        api_base_url=twilio.api_base_url,
        verify_base_url=twilio.verify_base_url,
        messaging_service_sid=twilio.messaging_service_sid,
        verify_service_sid=twilio.verify_service_sid,
    )


def ledger_of(settings: Settings) -> Path:
    """Return where the simulated carrier keeps its books."""
    return settings.home / "carrier.jsonl"


def codes_of(settings: Settings) -> Path:
    """Return where one-time codes stand that no phone gets."""
    return settings.home / "codes.jsonl"


def build_feed(settings: Settings, clock: Clock, user: User) -> ListingFeed:
    """Return the feed of one professional, by the name of their tool provider."""
    needs = catalog.FeedNeeds(user=user, clock=clock, shared=shared_account(settings.mls), market_start=MARKET_START)
    return catalog.chosen("user.tool_provider", catalog.FEEDS, user.tool_provider)(needs)


def shared_account(mls: MlsSettings) -> ResoSettings:
    """Return the operator's MLS account as the feeds take it."""
    return ResoSettings(
        profile=mls.profile,
        base_address=mls.base_url,
        token=mls.token,
        client_id=mls.client_id,
        client_secret=mls.client_secret,
        token_address=mls.token_url,
        system_name=mls.originating_system or "",
    )


@asynccontextmanager
async def opened(settings: Settings, url: str | None, clock: Clock | None = None) -> AsyncIterator[App]:
    """Yield the parts of a process and give everything back at the end.

    Args:
        settings: of the installation.
        url: of a database at the newest revision; None keeps everything in memory.
        clock: a simulated one; None: that of the home, which is the machine's unless it was moved for trying out.

    Raises:
        Misconfigured: the home's clock was moved, and texts would reach phones.
    """
    clock = clock or practice_clock(settings)
    container = Container(
        settings=providers.Object(settings),
        database_url=providers.Object(url),
        simulated_clock=providers.Object(clock),
    )
    parts: Parts = container.parts()
    try:
        async with App(settings, parts, container) as app:
            yield app
    finally:
        for part in (*parts.drafters, parts.embedder, parts.gateway, parts.store):
            if part is not None:
                await part.aclose()


class App:
    """What a command works with: the parts of the walk, a feed for each professional, and services for the API.

    `closes`: what is to be awaited at the end, before the store is given back.
    """

    def __init__(self, settings: Settings, parts: Parts, container: Container) -> None:
        self.settings = settings
        self.parts = parts
        self.clock: Clock = container.clock()
        self._container = container
        self._closing = AsyncExitStack()

    def feed(self, user: User) -> ListingFeed:
        """Return the professional's feed; the caller closes it."""
        return self._container.feed(user=user)

    def numbers(self) -> PhoneNumbers:
        """Return the seller of telephone numbers; the caller closes it. Raises Misconfigured where there is none."""
        return self._container.numbers()

    def codes(self) -> OneTimeCodes:
        """Return the sender of one-time codes; the caller closes it. Raises Misconfigured where there is none."""
        return self._container.codes()

    def google_contacts(self) -> ContactProvider:
        """Return Google's contacts; the caller closes them. Raises Misconfigured where there is no OAuth client."""
        return self._container.google_contacts()

    def closes(self, end: Callable[[], Awaitable[object]]) -> None:
        """Await this when the app is given back; what was handed in last comes first."""
        self._closing.push_async_callback(end)

    async def __aenter__(self) -> App:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._closing.aclose()
