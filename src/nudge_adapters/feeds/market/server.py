"""A RESO Web API over HTTP on a loopback port, serving a market whose time a clock tells.

A plain ASGI application: an MLS has one resource, one error shape and no schema of its own to document, so a web
framework would only add its import time.
"""

from __future__ import annotations

import gzip
import hmac
import json
import math
import re
import secrets
import time
from base64 import b64decode
from binascii import Error as Base64Error
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import parse_qs, parse_qsl, unquote

from attrs import evolve, field, frozen

from nudge_adapters.feeds.market.faults import Fault
from nudge_adapters.feeds.market.fields import metadata
from nudge_adapters.feeds.market.filters import BadQueryError
from nudge_adapters.feeds.market.listing_record import Fields
from nudge_adapters.feeds.market.living import Inventory
from nudge_adapters.feeds.market.loopback import Listener, Message, Receive, Send
from nudge_adapters.feeds.market.manner import Links, Manner
from nudge_adapters.feeds.market.query import (
    Query,
    keep_house_rules,
    link,
    page_of,
    place_token,
    read_query,
    replication_query,
    shaped,
)
from nudge_core.model.secret import Secret

ROOT = "/odata"
TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path, not a token
ENTITY = re.compile(ROOT + r"/Property\((?:'((?:[^']|'')*)'|(\d+))\)")
TOKEN_LIFE_S = 28_800  # as at Trestle (`mls-feeds.md` 3.1)
LEAST_TO_COMPRESS = 1_024  # bytes
REMEMBERED_REQUESTS = 1_000
LARGEST_BODY = 64_000  # bytes of a token request


@frozen(kw_only=True)
class RateLimit:
    """At most `requests` in each window of `seconds`."""

    requests: int
    seconds: float


@frozen(kw_only=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str]


