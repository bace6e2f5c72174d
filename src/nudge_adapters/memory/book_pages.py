"""Pages of a book: which clients, in which order, and where a page goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from nudge_adapters.memory.world import Book
from nudge_core.errors import Invalid
from nudge_core.model.client import Client, ClientFilter, ClientOrder, tag_name
from nudge_core.model.consent import ConsentKind, SuppressionScope
from nudge_core.model.page import Page, PageRequest
from nudge_core.policy.consent import latest

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def lowered(text: str) -> str:
    """Return the text with A to Z small, as PostgreSQL's "C" collation knows letters."""
    return text.translate(_LOWER)


def is_meant(client: Client, which: ClientFilter, book: Book) -> bool:
    """Say whether the filter lets a client through."""
    if which.tag is not None and which.tag not in client.tags:
        return False
    if not _is_reachable(client, which, book) or not _is_in_time(client, which):
        return False
    if which.role_names is not None and which.role_names.isdisjoint(_role_words(client)):
        return False
    return which.name_has is None or lowered(which.name_has) in lowered(client.full_name)


def _is_reachable(client: Client, which: ClientFilter, book: Book) -> bool:
    held = () if client.phone is None else book.active_suppressions(client.phone)
    muted = any(one.scope is SuppressionScope.ALL for one in held)
    textable = client.phone is not None and not muted and _agreed(book, client.phone)
    return (
        which.has_phone in (None, client.phone is not None)
        and which.suppressed in (None, muted)
        and which.textable in (None, textable)
    )


def _agreed(book: Book, phone: str) -> bool:
    newest = latest(one for one in book.consents.rows() if one.phone == phone)
    return newest is not None and newest.kind is not ConsentKind.NONE


def _is_in_time(client: Client, which: ClientFilter) -> bool:
    changed, met = client.updated_at or client.created_at, client.last_interaction
    return (
        (which.updated_from is None or changed >= which.updated_from)
        and (which.updated_until is None or changed < which.updated_until)
        and (which.contacted_from is None or (met is not None and met >= which.contacted_from))
        and (which.contacted_until is None or met is None or met < which.contacted_until)
    )


def _role_words(client: Client) -> frozenset[str]:
    stated = client.preferences.get("roles")
    words = [stated] if isinstance(stated, str) else stated if isinstance(stated, Sequence) else ()
    return frozenset(map(tag_name, [*client.tags, *(word for word in words if isinstance(word, str))]))


def said_of(client: Client) -> str:
    """Return all that words are looked for in, in lower case."""
    return "\n".join([client.full_name, *client.tags, client.notes]).lower()


def sort_key(client: Client, order: ClientOrder) -> tuple[str, str]:
    """Return the texts that order a client: the id last."""
    if order is ClientOrder.NAME:
        return lowered(client.full_name), str(client.id)
    at = client.created_at if order is ClientOrder.NEWEST else client.last_interaction or _NEVER
    return at.isoformat(timespec="microseconds"), str(client.id)


def page_after(
    keyed: Sequence[tuple[tuple[str, str], Client]], request: PageRequest, *, newest_first: bool
) -> Page[Client]:
    """Return the page of rows sorted by their keys that follows the request's key."""
    ordered = list(reversed(keyed)) if newest_first else list(keyed)
    if request.after is not None:
        after = _read(request.after)
        ordered = [one for one in ordered if (one[0] < after if newest_first else one[0] > after)]
    shown = ordered[: request.limit]
    last = shown[-1][0] if len(ordered) > request.limit else None
    return Page(items=tuple(client for _, client in shown), last=last)


def _read(after: tuple[str, ...]) -> tuple[str, str]:
    try:
        value, client_id = after
        return value, str(UUID(client_id))
    except ValueError as error:
        raise Invalid("cursor", "a cursor of this list", after) from error
