"""The professional's own account, its rules and onboarding over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from nudge_core.model.user import MlsCheck
from nudge_core.policy.rule_table import RULE_TABLE
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office
from tests.samples import uid

ME = "/api/v1/users/me"
RULES = "/api/v1/users/me/rules"
ONBOARDING = "/api/v1/onboarding"
OFF = {"rule": "C3", "by": "operator", "at": "2026-11-22T10:00:00+00:00", "why": "counsel", "states": ["PA"]}


async def save(office: Office, **changes: Any) -> None:
    """Change Rita behind the API."""
    async with office.store.tenant(RITA) as tx:
        await tx.users.save(evolve(await tx.users.get(RITA), **changes))


async def test_everybody_reads_their_own_account(office: Office) -> None:
    async with office.caller(RITA) as rita, office.caller(TOM) as tom:
        mine = (await rita.get(ME)).json()
        assert (mine["id"], mine["version"], mine["sending_number"]) == (str(RITA), 1, samples.OUR_NUMBER)
        assert (await tom.get(ME)).json()["id"] == str(TOM)
        assert not {name for name in mine if "mls" in name or "password" in name}


async def test_what_may_be_changed_is_changed_and_the_rest_stays(office: Office) -> None:
    wanted = {
        "full_name": "Rita V.",
        "business_name": "Vega Homes",
        "email": "rita@vega.example",
        "timezone": "America/Denver",
        "market_focus": ["Austin", "78704"],
        "specialties": ["condos"],
        "license_number": "TX-1",
        "ai_style_guide": {"tone": "warm", "emoji": False},
        "faq_auto_responder_enabled": True,
        "strategy": {"nudge_rules": {"caps": {"per_30_days": 4}}},
    }
    async with office.caller() as rita:
        before = (await rita.get(ME)).json()
        changed = await rita.patch(ME, json={"version": 1} | wanted)
        assert changed.json() == before | wanted | {"version": 2}
        cleared = await rita.patch(ME, json={"version": 2, "license_number": None})
        assert cleared.json() == before | wanted | {"version": 3, "license_number": None}
        same = await rita.patch(ME, json={"version": 3, "full_name": "Rita V."})
        assert same.json()["version"] == 3
        assert (await rita.patch(ME, json={"version": 1, "full_name": "Lost"})).status_code == 409
    async with office.store.tenant(RITA) as tx:
        entries = await tx.audit.of_subject(RITA)
        assert [entry.facts["fields"] for entry in entries] == [tuple(sorted(wanted)), ("license_number",)]
        assert "vega" not in str([dict(entry.facts) for entry in entries])


@pytest.mark.parametrize(
    "forbidden",
    [
        {"id": str(TOM)},
        {"user_type": "THERAPIST"},
        {"vertical": "therapy"},
        {"phone_number": "+15125559999"},
        {"sending_number": "+15125559999"},
        {"twilio_phone_number": "+15125559999"},
        {"tool_provider": "market"},
        {"mls_password": "x"},
        {"onboarding_complete": True},
        {"may_read_all": True},
    ],
)
async def test_what_may_not_be_changed_is_not(office: Office, forbidden: dict[str, object]) -> None:
    async with office.caller() as rita:
        before = (await rita.get(ME)).json()
        await rita.patch(ME, json={"version": 1} | forbidden)
        assert (await rita.get(ME)).json() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"full_name": ""},
        {"full_name": None},
        {"email": "nobody"},
        {"timezone": "Mars/Olympus"},
        {"market_focus": "Austin"},
        {"market_focus": [""]},
        {"market_focus": ["x"] * 101},
        {"ai_style_guide": [1]},
        {"ai_style_guide": {"a": "x" * 20_001}},
        {"strategy": {"a": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]}},
    ],
)
async def test_values_that_break_a_rule_are_refused(office: Office, wrong: dict[str, object]) -> None:
    async with office.caller() as rita:
        assert (await rita.patch(ME, json={"version": 1} | wrong)).status_code == 400
        assert (await rita.get(ME)).json()["version"] == 1


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"hours": {"default": {"mon_fri": ["07:00", "20:00"]}}}, "user.strategy.nudge_rules.hours.default.mon_fri"),
        ({"caps": {"per_day": "many"}}, "user.strategy.nudge_rules.caps.per_day"),
        ({"caps": {"per_day": 101}}, "caps.per_day"),
        ({"links": ["https://x.example/path"]}, "user.strategy.nudge_rules.links"),
        ({"quiet": False}, "user.strategy.nudge_rules.quiet"),
        ({"off": [OFF]}, "user.strategy.nudge_rules.off"),
        ([], "user.strategy.nudge_rules"),
    ],
)
async def test_a_rule_of_sending_that_reaches_too_far_is_named(office: Office, rules: object, field: str) -> None:
    async with office.caller() as rita:
        refused = await rita.patch(ME, json={"version": 1, "strategy": {"nudge_rules": rules}})
        assert refused.status_code == 422
        (error,) = refused.json()["errors"]
        assert error["field"] == field
        assert error["rule"]
        assert (await rita.get(ME)).json()["version"] == 1


async def test_what_an_operator_has_switched_off_stays_the_operator_s(office: Office) -> None:
    await save(office, strategy={"nudge_rules": {"off": [OFF]}})
    async with office.caller() as rita:
        changed = await rita.patch(ME, json={"version": 2, "strategy": {"follow_up": 3}})
        assert changed.json()["strategy"] == {"follow_up": 3, "nudge_rules": {"off": [OFF]}}
        rules = {"caps": {"per_day": 1}, "off": [OFF]}
        changed = await rita.patch(ME, json={"version": 3, "strategy": {"nudge_rules": rules}})
        assert changed.json()["strategy"] == {"nudge_rules": rules}
        for theirs in ([], [OFF, OFF | {"rule": "C1"}]):
            refused = await rita.patch(ME, json={"version": 4, "strategy": {"nudge_rules": {"off": theirs}}})
            assert refused.status_code == 422


async def test_the_effective_rules_with_their_sources(office: Office) -> None:
    rules = {"hours": {"TX": {"mon_fri": ["09:00", "20:00"]}}, "caps": {"per_7_days": 1}, "off": [OFF]}
    async with office.caller() as rita:
        strict = (await rita.get(RULES)).json()
        assert strict["hours"].keys() == {"default"}
        assert strict["hours"]["default"][0] == {"start": "10:00", "end": "18:00"}
        assert strict["hours"]["default"][6] is None
        assert strict["federal_hours"][6] == {"start": "08:00", "end": "21:00"}
        assert [rule["id"] for rule in strict["rules"]] == [rule.id for rule in RULE_TABLE]
        assert all(rule["source"] for rule in strict["rules"] + strict["law_hours"] + strict["law_frequency"])
        assert (strict["caps"]["per_7_days"], strict["problem"], strict["link_hosts"]) == (2, None, None)
        assert not any(rule["off"] for rule in strict["rules"])
    await save(office, strategy={"nudge_rules": rules})
    async with office.caller() as rita:
        mine = (await rita.get(RULES)).json()
        assert mine["hours"]["TX"][0] == {"start": "09:00", "end": "20:00"}
        assert mine["caps"]["per_7_days"] == 1
        (off,) = next(rule for rule in mine["rules"] if rule["id"] == "C3")["off"]
        assert (off["by"], off["why"], off["states"]) == ("operator", "counsel", ["PA"])
    await save(office, strategy={"nudge_rules": {"caps": {"per_day": "many"}}})
    async with office.caller() as rita:
        broken = (await rita.get(RULES)).json()
        assert broken["problem"]["field"] == "user.strategy.nudge_rules.caps.per_day"
        assert broken | {"problem": None} == strict


async def test_scopes(office: Office) -> None:
    async with office.caller(RITA, Scope.ACCOUNT_READ) as reader:
        assert (await reader.get(ME)).status_code == 200
        assert (await reader.patch(ME, json={"version": 1})).status_code == 403
        assert (await reader.patch(ONBOARDING, json={"version": 1})).status_code == 403
    async with office.caller(RITA, Scope.CONTENT_READ) as other:
        for path in (ME, RULES, ONBOARDING):
            assert (await other.get(path)).status_code == 403


async def test_onboarding_is_done_when_what_it_speaks_of_is_stored(office: Office) -> None:
    await save(office, twilio_phone_number=None)

    async def done() -> list[str]:
        async with office.caller() as rita:
            return [one["step"] for one in (await rita.get(ONBOARDING)).json()["steps"] if one["done"]]

    assert await done() == []
    await save(office, twilio_phone_number=samples.OUR_NUMBER)
    assert await done() == ["phone_number"]
    await save(office, mls_check=MlsCheck.REFUSED, mls_checked_at=samples.NOON)
    assert await done() == ["phone_number"]
    await save(office, mls_check=MlsCheck.WORKS)
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add([samples.client(RITA, 10)])
    assert await done() == ["phone_number", "mls_connection", "clients"]
    await save(office, ai_style_guide={"tone": "warm"})
    assert await done() == ["phone_number", "mls_connection", "clients", "style"]


async def test_completing_demands_what_it_demands(office: Office) -> None:
    async with office.caller() as rita:
        refused = await rita.patch(ONBOARDING, json={"version": 1, "complete": True})
        assert refused.status_code == 409
        assert "mls_connection, clients, style" in refused.json()["title"]
        kept = await rita.patch(ONBOARDING, json={"version": 1, "screen": {"page": 2}})
        assert (kept.json()["screen"], kept.json()["version"], kept.json()["complete"]) == ({"page": 2}, 2, False)
    await save(office, ai_style_guide={"tone": "warm"}, mls_check=MlsCheck.WORKS, mls_checked_at=samples.NOON)
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add([samples.client(RITA, 10)])
    async with office.caller() as rita:
        assert (await rita.patch(ONBOARDING, json={"version": 1, "complete": True})).status_code == 409
        finished = (await rita.patch(ONBOARDING, json={"version": 3, "complete": True})).json()
        assert (finished["complete"], finished["missing"], finished["screen"]) == (True, [], {"page": 2})
        assert (await rita.get(ME)).json()["onboarding_complete"]
        again = (await rita.patch(ONBOARDING, json={"version": 4, "complete": False})).json()
        assert not again["complete"]


async def test_a_profession_without_a_market_needs_no_mls_and_other_parts_state_is_kept(office: Office) -> None:
    await save(office, vertical="therapy", onboarding_state={"demo": {"at": 1}})
    async with office.caller() as rita:
        shown = (await rita.get(ONBOARDING)).json()
        assert shown["missing"] == ["clients", "style"]
        assert shown["screen"] == {}
        await rita.patch(ONBOARDING, json={"version": 2, "screen": {"page": 1}})
    async with office.store.tenant(RITA) as tx:
        state = (await tx.users.get(RITA)).onboarding_state
        assert dict(state["demo"]) == {"at": 1}  # type: ignore[arg-type]
        assert uid(1) == RITA
