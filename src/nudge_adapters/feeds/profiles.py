"""What each vendor's RESO Web API is like. Defaults, each with its mark and section of `mls-feeds.md`.

Marks: [S] a standard, [V] the vendor's documentation, [2] second-hand, [T] tried, [I] our own choice. No vendor was
called with a live account, so settings may override every value here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from attrs import evolve, field, fields, frozen
from attrs.validators import ge, instance_of

from nudge_adapters.feeds.limits import Limit, Unit
from nudge_core.errors import Misconfigured

GB = 2**30


class Paging(StrEnum):
    """How to read all rows without losing one that moves (`mls-feeds.md` 4).

    KEYSET: our own filter behind the last row (4.2). REASK: `ge` the last timestamp again, known rows dropped, groups
    of one timestamp walked (4.2). KEY_ORDER: the server's links through a list in the order of keys, which updates do
    not move. HEADER: links of Bridge's replication, oldest first; the last one is asked again later.
    """

    KEYSET = "keyset"
    REASK = "reask"
    KEY_ORDER = "key_order"
    HEADER = "header"


class Auth(StrEnum):
    """How a token is had."""

    BEARER = "bearer"
    CLIENT_CREDENTIALS = "client_credentials"


class Photos(StrEnum):
    """How photos come. EXPAND: with `$expand=Media`. INLINE: on the record. NONE: they are not asked for."""

    EXPAND = "expand"
    INLINE = "inline"
    NONE = "none"


class PageOption(StrEnum):
    """How the size of a page is asked for."""

    TOP = "$top"
    PREFER = "prefer"


def _read_only(given: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(given))


def _span(given: timedelta | float) -> timedelta:
    """Take a span, or a number of minutes: settings come as texts and numbers."""
    return given if isinstance(given, timedelta) else timedelta(minutes=given)


def _limits(given: Iterable[Limit | Mapping[str, Any]]) -> tuple[Limit, ...]:
    return tuple(one if isinstance(one, Limit) else Limit(**one) for one in given)


@frozen(kw_only=True)
class Profile:
    """One vendor.

    `page`: rows we ask for with all fields; `key_page`: when only keys are asked for. `ordered`: whether `$orderby`
    is sent. `sends_links`: whether a page without a next link is the last one. `key_searchable`: whether a filter may
    name the key. `system_name_required`: exactly one `OriginatingSystemName eq 'x'` in every filter.
    `first_load_filter`: only on the first load, then dropped. `next_link_header`: the header that holds the next link.
    `pause_s`: the source's rest after a 429 that names no time. `removals_signalled`: whether a removed record is sent
    as a tombstone. `reconcile_every`: how often `keys` must be compared with what is stored. `counts_keys`: whether
    `$count` may be asked for with a key list.
    """

    name: str
    base_address: str | None = None
    auth: Auth = field(default=Auth.BEARER, converter=Auth)
    token_address: str | None = None
    scope: str = ""
    resource: str = "Property"
    replication_path: str | None = None
    page: int = field(validator=(instance_of(int), ge(1)))
    key_page: int = field(validator=(instance_of(int), ge(1)))
    page_option: PageOption = field(default=PageOption.TOP, converter=PageOption)
    paging: Paging = field(converter=Paging)
    ordered: bool = True
    sends_links: bool = True
    watermark_field: str = "ModificationTimestamp"
    key_field: str = "ListingKey"
    key_is_number: bool = False
    key_searchable: bool = True
    system_name_required: bool = False
    first_load_filter: str = ""
    select: bool = True
    next_link_header: str | None = None
    photos: Photos = field(default=Photos.EXPAND, converter=Photos)
    photos_may_be_linked: bool = True
    overlap: timedelta = field(default=timedelta(minutes=10), converter=_span)  # [I] 4.3: 5 to 10 minutes
    limits: tuple[Limit, ...] = field(default=(), converter=_limits)
    pause_s: float | None = None
    removals_signalled: bool = False
    reconcile_every: timedelta = field(
        default=timedelta(days=1), converter=_span
    )  # [I] 4.3: at least daily where removals are not signalled
    counts_keys: bool = True
    headers: Mapping[str, str] = field(factory=dict[str, str], converter=_read_only)


MLS_GRID = Profile(
    name="mlsgrid",
    base_address="https://api.mlsgrid.com/v2",  # [V] 3.1
    page=1_000,  # [V] 3.2: 5,000, with $expand 1,000, above that an error
    key_page=5_000,  # [V] 3.2
    paging=Paging.REASK,  # [V] 3.2: ListingKey is not searchable; 4.2
    ordered=False,  # [V] 3.2: ordered by ModificationTimestamp by default
    key_searchable=False,  # [V] 3.2
    system_name_required=True,  # [V] 3.1
    first_load_filter="MlgCanView eq true",  # [V] 3.3: dropped after the first load
    photos_may_be_linked=False,  # [V] 3.5: for download only, never hot-linked
    limits=(
        Limit(amount=2, period_s=1),  # [2] 3.4, all four
        Limit(amount=7_200, period_s=3_600),
        Limit(amount=40_000, period_s=86_400),
        Limit(amount=4 * GB, period_s=3_600, unit=Unit.BYTES),
    ),
    pause_s=3_600,  # [2] 3.4: a 429 suspends the token until usage is in bounds; [I]: the hour of the likeliest limit
    removals_signalled=True,  # [V] 3.3: MlgCanView=false, for 7 days
    reconcile_every=timedelta(days=6),  # [I] 4.3: at least weekly, because of the 7 days
    headers={"Accept-Encoding": "gzip"},  # [2] 3.1: else 400 COMPRESSION REQUIRED
)
BRIDGE = Profile(
    name="bridge",
    base_address=None,  # [V] 3.1: https://api.bridgedataoutput.com/api/v2/OData/{dataset}, the dataset is the owner's
    replication_path="Property/replication",  # [V] 3.2: only where the MLS allows it
    page=2_000,  # [V] 3.2: the most for replication; 200 without it
    key_page=2_000,  # [V] 3.2
    paging=Paging.HEADER,  # [V] 3.2; without replication set paging=reask, page=200, replication_path=None
    ordered=False,  # [V] 3.2: replication is oldest first and takes no $orderby
    watermark_field="BridgeModificationTimestamp",  # [V] 3.3: ModificationTimestamp is no "consistent proxy"
    next_link_header="Link",  # [V] 3.2: in a response header; [2] its name
    photos=Photos.INLINE,  # [V] 3.5
    limits=(Limit(amount=5_000, period_s=3_600), Limit(amount=334, period_s=60)),  # [V] 3.4
    counts_keys=False,  # [I]: nothing is said of $count for replication
)
TRESTLE = Profile(
    name="trestle",
    base_address="https://api.cotality.com/trestle/odata",  # [V] 3.1
    auth=Auth.CLIENT_CREDENTIALS,  # [V] 3.1
    token_address="https://api.cotality.com/trestle/oidc/connect/token",  # noqa: S106 - an address, not a token; [V] 3.1
    scope="api",  # [V] 3.1
    page=1_000,  # [2] 3.2
    key_page=300_000,  # [2] 3.2: when only key fields are selected
    paging=Paging.REASK,  # [T] 4.1: next links are $skip links; 4.2
    limits=(Limit(amount=180, period_s=60), Limit(amount=7_200, period_s=3_600)),  # [2] 3.4; real headers differ widely
)
SPARK_RESO = Profile(
    name="spark_reso",
    base_address="https://replication.sparkapi.com/Version/3/Reso/OData",  # [V] 3.1
    page=1_000,  # [V] 3.2: replication keys; 25 for normal ones
    key_page=1_000,  # [V] 3.2
    paging=Paging.KEY_ORDER,  # [V] 3.2: next links with $skiptoken, default order ListingKey
    ordered=False,  # [V] 3.2
    overlap=timedelta(minutes=20),  # [V] 3.3: because of server caching
)
WFRMLS = Profile(
    name="wfrmls",
    base_address="https://resoapi.utahrealestate.com/reso/odata",  # [V] 3.1
    page=200,  # [V] 3.2
    key_page=200,  # [V] 3.2
    paging=Paging.KEYSET,  # [T] 3.5: a numeric key can be compared
    sends_links=False,  # [V] 3.2: $top and $skip
    key_field="ListingKeyNumeric",  # [T] 3.5: ListingKey is only a field
    key_is_number=True,  # [T] 3.5: Int32
)
LOCAL_MARKET = Profile(
    name="market",
    page=200,  # [I] several pages for a market of the demo's size
    key_page=1_000,
    paging=Paging.KEYSET,  # the local server compares texts
    overlap=timedelta(minutes=5),  # [I] 4.3
)
CORE = Profile(
    name="core",
    page=100,  # [I] any certified server
    key_page=1_000,
    page_option=PageOption.PREFER,  # [S] CERT, section 2
    paging=Paging.REASK,  # [S] section 2: text comparison is not in Core, so no keyset by a text key
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {profile.name: profile for profile in (MLS_GRID, BRIDGE, TRESTLE, SPARK_RESO, WFRMLS, LOCAL_MARKET, CORE)}
)


PROFILE_FIELDS = frozenset(one.name for one in fields(Profile)) - {"name"}
"""What settings may override."""


def profile_named(name: str, overrides: Mapping[str, Any] = MappingProxyType({})) -> Profile:
    """Return the profile `name` with some of its fields replaced.

    Args:
        overrides: field to value, as a person writes it: enums by their value, spans in minutes.

    Raises:
        Misconfigured: lists every unknown name and unusable value, with the known names.
    """
    if name not in PROFILES:
        raise Misconfigured([f"profile: one of {', '.join(PROFILES)}"])
    profile, problems = PROFILES[name], []
    for changed, value in overrides.items():
        if changed not in PROFILE_FIELDS:
            problems.append(f"overrides.{changed}: no such field; there are {', '.join(sorted(PROFILE_FIELDS))}")
            continue
        try:
            profile = evolve(profile, **{changed: value})
        except (ValueError, TypeError) as error:  # what converters and validators raise
            problems.append(f"overrides.{changed}: {str(error).splitlines()[0]}")
    if problems:
        raise Misconfigured(problems)
    return profile