class MarketServer:
    """The ASGI application and its knobs.

    Args:
        inventory: whose records are served; advanced to `clock()` before each answer.
        clock: the present instant, in UTC; simulated time is as good as real.
        token: a bearer token that is always good, or None.
        client: id and secret for the client-credentials grant, or None.
        manner: house rules.
        rate_limit: when to answer 429, or None.
        monotonic: seconds for token lives and rate windows.

    `faults` are given, first one first, instead of the next answers to requests for data. `requests` are the newest
    requests, as `GET /odata/Property?...`.
    """

    def __init__(
        self,
        inventory: Inventory,
        clock: Callable[[], datetime],
        *,
        token: Secret | None = None,
        client: tuple[str, Secret] | None = None,
        manner: Manner | None = None,
        rate_limit: RateLimit | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.faults: deque[Fault] = deque()
        self.requests: deque[str] = deque(maxlen=REMEMBERED_REQUESTS)
        self.origin = ""
        self._inventory, self._clock, self._monotonic = inventory, clock, monotonic
        self._token, self._client = token, client
        self._manner = manner or Manner()
        self._rate_limit = rate_limit
        self._window: tuple[float, int] = (-math.inf, 0)
        self._issued: dict[str, float] = {}
        self._metadata = metadata(self._manner.key_field).encode()

    @property
    def base_address(self) -> str:
        """Where the service begins, without a slash at the end."""
        return self.origin + ROOT

    @property
    def token_address(self) -> str:
        """Where tokens are had for client credentials."""
        return self.origin + TOKEN_PATH

    def revoke_tokens(self) -> None:
        """Make every token that was issued worthless: a token that expires in the middle of a pass."""
        self._issued.clear()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path, query = str(scope["path"]), bytes(scope["query_string"]).decode("latin-1")
        self.requests.append(f"{scope['method']} {path}{'?' + query if query else ''}")
        if path == TOKEN_PATH:
            await _send(send, self._issue(headers, await _body(receive)), headers)
            return
        fault = self.faults.popleft() if self.faults else None
        if fault is not None and fault.silent:
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        if fault is not None and not fault.cut_short:
            answer = Answer(
                status=fault.status, body=fault.body, headers={"Content-Type": fault.content_type} | dict(fault.headers)
            )
        else:
            answer = self._answer(str(scope["method"]), path, query, headers)
        await _send(send, answer, headers, cut_short=fault is not None and fault.cut_short)

    def _answer(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> Answer:
        """Return the answer to a request for data, or an error in the shape of OData."""
        if self._manner.demands_gzip and "gzip" not in headers.get("accept-encoding", ""):
            return _error(400, "COMPRESSION REQUIRED")
        if not self._knows(headers.get("authorization", "")):
            return _error(401, "The access token is missing, unknown or expired")
        if (wait_s := self._over_limit()) is not None:
            return _error(429, "Too many requests", extra={"Retry-After": str(math.ceil(wait_s))})
        if method != "GET":
            return _error(405, "Only GET is supported", extra={"Allow": "GET"})
        self._inventory.advance(self._clock())
        try:
            return self._read(path, query, headers)
        except BadQueryError as error:
            return _error(400, str(error), target=error.target)

    def _read(self, path: str, query_string: str, headers: Mapping[str, str]) -> Answer:
        if path.rstrip("/") == ROOT:
            entities = [{"name": "Property", "kind": "EntitySet", "url": "Property"}]
            return _json({"@odata.context": f"{self.base_address}/$metadata", "value": entities})
        if path == f"{ROOT}/$metadata":
            return Answer(status=200, body=self._metadata, headers={"Content-Type": "application/xml"})
        query = read_query(query_string, headers.get("prefer", ""), self._clock())
        if found := ENTITY.fullmatch(path):
            return self._entity(found.group(2) or found.group(1).replace("''", "'"), query)
        keep_house_rules(query, self._manner)
        if path == f"{ROOT}/Property":
            return self._collection(query)
        if path == f"{ROOT}/Property/replication" and self._manner.links is Links.HEADER:
            return self._replication(query_string, replication_query(query, self._manner))
        return _error(404, f"Nothing is served at {path}")

    def _collection(self, query: Query) -> Answer:
        page = page_of(self._inventory.records(), query, self._manner)
        body: Fields = {"@odata.context": f"{self.base_address}/$metadata#Property"}
        if page.count is not None:
            body["@odata.count"] = page.count
        body["value"] = [self._row(record, query) for record in page.rows]
        if page.following is not None:
            body["@odata.nextLink"] = link(f"{self.base_address}/Property", page.following)
        applied = {} if query.preferred_page is None else {"Preference-Applied": f"odata.maxpagesize={len(page.rows)}"}
        return _json(body, applied)

    def _replication(self, query_string: str, query: Query) -> Answer:
        """Answer as Bridge does: the next link stands in a header, and the last one may be asked again later."""
        options = dict(parse_qsl(query_string, keep_blank_values=True))
        manner = evolve(self._manner, largest_page=self._manner.largest_replication_page)
        query = evolve(query, skiptoken=options.get("next"), top=None, preferred_page=query.top)
        page = page_of(self._inventory.records(), query, manner)
        options["next"] = place_token(page.rows[-1], query.order) if page.rows else options.get("next", "")
        body = {
            "@odata.context": f"{self.base_address}/$metadata#Property",
            "value": [self._row(record, query) for record in page.rows],
        }
        following = link(f"{self.base_address}/Property/replication", options)
        return _json(body, {"Link": f'<{following}>; rel="next"'})

    def _entity(self, key: str, query: Query) -> Answer:
        for record in self._inventory.records():
            if str(record[self._manner.key_field]) == key:
                context = {"@odata.context": f"{self.base_address}/$metadata#Property/$entity"}
                return _json(context | self._row(record, query))
        return _error(404, "No Property record found with that key", target="Read")

    def _row(self, record: Fields, query: Query) -> Fields:
        key = record[self._manner.key_field]
        literal = str(key) if isinstance(key, int) else "'{}'".format(str(key).replace("'", "''"))
        return {"@odata.id": f"{self.base_address}/Property({literal})"} | shaped(record, query, self._manner)

    def _knows(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return False
        if self._token is not None and hmac.compare_digest(given.encode(), self._token.reveal().encode()):
            return True
        return self._issued.get(given, -math.inf) > self._monotonic()

    def _over_limit(self) -> float | None:
        """Count this request; return how many seconds to wait when it is one too many."""
        if self._rate_limit is None:
            return None
        began, count = self._window
        now = self._monotonic()
        if now - began >= self._rate_limit.seconds:
            began, count = now, 0
        self._window = (began, count + 1)
        return began + self._rate_limit.seconds - now if count >= self._rate_limit.requests else None

    def _issue(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a token request: OAuth 2 client credentials, in the body or as Basic authorization."""
        form = {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}
        given = _basic(headers.get("authorization", "")) or (form.get("client_id", ""), form.get("client_secret", ""))
        good = self._client is not None and hmac.compare_digest(
            "\0".join(given).encode(), f"{self._client[0]}\0{self._client[1].reveal()}".encode()
        )
        if good and form.get("grant_type") == "client_credentials":
            token = secrets.token_urlsafe(24)
            self._issued[token] = self._monotonic() + TOKEN_LIFE_S
            return _json({"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_LIFE_S})
        if self._manner.html_token_errors:
            return Answer(status=400, body=b"Bad Request", headers={"Content-Type": "text/html"})
        reason = "invalid_client" if not good else "unsupported_grant_type"
        return evolve(_json({"error": reason}), status=401 if not good else 400)


@contextmanager
def market_server(
    inventory: Inventory,
    clock: Callable[[], datetime],
    *,
    token: Secret | None = None,
    client: tuple[str, Secret] | None = None,
    manner: Manner | None = None,
    rate_limit: RateLimit | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    port: int = 0,
) -> Iterator[MarketServer]:
    """Serve `inventory` on a loopback port while the block runs. Arguments as for `MarketServer`.

    Args:
        port: 0 for any free one.

    Raises:
        Unavailable: the port is taken, or the server did not come up.
    """
    application = MarketServer(
        inventory, clock, token=token, client=client, manner=manner, rate_limit=rate_limit, monotonic=monotonic
    )
    listener = Listener(port)
    application.origin = listener.origin
    with listener.serving(application):
        yield application


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more and len(body) <= LARGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _send(send: Send, answer: Answer, request: Mapping[str, str], *, cut_short: bool = False) -> None:
    body, headers = answer.body, dict(answer.headers)
    if len(body) >= LEAST_TO_COMPRESS and "gzip" in request.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    headers |= {"OData-Version": "4.0", "Content-Length": str(len(body)), "Vary": "Accept-Encoding"}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    if cut_short:  # half of what was promised, then nothing: uvicorn logs it and closes the connection
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        return
    await send({"type": "http.response.body", "body": body})


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = b64decode(encoded, validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        return None
    return unquote(name), unquote(password)


def _json(body: Fields, extra: Mapping[str, str] | None = None) -> Answer:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    kind = {"Content-Type": "application/json; odata.metadata=minimal"}
    return Answer(status=200, body=text.encode(), headers=kind | dict(extra or {}))


def _error(status: int, message: str, *, target: str = "Query", extra: Mapping[str, str] | None = None) -> Answer:
    error = {"code": f"{status}00", "message": message, "target": target, "details": []}
    return evolve(_json({"error": error}, extra), status=status)
