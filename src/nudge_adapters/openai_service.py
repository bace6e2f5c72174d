"""OpenAI's service, or any server that speaks its protocol: a client without retries, and what its errors mean.

One request a call: trying again is the caller's business. Source: `messaging.md` section 14, `packages.md` section 7.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from nudge_core.errors import NudgeError, Refused, Unavailable
from nudge_core.model.secret import Secret

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

SERVICE = "openai"
BASE_URL = "https://api.openai.com/v1"
TIMEOUT_S = 20.0  # messaging.md 14.3; the SDK's own is 600 s, three times

QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)
"""A 429 that repeating does not cure: somebody must pay or raise a limit."""

LONGEST_WAIT_S = 3_600.0
_CODE = re.compile(r"[a-z0-9_.-]{1,60}", re.IGNORECASE)


def build_client(
    api_key: Secret, base_url: str, timeout_s: float, transport: httpx2.AsyncBaseTransport | None = None
) -> AsyncOpenAI:
    """Return a client that asks once and follows no redirect. `transport`: for tests without a network."""
    import httpx2
    from openai import AsyncOpenAI

    return AsyncOpenAI(
        api_key=api_key.reveal(),
        base_url=base_url,
        timeout=timeout_s,
        max_retries=0,
        http_client=httpx2.AsyncClient(timeout=timeout_s, follow_redirects=False, transport=transport),
    )


def setting_problems(name: str, model: str, base_url: str, timeout_s: float) -> list[str]:
    """Return what is wrong with the settings of a use of the service; `name` begins each line."""
    given = {"model": model, "base_url": base_url}
    problems = [f"{name}.{key}: must not be empty" for key, value in given.items() if not value]
    if not 0 < timeout_s <= 600:
        problems.append(f"{name}.timeout_s: more than 0 and at most 600 seconds")
    if base_url and not base_url.startswith(("https://", "http://")):
        problems.append(f"{name}.base_url: an address that begins with https:// or http://")
    return problems


@asynccontextmanager
async def asking(timeout_s: float) -> AsyncIterator[None]:
    """Bound a request in time and turn what the SDK raises into our errors, with the cause kept.

    Raises:
        Unavailable: no answer in time, a rate limit, an outage; `retry_after_s` as the service said.
        Refused: `unauthorised`, `quota` or `bad_request`.
    """
    import openai

    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError as error:
        raise Unavailable(SERVICE, f"no answer within {timeout_s:g} s") from error
    except openai.APIStatusError as error:
        headers = {name.lower(): value for name, value in error.response.headers.items()}
        raise status_error(error.status_code, error.body, headers, SERVICE) from error
    except openai.APITimeoutError as error:
        raise Unavailable(SERVICE, f"no answer within {timeout_s:g} s") from error
    except openai.APIError as error:
        raise Unavailable(SERVICE, type(error).__name__) from error


def status_error(status: int, body: object, headers: Mapping[str, str], service: str) -> NudgeError:
    """Return what an HTTP error status means for the caller: try later, or never again in this form.

    Args:
        status: the HTTP status.
        body: the `error` member of the body, or whatever came instead.
        headers: of the response, names in small letters.
        service: the name for errors.
    """
    error = json_object(body) or {}
    code, kind = short_code(error.get("code")), short_code(error.get("type"))
    if status == 429 and not {code, kind} & QUOTA_CODES:
        return Unavailable(service, code or "rate limit", wait_s(headers))
    if status == 429:
        return Refused(service, "quota", code or kind)
    if status in {408, 409} or status >= 500:
        return Unavailable(service, f"HTTP {status}", wait_s(headers))
    if status in {401, 403}:
        return Refused(service, "unauthorised", code or kind)
    return Refused(service, "bad_request", f"HTTP {status} {code or kind}".strip())


def wait_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds the service asks to wait, 0 to 3,600; None when it does not say.

    A date is taken against the response's own Date, so that our clock does not matter.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        if re.fullmatch(r"\s*\d{1,9}(\.\d{1,9})?\s*", value):
            return min(float(value) * unit, LONGEST_WAIT_S)
        try:
            wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
        except (ValueError, TypeError):  # no date, or one with a zone against one without
            continue
        return min(max(wait / timedelta(seconds=1), 0.0), LONGEST_WAIT_S)
    return None


def json_object(value: object) -> Mapping[str, object] | None:
    """Return a JSON object, or None for anything else."""
    return value if isinstance(value, dict) else None


def short_code(value: object) -> str:
    """Return a short code, and nothing that could be a sentence with somebody's data in it."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else ""
