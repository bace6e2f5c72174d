"""What is plugged in where, whether it answers, and what is wrong with it: one line for each part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from attrs import frozen

from nudge_core.errors import Misconfigured, NudgeError
from nudge_core.model.health import RedisState
from nudge_core.verticals import VERTICALS
from nudge_core.walk.health import examine as examine_health
from nudge_entrypoints.bootstrap import App, opened
from nudge_entrypoints.database import database
from nudge_entrypoints.servers import redis_address
from nudge_entrypoints.settings import Settings


@frozen(kw_only=True)
class Finding:
    """One part: its kind, the name it was chosen by, whether it is well, and what it said."""

    part: str
    name: str
    well: bool
    said: str

    def line(self) -> str:
        """Return the finding as a line."""
        return f"{'ok  ' if self.well else 'FAIL'} {self.part:10} {self.name:14} {self.said}"

    def as_json(self) -> dict[str, object]:
        """Return the finding as a JSON object."""
        return {"part": self.part, "name": self.name, "well": self.well, "said": self.said}


def examine(settings: Settings) -> list[Finding]:
    """Ask every part of this installation how it is. Never raises for what a part says."""
    where = "embedded" if settings.database_url is None else "external"
    try:
        with database(settings) as url:
            return asyncio.run(_examine(settings, url, where))
    except NudgeError as error:
        return [Finding(part="database", name=where, well=False, said=_first_line(error))]


async def _examine(settings: Settings, url: str, where: str) -> list[Finding]:
    try:
        async with opened(settings, url) as app:
            return await _ask_all(app, settings, where)
    except Misconfigured as error:
        return [Finding(part="settings", name="", well=False, said=problem) for problem in error.problems]


async def _ask_all(app: App, settings: Settings, where: str) -> list[Finding]:
    findings = [await _ask("database", where, app.parts.store.ping)]
    findings.append(await _ask("carrier", settings.carrier, app.parts.gateway.ping))
    findings += [await _ask("drafter", drafter.name, drafter.ping) for drafter in app.parts.drafters]
    embedder = app.parts.embedder
    if embedder is None:
        findings.append(Finding(part="embedder", name="none", well=True, said="order without similarity of meaning"))
    else:
        findings.append(await _ask("embedder", settings.embedder, embedder.ping))
    findings.append(Finding(part="verticals", name=", ".join(sorted(VERTICALS)), well=True, said="built in"))
    keys = len(settings.secret_keys)
    said = f"{keys} key{'s' if keys != 1 else ''}" if keys else "no keys: MLS passwords cannot be stored"
    findings.append(Finding(part="secrets", name="NUDGE_SECRET_KEYS", well=True, said=said))
    findings.append(await _ask_redis(settings))
    findings.append(await _ask("workers", "", lambda: _workers(app)))
    return findings + await _ask_feeds(app)


async def _ask_redis(settings: Settings) -> Finding:
    """Redis only makes wake-ups quicker: one that is configured and does not answer is worth a FAIL, none is not."""
    from nudge_entrypoints.worker import Wake

    where = "embedded" if settings.redis_url is None else "external"
    wake = Wake(lambda: redis_address(settings))
    state = await wake.state()
    await wake.aclose()
    said = {
        RedisState.CONNECTED: "wake-ups arrive at once",
        RedisState.GONE: "does not answer: workers poll every 15 s until it does",
        RedisState.NONE: "does not run: workers poll every 15 s; `nudge up` starts it",
    }
    return Finding(part="redis", name=where, well=state is not RedisState.GONE, said=said[state])


async def _workers(app: App) -> str:
    health = await examine_health(app.parts.store)
    late = f"; {', '.join(health.problems)}" if health.problems else ""
    count = (
        "none seen lately: `nudge worker` or `nudge up` starts one" if not health.workers else f"{health.workers} seen"
    )
    return f"{count}; {health.texts_due} texts due, {health.notes.get('parked', 0)} notes gave up{late}"


async def _ask_feeds(app: App) -> list[Finding]:
    async with app.parts.store.system() as tx:
        users = await tx.users.all()
    if not users:
        return [Finding(part="feeds", name="", well=True, said="no professionals yet")]
    findings = []
    for source, user in sorted({user.feed_source: user for user in users}.items()):
        try:
            feed = app.feed(user)
        except Misconfigured as error:
            findings += [Finding(part="feed", name=source, well=False, said=problem) for problem in error.problems]
            continue
        findings.append(await _ask("feed", source, feed.ping))
        await feed.aclose()
    return findings


async def _ask(part: str, name: str, ping: Callable[[], Awaitable[str]]) -> Finding:
    try:
        return Finding(part=part, name=name, well=True, said=await ping())
    except NudgeError as error:
        return Finding(part=part, name=name, well=False, said=_first_line(error))


def _first_line(error: NudgeError) -> str:
    return str(error).partition("\n")[0]
