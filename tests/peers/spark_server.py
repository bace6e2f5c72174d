"""A small Spark v1 service over HTTP: envelope, skip tokens, the few filters we send, its error codes.

Written from `mls-feeds.md` section 8, apart from the adapter. It accepts what the vendor's parser accepts and refuses
what it refuses: a quoted timestamp, doubled quotes, `Gt` on a text, fields in lower case.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from nudge_adapters.feeds.market.loopback import Listener, Message, Receive, Send
from tests.peers.table import CANARY

Fields = dict[str, Any]
LARGEST_PAGE = 1_000
TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
CHANGED = re.compile(rf"ModificationTimestamp (Gt|Ge) ({TIMESTAMP})", re.IGNORECASE)
LISTED = re.compile(r"ListingKey Eq ('(?:[^'\\]|\\.)*'(?:,'(?:[^'\\]|\\.)*')*)", re.IGNORECASE)
ONE = re.compile(r"'((?:[^'\\]|\\.)*)'")
PROPERTY_TYPES = {"A": "Residential", "B": "Multi Family", "C": "Land", "F": "Rental"}


def listing(key: str, at: str | None, price: object = "500000.0", **more: object) -> Fields:
    """Return a result: the fields one level down, decimals as texts, a private one among them."""
    return {
        "Id": key,
        "ResourceUri": f"/v1/listings/{key}",
        "StandardFields": {
            "ListingKey": key,
            "ListingId": f"ID{key}",
            "ModificationTimestamp": at,
            "StandardStatus": "Active",
            "MlsStatus": "Active",
            "ListPrice": price,
            "PropertyType": "A",
            "BedsTotal": 3,
            "BathsTotal": "2.0",
            "Longitude": " -116.3237",
            "Latitude": "48.7001",
            "City": "O'Fallon",
            "PostalCode": "02134",
            "PublicRemarks": "Garage.",
            "PrivateRemarks": CANARY,
        }
        | more,
    }


class SparkServer:
    """The service. `answers` are given, first one first, instead of the next ones: `(status, headers, body)`."""

    def __init__(self, token: str) -> None:
        self.listings: dict[str, Fields] = {}
        self.answers: deque[tuple[int, Mapping[str, str], bytes]] = deque()
        self.requests: list[str] = []
        self.largest_page = LARGEST_PAGE
        self.address = ""
        self._token = token

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        path, query = unquote(scope["path"]), scope["query_string"].decode()
        self.requests.append(f"{path}?{query}")
        if self.answers:
            status, more, body = self.answers.popleft()
        elif headers.get("authorization") != f"Bearer {self._token}":
            status, more, body = self._failure(401, 1000, "Invalid API key")
        else:
            status, more, body = self._answer(path, dict(parse_qsl(query, keep_blank_values=True)))
        raw = [(name.encode(), value.encode()) for name, value in {"Content-Type": "application/json", **more}.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, path: str, options: dict[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        if path == "/v1/propertytypes":
            return self._results([{"MlsCode": code, "MlsName": name} for code, name in PROPERTY_TYPES.items()])
        if path.startswith("/v1/listings/"):
            found = self.listings.get(path.removeprefix("/v1/listings/"))
            return self._results([found]) if found else self._failure(404, 404, "Not found")
        rows = [self.listings[key] for key in sorted(self.listings)]
        if text := options.get("_filter"):
            chosen = self._chosen(text, rows)
            if chosen is None:
                return self._failure(400, 1040, "The _filter could not be read")
            rows = chosen
        if options.get("_pagination") == "count":
            return self._ok({"Pagination": {"TotalRows": len(rows), "PageSize": 10, "TotalPages": 1, "CurrentPage": 1}})
        limit = int(options.get("_limit", 10))
        if limit > self.largest_page:
            return self._failure(400, 1050, "_limit is too large")
        token = options.get("_skiptoken")
        rows = [one for one in rows if not token or one["Id"] > token]
        page = rows[:limit]
        following = {} if token is None else {"SkipToken": page[-1]["Id"] if page else token}
        return self._ok({"Results": page, **following})

    def _chosen(self, text: str, rows: Sequence[Fields]) -> list[Fields] | None:
        if found := CHANGED.fullmatch(text):
            since = datetime.fromisoformat(found[2])
            return [one for one in rows if (at := _changed_at(one)) is not None and at > since]
        if found := LISTED.fullmatch(text):
            keys = {re.sub(r"\\(.)", r"\1", key) for key in ONE.findall(found[1])}
            return [one for one in rows if one["Id"] in keys]
        return None

    def _results(self, results: Sequence[Fields]) -> tuple[int, Mapping[str, str], bytes]:
        return self._ok({"Results": results})

    def _ok(self, content: Fields) -> tuple[int, Mapping[str, str], bytes]:
        return 200, {}, json.dumps({"D": {"Success": True, **content}}).encode()

    def _failure(self, status: int, code: int, message: str) -> tuple[int, Mapping[str, str], bytes]:
        return status, {}, json.dumps({"D": {"Success": False, "Code": code, "Message": message}}).encode()


def _changed_at(result: Fields) -> datetime | None:
    at = result["StandardFields"]["ModificationTimestamp"]
    return datetime.fromisoformat(at) if at else None


@contextmanager
def spark_server(token: str) -> Iterator[SparkServer]:
    """Serve an empty Spark v1 on a loopback port while the block runs."""
    listener, server = Listener(), SparkServer(token)
    server.address = f"{listener.origin}/v1"
    with listener.serving(server):
        yield server
