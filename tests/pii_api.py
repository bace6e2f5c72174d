"""Calls of the API with canaries in every place where a caller can write, for the scan of `pii_scan.py`.

Nobody's identity is proved in them: what is looked for is what the edge, the limits, the log and the metrics keep of
what was typed. The counters of rates are in the Redis that the scan watches.
"""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus

import httpx

from tests.pii_canaries import PASSWORD, WORD, Net, body, email, name, phone

METHODS = ("GET", "POST", "PATCH", "DELETE", "OPTIONS", WORD.upper())


async def api_calls(net: Net, origin: str, count: int) -> Counter[str]:
    """Call the product's web process; return how often each answer came."""
    answers: Counter[str] = Counter()
    async with httpx.AsyncClient(timeout=60) as client:
        for number in range(count):
            paths = (
                "/api/v1/faqs",
                f"/api/v1/clients/{name(number)}",
                f"/api/v1/{phone(number)}",
                "/api/v1/sign-in",
                f"/{email(number)}",
            )
            answer = await client.request(
                METHODS[number % len(METHODS)],
                f"{origin}{paths[number % len(paths)]}",
                params={"q": name(number), phone(number): WORD},
                json={"phone": phone(number), "notes": body(number), name(number): WORD},
                headers={
                    "Authorization": f"Bearer {PASSWORD}",
                    "Idempotency-Key": f"{WORD}-{number}",
                    "X-Request-Id": phone(number),
                    "X-Forwarded-For": f"{WORD}-{number}",
                    "User-Agent": name(number),
                    "traceparent": WORD,
                    "Last-Event-ID": phone(number),
                    "Cookie": f"who={email(number)}",
                },
            )
            answers[f"api {answer.status_code}"] += 1
            net.look("api answers", f"{answer.headers} {answer.text}")
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                net.look("api failures", answer.text)
        page = await client.get(f"{origin}/metrics")
        net.look("page /metrics after the api", page.text)
    return answers
