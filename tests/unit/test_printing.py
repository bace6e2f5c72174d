"""What may be printed of entities and settings: never who somebody is, what they wrote, or what opens an account."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import attrs
import pytest

import nudge_adapters
import nudge_core
import nudge_entrypoints
from nudge_core.model.secret import Secret

PERSONAL = frozenset(
    {
        "full_name", "email", "phone", "phone_number", "phone_as_given", "twilio_phone_number", "business_name",
        "notes", "note", "preferences", "content", "body", "recipient", "sender", "wording", "question", "answer",
        "original_draft", "edited_draft", "headline", "approved_by", "recorded_by", "raw", "payload", "facts",
        "sender_first_name", "sender_business", "ai_style_guide", "license_number", "account_sid", "api_key",
        "account", "database_url", "redis_url", "secret_keys", "news",
    }
)  # fmt: skip
"""Names of fields that hold what must not be printed, wherever they stand."""

HIDES_ITSELF = re.compile(r"Secret|\bAnswer\b|TwilioAccount|Account\b|CarrierNews|OutboxNote|Notes\b|\bint\b")
"""Types of fields that have such a name and print nothing personal: entities that hide it, ports, and counts."""

ENTRIES = ("__main__", "process", "cli")  # run when they are imported, or need what only a terminal has


def classes() -> Iterator[type]:
    """Every attrs class of the product."""
    for package in (nudge_core, nudge_adapters, nudge_entrypoints):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if found.name.rpartition(".")[2] in ENTRIES:
                continue
            module = importlib.import_module(found.name)
            for one in vars(module).values():
                if isinstance(one, type) and one.__module__ == found.name and attrs.has(one):
                    yield one


def test_no_class_prints_a_personal_field() -> None:
    printing = [
        f"{one.__module__}.{one.__name__}.{field.name}"
        for one in classes()
        for field in attrs.fields(one)
        if field.name in PERSONAL and field.repr and not HIDES_ITSELF.search(str(field.type))
    ]
    assert sorted(printing) == []


def test_a_field_that_prints_is_found() -> None:
    @attrs.frozen
    class Careless:
        email: str

    assert [field.name for field in attrs.fields(Careless) if field.name in PERSONAL and field.repr] == ["email"]


@pytest.mark.parametrize("shown", [repr, str])
def test_a_secret_shows_stars(shown: object) -> None:
    assert callable(shown)
    assert shown(Secret("a token")) == "***"
