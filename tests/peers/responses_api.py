"""A stand-in for a Responses API on loopback: real HTTP, the shapes of openai 3.54, and a memory of what it was asked.

It refuses what the real one refuses (no key, unknown fields, a schema that is not strict) and stores an answer only
when it is asked to, so a test can see that nothing was kept. How it answers is a function from the decoded request.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attrs import Factory, define, field, frozen

KEY = "sk-test-0001"
KNOWN_FIELDS = {"model", "instructions", "input", "text", "max_output_tokens", "store"}


@frozen(kw_only=True)
class Answer:
    """One HTTP answer. `cut`: close the connection instead. `stall`: send the head and wait until the peer ends."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = Factory(dict)
    cut: bool = False
    stall: bool = False


Request = dict[str, Any]
Behaviour = Callable[[Request], Answer]


def told(request: Request) -> dict[str, Any]:
    """Return the JSON object that the one user message holds."""
    (message,) = request["input"]
    (part,) = message["content"]
    assert (message["role"], part["type"]) == ("user", "input_text")
    decoded: dict[str, Any] = json.loads(part["text"])
    return decoded


def says(output: str) -> Answer:
    """A finished answer whose text is `output`, with reasoning and commentary around it as newer models send them."""
    items = [
        {"id": "rs_1", "type": "reasoning", "summary": []},
        {
            "id": "msg_0",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "phase": "commentary",
            "content": [{"type": "output_text", "text": "Let me think.", "annotations": []}],
        },
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "phase": "final_answer",
            "content": [{"type": "output_text", "text": output, "annotations": []}],
        },
    ]
    return whole(status="completed", output=items)


def writes(text: str) -> Answer:
    """A finished answer that keeps to the schema."""
    return says(json.dumps({"text": text}))


def refuses() -> Answer:
    """The model declines."""
    content = [{"type": "refusal", "refusal": "I cannot help with that."}]
    item = {"id": "m", "type": "message", "role": "assistant", "status": "completed", "content": content}
    return whole(status="completed", output=[item])


def whole(**members: object) -> Answer:
    """A response object with these members."""
    base = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_780_000_000,
        "model": "stand-in",
        "error": None,
        "incomplete_details": None,
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    return Answer(body=json.dumps({**base, **members}).encode(), headers={"content-type": "application/json"})


def fails(status: int, code: str | None, kind: str = "invalid_request_error", **headers: str) -> Answer:
    """An error as the API words it. Its message tells the request back, as real ones do."""
    error = {"message": "You said: 1506 Timber St", "type": kind, "code": code, "param": None}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"error": error}).encode()
    return Answer(status=status, body=body, headers={"content-type": "application/json", **named})


def a_good_model(request: Request) -> Answer:
    """Write what a well-behaved model would: from the facts, in the asked form."""
    brief = told(request)
    facts, sender = brief["facts"], brief["sender"]
    place = facts.get("address") or f"a {facts.get('type', 'home')} in {facts.get('city', facts.get('postal_code'))}"
    happened = {
        "new_listing": "just came on the market",
        "price_drop": "just dropped",
        "sold_listing": "just sold",
        "back_on_market": "is back on the market",
        "coming_soon": "is coming soon",
    }[brief["event"]]
    price = f" at {facts['price']}" if brief["event"] == "new_listing" and "price" in facts else ""
    beds = f", {facts['beds']} beds" if facts.get("beds", "1") != "1" else ""
    signature = ", ".join(filter(None, (sender["first_name"], sender["business"])))
    return writes(f"Hi {{first_name}}, {place}{beds} {happened}{price}. {{reason}} {{question}} {signature}")


@define
class Peer:
    """The running stand-in: where it is, what it was asked, what it kept, and how it answers."""

    base_url: str
    behaviour: Behaviour = a_good_model
    requests: list[Request] = field(factory=list)
    headers: list[dict[str, str]] = field(factory=list)
    stored: list[Request] = field(factory=list)
    ended: threading.Event = field(factory=threading.Event)

    def answer(self, request: Request) -> Answer:
        """Check a request as the real service does, remember it, and answer."""
        self.requests.append(request)
        unknown = set(request) - KNOWN_FIELDS
        form = request.get("text", {}).get("format", {})
        schema = form.get("schema", {})
        strict = form.get("strict") is True and schema.get("additionalProperties") is False
        if unknown or not request.get("model") or not request.get("input"):
            return fails(400, "unknown_parameter")
        if form.get("type") == "json_schema" and not (strict and sorted(schema["properties"]) == schema["required"]):
            return fails(400, "invalid_json_schema")
        if request.get("store", True):
            self.stored.append(request)
        return self.behaviour(request)


@contextmanager
def responses_api(behaviour: Behaviour = a_good_model) -> Iterator[Peer]:
    """Run the stand-in on a free loopback port until the block ends."""
    peer = Peer("", behaviour)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # head and body in one packet: two of them wait for each other on loopback

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            peer.headers.append({name.lower(): value for name, value in self.headers.items()})
            if self.headers["authorization"] != f"Bearer {KEY}":
                self.reply(fails(401, "invalid_api_key"))
            elif self.path != "/v1/responses":
                self.reply(fails(404, None))
            else:
                self.reply(peer.answer(json.loads(body)))

        def do_GET(self) -> None:
            known = self.path == "/v1/models/stand-in" and self.headers["authorization"] == f"Bearer {KEY}"
            found = {"id": "stand-in", "object": "model", "created": 1, "owned_by": "tests"}
            self.reply(
                Answer(body=json.dumps(found).encode(), headers=_JSON) if known else fails(404, "model_not_found")
            )

        def reply(self, answer: Answer) -> None:
            if answer.cut:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body) + answer.stall))
            self.end_headers()
            self.wfile.write(answer.body)
            if answer.stall:
                self.wfile.flush()
                peer.ended.wait(30)
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    peer.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield peer
    finally:
        peer.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


_JSON = {"content-type": "application/json"}
_MODEL = json.dumps({"id": "stand-in", "object": "model", "created": 1, "owned_by": "tests"}).encode()
