"""House rules of a server: where real vendors differ, so that a client can be tried against each of them."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class Links(StrEnum):
    """How a server tells where the next page is.

    SKIP: a link with `$skip`, a position, which loses rows when rows move. SKIPTOKEN: a link with the last row's place.
    HEADER: in the `Link` header and only under `/Property/replication`; the last one can be asked again later.
    NONE: not at all.
    """

    SKIP = "skip"
    SKIPTOKEN = "skiptoken"
    HEADER = "header"
    NONE = "none"


@frozen(kw_only=True)
class Manner:
    """What one server does and refuses. The default is a friendly server that does all of Web API Core and more.

    `key_field`, `watermark_field`: key of Property; the field that moves with every change. `default_page`,
    `largest_page`: rows. `largest_replication_page`: the same under `/Property/replication`. `largest_is_error`: asking
    for more is a 400, else it is cut down. `top_is_page_size`: `$top` is read as the size of a page and links go on,
    instead of as the number of rows wanted in all. `default_order`: field that orders when the client does not.
    `may_order`: whether `$orderby` is accepted. `searchable`: fields `$filter` may name; None for all. `most_ors`:
    `or`s in one filter. `required_filter`: field that must be compared with `eq` exactly once. `demands_gzip`: 400
    without it, before anything else is looked at. `html_token_errors`: the token endpoint answers a bad client with
    400 text/html. `inline_media`: Media comes without `$expand`.
    """

    key_field: str = "ListingKey"
    watermark_field: str = "ModificationTimestamp"
    default_page: int = 100
    largest_page: int = 1_000
    largest_replication_page: int = 2_000
    largest_is_error: bool = False
    top_is_page_size: bool = False
    links: Links = Links.SKIP
    default_order: str = "ListingKey"
    may_order: bool = True
    searchable: frozenset[str] | None = None
    most_ors: int | None = None
    required_filter: str | None = None
    demands_gzip: bool = False
    html_token_errors: bool = False
    inline_media: bool = False
