"""Ways to reach somebody inside a text: links, e-mail addresses, telephone numbers."""

from __future__ import annotations

import re

from attrs import field, frozen

_ENDINGS = (
    "com|net|org|info|biz|co|io|us|me|app|homes|house|realtor|realestate|estate|link|page|site|online|xyz|top|click|"
    "shop|store|live|ly|gl|gd|to|at|cc|ru|cn|in|uk|ca|de|dev|ai|gov|edu|mx|tv|be|id|pro|agency|properties"
)
_LINK = re.compile(
    rf"""\b(?:h(?:tt|xx)ps?://|www\.)[^\s<>"']+          # a scheme or www
    | (?<![@\w.-])(?:[a-z0-9-]+\.)+(?:[a-z]{{2,24}}/[^\s<>"']*|(?:{_ENDINGS})\b(?!\.?\w))   # a bare host
    | \b[a-z0-9-]+\s*(?:\(dot\)|\[dot\]|\sdot\s)\s*(?:{_ENDINGS})\b   # written out""",
    re.IGNORECASE | re.VERBOSE,
)
_EMAIL = re.compile(r"[^\s@<>\"']{1,64}\s?(?:@|\(at\)|\[at\])\s?[^\s@<>\"']+\.[a-z]{2,}", re.IGNORECASE)
_PHONE = re.compile(
    r"""(?<![\w$.,-])(?:
    (?:\+?1[\s.-]?)?\(?\d{3}\)?[\s.-]{0,2}\d{3}[\s.-]?\d{4}   # 512 555 0142, (512) 555-0142
    | \d{3}[-.]\d{4}                                             # 555-0142
    | \d{7,15}
    | \+\d(?:[\s().-]{0,2}\d){6,14}
    )(?![\w,])""",
    re.VERBOSE,
)
_HOST = re.compile(r"(?:[a-z]+:/+|(?![a-z]+:/))(?:[^/?#\s]*@)?([^/?#:\s]+)")
_TRAILING = ".,;:!?)]}"


@frozen(kw_only=True)
class Contact:
    """One link, e-mail address or telephone number: characters `start` to `end` (half-open). `kind` says which."""

    kind: str
    start: int
    end: int
    written: str = field(repr=False)


def links(text: str) -> tuple[Contact, ...]:
    """Return the links of a text: with a scheme, bare (`example.com/x`) or written out (`example dot com`)."""
    return tuple(_contacts("link", _LINK, text))


def contacts(text: str) -> tuple[Contact, ...]:
    """Return links, e-mail addresses and telephone numbers (7 to 15 digits), in order of place."""
    emails = _contacts("email", _EMAIL, text)
    outside = [link for link in links(text) if not any(mail.start <= link.start < mail.end for mail in emails)]
    return tuple(sorted([*outside, *emails, *_contacts("phone", _PHONE, text)], key=lambda contact: contact.start))


def host_of(link: str) -> str:
    """Return the host a link leads to, in small letters without `www.`; empty when there is none.

    Browsers take a backslash for a slash, and what stands before an @ for a user: neither hides the host.
    """
    match = _HOST.match(link.replace("\\", "/").casefold())
    return match.group(1).removeprefix("www.").rstrip(".") if match else ""


def _contacts(kind: str, pattern: re.Pattern[str], text: str) -> list[Contact]:
    found = []
    for match in pattern.finditer(text):
        written = match.group().rstrip(_TRAILING)
        found.append(Contact(kind=kind, start=match.start(), end=match.start() + len(written), written=written))
    return found
