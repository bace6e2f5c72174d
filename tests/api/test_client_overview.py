"""How the professional stands with each client, in counts."""

from __future__ import annotations

from attrs import evolve

from nudge_core.model.briefing import BriefingStatus
from nudge_entrypoints.http.identity import Scope
from tests import samples
from tests.api.office import RITA, TOM, Office
from tests.samples import later, uid

DAY = 86_400


async def test_the_score_is_the_sum_of_what_is_shown(office: Office) -> None:
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add(
            [
                samples.client(RITA, 10, full_name="Ana", last_interaction=later(-200 * DAY), email="a@example.com"),
                samples.client(RITA, 11, full_name="Ben", phone="+15125550177", last_interaction=later(-1)),
                samples.client(RITA, 12, full_name="Cleo", phone=None, created_at=later(-5_000 * DAY)),
            ]
        )
        await tx.suppressions.add(samples.suppression(RITA, 1))
        for number in range(5):
            await tx.messages.receive(samples.inbound(RITA, 70 + number, uid(11)))
        for number, status in ((60, BriefingStatus.ACTIVE), (61, BriefingStatus.PAUSED)):
            plan = samples.briefing(RITA, number, client_id=uid(11), is_plan=True)
            await tx.briefings.add(plan)
            saved = await tx.briefings.save(evolve(plan, status=BriefingStatus.ACTIVE))
            if status is BriefingStatus.PAUSED:
                await tx.briefings.save(evolve(saved, status=status))
    async with office.caller(RITA) as rita, office.caller(TOM) as tom, office.caller(RITA, Scope.NUDGES_READ) as narrow:
        told = (await rita.get("/api/v1/clients/overview", params={"limit": 2})).json()
        rest = (await rita.get("/api/v1/clients/overview", params={"limit": 2, "cursor": told["next_cursor"]})).json()
        ana, ben, cleo = told["items"] + rest["items"]
        assert (ana["attention"], ana["quiet_periods"], ana["days_since_contact"]) == (2, 2, 200)
        assert (ana["silenced"], ana["unreachable"]) == (True, False)
        assert (ben["attention"], ben["unread"], ben["active_plans"], ben["paused_plans"]) == (4, 5, 1, 1)
        assert (cleo["attention"], cleo["quiet_periods"], cleo["unreachable"]) == (5, 4, True)
        assert cleo["days_since_contact"] is None
        assert (await tom.get("/api/v1/clients/overview")).json() == {"items": [], "next_cursor": None}
        assert (await narrow.get("/api/v1/clients/overview")).status_code == 403
