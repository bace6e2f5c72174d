"""Settings of the feeds, and the builders that make feeds of them: what the catalogue plugs in by name.

What httpx, uvicorn or a market need is imported when one is built, not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from nudge_adapters.feeds.limits import Pace, Timing
from nudge_adapters.feeds.profiles import PROFILES, Auth, Profile, profile_named
from nudge_adapters.feeds.shape import RecordShape
from nudge_core.errors import Misconfigured
from nudge_core.model.listing import ListingStatus
from nudge_core.model.secret import Secret
from nudge_core.ports.services import Clock, ListingFeed

if TYPE_CHECKING:
    import httpx

    from nudge_adapters.feeds.tokens import Tokens

DEFAULT_TIMEOUT_S = 60.0
_NO_TOKEN = {
    Auth.BEARER: "token: the vendor's bearer token is needed",
    Auth.CLIENT_CREDENTIALS: "client_id, client_secret: both are needed, the vendor gives tokens for them",
}


@frozen(kw_only=True)
class ResoSettings:
    """A RESO Web API source.

    `profile`: a name from `PROFILES`. `base_address`: where the service begins; None takes the vendor's. `token`: a
    bearer token; or `client_id` and `client_secret` for a token endpoint (`token_address`, None takes the vendor's).
    `system_name`: OriginatingSystemName; a new one is a new source. `source_id`: None makes one of profile and system
    name or host. `overrides`: fields of `Profile` to replace. `mls_status`: local statuses and the standard status each
    belongs to. `key_prefix`: what the vendor puts before an MLS number.
    """

    profile: str
    base_address: str | None = None
    token: Secret | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    token_address: str | None = None
    system_name: str = ""
    source_id: str | None = None
    overrides: Mapping[str, Any] = field(factory=dict[str, Any])
    mls_status: Mapping[str, ListingStatus] = field(factory=dict[str, ListingStatus])
    key_prefix: str = ""
    timeout_s: float = DEFAULT_TIMEOUT_S


def build_reso(settings: ResoSettings, timing: Timing | None = None) -> ListingFeed:
    """Return a feed over the RESO Web API.

    Args:
        timing: time for pacing and headers; None takes the machine's.

    Raises:
        Misconfigured: lists every setting that is missing or unusable.
    """
    from nudge_adapters.feeds.http import Wire, new_client
    from nudge_adapters.feeds.reso import ResoFeed
    from nudge_adapters.feeds.reso_requests import ResoRequests

    profile, base = _checked(settings)
    source_id = settings.source_id or f"{profile.name}:{settings.system_name or urlsplit(base).hostname}"
    timing = timing or Timing()
    service = f"reso:{source_id}"
    client = new_client(base, settings.timeout_s)
    wire = Wire(
        service,
        client,
        _tokens(settings, profile, service, client, timing),
        Pace(service, profile.limits, timing),
        timing,
        {"Accept": "application/json", **profile.headers},
        profile.pause_s,
    )
    shape = evolve(_shape(profile), mls_status=settings.mls_status, key_prefix=settings.key_prefix)
    requests = ResoRequests(base=base, profile=profile, system_name=settings.system_name)
    return ResoFeed(source_id=source_id, requests=requests, wire=wire, shape=shape, timing=timing)


@frozen(kw_only=True)
class SparkSettings:
    """A Spark API v1 source (Flexmls).

    `base_address`: None takes the vendor's host for bulk reading. `token`: a replication key. `source_id`: None makes
    one of the host. `page`: rows of a page, 25 for keys that are not for replication. `mls_status`: local statuses and
    the standard status each belongs to.
    """

    token: Secret | None = None
    base_address: str | None = None
    source_id: str | None = None
    page: int | None = None
    mls_status: Mapping[str, ListingStatus] = field(factory=dict[str, ListingStatus])
    timeout_s: float = DEFAULT_TIMEOUT_S


def build_spark(settings: SparkSettings, timing: Timing | None = None) -> ListingFeed:
    """Return a feed over Spark v1; arguments and errors as for `build_reso`."""
    from nudge_adapters.feeds.http import Wire, address_problem, new_client
    from nudge_adapters.feeds.spark import SPARK_V1, SparkFeed
    from nudge_adapters.feeds.tokens import GivenToken

    base = settings.base_address or SPARK_V1.base_address or ""
    problems = [problem for problem in (address_problem("base_address", base),) if problem]
    if settings.token is None:
        problems.append(_NO_TOKEN[Auth.BEARER])
    if problems or settings.token is None:
        raise Misconfigured(problems)
    page = settings.page or SPARK_V1.page
    profile = evolve(SPARK_V1, page=page, key_page=page)
    source_id = settings.source_id or f"spark:{urlsplit(base).hostname}"
    timing, service = timing or Timing(), f"spark:{source_id}"
    headers = {"Accept": "application/json", "X-SparkApi-User-Agent": "Nudge"}  # [V, I] section 8: error 1016 without
    wire = Wire(
        service,
        new_client(base, settings.timeout_s),
        GivenToken(settings.token),
        Pace(service, profile.limits, timing),
        timing,
        headers,
    )
    return SparkFeed(
        source_id=source_id,
        base_address=base,
        wire=wire,
        shape=RecordShape(mls_status=settings.mls_status),
        timing=timing,
        profile=profile,
    )


class Recorded(StrEnum):
    """What a recording holds: histories of homes (JSONL), pages of OData, pages of Spark v1."""

    HISTORIES = "histories"
    PAGES = "pages"
    SPARK_PAGES = "spark_pages"


@frozen(kw_only=True)
class ReplaySettings:
    """A recording. `path`: a JSONL file of histories, or a folder of pages. `source_id`: None makes one of the path.

    `profile`: whose pages they are; it names key and watermark field.
    """

    path: Path
    holds: Recorded = field(default=Recorded.HISTORIES, converter=Recorded)
    source_id: str | None = None
    profile: str = "core"


def build_replay(settings: ReplaySettings) -> ListingFeed:
    """Return a feed over a recording.

    Raises:
        Misconfigured: the path is not there, or the profile is unknown.
    """
    from nudge_adapters.feeds.replay import replay_of_histories, replay_of_pages

    if not settings.path.exists():
        raise Misconfigured([f"path: there is no {settings.path.name}"])
    source_id = settings.source_id or f"replay:{settings.path.stem}"
    if settings.holds is Recorded.HISTORIES:
        return replay_of_histories(settings.path, source_id)
    shape = _shape(profile_named(settings.profile))
    return replay_of_pages(settings.path, source_id, shape, spark=settings.holds is Recorded.SPARK_PAGES)


@frozen(kw_only=True)
class MarketSettings:
    """The invented market, served by a local server of the feed's own.

    `seed`, `size`, `start` and `dirty_share` as for `Market`; other values are another market and so another source.
    """

    start: datetime
    seed: int = 7
    size: int = 400
    dirty_share: float = 0.02
    source_id: str | None = None


def build_market(settings: MarketSettings, clock: Clock) -> ListingFeed:
    """Return a feed that starts a local MLS server when it is first used and stops it with `aclose`.

    Args:
        clock: tells the market's time; simulated time is as good as real.
    """
    from nudge_adapters.feeds.market_feed import MarketFeed

    return MarketFeed(settings, clock)


def _checked(settings: ResoSettings) -> tuple[Profile, str]:
    """Return the profile with its overrides and the base address, or raise with every problem."""
    from nudge_adapters.feeds.http import address_problem

    problems: list[str] = []
    try:
        profile = profile_named(settings.profile, settings.overrides)
    except Misconfigured as error:
        if settings.profile not in PROFILES:
            raise
        problems += error.problems
        profile = PROFILES[settings.profile]
    base = settings.base_address or profile.base_address or ""
    addresses = [("base_address", base)]
    if settings.token is None and (settings.client_id is None or settings.client_secret is None):
        problems.append(_NO_TOKEN[profile.auth])
    elif settings.token is None:
        addresses.append(("token_address", settings.token_address or profile.token_address or ""))
    problems += [problem for name, one in addresses if (problem := address_problem(name, one))]
    if profile.system_name_required and not settings.system_name:
        problems.append("system_name: the OriginatingSystemName of the MLS is needed, as the vendor writes it")
    if problems:
        raise Misconfigured(problems)
    return profile, base


def _shape(profile: Profile) -> RecordShape:
    return RecordShape(
        key_field=profile.key_field,
        watermark_field=profile.watermark_field,
        photos_may_be_linked=profile.photos_may_be_linked,
        next_link_header=profile.next_link_header,
    )


def _tokens(
    settings: ResoSettings, profile: Profile, service: str, client: httpx.AsyncClient, timing: Timing
) -> Tokens:
    from nudge_adapters.feeds.tokens import ClientCredentials, GivenToken

    if settings.token is not None:
        return GivenToken(settings.token)
    address = settings.token_address or profile.token_address
    if settings.client_id is None or settings.client_secret is None or address is None:
        raise Misconfigured([_NO_TOKEN[profile.auth]])
    return ClientCredentials(
        service, client, address, settings.client_id, settings.client_secret, profile.scope, timing
    )
