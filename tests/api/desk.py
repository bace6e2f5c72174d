"""What lies on Rita's desk: clients, nudges that wait, a plan, a question of the co-pilot's."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from uuid import UUID

from attrs import evolve

from nudge_core.model.briefing import AudienceMember, CampaignBriefing
from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.policy.facts import GateRules
from nudge_core.steps import propose, schedule
from nudge_core.steps.schedule import TextToPlan
from tests import samples
from tests.api.office import RITA, TOM, Office
from tests.samples import NOON, uid

WORDS = "Hi {first_name}, the home on Timber St is $20,000 less. Rita"
BEN, ANA = uid(10), uid(11)


async def add_people(office: Office) -> None:
    """Store two clients of Rita's and one of Tom's, all with consent."""
    async with office.store.tenant(RITA) as tx:
        await tx.clients.add(
            [
                samples.client(RITA, 10, email="ben@example.com"),
                samples.client(RITA, 11, full_name="Ana Lima", phone="+15125550198"),
            ]
        )
        await tx.consents.add(
            [samples.consent(RITA, 1, BEN), samples.consent(RITA, 2, ANA, phone="+15125550198")]
        )  # fmt: skip
    async with office.store.tenant(TOM) as tx:
        await tx.clients.add([samples.client(TOM, 20)])


async def add_nudge(office: Office, number: int, *members: AudienceMember, **changes: Any) -> CampaignBriefing:
    """Store a nudge that waits; without members Ben would get it."""
    audience = members or (samples.member(BEN, 80),)
    values = {"original_draft": WORDS, "matched_audience": audience} | changes
    briefing = samples.briefing(RITA, number, **values)
    async with office.store.tenant(RITA) as tx:
        await tx.briefings.add(briefing)
    return briefing


async def add_plan(office: Office, days: int = 3, *, key: str = "a") -> UUID:
    """Plan a text for Ben in so many days; return the plan's id."""
    wish = TextToPlan(
        key=key,
        client_id=BEN,
        content="Hi Ben, how is the garden doing?",
        day=(NOON + timedelta(days=days)).date(),
        at=time(11),
        timezone="America/Chicago",
    )
    async with office.store.tenant(RITA) as tx:
        planned = await schedule.schedule_one(tx, wish, "rita", GateRules())
    assert planned.parent_plan_id is not None
    return planned.parent_plan_id


async def add_question(office: Office, number: int = 900, why: str = "reply") -> CampaignBriefing:
    """Let the co-pilot ask about Ben."""
    note = OutboxNote(
        id=uid(number), topic=Topic.CONVERSE, user_id=RITA, dedupe_key=f"ask:{number}", created_at=NOON,
        payload={"client_id": str(BEN), "why": why},
    )  # fmt: skip
    async with office.store.tenant(RITA) as tx:
        await tx.notes.add([note])
    async with office.store.system() as tx:
        (claimed,) = [one for one in await tx.notes.claim([Topic.CONVERSE], 10, 60) if one.id == note.id]
    async with office.store.tenant(RITA) as tx:
        asked = await propose.propose(tx, evolve(claimed))
    assert asked is not None
    return asked


async def actions_of(office: Office, subject_id: UUID) -> list[tuple[str, str]]:
    """Return what was decided about a thing, and by whom, oldest first."""
    async with office.store.tenant(RITA) as tx:
        return [(entry.action, entry.actor) for entry in await tx.audit.of_subject(subject_id)]
