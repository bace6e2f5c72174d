"""The figures of both stores against a count by hand over what the test itself wrote down, in worlds drawn by lot."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime

import pytest
from attrs import define, field

from nudge_adapters.memory import MemoryStore
from nudge_adapters.sql.store import SqlStore
from nudge_core.model.briefing import CO_PILOT
from nudge_core.model.interaction import InteractionKind
from nudge_core.model.message import Delivery, Receipt
from nudge_core.model.statistics import OwnerCounts
from nudge_core.policy.consent import OPT_OUTS, SilenceReason
from nudge_core.ports import Store
from tests import samples
from tests.samples import NOON, CountingIds, SteppingClock, later, uid

RITA = uid(1)
CLIENTS = {uid(10 + number): f"+1512555{2000 + number}" for number in range(4)}
STEPS, STEP_S = 60, 100


@define
class Diary:
    """What happened, as tuples that begin with when."""

    proposed: list[datetime] = field(factory=list)
    decided: list[tuple[datetime, str, object, str]] = field(factory=list)
    sent: list[tuple[datetime, object, str, bool]] = field(factory=list)
    withheld: list[tuple[datetime, str]] = field(factory=list)
    heard: list[tuple[datetime, object]] = field(factory=list)
    silenced: list[tuple[datetime, str]] = field(factory=list)
    interactions: list[tuple[datetime, str]] = field(factory=list)


async def live(store: Store, clock: SteppingClock, seed: int) -> Diary:
    """Let a practice live through a stretch of time drawn by lot."""
    chance, diary, nudges = random.Random(seed), Diary(), []
    async with store.system() as tx:
        await tx.users.add(samples.user(1))
    async with store.tenant(RITA) as tx:
        await tx.clients.add([samples.client(RITA, one.int, phone=phone) for one, phone in CLIENTS.items()])
    for step in range(1, STEPS + 1):
        clock.forward(STEP_S)
        now, client = clock.now(), chance.choice(list(CLIENTS))
        what = chance.choice(["nudge", "decide", "send", "withhold", "hear", "silence", "interact"])
        async with store.tenant(RITA) as tx:
            if what == "nudge":
                is_plan, kind = chance.random() < 0.2, chance.choice(["price_drop", "new_listing", CO_PILOT])
                made = samples.briefing(RITA, 1_000 + step, created_at=now, is_plan=is_plan, campaign_type=kind)
                await tx.briefings.add(made)
                nudges.append((made.id, not is_plan and kind != CO_PILOT))
                if nudges[-1][1]:
                    diary.proposed.append(now)
            elif what == "decide" and nudges:
                briefing_id, counts = chance.choice(nudges)
                action = chance.choice(["approved", "edited", "dismissed", "snoozed"])
                reason = chance.choice(["price", "area"])
                entry = samples.audit_entry(
                    RITA, 2_000 + step, briefing_id, at=now, action=f"briefing.{action}", facts={"reason": reason}
                )
                await tx.audit.add([entry])
                if counts:
                    diary.decided.append((now, action, briefing_id, reason))
            elif what in ("send", "withhold"):
                text = samples.approved(RITA, 3_000 + step, client, recipient=CLIENTS[client])
                await tx.messages.queue([text])
                if what == "send":
                    receipt = chance.choice([Receipt.SENT, Receipt.DELIVERED, Receipt.UNDELIVERED, Receipt.READ])
                    await tx.messages.move(
                        text.id, attempt=None, expected=[Delivery.QUEUED], to=Delivery.SENT, provider_sid=f"S{step}",
                        receipt=receipt,
                    )  # fmt: skip
                    reached = receipt in (Receipt.DELIVERED, Receipt.READ)
                    diary.sent.append((now, client, CLIENTS[client], reached))
                else:
                    reason = chance.choice(["revoked", "no_consent"])
                    await tx.messages.move(
                        text.id, attempt=None, expected=[Delivery.QUEUED], to=Delivery.WITHHELD, reason=reason
                    )
                    diary.withheld.append((now, reason))
            elif what == "hear":
                await tx.messages.receive(samples.inbound(RITA, 4_000 + step, client, created_at=now))
                diary.heard.append((now, client))
            elif what == "silence":
                why = chance.choice(list(SilenceReason))
                active = chance.random() < 0.8
                record = samples.suppression(
                    RITA, 5_000 + step, phone=CLIENTS[client], reason=why.value, created_at=now, active=active
                )
                await tx.suppressions.add(record)
                if active and why in OPT_OUTS:
                    diary.silenced.append((now, CLIENTS[client]))
            elif what == "interact":
                kind_of = chance.choice(list(InteractionKind))
                await tx.interactions.add([samples.interaction(RITA, 6_000 + step, client, at=now, kind=kind_of)])
                diary.interactions.append((now, kind_of.value))
    return diary


def by_hand(diary: Diary, since: datetime, until: datetime) -> OwnerCounts:
    """Count what a diary says."""

    def then(moment: tuple[datetime, ...] | tuple[object, ...]) -> bool:
        assert isinstance(moment[0], datetime)
        return since <= moment[0] < until

    decided = [one for one in diary.decided if then(one)]
    sent = [one for one in diary.sent if then(one)]
    clients = {client: min(at for at, other, *_ in sent if other == client) for _, client, *_ in sent}
    phones = {phone: min(at for at, _, other, _ in sent if other == phone) for _, _, phone, _ in sent}
    heard = [one for one in diary.heard if then(one)]
    silenced = [one for one in diary.silenced if then(one)]
    return OwnerCounts(
        proposed=sum(since <= at < until for at in diary.proposed),
        approved=len({one for _, action, one, _ in decided if action == "approved"}),
        edited=len({one for _, action, one, _ in decided if action == "edited"}),
        dismissed=Counter(reason for _, action, _, reason in decided if action == "dismissed"),
        sent=len(sent),
        delivered=sum(reached for *_, reached in sent),
        withheld=Counter(reason for _, reason in filter(then, diary.withheld)),
        received=len(heard),
        clients_texted=len(clients),
        clients_replied=len({client for at, client in heard if client in clients and at >= clients[client]}),
        opt_outs=len({phone for _, phone in silenced}),
        phones_texted=len(phones),
        phones_opted_out=len({phone for at, phone in silenced if phone in phones and at >= phones[phone]}),
        interactions=Counter(kind for _, kind in filter(then, diary.interactions)),
    )


@pytest.mark.parametrize("seed", range(5))
async def test_both_stores_count_what_a_person_counts(sql_store: SqlStore, clock: SteppingClock, seed: int) -> None:
    own = SteppingClock()
    memory = MemoryStore(own, CountingIds(1))
    diary = await live(memory, own, seed)
    assert await live(sql_store, clock, seed) == diary
    chance = random.Random(seed)
    end = STEPS * STEP_S
    stretches = [(NOON, later(end + 1))]
    stretches += [(later(a), later(b)) for a, b in (sorted(chance.sample(range(0, end, 50), 2)) for _ in range(8))]
    for since, until in stretches:
        expected = by_hand(diary, since, until)
        for store in (memory, sql_store):
            async with store.tenant(RITA) as tx:
                assert await tx.statistics.counts(since, until) == expected
    whole = by_hand(diary, *stretches[0])
    assert min(whole.proposed, whole.sent, whole.received, whole.opt_outs) > 0
