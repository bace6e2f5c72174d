"""Clients: the book itself, what is wished, and what was agreed to."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import evolve, field, frozen
from litestar import Controller, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT
from msgspec import UNSET, UnsetType

from nudge_core.model import fields
from nudge_core.model.client import Client, ClientFilter, ClientOrder, Role
from nudge_core.model.consent import Consent, ConsentKind, Suppression
from nudge_core.model.json import plain_json
from nudge_core.model.lines import ClientLine
from nudge_core.model.message import MessageClass
from nudge_core.policy.consent import SilenceReason
from nudge_core.policy.outcomes import Outcome, Send, Wait
from nudge_core.policy.reasons import explain
from nudge_core.ports import Reader, TenantTransaction
from nudge_core.steps import book
from nudge_core.steps.consent import lift, standing, suppress
from nudge_core.steps.erase import EraseReason, erase
from nudge_core.verticals import Vertical
from nudge_core.walk import embed_client
from nudge_entrypoints.http.api.bodies_of_change import changes_of, given, short_texts, small_json
from nudge_entrypoints.http.api.context import Api, Caller, TheApi, TheReader
from nudge_entrypoints.http.api.instants import utc
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import READS, SCOPE, Scope, stood

_NAME = fields.text(200, at_least=1)
_NOTES = fields.text(100_000)


@frozen(kw_only=True)
class ClientView:
    """A client. `tags` are the professional's own, `proposed_tags` what was read from notes."""

    id: UUID
    full_name: str = field(repr=False)
    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    phone_as_given: str | None = field(repr=False)
    notes: str = field(repr=False)
    tags: tuple[str, ...] = field(repr=False)
    proposed_tags: tuple[str, ...] = field(repr=False)
    preferences: dict[str, Any] = field(repr=False)
    last_interaction: datetime | None
    timezone: str | None
    created_at: datetime
    version: int


