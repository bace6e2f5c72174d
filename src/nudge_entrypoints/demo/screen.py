"""What the demo shows in the terminal: the queue, one nudge with its reasons, and what became of every text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from nudge_core.model.briefing import AudienceMember, CampaignBriefing, Decision, Outcome
from nudge_core.model.client import Client
from nudge_core.model.json import JsonObject
from nudge_core.model.message import Delivery, Message, Receipt
from nudge_core.steps.review import Preview

MARKS = {Outcome.MET: ("✓", "green"), Outcome.MISSED: ("✗", "red"), Outcome.UNKNOWN: ("?", "yellow")}
TITLE_WIDTH = 60

STATES = {
    Delivery.QUEUED: ("waits", "yellow"),
    Delivery.SENDING: ("on its way", "yellow"),
    Delivery.IN_DOUBT: ("in doubt", "yellow"),
    Delivery.UNCONFIRMED: ("unconfirmed", "yellow"),
    Delivery.SENT: ("sent", "green"),
    Delivery.FAILED: ("failed", "red"),
    Delivery.WITHHELD: ("withheld", "magenta"),
    Delivery.CANCELLED: ("withdrawn", "magenta"),
    Delivery.RECEIVED: ("received", "cyan"),
}

REASONS = {
    "no_phone": "no phone number is known",
    "no_consent": "never agreed in writing to texts of this kind",
    "revoked": "asked to stop",
    "reply_unclear": "their last text must be answered by you first",
    "quiet_hours": "not at this hour where they are",
    "cap_day": "one text a day is enough",
    "cap_7_days": "two texts a week are enough",
    "cap_30_days": "six texts a month are enough",
    "listing_moved": "the home is no longer on offer",
    "price_changed": "the price has changed since",
    "overtaken": "a later event made it out of date",
    "expired": "it had lost its sense",
    "no_common_hour": "no lawful hour is known for where they may be",
    "country_not_covered": "their country's rules are not known",
}
"""Reason codes in words. A code that is not here is shown as it is."""


def queue_table(queue: Sequence[CampaignBriefing]) -> Table:
    """Return the queue, best first."""
    table = Table(title=f"{len(queue)} nudges wait for you", title_justify="left", expand=True)
    table.add_column("#", justify="right", style="dim")
    table.add_column("What happened")
    table.add_column("Best fit", justify="right")
    for number, briefing in enumerate(queue, 1):
        best = max((member.score for member in briefing.recipients), default=None)
        table.add_row(str(number), escape(briefing.headline), "" if best is None else f"{best:.0f}")
    return table


def nudge_panel(
    briefing: CampaignBriefing, previews: Sequence[Preview], names: Mapping[UUID, Client], place: str
) -> Panel:
    """Return one nudge: who and why, the words, what is odd about it."""
    parts: list[RenderableType] = [_odd(briefing.key_intel), _audience(briefing, names)]
    shown = next((p for p in previews if p.client_id in {m.client_id for m in briefing.recipients}), None)
    if shown is not None:
        who = names[shown.client_id].first_name or "the client"
        cost = f"{shown.parts} SMS part{'s' if shown.parts != 1 else ''}, drafted by {briefing.drafted_by}"
        parts.append(Panel(Text(shown.text), title=f"The text, as {escape(who)} would get it", subtitle=cost))
    else:
        parts.append(Panel(Text(briefing.draft), title="For you"))
    return Panel(Group(*parts), title=f"[bold]{escape(briefing.headline)}[/]", subtitle=place, title_align="left")


def co_pilot_panel(briefing: CampaignBriefing, written: str, place: str) -> Panel:
    """Return what a client wrote, and what may be done about it."""
    actions = briefing.key_intel.get("actions")
    offered = actions if isinstance(actions, (list, tuple)) else ()
    names = dict.fromkeys(str(one["action"]).replace("_", " ") for one in offered if isinstance(one, Mapping))
    what = Text("You may: " + ", ".join(names) if names else "", style="dim")
    return Panel(
        Group(Panel(Text(written), title="They wrote"), what),
        title=f"[bold]{escape(briefing.headline)}[/]",
        subtitle=place,
        title_align="left",
    )


def _odd(intel: JsonObject) -> Text:
    odd = intel.get("check")
    codes = [code for code in odd if isinstance(code, str)] if isinstance(odd, (list, tuple)) else []
    return Text("Look twice: " + ", ".join(code.replace("_", " ") for code in codes) if codes else "", style="yellow")


def _audience(briefing: CampaignBriefing, names: Mapping[UUID, Client]) -> Table:
    table = Table(expand=True, show_edge=False)
    table.add_column("Who")
    table.add_column("Score", justify="right")
    table.add_column("Why")
    for member in briefing.matched_audience:
        client = names[member.client_id]
        who = Text(client.full_name or "unknown", style="bold" if member.included else "dim")
        who.append(f"\n{member.role.value.replace('_', ' ')}", style="dim")
        if member.decision is Decision.ASK:
            who.append("\nask first", style="yellow")
        table.add_row(who, f"{member.score:.0f}", _why(member))
    return table


def _why(member: AudienceMember) -> Text:
    text = Text()
    for reason in member.reasons:
        mark, style = MARKS[reason.outcome]
        text.append(f"{mark} ", style=style)
        text.append(f"{reason.text}\n")
    text.right_crop(1)
    return text


def texts_table(messages: Sequence[Message], names: Mapping[UUID, Client], zone: str) -> Table:
    """Return what became of every text, and why."""
    table = Table(title="What became of the texts", title_justify="left", expand=True)
    table.add_column("To")
    table.add_column("State")
    table.add_column("Why, or what the carrier says", ratio=2)
    for message in messages:
        state, style = STATES[message.delivery]
        table.add_row(
            escape(names[message.client_id].full_name), Text(state, style=style), _outcome(message, ZoneInfo(zone))
        )
    return table


def _outcome(message: Message, zone: ZoneInfo) -> str:
    if message.delivery is Delivery.SENT:
        return {Receipt.DELIVERED: "delivered", Receipt.UNDELIVERED: "not delivered"}.get(
            message.receipt or Receipt.SENT, "handed to the carrier"
        )
    why = in_words(message.reason)
    if message.delivery is Delivery.QUEUED and message.not_before is not None:
        return f"until {moment(message.not_before, zone)}" + (f": {why}" if why else "")
    return why


def in_words(reason: str | None) -> str:
    """Return a reason code as a person would say it; `expired:cap_7_days` names both."""
    if reason is None:
        return ""
    return ", because ".join(REASONS.get(part, part.replace("_", " ")) for part in reason.split(":"))


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant on the professional's clock: `Tue May 5, 10:00 AM`."""
    local = instant.astimezone(zone)
    return f"{local:%a %b} {local.day}, {local:%I:%M %p}".replace(" 0", " ")


def replies_table(replies: Sequence[Message], names: Mapping[UUID, Client]) -> Table:
    """Return what clients wrote back."""
    table = Table(title="What they wrote back", title_justify="left", expand=True)
    table.add_column("From")
    table.add_column("Text")
    table.add_column("Read as")
    for reply in replies:
        read = "asked to stop: nothing more goes out" if (reply.reason or "").startswith("opt_out") else ""
        read = read or ("yours to answer" if reply.reason is None else in_words(reply.reason.split(":")[0]))
        table.add_row(escape(names[reply.client_id].full_name or "unknown"), Text(reply.content), read)
    return table
