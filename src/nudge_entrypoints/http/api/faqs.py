"""Questions with answers."""

from __future__ import annotations

from uuid import UUID

from attrs import field, frozen
from litestar import Controller, get

from nudge_core.model.faq import Faq
from nudge_entrypoints.http.api.context import Caller, TheApi
from nudge_entrypoints.http.identity import SCOPE, Scope


@frozen(kw_only=True)
class FaqView:
    """A question, its answer, and whether it may be used."""

    id: UUID
    question: str = field(repr=False)
    answer: str = field(repr=False)
    is_enabled: bool


@frozen(kw_only=True)
class FaqList:
    """All of them; a professional has a few dozen."""

    items: tuple[FaqView, ...]


class Faqs(Controller):
    """Routes of questions and answers."""

    path = "/faqs"
    tags = ["content"]  # noqa: RUF012  a Litestar controller's own attribute

    @get(opt={SCOPE: Scope.CONTENT_READ})
    async def list_faqs(self, api: TheApi, principal: Caller) -> FaqList:
        """List all questions, by id."""
        async with api.parts.store.tenant(principal.user_id) as tx:
            return FaqList(items=tuple(_view(faq) for faq in await tx.faqs.all()))


def _view(faq: Faq) -> FaqView:
    return FaqView(id=faq.id, question=faq.question, answer=faq.answer, is_enabled=faq.is_enabled)
