"""The OData we write: literals, filters and addresses. What servers say of theirs is read in `metadata`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from nudge_adapters.feeds.watermark import Watermark
from nudge_core.errors import Invalid, Refused

_WHOLE_NUMBER = re.compile(r"-?\d{1,19}")


def text_literal(text: str) -> str:
    """Return a text as a literal: `'O''Fallon'`."""
    return "'" + text.replace("'", "''") + "'"


def key_literal(key: str, *, number: bool) -> str:
    """Return a key as a literal: bare digits where the server's keys are numbers.

    Raises:
        Invalid: a number was expected and the key is none.
    """
    if not number:
        return text_literal(key)
    if not _WHOLE_NUMBER.fullmatch(key):
        raise Invalid("listing_key", "digits, since this server's keys are numbers", key)
    return key


def behind(field: str, at: Watermark, key_field: str, key: str) -> str:
    """Return the keyset filter: rows after (`at`, `key`) in the order of watermark and key.

    Args:
        field: the watermark field.
        key: of the last row received, as a literal.
    """
    return f"({field} gt {at} or ({field} eq {at} and {key_field} gt {key}))"


def shown_as(field: str, at: Watermark) -> str:
    """Return a filter for the rows whose timestamp is shown as `at`, whatever finer digits the server keeps."""
    return f"{field} ge {at} and {field} lt {at.next()}"


def any_of(field: str, literals: Sequence[str]) -> str:
    """Return a filter for rows whose `field` is one of `literals`, in the `or`s that Web API Core has (not `in`)."""
    return "(" + " or ".join(f"{field} eq {literal}" for literal in literals) + ")"


def all_of(*conditions: str) -> str:
    """Return the conditions that are not empty, joined with `and`."""
    return " and ".join(condition for condition in conditions if condition)


def address(base: str, path: str, options: Mapping[str, str]) -> str:
    """Return an address with its options percent-encoded: a `+` in a timestamp must not become a blank."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items() if value)
    return f"{base.rstrip('/')}/{path}" + (f"?{query}" if query else "")


def entity_path(resource: str, key: str) -> str:
    """Return the path of one entity; `key` is a literal."""
    return f"{resource}({quote(key, safe='')})"


def next_address(asked: str, link: str, service: str) -> str:
    """Return a next link as an address to ask, verbatim after resolving a relative one.

    An `access_token` in it is taken off: it belongs into a header, not into logs and cursors (Bridge accepts both).

    Args:
        asked: the address whose answer held the link.
        link: as received.
        service: whom an error names.

    Raises:
        Refused: it leads to another host or scheme, and the token would travel there.
    """
    resolved = urljoin(asked, link)
    if urlsplit(resolved)[:2] != urlsplit(asked)[:2]:
        raise Refused(service, "foreign_link", "the next link leads to another host")
    return without_token(resolved)


def without_token(link: str) -> str:
    """Return an address without an `access_token` option; untouched when it has none."""
    parts = urlsplit(link)
    if "access_token" not in parts.query:
        return link
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "access_token"]
    return urlunsplit(parts._replace(query=urlencode(kept, quote_via=quote)))
