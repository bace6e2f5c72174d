"""Plans and the co-pilot's questions over HTTP."""

from __future__ import annotations

from uuid import UUID

import pytest

from nudge_core.model.briefing import BriefingStatus
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.desk import BEN, actions_of, add_nudge, add_people, add_plan, add_question
from tests.api.office import RITA, TOM, Office
from tests.samples import uid

PLANS = "/api/v1/plans"
ACTOR = f"user:{RITA}"


@pytest.fixture
async def desk(office: Office) -> Office:
    """Rita's clients."""
    await add_people(office)
    return office


async def test_plans_are_listed_and_shown_with_their_texts(desk: Office) -> None:
    first, second = await add_plan(desk, 3), await add_plan(desk, 5, key="b")
    await add_nudge(desk, 60)
    async with desk.caller() as rita, desk.caller(TOM) as tom:
        page = (await rita.get(PLANS, params={"limit": 1, "client_id": str(BEN)})).json()
        rest = (await rita.get(PLANS, params={"limit": 1, "client_id": str(BEN), "cursor": page["next_cursor"]})).json()
        assert {one["id"] for one in page["items"] + rest["items"]} == {str(first), str(second)}
        assert (page["items"][0]["waiting"], rest["next_cursor"]) == (1, None)
        shown = (await rita.get(f"{PLANS}/{first}")).json()
        (step,) = shown["steps"]
        assert (step["text"], step["status"]) == ("Hi Ben, how is the garden doing?", "PENDING")
        assert (step["scheduled_at"], step["local_at"]) == ("2026-07-04T16:00:00Z", "2026-07-04T11:00:00")
        assert shown["plan"]["next_at"] == "2026-07-04T16:00:00Z"
        assert (await tom.get(PLANS)).json() == {"items": [], "next_cursor": None}


async def test_a_plan_rests_goes_on_moves_and_ends_and_each_is_on_record(desk: Office) -> None:
    plan_id = await add_plan(desk)
    path = f"{PLANS}/{plan_id}"
    async with desk.caller() as rita:
        paused = (await rita.post(f"{path}/pause", json={"version": 1})).json()["plan"]
        assert (paused["status"], paused["version"]) == ("PAUSED", 2)
        again = await rita.post(f"{path}/pause", json={"version": 1})
        assert (again.status_code, again.json()["plan"]["version"]) == (200, 2), "the same request once more"
        assert (await rita.post(f"{path}/resume", json={"version": 1})).status_code == 409
        resumed = (await rita.post(f"{path}/resume", json={"version": 2})).json()["plan"]
        assert (resumed["status"], resumed["version"]) == ("ACTIVE", 3)
        (step,) = (await rita.get(path)).json()["steps"]
        change = {"version": 3, "shift_days": 2, "edits": [{"id": step["id"], "text": "Hi Ben, coffee on Monday?"}]}
        (moved,) = (await rita.patch(path, json=change)).json()["steps"]
        assert (moved["scheduled_at"], moved["text"]) == ("2026-07-06T16:00:00Z", "Hi Ben, coffee on Monday?")
        stranger = {"version": 4, "edits": [{"id": str(uid(99)), "text": "Hi"}]}
        assert (await rita.patch(path, json=stranger)).status_code == 422
        twice = {"version": 4, "edits": [{"id": step["id"], "text": "A"}, {"id": step["id"], "text": "B"}]}
        assert (await rita.patch(path, json=twice)).status_code == 422
        ended = (await rita.post(f"{path}/end", json={"version": 4})).json()
        assert (ended["plan"]["status"], ended["steps"][0]["status"]) == ("CANCELLED", "CANCELLED")
        assert (await rita.post(f"{path}/end", json={"version": 4})).status_code == 200
        assert (await rita.post(f"{path}/pause", json={"version": 5})).status_code == 409
    actions = ["plan.paused", "plan.resumed", "plan.updated", "plan.ended"]
    assert await actions_of(desk, plan_id) == [(action, ACTOR) for action in actions]


