"""Questions that clients ask again and again, with the professional's own answer."""

from __future__ import annotations

from uuid import UUID

from attrs import field, frozen

from nudge_core.model import fields


@frozen(kw_only=True)
class Faq:
    """One question and its answer. `version` rises with every change."""

    id: UUID
    user_id: UUID
    question: str = field(validator=fields.text(1_000, at_least=1), repr=False)
    answer: str = field(validator=fields.text(1_600, at_least=1), repr=False)
    is_enabled: bool = True
    version: int = field(default=1, validator=fields.between(1, 2**31 - 1))
