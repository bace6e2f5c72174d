"""Questions with answers."""

from __future__ import annotations

from uuid import UUID

from attrs import evolve, field, frozen
from litestar import Controller, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, UnsetType

from nudge_core.errors import Conflict
from nudge_core.model import fields
from nudge_core.model.faq import Faq
from nudge_entrypoints.http.api.bodies_of_change import changes_of, given
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.api.paging import cursor_after, page_request
from nudge_entrypoints.http.identity import SCOPE, Scope

LIST = "faqs by id"


@frozen(kw_only=True)
class FaqView:
    """A question, its answer, and whether it may be used."""

    id: UUID
    question: str = field(repr=False)
    answer: str = field(repr=False)
    is_enabled: bool
    version: int


@frozen(kw_only=True)
class FaqPage:
    """Some of them, and where to go on."""

    items: tuple[FaqView, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class NewFaq:
    """A question with the professional's own answer, as long as an SMS may be."""

    question: str = field(validator=fields.text(1_000, at_least=1), repr=False)
    answer: str = field(validator=fields.text(1_600, at_least=1), repr=False)
    is_enabled: bool = True


@frozen(kw_only=True)
class FaqChange:
    """What is to change; a member that is absent stays. `version`: the one that was read."""

    version: int = field(validator=fields.between(1, 2**31 - 1))
    question: str | UnsetType = field(default=UNSET, validator=given(fields.text(1_000, at_least=1)), repr=False)
    answer: str | UnsetType = field(default=UNSET, validator=given(fields.text(1_600, at_least=1)), repr=False)
    is_enabled: bool | UnsetType = UNSET


class Faqs(Controller):
    """Routes of questions and answers."""

    path = "/faqs"
    tags = ["content"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.CONTENT_READ})
    async def list_faqs(
        self,
        api: TheApi,
        principal: Caller,
        limit: FromQuery[int | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> FaqPage:
        """List questions, by id."""
        request = page_request(LIST, limit, cursor)
        async with api.parts.store.tenant(principal.user_id) as tx:
            page = await tx.faqs.page(request)
        return FaqPage(items=tuple(map(_view, page.items)), next_cursor=cursor_after(LIST, page.last))

    @post(opt={SCOPE: Scope.CONTENT_WRITE})
    async def create_faq(self, api: TheApi, principal: Caller, data: JSONBody[NewFaq]) -> FaqView:
        """Add a question with its answer."""
        faq = Faq(
            id=api.parts.ids.new(),
            user_id=principal.user_id,
            question=data.question,
            answer=data.answer,
            is_enabled=data.is_enabled,
        )
        async with api.parts.store.tenant(principal.user_id) as tx:
            await tx.faqs.add(faq)
        return _view(faq)

    @get("/{faq_id:uuid}", opt={SCOPE: Scope.CONTENT_READ})
    async def read_faq(self, api: TheApi, principal: Caller, faq_id: FromPath[UUID]) -> FaqView:
        """Read a question with its answer."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return _view(await tx.faqs.get(faq_id))

    @patch("/{faq_id:uuid}", opt={SCOPE: Scope.CONTENT_WRITE})
    async def change_faq(
        self, api: TheApi, principal: Caller, faq_id: FromPath[UUID], data: JSONBody[FaqChange]
    ) -> FaqView:
        """Change a question, its answer, or whether it may be used."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            faq = await tx.faqs.get(faq_id)
            if faq.version != data.version:
                raise Conflict("faq", "somebody changed it since it was read")
            return _view(await tx.faqs.save(evolve(faq, **changes_of(data))))

    @delete("/{faq_id:uuid}", opt={SCOPE: Scope.CONTENT_WRITE})
    async def delete_faq(self, api: TheApi, principal: Caller, faq_id: FromPath[UUID]) -> None:
        """Remove a question with its answer."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            await tx.faqs.remove(faq_id)


def _view(faq: Faq) -> FaqView:
    return FaqView(id=faq.id, question=faq.question, answer=faq.answer, is_enabled=faq.is_enabled, version=faq.version)