@frozen(kw_only=True)
class ClientPage:
    """Some of them, and where to go on."""

    items: tuple[ClientLine, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class TagView:
    """A tag, and how many clients have it."""

    name: str = field(repr=False)
    count: int


@frozen(kw_only=True)
class TagList:
    """Tags by name."""

    items: tuple[TagView, ...]


@frozen(kw_only=True)
class NewClient:
    """Somebody the professional knows."""

    full_name: str = field(validator=_NAME, repr=False)
    email: str | None = field(default=None, validator=fields.optional(fields.email), repr=False)
    phone: str | None = field(default=None, validator=fields.optional(fields.phone), repr=False)
    notes: str = field(default="", validator=_NOTES, repr=False)
    tags: list[str] = field(factory=list[str], validator=short_texts, repr=False)
    preferences: dict[str, Any] = field(factory=dict[str, Any], validator=small_json, repr=False)
    timezone: str | None = field(default=None, validator=fields.optional(fields.zone))


@frozen(kw_only=True)
class ClientChange:
    """What is to change; a member that is absent stays, null clears. `version`: the one that was read."""

    version: int = field(validator=fields.between(1, 2**31 - 1))
    full_name: str | UnsetType = field(default=UNSET, validator=given(_NAME), repr=False)
    email: str | UnsetType | None = field(default=UNSET, validator=given(fields.optional(fields.email)), repr=False)
    phone: str | UnsetType | None = field(default=UNSET, validator=given(fields.optional(fields.phone)), repr=False)
    notes: str | UnsetType = field(default=UNSET, validator=given(_NOTES), repr=False)
    tags: list[str] | UnsetType = field(default=UNSET, validator=given(short_texts), repr=False)
    preferences: dict[str, Any] | UnsetType = field(default=UNSET, validator=given(small_json), repr=False)
    timezone: str | UnsetType | None = field(default=UNSET, validator=given(fields.optional(fields.zone)))


@frozen(kw_only=True)
class ConsentView:
    """A statement about consent to text a phone."""

    id: UUID
    phone: str = field(repr=False)
    kind: ConsentKind
    source: str
    recorded_by: str = field(repr=False)
    recorded_at: datetime
    wording: str = field(repr=False)


@frozen(kw_only=True)
class SilenceView:
    """A demand not to be texted that holds: of everything, or of a topic."""

    scope: str
    topic: str
    reason: str
    since: datetime


@frozen(kw_only=True)
class VerdictView:
    """What would become at this minute of a hand-written text of a class: send, wait, ask or refuse, and why.

    `until`: when a wait ends, or until when a text may go out.
    """

    message_class: MessageClass
    verdict: str
    reason: str | None
    explanation: str | None
    until: datetime | None


@frozen(kw_only=True)
class StandingView:
    """Whether a client may be texted now, by class of text, and what that rests on. Words are judged text by text."""

    has_phone: bool
    consent: ConsentView | None
    silences: tuple[SilenceView, ...]
    verdicts: tuple[VerdictView, ...]


@frozen(kw_only=True)
class NewConsent:
    """What a client agreed to. `wording`: the exact words shown or said; `none` withdraws."""

    kind: ConsentKind
    source: str = field(validator=fields.text(60, at_least=1))
    wording: str = field(default="", validator=fields.text(2_000), repr=False)


@frozen(kw_only=True)
class Tags:
    """Tags, as they are written."""

    tags: list[str] = field(validator=short_texts, repr=False)


@frozen(kw_only=True)
class Silencing:
    """Why nothing may go to a phone: `they_told_me`, or `wrong_number`."""

    reason: SilenceReason = SilenceReason.THEY_TOLD_ME


class Clients(Controller):
    """Routes of clients."""

    path = "/clients"
    tags = ["clients"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.CLIENTS_READ, READS: True})
    async def list_clients(
        self,
        api: TheApi,
        reader: TheReader,
        tag: FromQuery[str | None] = None,
        name_has: FromQuery[str | None] = None,
        role: FromQuery[Role | None] = None,
        has_phone: FromQuery[bool | None] = None,
        suppressed: FromQuery[bool | None] = None,
        textable: FromQuery[bool | None] = None,
        updated_from: FromQuery[datetime | None] = None,
        updated_until: FromQuery[datetime | None] = None,
        contacted_from: FromQuery[datetime | None] = None,
        contacted_until: FromQuery[datetime | None] = None,
        sort: FromQuery[ClientOrder] = ClientOrder.NAME,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> ClientPage:
        """List the book: by name, the newest first, or the last contact first."""
        which = ClientFilter(
            tag=tag,
            name_has=name_has,
            has_phone=has_phone,
            suppressed=suppressed,
            textable=textable,
            updated_from=_utc("updated_from", updated_from),
            updated_until=_utc("updated_until", updated_until),
            contacted_from=_utc("contacted_from", contacted_from),
            contacted_until=_utc("contacted_until", contacted_until),
        )
        of = f"clients by {sort.value}, {role!r}, {which!r}, {tag!r}, {name_has!r}"
        request = page_request(of, limit, cursor)
        if role is not None:
            which = evolve(which, role_names=await _role_names(api, reader, role))
        page = stood(await api.parts.store.screens.clients(reader, request, sort, which))
        return ClientPage(items=page.items, next_cursor=cursor_after(of, page.last))

    @get("/tags", opt={SCOPE: Scope.CLIENTS_READ})
    async def list_client_tags(self, api: TheApi, principal: Caller) -> TagList:
        """List the tags in use, by name."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            found = await tx.clients.tags()
        return TagList(items=tuple(TagView(name=name, count=count) for name, count in sorted(found.items())))

    @post(opt={SCOPE: Scope.CLIENTS_WRITE})
    async def create_client(self, api: TheApi, principal: Caller, data: JSONBody[NewClient]) -> ClientView:
        """Add a client."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            client = Client(
                id=api.parts.ids.new(),
                user_id=principal.user_id,
                full_name=data.full_name,
                email=data.email,
                phone=data.phone,
                notes=data.notes,
                user_tags=tuple(data.tags),
                preferences=data.preferences,
                timezone=data.timezone,
                created_at=tx.now,
            )
            added = await book.add(tx, client, principal.actor, await vertical_of(api, tx))
        await embed_client(api.parts, principal.user_id, added.id)
        return _view(added)

    @get("/{client_id:uuid}", opt={SCOPE: Scope.CLIENTS_READ})
    async def read_client(self, api: TheApi, principal: Caller, client_id: FromPath[UUID]) -> ClientView:
        """Read a client."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _view(await tx.clients.get(client_id))

    @patch("/{client_id:uuid}", opt={SCOPE: Scope.CLIENTS_WRITE})
    async def change_client(
        self, api: TheApi, principal: Caller, client_id: FromPath[UUID], data: JSONBody[ClientChange]
    ) -> ClientView:
        """Change a client over the version that was read."""
        changes = changes_of(data)
        if "tags" in changes:
            changes["user_tags"] = tuple(changes.pop("tags"))
        async with api.parts.store.tenant(principal.user_id) as tx:
            vertical = await vertical_of(api, tx)
            changed = await book.change(tx, client_id, principal.actor, vertical, version=data.version, changes=changes)
        if "notes" in changes:
            await embed_client(api.parts, principal.user_id, client_id)
        return _view(changed)

    @delete("/{client_id:uuid}", opt={SCOPE: Scope.CLIENTS_WRITE})
    async def delete_client(self, api: TheApi, principal: Caller, client_id: FromPath[UUID]) -> None:
        """Remove a client with everything personal; an opt-out is kept as a keyed hash of the phone."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await erase(tx, client_id, EraseReason.NOT_NEEDED, principal.actor)

    @post("/{client_id:uuid}/tags", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_WRITE})
    async def add_client_tags(
        self, api: TheApi, principal: Caller, client_id: FromPath[UUID], data: JSONBody[Tags]
    ) -> ClientView:
        """Add tags to a client; a proposed one becomes the professional's own."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _view(await book.add_tags(tx, client_id, data.tags, principal.actor))

    @post("/{client_id:uuid}/tags/remove", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_WRITE})
    async def remove_client_tags(
        self, api: TheApi, principal: Caller, client_id: FromPath[UUID], data: JSONBody[Tags]
    ) -> ClientView:
        """Remove tags from a client, the professional's own and proposed ones."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _view(await book.remove_tags(tx, client_id, data.tags, principal.actor))

    @post("/{client_id:uuid}/suppress", status_code=HTTP_200_OK, opt={SCOPE: Scope.CLIENTS_WRITE})
    async def suppress_client(
        self, api: TheApi, principal: Caller, client_id: FromPath[UUID], data: JSONBody[Silencing]
    ) -> SilenceView:
        """Let nothing go to a client's phone from now on; what waits for it is withdrawn."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            held = await suppress(tx, api.parts.ids.new(), client_id, data.reason, principal.actor)
        return _silence(held)

    @post("/{client_id:uuid}/unsuppress", status_code=HTTP_204_NO_CONTENT, opt={SCOPE: Scope.CLIENTS_WRITE})
    async def unsuppress_client(self, api: TheApi, principal: Caller, client_id: FromPath[UUID]) -> None:
        """End a silence that the professional asked for; only the person's own START ends any other one."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await lift(tx, api.parts.ids.new(), client_id, principal.actor)

    @get("/{client_id:uuid}/standing", opt={SCOPE: Scope.CLIENTS_READ})
    async def read_standing(self, api: TheApi, principal: Caller, client_id: FromPath[UUID]) -> StandingView:
        """Say whether a client may be texted now: consent, demands to stop, and the verdict for each class of text."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            found = await standing(tx, client_id, await vertical_of(api, tx), api.parts.delivery)
        return StandingView(
            has_phone=found.client.phone is not None,
            consent=None if found.consent is None else _consent(found.consent),
            silences=tuple(map(_silence, found.suppressions)),
            verdicts=tuple(_verdict(kind, outcome) for kind, outcome in found.verdicts.items()),
        )

    @post("/{client_id:uuid}/consents", opt={SCOPE: Scope.CLIENTS_WRITE})
    async def record_consent(
        self, api: TheApi, principal: Caller, client_id: FromPath[UUID], data: JSONBody[NewConsent]
    ) -> ConsentView:
        """Write down what a client agreed to; the newest statement about the phone counts."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            consent = await book.consented(
                tx, client_id, api.parts.ids.new(), principal.actor,
                kind=data.kind, source=data.source, wording=data.wording,
            )  # fmt: skip
        return _consent(consent)


