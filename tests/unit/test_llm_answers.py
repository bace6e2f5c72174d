"""Every shape an answer of a Responses API can take, and what each means for the caller."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from nudge_adapters.llm.answers import TEXT_FORMAT, proposed_text
from nudge_adapters.llm.openai import CANARY, OpenAiDrafter, OpenAiSettings, build_openai_drafter
from nudge_adapters.openai_service import LONGEST_WAIT_S, QUOTA_CODES, status_error, wait_s
from nudge_core.errors import Misconfigured, NudgeError, Refused, Unavailable
from nudge_core.model.secret import Secret
from nudge_core.verticals.real_estate.voice import INSTRUCTIONS, voice
from tests.contracts.drafter_contract import brief_of
from tests.peers.responses_api import KEY, Answer, fails, refuses, says, whole, writes

VOICES = {"real_estate": voice()}
SETTINGS = OpenAiSettings(api_key=Secret(KEY), model="stand-in", base_url="http://peer.example/v1")


def drafter_over(answer: Answer) -> OpenAiDrafter:
    def handle(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(answer.status, content=answer.body, headers=dict(answer.headers))

    return build_openai_drafter(SETTINGS, VOICES, httpx2.MockTransport(handle))


def unfinished(reason: str) -> Answer:
    return whole(status="incomplete", incomplete_details={"reason": reason})


def test_the_text_of_a_finished_answer() -> None:
    assert proposed_text(writes("Hi").body.decode(), "openai") == "Hi"


@pytest.mark.parametrize(
    ("answer", "reason", "detail"),
    [
        (refuses(), "model_refused", ""),
        (
            whole(status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
            "incomplete",
            "max_output_tokens",
        ),
        (unfinished("content_filter"), "incomplete", "content_filter"),
        (whole(status="incomplete", incomplete_details=None), "incomplete", ""),
        (whole(status="queued"), "incomplete", ""),
        (
            whole(status="failed", error={"code": "invalid_prompt", "message": "1506 Timber St"}),
            "failed",
            "invalid_prompt",
        ),
        (whole(status="completed"), "invalid_output", ""),
        (says("Sure! Here is your text"), "invalid_output", ""),
        (says('{"text": 5}'), "invalid_output", ""),
        (says('{"text": "  "}'), "invalid_output", ""),
        (says('{"text": "Hi", "to": "+15125550199"}'), "invalid_output", ""),
        (says('["Hi"]'), "invalid_output", ""),
        (says("[" * 100_000), "invalid_output", ""),
        (writes("Hi Ann, call me."), "proposal", "placeholders, word, not_signed"),
    ],
)
async def test_what_is_no_draft_is_refused_with_its_reason(answer: Answer, reason: str, detail: str) -> None:
    drafter = drafter_over(answer)
    with pytest.raises(Refused) as refused:
        await drafter.draft(brief_of())
    assert (refused.value.reason, refused.value.detail) == (reason, detail)
    assert "Timber" not in str(refused.value)
    await drafter.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<html>Sign in to the Wi-Fi</html>", headers={"content-type": "text/html"}),
        Answer(body=b"{", headers={"content-type": "application/json"}),
        Answer(body=b"[]", headers={"content-type": "application/json"}),
        Answer(body=b'{"output": null}', headers={"content-type": "application/json"}),
        Answer(body=b"\xff\xfe", headers={"content-type": "application/json"}),
        whole(status="failed", error={"code": "server_error", "message": "x"}),
        fails(500, None, "server_error"),
        Answer(status=502, body=b"<html>Bad gateway</html>", headers={"content-type": "text/html"}),
        fails(408, None),
        fails(409, None),
    ],
)
async def test_what_may_work_later_is_unavailable(answer: Answer) -> None:
    drafter = drafter_over(answer)
    with pytest.raises(Unavailable):
        await drafter.draft(brief_of())
    await drafter.aclose()


@pytest.mark.parametrize(
    ("answer", "error", "reason", "wait"),
    [
        (fails(429, "rate_limit_exceeded", "requests", retry_after="7"), Unavailable, "rate_limit_exceeded", 7.0),
        (fails(429, "slow_down", "requests", retry_after_ms="1500"), Unavailable, "slow_down", 1.5),
        (fails(429, None, "requests"), Unavailable, "rate limit", None),
        *((fails(429, code, "insufficient_quota"), Refused, "quota", None) for code in sorted(QUOTA_CODES)),
        (fails(429, None, "insufficient_quota"), Refused, "quota", None),
        (fails(503, "overloaded", "server_error", retry_after="99999"), Unavailable, "HTTP 503", LONGEST_WAIT_S),
        (fails(401, "invalid_api_key"), Refused, "unauthorised", None),
        (fails(403, "unsupported_country_region_territory"), Refused, "unauthorised", None),
        (fails(400, "invalid_json_schema"), Refused, "bad_request", None),
        (fails(404, "model_not_found"), Refused, "bad_request", None),
        (fails(307, None, location="http://elsewhere.example/"), Refused, "bad_request", None),
    ],
)
async def test_errors_say_what_to_do(answer: Answer, error: type[NudgeError], reason: str, wait: float | None) -> None:
    """Both families of 429, and the rest; nothing of the service's own sentence is kept."""
    drafter = drafter_over(answer)
    with pytest.raises(error) as caught:
        await drafter.draft(brief_of())
    failure = caught.value
    if isinstance(failure, Unavailable):
        assert (failure.why, failure.retry_after_s) == (reason, wait)
    elif isinstance(failure, Refused):
        assert failure.reason == reason
    assert "Timber" not in str(failure)
    assert failure.__cause__ is not None
    await drafter.aclose()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Mon, 01 Jun 2026 15:00:30 GMT", "date": "Mon, 01 Jun 2026 15:00:00 GMT"}, 30.0),
        ({"retry-after": "Mon, 01 Jun 2026 14:00:00 GMT", "date": "Mon, 01 Jun 2026 15:00:00 GMT"}, 0.0),
        ({"retry-after": "Mon, 01 Jun 2026 15:00:30 GMT"}, None),
        ({"retry-after": "Mon, 01 Jun 2026 15:00:30", "date": "Mon, 01 Jun 2026 15:00:00 GMT"}, None),
    ],
)
def test_how_long_to_wait(headers: Mapping[str, str], seconds: float | None) -> None:
    assert wait_s(headers) == seconds


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda deeper: (
        st.lists(deeper, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["output", "type", "content", "text", "status", "error", "code", "phase", "incomplete_details"]
            ),
            deeper,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON | st.builds(lambda output: {"status": "completed", "output": output}, JSON))
