"""Twilio's refusal codes and what they mean to us. Source: `messaging.md` sections 5, 6 and 16.

Shared by the simulated carrier, which answers with them, and by any adapter that reads them.
"""

from __future__ import annotations

from types import MappingProxyType

from nudge_core.model.carrier import Doubtful, NotSent, TryLater

UNAUTHORISED = "20003"
MISSING = "20404"
TOO_MANY_REQUESTS = "20429"
SERVER_ERROR = "20500"
INVALID_TO = "21211"
INVALID_FROM = "21212"
REGION_NOT_ENABLED = "21408"
NUMBER_NOT_AVAILABLE = "21422"
NO_BODY = "21602"
NO_FROM = "21603"
NO_TO = "21604"
FROM_NOT_USABLE = "21606"
BAD_CALLBACK = "21609"
OPTED_OUT = "21610"
SENDER_QUEUE_FULL = "21611"
NOT_ROUTABLE = "21612"
NOT_MOBILE = "21614"
BODY_TOO_LONG = "21617"
BAD_VALIDITY_OLD = "21624"
LANDLINE = "21635"
TEXT_TOO_LONG = "21658"
BAD_VALIDITY = "90007"
UNENCODABLE = "unencodable"
"""Ours: the text holds half a character and cannot be written as UTF-8."""

HANDSET_UNREACHABLE = "30003"
CARRIER_FILTERED = "30007"
VALIDITY_EXPIRED = "30036"
"""Three of the codes that come with a callback: the text had been accepted, and failed later."""

BAD_PARAMETER = "60200"
TOO_MANY_SENDS = "60202"
TOO_MANY_CHECKS = "60203"
STARTED_TWICE = "60212"
REGION_BLOCKED = "60410"
"""From 60200 on: of Verify, the one-time codes."""

PHONE_UNUSABLE = frozenset({INVALID_TO, NOT_MOBILE, LANDLINE})

LANE_STOPPING = frozenset({UNAUTHORISED, MISSING, INVALID_FROM, NO_FROM, FROM_NOT_USABLE, BAD_CALLBACK})
"""The account, the number or our own address is at fault: the next text from this sender would fail alike."""

RETRY_AFTER_S = MappingProxyType(
    {
        TOO_MANY_REQUESTS: 1.0,
        SENDER_QUEUE_FULL: 600.0,  # ten hours of texts are queued on this number
        UNAUTHORISED: 300.0,  # a person must mend the credentials; the text itself is not at fault
    }
)
"""Known not to have been taken: safe to try again after so many seconds. The values are ours."""

TEST_RECIPIENTS = MappingProxyType(
    {
        "+15005550001": INVALID_TO,
        "+15005550002": NOT_ROUTABLE,
        "+15005550003": REGION_NOT_ENABLED,
        "+15005550004": OPTED_OUT,
        "+15005550009": NOT_MOBILE,
    }
)
"""Recipients of Twilio's test credentials, and the code each is answered with. Any other is taken."""

TEST_SENDERS = MappingProxyType(
    {
        "+15005550001": INVALID_FROM,
        "+15005550007": FROM_NOT_USABLE,
        "+15005550008": SENDER_QUEUE_FULL,
    }
)
"""Senders of the same table; +15005550006 is the valid one."""


def verdict(code: str) -> NotSent | TryLater | Doubtful:
    """Return what a refusal with this code means for the text. An unknown code is final: the carrier said no."""
    if code == SERVER_ERROR:
        return Doubtful(why=f"code {SERVER_ERROR}")
    stop = code in LANE_STOPPING
    if code in RETRY_AFTER_S:
        return TryLater(why=code, retry_after_s=RETRY_AFTER_S[code], lane_stop=stop)
    return NotSent(code=code, phone_unusable=code in PHONE_UNUSABLE, opted_out=code == OPTED_OUT, lane_stop=stop)
