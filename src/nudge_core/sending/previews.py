"""The text of a briefing as each client would get it, for any number of briefings in a fixed number of reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from attrs import field, frozen

from nudge_core.model.briefing import AudienceMember, CampaignBriefing
from nudge_core.model.client import Client
from nudge_core.model.event import MarketEvent
from nudge_core.model.message import EarlierTexts
from nudge_core.model.user import User
from nudge_core.policy.findings import Finding, Severity
from nudge_core.policy.placeholders import fill
from nudge_core.policy.segments import Encoding, plain_characters, segments
from nudge_core.policy.switches import rules_for
from nudge_core.policy.wording import OPT_OUT_EVERY, first_text, hidden_links, tells_how_to_stop, with_opt_out_line
from nudge_core.ports import TenantTransaction
from nudge_core.verticals.base import Vertical

_MOMENT = timedelta.resolution  # what is exactly so old is too old
PARTS_AT_MOST = 4  # SMS parts of one text; messaging.md section 8


@frozen(kw_only=True)
class Preview:
    """The text as one client would get it.

    `parts`: SMS parts. `units`: what is counted towards them, in that encoding. `findings`: what the rules
    say of this very text; one that blocks refuses the approval.
    """

    client_id: UUID
    text: str = field(repr=False)
    parts: int
    encoding: Encoding = Encoding.GSM7
    units: int = 0
    findings: tuple[Finding, ...] = ()


@frozen(kw_only=True)
class Surroundings:
    """What previews are made from: of all briefings at once. Clients and events that are gone have no entry.

    `link_hosts`: those that the owner's texts may link to; None: any.
    """

    user: User
    link_hosts: frozenset[str] | None
    clients: Mapping[UUID, Client]
    events: Mapping[UUID, MarketEvent]
    earlier: Mapping[UUID, EarlierTexts]

    def event_of(self, briefing: CampaignBriefing) -> MarketEvent | None:
        """Return what happened, where a briefing tells of something."""
        return None if briefing.triggering_event_id is None else self.events.get(briefing.triggering_event_id)

    def needs_opt_out_line(self, client_id: UUID) -> bool:
        """Say whether the client was not told for `OPT_OUT_EVERY`, or never, how to stop the texts (C13)."""
        earlier = self.earlier.get(client_id)
        return earlier is None or not any(tells_how_to_stop(words) for words in earlier.recent)


async def surroundings(tx: TenantTransaction, briefings: Sequence[CampaignBriefing]) -> Surroundings:
    """Read what the previews of these briefings need: four queries, however many briefings and clients there are."""
    people = {member.client_id for briefing in briefings for member in briefing.matched_audience}
    people |= {briefing.client_id for briefing in briefings if briefing.client_id is not None}
    events = {one.triggering_event_id for one in briefings if one.triggering_event_id is not None}
    user = await tx.users.get(tx.user_id)
    return Surroundings(
        user=user,
        link_hosts=rules_for(user).link_hosts,
        clients={client.id: client for client in await tx.clients.of(people, [])},
        events={event.id: event for event in await tx.market_events.get(sorted(events))},
        earlier=await tx.messages.earlier(people, tx.now - OPT_OUT_EVERY + _MOMENT),
    )


def preview_of(
    briefing: CampaignBriefing, member: AudienceMember, around: Surroundings, vertical: Vertical
) -> Preview | None:
    """Return what one member of the audience would get; None when the client is gone."""
    client, event = around.clients.get(member.client_id), around.event_of(briefing)
    if client is None:
        return None
    values = vertical.personal(event, member, client) if event else _only_name(client)
    text = plain_characters(fill(briefing.draft, values))
    earlier = around.earlier.get(client.id)
    if around.needs_opt_out_line(client.id):
        text = with_opt_out_line(text)
    counted = segments(text)
    return Preview(
        client_id=client.id,
        text=text,
        parts=counted.parts,
        encoding=counted.encoding,
        units=counted.units,
        findings=_findings(text, counted.parts, around, is_first=earlier is None),
    )


def previews_of(briefing: CampaignBriefing, around: Surroundings, vertical: Vertical) -> tuple[Preview, ...]:
    """Return the previews of the whole audience, in its order, without clients who are gone."""
    found = (preview_of(briefing, member, around, vertical) for member in briefing.matched_audience)
    return tuple(one for one in found if one is not None)


def _only_name(client: Client) -> Mapping[str, str]:
    return {"first_name": client.first_name, "reason": "", "question": ""}


def _findings(text: str, parts: int, around: Surroundings, *, is_first: bool) -> tuple[Finding, ...]:
    """Return what depends on the very text: its length, its links, and what a first text must say."""
    found = list(() if around.link_hosts is None else hidden_links(text, around.link_hosts))
    if is_first:
        found += first_text(text, around.user.first_name, around.user.business_name)
    if parts > PARTS_AT_MOST:
        advice = f"at most {PARTS_AT_MOST} SMS parts for every client"
        found.append(
            Finding(rule="length", severity=Severity.BLOCK, start=0, end=len(text), found=text, suggestion=advice)
        )
    return tuple(found)
