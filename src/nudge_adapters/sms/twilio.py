"""Step 8: one text to Twilio -> its name there, or a verdict.

Our own client instead of the SDK's, which ignores time-outs, posts again after a 5xx and logs phones. A POST is made
once, whatever becomes of it: what went wrong before its first byte left is `TryLater`, what went wrong afterwards is
`Doubtful`. Source: `messaging.md` sections 2, 5 and 6.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import evolve, field, frozen

from nudge_adapters.sms.answers import (
    MESSAGE_SID,
    described,
    inbound_of,
    instant_of,
    outcome_of,
    record_of,
    retry_after_s,
    rows_of,
)
from nudge_adapters.sms.callbacks import Callbacks
from nudge_adapters.sms.codes import UNENCODABLE
from nudge_adapters.sms.twilio_http import Answer, NeverSent, NoAnswer, TwilioWire
from nudge_core.errors import Unavailable
from nudge_core.model.carrier import (
    Doubtful,
    InboundText,
    NotSent,
    OutgoingText,
    ProviderRecord,
    SendOutcome,
    TryLater,
)
from nudge_core.model.message import Media
from nudge_core.ports.services import Clock

SERVICE = "sms:twilio"
API_VERSION = "2010-04-01"
RECONNECT_S = 1.0
"""Wait after a request that never left. Ours."""

PAIR_PAGE, INBOUND_PAGE = 100, 1_000  # rows; Twilio's most is 1,000
MOST_PAGES = 50
"""A list that does not end here is not read on: it counts as no answer at all."""


@frozen(kw_only=True)
class Account:
    """Whose texts these are. `messaging_service_sid`: the service that owns the numbers, None without one.

    `discard_content`: Twilio keeps neither words nor the last digits of the phone, for people whose texts are health
    information (rule H2). The list then shows no words to compare.
    """

    sid: str = field(repr=False)
    messaging_service_sid: str | None = field(default=None, repr=False)
    discard_content: bool = False
    callbacks: Callbacks = field(repr=False)


class TwilioGateway:
    """`SmsGateway` over Twilio's Messages API.

    Args:
        wire: requests with the account's credentials.
        account: what every text has in common.
        clock: the time, to read dates in headers.
    """

    def __init__(self, wire: TwilioWire, account: Account, clock: Clock) -> None:
        self._wire, self._account, self._clock = wire, account, clock
        self._root = f"/{API_VERSION}/Accounts/{account.sid}"
        self._messages = f"{self._root}/Messages.json"

    async def send(self, text: OutgoingText) -> SendOutcome:
        """Hand one text over, in one request; see `SmsGateway.send`."""
        try:
            answer = await self._wire.post(self._messages, self.form(text))
        except UnicodeEncodeError:
            return NotSent(code=UNENCODABLE)
        except NeverSent as error:
            return TryLater(why=error.why, retry_after_s=RECONNECT_S)
        except NoAnswer as error:
            return Doubtful(why=error.why)
        return outcome_of(answer.status, answer.headers, answer.fields(), self._clock.now())

    def form(self, text: OutgoingText) -> Mapping[str, str]:
        """Return the fields of the request that creates a message."""
        form = {"To": text.recipient, "From": text.sender}
        if self._account.messaging_service_sid is not None:
            form["MessagingServiceSid"] = self._account.messaging_service_sid
        form["Body"] = text.body
        form["StatusCallback"] = self._account.callbacks.status(text.message_id, text.attempt)
        form["ValidityPeriod"] = str(text.valid_for_s)
        if self._account.discard_content:
            form |= {"ContentRetention": "discard", "AddressRetention": "obfuscate"}
        return form

    async def find(self, sender: str, recipient: str, since: datetime) -> Sequence[ProviderRecord]:
        """Return the texts of the pair since then, oldest first.

        By To and From only: a queued text has no DateSent yet, and would be missed by that filter.
        """
        query = {"To": recipient, "From": sender, "PageSize": str(PAIR_PAGE)}
        found = []
        async for row in self._rows(query, since):
            record = record_of(row)
            if record is None:
                raise Unavailable(SERVICE, "a row of the list cannot be read")
            found.append(record)
        found.reverse()  # the list begins with the newest, also within one second
        return sorted(found, key=lambda record: record.created_at)

    async def fetch(self, provider_sid: str) -> ProviderRecord | None:
        """Return one text as Twilio knows it now; None when it knows none of that name."""
        if not MESSAGE_SID.fullmatch(provider_sid):
            return None
        answer = await self._wire.get(f"{self._root}/Messages/{provider_sid}.json")
        if answer.status == 404:
            return None
        record = record_of(self._good(answer))
        if record is None:
            raise Unavailable(SERVICE, "a text that cannot be read")
        return record

    async def received(self, recipient: str, since: datetime) -> Sequence[InboundText]:
        """Return the texts sent to our number since then, oldest first.

        Texts from short codes and from senders with a name instead of a number are left out: no person wrote them.
        """
        query = {"To": recipient, "PageSize": str(INBOUND_PAGE)}
        found = []
        async for row in self._rows(query, since):
            text = inbound_of(row)
            if text is not None and row.get("num_media") not in (None, 0, "0"):
                text = evolve(text, media=await self._media(text.provider_sid))
            if text is not None:
                found.append(text)
        found.reverse()
        return sorted(found, key=lambda text: text.at)

    async def ping(self) -> str:
        """Return one line: that the account answers, and its state."""
        status = str(self._good(await self._wire.get(f"{self._root}.json")).get("status"))
        return f"twilio, account {status if status.isalpha() else 'unknown'}"

    async def aclose(self) -> None:
        """Give back the connections."""
        await self._wire.aclose()

    async def _rows(self, query: Mapping[str, str], since: datetime) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the rows of the list since then, newest pages first; raises Unavailable rather than leave some out.

        A page on which everything is older is the last one that is read: the list is ordered, but nothing promises
        that it is in order of creation to the last row.
        """
        whole_seconds = since.replace(microsecond=0)  # as Twilio's dates
        page = self._good(await self._wire.get(self._messages, query))
        for _ in range(MOST_PAGES):
            rows = rows_of(page, "messages")
            if rows is None:
                raise Unavailable(SERVICE, "no page of the list")
            dates = [instant_of(row.get("date_created")) for row in rows]
            if None in dates:
                raise Unavailable(SERVICE, "a row of the list without a date")
            recent = [row for row, date in zip(rows, dates, strict=True) if date is not None and date >= whole_seconds]
            for row in recent:
                yield row
            following = page.get("next_page_uri")
            if not following or (rows and not recent):
                return
            page = self._good(await self._wire.get(self._own(following)))
        raise Unavailable(SERVICE, f"a list of more than {MOST_PAGES} pages")

    def _own(self, following: object) -> str:
        """Return the path of the next page, which must be of this very list: our credentials travel there."""
        if not isinstance(following, str) or not following.startswith(f"{self._messages}?"):
            raise Unavailable(SERVICE, "a next page that is not of this list")
        return following

    async def _media(self, sid: str) -> tuple[Media, ...]:
        """Return what came with a text; nothing when it is gone."""
        answer = await self._wire.get(f"{self._root}/Messages/{sid}/Media.json")
        if answer.status == 404:
            return ()
        rows = rows_of(self._good(answer), "media_list")
        if rows is None:
            raise Unavailable(SERVICE, "a list of media that cannot be read")
        return tuple(self._medium(row) for row in rows)

    def _medium(self, row: Mapping[str, Any]) -> Media:
        uri, kind = row.get("uri"), row.get("content_type")
        if not isinstance(uri, str) or not uri.startswith(f"{self._root}/Messages/") or not isinstance(kind, str):
            raise Unavailable(SERVICE, "media that cannot be read")
        return Media(url=self._wire.address(uri.removesuffix(".json")), content_type=kind[:100])

    def _good(self, answer: Answer) -> Mapping[str, Any]:
        """Return the body of a good answer, or raise Unavailable."""
        fields = answer.fields()
        if answer.status != 200 or fields is None:
            wait_s = retry_after_s(answer.headers, self._clock.now())
            raise Unavailable(SERVICE, described(answer.status, answer.body), wait_s)
        return fields
