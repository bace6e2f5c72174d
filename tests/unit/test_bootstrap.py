"""The composition root: every provider of every profile builds; unknown names are answered with the known ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from attrs import evolve
from dependency_injector import providers

from nudge_adapters import catalog
from nudge_adapters.memory.store import MemoryStore
from nudge_adapters.sql.store import SqlStore
from nudge_core.errors import Misconfigured
from nudge_core.model.secret import Secret
from nudge_core.walk import Parts
from nudge_entrypoints import bootstrap
from nudge_entrypoints.bootstrap import App, Container
from nudge_entrypoints.settings import GoogleClient, MlsSettings, Settings, TwilioSettings, load
from tests import samples
from tests.samples import SteppingClock

KEY = b"0123456789abcdef0123456789abcdef"


def settings(home: Path, **changes: object) -> Settings:
    base = Settings(
        home=home,
        openai_api_key=Secret("sk-test"),
        secret_keys={"a": KEY},
        twilio=TwilioSettings(
            account_sid="AC" + "0" * 32, auth_token=Secret("token"), verify_service_sid="VA" + "0" * 32
        ),
        public_base_url="https://nudge.example",
        google=GoogleClient(client_id="a", client_secret=Secret("b"), redirect_url="https://nudge.example/contacts"),
    )
    return evolve(base, **changes)  # type: ignore[arg-type]  # any setting


PROFILES = list(product(catalog.DRAFTERS, catalog.EMBEDDERS, catalog.CARRIERS, (None, "postgresql:///nowhere")))


@pytest.mark.parametrize(("drafter", "embedder", "carrier", "url"), PROFILES)
def test_every_provider_of_every_profile_builds(
    tmp_path: Path, drafter: str, embedder: str, carrier: str, url: str | None
) -> None:
    container = Container(
        settings=providers.Object(settings(tmp_path, drafter=drafter, embedder=embedder, carrier=carrier)),
        database_url=providers.Object(url),
        simulated_clock=providers.Object(SteppingClock()),
    )
    built = {name: provider() for name, provider in container.providers.items() if name != "feed"}
    parts = built["parts"]
    assert isinstance(parts, Parts)
    assert isinstance(parts.store, MemoryStore if url is None else SqlStore)
    assert parts.drafters[0].name.startswith(drafter)
    assert parts.drafters[-1].name == "offline", "templates stand behind every drafter"
    assert (parts.embedder is None) == (embedder == "none")


@pytest.mark.parametrize("name", sorted(catalog.FEEDS))
def test_every_feed_of_the_catalogue_builds_under_its_owners_source(tmp_path: Path, name: str) -> None:
    mls = MlsSettings(
        profile="mlsgrid", base_url="https://mls.example/odata/", token=Secret("t"), originating_system="actris"
    )
    user = evolve(samples.user(1), tool_provider=name)
    feed = bootstrap.build_feed(settings(tmp_path, mls=mls), SteppingClock(), user)
    assert feed.source_id == name
    own = evolve(user, mls_username=Secret("dana"), mls_password=Secret("own token"))
    assert bootstrap.build_feed(settings(tmp_path, mls=mls), SteppingClock(), own).source_id == f"{name}:{user.id}"


def test_a_feed_without_its_settings_lists_all_that_is_missing(tmp_path: Path) -> None:
    user = evolve(samples.user(1), tool_provider="mlsgrid")
    with pytest.raises(Misconfigured) as caught:
        bootstrap.build_feed(settings(tmp_path), SteppingClock(), user)
    said = " ".join(caught.value.problems)
    assert "token" in said
    assert "OriginatingSystemName" in said


@pytest.mark.parametrize(
    ("build", "known"),
    [
        (lambda s: bootstrap.build_drafters(evolve(s, drafter="parrot"), {}), "offline, openai"),
        (lambda s: bootstrap.build_embedder(evolve(s, embedder="psychic")), "local"),
        (lambda s: bootstrap.build_gateway(evolve(s, carrier="pigeon"), SteppingClock()), "console, simulator"),
        (
            lambda s: bootstrap.build_feed(s, SteppingClock(), evolve(samples.user(1), tool_provider="fax")),
            "market",
        ),
    ],
)
def test_an_unknown_name_is_answered_with_the_known_ones(
    tmp_path: Path, build: Callable[[Settings], object], known: str
) -> None:
    with pytest.raises(Misconfigured, match=known):
        build(settings(tmp_path))


def test_an_openai_drafter_without_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="OPENAI_API_KEY"):
        bootstrap.build_drafters(settings(tmp_path, drafter="openai", openai_api_key=None), {})


async def test_what_was_opened_is_closed(tmp_path: Path) -> None:
    async with bootstrap.opened(settings(tmp_path, embedder="none"), None) as app:
        assert isinstance(app, App)
        assert "memory" in await app.parts.store.ping()


def test_settings_are_read_once_and_whole(tmp_path: Path) -> None:
    read = load(
        {
            "NUDGE_HOME": str(tmp_path),
            "DATABASE_URL": "postgres://u:p@h/d",
            "NUDGE_SECRET_KEYS": "b:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            "MLS_TOKEN": "t0ken",
            "NUDGE_TIMEZONE": "",
        }
    )
    assert read.database_url == "postgresql://u:p@h/d"
    assert read.secret_keys == {"b": KEY}
    assert read.timezone == "America/Chicago", "an empty variable is an unset one"
    assert "t0ken" not in repr(read)
    assert "u:p@h" not in repr(read)


@pytest.mark.parametrize("keys", ["a", "a:short", ":MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "a:!!"])
def test_an_unusable_key_is_named_without_being_shown(tmp_path: Path, keys: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load({"NUDGE_HOME": str(tmp_path), "NUDGE_SECRET_KEYS": keys})
    assert caught.value.problems == ("NUDGE_SECRET_KEYS: id:base64 of exactly 32 bytes, comma separated",)


def test_the_demo_starts_at_a_working_hour() -> None:
    assert datetime(2026, 5, 4, 15, tzinfo=UTC) == bootstrap.MARKET_START
    assert bootstrap.MARKET_START.weekday() == 0


def test_twilio_without_an_account_or_an_address_cannot_be_had(tmp_path: Path) -> None:
    whole = settings(tmp_path, carrier="twilio")
    for lacking in (evolve(whole, public_base_url=None), evolve(whole, twilio=TwilioSettings())):
        with pytest.raises(Misconfigured) as caught:
            bootstrap.build_gateway(lacking, SteppingClock())
        assert "TWILIO_ACCOUNT_SID" in str(caught.value)
