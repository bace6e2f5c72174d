"""One request for Property: its options read, its page cut out of the records, and where to go on."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote

from attrs import evolve, field, frozen

from nudge_adapters.feeds.market import fields as types
from nudge_adapters.feeds.market.filters import BadQueryError, Filter, comparable, parse_filter
from nudge_adapters.feeds.market.listing_record import Fields
from nudge_adapters.feeds.market.manner import Links, Manner

OPTIONS = ("$filter", "$orderby", "$top", "$skip", "$count", "$select", "$expand", "$skiptoken", "$format")
MEDIA_EXPANSION = re.compile(r"Media(?:\(\$select=([A-Za-z,]+)\))?")
MAX_PAGE_PREFERENCE = re.compile(r"(?:odata\.)?maxpagesize\s*=\s*(\d+)", re.IGNORECASE)


@frozen(kw_only=True)
class Query:
    """What the client asked for. `text` is the option as it was sent, for the next link."""

    filter: Filter | None = None
    order: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    select: tuple[str, ...] = ()
    media_fields: tuple[str, ...] | None = None
    skiptoken: str | None = None
    preferred_page: int | None = None
    text: Mapping[str, str] = field(factory=dict[str, str])


@frozen(kw_only=True)
class Page:
    """The rows of one answer, how many match in all (when asked) and the options of the next link, if there is one."""

    rows: Sequence[Fields]
    count: int | None
    following: Mapping[str, str] | None


def read_query(query_string: str, prefer: str, now: datetime) -> Query:
    """Return what the query string asks for.

    Args:
        query_string: as it stood in the address.
        prefer: the `Prefer` header, empty when absent.
        now: the instant of the request.

    Raises:
        BadQueryError: an option is unknown or malformed.
    """
    text = dict(parse_qsl(query_string, keep_blank_values=True))
    if unknown := [name for name in text if name.startswith("$") and name not in OPTIONS]:
        raise BadQueryError(unknown[0], f"Unknown query option {unknown[0]}")
    preference = MAX_PAGE_PREFERENCE.search(prefer)
    return Query(
        filter=parse_filter(text["$filter"], now) if "$filter" in text else None,
        order=_order(text.get("$orderby", "")),
        top=_number(text, "$top"),
        skip=_number(text, "$skip") or 0,
        count=_boolean(text, "$count"),
        select=_names(text.get("$select", ""), "$select", types.PROPERTY | {"Media": types.LIST}),
        media_fields=_expansion(text.get("$expand", "")),
        skiptoken=text.get("$skiptoken"),
        preferred_page=int(preference.group(1)) if preference else None,
        text=text,
    )


def page_of(records: Sequence[Fields], query: Query, manner: Manner) -> Page:
    """Return the page of `records` that `query` asks for."""
    matching = [record for record in records if query.filter is None or query.filter.matches(record)]
    order = query.order or ((manner.default_order, False),)
    if order[-1][0] != manner.key_field:
        order = (*order, (manner.key_field, False))
    for name, descending in reversed(order):
        matching.sort(key=partial(_place, name), reverse=descending)
    left = matching[query.skip :] if query.skiptoken is None else _after(matching, query.skiptoken, order)
    size = _page_size(query, manner)
    if query.top is not None and not manner.top_is_page_size:
        left = left[: query.top]
    rows = left[:size]
    following = None
    if len(left) > len(rows) and manner.links in (Links.SKIP, Links.SKIPTOKEN):
        following = _following(query, rows, order, manner)
    return Page(rows=rows, count=len(matching) if query.count else None, following=following)


def shaped(record: Fields, query: Query, manner: Manner) -> Fields:
    """Return the fields of a record that were asked for, with Media where it was expanded."""
    wanted = query.select or types.PROPERTY
    row = {name: record[name] for name in wanted if name in record and name != "Media"}
    if query.media_fields is not None or manner.inline_media:
        photos = record.get("Media")
        chosen = query.media_fields or tuple(types.MEDIA)
        row["Media"] = photos and [{name: photo[name] for name in chosen if name in photo} for photo in photos]
    return row


def link(address: str, options: Mapping[str, str]) -> str:
    """Return `address` with options, encoded as servers do it: names bare, values percent-encoded."""
    return address + "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())


def _following(
    query: Query, rows: Sequence[Fields], order: tuple[tuple[str, bool], ...], manner: Manner
) -> dict[str, str]:
    options = {name: value for name, value in query.text.items() if name not in ("$skip", "$skiptoken")}
    if query.top is not None and not manner.top_is_page_size:
        options["$top"] = str(query.top - len(rows))
    if manner.links is Links.SKIP:
        return options | {"$skip": str(query.skip + len(rows))}
    return options | {"$skiptoken": place_token(rows[-1], order)}


def place_token(row: Fields, order: tuple[tuple[str, bool], ...]) -> str:
    """Return a token for the place of `row` in this order; it stays good when the row moves or goes."""
    place = [row.get(name) for name, _descending in order]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _after(matching: list[Fields], token: str, order: tuple[tuple[str, bool], ...]) -> list[Fields]:
    """Return the records behind the place a token names, wherever its row is now."""
    if not token:
        return matching
    try:
        place = json.loads(base64.urlsafe_b64decode(token.encode()))
        values = dict(zip((name for name, _ in order), place, strict=True))
    except (ValueError, TypeError) as error:
        raise BadQueryError("$skiptoken", "Unknown skip token") from error
    names = [name for name, _descending in order]
    mark = [_place(name, values) for name in names]
    return [record for record in matching if [_place(name, record) for name in names] > mark]


def _place(name: str, record: Mapping[str, Any]) -> tuple[bool, Any]:
    """Return a sort key: nulls first, as OData wants it."""
    value = comparable(types.PROPERTY[name], record.get(name))
    return (value is not None, value)


def _page_size(query: Query, manner: Manner) -> int:
    wanted = query.preferred_page or query.top or manner.default_page
    return max(1, min(wanted, manner.largest_page))


def keep_house_rules(query: Query, manner: Manner) -> None:
    """Refuse what this server does not do, although OData has it: for collections.

    Raises:
        BadQueryError: says which rule.
    """
    if query.top is not None and query.top > manner.largest_page and manner.largest_is_error:
        raise BadQueryError("$top", f"At most {manner.largest_page} records per request")
    if query.order and not manner.may_order:
        raise BadQueryError("$orderby", "$orderby is not supported")
    if query.skiptoken is not None and (manner.links is not Links.SKIPTOKEN or any(down for _, down in query.order)):
        raise BadQueryError("$skiptoken", "Unknown skip token")
    used = query.filter or Filter(matches=lambda _record: True)
    if manner.searchable is not None and (foreign := sorted(used.fields - manner.searchable)):
        raise BadQueryError("$filter", f"{foreign[0]} is not a searchable field")
    if manner.most_ors is not None and used.ors > manner.most_ors:
        raise BadQueryError("$filter", f"At most {manner.most_ors} or operators")
    if manner.required_filter is not None and used.equal_to.count(manner.required_filter) != 1:
        raise BadQueryError("$filter", f"Exactly one {manner.required_filter} is required")


def _order(text: str) -> tuple[tuple[str, bool], ...]:
    order = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, direction = part.partition(" ")
        if name not in types.PROPERTY or types.PROPERTY[name] == types.LIST or direction not in ("", "asc", "desc"):
            raise BadQueryError("$orderby", f"Cannot order by {part}")
        order.append((name, direction == "desc"))
    return tuple(order)


def _names(text: str, option: str, known: Mapping[str, str]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if unknown := [name for name in names if name not in known]:
        raise BadQueryError(option, f"Unknown field in {option}: {unknown[0]}")
    return names


def _expansion(text: str) -> tuple[str, ...] | None:
    if not text:
        return None
    found = MEDIA_EXPANSION.fullmatch(text.strip())
    if found is None:
        raise BadQueryError("$expand", "Only Media can be expanded")
    return _names(found.group(1) or "", "$expand", types.MEDIA) or tuple(types.MEDIA)


def _number(text: Mapping[str, str], option: str) -> int | None:
    value = text.get(option)
    if value is None:
        return None
    if not re.fullmatch(r"\d{1,9}", value):
        raise BadQueryError(option, f"{option} is a number from 0")
    return int(value)


def _boolean(text: Mapping[str, str], option: str) -> bool:
    value = text.get(option, "false")
    if value not in ("true", "false"):
        raise BadQueryError(option, f"{option} is true or false")
    return value == "true"


def replication_query(query: Query, manner: Manner) -> Query:
    """Return a query for `/Property/replication`: oldest first, with no position and no order of the client's own.

    Raises:
        BadQueryError: the client gave a position or an order.
    """
    for option in ("$skip", "$orderby"):
        if option in query.text:
            raise BadQueryError(option, f"{option} is not available for replication")
    return evolve(query, order=((manner.watermark_field, False), (manner.key_field, False)))
