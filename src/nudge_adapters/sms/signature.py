"""Twilio's webhook signature, made and checked. Source: `messaging.md` 4.2.

`X-Twilio-Signature` is base64 of HMAC-SHA1, keyed with the account's auth token, over the exact URL and, for a form,
every distinct (name, value) pair in order, name and value joined without anything between. For any other body the URL
carries `bodySHA256`, and only the URL is signed. Which of the two holds is decided by the content type, never by the
query. The signature holds no time: a captured request can be replayed for ever, so idempotency is the defence.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit, urlunsplit

HEADER = "X-Twilio-Signature"
BODY_HASH = "bodySHA256"
_PORTS = {"https": 443, "http": 80}


def sign(token: str, url: str, fields: Iterable[tuple[str, str]] = ()) -> str:
    """Return the signature of a request to `url` with these form fields (none for a body that is no form)."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.new(token.encode(), signed.encode("utf-8", "surrogatepass"), hashlib.sha1)
    return base64.b64encode(digest.digest()).decode()


def is_form_signed(token: str, url: str, fields: Iterable[tuple[str, str]], signature: str) -> bool:
    """Say whether a form was signed with this token; `url` as it was configured, blank fields kept."""
    given = tuple(fields)
    return _any_matches([sign(token, form, given) for form in _forms_of(url)], signature)


def is_body_signed(token: str, url: str, body: bytes, signature: str) -> bool:
    """Say whether a request with a body that is no form was signed with this token and the body is the one signed."""
    hashes = parse_qs(urlsplit(url).query).get(BODY_HASH, [])
    if len(hashes) != 1 or not _same(hashes[0], hashlib.sha256(body).hexdigest()):
        return False
    return _any_matches([sign(token, form) for form in _forms_of(url)], signature)


def _forms_of(url: str) -> tuple[str, ...]:
    """Return the URL with and without its standard port: which of the two was signed is not told."""
    parts = urlsplit(url)
    host, colon, port = parts.netloc.rpartition(":")
    standard = _PORTS.get(parts.scheme)
    if colon and port.isdigit():
        bare = urlunsplit(parts._replace(netloc=host))
        return (url, bare)
    if standard is None:
        return (url,)
    return (url, urlunsplit(parts._replace(netloc=f"{parts.netloc}:{standard}")))


def _any_matches(expected: Iterable[str], signature: str) -> bool:
    matches = [_same(one, signature) for one in expected]  # every one is compared, so that time tells nothing
    return any(matches)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "surrogatepass"))
