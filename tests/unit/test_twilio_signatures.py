"""Our signatures against the official SDK's: on its vectors, on ours, and on whatever Hypothesis thinks of."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from nudge_adapters.sms.signature import BODY_HASH, is_body_signed, is_form_signed, sign
from tests.shared_data import shared

VECTORS = "vectors/twilio_signature_vectors.json"
NUMBER_OF_VECTORS = 16

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
values = st.text(st.characters(codec="utf-8"), max_size=40)
forms = st.dictionaries(names, values, max_size=8)
hosts = st.sampled_from(["nudge.example", "nudge.example:443", "nudge.example:8443", "127.0.0.1:8000"])
urls = st.builds(
    lambda scheme, host, path, query: f"{scheme}://{host}/webhooks/{path}{query}",
    st.sampled_from(["https", "http"]),
    hosts,
    st.text("abc0123-._~", max_size=10),
    st.sampled_from(["", "?a=1&k=abc", "?x=%C3%A9"]),  # a bare "?" the SDK drops before it signs; we have none
)
tokens = st.text(st.characters(codec="ascii", exclude_characters="\x00"), min_size=1, max_size=40)


def vectors() -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(shared(VECTORS).read_text(encoding="utf-8"))["vectors"]
    return read


def is_signed(vector: dict[str, Any]) -> bool:
    token, url, signature = vector["token"], vector["url"], vector["signature"]
    if vector["params"] is None:
        return is_body_signed(token, url, vector["body"].encode(), signature)
    return is_form_signed(token, url, [(name, value) for name, value in vector["params"]], signature)


def test_every_vector_is_judged_as_it_says() -> None:
    judged = {vector["name"]: is_signed(vector) for vector in vectors()}
    assert judged == {vector["name"]: vector["valid"] for vector in vectors()}
    assert len(judged) == NUMBER_OF_VECTORS


@given(token=tokens, url=urls, form=forms)
def test_we_sign_a_form_as_the_sdk_does(token: str, url: str, form: dict[str, str]) -> None:
    assert sign(token, url, form.items()) == RequestValidator(token).compute_signature(url, form)


@given(token=tokens, url=urls, form=forms)
def test_what_we_sign_the_sdk_takes_and_what_the_sdk_signs_we_take(token: str, url: str, form: dict[str, str]) -> None:
    validator = RequestValidator(token)
    assert validator.validate(url, form, sign(token, url, form.items()))
    assert is_form_signed(token, url, form.items(), validator.compute_signature(url, form))


@given(token=tokens, url=urls, form=forms, name=names, value=values)
def test_a_form_that_was_changed_is_refused_by_both(
    token: str, url: str, form: dict[str, str], name: str, value: str
) -> None:
    signature = sign(token, url, form.items())
    changed = form | {name: form.get(name, "") + value + "x"}
    # the pairs are joined without a mark between them, so that moving letters across a border is not seen
    if "".join(n + v for n, v in sorted(changed.items())) != "".join(n + v for n, v in sorted(form.items())):
        assert not is_form_signed(token, url, changed.items(), signature)
        assert not RequestValidator(token).validate(url, changed, signature)


@given(token=tokens, body=st.binary(max_size=200))
def test_a_body_that_is_no_form_is_taken_as_the_sdk_takes_it(token: str, body: bytes) -> None:
    url = f"https://nudge.example/hook?{BODY_HASH}={hashlib.sha256(body).hexdigest()}"
    signature = sign(token, url)
    assert is_body_signed(token, url, body, signature)
    assert not is_body_signed(token, url, body + b"x", signature)
    text = body.decode("latin-1")
    of_text = f"https://nudge.example/hook?{BODY_HASH}={hashlib.sha256(text.encode()).hexdigest()}"
    assert RequestValidator(token).validate(of_text, text, sign(token, of_text))


@pytest.mark.parametrize("signature", ["", "x", "é", "\ud800", "0" * 28])
def test_a_signature_that_is_none_is_refused_and_raises_nothing(signature: str) -> None:
    assert not is_form_signed("token", "https://nudge.example/in", [("a", "b")], signature)
    assert not is_body_signed("token", "https://nudge.example/in", b"{}", signature)
