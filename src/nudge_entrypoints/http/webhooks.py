"""Twilio's webhooks: the signature checked before anything else, the event stored with its effect, then answered.

The signed address is the configured one plus the raw path and query as they came, never what a Host or a forwarded
header says. 2xx means: stored. 5xx means: nothing is stored, tell it again. Source: `messaging.md` section 4.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeAlias
from uuid import UUID

from attrs import field, frozen
from litestar import Request, Response, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from nudge_adapters.sms.callbacks import ATTEMPT, FALLBACK_PATH, INBOUND_PATH, MARK, RETRIES, STATUS_PATH, Callbacks
from nudge_adapters.sms.signature import HEADER, is_body_signed, is_form_signed
from nudge_core.errors import Invalid, NudgeError
from nudge_core.model.carrier import ReceiptNews
from nudge_core.model.carrier_event import Arrival
from nudge_core.model.secret import Secret
from nudge_core.walk import Parts, hear, keep_unread
from nudge_entrypoints.http.problems import problem
from nudge_entrypoints.http.twilio_form import FORM, Fields, form_fields, inbound_arrival, json_fields, status_arrival
from nudge_entrypoints.metrics import Metrics, Outcome, Webhook

Answer: TypeAlias = Response[bytes | None]
AnyRequest: TypeAlias = Request[Any, Any, Any]  # Any: Litestar's own parameters of a request

LARGEST_BODY = 64_000  # bytes; a text of 1,600 characters with ten pictures stays below a tenth of it
BODY_S = 10.0  # seconds in which a body must have arrived; Twilio waits 15 for the answer
IDEMPOTENCY_TOKEN = "i-twilio-idempotency-token"  # noqa: S105 - the name of a header
EMPTY_ANSWER = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class Twilio:
    """What the webhooks of one account are checked with."""

    token: Secret
    callbacks: Callbacks


class RefusedError(Exception):
    """A request that is answered without any work."""

    def __init__(self, status: HTTPStatus, outcome: Outcome) -> None:
        super().__init__(status.phrase)
        self.status = status
        self.outcome = outcome


@frozen(kw_only=True)
class Webhooks:
    """The part behind the routes: who is let in, and what is done with it."""

    parts: Parts
    twilio: Twilio
    metrics: Metrics
    now: Callable[[], datetime] = field(repr=False)
    heard: Callable[[], Awaitable[object]] | None = field(default=None, repr=False)

    async def status(self, request: AnyRequest, message_id: str) -> Answer:
        """Take a status callback: 204 when it is stored."""
        return await self._answered(Webhook.STATUS, self._status(request, message_id), HTTPStatus.NO_CONTENT, None)

    async def inbound(self, request: AnyRequest, webhook: Webhook) -> Answer:
        """Take a text that somebody sent us: an empty TwiML answer when it is stored, so that Twilio says nothing."""
        return await self._answered(webhook, self._inbound(request), HTTPStatus.OK, EMPTY_ANSWER)

    async def _answered(
        self, webhook: Webhook, work: Awaitable[Outcome], status: HTTPStatus, body: bytes | None
    ) -> Answer:
        begun = time.monotonic()
        answer: Answer
        try:
            outcome = await work
            answer = Response(body, status_code=status, media_type="text/xml" if body else None)
        except RefusedError as refusal:
            outcome, answer = refusal.outcome, problem(refusal.status)
        except HTTPException as error:  # the body was too large, or the client went away
            outcome = Outcome.TOO_LARGE if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else Outcome.BAD
            answer = problem(error.status_code)
        except Exception as error:  # nothing is stored: whatever it was, the carrier must tell it again
            why = str(error) if isinstance(error, NudgeError) else type(error).__name__
            _log.error("%s webhook not stored: %s", webhook.value, why)
            outcome, answer = Outcome.UNAVAILABLE, problem(HTTPStatus.SERVICE_UNAVAILABLE)
        self.metrics.called(webhook, outcome, time.monotonic() - begun)
        return answer

    async def _status(self, request: AnyRequest, message_id: str) -> Outcome:
        fields = await self._signed_fields(request)
        named = self._marked(request, message_id)
        if named is None:
            raise RefusedError(HTTPStatus.FORBIDDEN, Outcome.FORGED)
        try:
            arrival = status_arrival(fields, named, request.headers.get(IDEMPOTENCY_TOKEN), self.now())
        except Invalid as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, Outcome.BAD) from error
        return await self._hear(arrival)

    async def _inbound(self, request: AnyRequest) -> Outcome:
        fields = await self._signed_fields(request)
        try:
            arrival = inbound_arrival(fields, request.headers.get(IDEMPOTENCY_TOKEN), self.now())
        except Invalid as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, Outcome.BAD) from error
        return await self._hear(arrival)

    async def _hear(self, arrival: Arrival) -> Outcome:
        news = arrival.news
        if news is None:
            await keep_unread(self.parts, arrival)
            return Outcome.UNREAD
        heard = await hear(self.parts, news, arrival)
        self.metrics.heard(heard, news.receipt if isinstance(news, ReceiptNews) else None)
        if heard.failed:
            _log.error("%s event kept, its effect failed", arrival.kind.value)
            return Outcome.KEPT
        if not heard.is_new:
            return Outcome.REPEATED
        if self.heard is not None and not isinstance(news, ReceiptNews):
            await self.heard()  # a confirmation may be due
        return Outcome.NOBODYS if heard.user_id is None else Outcome.HEARD

    async def _signed_fields(self, request: AnyRequest) -> Fields:
        """Return what was signed, or raise RefusedError: 403 for everything that Twilio did not sign with our token."""
        signature = request.headers.get(HEADER)
        if not signature:
            raise RefusedError(HTTPStatus.FORBIDDEN, Outcome.FORGED)
        try:
            async with asyncio.timeout(BODY_S):
                body = await request.body()
        except TimeoutError as error:
            raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, Outcome.BAD) from error
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        addresses = _signed_addresses(self.twilio.callbacks.base, request)
        token = self.twilio.token.reveal()
        try:
            if kind == FORM:
                fields = form_fields(body)
                is_ours = [is_form_signed(token, address, fields, signature) for address in addresses]
            else:
                is_ours = [is_body_signed(token, address, body, signature) for address in addresses]
                fields = json_fields(body) if any(is_ours) else []
        except Invalid as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, Outcome.BAD) from error
        if not any(is_ours):
            raise RefusedError(HTTPStatus.FORBIDDEN, Outcome.FORGED)
        return fields

    def _marked(self, request: AnyRequest, message_id: str) -> UUID | None:
        """Return the text that the address names, or None when we did not make this address."""
        attempt, mark = request.query_params.get(ATTEMPT, ""), request.query_params.get(MARK, "")
        try:
            named = UUID(message_id)
        except ValueError:
            return None
        if not (attempt.isascii() and attempt.isdigit() and len(attempt) <= len("1000")):
            return None
        return named if self.twilio.callbacks.is_ours(named, int(attempt), mark) else None


def _signed_addresses(base: str, request: AnyRequest) -> tuple[str, ...]:
    """Return the addresses that may have been signed: whether the fragment was is not established (messaging.md 17)."""
    path = bytes(request.scope["raw_path"]).partition(b"?")[0].decode("latin-1")
    query = bytes(request.scope["query_string"]).decode("latin-1")
    address = f"{base}{path}?{query}" if query else f"{base}{path}"
    return (address, address + RETRIES)


def webhook_handlers(webhooks: Webhooks) -> list[HTTPRouteHandler]:
    """Return the routes."""

    @post(STATUS_PATH + "/{message_id:str}", request_max_body_size=LARGEST_BODY, include_in_schema=False)
    async def twilio_status(request: AnyRequest) -> Answer:
        return await webhooks.status(request, str(request.path_params["message_id"]))

    @post(INBOUND_PATH, request_max_body_size=LARGEST_BODY, include_in_schema=False)
    async def twilio_inbound(request: AnyRequest) -> Answer:
        return await webhooks.inbound(request, Webhook.INBOUND)

    @post(FALLBACK_PATH, request_max_body_size=LARGEST_BODY, include_in_schema=False)
    async def twilio_fallback(request: AnyRequest) -> Answer:
        return await webhooks.inbound(request, Webhook.FALLBACK)

    return [twilio_status, twilio_inbound, twilio_fallback]