async def test_somebody_else_s_plan_and_a_nudge_answer_in_bytes_like_no_plan(desk: Office) -> None:
    await add_nudge(desk, 60)
    theirs = samples.briefing(TOM, 70, is_plan=True, status=BriefingStatus.ACTIVE)
    async with desk.store.tenant(TOM) as tx:
        await tx.briefings.add(theirs)
    async with desk.caller() as rita:
        for method, path, body in (
            ("GET", "", None),
            ("PATCH", "", {"version": 1, "shift_days": 1}),
            ("POST", "/pause", {"version": 1}),
            ("POST", "/resume", {"version": 1}),
            ("POST", "/end", {"version": 1}),
        ):
            answers = [await rita.request(method, f"{PLANS}/{uid(n)}{path}", json=body) for n in (70, 60, 99)]
            assert {(one.status_code, one.content) for one in answers} == {(404, answers[-1].content)}
    async with desk.store.tenant(TOM) as tx:
        assert await tx.briefings.get(uid(70)) == theirs


async def paused_plan(desk: Office) -> UUID:
    """A plan of Ben's that rests at version 2."""
    plan_id = await add_plan(desk)
    async with desk.caller() as rita:
        await rita.post(f"{PLANS}/{plan_id}/pause", json={"version": 1})
    return plan_id


async def test_the_co_pilot_s_question_is_settled_by_one_of_its_actions(desk: Office) -> None:
    plan_id = await paused_plan(desk)
    asked = await add_question(desk)
    async with desk.caller() as rita:
        listed = f"/api/v1/clients/{BEN}/copilot-actions"
        (question,) = (await rita.get(listed)).json()["items"]
        assert question["headline"] == "Ben wrote; 1 plan rests"
        offered = [(one["action"], one["plan_id"], one["version"]) for one in question["actions"]]
        assert offered == [(a, str(plan_id), 2) for a in ("resume_plan", "update_plan", "end_plan")]
        path = f"/api/v1/copilot/{asked.id}/actions"
        for wrong in (
            {"action": "send_everything", "plan_id": str(plan_id), "version": 2},
            {"action": "end_plan", "plan_id": str(uid(99)), "version": 2},
        ):
            assert (await rita.post(path, json=wrong)).status_code == 422
        stale = await rita.post(path, json={"action": "resume_plan", "plan_id": str(plan_id), "version": 1})
        assert stale.status_code == 409
        body = {"action": "update_plan", "plan_id": str(plan_id), "version": 2, "shift_days": 7}
        done = (await rita.post(path, json=body)).json()
        assert (done["plan"]["status"], done["steps"][0]["scheduled_at"]) == ("PAUSED", "2026-07-11T16:00:00Z")
        assert (await rita.get(listed)).json() == {"items": []}
        assert (await rita.post(path, json=body)).status_code == 200, "the same request once more"
    async with desk.store.tenant(RITA) as tx:
        assert (await tx.briefings.get(asked.id)).status is BriefingStatus.COMPLETED


@pytest.mark.parametrize(("action", "status"), [("resume_plan", "ACTIVE"), ("end_plan", "CANCELLED")])
async def test_the_co_pilot_resumes_and_ends(desk: Office, action: str, status: str) -> None:
    plan_id = await paused_plan(desk)
    asked = await add_question(desk, why="death")
    async with desk.caller() as rita:
        body = {"action": action, "plan_id": str(plan_id), "version": 2}
        done = (await rita.post(f"/api/v1/copilot/{asked.id}/actions", json=body)).json()
    assert done["plan"]["status"] == status


async def test_the_co_pilot_of_somebody_else_is_not_there(desk: Office) -> None:
    asked = await add_question(desk)
    async with desk.caller(TOM) as tom:
        body = {"action": "end_plan", "plan_id": str(uid(98)), "version": 1}
        foreign, missing = [await tom.post(f"/api/v1/copilot/{one}/actions", json=body) for one in (asked.id, uid(99))]
        assert (foreign.status_code, foreign.content) == (404, missing.content)
        clients = [await tom.get(f"/api/v1/clients/{one}/copilot-actions") for one in (BEN, uid(99))]
        assert (clients[0].status_code, clients[0].content) == (404, clients[1].content)


async def test_a_key_that_decides_does_not_make_texts_go_out(desk: Office) -> None:
    plan_id = await paused_plan(desk)
    async with desk.caller(RITA, Scope.NUDGES_WRITE, Scope.NUDGES_READ) as decider:
        assert (await decider.post(f"{PLANS}/{plan_id}/resume", json={"version": 2})).status_code == 403
        assert (await decider.patch(f"{PLANS}/{plan_id}", json={"version": 2, "shift_days": 1})).status_code == 403
        assert (await decider.post(f"{PLANS}/{plan_id}/end", json={"version": 2})).status_code == 200
