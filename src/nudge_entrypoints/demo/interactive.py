"""The demo in a terminal: each morning the queue, one nudge after the other, and in the evening what became of it.

The questions are asked between the walk's transactions, never inside one: Ctrl-C at any prompt loses nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.prompt import Prompt

from nudge_core.errors import Invalid, NudgeError
from nudge_core.model.briefing import CO_PILOT, CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.feedback import DismissReason
from nudge_core.model.message import Direction, Message
from nudge_core.policy.findings import Finding, Severity
from nudge_core.steps import review
from nudge_entrypoints.bootstrap import MARKET_START, opened
from nudge_entrypoints.database import database
from nudge_entrypoints.demo.clock import DemoClock, stored_instant
from nudge_entrypoints.demo.headless import DATABASE, DAY, Say, open_demo
from nudge_entrypoints.demo.morning import Demo, unreadable
from nudge_entrypoints.demo.progress import progress
from nudge_entrypoints.demo.screen import co_pilot_panel, moment, nudge_panel, queue_table, replies_table, texts_table
from nudge_entrypoints.settings import Settings

FIRST_DAYS = 3  # of the market before the first queue is shown: enough for a queue worth clearing
TEXTS_SHOWN = 25
SNOOZE = timedelta(hours=20)  # until the next morning

WELCOME = """\
You are Dana Whitfield, a realtor in Austin with a book of 30 clients. A local MLS server invents a market; Nudge
polls it, finds the few who would care about each change, and drafts a text. Nothing goes out without your yes.
Texts go to a simulated carrier, at lawful hours of the demo's own clock. Ctrl-C stops at any time and loses nothing."""

CHOICES = {
    "a": "approve",
    "e": "edit the words",
    "w": "choose who gets it",
    "d": "dismiss, with a reason",
    "z": "snooze until tomorrow",
    "s": "skip for now",
    "q": "stop here",
}


class Stop(Exception):
    """The person wants to stop here."""


def run_in_terminal(settings: Settings, days: int) -> None:
    """Run the demo with questions, for at most `days` mornings."""
    console = Console()
    console.print(Panel(WELCOME, title="[bold]Nudge[/]: the demo", title_align="left"))
    try:
        with database(settings, DATABASE, say=console.print) as url, asyncio.Runner() as runner:
            Session(console, runner, settings, url).run(days)
    except (Stop, KeyboardInterrupt, EOFError):
        console.print("\nStopped. Nothing is lost: run it again to go on from here.")


