"""What can go wrong on the way: answers a server gives instead of the one that was asked for."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

HTML_ERROR = b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Service error</h1></body></html>"


@frozen(kw_only=True)
class Fault:
    """One wrong answer.

    `cut_short`: the connection ends in the middle of the right answer. `silent`: no answer ever.
    """

    status: int = 500
    headers: Mapping[str, str] = field(factory=dict[str, str])
    body: bytes = field(default=HTML_ERROR, repr=False)
    content_type: str = "text/html"
    cut_short: bool = False
    silent: bool = False


def too_many_requests(retry_after: str | None = None, headers: Mapping[str, str] | None = None) -> Fault:
    """Return a 429, with a `Retry-After` of any form or none, and other headers (a vendor's reset times)."""
    waiting = {} if retry_after is None else {"Retry-After": retry_after}
    body = b'{"error":{"code":"42900","message":"Too many requests","target":"","details":[]}}'
    return Fault(status=429, headers={**waiting, **(headers or {})}, body=body, content_type="application/json")


def unauthorised() -> Fault:
    """Return a 401 although the token was good."""
    body = b'{"error":{"code":401,"message":"The access token expired"}}'
    return Fault(status=401, body=body, content_type="application/json")


def html_error(status: int = 500) -> Fault:
    """Return an error page of a proxy."""
    return Fault(status=status)


def error_after_ok() -> Fault:
    """Return the standard's own oddity: a 200 whose body says that it failed."""
    body = b'{"error":{"code":"50000","message":"Internal failure","target":"Read","details":[]}}'
    return Fault(status=200, body=body, content_type="application/json")


def cut_short() -> Fault:
    """Return an answer whose connection ends in the middle."""
    return Fault(cut_short=True)


def silent() -> Fault:
    """Return nothing at all until the client gives up."""
    return Fault(silent=True)
