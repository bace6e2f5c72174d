"""Professionals from the command line, on PostgreSQL; and the application that `build_api` puts together."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from attrs import evolve

from nudge_core.errors import Conflict, Invalid, Misconfigured, NotFound
from nudge_entrypoints import bootstrap, users
from nudge_entrypoints.http.app import build_app
from nudge_entrypoints.http.wiring import build_api
from nudge_entrypoints.metrics import Metrics
from nudge_entrypoints.practice_phone import texts_to
from nudge_entrypoints.settings import Settings, TwilioSettings, load
from nudge_entrypoints.users import NewUser

PHONE = "+15125550142"
RITA = NewUser(
    phone=PHONE,
    name="Rita Vega",
    email="rita@example.com",
    vertical="real_estate",
    tool_provider="market",
    timezone="America/Chicago",
    number="+15125550143",
)


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    return load({"NUDGE_HOME": str(tmp_path), "DATABASE_URL": database, "NUDGE_EMBEDDER": "none"})


def test_an_operator_registers_lists_and_crowns(settings: Settings) -> None:
    made = users.add(settings, RITA)
    assert users.everybody(settings) == [made]
    assert (made["phone"], made["super"], made["number"]) == (PHONE, False, "+15125550143")
    users.set_super(settings, PHONE, on=True)
    assert [one["super"] for one in users.everybody(settings)] == [True]
    users.set_super(settings, PHONE, on=False)
    assert [one["super"] for one in users.everybody(settings)] == [False]
    with pytest.raises(Conflict):
        users.add(settings, RITA)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"phone": "512"}, Invalid),
        ({"email": "rita"}, Invalid),
        ({"vertical": "astrology"}, Invalid),
        ({"tool_provider": "fax"}, Misconfigured),
        ({"timezone": "Mars/Olympus"}, Invalid),
    ],
)
def test_what_breaks_a_rule_registers_nobody(
    settings: Settings, change: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        users.add(settings, evolve(RITA, **change))
    assert users.everybody(settings) == []


def test_nobody_is_crowned_by_a_wrong_phone(settings: Settings) -> None:
    with pytest.raises(NotFound):
        users.set_super(settings, PHONE, on=True)
    with pytest.raises(Invalid):
        users.set_super(settings, "rita", on=True)


async def test_the_application_of_a_new_installation_lets_its_first_professional_in(settings: Settings) -> None:
    """No account anywhere: the code is read on this machine."""
    async with bootstrap.opened(settings, settings.database_url) as app:
        async with app.parts.store.system() as tx:
            await tx.users.add(_user(app))
        metrics = Metrics()
        api, authenticator = build_api(app, metrics)
        web = build_app(app.parts, settings, metrics=metrics, api=api, authenticator=authenticator)
        transport = httpx.ASGITransport(app=cast("Any", web))
        async with httpx.AsyncClient(transport=transport, base_url="http://nudge.test/api/v1") as client:
            assert (await client.post("/sign-in/codes", json={"phone": PHONE})).status_code == 202
            await api.signing_in().desk.settled()
            (text,) = texts_to(settings, PHONE)
            code = next(word for word in text["body"].replace(".", " ").split() if word.isdigit() and len(word) == 6)
            signed_in = await client.post("/sign-in", json={"phone": PHONE, "code": code})
            assert signed_in.status_code == 200
            client.headers["Authorization"] = f"Bearer {signed_in.json()['access_token']}"
            assert (await client.get("/sessions")).status_code == 200
    assert texts_to(settings, "+15125550199") == []


def _user(app: bootstrap.App):  # type: ignore[no-untyped-def]  # a User
    from tests import samples

    return samples.user(1, id=app.parts.ids.new(), phone_number=PHONE)


@pytest.mark.parametrize("carrier", ["twilio", "console"])
def test_codes_on_this_machine_are_for_the_simulator_alone(settings: Settings, carrier: str) -> None:
    """No back door: an installation whose texts reach phones takes no code that did not."""
    from nudge_adapters.system import SystemClock

    without = evolve(settings, carrier=carrier, twilio=TwilioSettings())
    with pytest.raises(Misconfigured, match="TWILIO_VERIFY_SERVICE_SID"):
        bootstrap.build_codes(without, SystemClock())
    with pytest.raises(Misconfigured, match="simulator"):
        texts_to(without, PHONE)
