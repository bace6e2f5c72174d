"""How far a feed has been read, and what of it could not be."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import converters, field, frozen

from nudge_core.model import fields
from nudge_core.model.json import Json, JsonObject, frozen_object
from nudge_core.model.listing import ListingSnapshot


@frozen(kw_only=True)
class FeedCursor:
    """How far a source has been read.

    `state` is the adapter's own bookkeeping (watermark and key of the last row received, a vendor's token, the
    rows of a page group): opaque to everybody else, JSON, small. `baseline_done` tells that the first full load has
    ended; until then nothing is an event. `read_until` is the latest instant any accepted record spoke of: how much of
    the feed's own time has been read. `version` rises with every advance.
    """

    source_id: str = field(validator=fields.text(100, at_least=1))
    state: JsonObject = field(factory=dict[str, Json], converter=frozen_object)
    baseline_done: bool = False
    read_until: datetime | None = field(default=None, validator=fields.optional(fields.instant))
    version: int = 0
    updated_at: datetime | None = field(default=None, validator=fields.optional(fields.instant))


@frozen(kw_only=True)
class RawListing:
    """A snapshot with the record it was read from, private fields removed."""

    snapshot: ListingSnapshot
    raw: JsonObject = field(converter=frozen_object, repr=False)


def _readable(text: str) -> str:
    """Replace what no database can hold, NULs and halves of surrogate pairs, by U+FFFD: a person reads the rest."""
    return text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@frozen(kw_only=True)
class UnreadRecord:
    """A record that could not be read: kept and counted, never dropped silently.

    `rule` names the field and the rule it broke; `raw` is the record as text, private fields removed, and with U+FFFD
    in place of what cannot be stored.
    """

    source_id: str
    listing_key: str | None = field(converter=converters.optional(_readable))
    rule: str = field(validator=fields.text(500, at_least=1), converter=_readable)
    raw: str = field(repr=False, converter=_readable)


@frozen(kw_only=True)
class FeedPage:
    """One page: what was read, what was not, and where to go on.

    `cursor` is the state to store once the page's rows are stored. `more` tells that another page can be had at
    once. `gone_keys` are listings the source no longer has (a completed key reconcile, a 404). `warnings` are short
    codes for the counters (`future_watermark`, `duplicate_key`). `recorded`: the page is a recording; each of its
    listings is judged at its own `modified_at`, as it would have been then, not at the present instant.
    """

    source_id: str
    listings: tuple[RawListing, ...]
    unread: tuple[UnreadRecord, ...]
    cursor: FeedCursor
    more: bool
    gone_keys: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    recorded: bool = False


@frozen(kw_only=True)
class StoredUnread:
    """An unread record as it is kept, for a person to look at."""

    id: UUID
    record: UnreadRecord
    first_seen_at: datetime = field(validator=fields.instant)
    times_seen: int = 1