class Session:
    """One sitting: a console to ask on, and a loop to run the walk in between questions."""

    def __init__(self, console: Console, runner: asyncio.Runner, settings: Settings, url: str) -> None:
        self.console, self.runner = console, runner
        self.settings, self.url = settings, url
        self.clock = DemoClock(MARKET_START)
        self.demo: Demo

    def run(self, days: int) -> None:
        """Go through mornings until the person has had enough."""
        context = opened(self.settings, self.url, self.clock)
        app = self.runner.run(context.__aenter__())
        try:
            self.demo = self.runner.run(open_demo(app, self.clock))
            self._tell_of_unreadable()
            for _ in range(days):
                self._morning()
                self._clear_queue()
                self._evening()
                if self._ask("Go on to the [b]n[/]ext morning, or [b]q[/]uit?", ["n", "q"], "n") == "q":
                    raise Stop
        finally:
            self.runner.run(context.__aexit__(None, None, None))

    def _tell_of_unreadable(self) -> None:
        names = self._names()
        for client_id, rule in self.runner.run(unreadable(self.demo)).items():
            self.console.print(f"[yellow]{names[client_id].full_name}'s wishes cannot be read: {rule}[/]")

    def _morning(self) -> None:
        with progress(console=self.console) as say:
            self.runner.run(self._read_market(say))
        queue = self.runner.run(self.demo.queue())
        zone = ZoneInfo(self.demo.user.timezone)
        self.console.rule(f"[bold]{moment(self.clock.now(), zone)}[/]")
        self.console.print(queue_table(queue) if queue else "Nothing new that anybody in your book would care about.")

    async def _read_market(self, say: Say) -> None:
        """Read the feed once for each day since it was read last; at the first start for some days at once."""
        last = stored_instant(self.demo.user, "read")
        mornings = 1 if last is not None else FIRST_DAYS + 1
        begin = MARKET_START if last is None else last + DAY
        for day in range(mornings):
            say("reading the MLS", day, mornings)
            await self.demo.move_to(begin + day * DAY)
            await self.demo.read_and_draft()
            await self.demo.remember(read=begin + day * DAY)

    def _clear_queue(self) -> None:
        queue = self.runner.run(self.demo.queue())
        for number, briefing in enumerate(queue, 1):
            if briefing.campaign_type == CO_PILOT:
                self._tell_of(briefing, f"{number} of {len(queue)}")
            else:
                self._decide(briefing.id, f"{number} of {len(queue)}")

    def _tell_of(self, briefing: CampaignBriefing, place: str) -> None:
        """Show what somebody wrote: no text of ours to approve, but something to answer by hand."""
        self.console.print(co_pilot_panel(briefing, self.runner.run(self._written(briefing)), place))
        choice = self._ask("[b]d[/]one with it, [b]s[/]kip, or [b]q[/]uit?", ["d", "s", "q"], "s")
        if choice == "q":
            raise Stop
        if choice == "d":
            self.runner.run(self._dismiss(briefing, DismissReason.OTHER))

    async def _written(self, briefing: CampaignBriefing) -> str:
        if briefing.parent_message_id is None:
            return ""
        async with self.demo.parts.store.tenant(self.demo.user.id) as tx:
            return (await tx.messages.get(briefing.parent_message_id)).content

    def _decide(self, briefing_id: UUID, place: str) -> None:
        while True:
            briefing, previews = self.runner.run(self._look(briefing_id))
            self.console.print(nudge_panel(briefing, previews, self._names(), place))
            self._warn(self.demo.parts.vertical(self.demo.user.vertical).lint(briefing.draft))
            self.console.print("  ".join(f"[b]{key}[/] {what}" for key, what in CHOICES.items()), style="dim")
            choice = self._ask("Your decision", list(CHOICES), "s")
            if choice == "q":
                raise Stop
            if choice == "s":
                return
            try:
                if self._act(choice, briefing):
                    return
            except Invalid as error:
                self.console.print(f"[red]Not like this: {escape(error.field)} must be {escape(error.rule)}.[/]")
            except NudgeError as error:
                self.console.print(f"[red]{escape(str(error))}[/]")

    def _act(self, choice: str, briefing: CampaignBriefing) -> bool:
        """Do what was chosen; True when the nudge is done with."""
        if choice == "a":
            approved = self.runner.run(self._approve(briefing))
            self.console.print(f"[green]{len(approved.message_ids)} text(s) released.[/]")
        elif choice == "d":
            reason = self._ask("Why not?", [reason.value for reason in DismissReason], DismissReason.NOT_A_FIT.value)
            self.runner.run(self._dismiss(briefing, DismissReason(reason)))
        elif choice == "z":
            self.runner.run(self._snooze(briefing))
        elif choice == "e":
            self._edit(briefing)
            return False
        else:
            self._choose(briefing)
            return False
        return True

    def _edit(self, briefing: CampaignBriefing) -> None:
        if os.environ.get("EDITOR"):
            text = (click.edit(briefing.draft) or "").strip()
        else:
            self.console.print(briefing.draft, markup=False)
            text = self.console.input("New words (empty keeps them): ").strip()
        if text:
            self.runner.run(self._store_edit(briefing, text))

    def _warn(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            verb = "cannot stay" if finding.severity is Severity.BLOCK else "needs a second look"
            said = f"{finding.found!r} {verb}: {finding.suggestion}"
            self.console.print(f"[yellow]{escape(said)}[/]")

    def _choose(self, briefing: CampaignBriefing) -> None:
        names = self._names()
        for number, member in enumerate(briefing.matched_audience, 1):
            self.console.print(f"{number}  {names[member.client_id].full_name}")
        wanted = self.console.input("Numbers of those who get it, blanks between: ").split()
        if not all(word.isdigit() and 1 <= int(word) <= len(briefing.matched_audience) for word in wanted):
            raise Invalid("audience", "numbers of the list", wanted)
        chosen = [briefing.matched_audience[int(word) - 1].client_id for word in wanted]
        self.runner.run(self._store_audience(briefing, chosen))

    def _evening(self) -> None:
        with progress(console=self.console) as say:
            say("sending, and listening for answers", 0, 1)
            before = self.runner.run(self._messages())
            self.runner.run(self.demo.deliver(until=self.clock.now() + timedelta(hours=12)))
        after = self.runner.run(self._messages())
        names = self._names()
        known = {message.id: message for message in before}
        news = [m for m in after if m.direction is Direction.INBOUND and m.id not in known]
        texts = [m for m in after if m.direction is Direction.OUTBOUND and known.get(m.id) != m]
        waiting = [m for m in after if m.direction is Direction.OUTBOUND and m not in texts and not m.provider_sid]
        if texts or waiting:
            self.console.print(texts_table([*texts, *waiting][:TEXTS_SHOWN], names, self.demo.user.timezone))
        if news:
            self.console.print(replies_table(news, names))

    async def _look(self, briefing_id: UUID) -> tuple[CampaignBriefing, tuple[review.Preview, ...]]:
        vertical = self.demo.parts.vertical(self.demo.user.vertical)
        async with self.demo.parts.store.tenant(self.demo.user.id) as tx:
            briefing = await tx.briefings.get(briefing_id)
            return briefing, await review.preview(tx, briefing, vertical)

    async def _approve(self, briefing: CampaignBriefing) -> review.Approved:
        vertical = self.demo.parts.vertical(self.demo.user.vertical)
        async with self.demo.parts.store.tenant(self.demo.user.id) as tx:
            return await review.approve(tx, briefing.id, self.demo.user.full_name, vertical, version=briefing.version)

    async def _dismiss(self, briefing: CampaignBriefing, reason: DismissReason) -> None:
        vector = await self.demo.meaning_of(briefing)
        vertical = self.demo.parts.vertical(self.demo.user.vertical)
        async with self.demo.parts.store.tenant(self.demo.user.id) as tx:
            await review.dismiss(tx, briefing.id, self.demo.user.full_name, reason, vertical=vertical, vector=vector)

    async def _snooze(self, briefing: CampaignBriefing) -> None:
        async with self.demo.parts.store.tenant(self.demo.user.id) as tx:
            await review.snooze(tx, briefing.id, self.demo.user.full_name, tx.now + SNOOZE)

    async def _store_edit(self, briefing: CampaignBriefing, text: str) -> tuple[Finding, ...]:
        vertical = self.demo.parts.vertical(self.demo.user.vertical)
        async with self.demo.parts.store.tenant(self.demo.user.id) as tx:
            return await review.edit(tx, briefing.id, text, self.demo.user.full_name, vertical)

    async def _store_audience(self, briefing: CampaignBriefing, chosen: list[UUID]) -> None:
        async with self.demo.parts.store.tenant(self.demo.user.id) as tx:
            await review.choose_audience(tx, briefing.id, chosen, self.demo.user.full_name)

    async def _messages(self) -> list[Message]:
        async with self.demo.parts.store.tenant(self.demo.user.id) as tx:
            book = await tx.clients.book()
            return [message for client in book for message in await tx.messages.of_client(client.id, TEXTS_SHOWN)]

    def _names(self) -> Mapping[UUID, Client]:
        async def read() -> Mapping[UUID, Client]:
            async with self.demo.parts.store.tenant(self.demo.user.id) as tx:
                return {client.id: client for client in await tx.clients.book()}

        return self.runner.run(read())

    def _ask(self, question: str, choices: list[str], default: str) -> str:
        return Prompt.ask(
            question, choices=choices, default=default, console=self.console, show_choices=len(choices) < 9
        )
