"""A thin client of the HTTP API: sign in, look at the queue, approve, follow what happens. Needs httpx and attrs.

    python examples/nudge_client.py http://127.0.0.1:8000 +15125550100

Copy it, or generate one from `nudge openapi`. What it shows is how to call safely: a refusal is an error with a code;
what sends goes out with an `Idempotency-Key`, so that asking again after a lost answer sends nothing twice; a stream
that ends is taken up again where it stopped.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx
from attrs import define, field, frozen

PREFIX = "/api/v1"
MOST_TRIES = 5
WORTH_REPEATING = frozenset({429, 502, 503, 504})


class ProblemError(Exception):
    """The API said no. `code` is for programs; `errors` maps fields to rules; `retry_after_s` when waiting may help."""

    def __init__(self, answer: httpx.Response) -> None:
        is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
        said: Mapping[str, Any] = answer.json() if is_problem else {}
        self.status = answer.status_code
        self.code = str(said.get("code", ""))
        self.errors = {one["field"]: one["rule"] for one in said.get("errors", ())}
        self.request_id = answer.headers.get("x-request-id", "")
        waits = answer.headers.get("retry-after", "")
        self.retry_after_s = float(waits) if waits.isdigit() else None
        super().__init__(f"{self.status} {said.get('title', '')} {self.errors or ''}".strip())


@frozen
class Briefing:
    """A nudge that waits for a yes. `version`: of what was shown; approving another one is refused."""

    id: UUID
    version: int
    headline: str
    draft: str = field(repr=False)


@frozen
class Event:
    """Something that happened. `id`: where a stream goes on after it."""

    id: str
    kind: str
    data: str = field(repr=False)


@define
class NudgeClient:
    """Calls one installation as one professional. `wait`: sleeps so many seconds."""

    origin: str
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    wait: Callable[[float], object] = field(default=time.sleep, repr=False)
    _http: httpx.Client = field(factory=lambda: httpx.Client(timeout=30), repr=False)

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def send_code(self, phone: str) -> None:
        """Have a one-time code sent to a phone, if it is a professional's."""
        self._call("POST", "/sign-in/codes", {"phone": phone})

    def sign_in(self, phone: str, code: str) -> None:
        """Trade a code for a session."""
        self._take(self._call("POST", "/sign-in", {"phone": phone, "code": code}))

    def queue(self) -> list[Briefing]:
        """Return what waits for a decision, best first."""
        items = self._call("GET", "/briefings/queue").json()["items"]
        return [Briefing(UUID(one["id"]), one["version"], one["headline"], one["draft"]) for one in items]

    def approve(self, briefing: Briefing) -> list[UUID]:
        """Say yes; return the ids of the texts that were queued. However often it is tried, they are queued once."""
        path = f"/briefings/{briefing.id}/approve"
        answer = self._call("POST", path, {"version": briefing.version}, {"Idempotency-Key": str(uuid4())})
        return [UUID(one) for one in answer.json()["message_ids"]]

    def follow(self, after: str = "") -> Iterator[Event]:
        """Yield what happens, for ever; a stream that breaks off is taken up after the last event that came.

        `ready`: everything that was missed is told. `reset`: too long ago, so read everything anew.
        """
        while True:
            headers = self._headers() | ({"Last-Event-ID": after} if after else {})
            try:
                with self._http.stream("GET", f"{self.origin}{PREFIX}/events", headers=headers) as answer:
                    if answer.status_code == httpx.codes.UNAUTHORIZED and self.refresh_token:
                        self._renew()  # the token ran out while it was followed
                        continue
                    if answer.status_code != httpx.codes.OK:
                        answer.read()
                        raise ProblemError(answer)
                    for event in events_of(answer.iter_lines()):
                        after = event.id or after
                        yield event
            except httpx.TransportError:
                pass
            self.wait(1.0)

    def _take(self, answer: httpx.Response) -> None:
        pair = answer.json()
        self.access_token, self.refresh_token = pair["access_token"], pair["refresh_token"]

    def _renew(self) -> None:
        token, self.refresh_token = self.refresh_token, ""  # it is good once, whatever comes of it
        self._take(self._call("POST", "/sign-in/refresh", {"refresh_token": token}))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"} if self.access_token else {}

    def _call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Call, and again where that is harmless: reads, and what carries a key. Raises ProblemError."""
        headers = headers or {}
        again = method == "GET" or "Idempotency-Key" in headers
        renewed = False
        for tried in range(1, MOST_TRIES + 1):
            last = tried == MOST_TRIES or not again
            try:
                answer = self._http.request(
                    method, f"{self.origin}{PREFIX}{path}", json=body, headers={**self._headers(), **headers}
                )
            except httpx.TransportError:
                if last:
                    raise
                self.wait(2.0**tried / 4)
                continue
            if answer.is_success:
                return answer
            problem = ProblemError(answer)
            if problem.status == httpx.codes.UNAUTHORIZED and self.refresh_token and not renewed:
                renewed = True
                self._renew()
                if tried < MOST_TRIES:
                    continue
            is_running = problem.code == "idempotency_running"
            if last or not (is_running or problem.status in WORTH_REPEATING):
                raise problem
            self.wait(problem.retry_after_s or 2.0**tried / 4)
        raise AssertionError("the last try returns or raises")


def events_of(lines: Iterator[str]) -> Iterator[Event]:
    """Yield the events of a stream's lines (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    last, kind, data = "", "message", list[str]()
    for line in lines:
        if not line:
            if data:
                yield Event(last, kind, "\n".join(data))
            kind, data = "message", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            last = value
        elif name == "event":
            kind = value
        elif name == "data":
            data.append(value)


def main(origin: str, phone: str) -> None:
    """Sign in, approve the best nudge after asking, and show what happens then."""
    client = NudgeClient(origin)
    client.send_code(phone)
    client.sign_in(phone, input("code: ").strip())
    queue = client.queue()
    print(f"{len(queue)} nudges wait")
    if queue and input(f"{queue[0].headline}\n{queue[0].draft}\nsend it? [y/N] ").lower() == "y":
        print(f"{len(client.approve(queue[0]))} texts are queued")
        for event in client.follow():
            print(event.kind, event.data)


if __name__ == "__main__":
    main(*sys.argv[1:])