def _view(client: Client) -> ClientView:
    return ClientView(
        id=client.id,
        full_name=client.full_name,
        email=client.email,
        phone=client.phone,
        phone_as_given=client.phone_as_given,
        notes=client.notes,
        tags=client.user_tags,
        proposed_tags=client.ai_tags,
        preferences=_plain(client),
        last_interaction=client.last_interaction,
        timezone=client.timezone,
        created_at=client.created_at,
        version=client.version,
    )


def _plain(client: Client) -> dict[str, Any]:
    plain = plain_json(client.preferences)
    assert isinstance(plain, dict)
    return plain


async def _role_names(api: Api, reader: Reader, role: Role) -> frozenset[str]:
    """Return what a role is called in the reader's vertical."""
    async with api.parts.store.tenant(reader.user_id) as tx:
        if reader.session_id is not None:  # before anything is looked at: who is nobody learns nothing
            stood(await tx.sessions.standing(reader.session_id))
        return (await vertical_of(api, tx)).role_names(role)


async def vertical_of(api: Api, tx: TenantTransaction) -> Vertical:
    """Return the vertical of the transaction's professional."""
    return api.parts.vertical((await tx.users.get(tx.user_id)).vertical)


def _consent(consent: Consent) -> ConsentView:
    return ConsentView(
        id=consent.id,
        phone=consent.phone,
        kind=consent.kind,
        source=consent.source,
        recorded_by=consent.recorded_by,
        recorded_at=consent.recorded_at,
        wording=consent.wording,
    )


def _verdict(kind: MessageClass, outcome: Outcome) -> VerdictView:
    reason = None if isinstance(outcome, Send) else outcome.reason
    return VerdictView(
        message_class=kind,
        verdict=type(outcome).__name__.lower(),
        reason=reason,
        explanation=None if reason is None else explain(reason),
        until=outcome.until if isinstance(outcome, (Send, Wait)) else None,
    )


def _silence(suppression: Suppression) -> SilenceView:
    return SilenceView(
        scope=suppression.scope.value,
        topic=suppression.topic,
        reason=suppression.reason,
        since=suppression.created_at,
    )


def _utc(name: str, instant: datetime | None) -> datetime | None:
    return None if instant is None else utc(name, instant)
