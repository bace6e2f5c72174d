"""`nudge why` as a professional runs it: a book on this machine, one client, one listing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from nudge_entrypoints.bootstrap import opened
from nudge_entrypoints.database import database
from nudge_entrypoints.settings import Settings, load
from tests import client_samples, samples
from tests.commands.test_command_line import nudge
from tests.samples import uid

LISTING = {"list_price_cents": 520_000_00, "beds": 3, "city": "Georgetown", "postal_code": "78626"}
HARD = {"max": 500_000, "hard": True}


async def fill(settings: Settings, url: str) -> None:
    """A buyer up to 500,000 and a home at 520,000."""
    wishes = {"roles": ["buyer"], "price": HARD, "areas": ["Georgetown"]}
    async with opened(settings, url) as app:
        async with app.parts.store.system() as tx:
            await tx.users.add(samples.user(1))
        async with app.parts.store.tenant(uid(1)) as tx:
            await tx.clients.add([samples.client(uid(1), 10, preferences=wishes)])
            await tx.client_facts.add(
                [client_samples.fact(uid(1), 40, uid(10), kind="price", value=HARD, source="note")]
            )
            payload = {"listing": LISTING, "change": {}}
            event = samples.market_event(uid(1), 50, event_type="new_listing", payload=payload, resource_id=None)
            await tx.market_events.add([event])


def test_why_prints_facts_sources_and_what_would_change_the_answer(tmp_path: Path) -> None:
    settings = load({"NUDGE_HOME": str(tmp_path)})
    with database(settings) as url:
        asyncio.run(fill(settings, url))
    said = nudge(tmp_path, "why", str(uid(10)), str(uid(50)))
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("NO (excluded_price)  new_listing")
    assert "from note, 2026-07-01: price" in said.stdout
    assert "listing   price: if it were $500,000 -> offer" in said.stdout
    told = json.loads(nudge(tmp_path, "why", str(uid(10)), str(uid(50)), "--json").stdout)
    assert (told["answer"], told["because"], told["together"]) == ("no", "excluded_price", "offer")
    missing = nudge(tmp_path, "why", str(uid(10)), str(uid(99)))
    assert (missing.returncode, missing.stdout) == (1, "")