def test_any_body_is_read_or_named(body: object) -> None:
    with suppress(Refused, Unavailable):
        assert proposed_text(json.dumps(body), "openai").strip()


@given(
    st.integers(300, 599), JSON, st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date"]), st.text())
)
def test_any_error_is_one_of_two(status: int, body: object, headers: dict[str, str]) -> None:
    error = status_error(status, body, headers, "openai")
    assert isinstance(error, (Refused, Unavailable))
    if isinstance(error, Unavailable) and error.retry_after_s is not None:
        assert 0 <= error.retry_after_s <= LONGEST_WAIT_S


def test_the_schema_is_strict_and_has_no_recipient() -> None:
    schema = TEXT_FORMAT["schema"]
    assert isinstance(schema, dict)
    assert TEXT_FORMAT["strict"] is True
    assert schema["additionalProperties"] is False
    assert sorted(schema["properties"]) == schema["required"] == ["text"]


def test_the_instructions_hold_rules_and_nothing_of_a_brief() -> None:
    assert CANARY not in INSTRUCTIONS
    assert "{first_name}, {reason} and {question}" in INSTRUCTIONS
    assert not any(value in INSTRUCTIONS for value in brief_of().facts.values() if len(value) > 1)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"model": ""}, 1),
        ({"model": "", "base_url": "ftp://x"}, 2),
        ({"timeout_s": 0.0, "model": "", "base_url": ""}, 3),
    ],
)
def test_every_unusable_setting_is_named(changes: dict[str, str | float], problems: int) -> None:
    with pytest.raises(Misconfigured) as caught:
        build_openai_drafter(evolve(SETTINGS, **changes), VOICES)  # type: ignore[arg-type]  # names of settings
    assert len(caught.value.problems) == problems


def test_the_key_is_never_shown() -> None:
    drafter = build_openai_drafter(SETTINGS, VOICES, httpx2.MockTransport(lambda _: httpx2.Response(500)))
    assert KEY not in repr(drafter) + repr(SETTINGS)


async def test_a_kind_that_is_for_templates_only_asks_nobody() -> None:
    drafter = drafter_over(fails(500, None))
    with pytest.raises(Refused, match="templates_only"):
        await drafter.draft(brief_of("expired_listing"))
    await drafter.aclose()


async def test_nothing_personal_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """At the level a server runs with, neither the SDK nor its transport tells what was asked."""
    caplog.set_level(logging.INFO)
    drafter = drafter_over(writes("x"))
    with pytest.raises(Refused):
        await drafter.draft(brief_of())
    assert not [record for record in caplog.records if "Timber" in record.getMessage() or KEY in record.getMessage()]
    await drafter.aclose()


def test_the_sdk_is_loaded_by_the_builder_and_not_before() -> None:
    program = """
import sys
import nudge_adapters.llm.offline, nudge_adapters.llm.openai as ours
from nudge_core.model.secret import Secret
loaded = [name for name in ("openai", "httpx2", "pydantic") if name in sys.modules]
assert not loaded, loaded
ours.build_openai_drafter(ours.OpenAiSettings(api_key=Secret("x"), model="m"), {})
assert "openai" in sys.modules
"""
    source = Path(__file__).resolve().parents[2] / "src"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, env={"PYTHONPATH": str(source)})
